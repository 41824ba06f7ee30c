"""What sums leave out since nobody knows its price, figure by figure.

Places sum what is known. Whether a figure leaves a disposal out is asked of the place itself: of a
year that holds nothing but this one, sold at a great gain and at a great loss. Where the figure is
then another than that of an empty year it would count it, and so leaves it out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

from portfolio.engine import money
from portfolio.engine.money import ZERO
from portfolio.engine.tax.from_ledger import ContractLine
from portfolio.engine.tax.place import Figure, Place, Without, Year
from portfolio.engine.tax.types import Disposal, IncomeLine

_GREAT = Decimal(10) ** 12  # beyond every limit of every place


def figures(place: Place, year: Year) -> list[Figure]:
    """The figures of a place, each with what it leaves out."""
    told = place.figures(year)
    kinds = [*_disposals(year), *_income(year), *_contracts(year)]
    if not kinds:
        return list(told)
    empty = replace(year, disposals=[], apart=[], income=[], contracts=[], opening=(), closing=())
    nothing = [figure.amount for figure in place.figures(empty)]
    found: list[list[Without]] = [[] for _ in told]
    for kind in kinds:
        for number in _counting(place, empty, nothing, kind.years):
            found[number].append(kind.without)
    return [
        figure._replace(without=together(mine)) if mine else figure
        for figure, mine in zip(told, found, strict=True)
    ]


def of_disposals(rows: Iterable[Disposal]) -> Without | None:
    """What sums of disposals leave out; None: nothing."""
    unpriced = [row for row in rows if row.proceeds is None]
    number = len({(row.event, row.asset) for row in unpriced})
    return Without(number, money.total(row.cost_basis for row in unpriced)) if number else None


def together(parts: Iterable[Without]) -> Without:
    """Several as one."""
    disposals, cost, income, contracts = 0, ZERO, 0, 0
    for part in parts:
        disposals, cost = disposals + part.disposals, money.add(cost, part.cost)
        income, contracts = income + part.income, contracts + part.contracts
    return Without(disposals, cost, income, contracts)


class _Kind(NamedTuple):
    """Things that all places treat alike; ``years`` are what an empty year would hold instead."""

    without: Without
    years: Sequence[dict[str, Any]]


def _disposals(year: Year) -> list[_Kind]:
    """By term and day, as some figures count from a day on; one disposal counts once."""
    groups: dict[Hashable, list[Disposal]] = defaultdict(list)
    first: dict[tuple[int, str], Hashable] = {}
    for row in year.disposals:
        if row.proceeds is None:
            groups[row.term, row.on].append(row)
    found = []
    for key, rows in groups.items():
        number = sum(first.setdefault((row.event, row.asset), key) == key for row in _each(rows))
        cost = money.total(row.cost_basis for row in rows)
        row = rows[0]
        years = [
            {"disposals": [row._replace(proceeds=_GREAT, cost_basis=ZERO)]},
            {"disposals": [row._replace(proceeds=ZERO, cost_basis=_GREAT)]},
        ]
        found.append(_Kind(Without(number, cost), years))
    return found


def _each(rows: Iterable[Disposal]) -> Iterable[Disposal]:
    """One part of each disposal."""
    return {(row.event, row.asset): row for row in rows}.values()


def _income(year: Year) -> list[_Kind]:
    groups: dict[Hashable, list[IncomeLine]] = defaultdict(list)
    for line in year.income:
        if line.value is None:
            groups[year.subkinds.get(line.event, ""), line.on].append(line)
    return [
        _Kind(Without(0, ZERO, income=len(lines)), [{"income": [lines[0]._replace(value=_GREAT)]}])
        for lines in groups.values()
    ]


def _contracts(year: Year) -> list[_Kind]:
    lines: list[ContractLine] = [line for line in year.contracts if line.value is None]
    if not lines:
        return []
    years = [
        {"contracts": [lines[0]._replace(value=value)]} for value in (_GREAT, money.negate(_GREAT))
    ]
    return [_Kind(Without(0, ZERO, contracts=len(lines)), years)]


def _counting(
    place: Place, empty: Year, nothing: Sequence[Decimal | None], years: Iterable[dict[str, Any]]
) -> set[int]:
    """The places of the figures that are another with one of these."""
    return {
        number
        for told in years
        for number, figure in enumerate(place.figures(replace(empty, **told)))
        if figure.amount != nothing[number]
    }
