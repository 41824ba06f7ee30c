"""rotki's two files by its own rules: names of columns, types, times, locations, twins."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import Any

import pytest

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports import registry, writing
from tests.exports.judges.lives import BYBIT, COLD, Account, everything, own_transfer, tell

ROTKI = registry.by_id("rotki")
DOLLARS = ExportContext("USD", ROTKI.symbols)
Row = dict[str, Any]


def files(life: list[ExportTransaction]) -> tuple[list[Row], list[Row]]:
    content = b"".join(writing.single(ROTKI, life, DOLLARS))
    packed = zipfile.ZipFile(io.BytesIO(content))
    assert packed.namelist() == ["rotki-trades.csv", "rotki-events.csv"]
    trades, events = (
        list(csv.DictReader(io.StringIO(packed.read(name).decode(), newline="")))
        for name in packed.namelist()
    )
    return trades, events


def test_the_columns_have_its_names() -> None:
    trades, events = files(everything())
    assert ",".join(trades[0]) == (
        "Location,Spend Currency,Receive Currency,Receive Amount,Spend Amount,Fee,Fee Currency,"
        "Description,Timestamp"
    )
    assert ",".join(events[0]) == (
        "Type,Location,Currency,Amount,Fee,Fee Currency,Description,Timestamp"
    )


def test_each_row_is_one_that_it_reads() -> None:
    trades, events = files(everything())
    for row in (*trades, *events):
        assert row["Timestamp"].isdigit()
        assert len(row["Timestamp"]) == 13  # seconds would land in January 1970
        assert bool(row["Fee"]) == bool(row["Fee Currency"])
        assert row["Location"] in ("kraken", "bybit", "external")
    assert {row["Type"] for row in events} == {
        "Deposit", "Withdrawal", "Income", "Loss", "Spend", "Staking",
    }  # fmt: skip


def test_a_trade_with_a_fee_in_a_third_asset_is_one_row() -> None:
    one = tell("2024-05-02 11:30", "trade", "1 ETH", "-0.0625 BTC", "-0.01 BNB fee")
    ((row,), events) = files([one])
    assert not events
    assert row | {"Description": ""} == {
        "Location": "kraken",
        "Spend Currency": "BTC",
        "Receive Currency": "ETH",
        "Receive Amount": "1",
        "Spend Amount": "0.0625",
        "Fee": "0.01",
        "Fee Currency": "BNB",
        "Description": "",
        "Timestamp": "1714649400000",
    }


def test_a_second_fee_and_a_rebate_are_events() -> None:
    one = tell("2024-05-02", "trade", "1 ETH", "-3000 USDT", "-1 USDT fee", "-0.1 BNB fee",
               "0.2 SOL fee")  # fmt: skip
    _, events = files([one])
    told = [(row["Type"], row["Currency"], row["Amount"]) for row in events]
    assert told == [("Income", "SOL", "0.2"), ("Spend", "BNB", "0.1")]


def test_twins_stand_a_millisecond_apart() -> None:
    twins = [tell("2024-05-02", "trade", "0.5 ETH", "-1250 USD") for _ in range(3)]
    other = tell("2024-05-02", "trade", "0.4 ETH", "-1250 USD")
    trades, _ = files([*twins, other])
    assert [int(row["Timestamp"]) - 1714608000000 for row in trades] == [0, 1, 2, 0]


def test_an_own_transfer_is_two_rows_in_two_locations() -> None:
    halves = own_transfer(
        tell("2024-05-03", "withdrawal", "-0.5 BTC", "-0.0005 BTC fee"),
        tell("2024-05-03", "deposit", "0.5 BTC", on=BYBIT),
        1,
    )
    _, (sent, received) = files(halves)
    assert (sent["Type"], sent["Location"], sent["Amount"], sent["Fee"]) == (
        "Withdrawal", "kraken", "0.5", "0.0005",
    )  # fmt: skip
    assert (received["Type"], received["Location"]) == ("Deposit", "bybit")


def test_moves_within_a_connection_are_left_out_and_named() -> None:
    halves = own_transfer(
        tell("2024-05-03", "transfer", "-0.5 BTC"),
        tell("2024-05-03", "transfer", "0.5 BTC in earn"),
        1,
    )
    one = tell("2024-05-04", "transfer", "-0.2 ETH", "0.2 ETH in earn")
    assert files([*halves, one]) == ([], [])
    for told in (*halves, one):
        assert "own_move" in set(ROTKI.shortfalls(told, DOLLARS))


@pytest.mark.parametrize(
    ("account", "location"),
    [
        (COLD, "external"),
        (Account("g", "Main", "bitget"), "external"),
        (Account("u", "Main", "binanceusdm"), "binance"),
    ],
)
def test_exchanges_that_it_does_not_have_are_external(account: Account, location: str) -> None:
    one = tell("2024-05-03", "deposit", "1 BTC", on=account)
    _, (row,) = files([one])
    assert row["Location"] == location
    assert ("location" in set(ROTKI.shortfalls(one, DOLLARS))) == (location == "external")


def test_tokens_have_its_identifiers() -> None:
    _, (row,) = files([tell("2024-05-03", "deposit", "1 USDT")])
    assert row["Currency"] == "eip155:1/erc20:0xdAC17F958D2ee523a2206206994597C13D831ec7"
