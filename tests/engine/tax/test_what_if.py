"""What would be: it is what is, once it is done."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine.tax import History, TaxEvent, compute
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax.place import Place, all_places, by_id
from portfolio.engine.tax.settings import LongTerm, Oversell
from portfolio.engine.tax.types import Leg
from portfolio.engine.tax.what_if import (
    Wash,
    compare,
    harvest,
    last_bought,
    long_from,
    unpriced,
    waiting,
    wash,
)
from portfolio.engine.tax.yearly import year_of
from tests.engine.tax.build import at, buy, sell, settings

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

    assert [row.loss for row in harvest(lots, price)] == [150, 50]
    assert unpriced(lots, price) == {"XYZ": 5}


@pytest.mark.parametrize(
    ("place", "bought", "expected"),
    [
        # Until the 30th day after, the purchase counts; the days before matter where the law says.
        ("canada", "2024-01-01", Wash(date(2024, 1, 1), date(2024, 3, 2))),
        ("canada", "2023-12-31", Wash(None, date(2024, 3, 2))),
        ("uk", "2024-01-01", Wash(None, date(2024, 3, 2))),
        ("ireland", "2024-01-30", Wash(None, date(2024, 2, 29))),
        ("us", "2024-01-30", Wash(date(2024, 1, 30), date(2024, 3, 2))),
        ("germany", "2024-01-30", None),
    ],
)
def test_the_rule_on_buying_again(place: str, bought: str, expected: Wash | None) -> None:
    assert wash(by_id(place), settings(), at(bought), date(2024, 1, 31)) == expected


def test_when_a_coin_was_bought_last() -> None:
    told = [*LOTS, sell("2024-02-01", "1 BTC", "400"), buy("2023-12-01", "5 XYZ", "10")]
    found = last_bought(settings(), History(told, "EUR"))
    assert found == {"BTC": at("2024-01-01"), "XYZ": at("2023-12-01")}


@pytest.mark.parametrize("place", [one for one in all_places() if one.has_wash_sales])
def test_a_rule_on_buying_again_has_its_days(place: Place) -> None:
    assert place.wash_days[1] > 0


def test_a_year_is_the_same_by_its_own_method() -> None:
    told = History([*LOTS, sell("2024-02-01", "1 BTC", "400")], "EUR")
    year = year_of(NEUTRAL, neutral("lifo"), told, (), 2024)
    found = {row.method: row for row in compare(NEUTRAL, neutral(), told, (), 2024)}
    assert found["lifo"].gain == sums.net(year.disposals)
