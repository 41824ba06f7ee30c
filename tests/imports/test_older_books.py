"""Files of Gate, Poloniex, HitBTC and WhiteBIT: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

GATE_BOOK = """
2023-05-01 10:00:00 trade | +19 ABC spot, -95 USDT spot, fee -0.038 ABC spot
2023-05-02 10:00:00 other |
2023-05-03 10:00:00 deposit | +50 USDT spot
2023-05-04 10:00:00 conversion | +0.01 GT spot, -3 SHIB spot
2023-05-05 10:00:00 adjustment | -1 FOO spot
2023-05-06 10:00:00 withdrawal | -20 USDT spot
2023-05-07 10:00:00 unclassified | +2 USDT spot
"""


def test_gate_book() -> None:
    tells("gate", "book.csv", GATE_BOOK)


POLONIEX_TRADES = """
2017-05-01 10:00:00 trade | +2 ETH spot, -0.1 BTC spot, fee -0.005 ETH spot
2017-05-02 10:00:00 trade | +0.06 BTC spot, -1 ETH spot, fee -0.00009 BTC spot
"""


def test_poloniex_trades() -> None:
    tells("poloniex", "trades.csv", POLONIEX_TRADES)


POLONIEX_DEPOSITS = """
2017-05-01 09:00:00 deposit | +0.5 BTC spot
2017-05-03 09:00:00 withdrawal | -0.1 BTC spot
"""


def test_poloniex_deposits() -> None:
    tells("poloniex", "deposits.csv", POLONIEX_DEPOSITS)


POLONIEX_WITHDRAWALS = """
2019-05-04 09:00:00 withdrawal | -0.0995 BTC spot, fee -0.0005 BTC spot
line 3 left out: its status is “FAILED”
"""


def test_poloniex_withdrawals() -> None:
    tells("poloniex", "withdrawals.csv", POLONIEX_WITHDRAWALS)


POLONIEX_DISTRIBUTIONS = """
2019-05-05 00:00:00 airdrop | +3.5 STR spot
"""


def test_poloniex_distributions() -> None:
    tells("poloniex", "distributions.csv", POLONIEX_DISTRIBUTIONS)


HITBTC_TRADES = """
2020-05-01 10:00:00 trade | +2 ETH spot, -0.1 BTC spot, fee -0.0001 BTC spot
2020-05-02 10:00:00 trade | +0.06 BTC spot, -1 ETH spot, fee +0.00001 BTC spot
"""


def test_hitbtc_trades() -> None:
    tells("hitbtc", "trades.csv", HITBTC_TRADES)


HITBTC_TRAVEL = """
2020-05-01 09:00:00 deposit | +0.5 BTC spot
2020-05-03 09:00:00 withdrawal | -0.1 BTC spot
line 4 left out: it failed: it has no transaction
"""


def test_hitbtc_travel() -> None:
    tells("hitbtc", "travel.csv", HITBTC_TRAVEL)


WHITEBIT_ORDERS = """
2024-05-01 10:00:00 trade | +0.01 BTC spot, -600 USDT spot, fee -0.6 USDT spot
2024-05-02 10:00:00 trade | +310 USDT spot, -0.005 BTC spot, fee -0.31 USDT spot
"""


def test_whitebit_orders() -> None:
    tells("whitebit", "orders.csv", WHITEBIT_ORDERS)


WHITEBIT_DEPOSITS = """
2024-05-01 09:00:00 deposit | +100 USDT spot, fee -0.5 USDT spot
"""


def test_whitebit_deposits() -> None:
    tells("whitebit", "deposits.csv", WHITEBIT_DEPOSITS)


WHITEBIT_WITHDRAWALS = """
2024-05-03 09:00:00 withdrawal | -49 USDT spot, fee -1 USDT spot
line 3 left out: its status is “canceled”
"""


def test_whitebit_withdrawals() -> None:
    tells("whitebit", "withdrawals.csv", WHITEBIT_WITHDRAWALS)
