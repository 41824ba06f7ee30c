"""Kraken: spot market data, ledger, trades, balances and funding of an account."""

from sandbox.exchanges.kraken.exchange import Kraken

__all__ = ["Kraken"]
