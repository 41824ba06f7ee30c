"""OpenDocument spreadsheets of plain cells, as small as OASIS's standard allows (1.2, part 1)."""

from __future__ import annotations

import re
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from xml.sax.saxutils import escape, quoteattr

from portfolio.engine.money import plain

Cell = str | Decimal | None  # text, a number, nothing

_TYPE = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = "urn:oasis:names:tc:opendocument:xmlns"
_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP can tell
_PIECE = 64 * 1024
_MANIFEST = f"""<?xml version="1.0" encoding="UTF-8"?>
<manifest:manifest xmlns:manifest="{_NAMES}:manifest:1.0" manifest:version="1.2">\
<manifest:file-entry manifest:full-path="/" manifest:media-type="{_TYPE}"/>\
<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>\
</manifest:manifest>"""
_HEAD = f"""<?xml version="1.0" encoding="UTF-8"?>
<office:document-content xmlns:office="{_NAMES}:office:1.0" xmlns:table="{_NAMES}:table:1.0" \
xmlns:text="{_NAMES}:text:1.0" office:version="1.2"><office:body><office:spreadsheet>"""
_TAIL = "</office:spreadsheet></office:body></office:document-content>"
# What XML cannot hold, whatever escapes are used.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def row(cells: Iterable[Cell]) -> bytes:
    """One row of a sheet."""
    return f"<table:table-row>{''.join(map(_cell, cells))}</table:table-row>".encode()


def _cell(cell: Cell) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, Decimal):
        return f'<table:table-cell office:value-type="float" office:value="{plain(cell)}"/>'
    text = escape(_FORBIDDEN.sub("", cell))
    return (
        f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
    )


def workbook(sheets: Iterable[tuple[str, int, Iterable[bytes]]]) -> Iterator[bytes]:
    """A workbook of sheets: a name, how many columns, and rows.

    It is put together in a temporary file, since its first part may neither be packed nor have its
    size told behind it.
    """
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr(_about("mimetype", zipfile.ZIP_STORED), _TYPE)
            packed.writestr(_about("META-INF/manifest.xml", zipfile.ZIP_DEFLATED), _MANIFEST)
            about = _about("content.xml", zipfile.ZIP_DEFLATED)
            with packed.open(about, "w", force_zip64=True) as content:
                for piece in _content(sheets):
                    content.write(piece)
        file.seek(0)
        while piece := file.read(_PIECE):
            yield piece


def _about(name: str, how: int) -> zipfile.ZipInfo:
    about = zipfile.ZipInfo(name, _NO_TIME)
    about.compress_type = how
    about.external_attr = 0o644 << 16
    return about


def _content(sheets: Iterable[tuple[str, int, Iterable[bytes]]]) -> Iterator[bytes]:
    yield _HEAD.encode()
    for name, columns, rows in sheets:
        plain_name = quoteattr(_FORBIDDEN.sub("", name))
        yield (
            f"<table:table table:name={plain_name}>"
            f'<table:table-column table:number-columns-repeated="{columns}"/>'
        ).encode()
        yield from rows
        yield b"</table:table>"
    yield _TAIL.encode()
