"""When what an exchange no longer serves can be made good by an opening balance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portfolio.engine.causes import Gap
from portfolio.engine.locating import Located, Way


@dataclass(frozen=True, slots=True)
class Proposal:
    """An opening balance that would make the ledger agree at all checkpoints."""

    amount: Decimal
    at: datetime  # from when on the exchange serves the history
    record_kind: str  # the kind of record of which the beginning is not served


def propose(located: Located, gaps: Iterable[Gap]) -> Proposal | None:
    """An opening balance, where all that is missing is from before the first checkpoint.

    None where the difference is not constant since, where something is too much, and where the
    exchange serves the history from its beginning.
    """
    if len(located.steps) != 1:
        return None
    (step,) = located.steps
    if step.after is not None or step.way != Way.LASTING or step.amount <= 0:
        return None
    horizons = [gap for gap in gaps if gap.state == "unavailable" and gap.end <= step.until]
    if not horizons:
        return None
    last = max(horizons, key=lambda gap: gap.end)
    return Proposal(step.amount, last.end, last.kind)
