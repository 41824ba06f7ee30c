"""Who syncs a connection now: a lease in its row, lost by a worker that dies.

The lease is renewed inside the very transaction that stores a page. A worker that lost it (it was
stopped too long and another took over) therefore stores nothing more: its page is rolled back.
"""

from __future__ import annotations

import os
import socket
import uuid
from contextlib import suppress
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection as database
from django.db.models import Q
from django.utils import timezone

from portfolio.models import Connection


class LeaseLost(Exception):
    """Another worker holds the connection now, or it was paused or removed."""


def new_holder() -> str:
    """A name for this attempt: host, process and a random part."""
    return f"{socket.gethostname()[:40]}|{os.getpid()}|{uuid.uuid4().hex[:12]}"


def claim(
    connection_id: uuid.UUID, holder: str, *, due_by: datetime | None = None
) -> Connection | None:
    """Takes an active connection that nobody holds; None if somebody does.

    With ``due_by`` only one that is due until then: a message may come twice, or late.
    """
    now = timezone.now()
    is_due = Q() if due_by is None else Q(next_sync_at__isnull=True) | Q(next_sync_at__lte=due_by)
    taken = Connection.objects.filter(
        is_due,
        Q(lease_until__isnull=True) | Q(lease_until__lt=now),
        pk=connection_id,
        kind=Connection.Kind.KEY,
        status=Connection.Status.ACTIVE,
    ).update(lease_holder=holder, lease_until=_until(now))
    return Connection.objects.get(pk=connection_id) if taken else None


def renew(connection_id: uuid.UUID, holder: str) -> None:
    """Extends the lease; call it inside the transaction that writes. May raise LeaseLost."""
    kept = Connection.objects.filter(
        pk=connection_id, lease_holder=holder, status=Connection.Status.ACTIVE
    ).update(lease_until=_until(timezone.now()))
    if not kept:
        raise LeaseLost(str(connection_id))
    _bound_the_transaction()


def _bound_the_transaction() -> None:
    """A worker that is stopped in the midst of a transaction must not keep the row for ever."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', %s, true)",
            [f"{settings.SYNC_LEASE_SECONDS}s"],
        )


def release(connection_id: uuid.UUID, holder: str, *, next_sync_at: datetime | None) -> None:
    """Gives the connection back and says when it is due again."""
    Connection.objects.filter(pk=connection_id, lease_holder=holder).update(
        lease_holder="", lease_until=None, next_sync_at=next_sync_at
    )


def let_go(connection_id: uuid.UUID, holder: str) -> None:
    """Gives the connection back, if it is still held, and leaves all else as it is."""
    Connection.objects.filter(pk=connection_id, lease_holder=holder).update(
        lease_holder="", lease_until=None
    )


def free_dead() -> int:
    """Frees leases of processes of this host that are no more; returns how many."""
    host = f"{socket.gethostname()[:40]}|"
    freed = 0
    held = Connection.objects.filter(lease_holder__startswith=host)
    for pk, holder in held.values_list("pk", "lease_holder"):
        if not _is_alive(int(holder.split("|")[1])):
            freed += Connection.objects.filter(pk=pk, lease_holder=holder).update(
                lease_holder="", lease_until=None, next_sync_at=timezone.now()
            )
    return freed


def _until(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.SYNC_LEASE_SECONDS)


def _is_alive(pid: int) -> bool:
    with suppress(PermissionError):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
    return True
