"""United Kingdom: same day, 30 days, section 104 pool (TCGA 1992 s.104 to 106A, CRYPTO22250).

All disposals of one local day are one, and so are all acquisitions (s.105). A disposal is matched
with what is acquired on that day, then with what is acquired in the 30 days after, the earliest
disposal and the earliest acquisition first, then with the pool. A gift to a spouse comes out of
the pool without gain or loss and is never matched (s.58).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from portfolio.engine.tax.by_pool import Pool
from portfolio.engine.tax.days import day_of
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import ACQUIRE, DISPOSE, MOVE, Operations
from portfolio.engine.tax.rows import Rows
from portfolio.engine.tax.telling import Teller
from portfolio.engine.tax.types import Disposal, Match, Outcome, Remaining, Shortfall
from portfolio.engine.tax.whole import value_of

THIRTY_DAYS = 30


class _Day:
    """All that happened to one asset on one local date; what is matched is taken off."""

    __slots__ = ("bought", "given", "last", "more", "on", "price", "sold", "vanished")

    def __init__(self, on: int, number: int) -> None:
        self.on = on
        self.last = number  # the last disposal
        self.bought = Pool()
        self.sold = self.price = self.more = self.given = self.vanished = 0


class _Part(NamedTuple):
    """A part of a day's disposals; ``acquired`` is a day, or 0 for the pool."""

    on: int
    last: int
    units: int
    price: int
    cost: int
    match: Match
    acquired: int


class _Asset:
    """One asset's days, matched."""

    def __init__(self, tell: Teller, days: dict[int, _Day]) -> None:
        self._tell = tell
        self._days = [days[on] for on in sorted(days)]
        self._add: list[_Part] = []
        self.pool = Pool()
        self.short: list[Shortfall] = []

    def match(self) -> list[_Part]:
        """Match all disposals. May raise InsufficientHoldings."""
        for day in self._days:
            if day.sold and day.bought.units:
                self._match(day, day, Match.SAME_DAY)
        self._thirty_days()
        for day in self._days:
            self.pool.units += day.bought.units
            self.pool.cost += day.bought.cost
            self._from_pool(day)
        return self._add

    def _thirty_days(self) -> None:
        """The earliest disposal first, with the earliest acquisition after it."""
        buying = [day for day in self._days if day.bought.units]
        begin = 0
        for day in self._days:
            if not day.sold:
                continue
            while begin < len(buying) and buying[begin].on <= day.on:
                begin += 1
            place = begin
            while day.sold and place < len(buying) and buying[place].on <= day.on + THIRTY_DAYS:
                if buying[place].bought.units:
                    self._match(day, buying[place], Match.THIRTY_DAY)
                place += 1

    def _match(self, day: _Day, other: _Day, match: Match) -> None:
        units = min(day.sold, other.bought.units)
        self._part(day, units, other.bought.take(units), match, other.on)

    def _from_pool(self, day: _Day) -> None:
        if day.given:
            cost = self._take(self._held(day, day.given))
            self._add.append(
                _Part(day.on, day.last, day.given, cost, cost, Match.NO_GAIN_NO_LOSS, 0)
            )
        if day.sold:
            held = self._held(day, day.sold)
            if held:
                self._part(day, held, self._take(held), Match.SECTION_104, 0)
            if day.sold:
                self._part(day, day.sold, 0, Match.NONE, 0)
        if day.vanished:
            self.pool.units -= self._held(day, day.vanished)

    def _take(self, units: int) -> int:
        return self.pool.take(units) if units else 0

    def _held(self, day: _Day, units: int) -> int:
        """Return how many units the pool has. May raise InsufficientHoldings."""
        if units <= self.pool.units:
            return units
        self.short.append(self._tell.shortfall(day.last, units - self.pool.units))
        return self.pool.units

    def _part(self, day: _Day, units: int, cost: int, match: Match, acquired: int) -> None:
        """A part of the day's disposals, with its share of proceeds and fees."""
        price, more = day.price, day.more
        if units != day.sold:
            price = price * units // day.sold
            more = more * units // day.sold
        day.price -= price
        day.more -= more
        day.sold -= units
        self._add.append(_Part(day.on, day.last, units, price, cost + more, match, acquired))


def _days(operations: Operations, tell: Teller) -> list[dict[int, _Day]]:
    """What happened, by asset and local day; wallets do not matter here."""
    found: list[dict[int, _Day]] = [{} for _ in operations.history.assets]
    rows = zip(
        *(operations.kinds, operations.coins, operations.units, operations.money),
        tell.all_days(),
        strict=True,
    )
    special = operations.special
    for number, (kind, coin, units, money, on) in enumerate(rows):
        if kind == MOVE:
            continue
        day = found[coin].get(on)
        if day is None:
            day = found[coin][on] = _Day(on, number)
        if kind == ACQUIRE:
            day.bought.units += units
            day.bought.cost += money
        elif kind != DISPOSE:
            day.vanished += units
        else:
            day.last = number
            told = special.get(number)
            if told is not None and told.is_exempt:
                day.given += units
                continue
            day.sold += units
            day.price += money
            day.more += told.more_cost if told is not None else 0
    return found


class _Run:
    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._tell = Teller(operations)
        days = _days(operations, self._tell)
        names = operations.history.assets
        order = sorted(range(len(names)), key=names.__getitem__)
        self._assets = [(names[coin], _Asset(self._tell, days[coin])) for coin in order]

    def run(self) -> Outcome:
        parts = [part for _, asset in self._assets for part in asset.match()]
        parts.sort(key=lambda part: part.on)  # assets stay in the order of their names
        disposals: Rows[Disposal] = Rows(parts, self._disposal)
        short = tuple(row for _, asset in self._assets for row in asset.short)
        return Outcome(disposals, (), tuple(self._left()), short)

    def _left(self) -> Iterator[Remaining]:
        for name, asset in self._assets:
            if asset.pool.units:
                amount = self._tell.amount(asset.pool.units)
                yield Remaining(name, amount, value_of(asset.pool.cost))

    def _disposal(self, part: _Part) -> Disposal:
        tell, number = self._tell, part.last
        return Disposal(
            *(self._operations.events[number], tell.at(number), day_of(part.on)),
            *(tell.asset(number), "", tell.amount(part.units)),
            *(value_of(part.price), value_of(part.cost), part.match),
            day_of(part.acquired) if part.acquired else None,
        )


def _run(operations: Operations) -> Outcome:
    return _Run(operations).run()


METHODS = (Method("uk_share_pooling", "Same day, 30 days, section 104 pool", _run),)
