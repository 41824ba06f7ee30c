"""Reads where the price shown for a holding is far from what exchanges ask for the asset now.

A price that comes from the exchange that holds the asset is held against those of the others: a
code may name another coin there. Any other price is held against that exchange's own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from statistics import median_low

from django.utils import timezone

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.identities import Identities
from portfolio.engine.pricing import HUBS, REFERENCE, PriceBook, Quote
from portfolio.selectors.assets import identities, source_name
from portfolio.selectors.valuation import HoldingRow, holdings_valued, is_of, newest_quotes

WIDEST = Decimal("0.2")
# Prices further apart in time may differ for that alone.
TOGETHER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PriceGap:
    """One asset at one exchange; prices in the reporting currency.

    ``against`` are the sources compared with, ``ratio`` is what the price shown is beyond theirs:
    1 for double, -0.5 for half. ``at_risk`` is the difference in worth of all that is held there.
    """

    source: str
    asset: str
    name: str
    shown: Decimal
    compared: Decimal
    against: tuple[str, ...]
    ratio: Decimal
    quantity: Decimal
    at_risk: Decimal


def price_gaps(user: User) -> list[PriceGap]:
    """The gaps of more than ``WIDEST`` among what is held, by source and asset; five queries."""
    known = identities(user)
    groups: dict[tuple[str, str], list[HoldingRow]] = defaultdict(list)
    worth = holdings_valued(user, known)
    for row in worth.rows:
        if row.price is not None and row.quantity:
            groups[source_name(row.exchange, row.environment), row.asset].append(row)
    told = _Told({asset for _, asset in groups}, worth.currency, known)
    found = (_gap(source, rows, told) for (source, _), rows in sorted(groups.items()))
    return [gap for gap in found if gap is not None]


class _Told:
    """What each exchange itself asks for an asset, in the reporting currency."""

    def __init__(self, assets: Iterable[str], currency: str, known: Identities) -> None:
        wanted = set(assets)
        quotes = newest_quotes({*wanted, currency, *HUBS}, known)
        self._currency = currency
        self._quotes: dict[str, list[Quote]] = defaultdict(list)
        for quote in quotes:
            if quote.asset in wanted and quote.source != REFERENCE:
                self._quotes[quote.asset].append(quote)
        self._all = quotes
        self._now = timezone.now()
        self._books: dict[str, PriceBook] = {}

    def prices(self, row: HoldingRow) -> Mapping[str, Decimal]:
        """By source, of those that quote the asset at about the time of the price shown."""
        newest: dict[str, Quote] = {}
        for quote in self._quotes[row.asset]:
            if not is_of(quote.source, row.environment) or not _is_together(quote, row):
                continue
            known = newest.get(quote.source)
            if known is None or _rank(quote) < _rank(known):
                newest[quote.source] = quote
        found = {source: self._worth(quote, row) for source, quote in newest.items()}
        return {source: price for source, price in found.items() if price}

    def _worth(self, quote: Quote, row: HoldingRow) -> Decimal | None:
        if row.environment not in self._books:
            quotes = [q for q in self._all if is_of(q.source, row.environment)]
            self._books[row.environment] = PriceBook(quotes, now=self._now)
        paid = self._books[row.environment].price(quote.currency, self._currency, [{quote.source}])
        return None if paid is None else money.multiply(quote.price, paid.price)


def _is_together(quote: Quote, row: HoldingRow) -> bool:
    return row.price_at is not None and abs(quote.at - row.price_at) <= TOGETHER


def _rank(quote: Quote) -> tuple[int, str]:
    """The reporting currency before quote assets with deep markets, and those before others."""
    hubs = HUBS.index(quote.currency) if quote.currency in HUBS else -1
    return (hubs, quote.currency)


def _gap(source: str, rows: list[HoldingRow], told: _Told) -> PriceGap | None:
    row = rows[0]
    prices = told.prices(row)
    used = {step.quote.source for step in row.price_steps if row.asset in _pair(step.quote)}
    others = {s: p for s, p in prices.items() if s not in used}
    if source not in used and source in prices:
        others = {source: prices[source]}
    if not others or row.price is None:
        return None
    compared = median_low(others.values())
    ratio = money.add(money.divide(row.price, compared), Decimal(-1))
    if ratio.copy_abs() <= WIDEST:
        return None
    quantity = money.total(held.quantity for held in rows)
    apart = money.add(row.price, money.negate(compared))
    return PriceGap(
        source=source,
        asset=row.asset,
        name=row.name,
        shown=row.price,
        compared=compared,
        against=tuple(sorted(others)),
        ratio=ratio,
        quantity=quantity,
        at_risk=money.multiply(quantity, apart).copy_abs(),
    )


def _pair(quote: Quote) -> tuple[str, str]:
    return (quote.asset, quote.currency)
