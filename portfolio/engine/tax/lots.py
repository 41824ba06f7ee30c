"""Lots in the order in which a method takes them.

A lot is a number: those that were acquired have the number of their operation, so that a lower
number is an older lot; those that moved between wallets get numbers of their own.
"""

from __future__ import annotations

import heapq
from bisect import insort
from collections.abc import Callable
from typing import Protocol


class Order(Protocol):
    """Lots in one order. Lots that were emptied elsewhere are passed over."""

    def push(self, lot: int) -> None: ...
    def first(self) -> int: ...


class Stock:
    """What is left of each lot, and of its cost; ``origins`` is the operation it came of."""

    def __init__(self, units: list[int], costs: list[int]) -> None:
        self.units = units.copy()
        self.costs = costs.copy()
        self.origins = list(range(len(units)))

    def take(self, lot: int, units: int) -> int:
        """Take units out of a lot; return what they had cost."""
        have, cost = self.units[lot], self.costs[lot]
        part = cost if units == have else cost * units // have
        self.units[lot] = have - units
        self.costs[lot] = cost - part
        return part

    def move(self, lot: int, units: int) -> int:
        """Make a lot of some units of another, which keeps its origin; return its number."""
        self.costs.append(self.take(lot, units))
        self.units.append(units)
        self.origins.append(self.origins[lot])
        return len(self.units) - 1

    def make(self, origin: int, units: int) -> int:
        """Make a lot that cost nothing; return its number."""
        self.costs.append(0)
        self.units.append(units)
        self.origins.append(origin)
        return len(self.units) - 1


Make = Callable[[Stock], Order]
NONE = -1


class Fifo:
    """The earliest acquired first."""

    def __init__(self, stock: Stock) -> None:
        self._units, self._origins = stock.units, stock.origins
        self._lots: list[int] = []
        self._head = 0

    def push(self, lot: int) -> None:
        """Put a lot where its age belongs; lots that moved come late."""
        lots, origins = self._lots, self._origins
        if not lots or origins[lot] >= origins[lots[-1]]:
            lots.append(lot)
        else:
            insort(lots, lot, lo=self._head, key=origins.__getitem__)

    def first(self) -> int:
        """Return the lot to take from next; NONE where there is none."""
        lots, head, units = self._lots, self._head, self._units
        while head < len(lots) and not units[lots[head]]:
            head += 1
        self._head = head
        return lots[head] if head < len(lots) else NONE


class Lifo:
    """The latest acquired first; of one moment the later event."""

    def __init__(self, stock: Stock) -> None:
        self._units, self._origins = stock.units, stock.origins
        self._lots: list[int] = []

    def push(self, lot: int) -> None:
        """Put a lot where its age belongs."""
        lots, origins = self._lots, self._origins
        if not lots or origins[lot] >= origins[lots[-1]]:
            lots.append(lot)
        else:
            insort(lots, lot, key=origins.__getitem__)

    def first(self) -> int:
        """Return the lot to take from next; NONE where there is none."""
        lots, units = self._lots, self._units
        while lots and not units[lots[-1]]:
            lots.pop()
        return lots[-1] if lots else NONE


class ByPrice:
    """The lowest key first; of one key the earlier acquired. ``keys`` are by origin."""

    def __init__(self, stock: Stock, keys: list[int]) -> None:
        self._units, self._origins = stock.units, stock.origins
        self._keys = keys
        self._heap: list[tuple[int, int, int]] = []

    def push(self, lot: int) -> None:
        """Put a lot where its price belongs."""
        origin = self._origins[lot]
        heapq.heappush(self._heap, (self._keys[origin], origin, lot))

    def first(self) -> int:
        """Return the lot to take from next; NONE where there is none."""
        heap, units = self._heap, self._units
        while heap and not units[heap[0][2]]:
            heapq.heappop(heap)
        return heap[0][2] if heap else NONE


class Book:
    """The lots of one asset in one place; taken in a method's order, moved the oldest first."""

    def __init__(self, stock: Stock, make: Make) -> None:
        self._stock = stock
        self.lots: list[int] = []
        self.make = make
        self.order = make(stock)
        self._oldest: Order | None = None

    def push(self, lot: int) -> None:
        """Put in a lot."""
        self.lots.append(lot)
        self.order.push(lot)
        if self._oldest is not None:
            self._oldest.push(lot)

    def reorder(self, make: Make) -> None:
        """Take in another order from now on."""
        self.make, self.order = make, make(self._stock)
        self.lots = [lot for lot in self.lots if self._stock.units[lot]]
        for lot in self.lots:
            self.order.push(lot)

    def by_age(self) -> Order:
        """Return the same lots, the oldest first."""
        if isinstance(self.order, Fifo):
            return self.order
        if self._oldest is None:
            self._oldest = Fifo(self._stock)
            for lot in self.lots:
                self._oldest.push(lot)
        return self._oldest

    def oldest(self) -> int:
        """Return the oldest lot; NONE where there is none."""
        return self.by_age().first()

    def find(self, event: int, events: list[int]) -> int:
        """Return the lot that came of an event, if anything is left of it; NONE otherwise."""
        origins, units = self._stock.origins, self._stock.units
        found = (lot for lot in self.lots if units[lot] and events[origins[lot]] == event)
        return next(found, NONE)
