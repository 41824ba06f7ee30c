"""Which connections are to be worked on now: taken in turns, each by one dispatcher only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from portfolio.models import Connection
from portfolio.models.connection import ConnectionQuerySet

Status = Connection.Status


@transaction.atomic
def take_syncs(now: datetime, *, limit: int, hold_until: datetime) -> list[UUID]:
    """Connections to sync, each owner's first before anybody's second; due again at that time."""
    turn = Window(RowNumber(), partition_by=F("owner"), order_by=F("next_sync_at").asc())
    due = Connection.objects.due(now).annotate(turn=turn).order_by("turn", "next_sync_at")
    first = list(due.values_list("pk", flat=True)[:limit])
    return _take(Connection.objects.due(now), first, next_sync_at=hold_until)


@transaction.atomic
def take_checks(now: datetime, *, limit: int, hold_until: datetime) -> list[UUID]:
    """Connections whose key waits to be asked about."""
    statuses = [Status.PENDING, Status.ACTIVE, Status.PAUSED, Status.BROKEN]
    due = Connection.objects.filter(check_at__lte=now, status__in=statuses)
    first = list(due.order_by("check_at").values_list("pk", flat=True)[:limit])
    return _take(due, first, check_at=hold_until)


def _take(due: ConnectionQuerySet, first: Sequence[UUID], **until: datetime) -> list[UUID]:
    """Those of ``first`` that nobody else takes at this moment and that are still due."""
    # In an order of its own; a window cannot be locked, so the rows are asked for by their ids.
    rows = due.filter(pk__in=first).order_by("pk").select_for_update(skip_locked=True)
    free = set(rows.values_list("pk", flat=True))
    Connection.objects.filter(pk__in=free).update(**until)
    return [pk for pk in first if pk in free]
