"""Prepares drawings: what scripts and SVG need, and the same as a table to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from django.utils import formats
from django.utils.translation import gettext

from portfolio.engine import money
from portfolio.engine.returns import Mark
from portfolio.selectors.asset_course import Course, Point
from portfolio.selectors.valuation import DailyPoint
from portfolio.selectors.worth_course import WorthCourse
from portfolio.templatetags.coffer import PRICE_DIGITS, source_words

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


def falls(marks: Sequence[Mark]) -> dict[str, object]:
    """How far the time-weighted course was below its peak each day, in percent."""
    return {
        "unit": "%",
        "isFall": True,
        "days": " ".join(mark.on.isoformat() for mark in marks),
        "values": " ".join(_cents(money.multiply(mark.below, Decimal(100))) for mark in marks),
        "thousands": str(formats.get_format("THOUSAND_SEPARATOR")),
        "decimal": str(formats.get_format("DECIMAL_SEPARATOR")),
    }


def compared(course: WorthCourse, currency: str) -> dict[str, object]:
    """The lines beside the worth: the same flows left in the currency, and in bitcoin."""
    lines: list[tuple[str, Sequence[Decimal | None]]] = [
        (gettext("left in %(currency)s") % {"currency": currency}, course.untouched)
    ]
    if course.is_bitcoin_known:
        lines.append((gettext("in BTC"), course.bitcoin))
    return {
        "name": gettext("worth"),
        "more": [
            {"name": name, "values": " ".join("-" if v is None else _cents(v) for v in values)}
            for name, values in lines
        ],
    }


@dataclass(frozen=True, slots=True)
class Beside:
    """One day of the table under the chart."""

    on: date
    value: Decimal
    unpriced: tuple[str, ...]
    untouched: Decimal
    bitcoin: Decimal | None


def beside(course: WorthCourse) -> list[Beside]:
    """The days of the chart with what they are compared with."""
    days = zip(course.points, course.untouched, course.bitcoin, strict=True)
    return [Beside(p.on, p.value, p.unpriced, cash, coins) for p, cash, coins in days]


class _Dated(Protocol):
    @property
    def on(self) -> date: ...


T = TypeVar("T", bound=_Dated)


def thinned(points: Sequence[T]) -> list[T]:
    """What a table shows, newest first: each day, or the last day of each month."""
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


def course(course: Course) -> dict[str, object]:
    """The course of one asset, packed as ``daily`` does it; "-" stands for an unknown price.

    ``bought`` and ``sold`` are amounts by the number of their day.
    """
    points = course.points
    sources = list(dict.fromkeys(_source(point) for point in points if point.price is not None))
    return {
        "asset": course.asset,
        "currency": course.currency,
        "step": course.step,
        "days": " ".join(point.on.isoformat() for point in points),
        "prices": " ".join(_price(point) for point in points),
        "sources": sources,
        "source": [sources.index(_source(p)) if p.price is not None else None for p in points],
        "held": " ".join(money.plain(point.held) for point in points),
        "bought": {n: money.plain(p.bought) for n, p in enumerate(points) if p.bought},
        "sold": {n: money.plain(p.sold) for n, p in enumerate(points) if p.sold},
        "words": {
            "price": gettext("Price"),
            "held": gettext("Held"),
            "bought": gettext("Bought"),
            "sold": gettext("Sold"),
            "unknown": gettext("unknown"),
        },
        "thousands": str(formats.get_format("THOUSAND_SEPARATOR")),
        "decimal": str(formats.get_format("DECIMAL_SEPARATOR")),
    }


def _source(point: Point) -> str:
    return source_words(point.price.source) if point.price else ""


def _price(point: Point) -> str:
    """Two decimals, and of a small price the digits that count."""
    if point.price is None:
        return "-"
    price = point.price.price
    digits = max(2, PRICE_DIGITS - 1 - price.adjusted()) if price else 2
    return format(price.quantize(Decimal(1).scaleb(-digits), context=money.EXACT), "f")
