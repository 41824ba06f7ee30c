"""Bitfinex's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

BITFINEX_LEDGER = """
2021-09-28 14:30:05 trade | +0.1 BTC exchange, -4000 USD exchange, fee -0.0002 BTC exchange | trade:202109281430:BTC:0.1:40000
2021-09-29 10:00:00 deposit | +500 USDT exchange | movement:701
2021-09-30 10:00:00 transfer | +100 USDT derivatives, -100 USDT exchange | transfer:202109301000:Transfer of 100.0 UST from wallet Exchange to Trading
2021-10-01 01:30:00 interest | +0.5 USD funding | ledger:5007
2021-10-02 01:30:00 unclassified | +1 USD exchange | ledger:5008
2021-10-03 01:30:00 fee | fee -0.0004 BTC exchange | ledger:5009
"""  # noqa: E501


def test_bitfinex_ledger() -> None:
    tells("bitfinex", "ledger.csv", BITFINEX_LEDGER, day_first=True)


BITFINEX_TRADES = """
2021-09-28 14:30:05 trade | +0.1 BTC exchange, -4000 USD exchange, fee -0.0002 BTC exchange | trade:202109281430:BTC:0.1:40000
2021-09-29 14:30:05 trade | +6000 USDT exchange, -2 ETH exchange, fee -6 USDT exchange | trade:202109291430:ETH:2:3000
"""  # noqa: E501


def test_bitfinex_trades() -> None:
    tells("bitfinex", "trades.csv", BITFINEX_TRADES, day_first=True)


BITFINEX_MOVEMENTS = """
2021-09-29 10:00:00 deposit | +500 USDT exchange | movement:701
2021-09-30 10:00:00 withdrawal | -0.05 BTC exchange, fee -0.0004 BTC exchange | movement:702
line 4 left out: its status is “CANCELED”
"""


def test_bitfinex_movements() -> None:
    tells("bitfinex", "movements.csv", BITFINEX_MOVEMENTS, day_first=True)
