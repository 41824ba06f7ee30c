"""A sale that is not made: it is what it would be once it is made."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.tax import History, TaxEvent, compute
from portfolio.engine.tax.place import Place, all_places, by_id
from portfolio.engine.tax.selling import Sale, held, sell_now, worth_of_all
from portfolio.engine.tax.settings import Oversell, Settings
from portfolio.engine.tax.types import EventKind, Leg
from tests.engine.tax.build import at, buy, sell
from tests.engine.tax.test_properties import histories

NEUTRAL = by_id("neutral")
LOTS = [
    buy("2023-01-01", "1 BTC", "100"),
    buy("2023-06-01", "1 BTC", "300"),
    buy("2024-01-01", "1 BTC", "200"),
]


def of(place: Place, method: str = "") -> Settings:
    made = place.settings_for(method or place.methods[0], "EUR")
    return replace(made, base_currency="EUR", oversell=Oversell.ZERO_COST)


def sale(amount: str, proceeds: str, wallet: str = "A", when: str = "2024-03-01") -> Sale:
    return Sale("BTC", Decimal(amount), Decimal(proceeds), wallet, at(when))


def sold(place: Place, events: list[TaxEvent], *sales: Sale) -> dict[str, Any]:
    found = sell_now(place, of(place), History(events, "EUR"), (), sales)
    return {row.method: row for row in found}


def test_a_sale_now_uses_the_lots_it_would_use() -> None:
    told = History(LOTS, "EUR")
    found: Any = {
        row.method: row for row in sell_now(NEUTRAL, of(NEUTRAL), told, (), [sale("1.5", "600")])
    }
    assert [(r.amount, r.cost_basis) for r in found["fifo"].rows] == [(1, 100), (0.5, 150)]
    assert found["fifo"].gain == 350
    assert found["hifo"].gain == 200
    assert found["fifo"].missing == 0
    assert [(r.amount, r.cost_basis) for r in found["fifo"].left] == [(0.5, 150), (1, 200)]
    # The history itself is what it was.
    assert len(compute(of(NEUTRAL), told).remaining) == 3


def test_more_than_is_held_is_told() -> None:
    assert sold(NEUTRAL, LOTS, sale("4", "600"))["fifo"].missing == 1


def test_the_years_figures_are_told_without_it_and_with_it() -> None:
    us = by_id("us")
    events = [*LOTS, sell("2024-02-01", "1 BTC", "400")]
    found = sold(us, events, sale("1", "350", when="2024-07-01"))["fifo"]
    before, after = (
        {figure.title: figure.amount for figure in figures}
        for figures in (found.before, found.after)
    )
    assert (before["Long term: gain or loss"], after["Long term: gain or loss"]) == (300, 350)
    assert found.gain_long == 50


def test_lots_by_account_are_sold_where_they_are() -> None:
    germany = by_id("germany")
    events = [
        *LOTS,
        replace(buy("2023-02-01", "1 BTC", "500"), wallet="B"),
    ]
    there = held(germany, of(germany), History(events, "EUR"), at("2024-03-01"))
    assert there == {"BTC": {"A": 3, "B": 1}}
    (one,) = sold(germany, events, sale("1", "200", "B"), sale("3", "600", "A")).values()
    assert sorted((row.wallet, row.cost_basis) for row in one.rows) == [
        ("A", 100),
        ("A", 200),
        ("A", 300),
        ("B", 500),
    ]
    assert not one.left


def test_lots_that_the_law_will_count_by_account_are_told_so() -> None:
    us = by_id("us")
    there = held(us, of(us), History(LOTS, "EUR"), at("2026-03-01"))
    assert there == {"BTC": {"A": 3}}
    (one, *_) = sold(us, LOTS, sale("1", "200", "A", "2026-03-01")).values()
    assert (one.missing, one.gain) == (0, 100)


def test_a_place_that_asks_for_the_value_of_all_coins_gets_it() -> None:
    france = by_id("france")
    events = [*LOTS, buy("2023-02-01", "10 XYZ", "400"), buy("2023-02-01", "1 ODD", "0")]
    there = held(france, of(france), History(events, "EUR"), at("2024-03-01"))
    assert there == {"BTC": {"": 3}, "XYZ": {"": 10}, "ODD": {"": 1}}
    asked = sale("1", "500")
    prices = {"BTC": Decimal(600), "XYZ": Decimal(30)}
    worth = worth_of_all(there, prices.get, asked)
    assert worth == 500 + 2 * 600 + 10 * 30
    (found,) = sold(france, events, asked._replace(portfolio_value=worth)).values()
    assert found.gain == 500 - Decimal(1000) * 500 / worth
    assert [row.cost_basis for row in found.left] == [750]


@pytest.mark.parametrize("place", all_places(), ids=lambda place: place.id)
def test_every_place_tells_a_sale(place: Place) -> None:
    asked = sale("1", "500")._replace(portfolio_value=Decimal(2000))
    found = sold(place, LOTS, asked)
    assert found
    for row in found.values():
        assert sum(part.amount for part in row.rows) == 1
        assert sum(part.proceeds for part in row.rows) == 500
        assert row.after


@given(events=histories(), amount=st.integers(1, 10**6), worth=st.integers(1, 10**6))
def test_what_would_be_is_what_is(events: list[TaxEvent], amount: int, worth: int) -> None:
    last = max((row.time for row in events), default=at("2021-01-01"))
    asked = Sale("BTC", Decimal(amount) / 1000, Decimal(worth), "A", last)
    price = Leg("EUR", asked.proceeds, asked.proceeds)
    done = TaxEvent(
        last, EventKind.SELL, "A", into=price, out=Leg("BTC", asked.amount, asked.proceeds)
    )
    for found in sell_now(NEUTRAL, of(NEUTRAL), History(events, "EUR"), (), [asked]):
        whole = compute(of(NEUTRAL, found.method), [*events, done])
        assert list(found.rows) == [r for r in whole.disposals if r.event == len(events)]


@given(events=histories())
def test_all_that_there_is_can_be_sold_and_no_more(events: list[TaxEvent]) -> None:
    last = max((row.time for row in events), default=at("2021-01-01"))
    told = History(events, "EUR")
    there = held(NEUTRAL, of(NEUTRAL), told, last).get("BTC", {})
    for wallet, amount in there.items():
        asked = Sale("BTC", amount, Decimal(1), wallet, last)
        (found, *_) = sell_now(NEUTRAL, of(NEUTRAL), told, (), [asked])
        assert not found.missing
        assert not found.left
