"""Workbooks as rows of text: XLSX and ODS, streamed, with the digits that stand in the file.

Read without a library for workbooks: those give numbers as binary fractions, and amounts would lose
digits. Layouts: ECMA-376 part 1, section 18 (SpreadsheetML), and OpenDocument 1.3 part 3.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO
from xml.parsers import expat

from portfolio.imports import archives
from portfolio.imports.decoding import Line
from portfolio.imports.format import NotUnderstood
from portfolio.imports.limits import Limits
from portfolio.imports.sheet_xml import Collector, Names, OdsRows, Pairs, Strings, Styles, XlsxRows

_CHUNK = 64 * 1024
_WORKBOOK, _CONTENT = "xl/workbook.xml", "content.xml"


def is_workbook(names: list[str]) -> bool:
    """Whether a ZIP with these files is a workbook."""
    return _WORKBOOK in names or (_CONTENT in names and "mimetype" in names)


def sheet_names(file: BinaryIO, limits: Limits) -> list[str]:
    """The names of the sheets, in their order. May raise NotUnderstood."""
    with archives.opened(file, limits) as book:
        if _WORKBOOK in book.namelist():
            return [name for name, _ in _xlsx_sheets(book, limits)]
        found = Names("table:table", "table:name")
        for _ in _walk(book, _CONTENT, found):
            pass
        return found.names


def rows(file: BinaryIO, sheet: str, limits: Limits) -> Iterator[Line]:
    """The rows of one sheet, numbered, without empty ones. May raise NotUnderstood."""
    with archives.opened(file, limits) as book:
        if _WORKBOOK not in book.namelist():
            yield from _walk(book, _CONTENT, OdsRows(sheet, limits))
            return
        path = dict(_xlsx_sheets(book, limits)).get(sheet)
        if path is None or path not in book.namelist():
            raise NotUnderstood(f"the workbook has no sheet {sheet}")
        strings, styles = Strings(limits), Styles()
        names = book.namelist()
        for part, into in (("xl/sharedStrings.xml", strings), ("xl/styles.xml", styles)):
            if part in names:
                for _ in _walk(book, part, into):
                    pass
        yield from _walk(
            book, path, XlsxRows(strings.texts, styles.dates, limits, is_1904=_is_1904(book))
        )


def _xlsx_sheets(book: zipfile.ZipFile, limits: Limits) -> list[tuple[str, str]]:
    """Names of sheets with the paths of their parts."""
    sheets = Pairs("sheet", "name", "r:id")
    targets = Pairs("Relationship", "Id", "Target")
    for part, into in ((_WORKBOOK, sheets), ("xl/_rels/workbook.xml.rels", targets)):
        if part not in book.namelist():
            raise NotUnderstood("the workbook is damaged: its list of sheets is missing")
        for _ in _walk(book, part, into):
            pass
    paths = dict(targets.pairs)
    found = [(name, _path(paths.get(ident, ""))) for name, ident in sheets.pairs]
    if len(found) > limits.files:
        raise NotUnderstood(f"it has {len(found):,} sheets; at most {limits.files}")
    return found


def _path(target: str) -> str:
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _is_1904(book: zipfile.ZipFile) -> bool:
    """Whether days are counted from 1904, as old programs of Apple's did."""
    found = Pairs("workbookPr", "date1904", "date1904")
    for _ in _walk(book, _WORKBOOK, found):
        pass
    return any(value in ("1", "true") for value, _ in found.pairs)


def _walk(book: zipfile.ZipFile, part: str, into: Collector) -> Iterator[Line]:
    """Feeds a part of the book to a collector and hands on the rows that it has found so far."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = into.start
    parser.EndElementHandler = into.end
    parser.CharacterDataHandler = into.text
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        with book.open(part) as source:
            for chunk in _chunks(source):
                parser.Parse(chunk, not chunk)
                yield from into.take()
    except NotUnderstood:
        raise
    except (expat.ExpatError, *archives.BROKEN):
        raise NotUnderstood("the workbook is damaged") from None


def _chunks(source: IO[bytes]) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk
    yield b""


def _refuse_doctype(*_: object) -> None:
    # Entities that multiply need one; workbooks have none.
    raise NotUnderstood("the workbook has a part that no workbook has")
