"""Files of Bitpanda, Uphold and Bisq: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

BITPANDA_TRANSACTIONS = """
2025-01-05 08:00:00 deposit | +500 EUR spot, fee -1.5 EUR spot
2025-01-05 08:05:00 trade | +0.002 BTC spot, -100 EUR spot
2025-03-05 08:05:00 trade | +60 EUR spot, -0.001 BTC spot, fee -0.2 BEST spot
2025-03-06 08:05:00 deposit | +2 ADA spot
2025-03-07 08:05:00 transfer | +1 ADA staking, -1 ADA spot
2025-03-08 08:05:00 reward | +0.01 ADA spot
2025-03-09 08:05:00 unclassified | -0.0005 BTC spot
2025-03-09 08:05:00 withdrawal | -0.0005 BTC spot, fee -0.0001 BTC spot
"""


def test_bitpanda_transactions() -> None:
    tells("bitpanda", "transactions.csv", BITPANDA_TRANSACTIONS)


BITPANDA_TRANSACTIONS_OLDER = """
2019-05-01 10:00:00 deposit | +100 EUR spot, fee -1 EUR spot
2019-05-02 10:00:00 trade | +0.01 BTC spot, -50 EUR spot
line 4 left out: its status is “canceled”
"""


def test_bitpanda_transactions_older() -> None:
    tells("bitpanda", "transactions_older.csv", BITPANDA_TRANSACTIONS_OLDER)


UPHOLD_TRANSACTIONS = """
2019-12-19 19:40:09 unclassified | +5.15 BAT account
2020-02-11 12:13:57 deposit | +0.0033 BTC account
2020-03-29 12:21:44 conversion | +24.65 GBP account, -0.00421 BTC account
2020-05-26 18:06:28 withdrawal | -0.00714016 BTC account, fee -0.000002 BTC account
line 5 left out: its status is “failed”
"""


def test_uphold_transactions() -> None:
    tells("uphold", "transactions.csv", UPHOLD_TRANSACTIONS)


BISQ_TRADES = """
2020-01-01 17:01:24 trade | +125 BSQ wallet, -0.01 BTC wallet, fee -0.00016 BTC wallet
2021-03-10 10:40:20 trade | +490 EUR wallet, -0.01 BTC wallet, fee -0.00005 BTC wallet, fee -0.29 BSQ wallet
line 4 left out: its status is “Canceled”
line 5 not understood: “XMR” is neither of the two currencies
"""  # noqa: E501


def test_bisq_trades() -> None:
    tells("bisq", "trades.csv", BISQ_TRADES)
