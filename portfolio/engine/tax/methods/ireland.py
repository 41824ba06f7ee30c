"""Ireland: what was acquired in the four weeks before goes first (TCA 1997 s.581), then FIFO."""

from __future__ import annotations

from portfolio.engine.tax.by_lot import LotRun
from portfolio.engine.tax.lots import NONE, Book, Lifo
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import Operations
from portfolio.engine.tax.types import Outcome

FOUR_WEEKS = 28  # days


class _FourWeeks(LotRun):
    """The latest acquired first while it is recent, then the oldest."""

    def next_lot(self, number: int, book: Book) -> int:
        lot = book.order.first()
        if lot == NONE:
            return lot
        acquired = self.tell.day(self.stock.origins[lot])
        return lot if acquired >= self.tell.day(number) - FOUR_WEEKS else book.oldest()


def _run(operations: Operations) -> Outcome:
    return _FourWeeks(operations, Lifo).run()


METHODS = (Method("ie_fifo_4week", "Four weeks, then first in, first out", _run),)
