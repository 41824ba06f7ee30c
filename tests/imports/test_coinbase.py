"""Coinbase's own files, and those of Coinbase Pro: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

COINBASE_TRANSACTIONS = """
2024-01-01 10:00:00 deposit | +1000 EUR spot | transaction:c1
2024-01-02 10:00:00 trade | +126.711086 ADA spot, -47.75248 EUR spot, fee -2.24752 EUR spot | transaction:c2
2024-01-03 10:00:00 trade | +10.6 EUR spot, -26.5 ADA spot, fee -0.5 EUR spot | transaction:c3
2024-01-04 10:00:00 conversion | +0.001 BTC spot, -45 USDC spot | trade:c4
2024-01-05 10:00:00 trade | +2 SOL spot, -200 USDC spot, fee -1 USDC spot | transaction:c5
2024-01-06 10:00:00 trade | +95 EUR spot, -1 SOL spot, fee -0.5 EUR spot | transaction:c6
2024-01-07 10:00:00 withdrawal | -0.0005 BTC spot | transaction:c7
2024-01-08 10:00:00 reward | +5 XLM spot | transaction:c8
2024-01-09 10:00:00 reward | +0.0003 ETH staking | transaction:c9
2024-01-10 10:00:00 transfer | +0.0003 ETH spot | transaction:c11
2024-01-10 10:00:00 transfer | -0.0003 ETH staking | transaction:c10
2024-01-11 10:00:00 unclassified | +0.001 BTC spot | transaction:c12
2024-01-12 10:00:00 transfer | -0.0001 BTC spot | transaction:c13
2024-01-13 10:00:00 withdrawal | -100 EUR spot | transaction:c14
2024-01-14 10:00:00 unclassified | +1 CELO spot | transaction:c15
line 21 not understood: Timestamp: “not a time” is not a time
"""  # noqa: E501


def test_coinbase_transactions() -> None:
    found = tells("coinbase", "transactions.csv", COINBASE_TRANSACTIONS)
    assert not any("@" in str(event.detail) for event in found.events)


COINBASE_TRANSACTIONS_WITHOUT_IDS = """
2021-03-15 10:30:00 trade | +0.05 BTC spot, -2600 EUR spot, fee -39 EUR spot
2021-06-20 14:00:00 conversion | +1100.5 SOL spot, -0.1 BTC spot
2021-06-21 14:00:00 unclassified | -0.1 BTC spot
2021-08-01 08:00:00 reward | +10 ALGO spot
2021-09-10 12:00:00 withdrawal | -0.02 BTC spot
"""


def test_coinbase_transactions_without_ids() -> None:
    tells("coinbase", "transactions_without_ids.csv", COINBASE_TRANSACTIONS_WITHOUT_IDS)


COINBASE_TAX_REPORT = """
2019-10-26 00:00:00 trade | +1 BTC spot, -8000 USD spot, fee -80 USD spot
2019-10-27 00:00:00 trade | +4000 USD spot, -0.5 BTC spot, fee -40 USD spot
2019-10-28 00:00:00 deposit | +0.001 BTC spot
"""


def test_coinbase_tax_report() -> None:
    tells("coinbase", "tax_report.csv", COINBASE_TAX_REPORT)


COINBASE_OLDEST = """
2014-01-06 06:19:26 trade | +1 BTC spot, -1000 USD spot, fee -10 USD spot
2014-02-06 06:19:26 withdrawal | -0.5 BTC spot
2014-03-06 06:19:26 deposit | +0.2 BTC spot
2014-04-06 06:19:26 trade | +150 USD spot, -0.3 BTC spot, fee -1.5 USD spot
"""


def test_coinbase_oldest() -> None:
    tells("coinbase", "oldest.csv", COINBASE_OLDEST)


COINBASEPRO_ACCOUNT = """
2020-03-15 10:42:31 deposit | +2.5 BTC spot | transfer:tr-1
2020-03-16 10:55:12 trade | +10 ETH spot, -0.25 BTC spot, fee -0.00125 BTC spot | trade:ETH-BTC:501:or-1
2020-03-16 10:55:13 reward | +0.0001 BTC spot
2020-03-17 10:55:12 unclassified | -1 ETH spot
2020-03-18 10:42:31 withdrawal | -1.5 BTC spot | transfer:tr-2
2020-03-19 10:42:31 conversion | +5 USDC spot, -5 USD spot
2020-03-20 10:42:31 unclassified | +1 BTC spot
"""  # noqa: E501


def test_coinbasepro_account() -> None:
    tells("coinbasepro", "account.csv", COINBASEPRO_ACCOUNT)


COINBASEPRO_FILLS = """
2020-03-16 10:55:12 trade | +10 ETH spot, -0.25 BTC spot, fee -0.00125 BTC spot
2020-03-17 10:55:12 trade | +0.03 BTC spot, -1 ETH spot, fee -0.00015 BTC spot
"""


def test_coinbasepro_fills() -> None:
    tells("coinbasepro", "fills.csv", COINBASEPRO_FILLS)
