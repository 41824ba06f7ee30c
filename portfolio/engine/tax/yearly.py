"""One tax year out of a whole history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from portfolio.engine.tax.from_ledger import ContractLine
from portfolio.engine.tax.history import History
from portfolio.engine.tax.place import Place, Year
from portfolio.engine.tax.rows import Later, of_days
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import Disposal, Match, Outcome
from portfolio.engine.tax.whole import moment_of


def years(settings: Settings, history: History) -> list[int]:
    """The tax years in which something happened, by the calendar year they start in."""
    if not history.at:
        return []
    first, last = min(history.at), max(history.at)
    return list(range(_year(settings, first), _year(settings, last) + 1))


def _year(settings: Settings, at: int) -> int:
    return settings.year_of(settings.local_date(moment_of(at)))


def year_of(
    place: Place,
    settings: Settings,
    history: History,
    contracts: Sequence[ContractLine],
    year: int,
) -> Year:
    """What the tax year that starts in ``year`` held. The history may go beyond it.

    May raise InsufficientHoldings, BadEvent, UnknownMethod.
    """
    begin, end = place.span(year, settings.tax_timezone)
    # What is acquired for some days after a year may be matched with its disposals.
    found = place.compute(settings, history.before(end + timedelta(days=place.days_after)))
    first, last = settings.local_date(begin), settings.local_date(end) - timedelta(days=1)
    disposals = of_days(found.disposals, first, last)
    kinds = history.subkinds

    def is_apart(row: Disposal) -> bool:
        return row.match is Match.NO_GAIN_NO_LOSS or kinds.get(row.event, "") in place.apart

    def closed() -> Outcome:
        return place.compute(settings, history.before(end)) if place.days_after else found

    given = place.given
    told = {row.event for row in disposals} | {line.event for line in found.income}
    return Year(
        name=settings.year_name(year),
        first=first,
        last=last,
        begin=begin,
        end=end,
        disposals=[row for row in disposals if not is_apart(row)],
        apart=[row for row in disposals if is_apart(row)],
        income=[line for line in found.income if first <= line.on <= last],
        contracts=[line for line in contracts if begin <= line.time < end],
        given=Later(lambda: given(settings, history)) if given and place.given_in == year else (),
        opening=Later(lambda: tuple(place.compute(settings, history.before(begin)).remaining)),
        closing=Later(lambda: tuple(closed().remaining)),
        shortfalls=[
            row
            for row in found.shortfalls
            if first <= settings.local_date(moment_of(history.at[row.event])) <= last
        ],
        subkinds={event: kinds[event] for event in told if event in kinds},
    )
