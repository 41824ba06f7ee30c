"""The address of this installation to bind a key to, as far as it is known."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from portfolio.models import Connection, OutboundAddress

# Addresses change; what was not seen for so long is no advice.
FRESH = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Outbound:
    """One address and how it is known; set by the operator where ``exchange`` is ""."""

    address: str
    exchange: str = ""
    how: str = ""
    seen_at: datetime | None = None


def addresses(environment: str, *, now: datetime) -> tuple[Outbound, ...]:
    """What the operator set, else what exchanges told lately; nothing where it is not known."""
    if settings.OUTBOUND_ADDRESSES and environment == Connection.Environment.LIVE:
        return tuple(Outbound(address) for address in settings.OUTBOUND_ADDRESSES)
    rows = OutboundAddress.objects.filter(environment=environment, seen_at__gt=now - FRESH)
    return tuple(
        Outbound(row.address, row.exchange, row.get_source_display(), row.seen_at) for row in rows
    )
