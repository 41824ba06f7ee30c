"""BitMEX's own files: what each row tells."""

from __future__ import annotations

import pytest

from portfolio.imports.format import NotUnderstood
from tests.imports.reading import SAMPLES, tells, told

BITMEX_WALLET = """
2019-04-11 10:55:00 reward | +0.00000077 BTC account
2019-04-12 10:55:00 unclassified | +0.00001 BTC account
2019-12-24 12:00:00 realised_pnl | -0.00000201 BTC account
2019-12-24 23:30:00 deposit | +0.05 BTC account
2019-12-25 06:00:00 realised_pnl | +0.00085517 BTC account
2019-12-25 11:30:00 withdrawal | -0.05646216 BTC account, fee -0.001 BTC account
line 6 left out: its status is “Canceled”
line 7 left out: its status is “Pending”
line 10 not understood: amount: “1.5” is no whole number of units
line 11 not understood: transactTime: “13/40/2019, 11:55:00 AM” is not a time
"""


def test_bitmex_wallet() -> None:
    tells("bitmex", "wallet.csv", BITMEX_WALLET, zone="+01:00")


BITMEX_WALLET_CURRENCIES = """
2024-01-02 12:00:00 realised_pnl | -1.5 USDT account
2024-01-03 00:00:00 conversion | +42 USDT account, -0.001 BTC account
line 5 not understood: “WOWc” is a currency of which the unit is not known
"""


def test_bitmex_wallet_currencies() -> None:
    tells("bitmex", "wallet_currencies.csv", BITMEX_WALLET_CURRENCIES, zone="+01:00")


BITMEX_TRADES = """
2019-12-24 13:00:00 trade |
2019-12-24 20:00:00 funding |
2019-12-24 21:00:00 unclassified |
"""


def test_bitmex_trades() -> None:
    tells("bitmex", "trades.csv", BITMEX_TRADES)


def test_a_row_with_broken_quotes_is_named() -> None:
    with pytest.raises(NotUnderstood) as refused:
        told((SAMPLES / "bitmex" / "wallet_broken.csv").read_text("utf-8"), zone="UTC")
    assert refused.value.line == 3
