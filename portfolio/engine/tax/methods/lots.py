"""FIFO, LIFO, HIFO, LOFO, one after the other by year, and lots chosen by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from portfolio.engine.tax import whole
from portfolio.engine.tax.by_lot import LotRun, OrderOn
from portfolio.engine.tax.days import day_of
from portfolio.engine.tax.first_in import first_in
from portfolio.engine.tax.lots import NONE, Book, ByPrice, Fifo, Lifo, Make
from portfolio.engine.tax.method import Method, UnknownMethod
from portfolio.engine.tax.operations import Operations
from portfolio.engine.tax.settings import HifoKey
from portfolio.engine.tax.telling import Teller
from portfolio.engine.tax.types import Outcome

# Prices are compared to so many digits after those of the value: of coins with 18 digits, all.
_KEY = 10**40


def _keys(operations: Operations, sign: int) -> list[int]:
    """What a unit of each acquisition cost, the lowest first (``sign`` 1) or the highest (-1)."""
    by_cost = operations.settings.hifo_key is HifoKey.COST
    paid = operations.money if by_cost else operations.values
    factor = sign * _KEY
    return [
        cost * factor // units if units else 0
        for cost, units in zip(paid, operations.units, strict=True)
    ]


def _by_price(operations: Operations, sign: int) -> Make:
    keys = _keys(operations, sign)
    return lambda stock: ByPrice(stock, keys)


ORDERS: Mapping[str, Callable[[Operations], Make]] = {
    "fifo": lambda operations: Fifo,
    "lifo": lambda operations: Lifo,
    "hifo": lambda operations: _by_price(operations, -1),
    "lofo": lambda operations: _by_price(operations, 1),
}


def _one_order(name: str, operations: Operations) -> Outcome:
    return LotRun(operations, ORDERS[name](operations)).run()


class _ByYear:
    """The order of the tax year in which something is disposed of. May raise UnknownMethod."""

    def __init__(self, operations: Operations) -> None:
        self._settings = operations.settings
        self._known = sorted(self._settings.method_by_year.items())
        unknown = {name for _, name in self._known} - ORDERS.keys()
        if unknown or not self._known:
            raise UnknownMethod(", ".join(sorted(unknown)) or "by_year without years")
        self._makes = {name: ORDERS[name](operations) for _, name in self._known}
        self._day = Teller(operations).day
        self.first = self._makes[self._known[0][1]]

    def order_on(self, number: int) -> Make:
        year = self._settings.year_of(day_of(self._day(number)))
        before = [name for first, name in self._known if first <= year]
        return self._makes[before[-1] if before else self._known[0][1]]


def _by_year(operations: Operations) -> Outcome:
    orders = _ByYear(operations)
    return LotRun(operations, orders.first, orders.order_on).run()


class _Chosen(LotRun):
    """The lots that were chosen for a disposal first, each once; then those of an order."""

    def __init__(self, operations: Operations, make: Make, order_on: OrderOn | None = None) -> None:
        super().__init__(operations, make, order_on)
        digits = operations.history.digits
        # What of each choice was not taken yet: an event may take one coin twice, for a fee too.
        self._left = {
            event: [[lot, whole.units(amount, digits)] for lot, amount in lots]
            for event, lots in self.settings.picks.items()
        }

    def place(self, number: int, book: Book, units: int, price: int, more: int) -> None:
        events = self.operations.events
        for choice in self._left.get(events[number], ()):
            # Of one purchase there are several lots where it was moved in parts.
            while units and choice[1]:
                lot = book.find(choice[0], events)
                if lot == NONE:
                    break
                part = min(units, choice[1], self.stock.units[lot])
                own, extra = self.take(number, lot, part, (units, price, more))
                units, price, more = units - part, price - own, more - extra
                choice[1] -= part
        super().place(number, book, units, price, more)


def _specific(operations: Operations) -> Outcome:
    rest = operations.settings.rest
    if rest == "by_year":
        orders = _ByYear(operations)
        return _Chosen(operations, orders.first, orders.order_on).run()
    if rest not in ORDERS:
        raise UnknownMethod(rest)
    return _Chosen(operations, ORDERS[rest](operations)).run()


METHODS = (
    Method("fifo", "First in, first out", first_in),
    Method("lifo", "Last in, first out", partial(_one_order, "lifo")),
    Method("hifo", "Highest in, first out", partial(_one_order, "hifo")),
    Method("lofo", "Lowest in, first out", partial(_one_order, "lofo")),
    Method("by_year", "One method after the other, by year", _by_year),
    Method("specific", "Specific identification", _specific),
)
