"""United Kingdom: same day, 30 days, section 104 pool (TCGA 1992 s.104 to 106A, CRYPTO22250).

All disposals of one local day are one, and so are all acquisitions (s.105). A disposal is matched
with what is acquired on that day, then with what is acquired in the 30 days after, the earliest
disposal and the earliest acquisition first, then with the pool. A gift to a spouse comes out of
the pool without gain or loss and is never matched (s.58).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from portfolio.engine.money import EXACT
from portfolio.engine.tax.lots import share
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import Acquire, Dispose, Move, Operation, Vanish
from portfolio.engine.tax.pool import Pool
from portfolio.engine.tax.settings import Oversell, Settings
from portfolio.engine.tax.types import (
    Disposal,
    InsufficientHoldings,
    Match,
    Outcome,
    Remaining,
    Shortfall,
)

THIRTY_DAYS = timedelta(days=30)
_ZERO = Decimal(0)


@dataclass(slots=True)
class _Day:
    """All that happened to one asset on one local date; what is matched is taken off."""

    on: date
    event: int  # the last disposal's
    time: datetime
    bought: Pool = field(default_factory=Pool)
    sold: Decimal = _ZERO
    proceeds: Decimal = _ZERO
    more_cost: Decimal = _ZERO
    given: Decimal = _ZERO
    vanished: Decimal = _ZERO

    def sell(self, row: Dispose) -> None:
        """Count a disposal to those of the day."""
        if row.is_exempt:
            self.given = EXACT.add(self.given, row.amount)
        else:
            self.sold = EXACT.add(self.sold, row.amount)
            self.proceeds = EXACT.add(self.proceeds, row.proceeds)
            self.more_cost = EXACT.add(self.more_cost, row.more_cost)
        self.event, self.time = row.event, row.time


class _Asset:
    """One asset's days, matched."""

    def __init__(self, settings: Settings, asset: str, days: dict[date, _Day]) -> None:
        self._settings = settings
        self._asset = asset
        self._days = days
        self._pool = Pool()
        self.rows: list[Disposal] = []
        self.short: list[Shortfall] = []

    def match(self) -> None:
        """Match all disposals. May raise InsufficientHoldings."""
        days = sorted(self._days.values(), key=lambda day: day.on)
        for day in days:
            self._match(day, day, Match.SAME_DAY)
        selling = [day for day in days if day.sold]
        buying = [day for day in days if day.bought.amount]
        self._thirty_days(selling, buying)
        for day in days:
            self._pool.add(day.bought.amount, day.bought.cost)
            self._from_pool(day)

    def _thirty_days(self, selling: list[_Day], buying: list[_Day]) -> None:
        begin = 0
        for day in selling:
            while begin < len(buying) and buying[begin].on <= day.on:
                begin += 1
            for later in buying[begin:]:
                if not day.sold or later.on > day.on + THIRTY_DAYS:
                    break
                self._match(day, later, Match.THIRTY_DAY)

    def _match(self, day: _Day, bought: _Day, match: Match) -> None:
        amount = min(day.sold, bought.bought.amount)
        if amount:
            self._row(day, amount, bought.bought.take(amount), match, bought.on)

    def _from_pool(self, day: _Day) -> None:
        if day.given:
            cost = self._pool.take(self._held(day, day.given))
            self._add(day, day.given, cost, cost, Match.NO_GAIN_NO_LOSS, None)
        if day.sold:
            held = self._held(day, day.sold)
            if held:
                self._row(day, held, self._pool.take(held), Match.SECTION_104, None)
            if day.sold:
                self._row(day, day.sold, _ZERO, Match.NONE, None)
        if day.vanished:
            self._pool.amount = EXACT.subtract(self._pool.amount, self._held(day, day.vanished))

    def _held(self, day: _Day, amount: Decimal) -> Decimal:
        """Return how much of an amount the pool has. May raise InsufficientHoldings."""
        missing = EXACT.subtract(amount, self._pool.amount)
        if missing <= 0:
            return amount
        if self._settings.oversell is Oversell.ERROR:
            raise InsufficientHoldings(day.event, self._asset, missing)
        self.short.append(Shortfall(day.event, self._asset, missing))
        return self._pool.amount

    def _row(
        self, day: _Day, amount: Decimal, cost: Decimal, match: Match, acquired: date | None
    ) -> None:
        """A part of the day's disposals, with its share of proceeds and fees."""
        price = share(day.proceeds, amount, day.sold)
        extra = share(day.more_cost, amount, day.sold)
        day.proceeds = EXACT.subtract(day.proceeds, price)
        day.more_cost = EXACT.subtract(day.more_cost, extra)
        day.sold = EXACT.subtract(day.sold, amount)
        self._add(day, amount, price, EXACT.add(cost, extra), match, acquired)

    def _add(
        self,
        day: _Day,
        amount: Decimal,
        proceeds: Decimal,
        cost: Decimal,
        match: Match,
        acquired: date | None,
    ) -> None:
        self.rows.append(
            Disposal(
                *(day.event, day.time, day.on, self._asset, "", amount),
                *(proceeds, cost, match, acquired),
            )
        )

    def left(self) -> Iterator[Remaining]:
        """Yield the pool, if anything is left in it."""
        if self._pool.amount:
            yield Remaining(self._asset, self._pool.amount, self._pool.cost)


def _days(settings: Settings, rows: Sequence[Operation]) -> dict[str, dict[date, _Day]]:
    """What happened, by asset and local date; wallets do not matter here."""
    days: dict[str, dict[date, _Day]] = defaultdict(dict)
    for row in rows:
        if type(row) is Move:
            continue
        on = settings.local_date(row.time)
        of_asset = days[row.asset]
        day = of_asset.get(on)
        if day is None:
            day = of_asset[on] = _Day(on, row.event, row.time)
        if type(row) is Acquire:
            day.bought.add(row.amount, row.cost)
        elif type(row) is Dispose:
            day.sell(row)
        elif type(row) is Vanish:
            day.vanished = EXACT.add(day.vanished, row.amount)
    return days


def _run(settings: Settings, rows: Sequence[Operation]) -> Outcome:
    assets = [
        _Asset(settings, asset, days) for asset, days in sorted(_days(settings, rows).items())
    ]
    for asset in assets:
        asset.match()
    disposals = sorted(
        (row for asset in assets for row in asset.rows), key=lambda row: (row.on, row.asset)
    )
    left = tuple(row for asset in assets for row in asset.left())
    return Outcome(tuple(disposals), (), left, tuple(s for asset in assets for s in asset.short))


METHODS = (Method("uk_share_pooling", "Same day, 30 days, section 104 pool", _run),)
