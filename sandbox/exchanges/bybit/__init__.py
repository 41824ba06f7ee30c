"""Bybit: market data, unified, funding and earn wallets of an account, V5 API."""
