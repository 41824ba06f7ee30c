"""Binance's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells, told

STATEMENT = """
2022-05-01 00:00:00 reward | +2 LUNC spot
2024-03-01 10:00:00 trade | +0.5 ETH spot, -1700 USDT spot, fee -0.001 BNB spot
2024-03-01 10:00:00 trade | +3400 USDT cross margin, -1 ETH cross margin
2024-03-02 09:00:00 deposit | +0.5 BTC spot
2024-03-02 11:00:00 unclassified | -0.1 BTC spot
2024-03-02 11:30:00 unclassified | +1 DOT spot, +10 ADA spot, -12 EUR spot
2024-03-03 08:00:00 conversion | +0.003 BNB spot, -1 XRP spot, -3 TRX spot
2024-03-03 09:00:00 conversion | +0.5 SOL spot, -50 USDT spot
2024-03-04 00:00:00 transfer | +20 USDT earn, -20 USDT spot
2024-03-04 01:00:00 transfer | +0.5 SOL earn, -0.5 SOL spot
2024-03-04 02:00:00 transfer | +0.001 BNB earn, -0.001 BNB spot
2024-03-04 03:00:00 interest | +0.01 USDT spot
2024-03-04 03:00:00 interest | +0.01 USDT spot
2024-03-05 00:00:00 transfer | +500 USDT spot, -500 USDT funding
2024-03-05 01:00:00 fee | fee -0.1 USDT usd-m futures
2024-03-05 01:00:00 realised_pnl | -3 USDT usd-m futures
2024-03-05 08:00:00 funding | +0.2 USDT usd-m futures
2024-03-06 00:00:00 other |
2024-03-06 01:00:00 adjustment | -1 FOO spot
2024-03-07 00:00:00 unclassified | +7 BAR spot
2024-03-08 00:00:00 withdrawal | -0.5 BTC spot
line 37 left out: it has no time: nothing that moved is told
line 38 not understood: Change: “1.0.0” is not an amount
"""


def test_the_statement_is_told_by_second_and_account() -> None:
    found = tells("binance", "statement.csv", STATEMENT)
    strange = next(
        event
        for event in found.events
        if event.kind == "unclassified" and event.movements[0].asset == "BAR"
    )
    assert strange.detail["type"] == "Quantum Harvest"
    loan = next(event for event in found.events if event.kind == "other")
    assert loan.detail["amount"] == "100 USDT"


def test_a_statement_in_a_zone_of_ones_own_is_read_in_the_zone_that_was_told() -> None:
    heading = "User ID,Time,Account,Operation,Coin,Change,Remark"
    text = f"{heading}\n7,24-03-01 10:00:00,Spot,Deposit,BTC,1,\n"
    found = told(text, zone="+03:00")
    assert found.events[0].occurred_at.isoformat() == "2024-03-01T07:00:00+00:00"


BINANCE_TRADES = """
2022-05-01 11:00:00 trade | +160 USDT spot, -2 LUNC spot, fee -0.16 USDT spot
2024-04-01 10:00:00 trade | +0.01 BTC spot, -600 USDT spot, fee -0.00001 BTC spot
2024-04-01 10:00:00 trade | +0.01 BTC spot, -600 USDT spot, fee -0.00001 BTC spot
2024-04-01 11:00:00 trade | +0.25 USDT spot, -0.5 1INCH spot, fee -0.00003 BNB spot
line 6 not understood: “HOLD” is neither a purchase nor a sale
line 7 not understood: Executed: “1ETH?” is not an amount
"""


def test_binance_trades() -> None:
    tells("binance", "trades.csv", BINANCE_TRADES)


BINANCE_TRADES_OLDER = """
2019-04-01 10:00:00 trade | +2 ETH spot, -0.06 BTC spot, fee -0.002 BNB spot
2019-04-01 10:05:00 trade | +0.03 BTC spot, -1 ETH spot, fee -0.00003 BTC spot
"""


def test_binance_trades_older() -> None:
    tells("binance", "trades_older.csv", BINANCE_TRADES_OLDER)


BINANCE_DEPOSITS = """
2024-04-01 02:00:00 deposit | +100.5 USDT spot
line 3 left out: its status is “Rejected”
"""


def test_binance_deposits() -> None:
    tells("binance", "deposits.csv", BINANCE_DEPOSITS)


BINANCE_WITHDRAWALS = """
2024-04-02 10:00:00 withdrawal | -99 USDT spot, fee -1 USDT spot
line 3 left out: its status is “Cancelled”
"""


def test_binance_withdrawals() -> None:
    tells("binance", "withdrawals.csv", BINANCE_WITHDRAWALS)


BINANCE_TRANSFERS_OLDER = """
2021-04-02 10:00:00 withdrawal | -0.5 BTC spot, fee -0.0005 BTC spot
2021-04-03 10:00:00 unclassified |
"""


def test_binance_transfers_older() -> None:
    tells("binance", "transfers_older.csv", BINANCE_TRANSFERS_OLDER)


BINANCE_CONVERSIONS = """
2024-04-03 08:00:00 conversion | +0.002 BTC spot, -100 USDT spot
line 3 left out: its status is “Expired”
"""


def test_binance_conversions() -> None:
    tells("binance", "conversions.csv", BINANCE_CONVERSIONS, zone="+02:00")


BINANCE_FUTURES_INCOME = """
2024-04-04 00:00:00 transfer | +100 USDT usd-m futures | transfer:9001
2024-04-04 08:00:00 funding | -0.01 USDT usd-m futures | income:usd-m futures:FUNDING_FEE:9002:USDT:BTCUSDT:
2024-04-04 09:00:00 fee | fee -0.2 USDT usd-m futures
2024-04-04 09:00:00 realised_pnl | +5 USDT usd-m futures
2024-04-04 10:00:00 realised_pnl | -0.001 BTC coin-m futures
2024-04-04 11:00:00 unclassified | +1 USDT usd-m futures
2024-04-04 12:00:00 adjustment | -0.5 USDT usd-m futures
"""  # noqa: E501


def test_binance_futures_income() -> None:
    tells("binance", "futures_income.csv", BINANCE_FUTURES_INCOME)


BINANCE_AUTO_INVEST = """
2024-04-13 14:00:00 conversion | +0.003 ETH spot, -10 USDT earn, fee -0.02 USDT earn
line 3 left out: its status is “Failed”
"""


def test_binance_auto_invest() -> None:
    tells("binance", "auto_invest.csv", BINANCE_AUTO_INVEST)


BINANCEUS_TRANSACTIONS = """
2023-01-01 10:00:00 deposit | +1000 USD spot
2023-01-02 10:00:00 trade | +0.02 BTC spot, -500 USD spot, fee -0.001 BNB spot
2023-01-03 10:00:00 trade | +260 USD spot, -0.01 BTC spot, fee -0.26 USD spot
2023-01-04 10:00:00 conversion | +0.05 ETH spot, -100 USD spot, fee -0.5 USD spot
2023-01-05 10:00:00 reward | +0.0001 ETH spot
2023-01-06 10:00:00 airdrop | +3 FLR spot
2023-01-07 10:00:00 withdrawal | -0.01 BTC spot, fee -0.0005 BTC spot
2023-01-08 10:00:00 unclassified | +0.01 BTC spot
2023-01-09 10:00:00 unclassified | +0.02 BTC spot
"""


def test_binanceus_transactions() -> None:
    tells("binanceus", "transactions.csv", BINANCEUS_TRANSACTIONS)
