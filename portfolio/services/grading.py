"""Stores how far a user's figures can be relied on, with all that the grade is made of."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, Sum

from accounts.models import User
from portfolio.engine import grading, money
from portfolio.engine.grading import Part
from portfolio.models import Connection, DataGrade, Finding
from portfolio.selectors import valuation
from portfolio.selectors.finder import Finder, finders

Counted = tuple[int, int, Decimal]  # findings, those of unknown money, the money of the rest


def store(user: User, failing: Collection[str], now: datetime) -> None:
    """Grades anew after a look at everything; ``failing`` are the causes not looked for."""
    row = _locked(user)
    worth = valuation.holdings_valued(user)
    row.as_of, row.worth, row.currency = now, worth.total, worth.currency
    known = {told["cause"]: told for told in row.failing}
    row.failing = [
        known.get(cause, {"cause": cause, "since": now.isoformat()}) for cause in failing
    ]
    _grade(user, row)


def recount(user: User) -> None:
    """Grades anew after findings were put aside or taken back; the worth is that of the look."""
    row = _locked(user)
    if row.as_of is not None:
        _grade(user, row)


def _locked(user: User) -> DataGrade:
    DataGrade.objects.get_or_create(owner=user)
    return DataGrade.objects.select_for_update().get(owner=user)


def _grade(user: User, row: DataGrade) -> None:
    failing = {told["cause"] for told in row.failing}
    counts = _counts(user)
    parts = [
        part
        for finder in finders()
        if (part := _part(finder, counts.get(finder.cause), is_failing=finder.cause in failing))
    ]
    row.open_count = sum(number for number, _unknown, _value in counts.values())
    row.unknown_count = sum(unknown for _number, unknown, _value in counts.values())
    row.at_risk = money.total(value for _number, _unknown, value in counts.values())
    row.dismissed_count = Finding.objects.of(user).dismissed().count()
    row.parts = [_told(part, row.worth) for part in parts]
    row.letter = ""
    row.doubt = None  # type: ignore[assignment]  # the field may be null
    if Connection.objects.of(user).exists():
        grade = grading.grade(parts, row.worth)
        row.letter, row.doubt = grade.letter, grade.doubt
    row.save()


def _counts(user: User) -> dict[str, Counted]:
    """Of the open findings by cause: how many, how many of unknown money, the rest's money."""
    rows = (
        Finding.objects.of(user)
        .open()
        .order_by()
        .values_list("cause")
        .annotate(
            number=Count("pk"),
            unknown=Count("pk", filter=Q(value__isnull=True)),
            value=Sum("value", default=money.ZERO),
        )
    )
    return {cause: (number, unknown, value) for cause, number, unknown, value in rows}


def _part(finder: Finder, counted: Counted | None, *, is_failing: bool) -> Part | None:
    """What one cause counts; one that could not be looked for counts one of unknown money more."""
    if counted is None and not is_failing:
        return None
    number, unknown, value = counted or (0, 0, money.ZERO)
    return Part(finder.cause, number, unknown + is_failing, value, finder.weight)


def _told(part: Part, worth: Decimal) -> dict[str, str]:
    share = part.share(worth)
    return {
        "cause": part.cause,
        "number": str(part.number),
        "unknown": str(part.unknown),
        "value": money.plain(part.value),
        "weight": money.plain(part.weight),
        "share": money.plain(share),
    }
