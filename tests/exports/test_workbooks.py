"""Workbooks: exact numbers, no formulas, sheets that go on, and the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

import openpyxl
import pytest

from portfolio.exports import registry, workbooks, writing
from tests.exports.builders import EUROS, event

XLSX = registry.by_id("xlsx")
NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def opened(content: bytes) -> zipfile.ZipFile:
    packed = zipfile.ZipFile(io.BytesIO(content))
    assert packed.testzip() is None
    return packed


def tree(packed: zipfile.ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(packed.read(name))  # noqa: S314  # written by the test itself


def cells(packed: zipfile.ZipFile, sheet: int = 1) -> list[list[tuple[str, str]]]:
    """Every cell of a sheet as its type ("n" or "inlineStr") and its text."""
    root = tree(packed, f"xl/worksheets/sheet{sheet}.xml")
    return [
        [(cell.get("t", "n"), "".join(cell.itertext())) for cell in row]
        for row in root.iterfind("m:sheetData/m:row", NS)
    ]


def test_a_number_is_a_number_only_where_no_digit_is_lost() -> None:
    short, long, small = "123456.789012345", "1234567.890123456", "0.000000000000000001"
    written = event("2024-05-02 11:30", "reward", f"{short} BTC", f"{long} BTC", f"{small} ETH")
    packed = opened(b"".join(writing.single(XLSX, [written], EUROS)))
    heading, *rows = cells(packed)
    place = [text for _, text in heading].index("amount")
    found = [row[place] for row in rows]
    assert found == [("n", short), ("inlineStr", long), ("n", small)]


def test_words_are_text_and_guarded_and_what_xml_cannot_hold_is_replaced() -> None:
    evil = event("2024-05-02 11:30", "reward", "1 BTC", description='=1+1<&">\x00')
    packed = opened(b"".join(writing.single(XLSX, [evil], EUROS)))
    (_, row) = cells(packed)
    assert ("inlineStr", "'=1+1<&\">\ufffd") in row
    assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")


def test_a_long_table_goes_on_in_another_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MOST_ROWS", 3)

    def rows(transactions: object, context: object) -> Iterator[list[str]]:
        return iter([[str(number)] for number in range(5)])

    packed = opened(b"".join(workbooks.xlsx_table(("number",), rows)([], EUROS)))
    sheets = [[text for ((_, text),) in cells(packed, number)] for number in (1, 2, 3)]
    assert sheets == [["number", "0", "1"], ["number", "2", "3"], ["number", "4"]]
    named = tree(packed, "xl/workbook.xml").iterfind("m:sheets/m:sheet", NS)
    assert [sheet.get("name") for sheet in named] == [
        "Transactions",
        "Transactions 2",
        "Transactions 3",
    ]


def test_nothing_to_write_is_a_sheet_with_a_heading() -> None:
    packed = opened(b"".join(writing.single(XLSX, [], EUROS)))
    assert len(cells(packed)) == 1


def test_a_workbook_tells_no_time() -> None:
    packed = opened(b"".join(writing.single(XLSX, [], EUROS)))
    assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_another_program_reads_it() -> None:
    long = "1234567890.1234567890"
    written = event("2024-05-02 11:30", "reward", "0.00000001 BTC", f"{long} ETH", key="=1")
    content = b"".join(writing.single(XLSX, [written], EUROS))
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["Transactions"]
    heading, *rows = book["Transactions"].iter_rows()
    place = [cell.value for cell in heading].index("amount")
    assert [row[place].value for row in rows] == [1e-08, "1234567890.123456789"]
    assert {cell.data_type for row in rows for cell in row} <= {"n", "s", "inlineStr"}
    assert all(cell.font.b for cell in heading)
