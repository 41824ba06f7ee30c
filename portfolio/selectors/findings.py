"""Reads findings for the review page: by cause, the most money at risk first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal
from uuid import UUID

import structlog
from django.db.models import Count, F, Q, Sum, Window
from django.db.models.functions import RowNumber

from accounts.models import User
from portfolio.engine import grading, money
from portfolio.models import Connection, DataGrade, Finding
from portfolio.models.finding import FindingQuerySet
from portfolio.selectors.finder import Finder, by_cause

log = structlog.get_logger(__name__)

# Of each cause on the page of all; a page of one cause, and of what is closed.
SHOWN = 8
PAGE_SIZE = 40

Tab = Literal["open", "dismissed", "closed"]
_RANK = (F("value").desc(nulls_first=True), "id")


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader wants to see; ``page`` counts from 1, for one cause and for what is closed."""

    tab: Tab = "open"
    cause: str = ""
    connection: UUID | None = None
    page: int = 1

    @property
    def is_paged(self) -> bool:
        """Whether it is one list; else the first of each cause."""
        return bool(self.cause) or self.tab == "closed"


@dataclass(frozen=True, slots=True)
class Row:
    """One finding with its sentence; the finder is None where nobody looks for it any more."""

    finding: Finding
    finder: Finder | None

    @property
    def line(self) -> str:
        """In the reader's language; "" of a cause that is gone, or told by a former version."""
        if self.finder is None:
            return ""
        try:
            return self.finder.line(self.finding.data)
        except (LookupError, ValueError):
            log.warning("a finding has not what its words need", finding=self.finding.pk)
            return ""


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one cause; ``rows`` may be the first few of ``number``."""

    cause: str
    finder: Finder | None
    number: int
    unknown: int  # of unknown money
    value: Decimal  # of the others
    rows: tuple[Row, ...]

    @property
    def more(self) -> int:
        """How many are not among the rows."""
        return self.number - len(self.rows)


@dataclass(frozen=True, slots=True)
class Page:
    """One page; ``groups`` come by money at risk, what is closed in one list, latest first."""

    groups: tuple[Group, ...]
    closed: tuple[Row, ...]
    has_before: bool
    has_after: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of each, for the tabs."""

    open: int
    dismissed: int
    closed: int


def page(user: User, filters: Filters, grade: DataGrade) -> Page:
    """One page of the review, in two queries however many there are."""
    rows = _filtered(user, filters)
    start = (filters.page - 1) * PAGE_SIZE
    if filters.tab == "closed":
        found = list(rows.order_by("-closed_at", "-id")[start : start + PAGE_SIZE + 1])
        closed = tuple(row_of(finding) for finding in found[:PAGE_SIZE])
        return Page((), closed, filters.page > 1, len(found) > PAGE_SIZE)
    if filters.is_paged:
        found = list(rows.order_by(*_RANK)[start : start + PAGE_SIZE + 1])
    else:
        found = list(_first_of_each(rows))
    is_cut = filters.is_paged and len(found) > PAGE_SIZE
    groups = _grouped(rows, found[:PAGE_SIZE] if filters.is_paged else found, grade.worth)
    return Page(groups, (), filters.is_paged and filters.page > 1, is_cut)


def _filtered(user: User, filters: Filters) -> FindingQuerySet:
    rows = Finding.objects.of(user)
    tabs = {"open": rows.open, "dismissed": rows.dismissed, "closed": rows.closed}
    rows = tabs[filters.tab]().select_related("connection")
    if filters.cause:
        rows = rows.filter(cause=filters.cause)
    if filters.connection:
        rows = rows.filter(connection=filters.connection)
    return rows


def _first_of_each(rows: FindingQuerySet) -> FindingQuerySet:
    place = Window(RowNumber(), partition_by="cause", order_by=list(_RANK))
    return rows.annotate(place=place).filter(place__lte=SHOWN).order_by(*_RANK)


def _grouped(rows: FindingQuerySet, shown: Sequence[Finding], worth: Decimal) -> tuple[Group, ...]:
    tallies = (
        rows.order_by()
        .values_list("cause")
        .annotate(
            number=Count("pk"),
            unknown=Count("pk", filter=Q(value__isnull=True)),
            value=Sum("value", default=money.ZERO),
        )
    )
    groups = [
        Group(
            cause=cause,
            finder=by_cause().get(cause),
            number=number,
            unknown=unknown,
            value=value,
            rows=tuple(row_of(finding) for finding in shown if finding.cause == cause),
        )
        for cause, number, unknown, value in tallies
    ]
    return tuple(sorted(groups, key=lambda group: _rank(group, worth)))


def _rank(group: Group, worth: Decimal) -> tuple[Decimal, str]:
    """Most at risk first; unknown money counts as it does in the grade."""
    each = money.multiply(max(worth, money.ZERO), grading.UNKNOWN)
    counted = money.add(group.value, money.multiply(each, Decimal(group.unknown)))
    return (money.negate(counted), group.cause)


def row_of(finding: Finding) -> Row:
    """One finding with what looks for it."""
    return Row(finding, by_cause().get(finding.cause))


def counts(user: User) -> Counts:
    """How many are open, dismissed and closed, in one query."""
    is_closed = Q(closed_at__isnull=False)
    is_dismissed = Q(closed_at__isnull=True, dismissed_at__isnull=False)
    found = Finding.objects.of(user).aggregate(
        open=Count("pk", filter=Q(closed_at__isnull=True, dismissed_at__isnull=True)),
        dismissed=Count("pk", filter=is_dismissed),
        closed=Count("pk", filter=is_closed),
    )
    return Counts(**found)


def open_ids(user: User, filters: Filters) -> list[int]:
    """All open findings that the filters leave."""
    return list(_filtered(user, filters).open().order_by("pk").values_list("pk", flat=True))


def connections(user: User) -> tuple[Connection, ...]:
    """What there is to filter by."""
    return tuple(Connection.objects.of(user).order_by("label", "created_at"))


# --- The grade --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GradeLine:
    """What one cause counts in the grade; ``counts`` is share times weight. Shares are 0 to 1."""

    cause: str
    finder: Finder | None
    number: int
    unknown: int
    value: Decimal
    share: Decimal
    weight: Decimal

    @property
    def counted(self) -> Decimal:
        """The part of the doubt that it makes, in percent."""
        return money.multiply(money.multiply(self.share, self.weight), Decimal(100))

    @property
    def percent(self) -> Decimal:
        """Its share of the worth in percent."""
        return money.multiply(self.share, Decimal(100))


def grade_lines(grade: DataGrade) -> tuple[GradeLine, ...]:
    """What a stored grade is made of, what counts most first."""
    lines = [
        GradeLine(
            cause=part["cause"],
            finder=by_cause().get(part["cause"]),
            number=int(part["number"]),
            unknown=int(part["unknown"]),
            value=Decimal(part["value"]),
            share=Decimal(part["share"]),
            weight=Decimal(part["weight"]),
        )
        for part in grade.parts
    ]
    return tuple(sorted(lines, key=lambda line: (money.negate(line.counted), line.cause)))


def failing(grade: DataGrade) -> tuple[str, ...]:
    """The titles of the causes that could not be looked for."""
    known = by_cause()
    causes = [told["cause"] for told in grade.failing]
    return tuple(str(known[cause].title) if cause in known else cause for cause in causes)
