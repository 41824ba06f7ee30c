"""Binance again, for those who register its COIN-M futures alone."""
