"""Amounts lose no digit, whatever is done with them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine import money

AMOUNTS = st.decimals(
    min_value=Decimal(-(10**40)), max_value=Decimal(10**40), places=18, allow_nan=False
) | st.builds(
    lambda n, e: Decimal(n).scaleb(e, context=money.EXACT),
    st.integers(-(10**60), 10**60),
    st.integers(-50, -12),
)


@given(st.lists(AMOUNTS, max_size=30))
def test_a_total_is_exact_in_any_order(amounts: list[Decimal]) -> None:
    exact = sum((Fraction(amount) for amount in amounts), Fraction(0))
    assert Fraction(money.total(amounts)) == exact
    assert Fraction(money.total(reversed(amounts))) == exact


@given(AMOUNTS)
def test_plain_text_reads_back_the_same(amount: Decimal) -> None:
    text = money.plain(amount)
    assert money.parse(text) == amount
    assert "E" not in text
    assert not ("." in text and text.endswith(("0", ".")))


@given(AMOUNTS)
def test_the_other_way_and_back(amount: Decimal) -> None:
    assert money.add(amount, money.negate(amount)) == 0


def test_beyond_the_28_digits_of_the_default_context() -> None:
    large, small = Decimal("123456789012345678901234567890"), Decimal("0.000000000000000001")
    assert money.plain(money.add(large, small)) == f"{large}.000000000000000001"
    assert money.plain(money.multiply(Decimal("1.000000000000000001"), large)) == (
        "123456789012345679024691356902.34567890123456789"
    )


@pytest.mark.parametrize(
    ("text", "plain"),
    [("4.00000100", "4.000001"), ("1e-8", "0.00000001"), ("-0", "0"), ("1E+3", "1000")],
)
def test_exchange_numbers_are_read(text: str, plain: str) -> None:
    assert money.plain(money.parse(text)) == plain


@pytest.mark.parametrize("text", ["", "x", "NaN", "Infinity", "1,5", 1.5, None])
def test_what_is_no_number_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="number"):
        money.parse(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("amount", ["1", "0"])
def test_nothing_is_divided_by_nothing(amount: str) -> None:
    with pytest.raises(ZeroDivisionError):
        money.divide(Decimal(amount), Decimal(0))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("0", True),
        ("0E-90", True),
        ("1e49", True),
        ("1e50", False),
        ("1e-50", True),
        ("1e-51", False),
        ("1e999999", False),
    ],
)
def test_what_is_kept_has_bounds(text: str, fits: bool) -> None:
    assert money.fits(Decimal(text)) is fits
