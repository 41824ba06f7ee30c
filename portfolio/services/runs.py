"""Sync runs: opened, put off, closed, each in words that the owner of the connection understands.

All of it is done under the lease, so that a worker that lost it says nothing more. Each function
may raise LeaseLost.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.engine.types import RecordKind
from portfolio.exchanges.errors import KeyBroken
from portfolio.models import Connection, Stream, SyncRun
from portfolio.services import checkpoints, connections, falls, leases, notices, refetch, twins
from portfolio.services.credentials import CredentialsUnreadable

Outcome = SyncRun.Outcome
State = Stream.State
MAX_BACKOFF_SECONDS = 900


@transaction.atomic
def open_run(connection: Connection, holder: str) -> SyncRun:
    """The run that was interrupted or put off, or a new one."""
    leases.renew(connection.pk, holder)
    run = connection.sync_runs.filter(finished_at__isnull=True).first()
    if run is None:
        run = SyncRun.objects.create(connection=connection, started_at=timezone.now())
        refetch.rescan(connection, timezone.now())
        _wake_streams(connection)
    elif run.outcome == Outcome.WAITING:
        SyncRun.objects.filter(pk=run.pk).update(outcome=Outcome.RUNNING, message="")
    return run


def _wake_streams(connection: Connection) -> None:
    """Every stream is asked again in a new run; unavailable and unlikely ones once a day."""
    yesterday = timezone.now() - timedelta(days=1)
    unlikely = Q(is_hot=False, record_count=0, state=State.CAUGHT_UP)
    asked_seldom = unlikely | Q(state=State.UNAVAILABLE)
    streams = connection.streams.exclude(asked_seldom, fetched_at__gt=yesterday)
    streams = streams.exclude(kind=RecordKind.IMPORT.value)  # nobody can be asked for files
    streams.update(state=State.WAITING, failures=0, message="")


@transaction.atomic
def wait(
    connection: Connection, holder: str, run: SyncRun, message: str, *, until: datetime
) -> None:
    """Puts the run off until then."""
    leases.renew(connection.pk, holder)
    SyncRun.objects.filter(pk=run.pk).update(outcome=Outcome.WAITING, message=message)
    leases.release(connection.pk, holder, next_sync_at=until)


@transaction.atomic
def back_off(connection: Connection, holder: str, run: SyncRun, message: str) -> None:
    """Puts the run off, longer each time in a row."""
    leases.renew(connection.pk, holder)
    failures = connection.failures + 1
    Connection.objects.filter(pk=connection.pk).update(failures=failures)
    seconds = min(MAX_BACKOFF_SECONDS, 2 ** min(failures, 10)) * random.uniform(0.8, 1.2)  # noqa: S311
    wait(connection, holder, run, message, until=timezone.now() + timedelta(seconds=seconds))


@transaction.atomic
def stop(
    connection: Connection,
    holder: str,
    run: SyncRun,
    error: KeyBroken | CredentialsUnreadable,
) -> bool:
    """Ends the run because the key does not work, and tells the owner.

    False where the key was replaced while the old one was tried: the run goes on with the new one.
    """
    leases.renew(connection.pk, holder)
    if not connections.mark_broken(connection, error):
        leases.release(connection.pk, holder, next_sync_at=timezone.now())
        return False
    _close(run, Outcome.FAILED, str(error))
    leases.release(connection.pk, holder, next_sync_at=None)
    return True


def stumble(connection: Connection, holder: str, error: Exception) -> None:
    """Says on the run that Coffer itself failed, and puts the connection off."""
    message = _("Coffer itself failed ({kind}); its log says why. It is tried again.").format(
        kind=type(error).__name__
    )
    run = connection.sync_runs.filter(finished_at__isnull=True).first()
    if run is None:
        later = timezone.now() + timedelta(seconds=60)
        leases.release(connection.pk, holder, next_sync_at=later)
    else:
        back_off(connection, holder, run, message)


@transaction.atomic
def finish(connection: Connection, holder: str, run: SyncRun) -> None:
    """All streams are done: the run is over and the next one is set."""
    leases.renew(connection.pk, holder)
    now = timezone.now()
    failed = list(connection.streams.filter(state=State.FAILED).values_list("key", flat=True))
    if failed:
        more = _(" and {number} more").format(number=len(failed) - 10) if failed[10:] else ""
        listed = ", ".join(failed[:10]) + more
        _close(run, Outcome.PARTLY, _("Not fetched: {streams}").format(streams=listed))
    else:
        _close(run, Outcome.DONE, "")
    Connection.objects.filter(pk=connection.pk).update(
        last_synced_at=now,
        backfilled_at=connection.backfilled_at or (None if failed else now),
        failures=0,
    )
    checkpoints.keep(connection, is_provisional=bool(failed))
    if not failed:
        _look_around(connection, now)
    interval = settings.SYNC_INTERVAL_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311
    leases.release(connection.pk, holder, next_sync_at=now + timedelta(seconds=interval))


def _look_around(connection: Connection, now: datetime) -> None:
    """What can be told only when all records are in."""
    notices.over(connection, notices.works_again(connection), [notices.Kind.STALE])
    falls.look(connection, now=now)
    if connection.backfilled_at is None:
        twins.look(connection)


def _close(run: SyncRun, outcome: str, message: str) -> None:
    SyncRun.objects.filter(pk=run.pk).update(
        outcome=outcome, message=message, finished_at=timezone.now()
    )
