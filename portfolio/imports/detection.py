"""Finds the heading of a table, and the formats that know it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from portfolio.imports.format import ImportFormat, NotUnderstood
from portfolio.imports.naming import extents
from portfolio.imports.tables import HEADING_WITHIN, Layout, Table, heading_of


@dataclass(frozen=True, slots=True)
class Detected:
    """The heading, and the ids of the formats that explain it best: none, one, or some to ask of.

    ``preamble`` is the text above the heading.
    """

    layout: Layout
    formats: tuple[str, ...]
    preamble: str


def detect(table: Table, formats: Iterable[ImportFormat]) -> Detected:
    """Looks at the first lines only. May raise NotUnderstood where no table begins there.

    The delimiter is the one with which a heading is known; where none is, the one that parts a
    line into most cells.
    """
    known = tuple(formats)
    best: tuple[int, Layout, tuple[str, ...]] | None = None
    widest: Layout | None = None
    for layout in _candidates(table):
        found = extents(layout.heading, known)
        most = max(found.values(), default=0)
        if most and (best is None or most > best[0]):
            best = most, layout, tuple(ident for ident, size in found.items() if size == most)
        if widest is None or _width(layout) > _width(widest):
            widest = layout
        if most >= len(layout.heading) > 2:
            break  # explained to its last column: what follows are rows
    if widest is None or (best is None and _width(widest) < 2):
        raise NotUnderstood("no table begins within its first lines")
    layout, ids = (widest, ()) if best is None else best[1:]
    return Detected(layout, ids, _preamble(table, layout))


def _candidates(table: Table) -> Iterator[Layout]:
    for delimiter in table.delimiters:
        for line, cells in _first(table, delimiter):
            heading = heading_of(cells)
            if len(heading) > 1 or (heading and table.is_single):
                yield Layout(line, delimiter, heading)


def _first(table: Table, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The first lines; what cannot be parted with this delimiter ends them."""
    try:
        for line, cells in table.lines(delimiter):
            if line > HEADING_WITHIN:
                return
            yield line, cells
    except NotUnderstood:
        # Of a workbook there is no second way to read it; of a text the right delimiter may do.
        if not delimiter:
            raise


def _width(layout: Layout) -> int:
    """How much a line looks like a heading: its different words."""
    words = {cell for cell in layout.heading if any(letter.isalpha() for letter in cell)}
    return len(words) if len(words) * 2 > len(layout.heading) else 1


def _preamble(table: Table, layout: Layout) -> str:
    lines = []
    for line, cells in _first(table, layout.delimiter):
        if line >= layout.line:
            break
        lines.append(" ".join(cells).strip())
    return "\n".join(line for line in lines if line)[:2000]
