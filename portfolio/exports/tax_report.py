"""A tax report as tables for spreadsheets; ``tax_pdf`` has it to read and print.

The same report gives the same bytes: nothing tells when a document was made.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from portfolio.engine.money import plain
from portfolio.exports.format import free_text, utc
from portfolio.exports.workbooks import Sheet, workbook

PIECE = 64 * 1024


class Line(NamedTuple):
    """One line of a report, told for people; what it has no use for is empty or None."""

    at: datetime | None
    on: date | None
    kind: str
    asset: str
    account: str
    amount: Decimal
    acquired: datetime | date | None
    match: str
    term: str
    proceeds: Decimal | None
    cost: Decimal | None
    denied: Decimal | None
    gain: Decimal | None
    value: Decimal | None
    transaction: int | None
    lot_transaction: int | None


class Figure(NamedTuple):
    """One figure, told for people."""

    code: str
    title: str
    amount: Decimal | None
    rule: str
    is_main: bool
    is_count: bool
    made_of: str = ""  # sums of lines and arithmetic
    without: str = ""  # what it leaves out


class Part(NamedTuple):
    """One part of a report; ``lines`` may be taken once."""

    title: str
    number: int
    lines: Iterable[Line]


class Section(NamedTuple):
    """A table that a document has beside the lines: how complete the ledger was, and the like."""

    title: str  # at most 24 letters, digits and spaces
    words: str  # what it says, and what it does not
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: frozenset[int]  # the places of columns that hold amounts
    money: frozenset[int]  # those of them that are rounded for reading
    widths: tuple[int, ...]  # of the columns on paper, as parts of their sum
    empty: str = ""  # instead of a table without rows
    notes: Sequence[tuple[str, str]] = ()  # below it on paper: what a word of it means


@dataclass(frozen=True, slots=True)
class Report:
    """What a document tells beside its lines."""

    title: str  # "United Kingdom 2024-25"
    facts: Sequence[tuple[str, str]]  # method, currency, fingerprints ...
    currency: str
    figures: Sequence[Figure]
    covered: Sequence[str]
    not_covered: Sequence[str]
    # What, how often, the money, what of the year stands on it, what to do.
    assumed: Sequence[tuple[str, str, str, str, str]]
    owner: str = ""  # whose it is
    sections: Sequence[Section] = ()
    is_letter: bool = False  # the paper of the place, else A4


HEADER = (
    *("Time (UTC)", "Date", "Kind", "Asset", "Account", "Amount", "Acquired", "Matched with"),
    *("Term", "Proceeds", "Cost", "Denied loss", "Gain", "Value", "Transaction", "Lot"),
)
_FIGURES = ("Form", "Figure", "Amount", "Rule", "From", "Left out")
_NUMBERS = frozenset(
    HEADER.index(name) for name in ("Amount", "Proceeds", "Cost", "Denied loss", "Gain", "Value")
)


def cells(line: Line) -> list[str]:
    """A line as a row under HEADER: exact numbers, times in UTC."""
    acquired = line.acquired
    return [
        utc(line.at) if line.at else "",
        line.on.isoformat() if line.on else "",
        free_text(line.kind),
        line.asset,
        free_text(line.account),
        plain(line.amount),
        utc(acquired)
        if isinstance(acquired, datetime)
        else acquired.isoformat()
        if acquired
        else "",
        free_text(line.match),
        line.term,
        *(_exact(n) for n in (line.proceeds, line.cost, line.denied, line.gain, line.value)),
        "" if line.transaction is None else str(line.transaction),
        "" if line.lot_transaction is None else str(line.lot_transaction),
    ]


def _exact(value: Decimal | None) -> str:
    return "" if value is None else plain(value)


def table(part: Part) -> Iterator[bytes]:
    """One part as CSV, piece by piece."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    for line in part.lines:
        writer.writerow(cells(line))
        if text.tell() >= PIECE:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def sheets(report: Report, parts: Iterable[Part]) -> Iterator[bytes]:
    """The whole report as a workbook, piece by piece."""
    figures = (
        [f.code, f.title, _exact(f.amount), f.rule, f.made_of, f.without] for f in report.figures
    )
    facts = ([name, value] for name, value in report.facts)
    first = [
        Sheet("Report", ("Fact", "Value"), facts),
        Sheet("Figures", _FIGURES, figures, frozenset({2})),
    ]
    rest = (
        Sheet(part.title[:24], HEADER, (cells(line) for line in part.lines), _NUMBERS)
        for part in parts
    )
    stood_on = (
        Sheet(told.title, told.header, (list(row) for row in told.rows), told.numbers)
        for told in report.sections
    )
    return workbook(chain(first, rest, stood_on))
