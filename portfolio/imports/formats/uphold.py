"""Uphold: what left an origin and what arrived at a destination; a date as JavaScript writes it."""

from __future__ import annotations

import re

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
WALLET = "account"
_NAMED = re.compile(r"\s*\([^)]*\)$")  # (Coordinated Universal Time)


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word = cells.needed(row, "Type").lower()
    kind, moved = _moved(row, reading, word)
    written = _NAMED.sub("", cells.needed(row, "Date"))
    from_outside = word == "in" and cells.text(row, "Origin Currency") != cells.text(
        row, "Destination Currency"
    )
    paid = f"{cells.text(row, 'Origin Amount')} {cells.text(row, 'Origin Currency')}"
    return legs.event(
        kind,
        cells.at(row, written, "Date", reading, "%a %b %d %Y %H:%M:%S GMT%z"),
        moved,
        type=cells.text(row, "Type"),
        source=cells.text(row, "Origin"),
        target=cells.text(row, "Destination"),
        paid=paid if from_outside else "",
        reference=cells.text(row, "Id"),
    )


def _moved(row: Row, reading: Reading, word: str) -> tuple[TransactionKind, tuple[Movement, ...]]:
    gave_in, got_in = (
        cells.needed(row, f"{side} Currency").upper() for side in ("Origin", "Destination")
    )
    gave, got = (cells.amount(row, reading, f"{side} Amount") for side in ("Origin", "Destination"))
    paid, paid_in = cells.or_zero(row, reading, "Fee Amount"), cells.text(row, "Fee Currency")
    if word == "in":  # what came from a bank or card was never money here
        return _Kind.DEPOSIT, (legs.leg(WALLET, got_in, got.copy_abs()),)
    # The fee is within what left.
    within = paid if paid and paid_in.upper() == gave_in else money.ZERO
    out = money.add(gave.copy_abs(), money.negate(within))
    fees = (legs.fee(WALLET, gave_in, within),)
    if word == "out":
        return _Kind.WITHDRAWAL, (legs.leg(WALLET, gave_in, money.negate(out)), *fees)
    if word == "transfer":
        moved = (*legs.swap(WALLET, "buy", (got_in, got), (gave_in, out)), *fees)
        same = gave_in == got_in
        return (_Kind.TRANSFER if same else legs.exchanged(_Kind.CONVERSION, moved)), moved
    return _Kind.UNCLASSIFIED, (legs.leg(WALLET, got_in, got),)


FORMAT = ImportFormat(
    id="uphold",
    title="Uphold: transactions",
    description="Transaction history.",
    headings=(
        ("Date", "Destination", "Destination Amount", "Destination Currency", "Fee Amount",
         "Fee Currency", "Id", "Origin", "Origin Amount", "Origin Currency", "Status", "Type"),
    ),
    entries=legs.one_each(left_out=legs.undone("Status")),
    event=_event,
    exchange="uphold",
)  # fmt: skip
