"""Binance again, for those who register its USDT-M futures alone."""
