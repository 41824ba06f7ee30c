"""Binance: spot market data, account, history of the spot and funding wallets."""

from sandbox.exchanges.binance.exchange import Binance

__all__ = ["Binance"]
