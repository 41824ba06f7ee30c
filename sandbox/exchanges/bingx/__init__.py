"""BingX: spot, fund and USDT-M perpetual accounts, and the market data of spot."""
