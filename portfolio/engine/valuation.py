"""The worth of all holdings at the end of each day, from quantities that changed and closes.

Everything streams by day: the cost grows with days and assets, and nothing is kept but the last
quantity of each asset and the last close of each market.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from portfolio.engine import money
from portfolio.engine.pricing import CARRY, REFERENCE, PriceBook, Quote, Step, Trust, along

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Close:
    """The closing price of one asset in one currency on one UTC day, says ``source``."""

    asset: str
    currency: str
    on: date
    price: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Quantity:
    """How much of an asset was held at the end of a day on which that changed."""

    asset: str
    on: date
    quantity: Decimal


@dataclass(frozen=True, slots=True)
class DayValue:
    """Worth at the end of one day, without the assets in ``unpriced``."""

    on: date
    value: Decimal
    unpriced: tuple[str, ...]


def end_of(on: date) -> datetime:
    """The moment a UTC day ends."""
    return datetime.combine(on, time.min, tzinfo=UTC) + DAY


def daily_values(
    quantities: Iterable[Quantity],
    closes: Iterable[Close],
    *,
    currency: str,
    first: date,
    last: date,
    trusted: Trust = (),
    carry: timedelta = CARRY,
    assets: Mapping[str, str] | None = None,
) -> Iterator[DayValue]:
    """Yields the worth of each day from ``first`` to ``last``, both included.

    ``assets`` tells which asset a quantity's code is one of, where that is another than the code
    itself; closes are of assets. ``quantities`` and ``closes`` must come by day, oldest first;
    those of days before ``first`` set the start. A close is carried for ``carry`` at most; then
    the price is unknown.
    """
    changes = _ByDay(quantities)
    prices = _Closes(closes, currency=currency, trusted=trusted, carry=carry)
    held: dict[str, Decimal] = {}
    asset_of = assets or {}
    day = first
    while day <= last:
        for change in changes.until(day):
            held[change.asset] = change.quantity
            if not change.quantity:
                del held[change.asset]
        prices.move_to(day)
        value, unpriced = money.ZERO, set[str]()
        for code, quantity in held.items():
            asset = asset_of.get(code, code)
            price = prices.price(asset)
            if price is None:
                unpriced.add(asset)
            else:
                value = money.add(value, money.multiply(quantity, price))
        yield DayValue(day, value, tuple(sorted(unpriced)))
        day += DAY


def combine(series: Sequence[Iterable[DayValue]]) -> Iterator[DayValue]:
    """Adds series over the same days, day by day. May raise ValueError if the days differ."""
    for values in zip(*series, strict=True):
        if len({value.on for value in values}) != 1:
            raise ValueError("the series do not cover the same days")
        yield DayValue(
            values[0].on,
            money.total(value.value for value in values),
            tuple(sorted({asset for value in values for asset in value.unpriced})),
        )


class _Dated(Protocol):
    @property
    def on(self) -> date: ...


T = TypeVar("T", bound=_Dated)


class _ByDay(Generic[T]):
    """Hands out dated items up to a day, then up to the next."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items = iter(items)
        self._next = next(self._items, None)

    def until(self, day: date) -> Iterator[T]:
        while self._next is not None and self._next.on <= day:
            yield self._next
            self._next = next(self._items, None)


class _Closes:
    """The last close of each market, and the prices that follow from them on the present day.

    Which way leads from an asset to the currency depends on which markets are known and how old
    their closes are; while that stays the same, only the figures are read anew.
    """

    def __init__(
        self,
        closes: Iterable[Close],
        *,
        currency: str,
        trusted: Trust,
        carry: timedelta,
    ) -> None:
        self._closes = _ByDay(closes)
        self._currency = currency
        self._trusted = trusted
        self._carry = carry
        self._last: dict[tuple[str, str, str], Quote] = {}
        self._ages: dict[tuple[str, str, str], timedelta] = {}
        self._book = PriceBook((), now=end_of(date.min))
        self._ways: dict[str, tuple[Step, ...] | None] = {}

    def move_to(self, day: date) -> None:
        now = end_of(day)
        for close in self._closes.until(day):
            quote = Quote(close.asset, close.currency, close.price, close.source, end_of(close.on))
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

    def price(self, asset: str) -> Decimal | None:
        if asset not in self._ways:
            found = self._book.price(asset, self._currency, self._trusted)
            self._ways[asset] = found.steps if found else None
        way = self._ways[asset]
        if way is None:
            return None
        return along([Step(self._last[step.quote.name], step.inverted) for step in way])
