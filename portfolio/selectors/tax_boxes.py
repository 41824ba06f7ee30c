"""Form 8949 (United States) by box: each box's sums, and the lines behind them.

A line counts as reported where a Form 1099-DA that was given tells of its account, asset and day;
see ``portfolio.engine.tax.broker``. Money is in dollars.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Q, Sum

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.tax import broker
from portfolio.engine.tax import figures as rounding
from portfolio.engine.tax.places import us
from portfolio.models import TaxLine, TaxReport
from portfolio.selectors import broker_forms, tax_figures
from portfolio.selectors.tax_figures import Sums
from portfolio.selectors.tax_pages import PAGE_SIZE, LinePage

_IS_LONG = Q(term="long")


@dataclass(frozen=True, slots=True)
class Box:
    """One box; ``proceeds``, ``cost`` and ``gain`` are columns (d), (e) and (h), in cents."""

    letter: str
    part: str  # "I" or "II"
    proceeds: Decimal
    cost: Decimal
    gain: Decimal


def has_boxes(report: TaxReport) -> bool:
    """Whether a report is of the place that has the form."""
    return report.place == us.PLACE.id


def boxes(user: User, report: TaxReport) -> list[Box]:
    """The boxes that have lines, in order; two queries."""
    kinds = _kinds(user, report)
    asked = {
        f"{letter}_{column}": Sum(column, filter=kind)
        for letter, kind in kinds.items()
        for column in ("proceeds", "cost")
    }
    found = _lines(report).aggregate(**asked)
    told = ((letter, found[f"{letter}_proceeds"], found[f"{letter}_cost"]) for letter in kinds)
    return [_box(*row) for row in told if row[1] is not None]


def _box(letter: str, proceeds: Decimal, cost: Decimal) -> Box:
    gain = money.add(proceeds, money.negate(cost))
    part = "II" if letter in "FJKL" else "I"
    return Box(letter, part, *map(rounding.cents, (proceeds, cost, gain)))


@dataclass(frozen=True, slots=True)
class Opened:
    """One box with its exact sums and some of its lines."""

    box: Box
    sums: Sums
    page: LinePage


def opened(user: User, report: TaxReport, letter: str, *, start: int = 0) -> Opened:
    """One box. May raise KeyError: the form of that year has no such box, or it is empty."""
    rows = _lines(report).filter(_kinds(user, report)[letter])
    sums, total, end = tax_figures.sums(rows), rows.count(), start + PAGE_SIZE
    if sums.proceeds is None or sums.cost is None:
        raise KeyError(letter)
    page = LinePage(
        lines=list(rows.order_by("position")[start:end]),
        total=total,
        first=start,
        after=end if end < total else None,
        before=max(start - PAGE_SIZE, 0) if start else None,
    )
    return Opened(_box(letter, sums.proceeds, sums.cost), sums, page)


def _lines(report: TaxReport) -> tax_figures.Rows:
    """All disposals of which the price is known."""
    rows = TaxLine.objects.filter(report=report, part=TaxLine.Part.DISPOSAL)
    return rows.exclude(proceeds=None)


def _kinds(user: User, report: TaxReport) -> dict[str, Q]:
    """Which lines belong to each box of the report's year; one query."""
    if report.year < us.BY_WALLET:
        return {"C": ~_IS_LONG, "F": _IS_LONG}
    told = broker_forms.reported(user).items()
    known = {basis: _any(key for key, one in told if one is basis) for basis in (True, False)}
    none = ~(known[True] | known[False])
    found: dict[str, Q] = {}
    for is_long, term in ((False, ~_IS_LONG), (True, _IS_LONG)):
        for is_basis, kind in (*known.items(), (None, none)):
            found[broker.box(is_long=is_long, is_basis_reported=is_basis)] = term & kind
    return found


def _any(keys: Iterable[tuple[str, str, date]]) -> Q:
    """Lines of one of these accounts, assets and days."""
    days: dict[tuple[str, str], list[date]] = defaultdict(list)
    for account, asset, day in keys:
        days[account, asset].append(day)
    found = Q(pk__in=[])  # none
    for (account, asset), of in days.items():
        found |= Q(account=account, asset=asset, on__in=of)
    return found
