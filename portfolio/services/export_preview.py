"""Writes the first rows of an export, to be looked at before all of it is made."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from accounts.models import User
from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports import registry
from portfolio.exports.format import ExportFormat
from portfolio.exports.transfers import by_transfer
from portfolio.selectors import exports
from portfolio.selectors.assets import identities
from portfolio.services.exports import Asked, context_of, count, selection_of

READ = 60  # transactions
READ_OF_HISTORY = 2000
ROWS = 20
LINES = 40
_MOST_TEXT = 4000  # characters of a line that is shown

Transactions = list[ExportTransaction]


@dataclass(frozen=True, slots=True)
class Preview:
    """The first of a file: a table, or lines of text; neither where it is not text.

    ``name`` is that of the file, where there are several. ``shortfalls`` counts by code among the
    ``read`` transactions, ``unvalued`` their amounts of unknown value; ``is_all``: there are no
    more.
    """

    read: int
    is_all: bool
    unvalued: int
    shortfalls: dict[str, int]
    name: str = ""
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    lines: tuple[str, ...] = ()


def preview(user: User, asked: Asked) -> Preview:
    """Of the oldest transactions, whatever their connection. May raise UnknownFormat."""
    known, codes = registry.by_id(asked.format), identities(user)
    context = context_of(user, asked, codes)
    if known.of_account:
        number = count(user, asked)
        return Preview(read=number, is_all=True, unvalued=0, shortfalls={})
    # What the tax engine works out of the oldest transactions stands, whatever comes later.
    most = READ_OF_HISTORY if known.needs_history else READ
    chosen = selection_of(user, asked)
    found = exports.first(user, chosen, context.currency, limit=most + 1, known=codes)
    told = found[:most]
    counted = Counter(code for t in told for code in set(known.shortfalls(t, context)))
    name, text = _text(known, _of_one_file(known, told), context)
    header, rows, lines = _shown(name or f".{known.extension}", text)
    return Preview(
        read=len(told),
        is_all=len(found) <= most,
        unvalued=sum(leg.value is None for t in told for leg in t.legs),
        shortfalls=dict(counted),
        name=name,
        header=header,
        rows=rows,
        lines=lines,
    )


def _of_one_file(known: ExportFormat, told: Transactions) -> Transactions:
    """What is in the first file, where each connection has its own."""
    if not known.is_per_connection:
        return told
    return [t for t in told if t.account == told[0].account]


def _text(known: ExportFormat, told: Transactions, context: ExportContext) -> tuple[str, str]:
    """The name of the first file that is text, where there are several, and its text."""
    pieces = told if known.keeps_pieces else list(by_transfer(told))
    if known.shown is not None:
        return f"{known.id}.csv", _decoded(known.shown(pieces, context))
    if known.files is None:
        return "", _decoded(known.write(pieces, context))
    for name, content in known.files(pieces, context):
        if text := _decoded(content):
            return name, text
    return "", ""


def _decoded(content: Iterable[bytes]) -> str:
    try:
        return b"".join(content).decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""


_Table = tuple[tuple[str, ...], tuple[tuple[str, ...], ...], tuple[str, ...]]


def _shown(name: str, text: str) -> _Table:
    if "\0" in text:
        return (), (), ()  # not text after all
    if name.endswith(".csv"):
        return _table(csv.reader(io.StringIO(text)))
    return (), (), tuple(line[:_MOST_TEXT] for line in text.splitlines()[:LINES])


def _table(rows: Iterator[list[str]]) -> _Table:
    """The heading, and rows as wide as the widest."""
    first = list(islice(rows, ROWS + 1))
    width = max((len(row) for row in first), default=0)
    padded = [tuple(islice(chain(row, [""] * width), width)) for row in first]
    return (padded[0] if padded else ()), tuple(padded[1:]), ()
