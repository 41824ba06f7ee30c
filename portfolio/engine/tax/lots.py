"""Lots of one asset, in the order in which a method takes them."""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from typing import Any, Protocol

from portfolio.engine.money import EXACT

# A part of a cost that does not end is cut after 40 digits; the rest keeps what is left over, so
# that parts and rest are together what was paid.
PART = Context(
    prec=40, rounding=ROUND_HALF_EVEN, traps=[DivisionByZero, InvalidOperation, Overflow]
)
_ZERO = Decimal(0)


def share(whole: Decimal, part: Decimal, of: Decimal) -> Decimal:
    """``whole`` times ``part`` through ``of``, to 40 digits; all of it where part is all."""
    return whole if part == of else PART.divide(EXACT.multiply(whole, part), of)


class Lot:
    """Units acquired at once; what is left of them and of their cost."""

    __slots__ = ("acquired", "amount", "cost", "event", "key", "long_from")

    def __init__(
        self, event: int, acquired: datetime, amount: Decimal, cost: Decimal, key: Any = None
    ) -> None:
        self.event = event
        self.acquired = acquired
        self.amount = amount
        self.cost = cost
        self.key = key  # the unit price that HIFO and LOFO go by
        self.long_from: Any = None  # kept by whoever works out terms

    def __lt__(self, other: Lot) -> bool:
        return (self.acquired, self.event) < (other.acquired, other.event)

    def take(self, amount: Decimal) -> Decimal:
        """Take units out; return what they had cost."""
        if amount == self.amount:
            cost, self.amount, self.cost = self.cost, _ZERO, _ZERO
            return cost
        cost = PART.divide(EXACT.multiply(self.cost, amount), self.amount)
        self.amount = EXACT.subtract(self.amount, amount)
        self.cost = EXACT.subtract(self.cost, cost)
        return cost


class Order(Protocol):
    """Lots in one order. Lots that were emptied elsewhere are passed over."""

    def push(self, lot: Lot) -> None: ...
    def first(self) -> Lot | None: ...


class Fifo:
    """The earliest acquired first."""

    def __init__(self) -> None:
        self._lots: list[Lot] = []
        self._head = 0

    def push(self, lot: Lot) -> None:
        """Put a lot where its age belongs; lots that moved come late."""
        lots = self._lots
        if not lots or not lot < lots[-1]:
            lots.append(lot)
        else:
            insort(lots, lot, lo=self._head)

    def first(self) -> Lot | None:
        """Return the lot to take from next; None where there is none."""
        lots, head = self._lots, self._head
        while head < len(lots) and not lots[head].amount:
            head += 1
        if head > 1000 and head * 2 > len(lots):
            del lots[:head]
            head = 0
        self._head = head
        return lots[head] if head < len(lots) else None


class Lifo:
    """The latest acquired first; of one moment the later event."""

    def __init__(self) -> None:
        self._lots: list[Lot] = []

    def push(self, lot: Lot) -> None:
        """Put a lot where its age belongs."""
        if not self._lots or not lot < self._lots[-1]:
            self._lots.append(lot)
        else:
            insort(self._lots, lot)

    def first(self) -> Lot | None:
        """Return the lot to take from next; None where there is none."""
        while self._lots and not self._lots[-1].amount:
            self._lots.pop()
        return self._lots[-1] if self._lots else None


class ByPrice:
    """The dearest (``sign`` -1) or cheapest (1) first; of one price the earlier acquired."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._heap: list[tuple[Decimal, Lot]] = []

    def push(self, lot: Lot) -> None:
        """Put a lot where its price belongs."""
        key = lot.key if self._sign > 0 else lot.key.copy_negate()
        heapq.heappush(self._heap, (key, lot))

    def first(self) -> Lot | None:
        """Return the lot to take from next; None where there is none."""
        while self._heap and not self._heap[0][1].amount:
            heapq.heappop(self._heap)
        return self._heap[0][1] if self._heap else None


class Book:
    """The lots of one asset in one place; taken in a method's order, moved the oldest first."""

    def __init__(self, make: Callable[[], Order], *, moves: bool) -> None:
        self.order = make()
        self.make = make
        self._lots: list[Lot] = []
        # Own transfers take the oldest, whatever the method.
        self._oldest: Order | None = Fifo() if moves and make is not Fifo else None

    def push(self, lot: Lot) -> None:
        """Put in a lot."""
        self._lots.append(lot)
        self.order.push(lot)
        if self._oldest is not None:
            self._oldest.push(lot)

    def reorder(self, make: Callable[[], Order]) -> None:
        """Take in another order from now on."""
        self.make, self.order = make, make()
        self._lots = [lot for lot in self._lots if lot.amount]
        for lot in self._lots:
            self.order.push(lot)

    def oldest(self) -> Lot | None:
        """Return the oldest lot."""
        order = self._oldest
        if order is None:
            order = self.order if isinstance(self.order, Fifo) else self._by_age()
        return order.first()

    def _by_age(self) -> Order:
        self._oldest = Fifo()
        for lot in self._lots:
            self._oldest.push(lot)
        return self._oldest

    def left(self) -> Iterator[Lot]:
        """Yield the lots that have something left, in the order they came."""
        yield from (lot for lot in self._lots if lot.amount)

    def find(self, event: int) -> Lot | None:
        """Return the lot that came of an event, if anything is left of it."""
        return next((lot for lot in self._lots if lot.event == event and lot.amount), None)
