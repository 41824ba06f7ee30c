"""Streams stored closes by day for calculations: of what was ever held, as far as it can matter."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from operator import attrgetter, itemgetter

from django.db.models import Q
from django.utils import timezone

from portfolio.engine.closes import Close, Trusted, end_of
from portfolio.engine.identities import Identities, Order, order
from portfolio.engine.moments import FineClose, Width
from portfolio.engine.pricing import CARRY, HUBS, REFERENCE
from portfolio.models import Connection, DailyPrice, Holding, LatestPrice, MomentPrice
from portfolio.selectors.assets import source_name

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """What was ever held at one exchange, and which sources may price it, best first.

    ``assets`` tells what each of its codes stands for; what is marked as spam is not among them.
    """

    source: str
    environment: str
    assets: Mapping[str, str]
    trusted: Trusted


def held(owner_id: int, known: Identities) -> list[Held]:
    """Every exchange the user holds or held something at, in a fixed order; one query."""
    assets: dict[tuple[str, str], dict[str, str]] = {}
    own: dict[str, set[str]] = {}
    rows = Holding.objects.filter(owner_id=owner_id).values_list(
        "connection__environment", "connection__exchange", "asset"
    )
    for environment, exchange, code in rows.distinct():
        source = source_name(exchange, environment)
        of_source = assets.setdefault((source, environment), {})
        if not known.is_spam(source, code):
            of_source[code] = known.of(source, code)
        own.setdefault(environment, set()).add(source)
    return [
        Held(
            source,
            environment,
            assets[source, environment],
            trusted=(frozenset([source]), frozenset(own[environment])),
        )
        for source, environment in sorted(assets)
    ]


def streamed(
    assets: Iterable[str],
    known: Identities,
    environment: str,
    start: date,
    until: date | None = None,
) -> Iterator[Close]:
    """Every close between these assets and the big quote assets, by day.

    From those carried into ``start`` to ``until``, or to the latest prices of today; of what each
    source's codes stand for.
    """
    wanted = {*assets, *HUBS}
    return read(_stored(known.codes(wanted), environment, start, until or today()), known, wanted)


def read(closes: Iterable[Close], known: Identities, wanted: Collection[str]) -> Iterator[Close]:
    """Closes that come by day, as those of what each source's codes stand for."""
    assets = set(wanted)
    for _, of_day in groupby(closes, key=attrgetter("on")):
        # Of two codes of a source that are one asset the one that counts comes last.
        for _order, close in sorted((_read(c, known) for c in of_day), key=itemgetter(0)):
            if {close.asset, close.currency} <= assets:
                yield close


def _read(close: Close, known: Identities) -> tuple[Order, Close]:
    pair = (close.asset, close.currency)
    read, price = known.read(close.source, pair, close.price)
    if read == pair:
        return order(read, pair), close
    return order(read, pair), Close(*read, close.on, price, close.source, close.at)


def _stored(codes: Collection[str], environment: str, start: date, until: date) -> Iterator[Close]:
    prices = DailyPrice.objects.filter(asset__in=codes, currency__in=codes)
    carried_from = max(start, date.min + CARRY) - CARRY
    rates = prices.filter(source=REFERENCE, on__lt=carried_from)
    last_rates = rates.order_by("asset", "currency", "-on").distinct("asset", "currency")
    wanted = prices.filter(of_environment(environment), on__gte=carried_from, on__lte=until)
    for row in last_rates.union(wanted, all=True).order_by("on").iterator(BATCH):
        yield _close(row)
    if until >= today():
        yield from _of_today(codes, environment)


def fine(
    assets: Iterable[str],
    known: Identities,
    environment: str,
    start: date,
    until: date | None = None,
) -> Iterator[FineClose]:
    """Every known close of a minute or hour between these assets from ``start`` on, by day."""
    wanted = {*assets, *HUBS}
    codes = known.codes(wanted)
    rows = MomentPrice.objects.filter(
        of_environment(environment),
        asset__in=codes,
        currency__in=codes,
        price__isnull=False,
        at__gte=datetime.combine(start, time.min, UTC),
    )
    if until is not None:
        rows = rows.filter(at__lt=end_of(until))
    for row in rows.order_by("at", "pk").iterator(BATCH):
        pair, price = known.read(row.source, (row.asset, row.currency), row.price)
        if wanted.issuperset(pair):
            yield FineClose(*pair, row.source, Width(row.width), row.at, price)


def _close(row: DailyPrice) -> Close:
    return Close(row.asset, row.currency, row.on, row.price, row.source)


def _of_today(codes: Collection[str], environment: str) -> Iterator[Close]:
    """Today's prices as far as the day has come."""
    latest = LatestPrice.objects.filter(
        of_environment(environment),
        at__gte=datetime.combine(today(), time.min, tzinfo=UTC),
        asset__in=codes,
        currency__in=codes,
    )
    for row in latest:
        yield Close(row.asset, row.currency, today(), row.price, row.source, row.at)


def of_environment(environment: str) -> Q:
    """The sources whose prices hold in an environment; see selectors.assets.source_name."""
    if environment == Connection.Environment.LIVE:
        return ~Q(source__contains=":")
    return Q(source=REFERENCE) | Q(source__endswith=f":{environment}")


def today() -> date:
    """The present UTC day."""
    return timezone.now().astimezone(UTC).date()
