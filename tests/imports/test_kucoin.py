"""KuCoin's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

KUCOIN_FILLS = """
2024-05-01 02:00:00 trade | +0.01 BTC spot, -600 USDT spot, fee -0.6 USDT spot
2024-05-02 02:00:00 trade | +0.02 BTC spot, -100 KCS spot, fee -0.01 KCS spot
line 4 left out: nothing was filled: no status
"""


def test_kucoin_fills() -> None:
    tells("kucoin", "fills.csv", KUCOIN_FILLS)


KUCOIN_ORDERS_OLDER = """
2022-04-28 04:36:00 trade | +3.65 USDT spot, -36.5 XTZ spot, fee -0.00365 USDT spot
"""


def test_kucoin_orders_older() -> None:
    tells("kucoin", "orders_older.csv", KUCOIN_ORDERS_OLDER, zone="+08:00")


KUCOIN_ORDERS_OLDEST = """
2019-05-11 02:27:17 trade | +10 KCS spot, -0.001 BTC spot, fee -0.000001 BTC spot
"""


def test_kucoin_orders_oldest() -> None:
    tells("kucoin", "orders_oldest.csv", KUCOIN_ORDERS_OLDEST, zone="+08:00")


KUCOIN_DEPOSITS = """
2024-05-01 00:00:00 deposit | +100 USDT funding | deposit:USDT:hash1
"""


def test_kucoin_deposits() -> None:
    tells("kucoin", "deposits.csv", KUCOIN_DEPOSITS)


KUCOIN_WITHDRAWALS = """
2024-05-02 00:00:00 withdrawal | -50 USDT funding, fee -1 USDT funding
line 3 left out: its status is “FAILURE”
"""


def test_kucoin_withdrawals() -> None:
    tells("kucoin", "withdrawals.csv", KUCOIN_WITHDRAWALS)


KUCOIN_HISTORY = """
2024-05-01 00:00:00 deposit | +100 USDT funding
2024-05-02 00:00:00 withdrawal | -50 USDT funding, fee -1 USDT funding
2024-05-03 00:00:00 trade | +0.01 BTC spot, -600 USDT spot, fee -0.6 USDT spot
2024-05-04 00:00:00 conversion | +0.001 KCS funding, -5 SHIB funding
2024-05-05 00:00:00 reward | +3 XYZ funding
2024-05-06 00:00:00 unclassified | +3 XYZ funding
"""


def test_kucoin_history() -> None:
    tells("kucoin", "history.csv", KUCOIN_HISTORY)
