"""Cells as values: exact, or refused with words."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from portfolio.imports import values
from portfolio.imports.format import NotUnderstood, Reading

POINT, COMMA = Reading(), Reading(decimal_comma=True)


@pytest.mark.parametrize(
    ("text", "reading", "expected"),
    [
        ("1,234.50", POINT, "1234.50"),
        ("1.234,50", COMMA, "1234.50"),
        ("1 234,5", COMMA, "1234.5"),
        ("($53.62)", POINT, "-53.62"),
        ("1,00,000.5", POINT, "100000.5"),
        ("+0.000000000000000001", POINT, "1E-18"),
        ("€ -7", POINT, "-7"),
        ("123456789012345678901234567890.123456789", POINT,
         "123456789012345678901234567890.123456789"),
    ],
)  # fmt: skip
def test_amounts_are_exact(text: str, reading: Reading, expected: str) -> None:
    assert values.amount(text, reading) == Decimal(expected)


@pytest.mark.parametrize("text", ["", " - ", "null", "NaN"])
def test_what_is_not_there_is_not_zero(text: str) -> None:
    assert values.amount(text, POINT) is None


@pytest.mark.parametrize("text", ["1.2.3", "12abc", "=1+1", "Infinity", "1e400", "0x10", "٣"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood):
        values.amount(text, POINT)


@pytest.mark.parametrize(
    ("text", "reading"),
    [("0,5", POINT), ("1,5", POINT), ("0,123", POINT), ("1.5", COMMA), ("1,234,5", POINT)],
)
def test_another_countrys_decimal_sign_is_not_taken_for_thousands(
    text: str, reading: Reading
) -> None:
    with pytest.raises(NotUnderstood, match="decimal"):
        values.amount(text, reading)


def test_a_zone_in_the_cell_counts_before_the_readings() -> None:
    tokyo = Reading(zone="Asia/Tokyo")
    assert values.moment("2024-03-01 09:00", tokyo) == datetime(2024, 3, 1, tzinfo=UTC)
    assert values.moment("2024-03-01T09:00:00+02:00", tokyo) == datetime(2024, 3, 1, 7, tzinfo=UTC)
    assert values.moment("2024-03-01 09:00:00 UTC", tokyo) == datetime(2024, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "name", ["Europe", "Europe/" + "[" * 400 + "Amsterdam", "../etc", "Mars/X"]
)
def test_what_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(NotUnderstood, match="is not a time zone"):
        values.zone(name)
