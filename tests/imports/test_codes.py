"""Files name assets as the exchange's own answers do."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from importlib import import_module

import pytest

from portfolio.exchanges import reused
from portfolio.exchanges.normalisers import kraken
from portfolio.imports import codes


@pytest.mark.parametrize("exchange", sorted(codes.ALIASES))
def test_aliases_are_those_of_the_answers(exchange: str) -> None:
    normaliser = import_module(f"portfolio.exchanges.normalisers.{exchange}")
    theirs = getattr(normaliser, "_ALIASES", None) or normaliser._ASSETS
    assert codes.ALIASES[exchange] == theirs
    assert all(codes.asset(exchange, code) == normaliser.asset(code) for code in (*theirs, "BTC"))


def test_krakens_names_are_read_alike() -> None:
    assert codes._KRAKEN == kraken._ALIASES
    assert codes._KRAKEN_WALLETS == kraken._WALLET_OF_SUFFIX
    names = (*kraken._X_CODES, *kraken._Z_CODES, *kraken._ALIASES, "DOT28.S", "XXBT.M", "ZEUR.HOLD")
    assert all(codes.of_kraken(name) == kraken.asset(name) for name in names)
    pairs = ("XXBTZEUR", "DOTUSD", "XETHXXBT", "ETH2.SETH", "XBT/USDT", "SOLEUR", "DOTUSDT", "WHAT")
    assert all(codes.kraken_pair(name) == kraken.pair(name) for name in pairs)


def test_binances_reused_codes_are_read_alike() -> None:
    for (exchange, code), reuse in reused.REUSED.items():
        assert exchange == "binance"
        last = datetime.combine(reuse.before, datetime.min.time(), UTC) - timedelta(seconds=1)
        assert codes.of_binance(code, last) == reuse.asset
        assert codes.of_binance(code, last + timedelta(seconds=1)) == code
    assert date(2022, 5, 28) == codes._BINANCE_REUSED_ON
