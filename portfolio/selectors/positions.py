"""Reads open positions for the pages and commands that show them."""

from __future__ import annotations

from accounts.models import User
from portfolio.models import Connection, Position


def of_user(user: User) -> tuple[Position, ...]:
    """What is open now by all connections that are still asked, with their connections."""
    rows = Position.objects.of(user).exclude(connection__status=Connection.Status.REMOVED)
    return tuple(rows.select_related("connection"))


def of_connection(connection: Connection) -> tuple[Position, ...]:
    """What is open at one connection."""
    return tuple(connection.positions.all())
