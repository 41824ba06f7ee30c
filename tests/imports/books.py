"""Small workbooks, written by hand: as programs write them, with binary fractions and styles."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

Sheets = Mapping[str, Sequence[Sequence[str | float]]]
_DATE = re.compile(r"^\d{4}-\d\d-\d\d")
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "urn:oasis:names:tc:opendocument:xmlns"


def _packed(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def xlsx(sheets: Sheets) -> bytes:
    """An XLSX workbook; dates are days since 1899-12-30 in a cell that shows a date."""
    strings: list[str] = []
    files = {}
    listed, targets = "", ""
    for number, (name, rows) in enumerate(sheets.items(), start=1):
        listed += f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"/>'
        targets += f'<Relationship Id="rId{number}" Target="worksheets/sheet{number}.xml"/>'
        body = "".join(_xlsx_row(line, row, strings) for line, row in enumerate(rows, start=1))
        files[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{body}</sheetData></worksheet>'
        )
    files["xl/workbook.xml"] = (
        f'<workbook xmlns="{_MAIN}" xmlns:r="r"><sheets>{listed}</sheets></workbook>'
    )
    files["xl/_rels/workbook.xml.rels"] = f"<Relationships>{targets}</Relationships>"
    items = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
    files["xl/sharedStrings.xml"] = f'<sst xmlns="{_MAIN}">{items}</sst>'
    files["xl/styles.xml"] = (
        f'<styleSheet xmlns="{_MAIN}"><numFmts><numFmt numFmtId="170" '
        'formatCode="yyyy\\-mm\\-dd hh:mm:ss"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>'
    )
    return _packed(files)


def _xlsx_row(line: int, row: Sequence[str | float], strings: list[str]) -> str:
    cells = "".join(
        _xlsx_cell(f"{chr(65 + place)}{line}", value, strings)
        for place, value in enumerate(row)
        if value != ""
    )
    return f'<row r="{line}">{cells}</row>' if cells else ""


def _xlsx_cell(place: str, value: str | float, strings: list[str]) -> str:
    if isinstance(value, float):
        return f'<c r="{place}"><v>{value:.17g}</v></c>'
    if _DATE.match(value):
        since = datetime.fromisoformat(value) - datetime(1899, 12, 30)  # noqa: DTZ001
        return f'<c r="{place}" s="1"><v>{since.total_seconds() / 86400:.17g}</v></c>'
    strings.append(value)
    return f'<c r="{place}" t="s"><v>{len(strings) - 1}</v></c>'


def ods(sheets: Sheets) -> bytes:
    """An ODS workbook; empty rows are one row that is repeated."""
    body = ""
    for name, rows in sheets.items():
        lines = "".join(_ods_row(row) for row in rows)
        body += f"<table:table table:name={quoteattr(name)}>{lines}</table:table>"
    spaces = " ".join(f'xmlns:{n}="{_OFFICE}:{n}:1.0"' for n in ("office", "table", "text"))
    content = (
        f"<office:document-content {spaces}><office:body><office:spreadsheet>{body}"
        "</office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return _packed({"mimetype": kind, "content.xml": content})


def _ods_row(row: Sequence[str | float]) -> str:
    if not row:
        empty = '<table:table-cell table:number-columns-repeated="9"/>'
        return f'<table:table-row table:number-rows-repeated="1">{empty}</table:table-row>'
    return f"<table:table-row>{''.join(_ods_cell(value) for value in row)}</table:table-row>"


def _ods_cell(value: str | float) -> str:
    if isinstance(value, float):
        kind = f'office:value-type="float" office:value="{value:.17g}"'
    elif _DATE.match(value):
        kind = f'office:value-type="date" office:date-value="{value.replace(" ", "T")}"'
    else:
        kind = 'office:value-type="string"'
    shown = "shown otherwise" if not isinstance(value, str) or _DATE.match(value) else value
    return f"<table:table-cell {kind}><text:p>{escape(shown)}</text:p></table:table-cell>"
