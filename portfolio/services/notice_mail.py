"""Mails notices, each once: a row is marked in the transaction that holds its lock."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parseaddr

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.translation import gettext as _

from portfolio.models import Notice
from portfolio.services import notices

log = structlog.get_logger(__name__)

AT_ONCE = 50
LONGEST_PAUSE = timedelta(hours=6)
GIVE_UP_AFTER = 16  # failures: about three days


def send_due(now: datetime) -> int:
    """Sends what is due, up to the first that cannot be sent; returns how many mails went out."""
    sent = 0
    for _round in range(AT_ONCE):
        done = _send_next(now)
        if done is None:
            break
        sent += done
    return sent


@transaction.atomic
def _send_next(now: datetime) -> int | None:
    """How many mails went out: one, or none where it is not wanted; None: no more for now."""
    due = Notice.objects.filter(mail_due_at__lte=now).order_by("mail_due_at", "pk")
    locked = due.select_for_update(skip_locked=True, of=("self",))
    notice = locked.select_related("owner", "connection").first()
    if notice is None:
        return None
    if notice.owner.is_active and notices.is_mailed(notice.owner_id, notice.kind):
        _send(notice, now)
    else:
        notice.mail_due_at = None
    notice.save(update_fields=["mail_due_at", "mailed_at", "mail_failures"])
    if notice.mailed_at is not None:
        return 1
    return None if notice.mail_failures else 0


def _send(notice: Notice, now: datetime) -> None:
    """Sends it, or says when to try again."""
    try:
        _mail(notice).send()
    except OSError as error:  # of the network, and all that the mail server says
        notice.mail_failures += 1
        log.warning("mail not sent", notice=notice.pk, kind=type(error).__name__)
        pause = min(timedelta(minutes=2 ** min(notice.mail_failures, 10)), LONGEST_PAUSE)
        gives_up = notice.mail_failures >= GIVE_UP_AFTER
        notice.mail_due_at = None if gives_up else now + pause
    else:
        notice.mailed_at, notice.mail_due_at = now, None


def _mail(notice: Notice) -> EmailMessage:
    """The mail; always with the same id, should a worker be killed between sending and marking."""
    kind = Notice.Kind(notice.kind).label
    body = "\n\n".join(
        [
            notice.message,
            _("Open “{name}” under Connections in Coffer to see more.").format(
                name=notice.connection
            ),
            _("Which of these mails you get is chosen in Coffer under Settings, Notifications."),
        ]
    )
    _name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    domain = sender.rpartition("@")[2] or "localhost"
    # A label is one line of a person's own text; a line break in a subject would be refused.
    subject = " ".join(f"[Coffer] {notice.connection}: {kind}".split())
    return EmailMessage(
        subject,
        body,
        to=[notice.owner.email],
        headers={"Message-ID": f"<notice-{notice.pk}.{notice.created_at:%Y%m%d%H%M%S}@{domain}>"},
    )
