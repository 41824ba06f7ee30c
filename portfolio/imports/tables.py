"""Files as tables: what each sheet is called, and its rows as text or with the heading's names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from portfolio.imports import archives, decoding, json_rows, sheets
from portfolio.imports.decoding import DELIMITERS, Line
from portfolio.imports.format import ImportFormat, NotUnderstood, Row
from portfolio.imports.limits import Limits
from portfolio.imports.naming import named

HEADING_WITHIN = 20  # lines in which a heading is looked for


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table is in a file that was brought: the file of a ZIP, the sheet of a workbook."""

    member: str = ""
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is open: its lines by delimiter; that of workbooks is ""."""

    delimiters: tuple[str, ...]
    lines: Callable[[str], Iterator[Line]]
    is_cut: bool = False  # the text ends without the end of a line
    is_single: bool = False  # one column makes a table: of JSON


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the heading stands and how its cells are parted."""

    line: int
    delimiter: str
    heading: tuple[str, ...]


def places(file: BinaryIO, limits: Limits) -> list[Place]:
    """The tables that a file holds. May raise NotUnderstood."""
    size = file.seek(0, 2)
    if not size:
        raise NotUnderstood("the file is empty")
    if size > limits.file:
        raise NotUnderstood(f"it has more than {limits.file >> 20} MB")
    if not archives.is_zip(file):
        return [Place()]
    with archives.opened(file, limits) as archive:
        if sheets.is_workbook(archive.namelist()):
            return [Place(sheet=name) for name in sheets.sheet_names(file, limits)]
        names = archives.members(archive, limits)
        if not names:
            raise NotUnderstood("the ZIP file holds no file")
        found: list[Place] = []
        for name in names:
            with archives.member(archive, name, limits) as inner:
                found += _inner_places(name, inner, limits)
    if len(found) > limits.files:
        raise NotUnderstood(f"it holds {len(found):,} tables; at most {limits.files} at a time")
    return found


def _inner_places(name: str, file: BinaryIO, limits: Limits) -> list[Place]:
    if not archives.is_zip(file):
        return [Place(name)]
    with archives.opened(file, limits) as archive:
        if not sheets.is_workbook(archive.namelist()):
            raise NotUnderstood(f"{name} is a ZIP file within a ZIP file: unpack it first")
    return [Place(name, sheet) for sheet in sheets.sheet_names(file, limits)]


@contextmanager
def opened(file: BinaryIO, place: Place, limits: Limits) -> Iterator[Table]:
    """One table of a file. May raise NotUnderstood, while its lines are read too."""
    if not place.member:
        yield _table(file, place.sheet, limits)
        return
    with (
        archives.opened(file, limits) as archive,
        archives.member(archive, place.member, limits) as inner,
    ):
        yield _table(inner, place.sheet, limits)


def _table(file: BinaryIO, sheet: str, limits: Limits) -> Table:
    if sheet or archives.is_zip(file):
        return Table(("",), lambda _: sheets.rows(file, sheet, limits))
    if json_rows.is_json(file):
        return Table(("",), lambda _: json_rows.lines(file, limits), is_single=True)
    name = decoding.encoding(file)
    is_cut = decoding.is_cut(file)
    return Table(DELIMITERS, lambda sign: decoding.lines(file, name, sign, limits), is_cut)


def rows(
    table: Table,
    layout: Layout,
    known: ImportFormat,
    limits: Limits,
    problems: list[NotUnderstood],
) -> Iterator[Row]:
    """The rows below the heading, their cells by the format's names; empty rows are left out.

    A row with too many or too few cells is added to ``problems`` and passed over. The last cell may
    be missing: some programs leave out an empty one. May raise NotUnderstood.
    """
    names = named(layout.heading, known)
    count = 0
    for line, cells in _below(table, layout, known.ends):
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        limits.check_rows(count)
        if not layout.delimiter:
            cells += [""] * (len(names) - len(cells))  # a workbook leaves out empty cells
        problem = _misfit(cells, len(names), line)
        if problem is not None:
            problems.append(problem)
            continue
        trimmed = [_trimmed(cell) for cell in cells[: len(names)]]
        trimmed += [""] * (len(names) - len(trimmed))
        yield Row(line, dict(zip(names, trimmed, strict=True)))


def _below(table: Table, layout: Layout, ends: str) -> Iterator[Line]:
    """The lines after the heading, to the one that ``ends`` begins where a format has such.

    The last of a text that has no end of line may be cut off.
    """
    held: Line | None = None
    for line, cells in table.lines(layout.delimiter):
        if line <= layout.line:
            continue
        if ends and cells and cells[0].strip() == ends:
            if held is not None:
                yield held
            return
        if held is not None:
            yield held
        held = (line, cells)
    if held is not None:
        width = len(layout.heading)
        if table.is_cut and len(held[1]) < width and any(held[1]):
            message = f"the file breaks off: {len(held[1])} cells of {width}"
            raise NotUnderstood(message, line=held[0])
        yield held


def _misfit(cells: list[str], width: int, line: int) -> NotUnderstood | None:
    if any(cell.strip() for cell in cells[width:]) or len(cells) < width - 1:
        return NotUnderstood(f"{len(cells)} cells under {width} headings", line=line)
    return None


def _trimmed(cell: str) -> str:
    """Without spaces and without what keeps a spreadsheet from working a cell out."""
    text = cell.strip(" \t\r\n\u00a0\u202f\ufeff")
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        return text[2:-1].strip()
    return text


def heading_of(cells: list[str]) -> tuple[str, ...]:
    """The cells of a heading line: trimmed, without empty ones at the end."""
    found = [_trimmed(cell) for cell in cells]
    while found and not found[-1]:
        found.pop()
    return tuple(found)
