"""What holds for every format: found by itself, streamed, exact, safe to open."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import pytest

from portfolio.engine.export import ExportTransaction
from portfolio.exports import registry, writing
from portfolio.exports.format import ExportFormat, free_text
from portfolio.exports.tables import PIECE
from portfolio.exports.writing import Part
from tests.exports.builders import EUROS, event
from tests.exports.every_kind import EVERY_KIND, moved

CSV = registry.by_id("csv")
KOINLY = registry.by_id("koinly")


def table(known: ExportFormat, transactions: list[ExportTransaction]) -> list[dict[str, str]]:
    text = b"".join(writing.single(known, transactions, EUROS)).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_formats_are_found_by_themselves() -> None:
    assert {"csv", "koinly"} <= {known.id for known in registry.formats()}


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(registry.UnknownFormat):
        registry.by_id("nothing")


TABLES = [
    known
    for known in registry.formats()
    if known.extension == "csv" and not known.files and not known.needs_history
]


@pytest.mark.parametrize("known", TABLES, ids=lambda known: known.id)
def test_each_row_is_as_wide_as_the_header(known: ExportFormat) -> None:
    text = b"".join(writing.single(known, EVERY_KIND, EUROS)).decode()
    first, *written = csv.reader(io.StringIO(text))
    assert written
    assert {len(row) for row in written} == {len(first)}


@pytest.mark.parametrize("known", TABLES, ids=lambda known: known.id)
def test_nothing_is_read_ahead_of_what_is_written(known: ExportFormat) -> None:
    taken = 0

    def endless() -> Iterator[ExportTransaction]:
        nonlocal taken
        while True:
            taken += 1
            day = f"20{taken // 300:02}-{taken % 300 // 28 + 1:02}-{taken % 28 + 1:02} 00:00"
            yield event(day, "trade", "-1 EUR", "1 BTC")
            yield event(day, "realised_pnl", "1 USDT")

    first = next(iter(writing.single(known, endless(), EUROS)))
    assert len(first) >= PIECE
    assert taken < 2000


def test_plain_csv_holds_every_amount_with_its_sign() -> None:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in table(CSV, EVERY_KIND):
        sums[row["asset"]] += Decimal(row["amount"])
    assert {asset: amount for asset, amount in sums.items() if amount} == moved(EVERY_KIND)


def test_plain_csv_says_all_that_is_known_of_a_posting() -> None:
    one = event("2024-05-02 11:30:00.123", "trade", "-0.50 BTC", "-1E-8 BNB fee",
                key="T9", symbol="BTC/EUR", side="sell", price="50000.10", order="77")  # fmt: skip
    first, fee = table(CSV, [one])
    assert first == {
        "transaction": str(one.id),
        "time": "2024-05-02T11:30:00.123000Z",
        "kind": "trade",
        "exchange": "binance",
        "connection": "Main",
        "wallet": "spot",
        "asset": "BTC",
        "amount": "-0.5",
        "role": "principal",
        "key": "T9",
        "symbol": "BTC/EUR",
        "side": "sell",
        "price": "50000.10",
        "order": "77",
        "txid": "",
        "network": "",
        "address": "",
        "status": "",
        "description": "",
        "value": "",
        "currency": "",
        "transfer": "",
        "counterpart": "",
        "note": "",
        "tags": "",
    }
    assert (fee["amount"], fee["role"]) == ("-0.00000001", "fee")


def test_words_that_look_like_formulas_are_guarded_and_numbers_are_not() -> None:
    assert free_text('=HYPERLINK("http://example.org")').startswith("'=")
    assert [free_text(text)[0] for text in ("+1", "-1", "@x", "\tx")] == ["'"] * 4
    assert free_text("a = b") == "a = b"
    evil = event("2024-01-01 00:00", "reward", "-1 BTC", description="=1+1")
    (row,) = table(CSV, [evil])
    assert row["description"] == "'=1+1"
    assert row["amount"] == "-1"


def test_an_archive_holds_one_table_per_connection() -> None:
    names = writing.file_names(["Main", "Main", "../Ümläut €", "%%%"])
    assert names == ["main", "main-2", "ml-ut", "connection"]
    parts = [Part(name, EVERY_KIND) for name in names]
    packed = zipfile.ZipFile(io.BytesIO(b"".join(writing.archive(KOINLY, parts, EUROS))))
    assert packed.testzip() is None
    assert packed.namelist() == [f"{name}.csv" for name in names]
    assert packed.read("main-2.csv") == b"".join(writing.single(KOINLY, EVERY_KIND, EUROS))


def test_what_is_not_classified_says_the_exchanges_own_word() -> None:
    odd = event("2024-05-02 11:30", "unclassified", "-3 USDT", key="E1", type="GIFT_CARD")
    (plain,) = table(CSV, [odd])
    assert (plain["kind"], plain["amount"]) == ("unclassified", "-3")
    assert plain["description"] == "GIFT_CARD"
    (row,) = table(KOINLY, [odd])
    assert (row["Sent Amount"], row["Label"]) == ("3", "")
    assert row["Description"] == "unclassified GIFT_CARD E1"
