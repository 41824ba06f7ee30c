"""United Kingdom: same day, 30 days, section 104 pool (TCGA 1992 s.104 to 106A, CRYPTO22250).

All disposals of one local day are one, and so are all acquisitions (s.105). A disposal is matched
with what is acquired on that day, then with what is acquired in the 30 days after, the earliest
disposal and the earliest acquisition first, then with the pool. A gift to a spouse comes out of
the pool without gain or loss and is never matched (s.58). Where the price of one disposal of a day
is not known, that of the day is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from portfolio.engine.tax.by_pool import Pool
from portfolio.engine.tax.days import day_of
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import ACQUIRE, DISPOSE, MOVE, Operations
from portfolio.engine.tax.rows import Rows
from portfolio.engine.tax.telling import Teller
from portfolio.engine.tax.types import Disposal, Match, Outcome, Remaining, Shortfall
from portfolio.engine.tax.whole import value_of

THIRTY_DAYS = 30


# All that happened to one asset on one local date, as a row: what is matched is taken off. LAST is
# the last disposal; COST is that of what was BOUGHT, PRICE and MORE (what it cost besides) are
# those of what was SOLD; GIVEN is without gain or loss.
_Day = list[int]
ON, LAST, BOUGHT, COST, SOLD, PRICE, MORE, GIVEN, VANISHED = range(9)
# A part of a day's disposals: day, last operation, units, price, cost, what it was matched with,
# and the day when that was acquired, 0 for the pool.
_Part = tuple[int, int, int, int, int, Match, int]


class _Asset:
    """One asset's days, matched."""

    def __init__(self, tell: Teller, days: dict[int, _Day]) -> None:
        self._tell = tell
        self._days = [days[on] for on in sorted(days)]
        self._parts: list[_Part] = []
        self.pool = Pool()
        self.short: list[Shortfall] = []

    def match(self) -> list[_Part]:
        """Match all disposals. May raise InsufficientHoldings."""
        same_day = Match.SAME_DAY
        for day in self._days:
            if day[SOLD] and day[BOUGHT]:
                self._match(day, [day], 0, same_day)
        self._thirty_days()
        pool = self.pool
        for day in self._days:
            if day[BOUGHT]:
                pool.units += day[BOUGHT]
                pool.cost += day[COST]
            if day[SOLD] or day[GIVEN] or day[VANISHED]:
                self._from_pool(day)
        return self._parts

    def _thirty_days(self) -> None:
        """The earliest disposal first, with the earliest acquisition after it."""
        buying = [day for day in self._days if day[BOUGHT]]
        begin, end, thirty_day = 0, len(buying), Match.THIRTY_DAY
        for day in self._days:
            if day[SOLD]:
                # What is too early for one disposal, or used up, is so for all after it.
                while begin < end and buying[begin][ON] <= day[ON]:
                    begin += 1
                begin = self._match(day, buying, begin, thirty_day)

    def _match(self, day: _Day, buying: list[_Day], begin: int, match: Match) -> int:
        """Meet a day's disposals from what was bought; return the place of the first not used."""
        on, last, _, _, sold, price, more, _, _ = day
        end, latest, add = len(buying), on + THIRTY_DAYS, self._parts.append
        while sold and begin < end and (other := buying[begin])[ON] <= latest:
            units, cost, own, extra = other[BOUGHT], other[COST], price, more
            if units > sold:
                units, cost = sold, cost * sold // units
                other[BOUGHT] -= units
                other[COST] -= cost
            else:
                other[BOUGHT] = other[COST] = 0
                begin += 1
                if units != sold:
                    own = price * units // sold
                    extra = more and more * units // sold
            sold, price, more = sold - units, price - own, more - extra
            add((on, last, units, own, cost + extra, match, other[ON]))
        day[SOLD], day[PRICE], day[MORE] = sold, price, more
        return begin

    def _from_pool(self, day: _Day) -> None:
        if day[GIVEN]:
            cost = self._take(self._held(day, day[GIVEN]))
            part = (day[ON], day[LAST], day[GIVEN], cost, cost, Match.NO_GAIN_NO_LOSS, 0)
            self._parts.append(part)
        if day[SOLD]:
            held = self._held(day, day[SOLD])
            if held:
                self._part(day, held, self._take(held), Match.SECTION_104)
            if day[SOLD]:
                self._part(day, day[SOLD], 0, Match.NONE)
        if day[VANISHED]:
            self.pool.units -= self._held(day, day[VANISHED])

    def _take(self, units: int) -> int:
        return self.pool.take(units) if units else 0

    def _held(self, day: _Day, units: int) -> int:
        """Return how many units the pool has. May raise InsufficientHoldings."""
        if units <= self.pool.units:
            return units
        self.short.append(self._tell.shortfall(day[LAST], units - self.pool.units))
        return self.pool.units

    def _part(self, day: _Day, units: int, cost: int, match: Match) -> None:
        """A part of the day's disposals, with its share of proceeds and fees."""
        price, more = day[PRICE], day[MORE]
        if units != day[SOLD]:
            price = price * units // day[SOLD]
            more = more * units // day[SOLD]
        day[PRICE] -= price
        day[MORE] -= more
        day[SOLD] -= units
        self._parts.append((day[ON], day[LAST], units, price, cost + more, match, 0))


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
            day = found[coin][on] = [on, number, 0, 0, 0, 0, 0, 0, 0]
        if kind == ACQUIRE:
            day[BOUGHT] += units
            day[COST] += money
        elif kind != DISPOSE:
            day[VANISHED] += units
        else:
            day[LAST] = number
            told = special.get(number)
            if told is not None:
                if told.is_exempt:
                    day[GIVEN] += units
                    continue
                day[MORE] += told.more_cost
            day[SOLD] += units
            day[PRICE] += money
    return found


def _unpriced(operations: Operations, tell: Teller) -> set[tuple[int, int]]:
    """Coins and days of which nobody knows the price."""
    return {
        (operations.coins[number], tell.day(number))
        for number in operations.unpriced
        if not operations.of_event(number).is_exempt
    }


class _Run:
    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._tell = Teller(operations)
        days = _days(operations, self._tell)
        self._unpriced = _unpriced(operations, self._tell)
        names = operations.history.assets
        order = sorted(range(len(names)), key=names.__getitem__)
        self._assets = [(names[coin], _Asset(self._tell, days[coin])) for coin in order]

    def run(self) -> Outcome:
        parts = [part for _, asset in self._assets for part in asset.match()]
        parts.sort(key=itemgetter(0))  # assets stay in the order of their names
        disposals: Rows[Disposal] = Rows(parts, self._disposal, itemgetter(0))
        short = tuple(row for _, asset in self._assets for row in asset.short)
        return Outcome(disposals, (), tuple(self._left()), short)

    def _left(self) -> Iterator[Remaining]:
        for name, asset in self._assets:
            if asset.pool.units:
                amount = self._tell.amount(asset.pool.units)
                yield Remaining(name, amount, value_of(asset.pool.cost))

    def _disposal(self, part: _Part) -> Disposal:
        tell = self._tell
        on, number, units, price, cost, match, acquired = part
        is_known = match is Match.NO_GAIN_NO_LOSS or self._is_priced(number, on)
        return Disposal(
            *(self._operations.events[number], tell.at(number), day_of(on)),
            *(tell.asset(number), "", tell.amount(units)),
            *(value_of(price) if is_known else None, value_of(cost), match),
            day_of(acquired) if acquired else None,
        )

    def _is_priced(self, number: int, on: int) -> bool:
        return (self._operations.coins[number], on) not in self._unpriced


def _run(operations: Operations) -> Outcome:
    return _Run(operations).run()


METHODS = (Method("uk_share_pooling", "Same day, 30 days, section 104 pool", _run),)
