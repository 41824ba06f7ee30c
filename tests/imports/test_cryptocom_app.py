"""Files of the Crypto.com App: what each row tells."""

from __future__ import annotations

from tests.imports.reading import tells

CRYPTOCOM_APP_TRANSACTIONS = """
2020-07-29 09:12:07 transfer | +1 ETH earn, -1 ETH app
2020-07-29 09:16:54 deposit | +50 MCO app
2020-07-31 15:37:07 trade | +0.1444 ETH app, -12.32 MCO app
2020-08-03 14:39:25 conversion | +1382.3 CRO app, -50 MCO app
2020-08-09 17:10:25 withdrawal | -115 DAI app
2020-10-12 15:09:36 reward | +52.151 CRO app
2020-10-12 19:09:36 transfer | -161.73 CRO app
2020-12-15 09:25:14 conversion | +193.02 CRO app, -0.62 DOT app, -1.33 UNI app
2021-03-07 06:17:09 adjustment | -7.7 CRO app
2021-03-08 06:17:09 deposit | +100 EUR app
2021-03-09 06:17:09 unclassified | +1 CRO app
2021-03-20 18:59:00 deposit | +100 CRO app
2021-07-19 18:56:00 trade | +0.003 BTC app, -78.01 EUR app
2025-01-22 17:32:03 other |
2025-02-01 07:09:10 trade | +10 SOL app, -5 USD app
"""


def test_cryptocom_app_transactions() -> None:
    tells("cryptocom_app", "transactions.csv", CRYPTOCOM_APP_TRANSACTIONS)
