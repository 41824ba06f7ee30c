"""One computation: settings and events in, disposals, income and what is left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from portfolio.engine.money import EXACT, ZERO
from portfolio.engine.tax import method, whole
from portfolio.engine.tax.days import Days, day_of
from portfolio.engine.tax.history import BASE, History
from portfolio.engine.tax.operations import BadEvent, Operations
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import IncomeLine, Outcome, TaxEvent, Term

Totals = dict[str, dict[str, Decimal]]


def compute(settings: Settings, events: Sequence[TaxEvent] | History) -> Outcome:
    """What the settings make of the events. The same input gives the same output.

    A ``History`` of the same base currency saves the counting where one history is computed
    several times. May raise InsufficientHoldings, BadEvent, UnknownMethod.
    """
    known = method.by_id(settings.method)
    base = settings.base_currency
    history = events if isinstance(events, History) else History(events, base)
    if history.base_currency != base:
        raise ValueError(f"a history in {history.base_currency}, settings in {base}")
    outcome = known.run(Operations(settings, history))
    return replace(outcome, income=tuple(_income(settings, history)))


def _income(settings: Settings, history: History) -> Iterator[IncomeLine]:
    """Each income at its value when received. May raise BadEvent."""
    days = Days(settings.zone)
    for event in history.income:
        leg = event.into
        if leg is None:
            raise BadEvent(event.number, "the leg of the income is missing")
        is_money = leg.asset == BASE
        value = None if leg.value is None else whole.value_of(leg.value)
        yield IncomeLine(
            *(event.number, whole.moment_of(event.at), day_of(days.of(event.at))),
            history.base_currency if is_money else history.assets[leg.asset],
            whole.value_of(leg.units) if is_money else whole.amount_of(leg.units, history.digits),
            value,
        )


def totals(settings: Settings, outcome: Outcome) -> Totals:
    """Sums by tax year: proceeds, cost_basis, gain, gain_short, gain_long, income; exact.

    What is not priced is left out.
    """
    sums: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for row in outcome.disposals:
        gain = row.gain
        if row.proceeds is None or gain is None:
            continue
        year = sums[settings.year_of(row.on)]
        year["proceeds"] = EXACT.add(year["proceeds"], row.proceeds)
        year["cost_basis"] = EXACT.add(year["cost_basis"], row.cost_basis)
        year["gain"] = EXACT.add(year["gain"], gain)
        if row.term is not None:
            name = "gain_long" if row.term is Term.LONG else "gain_short"
            year[name] = EXACT.add(year[name], gain)
    for line in outcome.income:
        if line.value is not None:
            year = sums[settings.year_of(line.on)]
            year["income"] = EXACT.add(year["income"], line.value)
    return {settings.year_name(year): dict(sums[year]) for year in sorted(sums)}
