"""What is in a WhiteBIT account, which contracts are open, and how to make a key for it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import ReportedBalance, ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import whitebit as normalisers
from portfolio.exchanges.normalisers.values import exact as number

_PARTS = ("main_balance", "available", "freeze")


def read_balances(listed: list[list[str]]) -> list[ReportedBalance]:
    """Read [main balance], [spot balance], [collateral balance] as one wallet."""
    totals: dict[str, Decimal] = {}
    for code, amount in _amounts(listed):
        totals[code] = money.add(totals.get(code, money.ZERO), amount)
    return [
        ReportedBalance(normalisers.WALLET, code, sum_) for code, sum_ in totals.items() if sum_
    ]


def _amounts(listed: list[list[str]]) -> Iterator[tuple[str, Decimal]]:
    for text in (text for pages in listed for text in pages):
        answer = exact.loads(text)
        for code, held in (answer or {}).items():  # an empty one may be a list
            if isinstance(held, dict):
                yield code, money.total(number(held.get(name) or "0") for name in _PARTS)
            else:
                yield code, number(held)


def read_positions(text: str) -> list[ReportedPosition]:
    """Read ``positions/open``; an amount below zero is a short position."""
    return [_position(row) for row in exact.loads(text)]


def _position(row: dict[str, Any]) -> ReportedPosition:
    base, quote = normalisers.pair(str(row["market"]))
    amount, told = number(row["amount"]), str(row.get("positionSide") or "").lower()
    side = told if told in ("long", "short") else "short" if amount < 0 else "long"
    price, profit = row.get("basePrice"), row.get("pnl")
    return ReportedPosition(
        wallet="collateral",
        symbol=str(row["market"]),
        side=side,
        quantity=amount.copy_abs(),
        unit=base,
        entry_price=number(price) if price else None,
        mark_price=None,
        price_asset=quote,
        unrealised_pnl=number(profit) if profit not in (None, "") else None,
        settle_asset=quote,
    )


GUIDE = Guide(
    give=(
        "/api/v4/main-account/balance",
        "/api/v4/main-account/history",
        "/api/v4/main-account/codes/history",
        "/api/v4/trade-account/balance",
        "/api/v4/trade-account/executed-history",
        "/api/v4/collateral-account/balance",
        "/api/v4/collateral-account/positions/open",
        "/api/v4/collateral-account/positions/history",
        "/api/v4/convert/history",
    ),
    keep=(
        "Everything with order, withdraw, transfer, codes/apply, convert/confirm or sub-account in "
        "its name",
    ),
    steps=(
        "On whitebit.com open Settings, then API keys, and create a key.",
        "Choose the tab that shows information (not trading, not withdrawing) and switch the key "
        "on.",
        "Switch on endpoint access restrictions and tick only the endpoints listed here.",
        "Switch on IP restrictions and enter this server's address: a key that is bound to it is "
        "of no use elsewhere.",
        "Copy the API key and the secret key.",
    ),
    notes=(
        "WhiteBIT does not tell what a key may do: make sure that only these endpoints are ticked.",
        "A key is switched off when two-factor sign-in is switched off, and when it is used from "
        "an address that is not listed.",
    ),
    covers=(
        ("balances", True, "", "main, spot and collateral, as one wallet"),
        ("trades", True, "from the first deal", "spot and margin; contracts by what they realise"),
        ("deposits", True, "the newest 10,000", ""),
        ("withdrawals", True, "the newest 10,000", ""),
        ("conversions", True, "as far as WhiteBIT lists them", ""),
        ("transfers", True, "the newest 10,000", "WhiteBIT codes; moves between own balances not"),
        ("liquidations", True, "as far as WhiteBIT lists them", "with what contracts realised"),
        ("interest", False, "", "crypto lending and interest on what is borrowed are not fetched"),
    ),
)
