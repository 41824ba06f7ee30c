"""Files of other tools: each tells what stands beside it, in whatever order its rows are."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portfolio.imports import dates, kinds
from portfolio.imports.format import NotUnderstood, Reading
from tests.imports import golden, reading

TOOLS = (
    *("accointing", "awaken", "bitcoin_tax", "bittytax", "blockpit", "coffer", "coinledger"),
    *("cointracker", "cointracking", "dali", "divly", "ghostfolio", "koinly", "ledger_live"),
    *("localbitcoins", "pionex", "recap", "rotki", "shapeshift", "stake_tax", "summ"),
    *("taxbit", "tokentax", "trezor", "turbotax", "zenledger"),
)


@pytest.mark.parametrize("name", golden.samples(*TOOLS))
def test_a_sample_tells_what_stands_beside_it(name: str) -> None:
    assert golden.told(name) == golden.expected(name)


@pytest.mark.parametrize("name", golden.samples(*TOOLS))
def test_no_row_is_lost_in_whatever_order(name: str) -> None:
    for sheet in golden.sheets(name):
        lines = {row.line for found in sheet.found() for row in found.rows}
        assert lines == {row.line for row in sheet.rows}
        for seed in range(3):
            assert golden.lines(sheet.shuffled(seed)) == golden.lines(sheet)


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("koinly/report.csv", 7, {"value": "300", "value_currency": "EUR", "txid": "ab12"}),
        ("koinly/report.csv", 7, {"address": "bc1qto", "description": "to the safe"}),
        ("koinly/report.csv", 14, {"type": "moon dust", "label": "crypto_deposit"}),
        ("koinly/bulk.csv", 2, {"sent_asset": "WFLR;9546698", "value_currency": "USD"}),
        ("cointracking/extended.csv", 2, {"value": "1500", "value_currency": "GBP"}),
        ("cointracking/spanish.csv", 4, {"txid": "0xdef", "address": "0xother"}),
        ("cointracker/older.csv", 4, {"type": "Lost"}),
        ("cointracker/history.csv", 4, {"txid": "0x02", "value": "380", "value_currency": "USD"}),
        ("bittytax/records.csv", 3, {"value": "2500", "value_currency": "GBP"}),
        ("coinledger/export.csv", 5, {"txid": "0xaa", "order": "p2"}),
        ("rotki/trades.csv", 2, {"description": "fee in third asset"}),
        ("bitcoin_tax/income.csv", 2, {"value": "180", "value_currency": "EUR", "txid": "ab"}),
        ("ledger_live/operations.csv", 3, {"txid": "aa02", "value": "3200.1"}),
        ("dali/in.csv", 2, {"value": "90000", "price": "45000", "reference": "b1"}),
        ("coffer/table.csv", 2, {"note": "=my note", "price": "0.0625", "order": "O1"}),
        ("coffer/table.csv", 5, {"type": "Mystery word"}),
        ("blockpit/current.csv", 9, {"description": "stolen", "type": "Lost"}),
    ],
)
def test_what_is_worth_keeping_is_kept(name: str, line: int, expected: dict[str, str]) -> None:
    (sheet,) = golden.sheets(name)
    entries = [one for one in sheet.entries() if line in {row.line for row in one.rows}]
    assert entries
    for entry in entries:
        detail = sheet.known.event(entry, sheet.reading).detail
        assert {name: detail.get(name) for name in expected} == expected


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("2024-13-01 00:00:00,1,BTC,,,,,,,,,", "is not a time"),
        ("2024-03-01 00:00:00,1.2.3,BTC,,,,,,,,,", "is not an amount"),
        ("2024-03-01 00:00:00,\"0,5\",BTC,,,,,,,,,", "is not an amount"),
        ("2024-03-01 00:00:00,1,,,,,,,,,,", "without a currency"),
        (",1,BTC,,,,,,,,,", "is not a time"),
    ],
)  # fmt: skip
def test_a_cell_that_cannot_be_read_is_named_with_its_line(row: str, message: str) -> None:
    heading = golden.path("koinly/universal.csv").read_text(encoding="utf-8").splitlines()[0]
    found = reading.told(f"{heading}\n2024-01-01 00:00:00,,,1,BTC,,,,,,,\n{row}\n")
    assert len(found.events) == 1
    assert [line for line, _ in found.problems] == [3]
    assert message in found.problems[0][1]


@pytest.mark.parametrize(
    ("text", "month_first", "expected"),
    [
        ("03/04/2024 05:06:07", True, "2024-03-04 05:06:07"),
        ("03/04/2024 05:06:07", False, "2024-04-03 05:06:07"),
        ("3/4/2024 5:06", None, "2024-03-04 05:06:00"),
        ("31.12.2024 23:59", True, "2024-12-31 23:59:00"),
        ("1/25/2022, 12:03:40 AM", True, "2022-01-25 00:03:40"),
        ("1/25/2022, 12:03:40 pm", True, "2022-01-25 12:03:40"),
        ("05/03/2024T12:00:00Z", True, "2024-05-03 12:00:00"),
        ("2018-12-01 22:00:00 +0000", None, "2018-12-01 22:00:00"),
        ("2022-01-25 02:58:40-0800", None, "2022-01-25 10:58:40"),
        ("16-09-2021", None, "2021-09-16 00:00:00"),
    ],
)
def test_dates_are_read_as_they_are_meant(
    text: str, month_first: bool | None, expected: str
) -> None:
    found = dates.moment(text, Reading(), month_first=month_first)
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["16/09/21", "31/02/2024", "1/2/2024 13:00 PM", "", "yesterday"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        dates.moment(text, Reading())


def test_milliseconds_are_whole_and_of_our_time() -> None:
    assert dates.milliseconds("1658912400123").isoformat() == "2022-07-27T09:00:00.123000+00:00"
    for text in ("1658912400", "1658912400123.5", "-1658912400123", ""):
        with pytest.raises(NotUnderstood):
            dates.milliseconds(text)


def test_no_word_of_the_vocabulary_has_two_meanings() -> None:
    words = [word for told in kinds._WORDS.values() for word in told.split()]
    assert len(words) == len(set(words))
    assert not kinds.MOVES & set(words)
    assert all(kinds.spelled(word) == word for word in (*words, *kinds.MOVES))
