"""A fall that records explain, in any way of counting them, is none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portfolio.engine.falls import falls_short

D = Decimal


@pytest.mark.parametrize(
    ("before", "now", "booked", "short"),
    [
        ("5", "4", ["0"], True),
        ("5", "4", ["-1"], False),
        ("5", "4", ["-0.5"], True),
        ("5", "5", ["0"], False),
        ("5", "6", ["0"], False),
        ("5", "6", ["2"], True),
        # One way of counting suffices: an old purchase came in late.
        ("5", "4", ["4", "-1"], False),
        ("5", "4", ["4", "0"], True),
        # What exchanges round away is nothing; what is left of dust is.
        ("1000000", "999999.5", ["0"], False),
        ("0.00000100", "0", ["0"], True),
        ("0", "-1", ["0"], True),
        ("0", "0", ["0"], False),
        ("123456789012345678901234567890.1", "123456789012345678901234567889.1", ["-1"], False),
    ],
)
def test_falls_short(before: str, now: str, booked: list[str], short: bool) -> None:
    assert falls_short(D(before), D(now), *map(D, booked)) is short
