"""Readings of stored records: the one that is under way and the latest before it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from accounts.models import User
from portfolio.models import Connection, Renormalisation

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Readings:
    """What the page of a connection's readings shows."""

    connection: Connection
    running: Renormalisation | None
    past: tuple[Renormalisation, ...]


def of(user: User, connection_id: UUID) -> Readings:
    """The readings of one connection. May raise Connection.DoesNotExist."""
    connection = Connection.objects.of(user).get(pk=connection_id)
    rows = list(Renormalisation.objects.filter(connection=connection)[: SHOWN + 1])
    running = next((row for row in rows if not row.is_finished), None)
    past = tuple(row for row in rows if row.is_finished)[:SHOWN]
    return Readings(connection, running, past)
