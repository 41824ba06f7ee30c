"""Moving average: one pool an asset (Sweden's genomsnittsmetoden, Japan's moving average)."""

from __future__ import annotations

from portfolio.engine.tax.by_pool import PoolRun
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import Operations
from portfolio.engine.tax.types import Outcome


def _run(operations: Operations) -> Outcome:
    return PoolRun(operations).run()


METHODS = (Method("average", "Moving average", _run),)
