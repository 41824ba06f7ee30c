"""Figures that add up as shown."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine import money
from portfolio.engine.rounding import apportioned, rounded, step

CENT = Decimal("0.01")


def test_thirds_add_up_to_the_whole() -> None:
    third = Decimal(1) / 3
    assert apportioned([third, third, third], CENT) == [
        Decimal("0.34"),
        Decimal("0.33"),
        Decimal("0.33"),
    ]


def test_unknown_stays_unknown_and_nothing_is_nothing() -> None:
    assert apportioned([None, Decimal("1.234"), Decimal(0)], CENT) == [
        None,
        Decimal("1.23"),
        Decimal(0),
    ]
    assert apportioned([], CENT) == []


def test_currencies_have_decimals_of_their_own() -> None:
    assert [step(currency) for currency in ("EUR", "JPY", "BTC")] == [CENT, 1, Decimal("1e-8")]


@given(st.lists(st.decimals(-(10**9), 10**9, places=6), max_size=30))
def test_they_add_up_to_the_rounded_sum_and_none_is_a_step_off(amounts: list[Decimal]) -> None:
    shown = [amount for amount in apportioned(amounts, CENT) if amount is not None]
    assert money.total(shown) == rounded(money.total(amounts), CENT)
    assert all(abs(a - b) < CENT for a, b in zip(shown, amounts, strict=True))
