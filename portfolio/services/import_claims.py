"""Who reads a draft now: a token in its row, lost by a worker that is silent for too long."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from portfolio.models import Import

State = Import.State
# One on which nobody worked for so long lost its worker.
LEFT_AFTER = timedelta(seconds=60)


class ClaimLost(Exception):
    """The draft was discarded, changed by its owner, or is read by another worker now."""


def claim(job_id: uuid.UUID) -> Import | None:
    """Takes a draft that is to be read and that no living worker has; None if there is none."""
    now = timezone.now()
    holder = uuid.uuid4().hex
    free = Q(holder="") | Q(worked_at__lt=now - LEFT_AFTER)
    rows = Import.objects.filter(free, pk=job_id, state=State.READING)
    if not rows.update(holder=holder, worked_at=now):
        return None
    return Import.objects.select_related("owner").filter(pk=job_id, holder=holder).first()


def keep(job: Import, **changes: object) -> None:
    """Says that the worker lives; in the transaction that stores something. May raise ClaimLost."""
    rows = Import.objects.filter(pk=job.pk, holder=job.holder, state=State.READING)
    if not rows.update(worked_at=timezone.now(), **changes):
        raise ClaimLost


def release(job: Import, state: str, **changes: object) -> None:
    """Ends the reading with the state that follows. May raise ClaimLost."""
    with transaction.atomic():
        keep(job, holder="", state=state, **changes)


def left_alone(now: datetime) -> list[uuid.UUID]:
    """Imports with work to be done that nobody does."""
    working = (State.READING, State.IMPORTING, State.UNDOING)
    rows = Import.objects.filter(state__in=working, worked_at__lt=now - LEFT_AFTER)
    return list(rows.values_list("pk", flat=True))
