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
    """One exchange. ``stream`` is the key, or its beginning, of the stream that ``records`` feed."""

    records: str
    stream: str
    amount: Field
    asset: Field
    kind: Field
    fee: Field
    fee_asset: Field | None
    moment: Field
    identity: Field
    refused: str  # what a key without the right to these records is told
    refused_status: int
    nonce: str  # a request that is taken for a repeated or late one
    nonce_status: int
    odd_kind: str = '"SOMETHING_NEW"'


def _all(path: str, **names: str) -> dict[str, Field]:
    return {role: Field(path, name) for role, name in names.items()}


_BINANCE = "/api/v3/myTrades"
_BYBIT = "/v5/account/transaction-log"
_BITGET = "/api/v2/tax/spot-record"
_BINGX = "/openApi/swap/v2/user/income"
_BINGX_TRADES = "/openApi/spot/v1/trade/myTrades"
_KRAKEN = "/0/private/Ledgers"
_COINBASE = "/transactions"
_COINBASE_FILLS = "/orders/historical/fills"
_OKX = "/account/bills-archive"

PLACES: Mapping[str, Places] = {
    "binance": Places(
        records=_BINANCE,
        stream="trades:",
        **_all(
            _BINANCE,
            amount="qty",
            fee="commission",
            fee_asset="commissionAsset",
            moment="time",
            identity="id",
        ),
        **_all("/capital/deposit/hisrec", asset="coin", kind="status"),
        odd_kind="77",
        refused='{"code":-1002,"msg":"You are not authorized to execute this request."}',
        refused_status=401,
        nonce='{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}',
        nonce_status=400,
    ),
    "bybit": Places(
        records=_BYBIT,
        stream="ledger",
        **_all(
            _BYBIT,
            amount="change",
            asset="currency",
            kind="type",
            fee="fee",
            moment="transactionTime",
            identity="id",
        ),
        fee_asset=None,
        refused='{"retCode":10005,"retMsg":"Permission denied, please check your API key permissions.","result":{}}',
        refused_status=200,
        nonce='{"retCode":10002,"retMsg":"invalid request, please check your server timestamp","result":{}}',
        nonce_status=200,
    ),
    "bitget": Places(
        records=_BITGET,
        stream="spot-ledger",
        **_all(
            _BITGET,
            amount="amount",
            asset="coin",
            kind="spotTaxType",
            fee="fee",
            moment="ts",
            identity="id",
        ),
        fee_asset=None,
        refused='{"code":"40014","msg":"Incorrect permissions, need tax read permissions"}',
        refused_status=400,
        nonce='{"code":"40008","msg":"Request timestamp expired"}',
        nonce_status=400,
    ),
    "bingx": Places(
        records=_BINGX,
        stream="ledger",
        **_all(
            _BINGX,
            amount="income",
            asset="asset",
            kind="incomeType",
            moment="time",
            identity="tranId",
        ),
        **_all(_BINGX_TRADES, fee="commission", fee_asset="commissionAsset"),
        refused='{"code":100004,"msg":"Permission denied as the API key was not created with the permission"}',
        refused_status=200,
        nonce='{"code":100421,"msg":"timestamp is invalid"}',
        nonce_status=200,
    ),
    "kraken": Places(
        records=_KRAKEN,
        stream="ledger",
        **_all(
            _KRAKEN,
            amount="amount",
            asset="asset",
            kind="type",
            fee="fee",
            moment="time",
            identity="refid",
        ),
        fee_asset=None,
        refused='{"error":["EGeneral:Permission denied"]}',
        refused_status=200,
        nonce='{"error":["EAPI:Invalid nonce"]}',
        nonce_status=200,
    ),
    "coinbase": Places(
        records=_COINBASE,
        stream="ledger:",
        **_all(
            _COINBASE,
            amount="amount.amount",
            asset="amount.currency",
            kind="type",
            moment="created_at",
            identity="id",
            fee="advanced_trade_fill.commission",
        ),
        fee_asset=None,
        refused='{"errors":[{"id":"invalid_scope","message":"Invalid scope"}]}',
        refused_status=403,
        nonce="Unauthorized",
        nonce_status=401,
    ),
    "okx": Places(
        records=_OKX,
        stream="bills",
        **_all(
            _OKX,
            amount="balChg",
            asset="ccy",
            kind="type",
            fee="fee",
            moment="ts",
            identity="billId",
        ),
        fee_asset=None,
        refused='{"code":"50120","msg":"This API key does not have permission to use this function","data":[]}',
        refused_status=401,
        nonce='{"code":"50102","msg":"Timestamp request expired","data":[]}',
        nonce_status=401,
    ),
}
