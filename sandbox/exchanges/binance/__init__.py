"""Binance: spot market data, account, history of the spot and funding wallets."""
