"""First in, first out: the method of most places, and so the one with a loop of its own.

Where lots neither move between wallets nor vanish, they leave in the order they came. What this
gives is what ``LotRun`` gives with the order ``Fifo``; it is some times quicker.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import count

from portfolio.engine.tax.by_lot import LotRun
from portfolio.engine.tax.lots import Fifo
from portfolio.engine.tax.operations import ACQUIRE, VANISH, Operations
from portfolio.engine.tax.settings import Scope
from portfolio.engine.tax.types import Outcome


def first_in(operations: Operations) -> Outcome:
    """Return what comes of them. May raise InsufficientHoldings."""
    is_plain = (
        operations.settings.scope is Scope.UNIVERSAL
        and VANISH not in operations.kinds
        and not any(special.more_cost for special in operations.special.values())
    )
    return (_Queues if is_plain else LotRun)(operations, Fifo).run()


class _Queues(LotRun):
    """Lots in one queue an asset."""

    def run(self) -> Outcome:
        """Return what comes of them. May raise InsufficientHoldings."""
        operations, held, costs = self.operations, self.stock.units, self.stock.costs
        self._queues: list[deque[int]] = [deque() for _ in operations.history.assets]
        queues, add = self._queues, self.parts.append
        columns = (operations.kinds, operations.coins, operations.units, operations.money)
        for number, kind, coin, units, price in zip(count(), *columns, strict=False):
            queue = queues[coin]
            if kind == ACQUIRE:
                if units:
                    queue.append(number)
                continue
            while queue:
                lot = queue[0]
                have = held[lot]
                if have > units:
                    cost = costs[lot]
                    part = cost * units // have
                    held[lot], costs[lot] = have - units, cost - part
                    add((number, lot, units, price, part))
                    units = 0
                    break
                queue.popleft()
                if have == units:
                    add((number, lot, units, price, costs[lot]))
                    units = 0
                    break
                own = price * have // units
                add((number, lot, have, own, costs[lot]))
                units -= have
                price -= own
            if units:
                self.miss(number, units, price, 0)
        return self.outcome()

    def lots_left(self) -> Iterator[tuple[int, int]]:
        assets = self.operations.history.assets
        for coin in sorted(range(len(assets)), key=assets.__getitem__):
            yield from ((lot, 0) for lot in self._queues[coin])
