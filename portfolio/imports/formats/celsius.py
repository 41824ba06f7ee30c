"""Celsius, closed in 2022: all transactions. A swap has two rows of one time."""

from __future__ import annotations

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
WALLET = "account"
_KINDS = legs.words(
    (_Kind.DEPOSIT, ("deposit", "inbound transfer", "transfer")),
    (_Kind.WITHDRAWAL, ("withdrawal", "outbound transfer")),
    (_Kind.INTEREST, ("interest", "reward")),
    (_Kind.REWARD, ("promo code reward", "referred award", "referrer award", "bonus token")),
    (_Kind.CONVERSION, ("swap in", "swap out")),
    (_Kind.OTHER, ("collateral", "loan principal payment", "loan interest payment",
                   "loan principal liquidation")),
)  # fmt: skip
_TIMES = ("%B %d, %Y %I:%M %p", "%b %d, %Y %I:%M %p", "%Y-%m-%d %H:%M:%S", "%m/%d/%Y %H:%M")


def _word(row: Row) -> str:
    return cells.text(row, "Transaction type").lower().replace("_", " ")


def _group(row: Row) -> tuple[str, ...] | None:
    return ("swap", cells.text(row, "Date and time")) if _word(row).startswith("swap") else None


def _left_out(row: Row) -> str:
    if not _word(row):
        return "it has no type"
    confirmed = cells.text(row, "Confirmed").lower() in ("yes", "true", "")
    return "" if confirmed else "it was not confirmed"


def _event(entry: Entry, reading: Reading) -> Event:
    first = entry.rows[0]
    kind = legs.kind_of(_word(first), _KINDS)
    moved: list[Movement] = []
    for row in entry.rows:
        code, size = (
            cells.needed(row, "Coin type").upper(),
            cells.amount(row, reading, "Coin amount"),
        )
        if kind is _Kind.WITHDRAWAL or _word(row) == "swap out":
            size = money.negate(size.copy_abs())
        moved.append(legs.leg(WALLET, code, size))
    return legs.event(
        legs.exchanged(kind, moved) if kind is _Kind.CONVERSION else kind,
        min(cells.when(row, reading, "Date and time", *_TIMES) for row in entry.rows),
        legs.summed(moved),
        type=cells.text(first, "Transaction type"),
        reference=cells.text(first, "Internal id"),
    )


_COMMON = ("Internal id", "Date and time", "Transaction type", "Coin type", "Coin amount",
           "USD Value", "Confirmed")  # fmt: skip

FORMAT = ImportFormat(
    id="celsius",
    title="Celsius: transactions",
    description="Transaction history; it does not say its zone.",
    headings=(_COMMON,),
    entries=legs.grouped(_group, left_out=_left_out),
    event=_event,
    exchange="celsius",
    asks=("zone",),
)
