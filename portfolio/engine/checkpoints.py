"""Which checkpoints are kept: all where a difference changes, few where all is calm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

# Balances that move all the time are kept hourly, those that rest daily.
BUSY = timedelta(hours=1)
CALM = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was reported at a moment, and by how much it exceeded the ledger as it was then."""

    at: datetime
    reported: Decimal
    difference: Decimal


def replaces(before: Seen | None, last: Seen | None, now: Seen | None) -> bool:
    """Whether ``now`` takes the place of ``last``, which says no more than its neighbours do.

    The first and the last moment of each difference stay, so that a change is known to a run.
    """
    if before is None or last is None or now is None:
        return False
    if not before.difference == last.difference == now.difference:
        return False
    is_calm = before.reported == last.reported == now.reported
    return now.at - before.at <= (CALM if is_calm else BUSY)
