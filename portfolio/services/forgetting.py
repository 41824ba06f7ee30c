"""Forgets every key of a person at once."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.models import Connection
from portfolio.services import connections


@transaction.atomic
def forget_all_keys(*, user: User, ip_address: str | None = None) -> int:
    """Erases all sealed keys and candidates of ``user``; returns of how many connections.

    The locks wait for pages that are being stored and let no other in; the history is kept.
    """
    rows = Connection.objects.select_for_update().filter(owner=user).order_by("pk")
    held = [row for row in rows if row.sealed_credentials or row.sealed_candidate]
    for connection in held:
        connections.retire(connection, _("All keys were forgotten."))
    audit.note(
        user=user,
        action=gettext_noop("all keys forgotten"),
        ip_address=ip_address,
        connections=str(len(held)),
    )
    return len(held)
