"""Gemini: one file of all that happened, with three columns for each asset ever held; UTC."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import cells, legs
from portfolio.imports.format import Entry, ImportFormat, Reading, Row

_Kind = TransactionKind
EXCHANGE = "exchange"
_AMOUNT = re.compile(r"^(\w+) Amount \1$")
_FEE = re.compile(r"^Fee \((\w+)\)(?: \1)?$|^Fee (\w+)$")
_UNIT = re.compile(r"\s*[A-Z][A-Z0-9]*\s*(?=\)?\s*$)")
_KINDS = legs.words(
    (_Kind.TRADE, ("buy", "sell")),
    (_Kind.DEPOSIT, ("credit",)),
    (_Kind.WITHDRAWAL, ("debit",)),
    (_Kind.INTEREST, ("interest credit", "earn interest credit", "monthly interest summary")),
    (_Kind.TRANSFER, ("earn transfer", "earn redemption", "redeem", "deposit to staking",
                      "earn deposit", "staking deposit", "staking redeem")),
    (_Kind.REWARD, ("reward", "staking reward", "credit card reward")),
)  # fmt: skip
_ABOUT = (
    ("administrative", _Kind.ADJUSTMENT), ("reward", _Kind.REWARD), ("earn", _Kind.TRANSFER),
    ("custody transfer", _Kind.TRANSFER),
)  # fmt: skip
_COMMON = ("Date", "Time (UTC)", "Type", "Symbol", "Specification")


def _event(entry: Entry, reading: Reading) -> Event:
    (row,) = entry.rows
    word, symbol = cells.needed(row, "Type"), cells.text(row, "Symbol")
    moved = _moved(row, reading)
    trade = cells.text(row, "Trade ID")
    kind = _kind(row, moved)
    return legs.event(
        kind,
        _at(row, reading),
        legs.summed(moved),
        key=f"trade:{symbol.lower()}:{trade}" if trade and kind is _Kind.TRADE else "",
        type=f"{word}: {cells.text(row, 'Specification')}".strip(": "),
        symbol=symbol if kind is _Kind.TRADE else "",
        role=cells.text(row, "Liquidity Indicator").lower(),
        trade=trade,
        order=cells.text(row, "Order ID"),
        txid=cells.text(row, "Tx Hash"),
        address=cells.text(row, "Withdrawal Destination", "Deposit Destination"),
    )


def _kind(row: Row, moved: list[Movement]) -> TransactionKind:
    kind = legs.kind_of(cells.text(row, "Type"), _KINDS)
    about = cells.text(row, "Specification").lower()
    if kind is _Kind.TRADE:
        return legs.exchanged(kind, moved)
    if kind in (_Kind.DEPOSIT, _Kind.WITHDRAWAL):
        return next((other for part, other in _ABOUT if part in about), kind)
    return kind


def _at(row: Row, reading: Reading) -> datetime:
    """Of workbooks the date has the time in it already."""
    date, time = cells.needed(row, "Date"), cells.text(row, "Time (UTC)")
    whole = date if ":" in date or not time else f"{date} {time}"
    return cells.at(row, whole, "Date", reading)


def _moved(row: Row, reading: Reading) -> list[Movement]:
    found: list[Movement] = []
    for name in row.cells:
        if told := _AMOUNT.match(name):
            found.append(legs.leg(EXCHANGE, told[1].upper(), _plain(row, reading, name)))
        elif told := _FEE.match(name):
            paid = money.negate(_plain(row, reading, name))
            found.append(legs.fee(EXCHANGE, (told[1] or told[2]).upper(), paid))
    return [movement for movement in found if movement.amount]


def _plain(row: Row, reading: Reading, heading: str) -> Decimal:
    """An amount with its unit behind it, as in ``(0.03 BTC)``: brackets mean minus."""
    cell = _UNIT.sub("", cells.text(row, heading))
    return cells.or_zero(Row(row.line, {heading: cell}), reading, heading)


def _totals(row: Row) -> str:
    return "" if cells.text(row, "Date") else "a line of totals"


def _knows(heading: tuple[str, ...]) -> bool:
    return set(_COMMON) <= set(heading) and any(_AMOUNT.match(name) for name in heading)


FORMAT = ImportFormat(
    id="gemini",
    title="Gemini: transaction history",
    description="Transaction history, as a workbook or CSV; times are UTC.",
    headings=(_COMMON,),
    recognise=_knows,
    entries=legs.one_each(left_out=_totals),
    event=_event,
    exchange="gemini",
    private=frozenset(("API Session", "Client Order ID")),
)
