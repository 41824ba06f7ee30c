"""Reads what the pages of exports show of the files that were made."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from accounts.models import User
from portfolio.models import Connection, Export

KEPT_SHOWN = 100


def kept(user: User) -> list[Export]:
    """The latest exports, latest first; without their files, in one query."""
    return list(Export.objects.of(user)[:KEPT_SHOWN])


def one(user: User, export_id: int) -> Export:
    """May raise Export.DoesNotExist."""
    return Export.objects.of(user).get(pk=export_id)


def labels(user: User, idents: Sequence[UUID]) -> list[str]:
    """The labels of connections, as far as they are there; one query if any."""
    if not idents:
        return []
    rows = Connection.objects.of(user).filter(pk__in=idents)
    return [str(row) for row in rows.order_by("created_at", "pk")]
