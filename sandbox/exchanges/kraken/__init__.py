"""Kraken: spot market data, ledger, trades, balances and funding of an account."""
