"""Locks that no row stands for; most end with the database transaction.

Three outlast it and end with the connection: they need one connection to one server process for as
long as they are held, which a pooler in transaction mode does not give (docs/operating.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from django.db import connection as database

from portfolio.models import Connection

log = structlog.get_logger(__name__)

# Any numbers, as long as no two kinds of lock have the same.
_TRANSFERS = 4207
_FINDINGS = 4208
_ASSETS = 4209
_EDITS = 4210
_FILTERS = 4217
_VALUES = 4211
_REPORTS = 4218
_RESTORES = 4219


def lock_transfers(owner_id: int) -> None:
    """Lets one at a time decide on an owner's transfers: a page, or the worker that matches."""
    _lock(_TRANSFERS, owner_id)


def lock_findings(owner_id: int) -> None:
    """Lets one at a time look for an owner's findings; what a person decides does not wait."""
    _lock(_FINDINGS, owner_id)


def lock_assets(owner_id: int) -> None:
    """Lets one at a time decide what an owner's codes stand for."""
    _lock(_ASSETS, owner_id)


def lock_filters(owner_id: int) -> None:
    """Lets one at a time change an owner's saved filters."""
    _lock(_FILTERS, owner_id)


def lock_edits(owner_id: int, connection_ids: Iterable[UUID]) -> dict[UUID, Connection]:
    """Lets one at a time edit an owner's transactions of these connections; returns their rows.

    Whoever books records holds the connection's row, so nothing is booked there meanwhile. Workers
    that book take neither of the other two locks.
    """
    _lock(_EDITS, owner_id)
    # Daily sums are stored by whoever holds the mark that edits set, and name the connection: such
    # a row must not wait for this lock, only those that book.
    rows = Connection.objects.select_for_update(no_key=True).filter(
        owner=owner_id, pk__in=connection_ids
    )
    locked = {row.pk: row for row in rows.order_by("pk")}
    lock_transfers(owner_id)
    return locked


@contextmanager
def valuing(owner_id: int, *, wait: bool) -> Iterator[bool]:
    """Lets one at a time work out an owner's daily values, over several database transactions.

    False where another is at it and ``wait`` is off. Whoever books records does not wait.
    """
    held = wait or _asked("SELECT pg_try_advisory_lock(%s, %s)", _VALUES, owner_id)
    if wait:
        _asked("SELECT pg_advisory_lock(%s, %s)", _VALUES, owner_id)
    try:
        yield held
    finally:
        if held:
            _let_go(_VALUES, owner_id)


@contextmanager
def reporting() -> Iterator[bool]:
    """Lets one tax report at a time be made, whoever's, so that workers are left for syncing.

    False where another is being made. A worker that dies lets go with its connection.
    """
    held = _asked("SELECT pg_try_advisory_lock(%s, %s)", _REPORTS, 0)
    try:
        yield held
    finally:
        if held:
            _let_go(_REPORTS, 0)


@contextmanager
def restoring(owner_id: int) -> Iterator[bool]:
    """Lets one worker at a time restore an archive of an owner; False where another is at it.

    It ends with the connection to the database too, and so with a worker that is killed.
    """
    held = _asked("SELECT pg_try_advisory_lock(%s, %s)", _RESTORES, owner_id)
    try:
        yield held
    finally:
        if held:
            _let_go(_RESTORES, owner_id)


def _asked(statement: str, kind: int, number: int) -> bool:
    with database.cursor() as cursor:
        cursor.execute(statement, [kind, number])
        return bool(cursor.fetchone()[0])


def _let_go(kind: int, number: int) -> None:
    """Ends a lock of this connection, and says where another connection must have it."""
    if not _asked("SELECT pg_advisory_unlock(%s, %s)", kind, number):
        log.error("lock lost: is there a pooler in transaction mode?", kind=kind, number=number)


def _lock(kind: int, owner_id: int) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, owner_id])
