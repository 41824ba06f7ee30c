"""Files name assets as the exchange's own answers do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest

from portfolio.engine.exchange_codes import ALIASES
from portfolio.exchanges.normalisers import kraken
from portfolio.imports import codes


@pytest.mark.parametrize("exchange", sorted(ALIASES))
def test_files_and_answers_read_codes_alike(exchange: str) -> None:
    normaliser = import_module(f"portfolio.exchanges.normalisers.{exchange}")
    for code in (*ALIASES[exchange], "BTC"):
        assert codes.asset(exchange, code) == normaliser.asset(code)


@pytest.mark.parametrize(
    ("name", "asset", "wallet"),
    [
        ("XXBT", "BTC", "spot"),
        ("ZEUR", "EUR", "spot"),
        ("DOT28.S", "DOT", "staking"),
        ("XXBT.M", "BTC", "earn"),
        ("ZEUR.HOLD", "EUR", "hold"),
        ("XETC", "ETC", "spot"),
    ],
)
def test_krakens_names(name: str, asset: str, wallet: str) -> None:
    assert codes.of_kraken(name) == kraken.asset(name) == (asset, wallet)


@pytest.mark.parametrize(
    ("name", "base", "quote"),
    [
        ("XXBTZEUR", "BTC", "EUR"),
        ("DOTUSD", "DOT", "USD"),
        ("XETHXXBT", "ETH", "BTC"),
        ("XBT/USDT", "BTC", "USDT"),
        ("DOTUSDT", "DOT", "USDT"),
        ("WHAT", "", ""),
    ],
)
def test_krakens_pairs(name: str, base: str, quote: str) -> None:
    assert codes.kraken_pair(name) == kraken.pair(name) == (base, quote)


def test_binances_reused_codes_name_the_former_coin_before_their_day() -> None:
    last = datetime(2022, 5, 27, 23, 59, 59, tzinfo=UTC)
    for code, former in (("LUNA", "LUNC"), ("UST", "USTC")):
        assert codes.of_binance(code, last) == former
        assert codes.of_binance(code, last + timedelta(seconds=1)) == code
