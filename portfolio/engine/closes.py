"""Closing prices by day, streamed, and the ways that lead through them on the present day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from portfolio.engine.pricing import CARRY, REFERENCE, PriceBook, Quote, Step

DAY = timedelta(days=1)

Trusted = tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Close:
    """The closing price of one asset in one currency on one UTC day, says ``source``.

    ``at`` is set where the day is not over: when the price was seen.
    """

    asset: str
    currency: str
    on: date
    price: Decimal
    source: str
    at: datetime | None = None


def end_of(on: date) -> datetime:
    """The moment a UTC day ends."""
    return datetime.combine(on, time.min, tzinfo=UTC) + DAY


class _Dated(Protocol):
    @property
    def on(self) -> date: ...


T = TypeVar("T", bound=_Dated)


class ByDay(Generic[T]):
    """Hands out dated items up to a day, then up to the next."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._next = next(self._items, None)

    def until(self, day: date) -> Iterator[T]:
        while self._next is not None and self._next.on <= day:
            yield self._next
            self._next = next(self._items, None)


class Closes:
    """The last close of each market, and the prices that follow from them on the present day.

    Which way leads from an asset to the currency depends on which markets are known and how old
    their closes are; while that stays the same, only the figures are read anew.
    """

    def __init__(self, closes: Iterable[Close], *, currency: str, carry: timedelta = CARRY) -> None:
        self._closes = ByDay(closes)
        self._currency = currency
        self._carry = carry
        self._last: dict[tuple[str, str, str], Quote] = {}
        self._ages: dict[tuple[str, str, str], timedelta] = {}
        self._book = PriceBook((), now=end_of(date.min))
        self._ways: dict[tuple[str, Trusted], tuple[Step, ...] | None] = {}
        self._of_day: dict[tuple[str, Trusted], tuple[Step, ...] | None] = {}

    def move_to(self, day: date) -> None:
        """Reads on to the closes of ``day``; days must not go back."""
        now = end_of(day)
        self._of_day = {}
        for close in self._closes.until(day):
            at = close.at or end_of(close.on)
            quote = Quote(close.asset, close.currency, close.price, close.source, at)
            if quote.price > 0:
                self._last[quote.name] = quote
        for name, quote in list(self._last.items()):
            if now - quote.at > self._carry and quote.source != REFERENCE:
                del self._last[name]
        ages = {name: now - quote.at for name, quote in self._last.items()}
        if ages != self._ages:
            self._ages = ages
            self._book = PriceBook(self._last.values(), now=now, carry=self._carry)
            self._ways = {}

    def way(self, asset: str, trusted: Trusted = ()) -> tuple[Step, ...] | None:
        """The steps from an asset to the currency with their quotes; none for itself."""
        known = (asset, trusted)
        if known not in self._of_day:
            self._of_day[known] = self._way(asset, trusted)
        return self._of_day[known]

    def _way(self, asset: str, trusted: Trusted) -> tuple[Step, ...] | None:
        """With the figures of the present day."""
        known = (asset, trusted)
        if known not in self._ways:
            found = self._book.price(asset, self._currency, trusted)
            self._ways[known] = found.steps if found else None
        way = self._ways[known]
        if way is None:
            return None
        return tuple(Step(self._last[step.quote.name], step.inverted) for step in way)
