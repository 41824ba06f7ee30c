"""Codes in files of exchanges, read as the exchange's own answers are."""

from __future__ import annotations

from datetime import datetime

from portfolio.engine import exchange_codes


def asset(exchange: str, code: str) -> str:
    """The asset that a code names at an exchange, by ccxt's id."""
    plain = code.strip().upper()
    return exchange_codes.ALIASES.get(exchange, {}).get(plain, plain)


def of_binance(code: str, at: datetime) -> str:
    """The asset that a code named at Binance when something happened."""
    return exchange_codes.asset_on("binance", code.strip().upper(), at.date())


def of_kraken(code: str) -> tuple[str, str]:
    """The (asset, wallet) of one of Kraken's names."""
    return exchange_codes.kraken_asset(code.strip().upper())


def kraken_pair(name: str) -> tuple[str, str]:
    """The (base, quote) assets of one of Kraken's pairs; ("", "") where it cannot be parted."""
    return exchange_codes.kraken_pair(name.strip().upper())
