"""Reference rates between fiat currencies: the European Central Bank's, from an installed package.

The bank publishes one rate per banking day, around 16:00 Central European time, from a concertation
at 14:10, and none on TARGET closing days: weekends, 1 January, Good Friday, Easter Monday, 1 May,
25 and 26 December (www.ecb.europa.eu, "Euro foreign exchange reference rates"). The rule here: a
banking day's rate is that of the whole UTC day, before its publication too, so that a figure about
a day never depends on the hour; every other day has the rate of the last banking day before it.
The package ends some weeks before today, and the last rate, with its date, goes on being the newest
known.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache

from currency_converter import CurrencyConverter, RateNotFoundError
from django.db import transaction

from portfolio.engine.pricing import REFERENCE, Pair
from portfolio.models import DailyPrice, LatestPrice, PriceSeries

BASE = "EUR"
# Before a first record on a Monday or after Easter lies the last banking day.
LONGEST_HOLIDAY = timedelta(days=7)


@cache
def published() -> dict[str, tuple[date, date]]:
    """The currencies that still get a rate to the euro, with the first and the last day of it.

    Those that were given up (the kuna) or are no longer quoted (the rouble) are left out: an old
    rate would be carried for years.
    """
    bounds = _converter().bounds
    until = bounds[BASE].last_date
    return {
        currency: (first, last)
        for currency, (first, last) in bounds.items()
        if currency != BASE and last == until
    }


def pairs() -> list[Pair]:
    """The pairs that have a reference rate."""
    return [(BASE, currency) for currency in sorted(published())]


def refresh(currencies: Iterable[str], since: date) -> date | None:
    """Stores the rates of ``currencies`` from ``since`` on that are not stored yet.

    Returns the earliest day that got a new rate.
    """
    wanted = set(currencies) & published().keys()
    rows = PriceSeries.objects.filter(source=REFERENCE, asset=BASE, currency__in=wanted)
    known = {row.currency: row for row in rows}
    stale = [c for c in sorted(wanted) if not _is_complete(known.get(c), c, since)]
    if not stale:
        return None
    converter = _converter()
    earliest = [_store(converter, known.get(currency), currency, since) for currency in stale]
    return min(filter(None, earliest), default=None)


def _converter() -> CurrencyConverter:
    # Not kept: the whole table since 1999 takes 40 MB, and is needed when the package is updated.
    return CurrencyConverter(decimal=True)


def _is_complete(series: PriceSeries | None, currency: str, since: date) -> bool:
    return (
        series is not None
        and series.asked_from is not None
        and series.asked_from <= since
        and series.fetched_until == published()[currency][1]
    )


@transaction.atomic
def _store(
    converter: CurrencyConverter, series: PriceSeries | None, currency: str, since: date
) -> date | None:
    """Stores what is missing; returns its first day."""
    rates = _rates(converter, currency, since)
    if series and series.asked_from and series.asked_from <= since and series.fetched_until:
        since = series.asked_from
        rates = {day: rate for day, rate in rates.items() if day > series.fetched_until}
    if not rates:
        return None
    first, last = min(rates), max(rates)
    DailyPrice.objects.bulk_create(
        [
            DailyPrice(asset=BASE, currency=currency, on=on, price=rate, source=REFERENCE)
            for on, rate in rates.items()
        ],
        update_conflicts=True,
        update_fields=["price"],
        unique_fields=["asset", "currency", "on", "source"],
        batch_size=1000,
    )
    at = datetime.combine(last, time.min, tzinfo=UTC)
    LatestPrice.objects.update_or_create(
        {"price": rates[last], "at": at}, asset=BASE, currency=currency, source=REFERENCE
    )
    PriceSeries.objects.update_or_create(
        {"asked_from": since, "fetched_until": last},
        asset=BASE,
        currency=currency,
        source=REFERENCE,
    )
    return first


def _rates(converter: CurrencyConverter, currency: str, since: date) -> dict[date, Decimal]:
    """One euro in ``currency`` on each banking day from just before ``since`` on."""
    first, last = published()[currency]
    day = min(max(first, since - LONGEST_HOLIDAY), last)
    rates = {}
    while day <= last:
        with suppress(RateNotFoundError):  # no banking day
            rates[day] = converter.convert(Decimal(1), BASE, currency, date=day)
        day += timedelta(days=1)
    return rates
