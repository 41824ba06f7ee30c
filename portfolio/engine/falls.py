"""Tells a balance that fell without a record from one that records explain."""

from __future__ import annotations

from decimal import Decimal

from portfolio.engine import money

# Exchanges round what they report: less than this part of a balance is not a fall.
ROUNDING = Decimal("0.000001")


def falls_short(before: Decimal, now: Decimal, *booked: Decimal) -> bool:
    """Whether a balance is lower now than ``before`` and any of the ``booked`` changes make it.

    ``booked`` are the same records counted in several ways: by when they came in, by when they
    happened. One of them suffices as an explanation.
    """
    expected = min(money.add(before, change) for change in booked)
    gap = money.add(expected, money.negate(now))
    return gap > money.multiply(max(before, expected, money.ZERO), ROUNDING)
