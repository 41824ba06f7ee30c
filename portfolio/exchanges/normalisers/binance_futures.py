"""Binance's futures wallets: income books every amount, trades explain the fees by their number.

https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api/Get-Income-History
(``tranId`` is unique within one type of income). A transfer's leg in a futures wallet is booked by
its income row alone, the other leg by the list of transfers: both carry the same number.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portfolio.engine.exchange_words import BINANCE_INCOME
from portfolio.engine.types import Event, Movement, PostingRole, TransactionKind
from portfolio.exchanges.normalisers.kinds import kind_of
from portfolio.exchanges.normalisers.values import at_ms, detail, exact
from portfolio.exchanges.types import StreamSpec

USD_M, COIN_M = "usd-m futures", "coin-m futures"

_Kind = TransactionKind


def income(wallet: str) -> Callable[[StreamSpec, dict[str, Any]], Event]:
    """Return what reads one income row of ``wallet``; one of an unknown type is unclassified."""

    def read(stream: StreamSpec, row: dict[str, Any]) -> Event:
        amount = exact(row["income"])
        kind = kind_of(row["incomeType"], BINANCE_INCOME)
        if kind is _Kind.REWARD and amount < 0:
            kind = _Kind.ADJUSTMENT  # a bonus taken back
        role = PostingRole.FEE if kind is _Kind.FEE else PostingRole.PRINCIPAL
        return Event(
            key=_income_key(wallet, row),
            kind=kind,
            occurred_at=at_ms(row["time"]),
            movements=(Movement(wallet, row["asset"], amount, role),) if amount else (),
            detail=detail(
                row,
                symbol="symbol",
                type="incomeType",
                description="info",
                trade="tradeId",
                reference="tranId",
            ),
        )

    return read


def _income_key(wallet: str, row: dict[str, Any]) -> str:
    if row["incomeType"] == "TRANSFER":
        return f"transfer:{row['tranId']}"
    if row["incomeType"] == "COMMISSION" and row.get("tradeId"):
        return _fill_key(row["symbol"], row["tradeId"])
    return f"income:{wallet}:{income_id(row)}"


def income_id(row: dict[str, Any]) -> str:
    """Return what names an income row: one number comes for the fee and the profit of a trade."""
    names = ("incomeType", "tranId", "asset", "symbol", "tradeId")
    return ":".join("" if row.get(name) is None else str(row[name]) for name in names)


def fill(stream: StreamSpec, row: dict[str, Any]) -> Event:
    """A trade of contracts: price and side for the income row that books its fee."""
    return Event(
        key=_fill_key(row["symbol"], row["id"]),
        kind=TransactionKind.TRADE,
        occurred_at=at_ms(row["time"]),
        detail={
            "side": str(row["side"]).lower(),
            "role": "maker" if row.get("maker") else "taker",
            **detail(row, symbol="symbol", price="price", quantity="qty", order="orderId"),
            **detail(row, trade="id", position="positionSide", profit="realizedPnl"),
        },
    )


def _fill_key(symbol: Any, trade: Any) -> str:
    return f"fill:{symbol}:{trade}"
