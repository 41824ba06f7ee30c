"""Files of Deribit and MEXC: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

DERIBIT_LOG = """
2021-01-01 08:00:00 deposit | +1 BTC account | log:BTC:101
2021-01-02 08:00:00 fee | fee -0.00001667 BTC account | log:BTC:102
2021-01-03 08:00:00 realised_pnl | +0.003 BTC account, fee -0.00001515 BTC account | log:BTC:103
2021-01-03 08:00:01 realised_pnl | -0.0001 BTC account | log:BTC:104
2021-01-04 08:00:00 trade | -0.01 BTC account, fee -0.0003 BTC account | log:BTC:105
2021-01-05 08:00:00 withdrawal | -0.1 BTC account, fee -0.0005 BTC account | log:BTC:106
2021-01-06 08:00:00 unclassified | +0.001 BTC account | log:BTC:107
"""


def test_deribit_log() -> None:
    tells("deribit", "log.csv", DERIBIT_LOG)


DERIBIT_LOG_OLDER = """
2020-01-23 12:30:00 fee | fee -0.0003 ETH account | log:ETH:201
"""


def test_deribit_log_older() -> None:
    tells("deribit", "log_older.csv", DERIBIT_LOG_OLDER)


MEXC_TRADES = """
2024-05-01 10:00:00 trade | +0.01 BTC spot, -600 USDT spot, fee -0.00001 BTC spot
2024-05-02 10:00:00 trade | +50 USDT spot, -100 GMTTOKEN spot, fee -0.05 USDT spot
"""


def test_mexc_trades() -> None:
    tells("mexc", "trades.csv", MEXC_TRADES)


MEXC_ORDERS = """
2024-05-01 10:00:00 trade | +0.01 BTC spot, -600 USDT spot
line 3 left out: nothing was filled: Canceled
"""


def test_mexc_orders() -> None:
    tells("mexc", "orders.csv", MEXC_ORDERS)


MEXC_DEPOSITS = """
2024-05-01 10:00:00 deposit | +100 USDT spot
"""


def test_mexc_deposits() -> None:
    tells("mexc", "deposits.csv", MEXC_DEPOSITS)


MEXC_WITHDRAWALS = """
2024-05-02 10:00:00 withdrawal | -49 USDT spot, fee -1 USDT spot
line 3 left out: its status is “Withdrawal Failed”
"""


def test_mexc_withdrawals() -> None:
    tells("mexc", "withdrawals.csv", MEXC_WITHDRAWALS)


MEXC_FUTURES = """
2024-05-01 02:00:00 fee | fee -0.012 USDT futures
2024-05-01 04:00:00 realised_pnl | +1 USDT futures, fee -0.0122 USDT futures
"""


def test_mexc_futures() -> None:
    tells("mexc", "futures.csv", MEXC_FUTURES)
