"""Files of FTX and Celsius: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

FTX_TRADES = """
2021-08-01 10:00:00 trade | +0.1 BTC spot, -4000 USD spot, fee -0.00007 BTC spot
2021-08-02 22:00:00 fee | fee -2.87 USD spot
2021-08-03 22:00:00 airdrop | +1 FTT spot
"""


def test_ftx_trades() -> None:
    tells("ftx", "trades.csv", FTX_TRADES)


FTX_TRADES_API = """
2021-08-01 10:00:00 trade | +3000 USD spot, -1 ETH spot, fee +0.6 USD spot
"""


def test_ftx_trades_api() -> None:
    tells("ftx", "trades_api.csv", FTX_TRADES_API)


FTX_DEPOSITS = """
2021-08-01 09:00:00 deposit | +5000 USD spot
line 3 left out: its status is “cancelled”
"""


def test_ftx_deposits() -> None:
    tells("ftx", "deposits.csv", FTX_DEPOSITS)


FTX_WITHDRAWALS = """
2021-08-05 09:00:00 withdrawal | -0.05 BTC spot, fee -0.0001 BTC spot
"""


def test_ftx_withdrawals() -> None:
    tells("ftx", "withdrawals.csv", FTX_WITHDRAWALS)


FTX_DUST = """
2021-08-06 10:00:00 conversion | +0.35 USD spot, -0.5 XRP spot, fee -0.001 USD spot
"""


def test_ftx_dust() -> None:
    tells("ftx", "dust.csv", FTX_DUST)


FTX_LENDING = """
2021-08-07 09:00:00 interest | +0.01 USD spot
"""


def test_ftx_lending() -> None:
    tells("ftx", "lending.csv", FTX_LENDING)


FTX_STAKING = """
2021-08-08 09:00:00 reward | +0.01 SOL spot
"""


def test_ftx_staking() -> None:
    tells("ftx", "staking.csv", FTX_STAKING)


FTX_FUNDING = """
2021-08-09 10:00:00 funding | -0.05 USD spot
"""


def test_ftx_funding() -> None:
    tells("ftx", "funding.csv", FTX_FUNDING)


CELSIUS_TRANSACTIONS = """
2021-07-01 05:00:00 interest | +0.0001 BTC account
2021-07-02 17:00:00 deposit | +0.5 BTC account
2021-07-03 05:00:00 conversion | +1.5 ETH account, -0.1 BTC account
2021-07-04 05:00:00 withdrawal | -1 ETH account
2021-07-06 05:00:00 reward | +0.001 BTC account
2021-07-07 05:00:00 unclassified | +0.001 BTC account
line 7 left out: it was not confirmed
"""


def test_celsius_transactions() -> None:
    tells("celsius", "transactions.csv", CELSIUS_TRANSACTIONS)
