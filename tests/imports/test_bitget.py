"""Bitget's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

BITGET_SPOT = """
2024-09-03 11:00:00 deposit | +50 USDT spot | order:1003
2024-09-03 12:00:00 trade | +1000 KAS spot, -25 USDT spot, fee -1 KAS spot | order:1002
2024-09-03 12:55:06 withdrawal | -1000 KAS spot, fee -5 KAS spot | order:1001
2024-09-04 12:00:00 conversion | +1.2 USDT spot, -1 BGB spot | order:1004
2024-09-05 12:00:00 transfer | +10 USDT earn, -10 USDT spot
2024-09-06 12:00:00 interest | +0.1 TON spot
2024-09-07 12:00:00 unclassified | +3 USDT spot
2024-09-08 12:00:00 other |
2024-09-09 12:00:00 reward | +0.5 USDT spot
"""


def test_bitget_spot() -> None:
    tells("bitget", "spot.csv", BITGET_SPOT, zone="-03:00")


BITGET_FUTURES = """
2024-09-01 10:00:00 transfer | +100 USDT usdt-m futures
2024-09-01 11:00:00 fee | fee -0.06 USDT usdt-m futures
2024-09-01 12:00:00 realised_pnl | +5 USDT usdt-m futures, fee -0.07 USDT usdt-m futures
2024-09-01 16:00:00 funding | -0.02 USDT usdt-m futures
2024-09-02 16:00:00 liquidation | -50 USDT usdt-m futures, fee -1 USDT usdt-m futures
2024-09-02 17:00:00 adjustment | +1 USDT usdt-m futures
2024-09-02 18:00:00 unclassified | +0.01 BTC coin-m futures
2024-09-02 19:00:00 other |
"""


def test_bitget_futures() -> None:
    tells("bitget", "futures.csv", BITGET_FUTURES)


BITGET_FILLS = """
2026-09-01 16:47:01 trade | +1000 KAS spot, -25 USDT spot, fee -1 KAS spot
2026-09-01 16:47:01 trade | +1000 KAS spot, -25 USDT spot, fee -1 KAS spot
2026-09-02 10:00:00 trade | +100 USDC spot, -0.001 BTC spot, fee -0.1 USDC spot
"""


def test_bitget_fills() -> None:
    tells("bitget", "fills.csv", BITGET_FILLS)


BITGET_ORDERS = """
2025-01-10 12:00:00 trade | +0.1 BTC spot, -5010 EUR spot | order:9999
line 3 left out: nothing was filled: Cancelled
"""


def test_bitget_orders() -> None:
    tells("bitget", "orders.csv", BITGET_ORDERS)


BITGET_FUTURES_ORDERS = """
2025-01-10 12:00:00 trade |
"""


def test_bitget_futures_orders() -> None:
    tells("bitget", "futures_orders.csv", BITGET_FUTURES_ORDERS)


BITGET_EARN = """
2024-05-01 10:00:00 transfer | +2 SOL earn, -2 SOL spot
2024-05-02 10:00:00 reward | +0.01 BGSOL spot
2024-05-03 10:00:00 transfer | +2 SOL spot, -2 SOL earn, fee -0.001 SOL spot
line 5 left out: its status is “Failed”
"""


def test_bitget_earn() -> None:
    tells("bitget", "earn.csv", BITGET_EARN)


BITGET_TRAVEL = """
2024-05-01 10:00:00 deposit | +100 USDT spot
2024-05-02 10:00:00 withdrawal | -50 USDT spot
"""


def test_bitget_travel() -> None:
    tells("bitget", "travel.csv", BITGET_TRAVEL)
