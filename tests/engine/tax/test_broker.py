"""What a broker told, held against a report: differences, their causes, and the boxes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from portfolio.engine.tax.broker import Cause, Own, Told, box, boxes, compare, total

D = Decimal
MARCH, APRIL = date(2025, 3, 1), date(2025, 4, 1)


def told(proceeds: str, basis: str | None = None, on: date = MARCH, letter: str = "H") -> Told:
    return Told("BTC", on, D(proceeds), None if basis is None else D(basis), letter)


def own(proceeds: str, cost: str, on: date = MARCH, *, elsewhere: bool = False) -> Own:
    return Own("BTC", on, D(proceeds), D(cost), elsewhere)


@pytest.mark.parametrize(
    ("theirs", "mine", "causes"),
    [
        ([told("10", "5")], [own("10", "5")], []),
        ([told("10.01", "5")], [own("10.005", "5")], [Cause.ROUNDING]),
        ([told("10", "5.005")], [own("10", "5")], [Cause.ROUNDING]),
        ([told("10")], [own("10", "5")], [Cause.NO_BASIS]),
        ([told("10")], [own("10", "5", elsewhere=True)], [Cause.NO_BASIS, Cause.TRANSFERRED]),
        ([told("10", "9")], [own("10", "5", elsewhere=True)], [Cause.TRANSFERRED]),
        ([told("10", "5", APRIL), told("1", "0")], [own("1", "0")], [Cause.NOT_IN_LEDGER]),
        ([told("1", "0")], [own("1", "0"), own("10", "5", APRIL)], [Cause.NOT_AT_BROKER]),
        ([], [own("10", "5")], [Cause.NOT_AT_BROKER]),
        ([told("10", "5")], [], [Cause.NOT_IN_LEDGER]),
        ([told("10", "5")], [own("12", "5")], [Cause.OTHER]),
        ([told("10", "5")], [own("10", "6")], [Cause.OTHER]),
        # Midnight is not the same everywhere: other days, the same money.
        ([told("10", "5", APRIL)], [own("10", "5")], []),
    ],
)
def test_differences_have_causes(theirs: list[Told], mine: list[Own], causes: list[Cause]) -> None:
    (row,) = compare(theirs, mine)
    assert list(row.causes) == causes


def test_sums_are_exact_and_unknown_is_not_zero() -> None:
    rows = compare([told("0.1", "1"), told("0.2")], [own("0.3", "2")])
    assert (rows[0].difference, rows[0].basis, rows[0].basis_difference) == (D(0), D(1), None)
    assert (total(rows).proceeds, total(rows).told, total(rows).own) == (D("0.3"), 2, 1)
    (none,) = compare([told("1")], [own("1", "0")])
    assert (none.basis, none.basis_difference, total([none]).basis) == (None, None, None)


def test_the_greatest_difference_comes_first() -> None:
    mine = [own("10", "5"), Own("ETH", MARCH, D(99), D(0))]
    assert [row.asset for row in compare([told("9", "5")], mine)] == ["ETH", "BTC"]


@pytest.mark.parametrize(
    ("is_long", "is_reported", "letter"),
    [
        (False, True, "G"),
        (False, False, "H"),
        (False, None, "I"),
        (True, True, "J"),
        (True, False, "K"),
        (True, None, "L"),
    ],
)
def test_the_box_follows_from_form_and_term(
    *, is_long: bool, is_reported: bool | None, letter: str
) -> None:
    assert box(is_long=is_long, is_basis_reported=is_reported) == letter


def test_of_one_day_the_basis_is_reported_where_it_is_for_all() -> None:
    rows = [told("1", "1", letter="G"), told("1", letter="H"), told("1", "1", APRIL, "J")]
    assert boxes(rows) == {("BTC", MARCH): False, ("BTC", APRIL): True}
