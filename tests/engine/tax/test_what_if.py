"""What would be: it is what is, once it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.tax import History, TaxEvent, compute
from portfolio.engine.tax.place import by_id
from portfolio.engine.tax.settings import LongTerm, Oversell
from portfolio.engine.tax.types import EventKind, Leg
from portfolio.engine.tax.what_if import (
    Sale,
    compare,
    harvest,
    long_from,
    sell_now,
    unpriced,
    waiting,
)
from portfolio.engine.tax.yearly import year_of
from tests.engine.tax.build import at, buy, sell, settings
from tests.engine.tax.test_properties import histories

NEUTRAL = by_id("neutral")
LOTS = [
    buy("2023-01-01", "1 BTC", "100"),
    buy("2023-06-01", "1 BTC", "300"),
    buy("2024-01-01", "1 BTC", "200"),
]


def neutral(method: str = "fifo") -> Any:
    return replace(NEUTRAL.settings_for(method, "EUR"), oversell=Oversell.ZERO_COST)


def test_methods_side_by_side() -> None:
    told = History([*LOTS, sell("2024-02-01", "1 BTC", "400")], "EUR")
    found: Any = {row.method: row for row in compare(NEUTRAL, neutral(), told, (), 2024)}
    assert {name: row.gain for name, row in found.items()} == {
        "fifo": 300,
        "lifo": 200,
        "hifo": 100,
        "lofo": 300,
        "average": 200,
    }
    assert {(row.proceeds, row.proceeds - row.cost - row.gain) for row in found.values()} == {
        (400, 0)
    }
    assert (found["fifo"].left, found["fifo"].left_cost) == (2, 500)
    assert found["fifo"].gain_long is None


def test_terms_are_told_where_the_place_knows_them() -> None:
    us = by_id("us")
    made = us.settings_for("fifo")
    lots = [row_in_dollars(row) for row in [*LOTS, sell("2024-02-01", "1.5 BTC", "600")]]
    found: Any = next(compare(us, made, History(lots, "USD"), (), 2024))
    assert (found.gain_long, found.gain_short) == (300, 50)


def row_in_dollars(row: TaxEvent) -> TaxEvent:
    def leg(told: Leg | None) -> Leg | None:
        return told._replace(asset="USD") if told and told.asset == "EUR" else told

    return replace(row, into=leg(row.into), out=leg(row.out))


def test_a_sale_now_uses_the_lots_it_would_use() -> None:
    told = History(LOTS, "EUR")
    sale = Sale("BTC", Decimal("1.5"), Decimal(600), "A", at("2024-03-01"))
    found: Any = {row.method: row for row in sell_now(NEUTRAL, neutral(), told, sale)}
    assert [(r.amount, r.cost_basis) for r in found["fifo"].rows] == [(1, 100), (0.5, 150)]
    assert found["fifo"].gain == 350
    assert found["hifo"].gain == 200
    assert found["fifo"].missing == 0
    more = sale._replace(amount=Decimal(4))
    short: Any = next(sell_now(NEUTRAL, neutral(), told, more))
    assert short.missing == 1
    # The history itself is what it was.
    assert len(compute(neutral(), told).remaining) == 3


@given(events=histories(), amount=st.integers(1, 10**6), worth=st.integers(1, 10**6))
def test_what_would_be_is_what_is(events: list[TaxEvent], amount: int, worth: int) -> None:
    last = max((row.time for row in events), default=at("2021-01-01"))
    sale = Sale("BTC", Decimal(amount) / 1000, Decimal(worth), "A", last)
    price = Leg("EUR", sale.proceeds, sale.proceeds)
    done = TaxEvent(
        last, EventKind.SELL, "A", into=price, out=Leg("BTC", sale.amount, sale.proceeds)
    )
    for found in sell_now(NEUTRAL, neutral(), History(events, "EUR"), sale):
        whole = compute(neutral(found.method), [*events, done])
        assert list(found.rows) == [r for r in whole.disposals if r.event == len(events)]


@pytest.mark.parametrize(
    ("rule", "acquired", "first"),
    [
        (LongTerm.CALENDAR_YEAR, "2023-03-10", "2024-03-11"),
        (LongTerm.CALENDAR_YEAR, "2020-02-29", "2021-03-01"),
        (LongTerm.ELAPSED_DAYS, "2023-03-10", "2024-03-09"),
    ],
)
def test_the_day_on_which_a_lot_turns_long(rule: LongTerm, acquired: str, first: str) -> None:
    made = settings(long_term=rule)
    assert long_from(made, at(acquired)) == date.fromisoformat(first)


def test_what_waits_is_told_the_soonest_first() -> None:
    made = settings(long_term=LongTerm.CALENDAR_YEAR)
    lots = compute(made, LOTS).remaining
    found = waiting(made, lots, date(2024, 3, 1))
    assert [(row.long_from, row.days) for row in found] == [
        (date(2024, 6, 2), 93),
        (date(2025, 1, 2), 307),
    ]
    assert waiting(settings(), lots, date(2024, 3, 1)) == []


def test_losses_that_could_be_taken() -> None:
    lots = compute(settings(), [*LOTS, buy("2024-01-01", "5 XYZ", "10")]).remaining

    def price(asset: str) -> Decimal | None:
        return Decimal(150) if asset == "BTC" else None

    found: Any = harvest(settings(), lots, price, date(2024, 1, 20), days=30)
    assert [(row.loss, row.is_recent) for row in found] == [(150, False), (50, True)]
    assert unpriced(lots, price) == {"XYZ": 5}


def test_a_year_is_the_same_by_its_own_method() -> None:
    told = History([*LOTS, sell("2024-02-01", "1 BTC", "400")], "EUR")
    year = year_of(NEUTRAL, neutral("lifo"), told, (), 2024)
    found = {row.method: row for row in compare(NEUTRAL, neutral(), told, (), 2024)}
    assert found["lifo"].gain == sum(row.gain for row in year.disposals)
