"""How far trades are where an exchange serves them for one pair at a time: Binance, BingX."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Min, Q

from portfolio.models import Connection, Stream, SyncRun

_FINISHED = Q(state__in=[Stream.State.CAUGHT_UP, Stream.State.UNAVAILABLE, Stream.State.FAILED])
_ENOUGH = 10  # pairs; the pace of fewer says nothing of the rest


@dataclass(frozen=True, slots=True)
class PairProgress:
    """Pairs that the run under way is done with, of all that it asks for."""

    done: int
    total: int
    left: timedelta | None  # None: it cannot be said

    @property
    def minutes_left(self) -> int | None:
        """Whole minutes, rounded up; None where it cannot be said."""
        return None if self.left is None else max(1, math.ceil(self.left / timedelta(minutes=1)))


def progress(
    connection: Connection, run: SyncRun | None, *, paces: Mapping[str, Decimal], now: datetime
) -> PairProgress | None:
    """How far the run is with its pairs; None where it waits for none. One query.

    ``paces`` are the seconds that a page takes of the allowance, by family of streams. The time
    left is the longer of what the allowance takes for the rest and of what the rest takes at the
    pace of this run so far, its waits included.
    """
    if run is None or run.finished_at is not None or connection.status != Connection.Status.ACTIVE:
        return None
    asked = _FINISHED & Q(fetched_at__gte=run.started_at)
    waiting = {
        f"left_{place}": Count("pk", filter=~_FINISHED & Q(key__startswith=f"{family}:"))
        for place, family in enumerate(paces)
    }
    streams = connection.streams.filter(kind="trades", scope__has_key="symbol")
    told = streams.aggregate(
        remaining=Count("pk", filter=~_FINISHED),
        done=Count("pk", filter=asked),
        first=Min("fetched_at", filter=asked),
        **waiting,
    )
    if not told["remaining"]:
        return None
    seconds = [told[name] * pace for name, pace in zip(waiting, paces.values(), strict=True)]
    allowed = timedelta(microseconds=int(sum(seconds, Decimal(0)) * 1_000_000))
    left = [allowed] if allowed else []
    if told["done"] >= _ENOUGH:
        left.append(max(now - told["first"], timedelta()) * told["remaining"] / told["done"])
    total = told["done"] + told["remaining"]
    return PairProgress(told["done"], total, max(left, default=None))
