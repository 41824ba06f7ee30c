"""BingX's own files: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

BINGX_ORDERS = """
2024-10-07 14:35:35 trade | +600 USDT funding, -0.01 BTC funding, fee -0.6 USDT funding
2026-10-07 14:35:35 trade | +1000 KAS spot, -40 USDT spot, fee -1 KAS spot
"""


def test_bingx_orders() -> None:
    tells("bingx", "orders.csv", BINGX_ORDERS)


BINGX_PERPETUAL_ORDERS = """
2026-10-04 16:32:09 fee | fee -0.198 USDT perpetual
2026-10-05 00:32:09 realised_pnl | +4 USDT perpetual, fee -0.2 USDT perpetual
"""


def test_bingx_perpetual_orders() -> None:
    tells("bingx", "perpetual_orders.csv", BINGX_PERPETUAL_ORDERS)


BINGX_FUND = """
2026-10-07 03:35:06 deposit | +100 USDT funding
2026-10-07 03:36:24 transfer | +500 KAS funding
2026-10-07 03:36:25 withdrawal | -500 KAS funding
2026-10-07 03:37:24 unclassified | +1 KAS funding
"""


def test_bingx_fund() -> None:
    tells("bingx", "fund.csv", BINGX_FUND)


BINGX_SPOT_LEDGER = """
2026-10-07 03:36:25 trade | +0.01 BTC spot, -600 USDT spot
2026-10-07 04:36:25 deposit | +5 USDT spot
"""


def test_bingx_spot_ledger() -> None:
    tells("bingx", "spot_ledger.csv", BINGX_SPOT_LEDGER)


BINGX_FUTURES_LEDGER = """
2026-10-07 03:36:25 fee | fee -0.2 USDT perpetual
2026-10-07 03:36:25 realised_pnl | +4 USDT perpetual
2026-10-07 08:00:00 funding | -0.01 USDT perpetual
"""


def test_bingx_futures_ledger() -> None:
    tells("bingx", "futures_ledger.csv", BINGX_FUTURES_LEDGER)
