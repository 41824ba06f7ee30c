"""Prepares drawings: what scripts and SVG need, and the same as a table to read."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.utils import formats
from django.utils.translation import gettext

from portfolio.engine import money
from portfolio.selectors.valuation import DailyPoint

SPARK_WIDTH, SPARK_HEIGHT = 120, 32
# A table of more days than this is thinned to the last day of each month.
TABLE_DAYS = 40


def daily(points: Sequence[DailyPoint], currency: str) -> dict[str, object]:
    """The line of daily worth, packed: days and values are each one text, parted by spaces.

    Values stay text to the last; only the drawing turns them into coordinates.
    """
    return {
        "currency": currency,
        "days": " ".join(point.on.isoformat() for point in points),
        "values": " ".join(_cents(point.value) for point in points),
        "unpriced": {
            index: ", ".join(point.unpriced) for index, point in enumerate(points) if point.unpriced
        },
        "without": gettext("without"),
        "thousands": str(formats.get_format("THOUSAND_SEPARATOR")),
        "decimal": str(formats.get_format("DECIMAL_SEPARATOR")),
    }


def _cents(value: Decimal) -> str:
    return format(value.quantize(Decimal("0.01"), context=money.EXACT), "f")


def thinned(points: Sequence[DailyPoint]) -> list[DailyPoint]:
    """The points for the table, newest first: each day, or the last day of each month."""
    if len(points) <= TABLE_DAYS:
        return list(reversed(points))
    last_of_month = {(point.on.year, point.on.month): point for point in points}
    return list(reversed(last_of_month.values()))


def line(values: Sequence[Decimal]) -> str:
    """The points of an SVG line, "x,y x,y ..."; "" where there is none to draw."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or Decimal(1)
    pad = 2
    return " ".join(
        f"{Decimal(index * SPARK_WIDTH) / (len(values) - 1):.2f},"
        f"{pad + (SPARK_HEIGHT - 2 * pad) * (high - value) / span:.2f}"
        for index, value in enumerate(values)
    )
