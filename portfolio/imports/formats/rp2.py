"""RP2's workbook: a sheet for each asset, in it up to three tables one below the other.

A table begins with its name (IN, OUT, INTRA) and a heading in free words, and ends with TABLE END.
The heading of the first is that of the sheet; rows of the others are kept under their own. As in
dali-rp2's files there is no fiat money, and an id names nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from portfolio.engine.types import Event
from portfolio.imports import two_sided
from portfolio.imports.format import Entry, ImportFormat, LeftOut, Reading, Row
from portfolio.imports.formats import dali
from portfolio.imports.headings import Cells, fold, having

_MARKS = {"in", "out", "intra", "table end"}
_NEEDED = having("timestamp", "asset", "exchange", "holder", "transaction type", "crypto in")


def _recognise(heading: tuple[str, ...]) -> bool:
    found = tuple(name.replace("_", " ") for name in heading)
    return _NEEDED(found) and fold(found[0]) != "unique id"


def _entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    """By the order in the sheet, which says what a row is of."""
    heading: Row | None = None
    for row in rows:
        first = fold(next(iter(row.cells.values()), ""))
        if first in _MARKS:
            yield LeftOut((row,), "it begins or ends a table")
        elif first == "timestamp":
            heading = row
            yield LeftOut((row,), "it is the heading of a table")
        else:
            yield from _of(row if heading is None else _renamed(row, heading))


def _renamed(row: Row, heading: Row) -> Row:
    names = heading.cells
    return Row(row.line, {names[key]: cell for key, cell in row.cells.items() if names[key]})


def _of(row: Row) -> Iterator[Entry]:
    cells = Cells(dali.spaced(row))
    if cells.get("crypto sent|crypto received"):
        yield from dali.halves((row,), cells)
    else:
        yield Entry((row,), cells.get(dali.ACCOUNT))


def _event(entry: Entry, reading: Reading) -> Event:
    cells = Cells(dali.spaced(entry.rows[0]))
    if entry.part:
        return dali.moved_between(cells, entry.part, reading)
    if cells.get("crypto in"):
        return dali.came_in(cells, reading)
    return dali.went_out(cells, reading)


FORMAT = ImportFormat(
    id="rp2",
    rank=two_sided.RANK,
    title="RP2",
    description="RP2's workbook, and the one that dali-rp2 makes for it, by exchange.",
    headings=(
        (
            *("timestamp", "asset", "exchange", "holder", "transaction_type", "spot_price"),
            *("crypto_in", "crypto_fee", "fiat_in_no_fee", "fiat_in_with_fee", "fiat_fee"),
            *("unique_id", "notes"),
        ),
    ),
    recognise=_recognise,
    entries=_entries,
    event=lambda entry, reading: two_sided.telling_line(entry, lambda: _event(entry, reading)),
)
