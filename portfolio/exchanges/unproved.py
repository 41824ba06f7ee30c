"""The audit of a key whose exchange does not tell what its keys may do."""

from __future__ import annotations

from datetime import datetime

from portfolio.exchanges.types import PermissionAudit, Verdict


def unproved(name: str, *, uid: str = "", expires_at: datetime | None = None) -> PermissionAudit:
    """Return what is known of a key that reads: not that this is all it may do."""
    return PermissionAudit(
        verdict=Verdict.UNPROVED,
        permissions=(),
        dangerous=(),
        ip_restricted=None,
        ip_allowlist=(),
        created_at=None,
        expires_at=expires_at,
        account_uid=uid,
        warnings=(f"Coffer cannot see what a key of {name} may do.",),
    )
