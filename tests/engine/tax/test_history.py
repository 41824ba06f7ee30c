"""Histories in whole numbers: nothing is lost by counting, and loops of their own agree."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.money import total
from portfolio.engine.tax import History, TaxEvent, compute
from portfolio.engine.tax.by_lot import LotRun
from portfolio.engine.tax.days import Days
from portfolio.engine.tax.first_in import first_in
from portfolio.engine.tax.lots import Fifo
from portfolio.engine.tax.method import methods
from portfolio.engine.tax.operations import Operations
from portfolio.engine.tax.settings import Oversell
from portfolio.engine.tax.whole import micros, value, value_of
from tests.engine.tax.build import at, buy, event, sell, settings
from tests.engine.tax.test_properties import METHODS, histories

TINY = "0.00000000000000000000000000000000000000000000000001"  # 50 digits


def test_amounts_finer_than_those_before_them_are_counted_exactly() -> None:
    events = [
        buy("2023-01-01", "1 BTC", "100"),
        event("income", "2023-01-02", into="2 ETH 5"),
        event("trade", "2023-02-01", out="0.5 BTC 60", into=f"{TINY} XYZ 60"),
        buy("2023-03-01", "0.000000000001 ETH", "1"),
    ]
    found = compute(settings(), events)
    left = {row.asset: total(r.amount for r in found.remaining if r.asset == row.asset)
            for row in found.remaining}  # fmt: skip
    assert left == {
        "BTC": Decimal("0.5"),
        "ETH": Decimal("2.000000000001"),
        "XYZ": Decimal(TINY),
    }


def test_a_purchase_may_be_finer_than_those_before_it() -> None:
    events = [
        buy("2023-01-01", "1 BTC", "100"),
        buy("2023-01-02", "0.000000000001 BTC", "1"),
        sell("2023-01-03", "1.0000000000001 BTC", "50"),
    ]
    made = settings(oversell=Oversell.ZERO_COST)
    found = compute(made, events)
    assert [row.amount for row in found.disposals] == [
        Decimal(1),
        Decimal("0.0000000000001"),
    ]
    assert found.remaining[0].amount == Decimal("0.0000000000009")


def test_a_history_is_of_one_currency() -> None:
    told = History([buy("2023-01-01", "1 BTC", "100")], "EUR")
    with pytest.raises(ValueError, match="a history in EUR, settings in USD"):
        compute(settings(base_currency="USD"), told)


@given(events=histories(), method=st.sampled_from(sorted(methods().keys() - {"fr_portfolio"})))
def test_one_history_serves_all_methods(events: list[TaxEvent], method: str) -> None:
    made = settings(method, method_by_year={2021: "lifo", 2022: "hifo"})
    told = History(iter(events), "EUR")
    assert compute(made, told) == compute(made, events) == compute(made, told)


@given(events=histories(), cut=st.integers(0, 10))
def test_queues_give_what_lots_in_order_give(events: list[TaxEvent], cut: int) -> None:
    made = replace(settings(), oversell=Oversell.ZERO_COST)
    operations = Operations(made, History(events[cut:], "EUR"))
    assert first_in(operations) == LotRun(operations, Fifo).run()


@given(events=histories(), method=st.sampled_from(METHODS))
def test_the_order_of_different_moments_does_not_matter(
    events: list[TaxEvent], method: str
) -> None:
    apart = [row for place, row in enumerate(events) if not place or row.time > events[0].time]
    moments = {row.time for row in apart}
    if len(moments) < len(apart):
        return
    backwards = list(reversed(apart))
    made = settings(method, oversell=Oversell.ZERO_COST)
    one, other = compute(made, apart), compute(made, backwards)
    told = [(r.time, r.asset, r.amount, r.cost_basis, r.match) for r in one.disposals]
    assert told == [(r.time, r.asset, r.amount, r.cost_basis, r.match) for r in other.disposals]


def test_rows_are_a_sequence() -> None:
    events = [buy("2023-01-01", "3 BTC", "100"), sell("2023-02-01", "1 BTC", "50"),
              sell("2023-03-01", "1 BTC", "60")]  # fmt: skip
    rows = compute(settings(), events).disposals
    assert len(rows) == 2
    assert rows[-1] == list(rows)[1] == rows[1:][0]
    assert rows[-1].proceeds == 60
    assert rows != rows[:1]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@given(moment=st.datetimes(at("2009-01-03").replace(tzinfo=None), at("2040-01-01").replace(
    tzinfo=None)))  # fmt: skip
def test_days_are_those_of_the_place(zone: str, moment: object) -> None:
    made = settings(tax_timezone=zone)
    aware = at(str(moment).replace(" ", "T"))
    assert Days(made.zone).of(micros(aware)) == made.local_date(aware).toordinal()


@given(st.decimals("0", "1e12", places=36))
def test_values_of_36_digits_stay_what_they_are(worth: Decimal) -> None:
    assert value_of(value(worth)) == worth
