"""What assets are worth now in any currency, by which source and of when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal

from accounts.models import User
from portfolio.engine.closes import Trusted
from portfolio.engine.moments import Found
from portfolio.selectors import closes, own_prices
from portfolio.selectors.assets import identities
from portfolio.selectors.end_prices import EndPrices


class PricesNow:
    """The stored prices of today; the exchanges that hold an asset are believed first.

    Each asset is asked for among those that were named.
    """

    def __init__(
        self, user: User, currency: str, environment: str, assets: Collection[str]
    ) -> None:
        known = identities(user)
        self._environment, self._today = environment, closes.today()
        holders: dict[str, set[str]] = defaultdict(set)
        self._own: set[str] = set()
        for place in closes.held(user.pk, known):
            if place.environment == environment:
                self._own.add(place.source)
                for asset in place.assets.values():
                    holders[asset].add(place.source)
        self._holders = holders
        self._prices = EndPrices(
            assets, [self._today], currency=currency, known=known, own=own_prices.of_owner(user.pk)
        )

    def found(self, asset: str) -> Found | None:
        """The price of one unit; None where nobody knows it."""
        trusted: Trusted = (frozenset(self._holders.get(asset, ())), frozenset(self._own))
        return self._prices.found(asset, self._today, self._environment, trusted)

    def price(self, asset: str) -> Decimal | None:
        """The same as a number alone."""
        found = self.found(asset)
        return None if found is None else found.price
