"""The open positions of a Bitget account, by kind of futures."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from portfolio.engine.types import ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.normalisers import bitget as normalisers
from portfolio.exchanges.normalisers.bitget import asset
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.profile import Call, Listing, PositionRule

CALL = Call("private.mix", "GET", "v2/mix/position/all-position", {"address": 1, "positions": 1},
            "/api")  # fmt: skip
# What a contract's name has behind its base, and what its prices are in.
_QUOTES = {
    "USDT-FUTURES": (("USDT",), "USDT"),
    "USDC-FUTURES": (("PERP", "USDC"), "USDC"),
    "COIN-FUTURES": (("USD",), "USD"),
}
_MANY = re.compile(r"10{3,}[A-Z].*|.*[A-Z]10{3,}")  # a thousand coins and more are one there


def reader(product: str) -> Callable[[str], list[ReportedPosition]]:
    """Make a reader of ``all-position`` for one kind of futures."""

    def read(text: str) -> list[ReportedPosition]:
        rows = exact.loads(text)["data"] or []
        return [_position(product, row) for row in rows if number(row["total"])]

    return read


def _position(product: str, row: dict[str, Any]) -> ReportedPosition:
    symbol = str(row["symbol"])
    return ReportedPosition(
        wallet=normalisers.FUTURES[product],
        symbol=symbol,
        side={"long": "long", "short": "short"}[row["holdSide"]],
        quantity=number(row["total"]).copy_abs(),
        unit=_base(product, symbol),
        entry_price=_price(row.get("openPriceAvg")),
        mark_price=_price(row.get("markPrice")),
        price_asset=_QUOTES[product][1],
        unrealised_pnl=_known(row.get("unrealizedPL")),
        settle_asset=asset(str(row["marginCoin"])),
    )


def _base(product: str, symbol: str) -> str:
    """BTC of BTCUSDT, BTCPERP and BTCUSD, and of those that end on a day: BTCUSDH26."""
    for quote in _QUOTES[product][0]:
        base, found, _ = symbol.rpartition(quote)
        if found and base:
            return "contracts" if _MANY.fullmatch(base) else asset(base)
    return "contracts"


def _known(value: Any) -> Decimal | None:
    return None if value in (None, "") else number(value)


def _price(value: Any) -> Decimal | None:
    """A price of nothing is no price."""
    return _known(value) or None


RULES = tuple(
    PositionRule(Listing(CALL, {"productType": product}), reader(product))
    for product in normalisers.FUTURES
)
