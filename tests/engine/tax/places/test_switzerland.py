"""Switzerland: wealth on 31 December, income, and gains that do not count."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.engine.tax.build import buy, event, sell
from tests.engine.tax.places.build import figures, lived

EVENTS = [
    buy("2024-05-01", "2 BTC", "30000"),
    sell("2024-06-01", "1 BTC", "25000"),
    event("income", "2024-07-01", into="1 ETH 300.005", subkind="reward"),
    buy("2024-12-31T22:59:59", "1 BTC", "2000"),
    buy("2024-12-31T23:00:00", "1 BTC", "2000"),  # the new year has begun in Zurich
]
WEALTH = "Wealth on 31 December"


def test_wealth_income_and_exempt_gains() -> None:
    year = lived("switzerland", 2024, EVENTS)
    prices = {"BTC": Decimal("50000.5"), "ETH": Decimal(100)}
    told = figures(
        "switzerland",
        replace(year, closing_values=lambda asset, amount: prices[asset] * amount),
    )
    assert told[WEALTH] == 100101
    assert told["Income"] == Decimal("300.01")
    assert told["Gains less losses"] == 10000


def test_without_a_price_the_wealth_is_unknown() -> None:
    assert figures("switzerland", lived("switzerland", 2024, EVENTS))[WEALTH] is None
    assert figures("switzerland", lived("switzerland", 2023, EVENTS))[WEALTH] == 0
