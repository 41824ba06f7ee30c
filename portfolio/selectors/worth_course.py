"""Reads the stored days of a range: worth, flows, income, fees, what they are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from accounts.models import User
from portfolio.engine import comparison, money
from portfolio.engine.closes import DAY
from portfolio.engine.comparison import CourseDay
from portfolio.models import DailyValue
from portfolio.selectors.ranges import Range
from portfolio.selectors.valuation import DailyPoint, Valuation


@dataclass(frozen=True, slots=True)
class StoredDay:
    """One day as stored."""

    on: date
    value: Decimal
    unpriced: tuple[str, ...]
    put_in: Decimal
    taken_out: Decimal
    income: Decimal
    fees: Decimal
    gaps: int
    flow_gaps: int
    bitcoin: Decimal | None

    @property
    def course(self) -> CourseDay:
        return CourseDay(self.on, self.value, self.put_in, self.taken_out, self.bitcoin)


@dataclass(frozen=True, slots=True)
class WorthCourse:
    """A range by day, from the end of the day before it.

    ``untouched`` and ``bitcoin`` are what the same flows would be worth in the currency and in
    bitcoin. ``gaps`` counts amounts of unknown worth or cost, left out of the sums.
    """

    points: tuple[DailyPoint, ...]
    untouched: tuple[Decimal, ...] = ()
    bitcoin: tuple[Decimal | None, ...] = ()
    income: Decimal = money.ZERO
    fees: Decimal = money.ZERO
    gaps: int = 0
    flow_gaps: int = 0

    @property
    def is_bitcoin_known(self) -> bool:
        return any(value is not None for value in self.bitcoin)


def stored(user: User, since: date | None, until: date) -> list[StoredDay]:
    """The days in the reporting currency, oldest first; from the first record on. One query."""
    days = DailyValue.objects.filter(
        owner=user, currency=user.reporting_currency, on__lte=until
    ).order_by("on")
    if since is not None:
        days = days.filter(on__gte=since)
    rows = days.values_list(
        "on",
        "value",
        "unpriced",
        "put_in",
        "taken_out",
        "income",
        "fees",
        "gaps",
        "flow_gaps",
        "bitcoin",
    )
    return [StoredDay(row[0], row[1], tuple(row[2]), *row[3:]) for row in rows]


def of_range(days: Sequence[StoredDay], asked: Range, worth: Valuation, today: date) -> WorthCourse:
    """The range out of stored days; its last point is the worth of now where it ends today."""
    inside = [day for day in days if asked.base is None or day.on >= asked.base]
    inside = [day for day in inside if day.on <= asked.last]
    points = [DailyPoint(day.on, day.value, day.unpriced) for day in inside if day.on < today]
    if asked.last >= today and points and worth.rows:
        points.append(DailyPoint(today, worth.total, worth.unpriced))
    counted = inside[1:] if inside and inside[0].on == asked.base else inside
    told = [day.course for day in inside][: len(points)]
    if len(told) < len(points):  # today is not stored yet
        told.append(CourseDay(today, worth.total))
    untouched, bitcoin = _compared(told, asked.base)
    return WorthCourse(
        points=tuple(points),
        untouched=tuple(untouched),
        bitcoin=tuple(bitcoin),
        income=money.total(day.income for day in counted),
        fees=money.total(day.fees for day in counted),
        gaps=sum(day.gaps for day in counted),
        flow_gaps=sum(day.flow_gaps for day in counted),
    )


def _compared(
    days: Sequence[CourseDay], base: date | None
) -> tuple[Sequence[Decimal], Sequence[Decimal | None]]:
    """What the flows would be worth elsewhere by day; before the first record was nothing."""
    if not days or days[0].on == base:
        return comparison.untouched(days), comparison.in_bitcoin(days)
    with_start = [CourseDay(days[0].on - DAY, money.ZERO), *days]
    return comparison.untouched(with_start)[1:], comparison.in_bitcoin(with_start)[1:]
