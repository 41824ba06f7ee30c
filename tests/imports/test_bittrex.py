"""Bittrex's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

BITTREX_ORDERS = """
2017-12-03 12:04:16 trade | +100 ABC spot, -0.05 BTC spot, fee -0.000125 BTC spot
2017-12-04 12:04:16 trade | +0.03 BTC spot, -50 ABC spot, fee -0.000075 BTC spot
"""


def test_bittrex_orders() -> None:
    tells("bittrex", "orders.csv", BITTREX_ORDERS)


BITTREX_ORDERS_OLDER = """
2017-12-31 00:22:46 trade | +100 ABC spot, -0.05 BTC spot, fee -0.000125 BTC spot
line 5 left out: nothing was filled
line 4 not understood: Opened: “11/31/2017 3:22:46 PM” is not a time
"""


def test_bittrex_orders_older() -> None:
    tells("bittrex", "orders_older.csv", BITTREX_ORDERS_OLDER)


BITTREX_ORDERS_TIMESTAMP = """
2017-09-03 13:33:51 trade | +1800 USDT spot, -6 ETH spot, fee -4.5 USDT spot
"""


def test_bittrex_orders_timestamp() -> None:
    tells("bittrex", "orders_timestamp.csv", BITTREX_ORDERS_TIMESTAMP)


BITTREX_ORDERS_QUOTE = """
2018-12-31 15:26:07 trade | +1.5 ETH spot, -450 USDT spot, fee -1.125 USDT spot
"""


def test_bittrex_orders_quote() -> None:
    tells("bittrex", "orders_quote.csv", BITTREX_ORDERS_QUOTE)


BITTREX_TRANSACTIONS = """
2021-09-28 22:35:21 deposit | +0.5 ABC spot
2021-09-29 22:35:21 unclassified | +0.5 ABC spot
2023-03-07 07:51:43 withdrawal | -0.2 ETH spot
"""


def test_bittrex_transactions() -> None:
    tells("bittrex", "transactions.csv", BITTREX_TRANSACTIONS)


BITTREX_DEPOSITS_OLDER = """
2017-05-21 13:37:47 deposit | +1 BTC spot
"""


def test_bittrex_deposits_older() -> None:
    tells("bittrex", "deposits_older.csv", BITTREX_DEPOSITS_OLDER)


BITTREX_DEPOSITS_UUID = """
2017-01-01 12:21:38 deposit | +0.5 BTC spot
line 4 left out: its state is “orphaned”
"""


def test_bittrex_deposits_uuid() -> None:
    tells("bittrex", "deposits_uuid.csv", BITTREX_DEPOSITS_UUID)


BITTREX_WITHDRAWALS_OLDER = """
2015-12-31 15:33:44 withdrawal | -1 ETH spot, fee -0.006 ETH spot
line 4 left out: it was cancelled
"""


def test_bittrex_withdrawals_older() -> None:
    tells("bittrex", "withdrawals_older.csv", BITTREX_WITHDRAWALS_OLDER)


BITTREX_WITHDRAWALS_UUID = """
2013-11-01 23:36:47 withdrawal | -1 BTC spot, fee -0.0005 BTC spot
"""


def test_bittrex_withdrawals_uuid() -> None:
    tells("bittrex", "withdrawals_uuid.csv", BITTREX_WITHDRAWALS_UUID)
