"""Germany: the year after which it is exempt, the two cliffs, and accounts apart."""

from __future__ import annotations

import pytest

from tests.engine.tax.build import buy, event, sell
from tests.engine.tax.places.build import figures, lived


def test_what_was_held_for_more_than_a_year_is_exempt() -> None:
    year = lived("germany", 2024, [
        buy("2023-03-10", "2 BTC", "200"),
        sell("2024-03-10", "1 BTC", "5000"),
        sell("2024-03-11", "1 BTC", "9000"),
    ])  # fmt: skip
    told = figures("germany", year)
    assert (told["SO 44"], told["SO 45"], told["SO 47"]) == (5000, 100, 4900)
    assert told["Gain of what was held longer"] == 8900


@pytest.mark.parametrize(
    ("year", "price", "taxed"),
    [(2023, "699.99", 0), (2023, "700", 600), (2024, "1099.99", 0), (2024, "1100", 1000),
     (2024, "50", -50)],
)  # fmt: skip
def test_the_limit_of_gains_is_a_cliff(year: int, price: str, taxed: int) -> None:
    events = [buy(f"{year}-01-10", "1 BTC", "100"), sell(f"{year}-02-10", "1 BTC", price)]
    assert figures("germany", lived("germany", year, events))["Gain that is taxed"] == taxed


@pytest.mark.parametrize(("worth", "taxed"), [("255.99", 0), ("256", 256)])
def test_the_limit_of_benefits_is_a_cliff(worth: str, taxed: int) -> None:
    events = [event("income", "2024-02-10", into=f"1 ETH {worth}", subkind="reward")]
    assert figures("germany", lived("germany", 2024, events))["Benefits that are taxed"] == taxed


def test_each_account_is_for_itself() -> None:
    year = lived("germany", 2024, [
        buy("2024-01-01", "1 BTC", "100", wallet="A"),
        buy("2024-02-01", "1 BTC", "300", wallet="B"),
        sell("2024-03-01", "1 BTC", "500", wallet="B"),
    ])  # fmt: skip
    assert [row.cost_basis for row in year.disposals] == [300]


def test_the_year_is_that_of_berlin() -> None:
    events = [buy("2024-01-01", "1 BTC", "100"), sell("2024-12-31T23:30:00", "1 BTC", "2000")]
    assert lived("germany", 2024, events).disposals == []
    assert len(lived("germany", 2025, events).disposals) == 1


def test_what_was_received_in_money_is_no_income_from_coins() -> None:
    events = [
        event("income", "2025-05-01", into="1 ETH 300"),
        event("income", "2025-05-02", into="40 EUR 40", subkind="interest"),
    ]
    told = figures("germany", lived("germany", 2025, events))
    assert (told["SO 11"], told["Received in money"]) == (300, 40)
