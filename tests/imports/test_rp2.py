"""RP2's workbook: tables one below the other, a sheet for each asset."""

from __future__ import annotations

from portfolio.imports.format import Reading
from tests.imports import golden, reading
from tests.imports.books import ods

IN = (
    *("Timestamp", "Asset", "Exchange", "Holder", "Transaction Type", "Spot Price"),
    *("Crypto In", "Crypto Fee", "USD In No Fee", "USD In With Fee", "USD Fee", "Unique ID"),
    "Notes",
)
OUT = (
    *("Timestamp", "Asset", "Exchange", "Holder", "Transaction Type", "Spot Price"),
    *("Crypto Out No Fee", "Crypto Fee", "Crypto Out With Fee", "USD Out No Fee", "USD Fee"),
    *("Unique ID", "Notes"),
)
INTRA = (
    *("Timestamp", "Asset", "From Exchange", "From Holder", "To Exchange", "To Holder"),
    *("Spot Price", "Crypto Sent", "Crypto Received", "Unique ID", "Notes"),
)
BOOK = ods(
    {
        "BTC": [
            ["IN"],
            IN,
            [
                *("2024-01-10T10:00:00+00:00", "BTC", "Kraken", "me", "BUY", 45000.0, 2.0, ""),
                *(90000.0, 90120.0, 120.0, "b1", "first"),
            ],
            ["2024-01-11T10:00:00+00:00", "BTC", "Cold", "me", "HARDFORK", 1.0, 0.5],
            ["TABLE END"],
            [],
            ["OUT"],
            OUT,
            [
                *("2024-02-01T10:00:00+00:00", "BTC", "Kraken", "me", "SELL", 43000.0, 0.5),
                *(0.001, 0.501, 21500.0),
            ],
            ["2024-02-02T10:00:00+00:00", "BTC", "Cold", "me", "LOST", 43000.0, 0.1, 0.0],
            ["2024-02-03T10:00:00+00:00", "BTC", "Cold", "me", "FEE", 43000.0, 0.0, 0.01],
            ["TABLE END"],
            ["INTRA"],
            INTRA,
            [
                *("2024-03-01T10:00:00+00:00", "BTC", "Kraken", "me", "Cold", "me", 50000.0),
                *(0.3005, 0.3, "x1"),
            ],
            ["TABLE END"],
        ],
        "ETH": [
            ["IN"],
            IN,
            ["2024-01-12T10:00:00+00:00", "ETH", "Kraken", "me", "STAKING", 2500.0, 0.002],
            ["TABLE END"],
        ],
    }
)


def test_every_row_of_every_table_is_read() -> None:
    bitcoin, ether = golden.sheets_of(BOOK, Reading())
    assert golden.lines(bitcoin)[:9] == [
        "format: rp2",
        "Cold: 2024-01-11 10:00:00 fork | +0.5 BTC spot",
        "Cold: 2024-02-02 10:00:00 lost | -0.1 BTC spot",
        "Cold: 2024-02-03 10:00:00 fee | fee -0.01 BTC spot",
        "Cold: 2024-03-01 10:00:00 deposit | +0.3 BTC spot",
        "Kraken: 2024-01-10 10:00:00 trade | +2 BTC spot",
        "Kraken: 2024-02-01 10:00:00 trade | -0.5 BTC spot, fee -0.001 BTC spot",
        "Kraken: 2024-03-01 10:00:00 withdrawal | -0.3 BTC spot, fee -0.0005 BTC spot",
        "left out, line 12: it begins or ends a table",
    ]
    assert golden.lines(ether) == [
        "format: rp2",
        "Kraken: 2024-01-12 10:00:00 reward | +0.002 ETH spot",
        "left out, line 4: it begins or ends a table",
    ]


def test_no_row_of_a_sheet_is_lost() -> None:
    for sheet in golden.sheets_of(BOOK, Reading()):
        lines = [row.line for found in sheet.found() for row in found.rows]
        assert set(lines) == {row.line for row in sheet.rows}


def test_the_currency_of_a_heading_is_kept() -> None:
    bitcoin, _ = golden.sheets_of(BOOK, Reading())
    bought = next(e for e in bitcoin.entries() if e.rows[0].cells.get("notes") == "first")
    event = bitcoin.known.event(bought, bitcoin.reading)
    assert (event.detail["value"], event.detail["value_currency"]) == ("90000", "USD")
    assert reading.line(event) == "2024-01-10 10:00:00 trade | +2 BTC spot"
