"""Files of Gemini and Bitstamp: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

GEMINI_HISTORY = """
2021-01-01 06:27:56 deposit | +11000 USD exchange
2021-01-02 06:27:56 trade | +0.01 BTC exchange, -300 USD exchange, fee -0.75 USD exchange | trade:btcusd:501
2021-01-03 06:27:56 withdrawal | -0.005 BTC exchange, fee -0.0001 BTC exchange
2021-01-04 06:27:56 trade | +1 ZEC exchange, -130 USD exchange, fee -0.33 USD exchange | trade:zecusd:502
2021-01-05 06:27:56 adjustment | +1 USD exchange
2021-01-06 06:27:56 unclassified | +0.5 ZEC exchange
line 8 left out: a line of totals
"""  # noqa: E501


def test_gemini_history() -> None:
    tells("gemini", "history.csv", GEMINI_HISTORY)


BITSTAMP_TRANSACTIONS = """
2022-01-28 00:13:00 deposit | +2000 EUR spot
2022-03-30 11:40:00 trade | +700 EUR spot, -0.5 ETH spot, fee -3.5 EUR spot
2022-05-30 11:40:00 withdrawal | -500 EUR spot, fee -3 EUR spot
2022-06-01 11:40:00 reward | +0.001 ETH spot
2022-07-01 11:40:00 unclassified | +0.001 ETH spot
2022-09-28 12:31:00 trade | +1 ETH spot, -1200 EUR spot, fee -6 EUR spot
"""


def test_bitstamp_transactions() -> None:
    tells("bitstamp", "transactions.csv", BITSTAMP_TRANSACTIONS)


BITSTAMP_TRANSACTIONS_NEWER = """
2024-01-28 12:31:05 trade | +1 ETH spot, -2000 EUR spot, fee -6 EUR spot | transaction:9001
2024-01-29 12:31:05 withdrawal | -0.5 ETH spot, fee -0.001 ETH spot | transaction:9002
"""


def test_bitstamp_transactions_newer() -> None:
    tells("bitstamp", "transactions_newer.csv", BITSTAMP_TRANSACTIONS_NEWER, zone="+01:00")
