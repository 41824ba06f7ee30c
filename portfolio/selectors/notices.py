"""Reads notices for their page and for the bell."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from portfolio.models import Notice, NoticeSettings

PAGE_SIZE = 50
MOST_COUNTED = 99


@dataclass(frozen=True, slots=True)
class Page:
    """Some notices, latest first; ``older`` asks for the page after it, None at the end."""

    notices: tuple[Notice, ...]
    older: int | None


def page(user: User, *, before: int | None = None, size: int = PAGE_SIZE) -> Page:
    """Notices of ``user`` older than the one with the id ``before``."""
    rows = Notice.objects.of(user).select_related("connection").order_by("-id")
    if before is not None:
        rows = rows.filter(id__lt=before)
    found = list(rows[: size + 1])
    shown = found[:size]
    return Page(tuple(shown), shown[-1].pk if len(found) > size else None)


def unread(user: User) -> int:
    """How many notices wait to be read; counted to a little over MOST_COUNTED."""
    return Notice.objects.of(user).unread()[: MOST_COUNTED + 1].count()


def mailed(user: User) -> tuple[str, ...]:
    """The kinds that go to this user by mail."""
    row = NoticeSettings.objects.filter(owner=user).first()
    not_mailed = row.not_mailed if row else []
    return tuple(kind for kind in Notice.Kind.values if kind not in not_mailed)
