"""Ireland: what was acquired in the four weeks before goes first (TCA 1997 s.581), then FIFO."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from portfolio.engine.money import EXACT
from portfolio.engine.tax.by_lot import LotRun, Taking
from portfolio.engine.tax.lots import Book, Lifo
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import Dispose, Operation
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import Outcome

FOUR_WEEKS = timedelta(days=28)


class _FourWeeks(LotRun):
    """The latest acquired first while it is recent, then the oldest."""

    def taking(self, book: Book, row: Dispose, on: date) -> Taking:
        left = row.amount
        while left:
            lot = book.order.first()
            recent = lot and self._settings.local_date(lot.acquired) >= on - FOUR_WEEKS
            lot = lot if recent else book.oldest()
            if lot is None:
                return
            part = min(left, lot.amount)
            left = EXACT.subtract(left, part)
            yield lot, part


def _run(settings: Settings, rows: Sequence[Operation]) -> Outcome:
    return _FourWeeks(settings, lambda on: Lifo).run(rows)


METHODS = (Method("ie_fifo_4week", "Four weeks, then first in, first out", _run),)
