"""Remembers which address exchanges see this installation under. Nobody else is asked."""

from __future__ import annotations

from django.utils import timezone

from portfolio.exchanges import addresses
from portfolio.exchanges.types import PermissionAudit as Answer
from portfolio.models import Connection, OutboundAddress

Source = OutboundAddress.Source


def named(connection: Connection, address: str) -> None:
    """The exchange refused a request and said where it came from; "" where it did not."""
    if address:
        _remember(connection, address, Source.NAMED)


def admitted(connection: Connection, answer: Answer) -> None:
    """The exchange answered a key that is bound to one address only: it must be ours."""
    address = addresses.only_address(answer.ip_allowlist) if answer.ip_restricted else ""
    if address:
        _remember(connection, address, Source.ADMITTED)


def _remember(connection: Connection, address: str, source: str) -> None:
    OutboundAddress.objects.update_or_create(
        environment=connection.environment,
        address=address,
        defaults={
            "exchange": connection.exchange,
            "source": source,
            "seen_at": timezone.now(),
        },
    )
