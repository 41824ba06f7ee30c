"""Reads the course of one asset: its price, what was bought and sold, and how much was held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter, itemgetter

from django.db import connection as database
from django.db.models import Min

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.closes import Close, Closes, end_of
from portfolio.engine.identities import merged_quotes
from portfolio.engine.moments import Found, MomentBook, last_moment
from portfolio.engine.pricing import CARRY, HUBS, Quote
from portfolio.engine.types import TransactionKind
from portfolio.models import DailyTotal
from portfolio.selectors import own_prices
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
    price: Found | None
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
    """The course in seven queries. May raise Holding.DoesNotExist for what was never held."""
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
    prices: Iterable[Found | None],
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
) -> Iterator[Found | None]:
    """The price at the end of each stretch, the exchange that holds the most believed first."""
    main = max(places.holdings, key=lambda holding: holding.quantity)
    environment = main.connection.environment
    own = frozenset(
        source_name(row.connection.exchange, environment)
        for row in places.everything
        if row.connection.environment == environment
    )
    trusted = (frozenset([source_name(main.connection.exchange, environment)]), own)
    told = _closes(places, currency, days, step, environment)
    prices = own_prices.of_owner(places.owner_id)
    book = MomentBook(Closes(told, currency=currency), currency, prices)
    return (book.price(places.asset, last_moment(day), trusted) for day in days)


def _closes(
    places: AssetPlaces, currency: str, days: Sequence[date], step: int, environment: str
) -> Iterator[Close]:
    """The last close of each market in each stretch, and the newest prices as today's."""
    wanted = {places.asset, currency, *HUBS}
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (place, asset, currency, source)
                   (%(today)s - "on") / %(step)s AS place, asset, currency, price, source, "on"
            FROM portfolio_dailyprice
            WHERE "on" BETWEEN %(since)s AND %(today)s
              AND asset = ANY(%(codes)s) AND currency = ANY(%(codes)s)
            ORDER BY place DESC, asset, currency, source, "on" DESC
            """,
            {
                "today": days[-1],
                "step": step,
                "since": days[0] - timedelta(days=step) - CARRY,
                "codes": list(places.known.codes(wanted)),
            },
        )
        rows = cursor.fetchall()
    for _, found in groupby(rows, key=itemgetter(0)):
        quotes = [Quote(a, c, price, s, end_of(on)) for _, a, c, price, s, on in found]
        read = merged_quotes(quotes, places.known)
        for quote in sorted(read, key=attrgetter("at")):
            if {quote.asset, quote.currency} <= wanted and is_of(quote.source, environment):
                yield _close(quote, (quote.at - timedelta(days=1)).date())
    for quote in newest_quotes(wanted, places.known):
        if is_of(quote.source, environment):
            yield _close(quote, days[-1])


def _close(quote: Quote, on: date) -> Close:
    return Close(quote.asset, quote.currency, on, quote.price, quote.source, quote.at)
