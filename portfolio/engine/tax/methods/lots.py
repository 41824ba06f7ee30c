"""FIFO, LIFO, HIFO, LOFO, one after the other by year, and lots chosen by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import partial

from portfolio.engine.money import EXACT
from portfolio.engine.tax.by_lot import LotRun, Taking
from portfolio.engine.tax.lots import Book, ByPrice, Fifo, Lifo, Order
from portfolio.engine.tax.method import Method, UnknownMethod
from portfolio.engine.tax.operations import Dispose, Operation
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import Outcome

_dearest: Callable[[], Order] = partial(ByPrice, -1)
_cheapest: Callable[[], Order] = partial(ByPrice, 1)
ORDERS: dict[str, Callable[[], Order]] = {
    "fifo": Fifo,
    "lifo": Lifo,
    "hifo": _dearest,
    "lofo": _cheapest,
}


def _one_order(make: Callable[[], Order], settings: Settings, rows: Sequence[Operation]) -> Outcome:
    by_price = make in (_dearest, _cheapest)
    return LotRun(settings, lambda on: make, needs_price=by_price).run(rows)


def _by_year(settings: Settings, rows: Sequence[Operation]) -> Outcome:
    """The method of the tax year in which something is disposed of."""
    known = sorted(settings.method_by_year.items())
    unknown = {name for _, name in known} - ORDERS.keys()
    if unknown or not known:
        raise UnknownMethod(", ".join(sorted(unknown)) or "by_year without years")

    def order_of(on: date) -> Callable[[], Order]:
        year = settings.year_of(on)
        before = [name for first, name in known if first <= year]
        return ORDERS[before[-1] if before else known[0][1]]

    return LotRun(settings, order_of, varies=True, needs_price=True).run(rows)


class _Chosen(LotRun):
    """The lots that were chosen for a disposal first, then the oldest."""

    def taking(self, book: Book, row: Dispose, on: date) -> Taking:
        left = row.amount
        for event, amount in self._settings.picks.get(row.event, ()):
            lot = book.find(event)
            if lot is not None and left:
                part = min(left, amount, lot.amount)
                left = EXACT.subtract(left, part)
                yield lot, part
        if left:
            yield from super().taking(book, row._replace(amount=left), on)


def _specific(settings: Settings, rows: Sequence[Operation]) -> Outcome:
    return _Chosen(settings, lambda on: Fifo).run(rows)


METHODS = (
    Method("fifo", "First in, first out", partial(_one_order, Fifo)),
    Method("lifo", "Last in, first out", partial(_one_order, Lifo)),
    Method("hifo", "Highest in, first out", partial(_one_order, _dearest)),
    Method("lofo", "Lowest in, first out", partial(_one_order, _cheapest)),
    Method("by_year", "One method after the other, by year", _by_year),
    Method("specific", "Specific identification", _specific),
)
