"""Files of bitcoin.de and Bitbank: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

BITCOIN_DE_STATEMENT_ENGLISH = """
2014-09-21 07:57:07 unclassified | +0.5 BTC spot
2014-09-24 10:00:42 trade | +1 BTC spot, -99.5 EUR spot, fee -0.01 BTC spot
2014-09-25 18:16:17 fee | fee -0.0001 BTC spot
2014-09-25 18:16:17 withdrawal | -0.9899 BTC spot
2014-11-05 09:00:00 reward | +0.001 BTC spot
2014-12-20 09:38:02 trade | +250 EUR spot, -0.5 BTC spot, fee -1.25 EUR spot
line 7 left out: the opening of the account
"""


def test_bitcoin_de_statement_english() -> None:
    tells("bitcoin_de", "statement_english.csv", BITCOIN_DE_STATEMENT_ENGLISH, zone="Europe/Berlin")


BITCOIN_DE_STATEMENT_GERMAN = """
2014-09-24 12:00:42 trade | +1 BTC spot, -99.5 EUR spot, fee -0.01 BTC spot
2014-09-25 20:16:17 fee | fee -0.0001 BTC spot
2014-12-20 10:38:02 trade | +250 EUR spot, -0.5 BTC spot, fee -1.25 EUR spot
"""


def test_bitcoin_de_statement_german() -> None:
    tells("bitcoin_de", "statement_german.csv", BITCOIN_DE_STATEMENT_GERMAN)


BITCOIN_DE_STATEMENT_OLDER = """
2014-11-04 20:55:19 deposit | +0.5 BTC spot
2014-12-20 10:38:02 trade | +250 EUR spot, -0.5 BTC spot, fee -1.25 EUR spot
"""


def test_bitcoin_de_statement_older() -> None:
    tells("bitcoin_de", "statement_older.csv", BITCOIN_DE_STATEMENT_OLDER)


BITBANK_DEPOSITS = """
2022-11-12 02:57:01 deposit | +54.5 XRP spot
line 3 left out: its status is “FAILED”
"""


def test_bitbank_deposits() -> None:
    tells("bitbank", "deposits.csv", BITBANK_DEPOSITS)


BITBANK_WITHDRAWALS = """
2022-04-19 23:20:00 withdrawal | -900 XLM spot, fee -0.01 XLM spot
"""


def test_bitbank_withdrawals() -> None:
    tells("bitbank", "withdrawals.csv", BITBANK_WITHDRAWALS)
