"""Reads the course of one asset: its price, what was bought and sold, and how much was held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from django.db import connection as database
from django.db.models import Min

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.closes import end_of
from portfolio.engine.identities import merged_quotes
from portfolio.engine.pricing import CARRY, HUBS, Price, PriceBook, Quote, Step, along
from portfolio.engine.types import TransactionKind
from portfolio.models import DailyTotal
from portfolio.selectors.asset_places import AssetPlaces, asset_places
from portfolio.selectors.dashboard import Span
from portfolio.selectors.valuation import is_of, newest_quotes, source_name

# A longer span is cut into stretches of several days, so that a chart never has more points.
MOST_POINTS = 370
_BOUGHT = (TransactionKind.TRADE.value, TransactionKind.CONVERSION.value)


@dataclass(frozen=True, slots=True)
class Point:
    """The last day of a stretch: the price at its end, and what moved within the stretch.

    ``price`` is None where none is known; the last day's is the newest there is.
    """

    on: date
    price: Price | None
    held: Decimal
    bought: Decimal
    sold: Decimal

    @property
    def amount(self) -> Decimal | None:
        """What one unit cost."""
        return None if self.price is None else self.price.price


@dataclass(frozen=True, slots=True)
class Course:
    """One asset day by day, or by stretches of ``step`` days, oldest first."""

    asset: str
    currency: str
    step: int
    points: tuple[Point, ...]


def course(user: User, code: str, span: Span, *, now: datetime) -> Course:
    """The course in six queries. May raise Holding.DoesNotExist for what was never held."""
    places = asset_places(user, code)
    today = now.astimezone(UTC).date()
    currency = user.reporting_currency
    first = _first(places, span, today)
    if first is None:
        return Course(places.name, currency, 1, ())
    step = -(-((today - first).days + 1) // MOST_POINTS)
    days = _days(first, today, step)
    moved = _moved(places, today, step, len(days))
    prices = _prices(places, currency, days, step)
    return Course(places.name, currency, step, tuple(_points(days, prices, moved)))


def _first(places: AssetPlaces, span: Span, today: date) -> date | None:
    """The first day shown: that of the first movement, or of the span."""
    totals = DailyTotal.objects.filter(owner=places.owner_id, asset__in=places.codes)
    found: date | None = totals.aggregate(first=Min("on"))["first"]
    since = span.since(today)
    if found is None:
        return None
    return min(found if since is None else max(found, since), today)


def _days(first: date, today: date, step: int) -> list[date]:
    """The last day of each stretch, oldest first; the last stretch ends today."""
    number = (today - first).days // step + 1
    return [today - timedelta(days=step * back) for back in range(number - 1, -1, -1)]


def _points(
    days: Sequence[date],
    prices: Iterable[Price | None],
    moved: dict[int, tuple[Decimal, Decimal, Decimal]],
) -> Iterator[Point]:
    nothing = (money.ZERO, money.ZERO, money.ZERO)
    held = moved.get(-1, nothing)[0]
    for place, (on, price) in enumerate(zip(days, prices, strict=True)):
        change, bought, sold = moved.get(place, nothing)
        held = money.add(held, change)
        yield Point(on, price, held, bought, sold)


def _moved(
    places: AssetPlaces, today: date, step: int, number: int
) -> dict[int, tuple[Decimal, Decimal, Decimal]]:
    """Change, bought and sold by place of the stretch; -1 for all that was before."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT GREATEST(%(last)s - (%(today)s - t."on") / %(step)s, -1) AS place,
                   SUM((t.came + t.went) * p.factor),
                   COALESCE(SUM(t.came * p.factor) FILTER (WHERE is_trade), 0),
                   -COALESCE(SUM(t.went * p.factor) FILTER (WHERE is_trade), 0)
            FROM (SELECT *, kind = ANY(%(kinds)s) AND NOT is_fee AS is_trade
                  FROM portfolio_dailytotal) t
            JOIN UNNEST(%(connections)s::uuid[], %(codes)s::text[], %(factors)s::numeric[])
                 p (connection, code, factor)
              ON p.connection = t.connection_id AND p.code = t.asset
            WHERE t.owner_id = %(owner)s AND t.asset = ANY(%(codes)s) AND t."on" <= %(today)s
            GROUP BY 1
            """,
            {
                "last": number - 1,
                "today": today,
                "step": step,
                "kinds": list(_BOUGHT),
                **places.arrays(),
            },
        )
        return {place: (change, bought, sold) for place, change, bought, sold in cursor}


# --- Prices -----------------------------------------------------------------------------------


def _prices(
    places: AssetPlaces, currency: str, days: Sequence[date], step: int
) -> Iterator[Price | None]:
    """The price at the end of each stretch, the exchange that holds the most believed first."""
    main = max(places.holdings, key=lambda holding: holding.quantity)
    environment = main.connection.environment
    own = {
        source_name(h.connection.exchange, environment)
        for h in places.everything
        if h.connection.environment == environment
    }
    source = source_name(main.connection.exchange, environment)
    book = _Book(places.asset, currency, (frozenset([source]), frozenset(own)), step)
    by_place: dict[int, list[Quote]] = defaultdict(list)
    for place, quote in _quotes(places, currency, days, step):
        if is_of(quote.source, environment):
            by_place[place].append(quote)
    book.take(by_place[-1])
    for place, day in enumerate(days):
        book.take(by_place[place])
        yield book.price(end_of(day))


def _quotes(
    places: AssetPlaces, currency: str, days: Sequence[date], step: int
) -> Iterator[tuple[int, Quote]]:
    """The last close of each market in each stretch, by its place; -1 for the days before."""
    wanted = {places.asset, currency, *HUBS}
    last = len(days) - 1
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (place, asset, currency, source)
                   GREATEST(%(last)s - (%(today)s - "on") / %(step)s, -1) AS place,
                   asset, currency, price, source, "on"
            FROM portfolio_dailyprice
            WHERE "on" BETWEEN %(since)s AND %(today)s
              AND asset = ANY(%(codes)s) AND currency = ANY(%(codes)s)
            ORDER BY place, asset, currency, source, "on" DESC
            """,
            {
                "last": last,
                "today": days[-1],
                "step": step,
                "since": days[0] - timedelta(days=step) - CARRY,
                "codes": list(places.known.codes(wanted)),
            },
        )
        rows = cursor.fetchall()
    for stretch, found in groupby(rows, key=itemgetter(0)):
        quotes = [Quote(a, c, price, s, end_of(on)) for _, a, c, price, s, on in found]
        for quote in merged_quotes(quotes, places.known):
            if {quote.asset, quote.currency} <= wanted:
                yield stretch, quote
    yield from ((last, quote) for quote in newest_quotes(wanted, places.known))


class _Book:
    """The last quote of each market, and the price that follows from them.

    Which way leads to the currency is looked for anew only where the quotes known, or their ages,
    are others than before.
    """

    def __init__(
        self, code: str, currency: str, trusted: tuple[frozenset[str], frozenset[str]], step: int
    ) -> None:
        self._code = code
        self._currency = currency
        self._trusted = trusted
        self._carry = max(CARRY, timedelta(days=step))
        self._last: dict[tuple[str, str, str], Quote] = {}
        self._ways: dict[frozenset[object], tuple[Step, ...] | None] = {}

    def take(self, quotes: Iterable[Quote]) -> None:
        """Learns newer quotes."""
        for quote in quotes:
            known = self._last.get(quote.name)
            if known is None or known.at <= quote.at:
                self._last[quote.name] = quote

    def price(self, now: datetime) -> Price | None:
        """The price at a moment; None where no quote that is new enough leads there."""
        key = frozenset((name, (now - quote.at).days) for name, quote in self._last.items())
        if key not in self._ways:
            book = PriceBook(self._last.values(), now=now, carry=self._carry)
            found = book.price(self._code, self._currency, self._trusted)
            self._ways[key] = found.steps if found else None
        way = self._ways[key]
        if way is None:
            return None
        steps = tuple(Step(self._last[step.quote.name], step.inverted) for step in way)
        return Price(along(steps), steps)
