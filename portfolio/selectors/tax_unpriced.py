"""What the sums of a tax report leave out since nobody knows its price, as it is kept and told."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils.translation import ngettext

from portfolio.engine import money, rounding
from portfolio.engine.tax.place import Without
from portfolio.models import TaxLine, TaxReport

Part = TaxLine.Part
OF_DISPOSAL = (Part.DISPOSAL, Part.APART)
# Lines of these parts have a price, or are in no sum.
UNPRICED = Q(part__in=OF_DISPOSAL, proceeds=None) | Q(
    part__in=(Part.INCOME, Part.CONTRACT), value=None
)


def words(without: Without | None, currency: str) -> str:
    """What stands beside a sum: "without 3 disposals of unknown price, basis 1,234.00"."""
    if without is None:
        return ""
    return "; ".join([*_of_disposals(without, currency), *_of_others(without)])


def _of_disposals(without: Without, currency: str) -> list[str]:
    if not without.disposals:
        return []
    told = ngettext(
        "without {number} disposal of unknown price, basis {cost}",
        "without {number} disposals of unknown price, basis {cost}",
        without.disposals,
    )
    cost = rounding.rounded(without.cost, rounding.step(currency))
    return [told.format(number=f"{without.disposals:,}", cost=f"{cost:,f}")]


def _of_others(without: Without) -> list[str]:
    found = []
    if without.income:
        told = ngettext(
            "without {number} receipt of unknown worth",
            "without {number} receipts of unknown worth",
            without.income,
        )
        found.append(told.format(number=f"{without.income:,}"))
    if without.contracts:
        told = ngettext(
            "without {number} cash flow of unknown worth",
            "without {number} cash flows of unknown worth",
            without.contracts,
        )
        found.append(told.format(number=f"{without.contracts:,}"))
    return found


def part_of(without: Without) -> str:
    """The part that has most of these lines."""
    if without.disposals:
        return Part.DISPOSAL.value
    return (Part.INCOME if without.income else Part.CONTRACT).value


def of_lines(report: TaxReport, part: str) -> Without | None:
    """What the sums of a part leave out; one query."""
    rows = TaxLine.objects.filter(UNPRICED, report=report, part=part)
    found = rows.aggregate(
        lines=Count("pk"),
        disposals=Count("transaction", distinct=True),
        cost=Sum("cost"),
    )
    if not found["lines"]:
        return None
    return Without(
        found["disposals"] if part in OF_DISPOSAL else 0,
        found["cost"] or money.ZERO,
        found["lines"] if part == Part.INCOME else 0,
        found["lines"] if part == Part.CONTRACT else 0,
    )


def is_unpriced(line: TaxLine) -> bool:
    """Whether nobody knows what a line was worth, so that no sum has it."""
    if line.part in OF_DISPOSAL:
        return line.proceeds is None
    return line.part in (Part.INCOME, Part.CONTRACT) and line.value is None


def told(without: Without | None) -> list[Any] | None:
    """As JSON."""
    if without is None:
        return None
    return [without.disposals, money.plain(without.cost), without.income, without.contracts]


def read(told: Sequence[Any] | None) -> Without | None:
    """From JSON; reports of engines before the seventh tell none."""
    if not told:
        return None
    disposals, cost, *others = told
    return Without(disposals, Decimal(cost), *others)
