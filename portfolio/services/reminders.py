"""What nothing happens for, but time passes: keys that expire, connections that stay behind."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portfolio.models import Connection, PermissionAudit, Stream, SyncRun
from portfolio.selectors import keys
from portfolio.services import notices

Status = Connection.Status
State = Stream.State
Outcome = SyncRun.Outcome
DAYS = (1, 7, 14)
STALE_AFTER = timedelta(hours=24)


def remind(now: datetime) -> None:
    """Tells what is due now; asked again, it says nothing twice."""
    _expiring(now)
    _behind(now)


# --- Keys that expire -------------------------------------------------------------------------


def _expiring(now: datetime) -> None:
    in_use = [Status.ACTIVE, Status.PAUSED]
    connections = Connection.objects.filter(status__in=in_use).in_bulk()
    for pk, audit in keys.latest_audits(list(connections), answered=True).items():
        if audit.key_expires_at is not None:
            _expires(connections[pk], audit, audit.key_expires_at, now)


def _expires(
    connection: Connection, audit: PermissionAudit, ends_at: datetime, now: datetime
) -> None:
    """The nearest reminder only: after days of silence one says it all."""
    left = ends_at - now
    stage = next((days for days in DAYS if left <= timedelta(days=days)), None)
    if stage is None or left <= timedelta(0):
        return
    message = _words(connection, ends_at, left, is_told=not audit.expiry_by_rule)
    key = f"{notices.Kind.EXPIRES}:{connection.pk}:{ends_at:%Y-%m-%d}:{stage}"
    notices.tell(connection, notices.Kind.EXPIRES, message, key=key)


def _words(connection: Connection, ends_at: datetime, left: timedelta, *, is_told: bool) -> str:
    days = -(-left // timedelta(days=1))
    text = ngettext(
        "The key of “{name}” expires on {date} (UTC), within a day.",
        "The key of “{name}” expires on {date} (UTC), in {days} days at most.",
        days,
    ).format(name=connection, date=f"{ends_at:%Y-%m-%d %H:%M}", days=days)
    advice = _("Make a new one at the exchange and replace it; the history stays.")
    if not is_told:
        text += " " + _("Worked out from the day it was made and the exchange’s rule.")
    return f"{text} {advice}"


# --- Connections that stay behind -------------------------------------------------------------


def _behind(now: datetime) -> None:
    for connection in Connection.objects.filter(kind=Connection.Kind.KEY, status=Status.ACTIVE):
        with transaction.atomic():
            _stays_behind(connection, now)


def _stays_behind(connection: Connection, now: datetime) -> None:
    long_ago = now - STALE_AFTER
    message = _stuck(connection, long_ago) or _partly(connection, long_ago)
    if message:
        notices.outage(connection, notices.Kind.STALE, message)


def _stuck(connection: Connection, long_ago: datetime) -> str:
    """A run that began long ago and brought no page since."""
    run = connection.sync_runs.filter(finished_at__isnull=True, started_at__lt=long_ago).first()
    if run is None:
        return ""
    good = Q(state__in=[State.RUNNING, State.CAUGHT_UP])
    last = connection.streams.filter(good).aggregate(at=Max("fetched_at"))["at"]
    if last is not None and last >= long_ago:
        return ""
    return (
        _("Nothing could be fetched for “{name}” for more than a day. {reason}")
        .format(name=connection, reason=run.message)
        .strip()
    )


def _partly(connection: Connection, long_ago: datetime) -> str:
    """Streams that were up to date once, or never since the first run ended, and fail."""
    failed = connection.streams.filter(state=State.FAILED)
    if connection.sync_runs.filter(finished_at__lt=long_ago, outcome=Outcome.PARTLY).exists():
        failed = failed.filter(Q(caught_up_at__lt=long_ago) | Q(caught_up_at__isnull=True))
    else:
        failed = failed.filter(caught_up_at__lt=long_ago)
    if not failed.exists():
        return ""
    listed = ", ".join(failed.values_list("key", flat=True)[:10])
    return _(
        "Parts of “{name}” could not be fetched for more than a day: {streams}. The rest is kept "
        "up to date; these are tried again by themselves."
    ).format(name=connection, streams=listed)
