"""From the figures of forms to the lines they are sums of, and back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from django.db.models import Count, F, Q, QuerySet, Sum, Value, Window
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from portfolio.engine import money
from portfolio.engine.tax import origins
from portfolio.engine.tax import place as places
from portfolio.engine.tax.origins import Lines, Origin
from portfolio.engine.tax.place import UnknownPlace
from portfolio.models import TaxLine, TaxReport
from portfolio.models.fields import ExactDecimalField
from portfolio.selectors import tax_pages, tax_unpriced
from portfolio.selectors.tax_pages import PAGE_SIZE, Figure, LinePage

Rows: TypeAlias = "QuerySet[TaxLine]"
_LONG = "long"
# Of these one unknown worth makes the sum unknown.
_HELD = frozenset({TaxLine.Part.OPENING, TaxLine.Part.CLOSING})


def origin(report: TaxReport, figure: Figure) -> Origin | None:
    """What a figure is made of; None where the place, or the figure, is no longer offered."""
    try:
        return places.by_id(report.place).origins(report.year).get(figure.title)
    except UnknownPlace:
        return None


@dataclass(frozen=True, slots=True)
class Sums:
    """All lines of a part together, exact; None where the part has no such column."""

    proceeds: Decimal | None
    cost: Decimal | None
    denied: Decimal | None
    value: Decimal | None

    @property
    def gain(self) -> Decimal | None:
        """Proceeds less cost, with what is denied of losses."""
        if self.proceeds is None or self.cost is None:
            return None
        return money.total([self.proceeds, money.negate(self.cost), self.denied or money.ZERO])


def sums(rows: QuerySet[TaxLine]) -> Sums:
    """What figures are rounded from; what has no price is in none of them. One query."""
    rows = rows.exclude(tax_unpriced.UNPRICED)
    found = rows.aggregate(a=Sum("proceeds"), b=Sum("cost"), c=Sum("denied"), d=Sum("value"))
    return Sums(found["a"], found["b"], found["c"], found["d"])


# --- The lines of a sum -----------------------------------------------------------------------


def lines(report: TaxReport, wanted: Lines) -> QuerySet[TaxLine]:
    """The lines that a sum is made of: what nobody knows the price of is in no sum of a year."""
    rows = _of_kind(report, wanted)
    if wanted.part not in _HELD:
        rows = rows.exclude(_unknown(wanted))
    if wanted.column == "denied":
        rows = rows.exclude(denied=None)
    if not wanted.sign:
        return rows
    measure = _measure(wanted)
    if wanted.by:
        measure = Window(Sum(measure), partition_by=list(wanted.by))
    rows = rows.annotate(measured=measure)
    return rows.filter(measured__gt=0) if wanted.sign > 0 else rows.filter(measured__lt=0)


def _of_kind(report: TaxReport, wanted: Lines) -> QuerySet[TaxLine]:
    """The same without regard to sign."""
    rows = TaxLine.objects.filter(report=report, part=wanted.part)
    if wanted.is_long is not None:
        rows = rows.filter(term=_LONG) if wanted.is_long else rows.exclude(term=_LONG)
    if wanted.subkinds is not None:
        among = Q(subkind__in=sorted(wanted.subkinds))
        rows = rows.exclude(among) if wanted.is_other else rows.filter(among)
    if wanted.is_money is not None:
        money_ = Q(asset=report.currency)
        rows = rows.filter(money_) if wanted.is_money else rows.exclude(money_)
    if wanted.since is not None:
        rows = rows.filter(on__gte=wanted.since)
    return rows.filter(on__lt=wanted.before) if wanted.before is not None else rows


def _unknown(wanted: Lines) -> Q:
    """A line that nobody knows the price of."""
    return Q(value=None) if wanted.column == "value" else Q(proceeds=None) | Q(cost=None)


def _measure(wanted: Lines) -> Combinable:
    if wanted.column != "gain":
        return F(wanted.column)
    none = Value(money.ZERO, output_field=ExactDecimalField())
    return F("proceeds") - F("cost") + Coalesce(F("denied"), none)


@dataclass(frozen=True, slots=True)
class Total:
    """A sum of lines: how many there are, how many more nobody knows the price of, the sum."""

    number: int
    unknown: int
    amount: Decimal | None


def total(report: TaxReport, wanted: Lines) -> Total:
    """The sum of lines, exact; None where the worth of what was held is not known. Two queries."""
    rows = lines(report, wanted)
    unknown = _of_kind(report, wanted).filter(_unknown(wanted)).count()
    if wanted.column == "number":
        alike = rows.order_by().values(*wanted.by or ("pk",)).distinct().count()
        return Total(rows.count(), unknown, Decimal(alike))
    found = rows.aggregate(number=Count("pk"), amount=Sum(_measure(wanted)))
    is_known = not unknown or wanted.part not in _HELD
    return Total(found["number"], unknown, found["amount"] or money.ZERO if is_known else None)


def page(report: TaxReport, wanted: Lines, number: int, *, start: int) -> LinePage:
    """Some of the lines of a sum, of which there are ``number``, in order; one query."""
    end = start + PAGE_SIZE
    return LinePage(
        lines=list(lines(report, wanted).order_by("position")[start:end]),
        total=number,
        first=start,
        after=end if end < number else None,
        before=max(start - PAGE_SIZE, 0) if start else None,
    )


# --- From a line to the figures ---------------------------------------------------------------


def counted_in(
    report: TaxReport, line: TaxLine, figures: Iterable[Figure]
) -> list[tuple[int, Figure]]:
    """The figures that a line is part of, with their places in the report."""
    known: dict[Lines, bool] = {}
    found = []
    for place, figure in enumerate(figures):
        made_of = origin(report, figure)
        for wanted in origins.lines_of(made_of) if made_of else ():
            if wanted not in known:
                known[wanted] = _holds(report, wanted, line)
            if known[wanted]:
                found.append((place, figure))
                break
    return found


def _holds(report: TaxReport, wanted: Lines, line: TaxLine) -> bool:
    """Whether a line is one of those of a sum; a query where lines count together."""
    if wanted.column == "denied" and not line.denied:
        return False
    if not _is_of_kind(report, wanted, line):
        return False
    if (line.value if wanted.column == "value" else tax_pages.gain_of(line)) is None:
        return False
    if not wanted.sign:
        return True
    measured = tax_pages.gain_of(line) if wanted.column == "gain" else line.value
    if wanted.by:
        alike = {name: getattr(line, name) for name in wanted.by}
        rows = _of_kind(report, wanted).filter(**alike)
        measured = rows.aggregate(whole=Sum(_measure(wanted)))["whole"]
    return measured is not None and money.multiply(measured, Decimal(wanted.sign)) > 0


def _is_of_kind(report: TaxReport, wanted: Lines, line: TaxLine) -> bool:
    """As ``_of_kind``."""
    if wanted.part != line.part:
        return False
    checks = (
        wanted.is_long is None or (line.term == _LONG) is wanted.is_long,
        wanted.subkinds is None or (line.subkind in wanted.subkinds) is not wanted.is_other,
        wanted.is_money is None or (line.asset == report.currency) is wanted.is_money,
        wanted.since is None or (line.on is not None and line.on >= wanted.since),
        wanted.before is None or (line.on is not None and line.on < wanted.before),
    )
    return all(checks)
