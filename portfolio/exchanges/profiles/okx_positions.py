"""OKX's open positions: ``account/positions``."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.normalisers.values import exact as number


def read_positions(text: str) -> list[ReportedPosition]:
    """Read ``account/positions``; what was bought on margin is among the balances, not here."""
    rows = [row for row in exact.loads(text)["data"] if row["instType"] != "MARGIN"]
    return [_position(row) for row in rows if number(row["pos"])]


def _position(row: dict[str, Any]) -> ReportedPosition:
    """Counted in contracts; in net mode the sign tells the side. May raise ValueError."""
    size = number(row["pos"])
    currency, settle = _currencies(str(row["instId"]), str(row["instType"]))
    short = row["posSide"] == "short" or (row["posSide"] == "net" and size < money.ZERO)
    return ReportedPosition(
        wallet="trading",
        symbol=str(row["instId"]),
        side="short" if short else "long",
        quantity=size.copy_abs(),
        unit="contracts",
        entry_price=_known(row.get("avgPx")),
        mark_price=_known(row.get("markPx")),
        price_asset=currency,
        unrealised_pnl=_known(row.get("upl")),
        settle_asset=settle,
    )


def _currencies(name: str, kind: str) -> tuple[str, str]:
    """Return what a contract is priced in and settled in, by its name: ``BTC-USD-SWAP``.

    In dollars it is settled in the coin, and an option is priced in it too; else in the currency
    that the name has, before a ``_`` (``BTC-USDT_UM-SWAP``).
    """
    base, quote, *_ = name.split("-")
    if quote != "USD":
        settle = quote.partition("_")[0]
        return settle, settle
    return (base if kind == "OPTION" else quote), base


def _known(value: Any) -> Decimal | None:
    return None if value in (None, "") else number(value)
