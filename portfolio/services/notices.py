"""Tells owners of connections what happened: on the page, and by mail for whom it is wanted.

All of it runs in the caller's database transaction, beside the change that it tells of.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from portfolio.models import Connection, Notice, NoticeSettings

Kind = Notice.Kind


def tell(
    connection: Connection,
    kind: str,
    message: str,
    *,
    key: str,
    other: Connection | None = None,
    lasts: bool = False,
) -> None:
    """Writes a notice; one with this key that exists already is left as it is.

    Of what lasts (``Notice.OUTAGES``) nothing is told a second time while it does.
    """
    now = timezone.now()
    notice = Notice(
        owner_id=connection.owner_id,
        connection=connection,
        other=other,
        kind=kind,
        message=message,
        key=key,
        created_at=now,
        over_at=None if lasts else now,
        mail_due_at=now if is_mailed(connection.owner_id, kind) else None,
    )
    Notice.objects.bulk_create([notice], ignore_conflicts=True)


def outage(connection: Connection, kind: str, message: str) -> None:
    """Tells of something that lasts until ``over`` says it does not."""
    key = f"{kind}:{connection.pk}:{timezone.now().isoformat()}"
    tell(connection, kind, message, key=key, lasts=True)


def over(connection: Connection, message: str, kinds: Collection[str] = Notice.OUTAGES) -> None:
    """Ends the outages of these kinds; where there was one, its end is told too."""
    ended = _end(connection, kinds)
    if ended:
        tell(connection, Kind.RECOVERED, message, key=f"{Kind.RECOVERED}:{max(ended)}")


def no_longer_matters(connection: Connection) -> None:
    """Ends all outages without a word: the key is gone because its owner wanted it so."""
    _end(connection, Notice.OUTAGES)


def _end(connection: Connection, kinds: Collection[str]) -> list[int]:
    rows = connection.notices.filter(kind__in=kinds, over_at__isnull=True).select_for_update()
    ended = list(rows.values_list("pk", flat=True))
    if ended:
        Notice.objects.filter(pk__in=ended).update(over_at=timezone.now())
    return ended


def mark_read(*, user: User, notice_id: int | None = None) -> None:
    """Marks one notice of this user, or all of them, as read."""
    rows = Notice.objects.of(user).unread()
    if notice_id is not None:
        rows = rows.filter(pk=notice_id)
    rows.update(read_at=timezone.now())


def is_mailed(owner_id: int, kind: str) -> bool:
    """Whether this person wants notices of this kind by mail."""
    not_mailed = NoticeSettings.objects.filter(pk=owner_id).values_list("not_mailed", flat=True)
    return kind not in (not_mailed.first() or [])


@transaction.atomic
def save_settings(*, user: User, mailed: Collection[str]) -> None:
    """Stores which kinds go by mail."""
    not_mailed = [kind for kind in Kind.values if kind not in mailed]
    NoticeSettings.objects.update_or_create(owner=user, defaults={"not_mailed": not_mailed})
    Notice.objects.of(user).filter(kind__in=not_mailed).update(mail_due_at=None)


def works_again(connection: Connection) -> str:
    """What is told when an outage is over."""
    return _("“{name}” works again; what is new is fetched by itself.").format(name=connection)
