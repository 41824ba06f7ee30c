"""The grade of the data: the rule, its edges, and that more doubt is never a better letter."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.grading import Part, grade

D = Decimal


def part(value: str, *, unknown: int = 0, weight: str = "1") -> Part:
    return Part("cause", 1, unknown, D(value), D(weight))


@pytest.mark.parametrize(
    ("value", "letter"),
    [
        ("0", "A"),
        ("1", "A"),
        ("1.001", "B"),
        ("10", "B"),
        ("10.001", "C"),
        ("50", "C"),
        ("200", "D"),
        ("200.001", "E"),
        ("99999", "E"),
    ],
)
def test_letters_by_the_part_of_a_worth_of_a_thousand(value: str, letter: str) -> None:
    assert grade([part(value)], D(1000)).letter == letter


def test_unknown_money_counts_one_hundredth_each() -> None:
    assert grade([part("0", unknown=3)], D(1000)).doubt == D("0.03")
    assert grade([part("20", unknown=3, weight="0.5")], D(1000)).doubt == D("0.025")


def test_a_cause_counts_at_most_its_weight_and_all_at_most_everything() -> None:
    assert grade([part("5000", weight="0.05")], D(1000)).doubt == D("0.05")
    assert grade([part("5000"), part("5000")], D(1000)).doubt == 1


def test_money_at_risk_without_any_worth_is_all_of_it() -> None:
    assert grade([part("1")], D(0)).letter == "E"
    assert grade([part("0", unknown=1)], D(-5)).doubt == D("0.01")
    assert grade([], D(0)).letter == "A"


amounts = st.decimals(0, 10**12, places=8)


@given(st.lists(amounts, max_size=4), amounts, amounts)
def test_more_at_risk_is_never_better(values: list[Decimal], more: Decimal, worth: Decimal) -> None:
    parts = [Part("c", 1, 0, value, D("0.3")) for value in values]
    before = grade(parts, worth)
    after = grade([*parts, Part("more", 1, 0, more, D(1))], worth)
    assert after.doubt >= before.doubt
    assert after.letter >= before.letter
