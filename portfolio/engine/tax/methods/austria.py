"""Austria: moving average of new stock, old stock apart and first, coin for coin without a gain.

KryptowährungsVO s.2 and s.3: one average a wallet of what was acquired after 28 February 2021; what
was acquired before stays out of it and, where nothing else is told, goes first. EStG s.27b (3) 2:
since 1 March 2022 coin for coin is no sale, the cost goes over and expenses do not count. Old stock
is under the old law: it is sold, and what comes for it is new stock at its worth. What is told of
old stock has a long term, of new stock none.
"""

from __future__ import annotations

from datetime import date

from portfolio.engine.tax.by_pool import Pool, PoolRun
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import ACQUIRE, DISPOSE, MOVE, Operations
from portfolio.engine.tax.rows import Rows
from portfolio.engine.tax.telling import NOTHING, Part
from portfolio.engine.tax.types import Disposal, Outcome, Remaining, Term

NEW_STOCK = date(2021, 3, 1)
NEUTRAL = date(2022, 3, 1)


class _OldAndNew(PoolRun):
    """The pools of the base are those of new stock."""

    def __init__(self, operations: Operations) -> None:
        super().__init__(operations)
        self._old: dict[tuple[int, int], Pool] = {}
        self._told: list[tuple[bool, Part]] = []
        self._days = self.tell.all_days()
        self._targets = _targets(operations)

    def run(self) -> Outcome:
        operations = self.operations
        for number, kind in enumerate(operations.kinds):
            if kind == ACQUIRE:
                self._acquire(number)
            elif kind == DISPOSE:
                self._sell(number)
            elif kind == MOVE:
                self._carry(number)
            else:
                self._vanish(number)
        return self.outcome()

    def outcome(self) -> Outcome:
        disposals: Rows[Disposal] = Rows(
            self._told, self._disposal, lambda row: self.tell.day_of_part(row[1])
        )
        new = tuple(self._remaining())
        self._pools = self._old
        old: tuple[Remaining, ...] = tuple(self._remaining())
        return Outcome(disposals, (), (*old, *new), tuple(self._short))

    def _is_neutral(self, number: int) -> bool:
        """Whether an operation is a side of coin for coin under the new law."""
        operations = self.operations
        return (
            operations.events[number] in self._targets
            and self._days[number] >= NEUTRAL.toordinal()
            and not operations.of_event(number).is_fee
        )

    def _acquire(self, number: int) -> None:
        pool = self._new_pool(number)
        if self._days[number] < NEW_STOCK.toordinal():
            pool = self._old_pool(number)
        pool.units += self.operations.units[number]
        if not self._is_neutral(number):  # else it gets its cost when the other coin goes
            pool.cost += self.operations.money[number]

    def _sell(self, number: int) -> None:
        operations = self.operations
        units, price = operations.units[number], operations.money[number]
        fee = operations.of_event(number).more_cost
        old = min(self._old_pool(number).units, units)
        price_old, fee_old = price * old // units, fee * old // units
        if old:
            cost = self._old_pool(number).take(old) + fee_old
            self._told.append((True, (number, 0, old, price_old, cost)))
        if self._is_neutral(number):
            target = self._new_pool(self._targets[operations.events[number]])
            target.cost += price_old + self._cost(number, units - old)[1]
        elif old < units:
            held, cost = self._cost(number, units - old)
            rest = (units - old, price - price_old, cost + fee - fee_old)
            self._told.append((False, (number, 0 if held else NOTHING, *rest)))

    def _cost(self, number: int, units: int) -> tuple[int, int]:
        """Take new stock; return how much was there, and what it had cost."""
        pool = self._new_pool(number)
        held = self.held(number, pool, units)
        return held, pool.take(held) if held else 0

    def _carry(self, number: int) -> None:
        """Old stock goes first, and stays old where it arrives."""
        operations = self.operations
        key = operations.coins[number], operations.of_event(number).to_wallet
        units, source = operations.units[number], self._old_pool(number)
        old = min(source.units, units)
        if old:
            target = self._old.setdefault(key, Pool())
            target.units += old
            target.cost += source.take(old)
        target = self.pool(*key)
        target.units += units - old
        target.cost += self._cost(number, units - old)[1]

    def _vanish(self, number: int) -> None:
        """The units go, their cost stays with the rest."""
        units, source = self.operations.units[number], self._old_pool(number)
        old = min(source.units, units)
        source.units -= old
        pool = self._new_pool(number)
        pool.units -= self.held(number, pool, units - old)

    def _new_pool(self, number: int) -> Pool:
        return self.pool(*self._key(number))

    def _old_pool(self, number: int) -> Pool:
        return self._old.setdefault(self._key(number), Pool())

    def _key(self, number: int) -> tuple[int, int]:
        operations = self.operations
        return operations.coins[number], operations.wallets[number] if self._wallets else 0

    def _disposal(self, told: tuple[bool, Part]) -> Disposal:
        is_old, part = told
        row = self.tell.pool_part(part)
        return row._replace(term=Term.LONG) if is_old else row


def _targets(operations: Operations) -> dict[int, int]:
    """What is acquired in each event in which coin was given for coin."""
    kinds, events = operations.kinds, operations.events
    given = {
        event
        for number, (kind, event) in enumerate(zip(kinds, events, strict=True))
        if kind == DISPOSE and not operations.of_event(number).is_fee
    }
    return {
        event: number
        for number, (kind, event) in enumerate(zip(kinds, events, strict=True))
        if kind == ACQUIRE and event in given
    }


def _run(operations: Operations) -> Outcome:
    return _OldAndNew(operations).run()


METHODS = (Method("at_old_and_new", "Old stock first, moving average of the new", _run),)
