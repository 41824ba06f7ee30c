"""What assets were worth at moments of a user's past, by which source, and how near in time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from portfolio.engine.closes import Closes, Trusted
from portfolio.engine.identities import Identities
from portfolio.engine.moments import Found, MomentBook, Width
from portfolio.models import Connection
from portfolio.selectors import closes, own_prices
from portfolio.selectors.assets import identities_of

__all__ = ["Found", "Moments", "Width"]


class Moments:
    """Prices in one currency from ``since`` on, streamed: memory does not grow with the history.

    Moments must come by day, oldest first; within a day in any order. The exchange that holds an
    asset is believed first, then the user's others, then any of that environment, then a price the
    user gave. Assets are what codes stand for (see ``selectors.assets``); ``assets`` names those
    that will be asked, where it is not all that was ever held.
    """

    def __init__(
        self,
        owner_id: int,
        currency: str,
        since: date,
        *,
        until: date | None = None,
        assets: Collection[str] | None = None,
        known: Identities | None = None,
    ) -> None:
        self._known = known or identities_of(owner_id)
        held = closes.held(owner_id, self._known)
        self._trusted = {place.source: place.trusted for place in held}
        self._own = {place.environment: place.trusted[-1] for place in held}
        self._assets = assets
        self._held = held
        self._currency = currency
        self._since, self._until = since, until
        self._prices = own_prices.of_owner(owner_id)
        self._books: dict[str, MomentBook] = {}

    def price(self, source: str, asset: str, at: datetime) -> Found | None:
        """What one unit was worth at a moment to whoever held it at ``source``; None: unknown.

        May raise ValueError where a later day was asked for before.
        """
        environment = _environment(source)
        if environment not in self._books:
            self._books[environment] = self._book(environment)
        return self._books[environment].price(asset, at, self._believed(source, environment))

    def _believed(self, source: str, environment: str) -> Trusted:
        if source not in self._trusted:
            others = self._own.get(environment, frozenset())
            self._trusted[source] = (frozenset([source]), others)
        return self._trusted[source]

    def _book(self, environment: str) -> MomentBook:
        assets = self._assets
        if assets is None:
            here = [place for place in self._held if place.environment == environment]
            assets = {asset for place in here for asset in place.assets.values()}
        wanted = {*assets, self._currency, *self._prices.currencies}
        stream = closes.streamed(wanted, self._known, environment, self._since, self._until)
        fine = closes.fine(wanted, self._known, environment, self._since, self._until)
        days = Closes(stream, currency=self._currency)
        return MomentBook(days, self._currency, self._prices, fine)


def _environment(source: str) -> str:
    return source.partition(":")[2] or Connection.Environment.LIVE
