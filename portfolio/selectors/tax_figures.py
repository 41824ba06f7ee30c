"""From the figures of forms to the lines behind them, and back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum

from portfolio.engine import money
from portfolio.models import TaxLine, TaxReport
from portfolio.selectors.tax_pages import PAGE_SIZE, Figure, LinePage

Part = TaxLine.Part


class Behind(NamedTuple):
    """The lines behind a figure: a part, and a term ("" for both)."""

    part: str
    term: str = ""


_SHORT, _LONG = Behind(Part.DISPOSAL, "short"), Behind(Part.DISPOSAL, "long")
_ALL = Behind(Part.DISPOSAL)
_INCOME, _CONTRACTS = Behind(Part.INCOME), Behind(Part.CONTRACT)
# By place: the beginnings of codes, or titles of figures without one; the first that fits counts.
_BEHIND: dict[str, tuple[tuple[str, Behind], ...]] = {
    "us": (
        ("8949 II ", _LONG),
        ("8949 I ", _SHORT),
        ("Schedule D", _ALL),
        ("Schedule 1", _INCOME),
        ("Contracts", _CONTRACTS),
    ),
    "uk": (
        ("SA108", _ALL),
        ("SA100", _INCOME),
        ("Gains less losses", _ALL),
        ("Contracts", _CONTRACTS),
    ),
    "germany": (
        ("SO 4", _SHORT),
        ("SO 11", _INCOME),
        ("KAP", _CONTRACTS),
        ("Gain that is taxed", _SHORT),
        ("Gain of what was held longer", _LONG),
        ("Benefits that are taxed", _INCOME),
    ),
}


def behind(report: TaxReport, figure: Figure) -> Behind | None:
    """The lines that a figure is made of; None where no one part has them all."""
    name = figure.code or figure.title
    for start, lines in _BEHIND.get(report.place, ()):
        if name.startswith(start):
            return lines
    return None


def counted_in(report: TaxReport, line: TaxLine, figures: list[Figure]) -> list[Figure]:
    """The figures with a code that a line is part of."""
    return [
        figure
        for figure in figures
        if figure.code
        and (found := behind(report, figure)) is not None
        and found.part == line.part
        and found.term in ("", line.term)
    ]


@dataclass(frozen=True, slots=True)
class Sums:
    """All lines of a part or term together, exact; None where the part has no such column."""

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


def sums(report: TaxReport, part: str, term: str) -> Sums:
    """What the figures are rounded from; one query."""
    rows = TaxLine.objects.filter(report=report, part=part)
    found = (rows.filter(term=term) if term else rows).aggregate(
        a=Sum("proceeds"), b=Sum("cost"), c=Sum("denied"), d=Sum("value")
    )
    return Sums(found["a"], found["b"], found["c"], found["d"])


def lines_of_term(report: TaxReport, part: str, term: str, *, start: int) -> LinePage:
    """The lines of one term in order; two queries."""
    rows = TaxLine.objects.filter(report=report, part=part, term=term)
    total, end = rows.count(), start + PAGE_SIZE
    return LinePage(
        lines=list(rows.order_by("position")[start:end]),
        total=total,
        first=start,
        after=end if end < total else None,
        before=max(start - PAGE_SIZE, 0) if start else None,
    )
