"""Netherlands: what was there on 1 January."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from portfolio.engine.tax.places.netherlands import free_capital
from tests.engine.tax.build import buy, sell
from tests.engine.tax.places.build import figures, lived

PRICES = {"BTC": Decimal("20000.99"), "ETH": Decimal(1500)}
EVENTS = [
    buy("2023-05-01", "2 BTC", "30000"),
    buy("2023-12-31T22:59:59", "1 ETH", "2000"),
    buy("2023-12-31T23:00:00", "1 ETH", "2000"),  # the new year has begun in Amsterdam
    sell("2024-03-01", "1 BTC", "25000"),
]
BOX = "Box 3"


def test_what_was_held_when_the_year_began_counts() -> None:
    year = lived("netherlands", 2024, EVENTS)
    priced = replace(year, opening_values=lambda asset, amount: PRICES[asset] * amount)
    told = figures("netherlands", priced)
    assert told[BOX] == 41501
    assert told["Gains less losses"] == 10000


def test_without_a_price_the_value_is_unknown() -> None:
    year = lived("netherlands", 2024, EVENTS)
    known = {"BTC": PRICES["BTC"]}
    priced = replace(year, opening_values=lambda asset, amount: known.get(asset))
    assert figures("netherlands", priced)[BOX] is None
    assert figures("netherlands", lived("netherlands", 2023, EVENTS))[BOX] == 0


@pytest.mark.parametrize(
    ("year", "amount"), [(2016, None), (2022, 50650), (2023, 57000), (2025, 57684), (2030, None)]
)
def test_the_free_capital(year: int, amount: int | None) -> None:
    assert free_capital(year) == amount
