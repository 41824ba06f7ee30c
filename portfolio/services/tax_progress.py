"""How far the worker of a tax report is, for its owner and for whoever would take it over."""

from __future__ import annotations

import time
from typing import Any

from django.utils import timezone

from portfolio.models import TaxReport

TELL_EVERY = 2.0  # seconds between signs of life


class Overtaken(Exception):
    """Another worker began the report anew, or it was deleted."""


class Pulse:
    """Tells what is being done of a report and how much of that is done, now and then."""

    def __init__(self, report: TaxReport) -> None:
        self._report, self._told_at = report, time.monotonic()

    def stage(self, stage: TaxReport.Stage, total: int) -> None:
        """Something else is being done from now on. May raise Overtaken."""
        update(self._report, stage=stage, total=total, done=0)

    def tell(self, number: int) -> None:
        """So much of it is done. May raise Overtaken."""
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY:
            self._told_at = now
            update(self._report, done=number)


def update(report: TaxReport, **values: Any) -> None:
    """Stores how far it is. May raise Overtaken."""
    running = TaxReport.State.RUNNING
    mine = TaxReport.objects.filter(pk=report.pk, attempt=report.attempt, state=running)
    if not mine.update(worked_at=timezone.now(), **values):
        raise Overtaken
