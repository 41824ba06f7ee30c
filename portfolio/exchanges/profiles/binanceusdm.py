"""Binance's USDT-M futures wallet alone, for those who register only that."""

from portfolio.exchanges.profiles.binance_futures import USDM
from portfolio.exchanges.profiles.binance_futures_only import profile_of

PROFILE = profile_of("binanceusdm", USDM)
