"""Bitvavo's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

BITVAVO_TRANSACTIONS = """
2024-02-01 09:29:03 deposit | +1000 EUR spot | deposit:EUR:1706779743
2024-02-01 09:29:44 trade | +0.01 BTC spot, -400 EUR spot, fee -1 EUR spot | buy:BTC/EUR:1706779784
2024-07-20 13:15:46 trade | +280 EUR spot, -0.1 ETH spot, fee -0.7 EUR spot | sell:ETH/EUR:1721481346
2024-07-21 09:37:41 withdrawal | -0.0099 BTC spot, fee -0.0001 BTC spot | withdrawal:BTC:1721554661
2024-07-22 08:00:00 reward | +0.0012 ETH spot | staking:t5
2024-07-24 09:00:00 trade | +2 SOL spot, -200 EUR spot, fee -0.5 EUR spot | buy:SOL/EUR:1721811600
2024-07-25 09:00:00 unclassified | +2 SOL spot | oracle:t8
line 7 left out: its status is “canceled”
"""  # noqa: E501


def test_bitvavo_transactions() -> None:
    tells("bitvavo", "transactions.csv", BITVAVO_TRANSACTIONS)


BITVAVO_TRANSACTIONS_OLDER = """
2022-01-15 09:30:00 trade | +0.1 BTC spot, -3000 EUR spot, fee -10 EUR spot | buy:BTC/EUR:1642239000
"""


def test_bitvavo_transactions_older() -> None:
    tells("bitvavo", "transactions_older.csv", BITVAVO_TRANSACTIONS_OLDER, zone="Europe/Amsterdam")
