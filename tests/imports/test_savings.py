"""Files of BlockFi and Nexo: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

BLOCKFI_TRANSACTIONS = """
2020-07-20 12:10:55 deposit | +1.1 BTC account
2020-11-21 16:59:31 fee | fee -0.01 ETH account
2020-11-21 16:59:31 withdrawal | -3 ETH account
2020-12-02 23:59:59 reward | +0.0005 BTC account
2021-01-28 07:57:38 withdrawal | -2.1 BTC account
2021-01-29 07:57:38 unclassified | +1 BTC account
2021-01-30 23:59:59 interest | +0.5 ETH account
line 2 left out: a leg of a trade: the file of trades tells it whole
line 9 left out: it was not confirmed
"""


def test_blockfi_transactions() -> None:
    tells("blockfi", "transactions.csv", BLOCKFI_TRANSACTIONS)


BLOCKFI_TRADES = """
2021-01-30 23:59:59 trade | +6404.6 USDC account, -42 LTC account
"""


def test_blockfi_trades() -> None:
    tells("blockfi", "trades.csv", BLOCKFI_TRADES)


NEXO_TRANSACTIONS = """
2022-02-01 07:01:00 interest | +1.5 USDC savings
2022-03-06 00:00:00 transfer | +1 BTC credit line, -1 BTC savings
2022-03-07 00:00:00 unclassified | +1 BTC savings
2022-03-21 15:52:33 deposit | +30 MATIC savings
2022-03-22 15:58:56 transfer | +30 MATIC term, -30 MATIC savings
2022-04-17 10:40:00 deposit | +54 GBP savings
2022-04-17 10:41:00 trade | +0.0017 BTC savings, -54 GBP savings
2022-04-17 10:43:00 withdrawal | -0.0017 BTC savings
2022-06-30 22:00:02 interest | -0.01 USD savings
2022-07-01 19:03:47 liquidation | -0.17 USDC savings
2023-06-07 13:50:25 airdrop | +2.7 LUNA2 savings
2024-02-03 23:30:38 other |
line 3 left out: its state is “rejected”
line 15 not understood: Input Currency is empty
"""


def test_nexo_transactions() -> None:
    tells("nexo", "transactions.csv", NEXO_TRANSACTIONS)


NEXO_TRANSACTIONS_WITH_FEES = """
2026-05-31 16:50:34 trade | +1684.35 KAS savings, -65.4 USDT savings, fee -0.99 USDT savings
2026-06-01 00:00:00 trade | +10 NEXO savings, -10 USDT savings, fee -1 NEXO savings
2026-06-02 00:00:00 withdrawal | -595 USDT savings, fee -1 USDT savings
2026-06-03 00:00:00 trade | +550 USDT savings, -0.006 BTC savings
"""


def test_nexo_transactions_with_fees() -> None:
    tells("nexo", "transactions_with_fees.csv", NEXO_TRANSACTIONS_WITH_FEES)


NEXO_TRANSACTIONS_OLDER = """
2019-04-24 14:18:19 withdrawal | -0.9 BTC savings
2020-04-24 14:18:19 trade | +1000 NEXO savings, -0.5 BTC savings
2020-08-15 10:01:55 reward | +10.3 NEXO savings
"""


def test_nexo_transactions_older() -> None:
    tells("nexo", "transactions_older.csv", NEXO_TRANSACTIONS_OLDER, zone="Europe/Zurich")
