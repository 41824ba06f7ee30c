"""The open positions of a BingX account, in contracts of three kinds."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from portfolio.engine.types import ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.normalisers import bingx as normalisers
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.profile import Call, Listing, PositionRule

_MANY = re.compile(r"10{3,}[A-Z].*|.*[A-Z]10{3,}")  # a thousand coins and more are one there


def _call(api: str, path: str, prefix: str) -> Call:
    costs = {"positions": 1, "ip": 1}
    return Call(f"{api}.private", "GET", path, costs, f"/openApi{prefix}")


PERPETUAL = _call("swap.v2", "user/positions", "/swap/v2")
COIN_M = _call("cswap.v1", "user/positions", "/cswap/v1")
STANDARD = _call("contract.v1", "allPosition", "/contract/v1")
CALLS = (PERPETUAL, COIN_M, STANDARD)


def read_perpetual(text: str) -> list[ReportedPosition]:
    """Read ``swap/v2/user/positions``: amounts of the coin, profit in what it settles in."""
    return _read(text, normalisers.PERPETUAL, coin_m=False)


def read_coin_m(text: str) -> list[ReportedPosition]:
    """Read ``cswap/v1/user/positions``: amounts of contracts, profit in the coin."""
    return _read(text, normalisers.WALLETS["coinMPerp"], coin_m=True)


def read_standard(text: str) -> list[ReportedPosition]:
    """Read ``contract/v1/allPosition``, whose prices have names of their own."""
    return _read(text, normalisers.WALLETS["stdFutures"], coin_m=False)


def _read(text: str, wallet: str, *, coin_m: bool) -> list[ReportedPosition]:
    rows = exact.loads(text)["data"] or []
    return [_position(row, wallet, coin_m=coin_m) for row in rows if number(row["positionAmt"])]


def _position(row: dict[str, Any], wallet: str, *, coin_m: bool) -> ReportedPosition:
    base, _, quote = str(row["symbol"]).replace("/", "-").partition("-")
    amount, told = number(row["positionAmt"]), str(row.get("positionSide") or "").lower()
    settled = base if coin_m else str(row.get("currency") or quote)
    return ReportedPosition(
        wallet=wallet,
        symbol=str(row["symbol"]),
        # Short ones come with amounts above zero, unless both sides are one position.
        side=told if told in ("long", "short") else "short" if amount < 0 else "long",
        quantity=amount.copy_abs(),
        unit="contracts" if coin_m or _MANY.fullmatch(base) else base,
        entry_price=_told(row, "avgPrice", "entryPrice") or None,  # a price of nothing is none
        mark_price=_told(row, "markPrice", "currentPrice") or None,
        price_asset=quote,
        unrealised_pnl=_told(row, "unrealizedProfit"),
        settle_asset=settled,
    )


def _told(row: dict[str, Any], *names: str) -> Decimal | None:
    return next((number(row[name]) for name in names if row.get(name) not in (None, "")), None)


def rules(absent_codes: frozenset[str]) -> tuple[PositionRule, ...]:
    """Return the lists; accounts that were never opened may answer with ``absent_codes``."""
    return (
        PositionRule(Listing(PERPETUAL), read_perpetual),
        PositionRule(Listing(COIN_M), read_coin_m, absent_codes),
        PositionRule(Listing(STANDARD), read_standard, absent_codes),
    )
