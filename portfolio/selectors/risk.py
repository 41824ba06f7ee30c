"""What amounts would be worth now: the money that a finding puts at risk."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.pricing import HUBS, REFERENCE, PriceBook
from portfolio.models import Connection
from portfolio.selectors.assets import identities
from portfolio.selectors.valuation import is_of, newest_quotes, source_name

Key = tuple[str, str, str]  # code, exchange, environment


class Risk:
    """Prices of now for codes of a user's exchanges, whether held or not; three queries."""

    def __init__(self, user: User, codes: Collection[str]) -> None:
        self._currency = user.reporting_currency
        self._standing = identities(user)
        self._own: dict[str, set[str]] = {}
        for exchange, environment in Connection.objects.of(user).values_list(
            "exchange", "environment"
        ):
            self._own.setdefault(environment, set()).add(source_name(exchange, environment))
        sources = {source for own in self._own.values() for source in own}
        assets = {self._standing.of(source, code) for source in sources for code in codes}
        self._quotes = newest_quotes(assets | {self._currency, *HUBS}, self._standing)
        self.fiat = frozenset(
            code for q in self._quotes if q.source == REFERENCE for code in (q.asset, q.currency)
        )
        self._books: dict[str, PriceBook] = {}
        self._prices: dict[Key, Decimal | None] = {}

    def value(
        self, code: str, quantity: Decimal, *, exchange: str, environment: str
    ) -> Decimal | None:
        """The worth of a quantity, never below zero; None where no price is known."""
        key = (code, exchange, environment)
        if key not in self._prices:
            self._prices[key] = self._price(*key)
        price = self._prices[key]
        if price is None:
            return None
        amount = self._standing.amount(source_name(exchange, environment), code, quantity)
        return money.multiply(amount.copy_abs(), price)

    def is_spam(self, code: str, *, exchange: str, environment: str) -> bool:
        """Whether the user said that it is worth nothing."""
        return self._standing.is_spam(source_name(exchange, environment), code)

    def _price(self, code: str, exchange: str, environment: str) -> Decimal | None:
        source = source_name(exchange, environment)
        trusted = ({source}, self._own.get(environment, set()))
        asset = self._standing.of(source, code)
        found = self._book(environment).price(asset, self._currency, trusted)
        return None if found is None else found.price

    def _book(self, environment: str) -> PriceBook:
        if environment not in self._books:
            quotes = (quote for quote in self._quotes if is_of(quote.source, environment))
            self._books[environment] = PriceBook(quotes, now=timezone.now())
        return self._books[environment]
