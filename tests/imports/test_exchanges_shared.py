"""Real files of exchanges, where they are there: no row is lost, or it is refused with its line."""

from __future__ import annotations

import pytest

from tests.imports import reading
from tests.imports.reading import SHARED

# file -> format, rows, events, rows left out, lines refused. Rows of one event are one event.
FILES: dict[str, tuple[str, int, int, int, list[int]]] = {
    "binance/binance_history.csv": ("binance-statement", 230, 52, 2, []),
    "binance/test_binance_autoinvest.csv": ("binance-auto-invest", 2, 2, 0, []),
    "bitbank/test_bitbank_deposits.csv": ("bitbank-deposits", 3, 2, 1, []),
    "bitbank/test_bitbank_withdrawals.csv": ("bitbank-withdrawals", 3, 2, 1, []),
    "bitcoin_de/bitcoin_de_english.csv": ("bitcoin-de", 7, 6, 1, []),
    "bitcoin_de/bitcoin_de_german.csv": ("bitcoin-de", 7, 6, 1, []),
    "bitcoin_de/bitcoin_de_original.csv": ("bitcoin-de", 7, 6, 1, []),
    "bitstamp/bitstamp.csv": ("bitstamp", 3, 3, 0, []),
    "bitstamp/bitstamp_TransactionsAll.csv": ("bitstamp", 6, 6, 0, []),
    "bittrex/bittrex_order_history.csv": ("bittrex-orders", 2, 2, 0, []),
    "bittrex/bittrex_order_history_old.csv": ("bittrex-orders-older", 1, 0, 0, [3]),
    "bittrex/bittrex_order_history_older.csv": ("bittrex-orders-older", 1, 1, 0, []),
    "bittrex/bittrex_tx_history.csv": ("bittrex-transactions", 2, 2, 0, []),
    "bittrex/bittrex_tx_history_deposits.csv": ("bittrex-deposits-older", 1, 1, 0, []),
    "bittrex/bittrex_tx_history_deposits_old.csv": ("bittrex-deposits-older", 1, 1, 0, []),
    "bittrex/bittrex_tx_history_withdrawals.csv": ("bittrex-withdrawals-older", 1, 1, 0, []),
    "bittrex/bittrex_tx_history_withdrawals_old.csv": ("bittrex-withdrawals-older", 1, 1, 0, []),
    "blockfi/blockfi-trades.csv": ("blockfi-trades", 1, 1, 0, []),
    "coinbase/UsTaxTransactionsReport.csv": ("coinbase-older", 16, 16, 0, []),
    "coinbase/coinbase_2013_to_present.csv": ("coinbase-oldest", 8, 8, 0, []),
    "coinbasepro/coinbasepro.csv": ("coinbasepro-account", 21, 11, 0, []),
    "coinbasepro/coinbasepro_fills.csv": ("coinbasepro-fills", 3, 3, 0, []),
    "gemini/gemini.csv": ("gemini", 6, 6, 0, []),
    "kraken/kraken_trades.csv": ("kraken-trades", 5, 5, 0, []),
    "kucoin/kucoin_order_history.csv": ("kucoin-orders-older", 2, 2, 0, []),
    "kucoin/kucoin_order_history_old.csv": ("kucoin-orders-older", 2, 2, 0, []),
    "nexo/corrupt_nexo.csv": ("nexo", 17, 15, 1, [18]),
}


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_read_whole(name: str) -> None:
    path = SHARED / name
    if not path.exists():
        pytest.skip("the real files are not here: they are not part of this repository")
    text = path.read_text(encoding="utf-8-sig")
    ident, rows, events, left_out, refused = FILES[name]
    assert reading.table_of(text)[0].id == ident
    found = reading.told(text)
    assert (found.rows, len(found.events), len(found.left_out)) == (rows, events, left_out)
    assert [line for line, _ in found.problems] == refused
    reading.same_however_sorted(text)
