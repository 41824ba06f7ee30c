"""How a person wants figures and times to be shown."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit

FIELDS = ("reporting_currency", "time_zone")


@transaction.atomic
def save(*, user: User, ip_address: str | None = None, **values: str) -> bool:
    """Stores what differs from now and notes it; returns whether anything did."""
    changes = {
        name: f"{getattr(user, name)} → {values[name]}"
        for name in FIELDS
        if values[name] != getattr(user, name)
    }
    if not changes:
        return False
    for name in changes:
        setattr(user, name, values[name])
    user.save(update_fields=list(changes))
    audit.note(
        user=user, action=gettext_noop("preferences changed"), ip_address=ip_address, **changes
    )
    return True
