"""What people type as an amount, in whatever way they write numbers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.typed_amounts import Typed, read


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.0123", "0.0123", "0.0124"),
        ("12", "12", "13"),
        ("12.", "12", "13"),
        (".5", "0.5", "0.6"),
        ("0.50", "0.50", "0.51"),
        ("0,5", "0.5", "0.6"),
        ("1,250", "1250", "1251"),
        ("1,250.5", "1250.5", "1250.6"),
        ("1.250,5", "1250.5", "1250.6"),
        ("1,250,000", "1250000", "1250001"),
        ("1.234.567,89", "1234567.89", "1234567.90"),
        ("12500,25", "12500.25", "12500.26"),
    ],
)
def test_an_amount_and_those_that_begin_with_it(text: str, low: str, high: str) -> None:
    assert read(text) == Typed(Decimal(low), Decimal(high), 0)


def test_signs_exactness_and_assets() -> None:
    assert read("=0.5") == Typed(Decimal("0.5"), None, 0)
    assert read("-0.5 btc") == Typed(Decimal("0.5"), Decimal("0.6"), -1, "btc")
    assert read("−0.5") == Typed(Decimal("0.5"), Decimal("0.6"), -1)
    assert read("=+3  BTC") == Typed(Decimal(3), None, 1, "BTC")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "BTC",
        "abc0.5",
        "1,25,000",
        "1.2.3",
        "0.5 BTC now",
        "1e5",
        "1INCH",
        "7abc",
        "9" * 61,
        "٣",
        "--1",
    ],
)
def test_what_is_no_amount(text: str) -> None:
    assert read(text) is None


@given(st.decimals(0, 10**12, places=12), st.integers(0, 12))
def test_every_amount_begins_with_its_first_digits(amount: Decimal, decimals: int) -> None:
    text = f"{amount:f}"
    whole, _, fraction = text.partition(".")
    typed = read(f"{whole}.{fraction[:decimals]}" if decimals else whole)
    assert typed is not None
    assert typed.high is not None
    assert typed.low <= amount < typed.high
    assert typed.means(amount)
    assert typed.means(amount.copy_negate())


def test_a_sign_asks_for_one_direction() -> None:
    out, exactly = read("-0.5"), read("=0.5")
    assert out is not None
    assert exactly is not None
    assert [out.means(Decimal(n)) for n in ("-0.55", "0.55", "-0.6")] == [True, False, False]
    assert [exactly.means(Decimal(n)) for n in ("-0.50", "0.55")] == [True, False]
