"""Locks that no row stands for; they end with the database transaction."""

from __future__ import annotations

from django.db import connection as database

# Any numbers, as long as no two kinds of lock have the same.
_TRANSFERS = 4207
_FINDINGS = 4208
_ASSETS = 4209


def lock_transfers(owner_id: int) -> None:
    """Lets one at a time decide on an owner's transfers: a page, or the worker that matches."""
    _lock(_TRANSFERS, owner_id)


def lock_findings(owner_id: int) -> None:
    """Lets one at a time look for an owner's findings; what a person decides does not wait."""
    _lock(_FINDINGS, owner_id)


def lock_assets(owner_id: int) -> None:
    """Lets one at a time decide what an owner's codes stand for."""
    _lock(_ASSETS, owner_id)


def _lock(kind: int, owner_id: int) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [kind, owner_id])
