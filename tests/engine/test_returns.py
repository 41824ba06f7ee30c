"""Returns and falls, against figures worked out by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine import returns
from portfolio.engine.returns import Day

START = date(2026, 1, 1)


def day(number: int, value: str, put_in: str = "0", out: str = "0", **rest: Any) -> Day:
    return Day(
        START + timedelta(days=number), Decimal(value), Decimal(put_in), Decimal(out), **rest
    )


def test_time_weighted_does_not_count_what_was_put_in_as_gain() -> None:
    # +10 %, then 1,000 more come in and nothing is won, then -5 %.
    days = [day(0, "100"), day(1, "110"), day(2, "1110", "1000"), day(3, "1054.5")]
    rate = returns.time_weighted(returns.chain(days))
    assert rate == returns.Rate(Decimal("0.045"), is_partial=False)


def test_what_is_put_in_counts_from_the_start_of_its_day_and_leaves_at_the_end() -> None:
    (came,) = returns.chain([day(0, "0"), day(1, "110", "100")])
    assert came.ratio == Decimal("0.1")
    (left,) = returns.chain([day(0, "100"), day(1, "0", out="110")])
    assert left.ratio == Decimal("0.1")


def test_simple_is_the_gain_over_all_that_was_at_work() -> None:
    days = [day(0, "100"), day(1, "150", "100", "20")]
    # 150 + 20 - 100 - 100 = -30, over 200
    assert returns.gain(days) == Decimal("-30")
    assert returns.simple(days).ratio == Decimal("-0.15")


def test_money_weighted_is_the_yearly_rate_of_a_doubling() -> None:
    assert returns.money_weighted([day(0, "100"), day(365, "200")]).ratio == Decimal(1)


def test_money_weighted_sees_when_money_came() -> None:
    # 100 for two years and 100 for one, at ten percent a year: 121 + 110.
    days = [day(0, "100"), day(365, "210", "100"), day(730, "231")]
    rate = returns.money_weighted(days).ratio
    assert rate is not None
    assert abs(rate - Decimal("0.1")) < Decimal("1e-7")


@pytest.mark.parametrize("days", [[day(0, "0"), day(9, "0")], [day(0, "5"), day(9, "0")]])
def test_money_weighted_is_unknown_without_both_signs(days: list[Day]) -> None:
    assert returns.money_weighted(days).ratio is None


def test_a_day_whose_ends_cannot_be_compared_is_left_out_and_said() -> None:
    days = [
        day(0, "100"),
        day(1, "110"),
        day(2, "500", unpriced=("X",)),  # something lost its price
        day(3, "110"),
        day(4, "121", gaps=1),
        day(5, "121"),
    ]
    links = returns.chain(days)
    assert [link.ratio is None for link in links] == [False, True, True, True, False]
    assert returns.time_weighted(links) == returns.Rate(Decimal("0.1"), is_partial=True)
    assert returns.simple(days).is_partial
    assert returns.money_weighted(days).is_partial


def test_nothing_known_is_unknown_not_zero() -> None:
    links = returns.chain([day(0, "1"), day(1, "2", unpriced=("X",))])
    assert returns.time_weighted(links) == returns.Rate(None, is_partial=True)
    assert returns.simple([day(0, "0"), day(1, "5")]).ratio is None


def test_worth_out_of_nothing_has_no_return_of_its_own() -> None:
    links = returns.chain([day(0, "0"), day(1, "0"), day(2, "5")])
    assert [link.ratio for link in links] == [0, None]


def test_a_fall_has_its_depth_and_its_days() -> None:
    values = ["100", "120", "120", "90", "60", "100", "120", "130"]
    days = [day(number, value) for number, value in enumerate(values)]
    fall = returns.drawdown(returns.course(days[0], returns.chain(days)))
    assert fall is not None
    assert fall.depth == Decimal("-0.5")
    assert (fall.peak, fall.trough) == (days[2].on, days[4].on)
    assert fall.recovered == days[6].on


def test_a_fall_that_lasts_is_not_recovered_and_none_is_none() -> None:
    down = [day(0, "100"), day(1, "70")]
    fall = returns.drawdown(returns.course(down[0], returns.chain(down)))
    assert fall == returns.Drawdown(Decimal("-0.3"), down[0].on, down[1].on, None)
    up = [day(0, "70"), day(1, "100")]
    assert returns.drawdown(returns.course(up[0], returns.chain(up))) is None
    assert returns.drawdown([]) is None


def test_taking_money_out_is_no_fall() -> None:
    days = [day(0, "100"), day(1, "10", out="90")]
    assert returns.drawdown(returns.course(days[0], returns.chain(days))) is None


amounts = st.decimals("0.01", "100000", places=2)


@given(st.lists(st.tuples(amounts, amounts), min_size=2, max_size=20))
def test_time_weighted_is_the_same_whatever_is_put_in(steps: list[tuple[Decimal, Decimal]]) -> None:
    """A price course is the return, however much is bought at each day's start."""
    days, units, price = [day(0, "0")], Decimal(0), Decimal(1)
    for number, (now, put_in) in enumerate(steps, 1):
        units += put_in / price
        price = now
        days.append(Day(START + timedelta(days=number), units * price, put_in))
    rate = returns.time_weighted(returns.chain(days)).ratio
    assert rate is not None
    assert abs((1 + rate) / price - 1) < Decimal("1e-20")
