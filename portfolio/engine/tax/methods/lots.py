"""FIFO, LIFO, HIFO, LOFO, one after the other by year, and lots chosen by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from portfolio.engine.tax import whole
from portfolio.engine.tax.by_lot import LotRun
from portfolio.engine.tax.days import day_of
from portfolio.engine.tax.first_in import first_in
from portfolio.engine.tax.lots import NONE, Book, ByPrice, Fifo, Lifo, Make
from portfolio.engine.tax.method import Method, UnknownMethod
from portfolio.engine.tax.operations import Operations
from portfolio.engine.tax.settings import HifoKey
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


def _by_year(operations: Operations) -> Outcome:
    """The method of the tax year in which something is disposed of."""
    settings = operations.settings
    known = sorted(settings.method_by_year.items())
    unknown = {name for _, name in known} - ORDERS.keys()
    if unknown or not known:
        raise UnknownMethod(", ".join(sorted(unknown)) or "by_year without years")
    makes = {name: ORDERS[name](operations) for _, name in known}

    def order_on(number: int) -> Make:
        year = settings.year_of(day_of(run.tell.day(number)))
        before = [name for first, name in known if first <= year]
        return makes[before[-1] if before else known[0][1]]

    run = LotRun(operations, makes[known[0][1]], order_on)
    return run.run()


class _Chosen(LotRun):
    """The lots that were chosen for a disposal first, then the oldest."""

    def place(self, number: int, book: Book, units: int, price: int, more: int) -> None:
        operations = self.operations
        digits = operations.history.digits
        for event, amount in self.settings.picks.get(operations.events[number], ()):
            lot = book.find(event, operations.events)
            if lot != NONE and units:
                part = min(units, whole.units(amount, digits), self.stock.units[lot])
                own, extra = self.take(number, lot, part, (units, price, more))
                units, price, more = units - part, price - own, more - extra
        super().place(number, book, units, price, more)


def _specific(operations: Operations) -> Outcome:
    return _Chosen(operations, Fifo).run()


METHODS = (
    Method("fifo", "First in, first out", first_in),
    Method("lifo", "Last in, first out", partial(_one_order, "lifo")),
    Method("hifo", "Highest in, first out", partial(_one_order, "hifo")),
    Method("lofo", "Lowest in, first out", partial(_one_order, "lofo")),
    Method("by_year", "One method after the other, by year", _by_year),
    Method("specific", "Specific identification", _specific),
)
