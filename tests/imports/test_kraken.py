"""Kraken's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

KRAKEN_LEDGERS = """
2024-01-14 09:00:00 deposit | +1000 EUR spot, fee -0.5 EUR spot | ledger:D1
2024-01-15 10:30:45 trade | +0.01 BTC spot, -420 EUR spot, fee -1.092 EUR spot | ledger:T1
2024-01-16 09:10:00 deposit | +1 BTC spot | ledger:D2
2024-01-17 00:00:00 reward | +0.5 DOT staking | ledger:S1
2024-01-18 00:00:00 transfer | +5 DOT staking, -5 DOT spot | ledger:M1
2024-01-19 00:00:00 conversion | +0.02 ETH spot, -50 EUR spot, fee -0.75 EUR spot | ledger:C1
2024-01-20 00:00:00 unclassified | -0.01 ETH spot | ledger:X1
2024-01-21 00:00:00 realised_pnl | -12.5 EUR spot, fee -0.1 EUR spot | ledger:G1
2024-01-22 00:00:00 withdrawal | -0.5 BTC spot, fee -0.00015 BTC spot | ledger:W1
2024-01-23 00:00:00 unclassified | -0.001 ETH spot | ledger:Z1
2024-01-24 00:00:00 reward | +0.01 SOL earn, fee -0.001 SOL earn | ledger:E1
line 5 left out: a provisional row without id: it comes again with one
line 17 not understood: amount: “what” is not an amount
"""


def test_kraken_ledgers() -> None:
    tells("kraken", "ledgers.csv", KRAKEN_LEDGERS)


KRAKEN_LEDGERS_OLDER = """
2019-01-15 10:30:45 trade | +100 DOGE spot, -0.25 USD spot, fee -0.0007 USD spot | ledger:T1
"""


def test_kraken_ledgers_older() -> None:
    tells("kraken", "ledgers_older.csv", KRAKEN_LEDGERS_OLDER)


KRAKEN_TRADES = """
2024-01-15 10:30:45 trade | +0.01 BTC spot, -420 EUR spot, fee -1.092 EUR spot | ledger:T1
2024-01-16 10:30:45 trade | +75 USD spot, -10 DOT spot, fee -0.0195 USD spot | ledger:T2
2024-01-17 10:30:45 fee | fee -1.066 EUR spot | ledger:T3
line 5 not understood: “WHATEVER” is not a pair that is known
"""


def test_kraken_trades() -> None:
    tells("kraken", "trades.csv", KRAKEN_TRADES)


KRAKEN_TRADES_OLDER = """
2017-01-15 10:30:45 trade | +0.1 BTC spot, -2 ETH spot, fee -0.0002 BTC spot | ledger:T1
"""


def test_kraken_trades_older() -> None:
    tells("kraken", "trades_older.csv", KRAKEN_TRADES_OLDER)
