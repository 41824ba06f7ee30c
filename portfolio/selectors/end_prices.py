"""What assets were worth at the ends of a few days, without reading what lies between."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.db.models import DateField, DateTimeField, QuerySet, Value
from django.db.models.functions import Cast

from portfolio.engine.closes import Close, Closes, Trusted
from portfolio.engine.identities import Identities
from portfolio.engine.moments import Found, MomentBook, last_moment
from portfolio.engine.own_prices import OwnPrices
from portfolio.engine.pricing import CARRY, HUBS, REFERENCE
from portfolio.models import DailyPrice, LatestPrice
from portfolio.selectors.closes import read, today
from portfolio.selectors.valuation import is_of

_COLUMNS = ("place", "asset", "currency", "on", "price", "source", "at")


class EndPrices:
    """Prices at the ends of a few days, by the ways that value those days; one query.

    For today the latest prices count.
    """

    def __init__(
        self,
        assets: Iterable[str],
        days: Sequence[date],
        *,
        currency: str,
        known: Identities,
        own: OwnPrices,
    ) -> None:
        self._currency, self._known, self._own = currency, known, own
        self._wanted = {*assets, currency, *own.currencies, *HUBS}
        self._closes = _closes(known.codes(self._wanted), sorted(set(days)))
        self._books: dict[tuple[date, str], MomentBook] = {}

    def price(self, asset: str, day: date, environment: str, trusted: Trusted) -> Decimal | None:
        """What one unit was worth at the end of one of the days; None where unknown."""
        found = self.found(asset, day, environment, trusted)
        return None if found is None else found.price

    def found(self, asset: str, day: date, environment: str, trusted: Trusted) -> Found | None:
        """The same with its sources and time."""
        key = (day, environment)
        if key not in self._books:
            self._books[key] = self._book(day, environment)
        return self._books[key].price(asset, last_moment(day), trusted)

    def _book(self, day: date, environment: str) -> MomentBook:
        told = [close for close in self._closes.get(day, ()) if is_of(close.source, environment)]
        closes = read(sorted(told, key=attrgetter("on")), self._known, self._wanted)
        return MomentBook(Closes(closes, currency=self._currency), self._currency, self._own)


def _closes(codes: Collection[str], days: Sequence[date]) -> dict[date, list[Close]]:
    found: dict[date, list[Close]] = {}
    parts = [part for place, day in enumerate(days) for part in _counting(codes, place, day)]
    for place, *row in parts[0].union(*parts[1:], all=True) if parts else ():
        found.setdefault(days[place], []).append(Close(*row))
    return found


def _counting(codes: Collection[str], place: int, day: date) -> list[QuerySet[Any, Any]]:
    """The closes that are carried into the end of a day; of today the latest prices too."""
    of_day = {"place": Value(place), "at": Cast(Value(None), DateTimeField())}
    prices = DailyPrice.objects.filter(asset__in=codes, currency__in=codes, on__lte=day)
    rates = prices.filter(source=REFERENCE, on__lt=day - CARRY)
    last_rates = rates.order_by("asset", "currency", "-on").distinct("asset", "currency")
    parts: list[QuerySet[Any, Any]] = [
        last_rates.annotate(**of_day).values_list(*_COLUMNS),
        prices.filter(on__gte=day - CARRY).annotate(**of_day).values_list(*_COLUMNS),
    ]
    if day >= today():
        midnight = datetime.combine(day, time.min, tzinfo=UTC)
        latest = LatestPrice.objects.filter(
            asset__in=codes, currency__in=codes, at__gte=midnight
        ).annotate(place=Value(place), on=Value(day, DateField()))
        parts.append(latest.values_list(*_COLUMNS))
    return parts
