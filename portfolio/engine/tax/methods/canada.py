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
    """Sums of one asset up to each day on which something happened."""

    def __init__(self) -> None:
        self._days: list[int] = []
        self._acquired: list[int] = []
        self._held: list[int] = []

    def add(self, day: int, acquired: int, change: int) -> None:
        """Count units; days come in order."""
        if not self._days:
            self._days, self._acquired, self._held = [day], [0], [0]
        elif self._days[-1] != day:
            self._days.append(day)
            self._acquired.append(self._acquired[-1])
            self._held.append(self._held[-1])
        self._acquired[-1] += acquired
        self._held[-1] += change

    def around(self, day: int) -> tuple[int, int]:
        """Return what is acquired 30 days before to 30 after a day, and what is held after them."""
        first = bisect_left(self._days, day - DAYS)
        last = bisect_right(self._days, day + DAYS) - 1
        before = self._acquired[first - 1] if first else 0
        return self._acquired[last] - before, self._held[last]


class _Superficial(PoolRun):
    def __init__(self, operations: Operations) -> None:
        super().__init__(operations)
        self._days = self.tell.all_days()
        self._running = [_Running() for _ in operations.history.assets]
        rows = zip(operations.kinds, operations.coins, operations.units, self._days, strict=True)
        for kind, coin, units, day in rows:
            if kind == ACQUIRE:
                self._running[coin].add(day, units, units)
            elif kind != MOVE:
                self._running[coin].add(day, 0, -units)

    def denied(self, number: int, loss: int) -> int:
        if self.operations.of_event(number).is_exempt:
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
