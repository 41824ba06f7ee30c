"""The audit log that users can read."""

from __future__ import annotations

from accounts.models import AuditEvent, User


def note(*, user: User, action: str, ip_address: str | None = None, **detail: str) -> None:
    """Writes one event; ``detail`` must hold nothing secret."""
    AuditEvent.objects.create(user=user, action=action, detail=detail, ip_address=ip_address)
