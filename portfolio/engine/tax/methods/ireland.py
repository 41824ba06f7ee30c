"""Ireland: what was acquired in the four weeks before goes first (TCA 1997 s.581), then FIFO."""

from __future__ import annotations

from collections.abc import Callable

from portfolio.engine.tax.by_lot import LotRun
from portfolio.engine.tax.lots import NONE, Book, Lifo
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import Operations
from portfolio.engine.tax.types import Outcome

FOUR_WEEKS = 28  # days


class _FourWeeks(LotRun):
    """The latest acquired first while it is recent, then the oldest."""

    def __init__(self, operations: Operations) -> None:
        super().__init__(operations, Lifo)
        self._days = self.tell.all_days()

    def chooser(self, number: int, book: Book) -> Callable[[], int]:
        days, origins = self._days, self.stock.origins
        latest, oldest = book.order.first, book.by_age().first
        first_recent, lot = days[number] - FOUR_WEEKS, latest()
        if lot == NONE or days[origins[lot]] < first_recent:
            return oldest

        def next_lot() -> int:
            lot = latest()
            return lot if lot == NONE or days[origins[lot]] >= first_recent else oldest()

        return next_lot


def _run(operations: Operations) -> Outcome:
    return _FourWeeks(operations).run()


METHODS = (Method("ie_fifo_4week", "Four weeks, then first in, first out", _run),)
