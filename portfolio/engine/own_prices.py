"""Prices that a user gave, each for a stretch of time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from portfolio.engine.pricing import Quote, Step

# The source that a user's own price is shown with.
OWN = "own"
Way = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class OwnPrice:
    """One unit of ``asset`` is worth ``price`` of ``currency`` from ``since`` until ``until``.

    ``until`` is the first moment it no longer holds, None where it has no end. It stands in where
    no market has a price; with ``is_first`` it is taken before any market's.
    """

    asset: str
    currency: str
    price: Decimal
    since: datetime
    until: datetime | None
    made_at: datetime
    is_first: bool = False

    def holds(self, moment: datetime) -> bool:
        return self.since <= moment and (self.until is None or moment < self.until)

    @property
    def step(self) -> Step:
        return Step(Quote(self.asset, self.currency, self.price, OWN, self.since))

    @property
    def _order(self) -> tuple[timedelta, float]:
        length = timedelta.max if self.until is None else self.until - self.since
        return (length, -self.made_at.timestamp())


class OwnPrices:
    """All prices of one user; of several for one moment the shortest stretch's, then the newest."""

    def __init__(self, prices: Iterable[OwnPrice] = ()) -> None:
        self._prices: dict[tuple[str, bool], list[OwnPrice]] = {}
        for price in prices:
            self._prices.setdefault((price.asset, price.is_first), []).append(price)
        for found in self._prices.values():
            found.sort(key=lambda price: price._order)

    @property
    def currencies(self) -> frozenset[str]:
        """What the prices are in."""
        return frozenset(price.currency for found in self._prices.values() for price in found)

    def are_of(self, asset: str) -> bool:
        """Whether any of them is of this asset."""
        return (asset, True) in self._prices or (asset, False) in self._prices

    def at(self, asset: str, moment: datetime, *, is_first: bool) -> OwnPrice | None:
        """The price given for this moment, of those that come before markets or after them."""
        known = self._prices.get((asset, is_first), ())
        return next((price for price in known if price.holds(moment)), None)

    def way(
        self, asset: str, currency: str, moment: datetime, market: Callable[[str], Way | None]
    ) -> Way | None:
        """The steps from an asset to a currency, by the user's price or by ``market``'s way."""
        if asset == currency:
            return ()
        for is_first in (True, False):
            own = self.at(asset, moment, is_first=is_first)
            rest = market(own.currency) if own else None
            if own and (own.currency == currency or rest is not None):
                return (own.step, *(rest or ()))
            if is_first and (found := market(asset)) is not None:
                return found
        return None
