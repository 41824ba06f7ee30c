"""Which connections are to be worked on now: taken in turns, each by one dispatcher only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber

from portfolio.models import Connection
from portfolio.models.connection import ConnectionQuerySet
from portfolio.services import gateway

Status = Connection.Status


@transaction.atomic
def take_syncs(now: datetime, *, limit: int, hold_until: datetime) -> list[UUID]:
    """Connections to sync, each owner's first before anybody's second; due again at that time.

    Those of an exchange that cannot be asked just now keep their place and are left for later.
    """
    if limit <= 0:
        return []
    waiting = askable(now)
    turn = Window(RowNumber(), partition_by=F("owner"), order_by=F("next_sync_at").asc())
    due = waiting.annotate(turn=turn).order_by("turn", "next_sync_at")
    first = list(due.values_list("pk", flat=True)[:limit])
    return _take(Connection.objects.due(now), first, next_sync_at=hold_until)


def askable(now: datetime) -> ConnectionQuerySet:
    """Due connections of exchanges that can be asked now."""
    due = Connection.objects.due(now)
    places = set(due.order_by().values_list("exchange", "environment").distinct())
    return due.exclude(_at(gateway.put_off(places)))


def _at(places: Collection[tuple[str, str]]) -> Q:
    matching = Q(pk__in=[])
    for exchange, environment in places:
        matching |= Q(exchange=exchange, environment=environment)
    return matching


def is_crowded(now: datetime) -> bool:
    """Whether others wait for a worker: then slices are short, and their rest waits in line."""
    return askable(now).exists()


def back_in_line(connection_id: UUID, now: datetime) -> None:
    """Makes a connection whose slice is over due like any other, behind those due before it."""
    free = Connection.objects.filter(pk=connection_id, status=Status.ACTIVE, lease_holder="")
    free.update(next_sync_at=now)


@transaction.atomic
def take_checks(now: datetime, *, limit: int, hold_until: datetime) -> list[UUID]:
    """Connections whose key waits to be asked about."""
    if limit <= 0:
        return []
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
