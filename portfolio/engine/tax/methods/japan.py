"""Japan: the total average of a tax year, one unit cost for all that is disposed of in it.

Opening cost and the cost of all that is acquired in the year, through the units of both.
"""

from __future__ import annotations

from itertools import groupby

from portfolio.engine.tax.by_pool import PoolRun
from portfolio.engine.tax.days import day_of
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import ACQUIRE, DISPOSE, MOVE, Operations
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import Outcome


class _TotalAverage(PoolRun):
    """Wallets do not matter here."""

    by_wallet = False

    def run(self) -> Outcome:
        years = _years(self.settings, self.tell.all_days())
        for _, in_year in groupby(range(len(years)), key=years.__getitem__):
            self._one_year(list(in_year))
        return self.outcome()

    def _one_year(self, numbers: list[int]) -> None:
        """All acquisitions of the year first; then what goes out, in order.

        The unit cost is the same before and after: parts of one pool in the same proportion.
        """
        operations = self.operations
        kinds, coins = operations.kinds, operations.coins
        for number in numbers:
            if kinds[number] == ACQUIRE:
                pool = self.pool(coins[number], 0)
                pool.units += operations.units[number]
                pool.cost += operations.money[number]
        for number in numbers:
            if kinds[number] in (ACQUIRE, MOVE):
                continue
            pool, units = self.pool(coins[number], 0), operations.units[number]
            if kinds[number] == DISPOSE:
                self.dispose(number, pool, units, operations.money[number])
            else:
                pool.units -= self.held(number, pool, units)


def _years(settings: Settings, days: list[int]) -> list[int]:
    """The tax year of each day; worked out once for each."""
    known = {day: settings.year_of(day_of(day)) for day in set(days)}
    return [known[day] for day in days]


def _run(operations: Operations) -> Outcome:
    return _TotalAverage(operations).run()


METHODS = (Method("total_average", "Total average of the year", _run),)
