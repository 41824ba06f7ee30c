"""A year out of a history: what is in it, what was held before and after."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given

from portfolio.engine.tax import History, TaxEvent, compute
from portfolio.engine.tax.place import by_id
from portfolio.engine.tax.settings import Oversell
from portfolio.engine.tax.yearly import year_of, years
from tests.engine.tax.build import buy, event, sell
from tests.engine.tax.test_properties import histories

NEUTRAL = by_id("neutral")
EVENTS = [
    buy("2022-05-01", "2 BTC", "100"),
    sell("2023-02-01", "0.5 BTC", "50"),
    event("gift", "2023-03-01", out="0.5 BTC 60", subkind="gift"),
    event("income", "2023-12-31T23:30:00", into="1 ETH 10", subkind="staking"),
    sell("2024-02-01", "1 BTC", "90"),
]


def test_a_year_has_what_happened_in_it() -> None:
    made = NEUTRAL.settings_for("fifo", "EUR")
    told = History(EVENTS, "EUR")
    assert years(made, told) == [2022, 2023, 2024]
    found = year_of(NEUTRAL, made, told, (), 2023)
    assert [row.amount for row in found.disposals] == [Decimal("0.5")]
    assert [row.event for row in found.apart] == [2]
    assert [line.event for line in found.income] == [3]
    assert found.subkinds == {2: "gift", 3: "staking"}
    assert [(row.asset, row.amount) for row in found.opening] == [("BTC", Decimal(2))]
    assert [(row.asset, row.amount) for row in found.closing] == [
        ("BTC", Decimal(1)),
        ("ETH", Decimal(1)),
    ]


def test_the_year_is_that_of_the_place() -> None:
    made = NEUTRAL.settings_for("fifo", "EUR", "Europe/Berlin")
    found = year_of(NEUTRAL, made, History(EVENTS, "EUR"), (), 2024)
    assert [line.event for line in found.income] == [3]  # in Berlin it is 2024 already


@given(events=histories())
def test_years_add_up_to_the_whole(events: list[TaxEvent]) -> None:
    made = replace(NEUTRAL.settings_for("fifo", "EUR"), oversell=Oversell.ZERO_COST)
    told = History(events, "EUR")
    found = [year_of(NEUTRAL, made, told, (), year) for year in years(made, told)]
    whole = compute(made, told)
    assert [row for year in found for row in year.disposals] == list(whole.disposals)
    for year in found[-1:]:
        assert list(year.closing) == list(whole.remaining)
    for before, after in pairwise(found):
        assert before.closing == after.opening
