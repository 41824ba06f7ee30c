"""What would be: other methods, waiting until a lot is long held, selling at a loss.

Nothing here is advice; each figure is what ``compute`` gives for a history that is a little other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine import money
from portfolio.engine.tax import figures as sums
from portfolio.engine.tax import left_out
from portfolio.engine.tax.from_ledger import ContractLine
from portfolio.engine.tax.history import History
from portfolio.engine.tax.operations import ACQUIRE, Operations
from portfolio.engine.tax.place import Figure, Place, Without, Year
from portfolio.engine.tax.settings import LongTerm, Settings, anniversary
from portfolio.engine.tax.types import Remaining, Term
from portfolio.engine.tax.whole import moment_of
from portfolio.engine.tax.yearly import year_of

# What one unit of an asset is worth now; None where nobody knows.
Price = Callable[[str], Decimal | None]
# What a person chooses lot by lot, or year by year, is compared only where they chose.
_OF_CHOICE = frozenset({"specific", "by_year"})


class MethodYear(NamedTuple):
    """One year by one method. ``left`` is how many lots are left, with what they cost.

    The sums are of what has a price; ``without`` is what has none.
    """

    method: str
    proceeds: Decimal
    cost: Decimal
    gain: Decimal
    gain_short: Decimal | None  # None where the place knows no terms
    gain_long: Decimal | None
    figures: Sequence[Figure]
    left: int
    left_cost: Decimal
    without: Without | None = None


def methods_of(place: Place, settings: Settings) -> tuple[str, ...]:
    """The methods to compare: those the law allows, and of choices what was chosen."""
    return tuple(m for m in place.methods if m not in _OF_CHOICE or m == settings.method)


def compare(
    place: Place,
    settings: Settings,
    history: History,
    contracts: Sequence[ContractLine],
    year: int,
    known: Year | None = None,
) -> Iterator[MethodYear]:
    """One year by all methods that the place allows; ``known`` is it by the method of the settings.

    May raise what ``compute`` may.
    """
    for method in methods_of(place, settings):
        found = known if method == settings.method else None
        if found is None:
            found = year_of(place, replace(settings, method=method), history, contracts, year)
        rows = found.disposals
        long = sums.net(row for row in rows if row.term is Term.LONG)
        gain = sums.net(rows)
        yield MethodYear(
            method,
            sums.proceeds(rows),
            sums.costs(rows),
            gain,
            money.add(gain, money.negate(long)) if place.has_long_term else None,
            long if place.has_long_term else None,
            tuple(figure for figure in place.figures(found) if figure.is_main),
            len(found.closing),
            money.total(row.cost_basis for row in found.closing),
            left_out.of_disposals(rows),
        )


class Waiting(NamedTuple):
    """A lot that is not long held yet: the first day on which a sale of it would be long term."""

    lot: Remaining
    long_from: date
    days: int


def waiting(settings: Settings, lots: Iterable[Remaining], today: date) -> list[Waiting]:
    """The lots that turn long-term later, the soonest first; none where the place has no terms."""
    if settings.long_term is LongTerm.NONE:
        return []
    found = []
    for lot in lots:
        if lot.acquired is not None:
            first = long_from(settings, lot.acquired)
            if first > today:
                found.append(Waiting(lot, first, (first - today).days))
    return sorted(found, key=lambda row: (row.long_from, row.lot.asset))


def long_from(settings: Settings, acquired: datetime) -> date:
    """The first local day on which what was acquired then is long held, at the latest hour."""
    if settings.long_term is LongTerm.ELAPSED_DAYS:
        return settings.local_date(acquired + timedelta(days=settings.long_term_days))
    return anniversary(settings.local_date(acquired)) + timedelta(days=1)


class Harvest(NamedTuple):
    """A lot that is worth less than it cost."""

    lot: Remaining
    value: Decimal
    loss: Decimal  # above zero


def harvest(lots: Iterable[Remaining], price: Price) -> list[Harvest]:
    """The lots at a loss, the greatest first."""
    found = []
    for lot in lots:
        unit = price(lot.asset)
        if unit is None:
            continue
        value = money.multiply(lot.amount, unit)
        loss = money.add(lot.cost_basis, money.negate(value))
        if loss > 0:
            found.append(Harvest(lot, value, loss))
    return sorted(found, key=lambda row: (-row.loss, row.lot.asset))


class Wash(NamedTuple):
    """What the place's rule on buying again makes of a sale at a loss.

    ``bought`` is the last purchase that lies in its days before; from ``free_from`` on the coin
    can be bought again without the rule.
    """

    bought: date | None
    free_from: date


def wash(place: Place, settings: Settings, bought: datetime | None, today: date) -> Wash | None:
    """The rule for a sale of today; None where the place has none."""
    before, after = place.wash_days
    if not after:
        return None
    last = None if bought is None else settings.local_date(bought)
    if last is not None and (today - last).days > before:
        last = None
    return Wash(last if before else None, today + timedelta(days=after + 1))


def last_bought(settings: Settings, history: History) -> dict[str, datetime]:
    """When each asset was acquired last, in whatever way. May raise BadEvent."""
    operations = Operations(settings, history)
    rows = zip(operations.kinds, operations.coins, operations.events, strict=True)
    last = {coin: history.at[event] for kind, coin, event in rows if kind == ACQUIRE}
    return {history.assets[coin]: moment_of(at) for coin, at in last.items()}


def unpriced(lots: Iterable[Remaining], price: Price) -> Mapping[str, Decimal]:
    """The assets of which nobody knows the price, with how much there is."""
    found: dict[str, Decimal] = {}
    for lot in lots:
        if price(lot.asset) is None:
            found[lot.asset] = money.add(found.get(lot.asset, money.ZERO), lot.amount)
    return found
