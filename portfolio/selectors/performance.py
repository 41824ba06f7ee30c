"""Reads what became of a portfolio over a range: returns, falls, gains by asset and exchange.

Nothing is worked out from the history here: daily worths and sums are stored, and only the two ends
of the range are priced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database
from django.db.models import QuerySet

from accounts.models import User
from portfolio.engine import money, performance, returns
from portfolio.engine.average_cost import AMOUNTS, Place, Pool, Sums
from portfolio.engine.closes import DAY
from portfolio.engine.identities import Identities
from portfolio.engine.performance import Cell, Line
from portfolio.engine.returns import Day, Drawdown, Link, Mark, Rate
from portfolio.engine.rounding import step
from portfolio.models import DailySum, DailyValue, ValuationState
from portfolio.selectors import closes, own_prices
from portfolio.selectors.assets import identities_of
from portfolio.selectors.closes import Held
from portfolio.selectors.end_prices import EndPrices
from portfolio.selectors.ranges import Range
from portfolio.selectors.under_way import under_way


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: of an asset, or of a source."""

    key: str
    name: str
    line: Line


@dataclass(frozen=True, slots=True)
class Performance:
    """A range from the end of the day ``base`` to the end of ``last``."""

    currency: str
    base: date
    last: date
    days: tuple[Day, ...]  # the first is the base
    links: tuple[Link, ...]
    marks: tuple[Mark, ...]
    time_weighted: Rate
    money_weighted: Rate
    simple: Rate
    drawdown: Drawdown | None
    by_asset: tuple[Row, ...]
    by_exchange: tuple[Row, ...]
    total: Line
    computed_at: datetime | None
    is_stale: bool  # something changed since, and is being worked out

    @property
    def put_in(self) -> Decimal:
        return money.total(day.put_in for day in self.days[1:])

    @property
    def taken_out(self) -> Decimal:
        return money.total(day.taken_out for day in self.days[1:])

    @property
    def last_value(self) -> Decimal:
        return self.days[-1].value

    @property
    def gain(self) -> Decimal:
        return returns.gain(self.days)

    @property
    def left_out(self) -> int:
        """Days without a return of their own."""
        return sum(link.ratio is None for link in self.links)

    @property
    def unpriced(self) -> tuple[str, ...]:
        """Assets without a price at one of the ends."""
        return tuple(sorted({*self.days[0].unpriced, *self.days[-1].unpriced}))

    @property
    def flow_gaps(self) -> int:
        """Deposits and withdrawals of unknown worth."""
        return sum(day.gaps for day in self.days[1:])

    @property
    def flow_days(self) -> int:
        return sum(day.has_flow for day in self.days[1:])


def of_range(user: User, asked: Range) -> Performance | None:
    """The performance over a range; None where no day of it has a worth yet."""
    days = stored_days(user, asked)
    if len(days) < 2:
        return None
    known = identities_of(user.pk)
    cells = _cells(user, known, days[0].on, days[-1].on)
    made = performance.lines(cells, step(user.reporting_currency))
    total = performance.total(made.values())
    if days[-1].on >= closes.today() and total.end is not None:
        days[-1] = replace(days[-1], value=total.end)  # prices of now, as the table has them
    links = returns.chain(days)
    marks = returns.course(days[0], links)
    state = ValuationState.objects.filter(owner=user).first()
    return Performance(
        currency=user.reporting_currency,
        base=days[0].on,
        last=days[-1].on,
        days=tuple(days),
        links=tuple(links),
        marks=tuple(marks),
        time_weighted=returns.time_weighted(links),
        money_weighted=returns.money_weighted(days),
        simple=returns.simple(days),
        drawdown=returns.drawdown(marks),
        by_asset=_rows(performance.grouped(made, lambda place: place.asset), known),
        by_exchange=_rows(performance.grouped(made, lambda place: place.source), known),
        total=total,
        computed_at=state.computed_at if state else None,
        is_stale=state is not None and state.stale_from is not None,
    )


def _rows(groups: dict[str, Line], known: Identities) -> tuple[Row, ...]:
    return tuple(Row(key, known.name(key), line) for key, line in groups.items())


def stored_days(user: User, asked: Range) -> list[Day]:
    """The end of the day before the range, then its days, as far as they have a worth."""
    values = DailyValue.objects.filter(owner=user, currency=user.reporting_currency)
    values = values.filter(on__lte=asked.last)
    if asked.base is not None:
        values = values.filter(on__gte=asked.base)
    rows = values.order_by("on").values_list(
        "on", "value", "put_in", "taken_out", "unpriced", "flow_gaps"
    )
    days = [Day(*row[:4], tuple(row[4]), row[5]) for row in rows]
    # Before the first record there was nothing.
    if days and days[0].on != asked.base:
        days.insert(0, Day(days[0].on - DAY, money.ZERO))
    return days


# --- By asset and exchange --------------------------------------------------------------------


def _cells(user: User, known: Identities, base: date, last: date) -> list[Cell]:
    held = closes.held(user.pk, known)
    places = {place: one for one in [*held, *_transits(held)] for place in _places(one)}
    states = _states(user, list(places), base, last)
    ends = EndPrices(
        {place.asset for place in states},
        [base, last],
        currency=user.reporting_currency,
        known=known,
        own=own_prices.of_owner(user.pk),
    )

    def price(place: Place, day: date) -> Decimal | None:
        return ends.price(place.asset, day, places[place].environment, places[place].trusted)

    return [
        Cell(place, opening, closing, sums, price(place, base), price(place, last))
        for place, (opening, closing, sums) in states.items()
    ]


def _places(held: Held) -> set[Place]:
    return {Place(held.source, asset) for asset in held.assets.values()}


def _transits(held: Sequence[Held]) -> list[Held]:
    """What may be on its way between the exchanges of an environment."""
    assets: dict[str, dict[str, str]] = {}
    for one in held:
        of_all = assets.setdefault(one.environment, {})
        of_all.update({asset: asset for asset in one.assets.values()})
    trusted = {one.environment: one.trusted[-1:] for one in held}
    return [
        Held(under_way(environment), environment, of_all, trusted[environment])
        for environment, of_all in assets.items()
    ]


def _states(
    user: User, places: Sequence[Place], base: date, last: date
) -> dict[Place, tuple[Pool, Pool, Sums]]:
    """Each pool as the range began and as it ended, and what happened in between; one query."""
    with database.cursor() as cursor:
        cursor.execute(
            _STATES,
            {
                "owner": user.pk,
                "sources": [place.source for place in places],
                "assets": [place.asset for place in places],
                "base": base,
                "last": last,
            },
        )
        rows = cursor.fetchall()
    found = {}
    for source, asset, quantity, cost, end_quantity, end_cost, *sums in rows:
        opening = Pool() if quantity is None else Pool(quantity, cost)
        names = (*AMOUNTS, "gaps", "flow_gaps")
        told: dict[str, Any] = {
            name: value or money.ZERO for name, value in zip(names, sums, strict=True)
        }
        closing = Pool(end_quantity, end_cost)
        if opening.quantity or closing.quantity or any(told.values()):
            found[Place(source, asset)] = (opening, closing, Sums(**told))
    return found


_STATES = """
    SELECT a.source, a.asset, b.quantity, b.cost, e.quantity, e.cost, s.*
    FROM UNNEST(%(sources)s::text[], %(assets)s::text[]) AS a(source, asset)
    CROSS JOIN LATERAL (
        SELECT quantity, cost FROM portfolio_dailysum
        WHERE owner_id = %(owner)s AND source = a.source AND asset = a.asset
          AND "on" <= %(last)s
        ORDER BY "on" DESC LIMIT 1
    ) e
    LEFT JOIN LATERAL (
        SELECT quantity, cost FROM portfolio_dailysum
        WHERE owner_id = %(owner)s AND source = a.source AND asset = a.asset
          AND "on" <= %(base)s
        ORDER BY "on" DESC LIMIT 1
    ) b ON true
    CROSS JOIN LATERAL (
        SELECT SUM(put_in), SUM(taken_out), SUM(traded), SUM(moved), SUM(income), SUM(fees),
               SUM(derivatives), SUM(realised), SUM(gaps), SUM(flow_gaps)
        FROM portfolio_dailysum
        WHERE owner_id = %(owner)s AND source = a.source AND asset = a.asset
          AND "on" > %(base)s AND "on" <= %(last)s
    ) s
    ORDER BY a.source, a.asset
"""


# --- The rows behind --------------------------------------------------------------------------


def sums_by_day(
    user: User, asked: Range, *, asset: str = "", source: str = ""
) -> QuerySet[DailySum]:
    """What happened by day to one asset, at one exchange, or both; newest first."""
    rows = DailySum.objects.filter(owner=user, currency=user.reporting_currency)
    rows = rows.filter(on__lte=asked.last)
    if asked.first is not None:
        rows = rows.filter(on__gte=asked.first)
    if asset:
        rows = rows.filter(asset=asset)
    if source:
        rows = rows.filter(source=source)
    return rows.order_by("-on", "source", "asset")
