"""All samples of exchanges' files: whose they are, what is kept of them, and what names them."""

from __future__ import annotations

import pytest

from portfolio.imports import bodies
from portfolio.imports.format import Entry, Reading
from tests.imports.reading import SAMPLES, table_of

# The folder's format, where it is not named like its folder.
_NAMES = {"cryptocom_app": "cryptocom-app", "bitcoin_de": "bitcoin-de"}
_FOLDERS = (
    *("binance", "binanceus", "bingx", "bisq", "bitbank", "bitcoin_de", "bitfinex", "bitget"),
    *(
        "bitmex",
        "bitpanda",
        "bitstamp",
        "bitvavo",
        "bittrex",
        "blockfi",
        "bybit",
        "celsius",
        "coinbase",
    ),
    *("coinbasepro", "cryptocom_app", "deribit", "ftx", "gate", "gemini", "hitbtc", "kraken"),
    *("kucoin", "mexc", "nexo", "okx", "poloniex", "uphold", "whitebit"),
)
_BROKEN = "bitmex/wallet_broken.csv"
_ALL = [
    f"{folder}/{path.name}"
    for folder in _FOLDERS
    for path in sorted((SAMPLES / folder).glob("*.csv"))
    if f"{folder}/{path.name}" != _BROKEN
]


def _entries(name: str) -> list[Entry]:
    known, layout, rows, _ = table_of((SAMPLES / name).read_text("utf-8-sig"))
    found = known.entries(rows, Reading(heading=layout.heading))
    return [entry for entry in found if isinstance(entry, Entry)]


@pytest.mark.parametrize("name", _ALL)
def test_a_file_is_known_as_its_own_exchanges(name: str) -> None:
    folder = name.partition("/")[0]
    known, _, rows, _ = table_of((SAMPLES / name).read_text("utf-8-sig"))
    assert known.id.partition("-")[0] == _NAMES.get(folder, folder).partition("-")[0]
    assert rows


@pytest.mark.parametrize("name", _ALL)
def test_no_address_of_a_person_is_kept(name: str) -> None:
    known, layout, _, _ = table_of((SAMPLES / name).read_text("utf-8-sig"))
    reading = Reading(heading=layout.heading)
    kept = [bodies.encoded(known, entry, reading) for entry in _entries(name)]
    assert not any("@example.org" in body for body in kept)


@pytest.mark.parametrize("name", _ALL)
def test_ids_name_one_entry_each(name: str) -> None:
    idents = [(entry.account, entry.ident, entry.part) for entry in _entries(name) if entry.ident]
    assert len(set(idents)) == len(idents)


@pytest.mark.parametrize("name", _ALL)
def test_an_event_is_read_again_from_its_record(name: str) -> None:
    known, layout, _, _ = table_of((SAMPLES / name).read_text("utf-8-sig"))
    reading = Reading(heading=layout.heading)
    for entry in _entries(name):
        try:
            event = known.event(entry, reading)
        except ValueError:  # not understood, which other tests name
            continue
        ident, kept, as_read = bodies.decoded(bodies.encoded(known, entry, reading))
        assert ident == known.id
        assert known.event(kept, as_read) == event
