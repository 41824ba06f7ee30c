"""Moving average: one pool an asset (Sweden's genomsnittsmetoden, Japan's moving average)."""

from __future__ import annotations

from collections.abc import Sequence

from portfolio.engine.tax.by_pool import PoolRun
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import Operation
from portfolio.engine.tax.settings import Settings
from portfolio.engine.tax.types import Outcome


def _run(settings: Settings, rows: Sequence[Operation]) -> Outcome:
    return PoolRun(settings).run(rows)


METHODS = (Method("average", "Moving average", _run),)
