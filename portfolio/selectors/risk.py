"""What amounts would be worth now: the money that a finding puts at risk."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.pricing import HUBS, REFERENCE, PriceBook, Quote
from portfolio.models import Connection, LatestPrice
from portfolio.selectors.valuation import is_of, source_name


class Risk:
    """Prices of now for a user's assets, whether held or not; two queries."""

    def __init__(self, user: User, assets: Collection[str]) -> None:
        self.currency = user.reporting_currency
        known = {*assets, self.currency, *HUBS}
        rows = LatestPrice.objects.filter(asset__in=known, currency__in=known)
        self._quotes = [Quote(r.asset, r.currency, r.price, r.source, r.at) for r in rows]
        self.fiat = frozenset(
            code for q in self._quotes if q.source == REFERENCE for code in (q.asset, q.currency)
        )
        self._own: dict[str, set[str]] = {}
        for exchange, environment in Connection.objects.of(user).values_list(
            "exchange", "environment"
        ):
            self._own.setdefault(environment, set()).add(source_name(exchange, environment))
        self._books: dict[str, PriceBook] = {}
        self._prices: dict[tuple[str, str, str], Decimal | None] = {}

    def value(
        self, asset: str, quantity: Decimal, *, exchange: str, environment: str
    ) -> Decimal | None:
        """The worth of a quantity, never below zero; None where no price is known."""
        key = (asset, exchange, environment)
        if key not in self._prices:
            self._prices[key] = self._price(*key)
        price = self._prices[key]
        return None if price is None else money.multiply(quantity.copy_abs(), price)

    def _price(self, asset: str, exchange: str, environment: str) -> Decimal | None:
        trusted = ({source_name(exchange, environment)}, self._own.get(environment, set()))
        found = self._book(environment).price(asset, self.currency, trusted)
        return None if found is None else found.price

    def _book(self, environment: str) -> PriceBook:
        if environment not in self._books:
            quotes = (quote for quote in self._quotes if is_of(quote.source, environment))
            self._books[environment] = PriceBook(quotes, now=timezone.now())
        return self._books[environment]
