"""The audit log that users can read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.text import capfirst
from django.utils.translation import gettext

from accounts.models import AuditEvent, User

PAGE_SIZE = 50
# Details whose value says by itself what it is.
PLAIN = frozenset({"browser", "address", "kind"})


def note(*, user: User, action: str, ip_address: str | None = None, **detail: str) -> None:
    """Writes one event; ``detail`` must hold nothing secret.

    ``action`` is a short English phrase, marked with ``gettext_noop`` where it is written.
    """
    AuditEvent.objects.create(user=user, action=action, detail=detail, ip_address=ip_address)


@dataclass(frozen=True, slots=True)
class Line:
    """One event as its owner reads it."""

    at: datetime
    text: str
    detail: str
    ip_address: str | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some events, latest first; ``older`` asks for the page after it, None at the end."""

    events: list[Line]
    older: int | None


def page(user: User, *, before: int | None = None, size: int = PAGE_SIZE) -> Page:
    """Events of ``user`` older than the one with the id ``before``."""
    rows = AuditEvent.objects.filter(user=user).order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: size + 1])
    shown = found[:size]
    return Page([_line(row) for row in shown], shown[-1].id if len(found) > size else None)


def _line(row: AuditEvent) -> Line:
    parts = [_part(name, str(value)) for name, value in row.detail.items()]
    return Line(row.at, capfirst(gettext(row.action)), ", ".join(parts), row.ip_address)


def _part(name: str, value: str) -> str:
    if name in PLAIN:
        return gettext(value)
    return f"{gettext(name.replace('_', ' '))}: {value}"
