"""Bytes as tables: encodings, delimiters, headings, workbooks, and what is refused."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace

import pytest

from portfolio.imports import detection, facts, tables
from portfolio.imports.detection import Detected
from portfolio.imports.format import ImportFormat, NotUnderstood, Row
from portfolio.imports.limits import Limits
from portfolio.imports.sheet_xml import number_text
from portfolio.imports.tables import Place
from tests.imports.books import ods, xlsx
from tests.imports.small_format import HEADING, made

LIMITS = Limits()
KNOWN = made()
ROW = "2024-01-01T10:00:00,deposit,2,BTC,Wallet,a1"


def read(
    data: bytes,
    *,
    known: ImportFormat = KNOWN,
    place: Place | None = None,
    limits: Limits = LIMITS,
) -> tuple[Detected, list[Row], list[NotUnderstood]]:
    """What a file is taken for, its rows and those that do not fit."""
    file = io.BytesIO(data)
    found = place or tables.places(file, limits)[0]
    problems: list[NotUnderstood] = []
    with tables.opened(file, found, limits) as table:
        told = detection.detect(table, [known])
        return told, list(tables.rows(table, told.layout, known, limits, problems)), problems


def text(*rows: str, heading: Sequence[str] = HEADING, sign: str = ",", end: str = "\n") -> str:
    return end.join([sign.join(heading), *rows, ""])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_is_read_in_its_encoding(encoding: str) -> None:
    data = text("2024-01-01,deposit,2,BTC,Bücher – é,a1").encode(encoding)
    _, rows, _ = read(data)
    assert rows[0].cells["Account"] == "Bücher – é"
    assert rows[0].cells["Date"] == "2024-01-01"


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_heading_tells_how_cells_are_parted(sign: str, end: str) -> None:
    data = text("2024-01-01;x".replace(";", sign) + sign * 4, sign=sign, end=end).encode()
    told, rows, _ = read(data)
    assert told.layout.delimiter == sign
    assert (rows[0].line, rows[0].cells["What"]) == (2, "x")


def test_headings_are_compared_without_case_and_odd_spaces_and_named_as_the_format_does() -> None:
    heading = ("\ufeff date ", "WHAT", "Amount\u00a0", "coin", "Account", "ID", "More", "More")
    told, rows, _ = read(text("1,2,3,4,5,6,7,8", heading=heading).encode())
    assert told.formats == ("small",)
    assert dict(rows[0].cells) == dict(zip((*HEADING, "More", "More 2"), "12345678", strict=True))


def test_text_above_the_heading_is_passed_over_and_kept() -> None:
    data = "Statement of Example\nUser: 7, UTC+2\n\n" + text(ROW)
    told, rows, _ = read(data.encode())
    assert told.preamble == "Statement of Example\nUser: 7  UTC+2"
    assert rows[0].line == 5
    assert facts.gathered(HEADING, told.preamble, rows).zone == "+02:00"


def test_a_heading_after_twenty_lines_is_not_looked_for() -> None:
    told, *_ = read(("a,b\n" * 20 + text(ROW)).encode())
    assert told.formats == ()


def test_lines_are_counted_as_an_editor_does_also_in_quotes() -> None:
    data = text('2024-01-01,"two\nlines\nhere",1,BTC,W,a', ROW)
    _, rows, _ = read(data.encode())
    assert [row.line for row in rows] == [2, 5]
    assert rows[0].cells["What"] == "two\nlines\nhere"


def test_of_two_formats_the_one_that_explains_more_is_meant() -> None:
    broad = replace(KNOWN, id="broad", headings=(HEADING[:4],))
    file = io.BytesIO(text(ROW).encode())
    with tables.opened(file, Place(), LIMITS) as table:
        assert detection.detect(table, [broad, KNOWN]).formats == ("small",)
        assert detection.detect(table, [broad]).formats == ("broad",)


def test_a_row_may_lack_its_last_cell_but_not_two_and_a_cut_file_is_refused() -> None:
    *_, problems = read(text("a,b,c,d,e", "a,b,c,d", "a,b,c,d,e,f,g").encode())
    assert [(problem.line, str(problem)) for problem in problems] == [
        (3, "4 cells under 6 headings"),
        (4, "7 cells under 6 headings"),
    ]
    with pytest.raises(NotUnderstood, match="breaks off"):
        read(text(ROW, "2024-01-01,dep").encode().rstrip())


def test_a_formula_is_a_text_like_any_other() -> None:
    _, rows, _ = read(text('2024,"=HYPERLINK(""x"")",1,BTC,W,"=""0012"""').encode())
    assert rows[0].cells["What"] == '=HYPERLINK("x")'
    assert rows[0].cells["Id"] == "0012"


# --- Workbooks --------------------------------------------------------------------------------

CELLS: list[list[str | float]] = [
    ["About this file"],
    list(HEADING),
    ["2024-01-02 03:04:05", "deposit", 0.1, "BTC", "Büro", "a1"],
    [],
    ["2024-01-03", "deposit", "12345678.123456789012345678", "BTC", "", "a2"],
]


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_workbook_is_read_with_its_own_digits_and_dates(make: object) -> None:
    data = make({"Info": [["nothing here"]], "Trades": CELLS})  # type: ignore[operator]
    places = tables.places(io.BytesIO(data), LIMITS)
    assert [place.sheet for place in places] == ["Info", "Trades"]
    _, rows, problems = read(data, place=places[1])
    assert not problems
    assert [row.line for row in rows] == [3, 5]
    assert [row.cells["Amount"] for row in rows] == ["0.1", "12345678.123456789012345678"]
    assert [row.cells["Date"] for row in rows] == ["2024-01-02 03:04:05", "2024-01-03"]
    assert rows[0].cells["Account"] == "Büro"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("0.10000000000000001", "0.1"),
        ("1.1000000000000001", "1.1"),
        ("4.4999999999999998E-2", "0.045"),
        ("12345678.123456785", "12345678.123456785"),
        ("0.123456789012345678", "0.123456789012345678"),
        ("42", "42"),
    ],
)
def test_a_binary_fraction_is_written_as_it_was_typed(written: str, meant: str) -> None:
    assert number_text(written) == meant


# --- What is refused --------------------------------------------------------------------------


def zipped(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name.replace("__", "."), data)
    return packed.getvalue()


REFUSED = {
    "empty": (b"", "the file is empty"),
    "bytes": (b"\x89PNG\x00\x01" * 40, "not a text file"),
    "no table": (b"hello\nworld\n", "no table begins"),
    "bomb": (zipped(a__csv=b"0" * 50_000_000), "packed more tightly"),
    "nested": (zipped(b__zip=zipped(a__csv=b"a,b")), "a ZIP file within a ZIP file"),
    "too many": (zipped(**{f"f{n}__csv": b"a,b" for n in range(60)}), "60 files; at most 50"),
    "damaged": (zipped(a__csv=b"a,b\n" * 99)[:-30], "damaged"),
    "nothing": (zipped(**{"__DS_Store": b"x"}), "holds no file"),
    "long line": (b"a,b\n" + b"x" * 300_000, "a line of more than"),
    "long cell": (b"a,b\n" + b"x" * 40_000 + b",y\n", "a cell of more than"),
    "NUL": (b"a,b\n" * 20_000 + b"c,\x00\n", "no text has"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_table_is_refused_with_words(name: str) -> None:
    data, words = REFUSED[name]
    with pytest.raises(NotUnderstood, match=words):
        read(data)


def test_rows_and_columns_are_bounded() -> None:
    few = replace(LIMITS, rows=3, columns=10)
    with pytest.raises(NotUnderstood, match="more than 3 rows"):
        read(text(*[ROW] * 4).encode(), limits=few)
    with pytest.raises(NotUnderstood, match="more than 10 columns"):
        read((text(ROW) + "," * 20 + "\n").encode(), limits=few)


def test_a_workbook_with_entities_is_refused() -> None:
    data = io.BytesIO(xlsx({"Trades": CELLS}))
    packed = io.BytesIO()
    with zipfile.ZipFile(data) as old, zipfile.ZipFile(packed, "w") as new:
        for name in old.namelist():
            body = old.read(name)
            if name.endswith("sheet1.xml"):
                body = b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + body
            new.writestr(name, body)
    with pytest.raises(NotUnderstood, match="no workbook has"):
        read(packed.getvalue())


# --- Facts ------------------------------------------------------------------------------------


def fact(*cells: str) -> facts.Facts:
    return facts.gathered(["x"], "", [Row(n, {"x": cell}) for n, cell in enumerate(cells)])


def test_the_whole_file_decides_how_dates_and_amounts_are_read() -> None:
    assert fact("01/02/2024", "13/02/2024").day_first is True
    assert fact("01/02/2024", "01/13/2024").day_first is False
    assert fact("01/02/2024").day_first is None
    assert fact("01.02.2024").day_first is True
    assert fact("1,234", "0,5").decimal_comma is True
    assert fact("1,234", "1,234.50").decimal_comma is False
    assert fact("1,234").decimal_comma is None
    assert fact("1.234,50").decimal_comma is True


@pytest.mark.parametrize(
    ("heading", "zone"),
    [("Date(UTC+8)", "+08:00"), ("UTC_Time", "UTC"), ("Time (UTC-3:30)", "-03:30"), ("Date", "")],
)
def test_a_zone_in_the_heading_counts(heading: str, zone: str) -> None:
    assert facts.gathered([heading], "", []).zone == zone
