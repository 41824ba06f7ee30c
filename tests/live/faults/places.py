"""Where each exchange's records are, and what their fields are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Field(NamedTuple):
    """One field of the rows that come from a path."""

    path: str
    name: str


@dataclass(frozen=True, slots=True)
class Places:
    """One exchange: ``stream`` is how the keys of the streams begin that ``records`` feed.

    ``fields`` goes by role: amount, asset, kind, fee, fee_asset, moment, identity. ``refused`` and
    ``nonce`` are what a key is told that may not see these records, and a request that is taken
    for a repeated or late one; each with its HTTP status.
    """

    records: str
    stream: str
    fields: Mapping[str, Field]
    refused: tuple[int, str]
    nonce: tuple[int, str]
    odd_kind: str = '"SOMETHING_NEW"'
    many: int = 44  # events that fill several pages of the records


def _all(path: str, **names: str) -> dict[str, Field]:
    return {role: Field(path, name) for role, name in names.items()}


_BINANCE = "/api/v3/myTrades"
_BYBIT = "/v5/account/transaction-log"
_BITGET = "/api/v2/tax/spot-record"
_BINGX = "/openApi/spot/v1/trade/myTrades"
_KRAKEN = "/0/private/Ledgers"
_COINBASE = "/transactions"
_OKX = "/account/bills-archive"

PLACES: Mapping[str, Places] = {
    "binance": Places(
        records=_BINANCE,
        stream="trades:",
        fields=_all(
            _BINANCE,
            amount="qty",
            fee="commission",
            fee_asset="commissionAsset",
            moment="time",
            identity="id",
        )
        | _all("/capital/deposit/hisrec", asset="coin", kind="status"),
        odd_kind="77",
        refused=(401, '{"code":-1002,"msg":"You are not authorized to execute this request."}'),
        nonce=(
            400,
            '{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}',
        ),
    ),
    # A row of its unified ledger is told apart by its id and its coin; one of the funding wallet's
    # has an id of its own.
    "bybit": Places(
        records=_BYBIT,
        stream="ledger",
        fields=_all(
            _BYBIT,
            amount="change",
            kind="type",
            fee="fee",
            moment="transactionTime",
            identity="id",
        )
        | _all("/v5/asset/fundinghistory", asset="currency"),
        refused=(200, '{"retCode":10005,"retMsg":"Permission denied.","result":{}}'),
        nonce=(200, '{"retCode":10002,"retMsg":"invalid request","result":{}}'),
    ),
    "bitget": Places(
        records=_BITGET,
        stream="spot-ledger",
        fields=_all(
            _BITGET,
            amount="amount",
            asset="coin",
            kind="spotTaxType",
            fee="fee",
            moment="ts",
            identity="id",
        ),
        refused=(400, '{"code":"40014","msg":"Incorrect permissions, need tax read permissions"}'),
        nonce=(400, '{"code":"40008","msg":"Request timestamp expired"}'),
    ),
    # Its income and deposits have no id of their own: all that they say tells them apart, so that
    # a corrected one is another. Trades and transfers have one.
    "bingx": Places(
        records=_BINGX,
        stream="trades:",
        fields=_all(
            _BINGX,
            amount="qty",
            fee="commission",
            fee_asset="commissionAsset",
            moment="time",
            identity="id",
        )
        | _all("/api/v3/asset/transferRecord", asset="asset")
        | _all("/capital/deposit/hisrec", kind="status"),
        odd_kind="77",
        refused=(200, '{"code":100004,"msg":"Permission denied"}'),
        nonce=(200, '{"code":100421,"msg":"timestamp is invalid"}'),
    ),
    "kraken": Places(
        records=_KRAKEN,
        stream="ledger",
        fields=_all(
            _KRAKEN,
            amount="amount",
            asset="asset",
            kind="type",
            fee="fee",
            moment="time",
            identity="refid",
        ),
        many=100,  # pages of 50, which cannot be chosen
        refused=(200, '{"error":["EGeneral:Permission denied"]}'),
        nonce=(200, '{"error":["EAPI:Invalid nonce"]}'),
    ),
    "coinbase": Places(
        records=_COINBASE,
        stream="ledger:",
        fields=_all(
            _COINBASE,
            amount="amount.amount",
            asset="amount.currency",
            kind="type",
            moment="created_at",
            identity="id",
            fee="advanced_trade_fill.commission",
        ),
        refused=(403, '{"errors":[{"id":"invalid_scope","message":"Invalid scope"}]}'),
        nonce=(401, "Unauthorized"),
    ),
    "okx": Places(
        records=_OKX,
        stream="bills",
        fields=_all(
            _OKX,
            amount="balChg",
            asset="ccy",
            kind="type",
            fee="fee",
            moment="ts",
            identity="billId",
        ),
        refused=(401, '{"code":"50120","msg":"No permission","data":[]}'),
        nonce=(401, '{"code":"50102","msg":"Timestamp request expired","data":[]}'),
    ),
}
