"""Bybit's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

BYBIT_LOG_UTA = """
2026-06-05 00:00:00 transfer | +100 USDT unified
2026-06-05 08:22:50 trade | +1500 EUR unified, -0.03 BTC unified, fee -1.5 EUR unified
2026-06-06 18:11:48 fee | fee -0.08712 USDT unified
2026-06-06 19:11:48 realised_pnl | +1.0375 USDT unified, fee -0.08712 USDT unified
2026-06-06 20:00:00 funding | -0.0043613 USDT unified
2026-06-07 11:00:00 interest | -0.004 USDT unified
2026-06-08 11:00:00 transfer | -1 SOL unified
2026-06-09 10:00:00 conversion | +10 USDT unified, -0.1 SOL unified
2026-06-10 11:00:00 unclassified | +3 USDT unified
2026-06-11 10:00:00 unclassified | +5 XRP unified
"""


def test_bybit_log_uta() -> None:
    tells("bybit", "log_uta.csv", BYBIT_LOG_UTA)


BYBIT_LOG_OLDER = """
2023-05-01 10:00:00 fee | fee -1.68 USDT unified | execution:linear:tr-1
2023-05-01 16:00:00 funding | -0.28 USDT unified | execution:linear:tr-2
2023-05-02 10:00:00 realised_pnl | +100 USDT unified, fee -1.74 USDT unified | execution:linear:tr-3
2023-05-03 10:00:00 transfer | -500 USDT unified
"""


def test_bybit_log_older() -> None:
    tells("bybit", "log_older.csv", BYBIT_LOG_OLDER)


BYBIT_FUNDING = """
2024-05-01 10:00:00 deposit | +1000 USDT funding
2024-05-01 11:00:00 transfer | -500 USDT funding
2024-05-02 00:00:00 transfer | -100 USDT funding
2024-05-03 00:00:00 reward | +0.02 USDT funding
2024-05-04 00:00:00 conversion | +0.001 BTC funding, -50 USDT funding
2024-05-05 00:00:00 withdrawal | -0.001 BTC funding
2024-05-06 00:00:00 unclassified | +1 BTC funding
2024-05-07 00:00:00 transfer | -5 USDT funding
2024-05-08 00:00:00 transfer | +5 USDT funding
"""


def test_bybit_funding() -> None:
    tells("bybit", "funding.csv", BYBIT_FUNDING)


BYBIT_FUNDING_OLDER = """
2022-05-01 10:00:00 deposit | +0.5 BTC funding
2022-05-01 11:00:00 transfer | -0.5 BTC funding
"""


def test_bybit_funding_older() -> None:
    tells("bybit", "funding_older.csv", BYBIT_FUNDING_OLDER)


BYBIT_SPOT = """
2024-11-16 14:35:00 trade | +49.97 USDT unified, -5.36 ICP unified, fee -0.04997 USDT unified | execution:spot:2200000000355489633
2024-11-17 10:05:00 trade | +10 ICP unified, -80.203 USDT unified, fee -0.01 ICP unified | execution:spot:2200000000351
"""  # noqa: E501


def test_bybit_spot() -> None:
    tells("bybit", "spot.csv", BYBIT_SPOT)


BYBIT_SPOT_WITH_UID = """
2024-11-18 10:05:11 trade | +0.01 BTC unified, -600 USDT unified, fee -0.00001 BTC unified | execution:spot:tr-9
"""  # noqa: E501


def test_bybit_spot_with_uid() -> None:
    tells("bybit", "spot_with_uid.csv", BYBIT_SPOT_WITH_UID)
