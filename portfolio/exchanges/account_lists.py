"""Lists that an exchange gives page by page in one go, those of its accounts among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from portfolio.exchanges import exact
from portfolio.exchanges.errors import KeyBroken, StreamUnavailable, TryAgain
from portfolio.exchanges.profile import AccountsRule, Call, Listing
from portfolio.exchanges.reading import twice, understand

Ask = Callable[[Call, Mapping[str, Any]], str]
_Row = TypeVar("_Row")


class AccountLists:
    """The lists of accounts that balances and plans are read of: asked once, then kept."""

    def __init__(self, rule: AccountsRule | None, ask: Ask, name: str) -> None:
        self._rule = rule
        self._ask = ask
        self._name = name
        self._lists: list[list[str]] = []

    def forget(self) -> None:
        """Ask anew the next time."""
        self._lists = []

    def read(
        self, choose: Callable[[AccountsRule], Callable[[list[list[str]]], list[_Row]]]
    ) -> list[_Row]:
        """Return what is read of the lists of accounts; nothing where there are none."""
        rule = self._rule
        if rule is None:
            return []
        listings = list(rule.listings)
        for place in range(len(listings)):
            self._listed_at(place, listings)
        listings += understand(rule.more, self._lists[: len(listings)], self._name)
        for place in range(len(rule.listings), len(listings)):
            self._listed_at(place, listings)
        return understand(choose(rule), self._lists, self._name)

    def _listed_at(self, place: int, listings: list[Listing]) -> None:
        """Keep what is at ``place``, asked for unless it is known already."""
        if place >= len(self._lists):
            self._lists.append(all_pages(listings[place], self._ask, self._name))


def all_pages(listing: Listing, ask: Ask, name: str) -> list[str]:
    """Return all pages of a list, of an exchange called ``name``. May raise any GatewayError."""
    pages: list[str] = []
    asked = listing.params
    while True:
        try:
            text, following = _page_of(listing, asked, ask, name)
        except (KeyBroken, StreamUnavailable, TryAgain) as error:
            if pages or error.code not in listing.absent_codes:
                raise
            return []
        pages.append(text)
        if not following or following == asked:
            return pages
        asked = following


def _page_of(
    listing: Listing, asked: Mapping[str, Any], ask: Ask, name: str
) -> tuple[str, Mapping[str, Any] | None]:
    """Return a page and how to ask for the next.

    A passing fault is met once here: a long list must be had in one go.
    """

    def attempt() -> tuple[str, Mapping[str, Any] | None]:
        text = ask(listing.call, asked)
        understand(exact.loads, text, name)
        turn = listing.turn
        follow = listing.following if turn is None else partial(turn, asked)
        return text, understand(follow, text, name)

    return twice(attempt)
