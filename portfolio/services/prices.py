"""Fetches the prices that people's holdings need: newest ones, and daily closes back to the start.

Each exchange is asked for what is held there; what it cannot price, or not far enough back, is
asked at the other exchanges of the same environment. Everything continues where it stopped: a run
that is killed or has to wait for an exchange loses nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from django.db import connection as database
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.engine.identities import Identities
from portfolio.engine.pricing import HUBS, Pair, needed_pairs
from portfolio.exchanges import catalogue
from portfolio.exchanges.errors import GatewayError, StreamUnavailable, TryAgain, WaitUntil
from portfolio.exchanges.types import Candle, MarketDataClient, Ticker
from portfolio.models import DailyPrice, LatestPrice, PriceSeries
from portfolio.services import gateway, price_needs, rates
from portfolio.services.price_needs import Need

log = logging.getLogger(__name__)

DAY = timedelta(days=1)
# Several users' syncs may end at once; tickers this young are not asked for again.
TICKERS_LAST = timedelta(seconds=60)
# An exchange may be late with yesterday's candle; a day this old without one has none.
LATE = timedelta(days=2)
# A history that starts this much later than needed is sought elsewhere too.
SHORT = timedelta(days=7)
GIVE_UP_AFTER = 3
_KNOWN = Identities()

OpenMarketData = Callable[[str, str], MarketDataClient]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How a refresh ended."""

    series: int  # price series that got something new
    put_off_until: datetime | None  # some exchange asked to wait; a later run goes on
    problems: tuple[str, ...]  # what failed, in words; also kept with the series


@dataclass(slots=True)
class _Result:
    stop_at: float  # monotonic seconds
    series: int = 0
    put_off_until: datetime | None = None
    problems: list[str] = field(default_factory=list)

    def is_time_up(self) -> bool:
        """Whether to leave the rest to a later run; at once then."""
        if time.monotonic() < self.stop_at:
            return False
        self.put_off(timezone.now())
        return True

    def put_off(self, until: datetime) -> None:
        self.put_off_until = min(self.put_off_until or until, until)


def refresh(
    *,
    owner_id: int | None = None,
    seconds: float = 120,
    open_client: OpenMarketData = gateway.open_market_data,
) -> Refreshed:
    """Brings prices up to date for everybody's holdings, or for one owner's; workers only.

    After about ``seconds`` the rest is left to a later run. A failing exchange does not stop the
    others: what failed is kept in PriceSeries.message.
    """
    result = _Result(stop_at=time.monotonic() + seconds)
    needs = price_needs.find(owner_id)
    # Said anew where it still holds.
    noted = PriceSeries.objects.filter(source__in={need.source for need in needs})
    noted.exclude(message="").update(message="")
    _refresh_rates(needs, result)
    for environment in sorted({need.environment for need in needs}):
        own = [need for need in needs if need.environment == environment]
        missing = [_from_source(need, open_client, result) for need in own]
        for need in price_needs.elsewhere(own, missing):
            _from_source(need, open_client, result)
    return Refreshed(result.series, result.put_off_until, tuple(result.problems))


def _refresh_rates(needs: list[Need], result: _Result) -> None:
    if not needs:
        return
    wanted = {"USD"}.union(*(need.currencies | need.since.keys() for need in needs))
    first = min(day for need in needs for day in need.since.values())
    earliest = rates.refresh(wanted, first)
    if earliest is not None:
        result.series += 1
        mark_all_stale(earliest)


# --- One source -------------------------------------------------------------------------------


def _from_source(need: Need, open_client: OpenMarketData, result: _Result) -> dict[str, date]:
    """Fetches what one exchange can give; returns the assets it cannot price from the start."""
    if not catalogue.is_known(need.exchange):  # by hand: closed, or none at all
        return dict(need.since)
    try:
        with closing(open_client(need.exchange, need.environment)) as client:
            markets = client.markets()
            pairs, lost = needed_pairs(need.since, need.currencies, markets, rates.pairs())
            try:
                _refresh_tickers(client, need, pairs)
            except StreamUnavailable as error:  # then closes are all there is
                _fail(need.source, error.message, result)
            _refresh_series(client, need, pairs, result)
    except WaitUntil as error:
        result.put_off(error.until)
        return {}
    except GatewayError as error:
        _fail(need.source, error.message, result)
        return dict(need.since)
    except Exception:
        # A fault of ours with one exchange must not take the prices of the others along.
        log.exception("prices of %s failed", need.source)
        _fail(need.source, _("unexpected error; see the log"), result)
        return dict(need.since)
    return {asset: need.since[asset] for asset in lost | _short(need, pairs)}


def _fail(source: str, reason: str, result: _Result) -> None:
    message = _("Prices of {source}: {reason}").format(source=source, reason=reason)
    result.problems.append(message)
    PriceSeries.objects.update_or_create({"message": message}, asset="", currency="", source=source)


def _short(need: Need, pairs: Mapping[Pair, set[str]]) -> set[str]:
    """The assets whose prices here start well after they were first held."""
    series = PriceSeries.objects.filter(source=need.source, asset__in={a for a, _ in pairs})
    short: set[str] = set()
    for row in series:
        for asset in pairs.get((row.asset, row.currency), ()):
            if row.fetched_from is None or row.fetched_from > need.since[asset] + SHORT:
                short.add(asset)
    return short


# --- Newest prices ----------------------------------------------------------------------------


def _refresh_tickers(client: MarketDataClient, need: Need, pairs: Iterable[Pair]) -> None:
    known = LatestPrice.objects.filter(
        source=need.source, at__gt=timezone.now() - TICKERS_LAST
    ).values_list("asset", "currency")
    if set(pairs) <= set(known):
        return
    assets = need.since.keys() | need.currencies | set(HUBS)
    wanted = {
        (ticker.asset, ticker.currency): ticker
        for ticker in client.tickers()
        if ticker.asset in assets and ticker.currency in assets and ticker.price > 0
    }
    _store_tickers(need, list(wanted.values()))


@transaction.atomic
def _store_tickers(need: Need, tickers: list[Ticker]) -> None:
    # In one order, so that two workers storing at once never wait for each other in a circle.
    tickers.sort(key=lambda ticker: (ticker.asset, ticker.currency))
    LatestPrice.objects.bulk_create(
        [
            LatestPrice(
                asset=ticker.asset,
                currency=ticker.currency,
                price=ticker.price,
                at=ticker.at,
                source=need.source,
            )
            for ticker in tickers
        ],
        update_conflicts=True,
        update_fields=["price", "at"],
        unique_fields=["asset", "currency", "source"],
    )
    _mark_stale(need.environment, need.since, _today())


# --- Daily closes -----------------------------------------------------------------------------


def _refresh_series(
    client: MarketDataClient, need: Need, pairs: Mapping[Pair, set[str]], result: _Result
) -> None:
    """Brings each pair's daily closes up to yesterday. May raise WaitUntil, TryAgain."""
    failures = 0
    # Those that most assets depend on come first: an interrupted run has then done the most.
    for pair in sorted(pairs, key=lambda pair: (-len(pairs[pair]), pair)):
        if result.is_time_up():
            return
        try:
            since = min(need.since[asset] for asset in pairs[pair])
            result.series += _refresh_pair(client, need, pair, pairs[pair], since)
        except WaitUntil:
            raise
        except GatewayError as error:
            failures += isinstance(error, TryAgain)
            if failures >= GIVE_UP_AFTER:
                raise
            message = _("Prices of {asset}/{currency} at {source}: {reason}").format(
                asset=pair[0], currency=pair[1], source=need.source, reason=error.message
            )
            result.problems.append(message)
            PriceSeries.objects.update_or_create(
                {"message": message}, asset=pair[0], currency=pair[1], source=need.source
            )


def _refresh_pair(
    client: MarketDataClient, need: Need, pair: Pair, assets: set[str], since: date
) -> bool:
    """Fetches one pair page after page; each is stored, so that the next run goes on from there."""
    is_new = False
    yesterday = _today() - DAY
    series, _created = PriceSeries.objects.get_or_create(
        asset=pair[0], currency=pair[1], source=need.source
    )
    start = _start(series, since)
    while start <= yesterday:
        candles = [c for c in client.daily_closes(*pair, since=start) if c.on >= start]
        closed = [candle for candle in candles if candle.on <= yesterday]
        _store_closes(series, need, assets, closed, is_last=not candles)
        is_new = is_new or bool(closed)
        if not candles:
            break
        start = max(candle.on for candle in candles) + DAY
    return is_new


def _start(series: PriceSeries, since: date) -> date:
    """Where to go on; from the beginning again when an earlier day is needed than ever asked."""
    if series.asked_from is None or since < series.asked_from:
        series.asked_from, series.fetched_from, series.fetched_until = since, None, None
        return since
    return series.asked_from if series.fetched_until is None else series.fetched_until + DAY


@transaction.atomic
def _store_closes(
    series: PriceSeries, need: Need, assets: set[str], candles: list[Candle], *, is_last: bool
) -> None:
    """One page of closes, how far the series has come, and whose values change."""
    days = [candle.on for candle in candles]
    series.fetched_from = min([*days, *_known(series.fetched_from)], default=None)
    reached = [*days, *_known(series.fetched_until)]
    if is_last and series.asked_from is not None and series.asked_from <= _today() - LATE:
        reached.append(_today() - LATE)
    series.fetched_until = max(reached, default=None)
    series.message = ""
    series.save()
    DailyPrice.objects.bulk_create(
        [
            DailyPrice(
                asset=series.asset,
                currency=series.currency,
                source=series.source,
                on=candle.on,
                price=candle.close,
            )
            for candle in sorted(candles, key=lambda candle: candle.on)
            if candle.close > 0
        ],
        update_conflicts=True,
        update_fields=["price"],
        unique_fields=["asset", "currency", "on", "source"],
        batch_size=1000,
    )
    if candles:
        _mark_stale(need.environment, assets, min(days))


def _known(day: date | None) -> list[date]:
    return [] if day is None else [day]


# --- Whose values change ----------------------------------------------------------------------


def _mark_stale(environment: str, assets: Iterable[str], day: date) -> None:
    """The values of all who hold or held one of these assets are stale from this day on.

    By whatever code: those who take another code for one of them count as holding it.
    """
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE portfolio_valuationstate
            SET stale_from = LEAST(stale_from, %(day)s), marked_from = LEAST(marked_from, %(day)s)
            WHERE id IN (
                SELECT s.id FROM portfolio_valuationstate s
                WHERE s.owner_id IN (
                    SELECT h.owner_id FROM portfolio_holding h
                    JOIN portfolio_connection c ON c.id = h.connection_id
                    WHERE c.environment = %(environment)s AND h.asset = ANY(%(codes)s)
                    UNION
                    SELECT r.owner_id FROM portfolio_assetrule r
                    WHERE r.undone_at IS NULL AND r.asset = ANY(%(codes)s)
                )
                ORDER BY s.id FOR UPDATE
            )
            """,
            {"day": day, "environment": environment, "codes": list(_KNOWN.codes(assets))},
        )


def mark_all_stale(day: date) -> None:
    """The values of everybody are stale from this day on."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            UPDATE portfolio_valuationstate
            SET stale_from = LEAST(stale_from, %(day)s), marked_from = LEAST(marked_from, %(day)s)
            WHERE id IN (SELECT id FROM portfolio_valuationstate ORDER BY id FOR UPDATE)
            """,
            {"day": day},
        )


def _today() -> date:
    return timezone.now().astimezone(UTC).date()
