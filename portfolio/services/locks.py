"""Locks that no row stands for; they end with the database transaction."""

from __future__ import annotations

from django.db import connection as database

_TRANSFERS = 4207  # any number that no other kind of lock here has


def lock_transfers(owner_id: int) -> None:
    """Lets one at a time decide on an owner's transfers: a page, or the worker that matches."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [_TRANSFERS, owner_id])
