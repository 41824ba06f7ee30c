"""Canada: adjusted cost base with the superficial-loss rule (ITA 54, 40(2)(g); IT-456R par. 12).

At a loss, S units are disposed of, P are acquired from 30 days before to 30 after (local dates,
both included), B are held at the end of the 30th day after. The least of the three through S is
the part of the loss that is denied and added to the cost of what is held.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from portfolio.engine.money import EXACT
from portfolio.engine.tax.by_pool import PoolRun
from portfolio.engine.tax.lots import share
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import Acquire, Dispose, Operation, Vanish
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import Outcome

DAYS = timedelta(days=30)
_ZERO = Decimal(0)


class _Running:
    """Sums of one asset up to each day on which something happened."""

    def __init__(self) -> None:
        self._days: list[date] = []
        self._sums: list[Decimal] = []

    def add(self, on: date, amount: Decimal) -> None:
        """Count an amount; days come in order."""
        before = self._sums[-1] if self._sums else _ZERO
        if not self._days or self._days[-1] != on:
            self._days.append(on)
            self._sums.append(before)
        self._sums[-1] = EXACT.add(before, amount)

    def through(self, on: date) -> Decimal:
        """Return the sum up to the end of a day."""
        place = bisect_right(self._days, on)
        return self._sums[place - 1] if place else _ZERO

    def before(self, on: date) -> Decimal:
        """Return the sum up to the beginning of a day."""
        place = bisect_left(self._days, on)
        return self._sums[place - 1] if place else _ZERO


class _Superficial(PoolRun):
    def __init__(self, settings: Settings, rows: Sequence[Operation]) -> None:
        super().__init__(settings)
        self._acquired: dict[str, _Running] = defaultdict(_Running)
        self._held: dict[str, _Running] = defaultdict(_Running)
        for row in rows:
            on = settings.local_date(row.time)
            if type(row) is Acquire:
                self._acquired[row.asset].add(on, row.amount)
                self._held[row.asset].add(on, row.amount)
            elif type(row) is Dispose or type(row) is Vanish:
                self._held[row.asset].add(on, row.amount.copy_negate())

    def denied(self, row: Dispose, loss: Decimal) -> Decimal:
        on = self.settings.local_date(row.time)
        acquired, held = self._acquired[row.asset], self._held[row.asset]
        around = EXACT.subtract(acquired.through(on + DAYS), acquired.before(on - DAYS))
        least = min(row.amount, around, held.through(on + DAYS))
        return share(loss, least, row.amount) if least > 0 else _ZERO


def _run(settings: Settings, rows: Sequence[Operation]) -> Outcome:
    return _Superficial(settings, rows).run(rows)


METHODS = (Method("acb_superficial", "Adjusted cost base with superficial losses", _run),)
