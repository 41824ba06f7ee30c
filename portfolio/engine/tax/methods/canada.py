"""Canada: adjusted cost base with the superficial-loss rule (ITA 54, 40(2)(g); IT-456R par. 12).

At a loss, S units are disposed of, P are acquired from 30 days before to 30 after (local dates,
both included), B are held at the end of the 30th day after. The least of the three through S is
the part of the loss that is denied and added to the cost of what is held.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right

from portfolio.engine.tax.by_pool import PoolRun
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import ACQUIRE, MOVE, Operations
from portfolio.engine.tax.types import Outcome

DAYS = 30


class _Running:
    """Sums of one asset up to each day on which something happened; before all days, nothing."""

    def __init__(self) -> None:
        self.days = [-DAYS]
        self.acquired = [0]
        self.held = [0]

    def begin(self, day: int) -> None:
        """Count from what there was before; days come in order."""
        self.days.append(day)
        self.acquired.append(self.acquired[-1])
        self.held.append(self.held[-1])

    def around(self, day: int) -> tuple[int, int]:
        """Return what is acquired 30 days before to 30 after a day, and what is held after them."""
        before = bisect_left(self.days, day - DAYS) - 1
        last = bisect_right(self.days, day + DAYS) - 1
        return self.acquired[last] - self.acquired[before], self.held[last]


class _Superficial(PoolRun):
    def __init__(self, operations: Operations) -> None:
        super().__init__(operations)
        self._days = self.tell.all_days()
        self._running = [_Running() for _ in operations.history.assets]
        rows = zip(operations.kinds, operations.coins, operations.units, self._days, strict=True)
        for kind, coin, units, day in rows:
            if kind == MOVE:
                continue
            running = self._running[coin]
            if running.days[-1] != day:
                running.begin(day)
            if kind == ACQUIRE:
                running.acquired[-1] += units
                running.held[-1] += units
            else:
                # What was never held is not owed.
                running.held[-1] = max(running.held[-1] - units, 0)

    def denied(self, number: int, loss: int) -> int:
        operations = self.operations
        if operations.of_event(number).is_exempt or number in operations.unpriced:
            return 0
        units = self.operations.units[number]
        running = self._running[self.operations.coins[number]]
        least = min(units, *running.around(self._days[number]))
        if least <= 0:
            return 0
        return loss if least == units else loss * least // units


def _run(operations: Operations) -> Outcome:
    return _Superficial(operations).run()


METHODS = (Method("acb_superficial", "Adjusted cost base with superficial losses", _run),)
