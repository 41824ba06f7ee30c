"""Tables as XLSX workbooks, written piece by piece: nothing is kept, nothing touches a disk.

The smallest workbook that ECMA-376 allows: cells hold text in place, or a number where a
spreadsheet keeps all its digits. No cell is a formula, and nothing tells when it was made.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports.format import Rows, Write
from portfolio.exports.writing import NamedFile, packed

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST_ROWS = 1_048_576  # that a sheet may have, with its heading
DIGITS = 15  # that a spreadsheet keeps of a number
_MOST_TEXT = 32_767  # characters that a cell may hold
_AT_ONCE = 500  # rows of a piece

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_SHEETML = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
# What XML cannot hold, whatever escapes are used.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def xlsx_table(header: tuple[str, ...], rows: Rows, *, numbers: Collection[str] = ()) -> Write:
    """A format's ``write`` for a workbook; ``numbers`` names the columns that hold amounts.

    A long table goes on in further sheets, each with the heading.
    """
    places = frozenset(place for place, name in enumerate(header) if name in numbers)

    def write(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[bytes]:
        return workbook([Sheet("Transactions", header, rows(transactions, context), places)])

    return write


class Sheet(NamedTuple):
    """One table of a workbook; ``numbers`` are the places of columns that hold amounts."""

    title: str  # at most 24 letters, digits and spaces
    header: tuple[str, ...]
    rows: Iterator[list[str]]
    numbers: frozenset[int] = frozenset()


def workbook(sheets: Iterable[Sheet]) -> Iterator[bytes]:
    """A workbook of tables; a long one goes on in further sheets, each with the heading."""
    return packed(_files(sheets))


def _files(sheets: Iterable[Sheet]) -> Iterator[NamedFile]:
    titles: list[str] = []
    for title, header, rows, numbers in sheets:
        part = 0
        following: list[str] | None = next(rows, None)
        while following is not None or not part:
            part += 1
            titles.append(title if part == 1 else f"{title} {part}")
            taken = () if following is None else chain([following], islice(rows, MOST_ROWS - 2))
            yield f"xl/worksheets/sheet{len(titles)}.xml", _sheet(header, taken, numbers)
            following = next(rows, None)
    yield from _frame(titles)


def _sheet(
    header: tuple[str, ...], rows: Iterable[list[str]], numbers: frozenset[int]
) -> Iterator[bytes]:
    view = '<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" state="frozen"/>'
    yield (
        f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetViews>{view}</sheetView></sheetViews><sheetData>'
    ).encode()
    lines = chain(
        [_line(header, frozenset(), style=' s="1"')], (_line(row, numbers) for row in rows)
    )
    while piece := "".join(islice(lines, _AT_ONCE)):
        yield piece.encode()
    yield b"</sheetData></worksheet>"


def _line(row: Iterable[str], numbers: frozenset[int], style: str = "") -> str:
    cells = (_cell(text, style, is_number=place in numbers) for place, text in enumerate(row))
    return f"<row>{''.join(cells)}</row>"


def _cell(text: str, style: str, *, is_number: bool) -> str:
    if not text:
        return "<c/>"
    if is_number and _is_kept(text):
        return f"<c><v>{text}</v></c>"
    words = escape(_FORBIDDEN.sub("\ufffd", text[:_MOST_TEXT]))
    return f'<c t="inlineStr"{style}><is><t xml:space="preserve">{words}</t></is></c>'


def _is_kept(text: str) -> bool:
    """Whether a spreadsheet keeps all digits of a number, and its size."""
    if _NUMBER.fullmatch(text) is None:
        return False
    digits = text.lstrip("-").replace(".", "").strip("0")
    return len(digits) <= DIGITS and len(text) < 100


def _frame(titles: Sequence[str]) -> Iterator[NamedFile]:
    """What a workbook needs beside its sheets."""
    numbers = range(1, len(titles) + 1)
    listed = "".join(
        f'<sheet name={quoteattr(title)} sheetId="{n}" r:id="rId{n}"/>'
        for n, title in enumerate(titles, 1)
    )
    yield (
        "xl/workbook.xml",
        _document(
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATED}"><sheets>{listed}</sheets></workbook>'
        ),
    )
    links = [(f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in numbers]
    yield "xl/_rels/workbook.xml.rels", _links([*links, ("rId0", "styles", "styles.xml")])
    yield "xl/styles.xml", _document(_STYLES)
    yield "_rels/.rels", _links([("rId1", "officeDocument", "xl/workbook.xml")])
    parts = [(f"/xl/worksheets/sheet{n}.xml", "worksheet") for n in numbers]
    yield (
        "[Content_Types].xml",
        _types([("/xl/workbook.xml", "sheet.main"), ("/xl/styles.xml", "styles"), *parts]),
    )


# Two styles: the usual one, and bold for headings.
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><fonts count="2"><font><sz val="11"/><name val="Calibri"/></font>'
    '<font><b/><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    "<borders><border/></borders><cellStyleXfs><xf/></cellStyleXfs>"
    '<cellXfs count="2"><xf/><xf fontId="1" applyFont="1"/></cellXfs>'
    '<cellStyles><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def _document(text: str) -> list[bytes]:
    return [(_HEAD + text).encode()]


def _links(links: list[tuple[str, str, str]]) -> list[bytes]:
    listed = "".join(
        f'<Relationship Id="{ident}" Type="{_RELATED}/{kind}" Target={quoteattr(target)}/>'
        for ident, kind, target in links
    )
    return _document(f'<Relationships xmlns="{_PACKAGE}/relationships">{listed}</Relationships>')


def _types(parts: list[tuple[str, str]]) -> list[bytes]:
    listed = "".join(
        f'<Override PartName="{name}" ContentType="{_SHEETML}.{kind}+xml"/>' for name, kind in parts
    )
    rels = "application/vnd.openxmlformats-package.relationships+xml"
    return _document(
        f'<Types xmlns="{_PACKAGE}/content-types">'
        f'<Default Extension="rels" ContentType="{rels}"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
    )
