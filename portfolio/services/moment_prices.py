"""Fetches closes of the minutes that somebody needs, else of their hours.

Lowest of all in priority: it stops at half of an exchange's allowance, works for some seconds, and
goes on in the next run. Each answer is stored with what it leaves open in one database transaction,
so that a run that is killed loses nothing. One answer serves all needs in its stretch of time, and
what is stored serves all users.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import groupby

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from portfolio.engine.moments import Width, floor
from portfolio.exchanges.errors import GatewayError, StreamUnavailable, WaitUntil
from portfolio.exchanges.types import FineCandle, MarketDataClient
from portfolio.models import Connection, MomentPrice
from portfolio.services import gateway
from portfolio.services.prices import mark_all_stale

log = logging.getLogger(__name__)

# An exchange may be late with a candle; younger ones are not asked for yet.
LATE = timedelta(minutes=2)
# Rows taken from the queue at a time.
TAKEN = 5000

OpenMarketData = Callable[[str, str], MarketDataClient]


def _open(exchange: str, environment: str) -> MarketDataClient:
    return gateway.open_market_data(exchange, environment, is_last=True)


def fetch(*, seconds: float = 60, open_client: OpenMarketData = _open) -> int:
    """Asks for what waits, about ``seconds`` long; returns how many prices came. Workers only.

    A failing exchange does not stop the others; what failed waits for the next run.
    """
    stop_at = time.monotonic() + seconds
    stored = 0
    for source in _sources():
        exchange, _, environment = source.partition(":")
        try:
            with closing(
                open_client(exchange, environment or Connection.Environment.LIVE)
            ) as client:
                for found in _from_source(client, source):
                    stored += found
                    if time.monotonic() >= stop_at:
                        break
        except WaitUntil:
            continue
        except GatewayError as error:
            log.info("minutes of %s put off: %s", source, error.message)
        if time.monotonic() >= stop_at:
            break
    if stored:
        _mark_stale()
    return stored


def _sources() -> list[str]:
    """Where something waits that is over."""
    rows = MomentPrice.objects.filter(asked_at__isnull=True, at__lt=_over(Width.MINUTE))
    return sorted(rows.values_list("source", flat=True).distinct())


def _over(width: Width) -> datetime:
    """Before when a candle must have begun to be asked for."""
    return timezone.now() - width.length - LATE


def _from_source(client: MarketDataClient, source: str) -> Iterator[int]:
    """Answers what waits at one exchange; tells after each answer how many prices it had."""
    while True:
        rows = MomentPrice.objects.filter(source=source, asked_at__isnull=True)
        taken = list(rows.filter(at__lt=_over(Width.MINUTE)).order_by("at")[:TAKEN])
        ready = [row for row in taken if row.at < _over(Width(row.width))]
        if not ready:
            return
        ready.sort(key=lambda row: (row.asset, row.currency, row.width, row.at))
        for market, group in groupby(ready, key=lambda row: (row.asset, row.currency, row.width)):
            yield from _of_market(client, list(group), Width(market[2]))


def _of_market(
    client: MarketDataClient, rows: Sequence[MomentPrice], width: Width
) -> Iterator[int]:
    """One market's needs of one width, oldest first."""
    while rows:
        span = client.span(width, rows[0].at)
        if span is None:
            asked = [row for row in rows if client.span(width, row.at) is None]
            candles: list[FineCandle] = []
        else:
            asked = [row for row in rows if row.at < rows[0].at + span]
            try:
                candles = client.closes(rows[0].asset, rows[0].currency, width, rows[0].at)
            except StreamUnavailable:
                candles, asked = [], list(rows)
        # An answer may be shorter than was thought: what lies behind its end is asked again.
        last = max((candle.opened_at for candle in candles), default=None)
        answered = [row for row in asked if last is None or row.at <= last]
        yield _store(answered, candles, width)
        done = {row.pk for row in answered}
        rows = [row for row in rows if row.pk not in done]


@transaction.atomic
def _store(rows: Sequence[MomentPrice], candles: Sequence[FineCandle], width: Width) -> int:
    """Keeps what an answer said of these needs, and asks for the hour where a minute has none."""
    closes = {candle.opened_at: candle.close for candle in candles if candle.close > 0}
    now = timezone.now()
    for row in rows:
        row.price, row.asked_at = closes.get(row.at), now  # type: ignore[assignment]
    MomentPrice.objects.bulk_update(rows, ["price", "asked_at"], batch_size=1000)
    missing = [row for row in rows if row.price is None]
    if width is Width.MINUTE and missing:
        MomentPrice.objects.bulk_create(map(_hour_of, missing), 1000, ignore_conflicts=True)
    return len(rows) - len(missing)


def _hour_of(row: MomentPrice) -> MomentPrice:
    return MomentPrice(
        source=row.source,
        asset=row.asset,
        currency=row.currency,
        width=Width.HOUR.value,
        at=floor(row.at.astimezone(UTC), Width.HOUR),
    )


@transaction.atomic
def _mark_stale() -> None:
    """Has worths computed anew, once nothing waits at all: the whole queue makes one change.

    From the earliest price on of which nobody was told yet. Whether somebody computed meanwhile
    says nothing: from a later day on, perhaps.
    """
    if MomentPrice.objects.filter(asked_at__isnull=True, at__lt=_over(Width.HOUR)).exists():
        return
    untold = MomentPrice.objects.filter(is_told=False, price__isnull=False)
    first = untold.aggregate(first=Min("at"))["first"]
    if first is None:
        return
    untold.filter(at__gte=first).update(is_told=True)
    mark_all_stale(first.astimezone(UTC).date())
