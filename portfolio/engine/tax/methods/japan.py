"""Japan: the total average of a tax year, one unit cost for all that is disposed of in it.

Opening cost and the cost of all that is acquired in the year, through the units of both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from itertools import groupby

from portfolio.engine.money import EXACT
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

_ZERO = Decimal(0)


def _run(settings: Settings, rows: Sequence[Operation]) -> Outcome:
    """Wallets do not matter here."""
    pools: dict[str, Pool] = defaultdict(Pool)
    disposals: list[Disposal] = []
    short: list[Shortfall] = []

    def year_of(row: Operation) -> int:
        return settings.year_of(settings.local_date(row.time))

    for _, in_year in groupby((row for row in rows if type(row) is not Move), key=year_of):
        short += _one_year(settings, list(in_year), pools, disposals)
    left = (Remaining(a, p.amount, p.cost) for a, p in sorted(pools.items()) if p.amount)
    return Outcome(tuple(disposals), (), tuple(left), tuple(short))


def _one_year(
    settings: Settings,
    rows: Sequence[Operation],
    pools: dict[str, Pool],
    disposals: list[Disposal],
) -> list[Shortfall]:
    """All acquisitions of the year first; then what goes out, in order."""
    short: list[Shortfall] = []
    for row in rows:
        if type(row) is Acquire:
            pools[row.asset].add(row.amount, row.cost)
    for row in rows:
        pool = pools[row.asset]
        missing = _ZERO if type(row) is Acquire else EXACT.subtract(row.amount, pool.amount)
        if missing > 0:
            if settings.oversell is Oversell.ERROR:
                raise InsufficientHoldings(row.event, row.asset, missing)
            short.append(Shortfall(row.event, row.asset, missing))
        held = pool.amount if missing > 0 else row.amount
        if type(row) is Vanish:
            pool.amount = EXACT.subtract(pool.amount, held)
        elif type(row) is Dispose:
            disposals.append(_disposal(settings, row, pool, held))
    return short


def _disposal(settings: Settings, row: Dispose, pool: Pool, held: Decimal) -> Disposal:
    # The unit cost is the same before and after: parts of one pool in the same proportion.
    cost = pool.take(held)
    return Disposal(
        *(row.event, row.time, settings.local_date(row.time), row.asset, "", row.amount),
        *(row.proceeds, EXACT.add(cost, row.more_cost), Match.POOL if held else Match.NONE),
    )


METHODS = (Method("total_average", "Total average of the year", _run),)
