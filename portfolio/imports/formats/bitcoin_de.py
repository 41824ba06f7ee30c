"""bitcoin.de: the account statement of one coin, with German or English headings.

What the balance changed by is the truth for the coin, the amount after the fee that for the money,
which is paid from bank to bank.
"""

from __future__ import annotations

from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
SPOT = "spot"
_BOUGHT, _SOLD = ("purchase", "kauf"), ("sale", "verkauf")
_KINDS = legs.words(
    (_Kind.TRADE, (*_BOUGHT, *_SOLD)),
    (_Kind.DEPOSIT, ("deposit", "einzahlung")),
    (_Kind.WITHDRAWAL, ("disbursement", "withdrawal", "auszahlung")),
    (_Kind.FEE, ("network fee", "netzwerk-gebühr")),
    (_Kind.REWARD, ("partner programme", "partnerprogramm")),
    (_Kind.AIRDROP, ("fork credit", "initial credit (fork)", "startguthaben")),
)
_OPENED = ("registration", "registrierung")

_DATE, _TYPE = ("date", "Datum"), ("Booking type", "Type", "Typ")
_COIN = ("currency", "Währung")
_REFERENCE = ("reference", "Referenz")
_PRICE = ("Rate", "Price", "Kurs")
_COIN_BEFORE = ("BTC before fee", "BTC incl. fee", "BTC vor Gebühr")
_MONEY_BEFORE = ("amount before fee", "Menge vor Gebühr")
_MONEY_UNIT = ("unit (amount before fee)", "Einheit (Menge vor Gebühr)")
_MONEY_AFTER = ("amount after Bitcoin.de-fee", "Menge nach Bitcoin.de-Gebühr")
_CHANGE = ("incoming / outgoing", "Zu- / Abgang")


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word = cells.needed(row, *_TYPE)
    kind = legs.kind_of(word, _KINDS)
    coin, change = cells.needed(row, *_COIN).upper(), cells.amount(row, reading, *_CHANGE)
    moved: list[Movement] = [legs.leg(SPOT, coin, change)]
    if kind is _Kind.FEE:
        moved = [legs.fee(SPOT, coin, money.negate(change))]
    elif kind is _Kind.TRADE:
        moved = _traded(row, reading, coin, change)
        kind = legs.exchanged(kind, moved)
    return legs.event(
        kind,
        cells.at(row, cells.needed(row, *_DATE), "date", reading),
        moved,
        type=word,
        price=cells.text(row, *_PRICE),
        reference=cells.text(row, *_REFERENCE),
    )


def _traded(row: Row, reading: Reading, coin: str, change: Decimal) -> list[Movement]:
    """A purchase's fee is kept back in the coin; a sale's is taken off the money."""
    unit = cells.needed(row, *_MONEY_UNIT).upper()
    before, after = (cells.amount(row, reading, *names) for names in (_MONEY_BEFORE, _MONEY_AFTER))
    if change < 0:
        kept = money.add(before, money.negate(after))
        return [
            legs.leg(SPOT, coin, change),
            legs.leg(SPOT, unit, before),
            legs.fee(SPOT, unit, kept),
        ]
    gross = cells.optional(row, reading, *_COIN_BEFORE) or change
    return [
        legs.leg(SPOT, coin, gross),
        legs.leg(SPOT, unit, money.negate(after)),
        legs.fee(SPOT, coin, money.add(gross, money.negate(change))),
    ]


def _opening(row: Row) -> str:
    opened = cells.text(row, *_TYPE).lower() in _OPENED
    return "the opening of the account" if opened else ""


FORMAT = ImportFormat(
    id="bitcoin-de",
    title="bitcoin.de: account statement",
    description="Account statement of one coin, in English or German; it does not say its zone.",
    headings=(
        ("date", "Booking type", "currency", "reference", "Rate", "BTC before fee",
         "amount before fee", "unit (amount before fee)", "amount after Bitcoin.de-fee",
         "incoming / outgoing"),
        ("Date", "Type", "Currency", "Reference", "Price", "BTC incl. fee", "amount before fee",
         "unit (amount before fee)", "amount after Bitcoin.de-fee", "Incoming / Outgoing"),
        ("Datum", "Typ", "Währung", "Referenz", "Kurs", "BTC vor Gebühr", "Menge vor Gebühr",
         "Einheit (Menge vor Gebühr)", "Menge nach Bitcoin.de-Gebühr", "Zu- / Abgang"),
    ),
    entries=legs.one_each(left_out=_opening),
    event=_event,
    exchange="bitcoinde",
    asks=("zone",),
)  # fmt: skip
