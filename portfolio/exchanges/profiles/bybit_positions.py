"""Bybit's open positions: ``v5/position/list``, by category and what they settle in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

from portfolio.engine.types import ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.normalisers.bybit import UNIFIED
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.profile import Call, Listing, PositionRule

_LIMIT = 200
_MANY = re.compile(r"10{2,}[A-Z].*|.*[A-Z]10{2,}")  # 1000PEPE, SHIB1000: many coins as one


def position_rules(call: Call) -> tuple[PositionRule, ...]:
    """Return the lists: linear contracts of each settlement coin, and the inverse ones."""
    return (
        *(
            _rule(call, {"category": "linear", "settleCoin": coin}, partial(read_linear, coin))
            for coin in ("USDT", "USDC")
        ),
        _rule(call, {"category": "inverse"}, read_inverse),
    )


def _rule(
    call: Call, asked: dict[str, Any], read: Callable[[str], list[ReportedPosition]]
) -> PositionRule:
    asked = {**asked, "limit": _LIMIT}

    def following(text: str) -> Mapping[str, Any] | None:
        """A cursor comes with the last page too: then the page it opens is empty."""
        result = exact.loads(text)["result"]
        cursor = result.get("nextPageCursor")
        return {**asked, "cursor": cursor} if cursor and result["list"] else None

    return PositionRule(Listing(call, asked, following), read)


def read_linear(coin: str, text: str) -> list[ReportedPosition]:
    """Read linear contracts, which are counted in coins and settled in ``coin``."""
    return [_position(row, _unit(row["symbol"], coin), coin, coin) for row in _open(text)]


def read_inverse(text: str) -> list[ReportedPosition]:
    """Read inverse contracts: of one dollar each, settled in the coin."""
    return [
        _position(row, "contracts", "USD", str(row["symbol"]).partition("USD")[0])
        for row in _open(text)
    ]


def _open(text: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = exact.loads(text)["result"]["list"]
    return [row for row in rows if number(row["size"] or "0")]


def _unit(symbol: str, coin: str) -> str:
    """Return the coin that sizes are in: ``ETHUSDT``, ``BTCPERP``, ``BTC-27MAR26``."""
    name = symbol.partition("-")[0].removesuffix(coin).removesuffix("PERP")
    return "contracts" if _MANY.fullmatch(name) else name


def _position(row: dict[str, Any], unit: str, currency: str, settle: str) -> ReportedPosition:
    return ReportedPosition(
        wallet=UNIFIED,
        symbol=str(row["symbol"]),
        side={"Buy": "long", "Sell": "short"}[row["side"]],
        quantity=number(row["size"]),
        unit=unit,
        entry_price=_price(row.get("avgPrice") or row.get("entryPrice")),
        mark_price=_price(row.get("markPrice")),
        price_asset=currency,
        unrealised_pnl=_known(row.get("unrealisedPnl")),
        settle_asset=settle,
    )


def _known(value: Any) -> Decimal | None:
    return None if value in (None, "") else number(value)


def _price(value: Any) -> Decimal | None:
    """A price of nothing is no price."""
    return _known(value) or None
