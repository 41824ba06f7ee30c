"""Bitstamp's transactions: amounts with their unit in one cell, in newer files beside it.

A fee goes out beside the amount. Files do not say their zone; older ones tell whole minutes.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT = "spot"
_KINDS = legs.words(
    (_Kind.DEPOSIT, ("deposit", "ripple deposit", "card deposit", "crypto deposit")),
    (_Kind.WITHDRAWAL, ("withdrawal", "ripple payment", "crypto withdrawal")),
    (_Kind.TRADE, ("market",)),
    (_Kind.TRANSFER, ("sub account transfer", "inter account transfer", "settlement transfer",
                      "staked assets", "unstaked assets", "sent assets to staking",
                      "credited with staked assets", "referenced account transfer")),
    (_Kind.REWARD, ("staking reward", "referral reward", "referral rewards")),
)  # fmt: skip
_TIMES = ("%b. %d, %Y, %I:%M %p", "%B %d, %Y, %I:%M %p", "%b %d, %Y, %I:%M %p")
_NEWER = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ")
_Told = tuple[Decimal, str] | None


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word, side = cells.needed(row, "Type"), cells.text(row, "Sub Type", "Subtype")
    amount, value, paid = (_told(row, reading, name) for name in ("Amount", "Value", "Fee"))
    kind = legs.kind_of(word, _KINDS)
    moved = _moved(kind, side, amount, value)
    if paid is not None:
        moved.append(legs.fee(SPOT, paid[1], paid[0].copy_abs()))
    ident = cells.text(row, "ID")
    return legs.event(
        legs.exchanged(kind, moved) if kind is _Kind.TRADE else kind,
        _at(row, reading),
        moved,
        key=f"transaction:{ident}" if ident else "",
        type=word,
        side=side.lower(),
        price=cells.text(row, "Rate"),
        order=cells.text(row, "Order ID"),
        account=cells.text(row, "Account"),
    )


def _told(row: Row, reading: Reading, heading: str) -> _Told:
    """An amount with the unit in its cell, or in that of the currency beside it."""
    unit = cells.text(row, f"{heading} currency")
    if not unit:
        found = cells.with_unit(row, reading, heading)
        return None if found is None else (found[0], found[1].upper())
    size = cells.optional(row, reading, heading)
    return None if size is None else (size, unit.upper())


def _moved(kind: TransactionKind, side: str, amount: _Told, value: _Told) -> list[Movement]:
    if amount is None:
        return []
    if kind is _Kind.TRADE and value is not None and side.lower() in ("buy", "sell"):
        return list(legs.swap(SPOT, side, (amount[1], amount[0]), (value[1], value[0])))
    size = amount[0]
    if kind is _Kind.WITHDRAWAL:
        size = money.negate(size.copy_abs())
    return [legs.leg(SPOT, amount[1], size)]


def _at(row: Row, reading: Reading) -> datetime:
    cell = cells.needed(row, "Datetime").replace("Sept.", "Sep.")
    own = Reading() if cell.endswith("Z") else reading
    return cells.at(row, cell, "Datetime", own, *_TIMES, *_NEWER)


FORMATS = (
    ImportFormat(
        id="bitstamp",
        title="Bitstamp: transactions",
        description="Transaction export; the clock is not named.",
        headings=(
            ("Type", "Datetime", "Account", "Amount", "Value", "Rate", "Fee", "Sub Type"),
            ("ID", "Account", "Type", "Subtype", "Datetime", "Amount", "Amount currency", "Value",
             "Value currency", "Rate", "Rate currency", "Fee", "Fee currency", "Order ID"),
        ),
        entries=legs.one_each(ident=lambda row: cells.text(row, "ID")),
        event=_event,
        exchange="bitstamp",
        asks=("zone",),
    ),
)  # fmt: skip
