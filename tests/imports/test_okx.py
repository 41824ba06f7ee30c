"""OKX's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

OKX_TRADING = """
2025-11-29 00:25:29 trade | +0.01 BTC trading, -900 USDT trading, fee -0.00001 BTC trading
2025-11-29 00:27:50 transfer | -0.00999 BTC trading | bill:3
2025-11-29 02:00:00 fee | fee -0.15 USDT trading | bill:4
2025-11-29 03:00:00 realised_pnl | +10 USDT trading, fee -0.055 USDT trading | bill:5
2025-11-29 08:00:00 funding | -0.03 USDT trading | bill:6
2025-11-29 09:00:00 unclassified | +1 ETH trading, fee -0.001 ETH trading
2025-11-29 10:00:00 unclassified | +1 USDT trading | bill:8
"""


def test_okx_trading() -> None:
    tells("okx", "trading.csv", OKX_TRADING, zone="+08:00")


OKX_TRADING_OLDER = """
2023-01-02 08:25:29 trade | +2 ETH trading, -2400 USDT trading, fee -0.002 ETH trading
"""


def test_okx_trading_older() -> None:
    tells("okx", "trading_older.csv", OKX_TRADING_OLDER)


OKX_FUNDING = """
2025-10-01 11:55:15 deposit | +0.5 BTC funding
2025-10-02 11:55:15 withdrawal | -0.1 BTC funding, fee -0.0001 BTC funding
2025-10-03 11:55:15 transfer | +0.2 BTC earn, -0.2 BTC funding | asset-bill:13
2025-10-04 11:55:15 reward | +0.0001 BTC funding | asset-bill:14
2025-10-05 11:55:15 conversion | +9000 USDT funding, -0.1 BTC funding
2025-10-06 11:55:15 transfer | -50 USDT funding | asset-bill:17
2025-10-07 11:55:15 unclassified | +1 USDT funding
2025-10-08 11:55:15 withdrawal | -0.0499 BTC funding, fee -0.0001 BTC funding
2025-10-08 12:55:15 withdrawal | +0.05 BTC funding
"""


def test_okx_funding() -> None:
    tells("okx", "funding.csv", OKX_FUNDING)
