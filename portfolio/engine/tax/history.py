"""A history in columns of whole numbers: what all methods compute on.

Most events are coin for money or money for coin; they are columns of numbers and need no working
out. The others keep their shape, with whole numbers in their legs.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from copy import copy
from datetime import datetime
from decimal import Decimal
from itertools import islice
from operator import le
from typing import Any, NamedTuple

from portfolio.engine.tax import whole
from portfolio.engine.tax.types import EventKind, Leg, TaxEvent

BASE = -1  # the base currency, where an asset is meant


class WholeLeg(NamedTuple):
    """One side of an event: the asset's number (BASE: money), units, and value where known."""

    asset: int
    units: int
    value: int | None


class WholeEvent(NamedTuple):
    """An event with whole numbers; see ``TaxEvent``. Wallets are numbers too."""

    number: int
    kind: EventKind
    at: int
    wallet: int
    into: WholeLeg | None
    out: WholeLeg | None
    fee: WholeLeg | None
    to_wallet: int
    subkind: str
    portfolio_value: int | None


# A purchase (1) or a sale (-1) for money: side, asset, units, value, fee; see ``History``.
Coin = tuple[int, str, int, int, int]


class Names:
    """Numbers for names, in the order of first mention."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of a name; a new one gets the next."""
        return self._numbers.setdefault(name, len(self._numbers))

    def copy(self) -> Names:
        """The same, to be added to apart."""
        other = Names()
        other._numbers = dict(self._numbers)
        return other

    def all(self) -> list[str]:
        """The names by number."""
        return list(self._numbers)


class History:
    """Events as ``TaxEvent`` tells them, ready to be computed on any number of times.

    The columns hold purchases (``sides`` 1) and sales (-1) for money, by the order in which they
    count: time, purchases first, order given. ``values`` are before fees, ``fees`` are in money,
    ``units`` are of ``digits`` digits after the point. ``at`` has the moment of every event, by its
    place in what was given. The events are taken one by one and not kept.
    """

    def __init__(self, events: Iterable[TaxEvent], base_currency: str) -> None:
        self.base_currency = base_currency
        self.digits = 8
        self._assets, self._wallets = Names(), Names()
        self.at: list[int] = []
        self.others: list[WholeEvent] = []
        self.subkinds: dict[int, str] = {}  # by event, where it has one
        self.sides: list[int] = []
        self.events: list[int] = []
        self.coins: list[int] = []
        self.places: list[int] = []
        self.units: list[int] = []
        self.values: list[int] = []
        self.fees: list[int] = []
        # What ``Operations`` worked out of it, by the settings that matter there.
        self.worked: dict[Any, Any] = {}
        self.cut_of: Cut | None = None
        for number, event in enumerate(events):
            self.add(number, event)
        self.finish()

    def add(self, number: int, event: TaxEvent) -> None:
        """Count the event of the next number; ``finish`` when all are there."""
        self.at.append(whole.micros(event.time))
        if event.subkind:
            self.subkinds[number] = event.subkind
        if not self._add_plain(number, event):
            self._add_other(number, event)

    def add_coin(self, number: int, at: int, wallet: str, coin: Coin) -> None:
        """Count a purchase or a sale for money that needs no working out."""
        side, asset, units, value, fee = coin
        self.at.append(at)
        self.sides.append(side)
        self.events.append(number)
        self.coins.append(self._assets.number(asset))
        self.places.append(self._wallets.number(wallet))
        self.units.append(units)
        self.values.append(value)
        self.fees.append(fee)

    def finish(self) -> None:
        """Bring what was added into its order."""
        self.sort()
        self.assets, self.wallets = self._assets.all(), self._wallets.all()

    @property
    def income(self) -> Iterator[WholeEvent]:
        """The events that are income."""
        return (event for event in self.others if event.kind is EventKind.INCOME)

    def before(self, moment: datetime) -> History:
        """The same without what happened then or later."""
        end = whole.micros(moment)
        part = self._cut(slice(0, self._place(end)), [e for e in self.others if e.at < end])
        return self._noted(part, _FIRST, end)

    def since(self, moment: datetime) -> History:
        """The same without what happened before."""
        begin = whole.micros(moment)
        part = self._cut(slice(self._place(begin), None), [e for e in self.others if e.at >= begin])
        return self._noted(part, begin, _LAST)

    def _noted(self, part: History, begin: int, end: int) -> History:
        """A part knows what it was cut of: what is worked out for the whole serves it too."""
        outer = self.cut_of or Cut(self, _FIRST, _LAST)
        part.cut_of = Cut(outer.whole, max(outer.begin, begin), min(outer.end, end))
        return part

    def until(self, event: int) -> History:
        """The same without an event and what happens at its moment after it, or later.

        What moves between wallets at that moment comes after it too.
        """
        end = self.at[event]
        keep = [
            place
            for place, number in enumerate(self.events)
            if self.at[number] < end
            or (self.at[number] == end and (self.sides[place] > 0 or number < event))
        ]
        part = self._cut(
            slice(None),
            [
                row
                for row in self.others
                if row.at < end
                or (row.at == end and row.number < event and row.kind is not EventKind.TRANSFER)
            ],
        )
        for name in _COLUMNS:
            column = getattr(part, name)
            setattr(part, name, [column[place] for place in keep])
        return part

    def plus(self, event: TaxEvent) -> History:
        """The same with one more event, after all others by its number; by its time wherever."""
        more = self._cut(slice(None), list(self.others))
        more.at, more.subkinds = list(self.at), dict(self.subkinds)
        more._assets, more._wallets = self._assets.copy(), self._wallets.copy()
        more.add(len(self.at), event)
        more.finish()
        return more

    def add_lot(self, event: int, coin: int, place: int, units: int, cost: int) -> None:
        """Add a purchase at the time of an event; ``sort`` when all are there."""
        self.cut_of = None
        row = (1, event, coin, place, units, cost, 0)
        for name, value in zip(_COLUMNS, row, strict=True):
            getattr(self, name).append(value)

    def _place(self, at: int) -> int:
        return bisect_left([self.at[event] for event in self.events], at)

    def _cut(self, places: slice, others: list[WholeEvent]) -> History:
        part = copy(self)
        for name in _COLUMNS:
            setattr(part, name, getattr(self, name)[places])
        part.others = others
        part.worked, part.cut_of = {}, None
        return part

    def _add_plain(self, number: int, event: TaxEvent) -> bool:
        """Take a purchase or a sale for money, with a fee in money or none; nothing else."""
        into, out, fee, base = event.into, event.out, event.fee, self.base_currency
        if into is None or out is None or event.portfolio_value is not None or event.subkind:
            return False
        if event.kind is EventKind.BUY and out.asset == base != into.asset:
            side, coin, money = 1, into, out
        elif event.kind is EventKind.SELL and into.asset == base != out.asset:
            side, coin, money = -1, out, into
        else:
            return False
        if fee is not None and fee.asset != base:
            return False
        units = self._units(coin.amount)  # before its column is taken: it may become another
        self.units.append(units)
        self.sides.append(side)
        self.events.append(number)
        self.coins.append(self._assets.number(coin.asset))
        self.places.append(self._wallets.number(event.wallet))
        self.values.append(whole.value(_worth(money)))
        self.fees.append(whole.value(_worth(fee)) if fee is not None else 0)
        return True

    def _add_other(self, number: int, event: TaxEvent) -> None:
        told = event.portfolio_value
        into, out, fee = self._legs(event)
        row = WholeEvent(
            number=number,
            kind=event.kind,
            at=self.at[number],
            wallet=self._wallets.number(event.wallet),
            into=into,
            out=out,
            fee=fee,
            to_wallet=self._wallets.number(event.to_wallet),
            subkind=event.subkind,
            portfolio_value=None if told is None else whole.value(told),
        )
        self.others.append(row)

    def _legs(self, event: TaxEvent) -> tuple[WholeLeg | None, WholeLeg | None, WholeLeg | None]:
        digits = self.digits
        legs = self._leg(event.into), self._leg(event.out), self._leg(event.fee)
        # One of them may have been finer than those before it.
        return legs if digits == self.digits else self._legs(event)

    def _leg(self, leg: Leg | None) -> WholeLeg | None:
        if leg is None:
            return None
        if leg.asset == self.base_currency:
            return WholeLeg(BASE, whole.value(leg.amount), whole.value(_worth(leg)))
        worth = None if leg.value is None else whole.value(leg.value)
        return WholeLeg(self._assets.number(leg.asset), self._units(leg.amount), worth)

    def _units(self, amount: Decimal) -> int:
        try:
            return whole.units(amount, self.digits)
        except whole.TooFine:
            self._refine(whole.digits_of(amount))
            return whole.units(amount, self.digits)

    def _refine(self, digits: int) -> None:
        """Count in finer units from now on, and what was counted already."""
        factor = 10 ** (digits - self.digits)
        self.digits = digits
        self.units = [number * factor for number in self.units]
        self.others = [
            row._replace(
                into=_finer(row.into, factor),
                out=_finer(row.out, factor),
                fee=_finer(row.fee, factor),
            )
            for row in self.others
        ]

    def sort(self) -> None:
        """Bring the columns into the order in which they count."""
        keys = [
            at * 2 + (side < 0)
            for at, side in zip(map(self.at.__getitem__, self.events), self.sides, strict=True)
        ]
        if all(map(le, keys, islice(keys, 1, None))):
            return
        order = sorted(range(len(keys)), key=keys.__getitem__)
        for name in _COLUMNS:
            column = getattr(self, name)
            setattr(self, name, [column[number] for number in order])


class Cut(NamedTuple):
    """Of which history a part was cut, from when on and until when, in microseconds."""

    whole: History
    begin: int
    end: int


_FIRST, _LAST = -(10**20), 10**20
_COLUMNS = ("sides", "events", "coins", "places", "units", "values", "fees")


def _finer(leg: WholeLeg | None, factor: int) -> WholeLeg | None:
    if leg is None or leg.asset == BASE:
        return leg
    return leg._replace(units=leg.units * factor)


def _worth(money: Leg) -> Decimal:
    """What an amount of the base currency is worth: what is told, else itself."""
    return money.amount if money.value is None else money.value
