"""One computation: settings and events in, disposals, income and what is left out."""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal

from portfolio.engine.money import EXACT, ZERO
from portfolio.engine.tax import method
from portfolio.engine.tax.operations import income, operations
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import Outcome, TaxEvent, Term

Totals = dict[str, dict[str, Decimal]]


def compute(settings: Settings, events: Sequence[TaxEvent]) -> Outcome:
    """What the settings make of the events. The same input gives the same output.

    May raise InsufficientHoldings, BadEvent, UnknownMethod.
    """
    known = method.by_id(settings.method)
    with _no_collector():
        outcome = known.run(settings, operations(settings, events))
        return replace(outcome, income=tuple(income(settings, events)))


@contextmanager
def _no_collector() -> Iterator[None]:
    """Without looking for cycles meanwhile: none are made, and looking takes half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def totals(settings: Settings, outcome: Outcome) -> Totals:
    """Sums by tax year: proceeds, cost_basis, gain, gain_short, gain_long, income; exact."""
    sums: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for row in outcome.disposals:
        year = sums[settings.year_of(row.on)]
        gain = row.gain
        year["proceeds"] = EXACT.add(year["proceeds"], row.proceeds)
        year["cost_basis"] = EXACT.add(year["cost_basis"], row.cost_basis)
        year["gain"] = EXACT.add(year["gain"], gain)
        if row.term is not None:
            name = "gain_long" if row.term is Term.LONG else "gain_short"
            year[name] = EXACT.add(year[name], gain)
    for line in outcome.income:
        year = sums[settings.year_of(line.on)]
        year["income"] = EXACT.add(year["income"], line.value)
    return {settings.year_name(year): dict(sums[year]) for year in sorted(sums)}
