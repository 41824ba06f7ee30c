"""What a user's holdings are worth, now and day by day, and where each price came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import DateTimeField, Q, Value
from django.utils import timezone

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.closes import end_of
from portfolio.engine.identities import Identities, merged_quotes
from portfolio.engine.own_prices import OWN, OwnPrices
from portfolio.engine.own_prices import OwnPrice as Given
from portfolio.engine.pricing import HUBS, REFERENCE, Price, PriceBook, Quote, Step, along
from portfolio.engine.reconcile import discrepancy
from portfolio.models import (
    Connection,
    DailyPrice,
    DailyValue,
    Holding,
    LatestPrice,
    OwnPrice,
    PriceSeries,
)
from portfolio.selectors.assets import identities
from portfolio.selectors.assets import source_name as source_name  # told here too


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """One asset in one wallet, with its price and where that came from.

    ``code`` is what the exchange calls it; amounts and the price are those of ``asset``, what the
    code stands for, shown as ``name``. ``price`` and ``value`` are None where no price is known.
    ``price_source`` names the sources ("binance", "kraken + ecb", "own"), "" for the reporting
    currency itself; ``price_steps`` has each quote on the way with its time. ``discrepancy`` is
    reported less quantity.
    """

    connection_id: UUID
    connection_label: str
    exchange: str
    wallet: str
    code: str
    asset: str
    name: str
    quantity: Decimal
    reported: Decimal | None
    discrepancy: Decimal | None
    price: Decimal | None
    price_source: str
    price_at: datetime | None
    value: Decimal | None
    environment: str = Connection.Environment.LIVE
    price_steps: tuple[Step, ...] = ()

    @property
    def is_own_price(self) -> bool:
        """Whether the user gave the price: then no market dates it."""
        return bool(self.price_steps) and self.price_steps[0].quote.source == OWN


@dataclass(frozen=True, slots=True)
class Valuation:
    """All that a user holds, in the reporting currency.

    ``total`` leaves out the assets in ``unpriced``. ``as_of`` is the time of the oldest market
    price in it. ``rows`` come by value, largest first, unpriced last; ``spam``, what the user
    marked as such, is in none of it. ``problems`` are the sources that could not be asked lately,
    in words.
    """

    currency: str
    total: Decimal
    as_of: datetime | None
    rows: tuple[HoldingRow, ...]
    unpriced: tuple[str, ...]
    problems: tuple[str, ...] = ()
    spam: tuple[HoldingRow, ...] = ()


@dataclass(frozen=True, slots=True)
class DailyPoint:
    """Worth of everything at the end of one UTC day, without the assets in ``unpriced``."""

    on: date
    value: Decimal
    unpriced: tuple[str, ...]


def is_of(source: str, environment: str) -> bool:
    """Whether a source's prices hold in an environment; reference rates hold everywhere."""
    if source == REFERENCE:
        return True
    _, _, of = source.partition(":")
    return (of or Connection.Environment.LIVE) == environment


def daily_values(user: User, since: date | None = None) -> list[DailyPoint]:
    """The daily worth in the reporting currency, oldest first; from the first record on."""
    points = DailyValue.objects.filter(owner=user, currency=user.reporting_currency)
    if since is not None:
        points = points.filter(on__gte=since)
    rows = points.order_by("on").values_list("on", "value", "unpriced")
    return [DailyPoint(on, value, tuple(unpriced)) for on, value, unpriced in rows]


def holdings_valued(user: User, known: Identities | None = None) -> Valuation:
    """What the user holds now, wallet by wallet, and what it is worth; four queries."""
    found = all_holdings(user)
    worth = valued(found, user.reporting_currency, known or identities(user))
    return replace(worth, problems=_problems([h for h in found if h.quantity or h.reported]))


def valued(rows: Iterable[Holding], currency: str, standing: Identities) -> Valuation:
    """What holdings with their connections are worth, without ``problems``; one query."""
    holdings = [h for h in rows if h.quantity or h.reported]
    books = _Books(holdings, currency, standing)
    found = sorted((_row(holding, books, standing) for holding in holdings), key=_by_value)
    counted = [row for row in found if not _is_spam(row, standing)]
    times = [row.price_at for row in counted if row.price_at is not None and not row.is_own_price]
    return Valuation(
        currency=currency,
        total=money.total(row.value for row in counted if row.value is not None),
        as_of=min(times, default=None),
        rows=tuple(counted),
        unpriced=tuple(sorted({row.asset for row in counted if row.price is None})),
        spam=tuple(row for row in found if _is_spam(row, standing)),
    )


def _is_spam(row: HoldingRow, standing: Identities) -> bool:
    return standing.is_spam(source_name(row.exchange, row.environment), row.code)


def all_holdings(user: User) -> list[Holding]:
    """Whatever the user holds or held, with its connection."""
    return list(Holding.objects.filter(owner=user).select_related("connection"))


def _source(holding: Holding) -> str:
    return source_name(holding.connection.exchange, holding.connection.environment)


class _Books:
    """The quotes that can matter, by environment: play money has prices of its own."""

    def __init__(self, holdings: list[Holding], currency: str, standing: Identities) -> None:
        self._currency = currency
        self._standing = standing
        self._own: dict[str, set[str]] = {}
        for holding in holdings:
            self._own.setdefault(holding.connection.environment, set()).add(_source(holding))
        assets = {standing.of(_source(h), h.asset) for h in holdings} | {currency, *HUBS}
        self._now = now = timezone.now()
        quotes, self._given = _quotes({h.owner_id for h in holdings}, assets, standing, now)
        self._books = {
            environment: PriceBook(
                (quote for quote in quotes if is_of(quote.source, environment)), now=now
            )
            for environment in self._own
        }

    def price(self, holding: Holding) -> Price | None:
        """By the exchange that holds it, else by the user's others, by any, or as given."""
        environment, source = holding.connection.environment, _source(holding)
        book, trusted = self._books[environment], ({source}, self._own[environment])

        def market(asset: str) -> tuple[Step, ...] | None:
            found = book.price(asset, self._currency, trusted)
            return found.steps if found else None

        asset = self._standing.of(source, holding.asset)
        way = self._given.way(asset, self._currency, self._now, market)
        return None if way is None else Price(along(way), way)


def newest_quotes(assets: Iterable[str], standing: Identities) -> list[Quote]:
    """The newest quotes between these assets, each source's codes read as what they stand for."""
    wanted = set(assets)
    codes = standing.codes(wanted)
    rows = LatestPrice.objects.filter(asset__in=codes, currency__in=codes)
    quotes = [Quote(r.asset, r.currency, r.price, r.source, r.at) for r in rows]
    return _between(wanted, quotes, standing)


def last_known(assets: Collection[str], standing: Identities, currency: str) -> dict[str, Decimal]:
    """What one unit of each asset was worth by its last close, however old, at today's rates."""
    if not assets:
        return {}
    codes = standing.codes(assets)
    closes = DailyPrice.objects.filter(asset__in=codes).exclude(source=REFERENCE)
    last = closes.order_by("asset", "currency", "source", "-on").distinct(
        "asset", "currency", "source"
    )
    old = [Quote(r.asset, r.currency, r.price, r.source, end_of(r.on)) for r in last]
    quotes = [*merged_quotes(old, standing), *newest_quotes({currency, *HUBS}, standing)]
    book = PriceBook(quotes, now=timezone.now(), carry=timedelta.max)
    found = {asset: book.price(asset, currency) for asset in assets}
    return {asset: price.price for asset, price in found.items() if price is not None}


def _between(wanted: set[str], quotes: Iterable[Quote], standing: Identities) -> list[Quote]:
    read = merged_quotes(quotes, standing)
    return [quote for quote in read if {quote.asset, quote.currency} <= wanted]


def _quotes(
    owners: Collection[int], assets: set[str], standing: Identities, now: datetime
) -> tuple[list[Quote], OwnPrices]:
    """The newest quotes, and the prices that the user gave for now, in one query."""
    given = OwnPrice.objects.filter(
        Q(until__isnull=True) | Q(until__gt=now),
        owner__in=owners,
        since__lte=now,
        withdrawn_at__isnull=True,
    ).annotate(source=Value(OWN))
    codes = standing.codes(assets)
    paid = Q(currency__in=codes) | Q(currency__in=given.values("currency"))
    never, no = Value(None, DateTimeField()), Value(value=False)
    newest = LatestPrice.objects.filter(paid, asset__in=codes).annotate(
        until=never, made_at=never, is_first=no
    )
    columns = ("asset", "currency", "price", "source", "until", "made_at", "is_first")
    rows = newest.values_list(*columns, "at").union(given.values_list(*columns, "since"), all=True)
    quotes, prices = [], []
    for asset, currency, price, source, until, made_at, is_first, at in rows:
        if source == OWN:
            prices.append(Given(asset, currency, price, at, until, made_at, is_first))
        else:
            quotes.append(Quote(asset, currency, price, source, at))
    own = OwnPrices(prices)
    return _between(assets | own.currencies, quotes, standing), own


def _row(holding: Holding, books: _Books, standing: Identities) -> HoldingRow:
    connection, code, source = holding.connection, holding.asset, _source(holding)
    asset, price = standing.of(source, code), books.price(holding)
    quantity = standing.amount(source, code, holding.quantity)
    reported = holding.reported
    if reported is not None:
        reported = standing.amount(source, code, reported)
    return HoldingRow(
        connection_id=connection.id,
        connection_label=str(connection),
        exchange=connection.exchange,
        wallet=holding.wallet,
        code=code,
        asset=asset,
        name=standing.name(asset),
        quantity=quantity,
        reported=reported,
        discrepancy=discrepancy(quantity, reported),
        price=None if price is None else price.price,
        price_source=" + ".join(price.sources) if price else "",
        price_at=price.at if price else None,
        value=None if price is None else money.multiply(quantity, price.price),
        environment=connection.environment,
        price_steps=price.steps if price else (),
    )


def _by_value(row: HoldingRow) -> tuple[bool, Decimal, str, str, str]:
    value = row.value if row.value is not None else money.ZERO
    return (row.value is None, -value, row.asset, str(row.connection_id), row.wallet)


def _problems(holdings: list[Holding]) -> tuple[str, ...]:
    """What went wrong when the user's sources were last asked, each sentence once."""
    sources = {_source(holding) for holding in holdings}
    messages = PriceSeries.objects.filter(source__in=sources).exclude(message="")
    return tuple(messages.order_by("message").values_list("message", flat=True).distinct())
