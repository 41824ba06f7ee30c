"""The worth of all holdings at the end of each day, from quantities that changed and closes.

Everything streams by day: the cost grows with days and assets, and nothing is kept but the last
quantity of each asset and the last close of each market.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.closes import DAY, ByDay, Close, Closes
from portfolio.engine.moments import MomentBook, last_moment
from portfolio.engine.own_prices import OwnPrices
from portfolio.engine.pricing import CARRY, Trust


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
    own: OwnPrices | None = None,
) -> Iterator[DayValue]:
    """Yields the worth of each day from ``first`` to ``last``, both included.

    ``assets`` tells which asset a quantity's code is one of, where that is another than the code
    itself; closes are of assets. ``quantities`` and ``closes`` must come by day, oldest first;
    those of days before ``first`` set the start. A close is carried for ``carry`` at most; then
    the price is unknown, unless the user gave one.
    """
    changes = ByDay(quantities)
    book = MomentBook(Closes(closes, currency=currency, carry=carry), currency, own or OwnPrices())
    believed = tuple(frozenset(sources) for sources in trusted)
    held: dict[str, Decimal] = {}
    asset_of = assets or {}
    day = first
    while day <= last:
        for change in changes.until(day):
            held[change.asset] = change.quantity
            if not change.quantity:
                del held[change.asset]
        at = last_moment(day)
        value, unpriced = money.ZERO, set[str]()
        for code, quantity in held.items():
            asset = asset_of.get(code, code)
            found = book.price(asset, at, believed)
            if found is None:
                unpriced.add(asset)
            else:
                value = money.add(value, money.multiply(quantity, found.price))
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
