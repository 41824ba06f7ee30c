"""Brings a connection's streams up to date, a slice at a time.

A run goes: ask for balances, plan the streams, fetch page after page of each, plan again with the
assets found meanwhile, ask for balances once more. A slice does as much of that as its time allows;
everything it needs to go on is in the database, so it may be killed at any instant.
"""

from __future__ import annotations

import enum
import random
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.engine import coverage
from portfolio.engine.types import ReportedBalance
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.types import ExchangeClient, Page, StreamSpec
from portfolio.models import Connection, Coverage, Holding, Stream, SyncRun
from portfolio.services import connections, gateway, leases, ledger
from portfolio.services.credentials import CredentialsUnreadable
from portfolio.services.leases import LeaseLost

log = structlog.get_logger(__name__)

Outcome = SyncRun.Outcome
State = Stream.State
GIVE_UP_AFTER = 5  # failures of one stream in a row; then the others go on without it
MAX_BACKOFF_SECONDS = 900


class Slice(enum.Enum):
    """How a slice ended, for the caller to decide what follows."""

    NOT_TAKEN = "not taken"  # somebody else has it, or it is not active
    MORE = "more"  # go on at once
    LATER = "later"  # go on at connection.next_sync_at
    FINISHED = "finished"  # the run is over


@dataclass(frozen=True, slots=True)
class _Work:
    """What one slice works with."""

    connection: Connection
    holder: str
    client: ExchangeClient
    run: SyncRun
    stop_at: float  # monotonic seconds


def run_slice(connection_id: uuid.UUID, *, seconds: float) -> Slice:
    """Works on one connection for about ``seconds``; workers only."""
    holder = leases.new_holder()
    connection = leases.claim(connection_id, holder)
    if connection is None:
        return Slice.NOT_TAKEN
    try:
        return _slice(connection, holder, stop_at=time.monotonic() + seconds)
    except LeaseLost:
        log.info("lease lost", connection=str(connection_id))
        return Slice.NOT_TAKEN
    except BaseException:
        # A fault of ours: the connection is due again later, and the error goes to the log.
        later = timezone.now() + timedelta(seconds=60)
        leases.release(connection_id, holder, next_sync_at=later)
        raise


def _slice(connection: Connection, holder: str, *, stop_at: float) -> Slice:
    run = _open_run(connection)
    client: ExchangeClient | None = None
    try:
        client = gateway.open_connection(connection, connection.sealed_credentials or b"")
        work = _Work(connection, holder, client, run, stop_at)
        if not _fetch(work):
            return _pass_on(work)
        return _finish(work)
    except WaitUntil as error:
        return _wait(connection, holder, run, error.message, error.until)
    except TryAgain as error:
        return _back_off(connection, holder, run, error.message)
    except (KeyBroken, CredentialsUnreadable) as error:
        connections.mark_broken(connection, error)
        _close_run(run, Outcome.FAILED, str(error))
        leases.release(connection.pk, holder, next_sync_at=None)
        return Slice.FINISHED
    finally:
        if client is not None:
            client.close()


# --- Runs -------------------------------------------------------------------------------------


def _open_run(connection: Connection) -> SyncRun:
    """The run that was interrupted or put off, or a new one."""
    run = connection.sync_runs.filter(finished_at__isnull=True).first()
    if run is None:
        run = SyncRun.objects.create(connection=connection, started_at=timezone.now())
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
    streams.update(state=State.WAITING, failures=0, message="")


def _close_run(run: SyncRun, outcome: str, message: str) -> None:
    SyncRun.objects.filter(pk=run.pk).update(
        outcome=outcome, message=message, finished_at=timezone.now()
    )


def _pass_on(work: _Work) -> Slice:
    leases.release(work.connection.pk, work.holder, next_sync_at=timezone.now())
    return Slice.MORE


def _wait(
    connection: Connection, holder: str, run: SyncRun, message: str, until: datetime
) -> Slice:
    SyncRun.objects.filter(pk=run.pk).update(outcome=Outcome.WAITING, message=message)
    leases.release(connection.pk, holder, next_sync_at=until)
    return Slice.LATER


def _back_off(connection: Connection, holder: str, run: SyncRun, message: str) -> Slice:
    failures = connection.failures + 1
    Connection.objects.filter(pk=connection.pk).update(failures=failures)
    seconds = min(MAX_BACKOFF_SECONDS, 2 ** min(failures, 10)) * random.uniform(0.8, 1.2)  # noqa: S311
    until = timezone.now() + timedelta(seconds=seconds)
    return _wait(connection, holder, run, message, until)


@transaction.atomic
def _finish(work: _Work) -> Slice:
    """All streams are done: the run is over and the next one is set."""
    leases.renew(work.connection.pk, work.holder)
    now = timezone.now()
    failed = list(work.connection.streams.filter(state=State.FAILED).values_list("key", flat=True))
    if failed:
        outcome = Outcome.PARTLY
        message = _("Not fetched: {streams}").format(streams=", ".join(failed[:10]))
    else:
        outcome, message = Outcome.DONE, ""
    _close_run(work.run, outcome, message)
    Connection.objects.filter(pk=work.connection.pk).update(
        last_synced_at=now,
        backfilled_at=work.connection.backfilled_at or (None if failed else now),
        failures=0,
    )
    interval = settings.SYNC_INTERVAL_SECONDS * random.uniform(0.9, 1.1)  # noqa: S311
    leases.release(work.connection.pk, work.holder, next_sync_at=now + timedelta(seconds=interval))
    return Slice.FINISHED


# --- Balances and planning --------------------------------------------------------------------


def _fetch(work: _Work) -> bool:
    """Balances, plan, pages, until nothing is left (True) or the time is over (False)."""
    if work.run.pages == 0:
        _plan(work, _balances(work))
    while True:
        stream = work.connection.streams.filter(state__in=[State.WAITING, State.RUNNING]).first()
        if stream is None:
            if not _plan(work, _balances(work)):
                return True
            continue
        _one_page(work, stream)
        if time.monotonic() >= work.stop_at:
            return False


def _balances(work: _Work) -> list[ReportedBalance]:
    balances = work.client.balances()
    with transaction.atomic():
        leases.renew(work.connection.pk, work.holder)
        _store_balances(work.connection, balances)
    return balances


def _store_balances(connection: Connection, balances: Iterable[ReportedBalance]) -> None:
    """Keeps what the exchange reports; what it no longer lists is zero by its own word."""
    connection.holdings.update(reported=0)
    Holding.objects.bulk_create(
        [
            Holding(
                owner_id=connection.owner_id,
                connection=connection,
                wallet=balance.wallet,
                asset=balance.asset,
                reported=balance.quantity,
            )
            for balance in balances
        ],
        update_conflicts=True,
        update_fields=["reported"],
        unique_fields=["connection", "wallet", "asset"],
    )
    Connection.objects.filter(pk=connection.pk).update(balances_at=timezone.now())


def _plan(work: _Work, balances: Iterable[ReportedBalance]) -> int:
    """Adds the streams that the assets known by now call for; returns how many are new."""
    known = frozenset(work.connection.holdings.values_list("asset", flat=True).distinct())
    assets = known | {balance.asset for balance in balances}
    planned = work.client.plan_streams(known_assets=assets)
    return _add_streams(work, planned)


@transaction.atomic
def _add_streams(work: _Work, planned: list[StreamSpec]) -> int:
    leases.renew(work.connection.pk, work.holder)
    known = dict(work.connection.streams.values_list("key", "is_hot"))
    fresh = [
        Stream(
            connection=work.connection,
            key=stream.key,
            kind=stream.kind.value,
            scope=stream.scope,
            is_hot=_is_hot(stream),
            priority=priority,
        )
        for priority, stream in enumerate(planned)
        if stream.key not in known
    ]
    Stream.objects.bulk_create(fresh)
    warmed = [s.key for s in planned if _is_hot(s) and known.get(s.key) is False]
    work.connection.streams.filter(key__in=warmed).update(is_hot=True, state=State.WAITING)
    return len(fresh) + len(warmed)


def _is_hot(stream: StreamSpec) -> bool:
    """False for a pair of which nothing is known: asked for completeness' sake, seldom."""
    return "sweep" not in stream.scope


# --- Pages ------------------------------------------------------------------------------------


def _one_page(work: _Work, stream: Stream) -> None:
    """Fetches and stores one page; a stream that cannot be had is marked and passed over."""
    stream.connection = work.connection
    now = timezone.now()
    try:
        page = work.client.fetch_page(ledger.spec(stream), dict(stream.cursor), now=now)
    except StreamUnavailable as error:
        _mark(work, stream, State.UNAVAILABLE, error.message)
    except (WaitUntil, KeyBroken):
        raise
    except TryAgain as error:
        if not _count_failure(work, stream, error):
            raise
    except GatewayError as error:
        log.error("stream failed", stream=stream.key, code=error.code, reason=error.message)
        _mark(work, stream, State.FAILED, error.message)
    else:
        _store_page(work, stream, page, now)


@transaction.atomic
def _store_page(work: _Work, stream: Stream, page: Page, now: datetime) -> None:
    """THE transaction: raw records, what they book, the cursor and the lease, or none of it."""
    leases.renew(work.connection.pk, work.holder)
    stored = ledger.store(stream, page.records, endpoint=page.endpoint, now=now)
    stream.cursor = page.cursor
    stream.record_count += stored.new
    stream.failures = 0
    stream.fetched_at = now
    stream.progress_at = page.progress or stream.progress_at
    stream.message = ""
    stream.state = State.CAUGHT_UP if page.is_last else State.RUNNING
    if page.is_last:
        stream.caught_up_at = now
    stream.save()
    if page.covered is not None:
        _cover(stream, page.covered)
    SyncRun.objects.filter(pk=work.run.pk).update(
        pages=F("pages") + 1, new_records=F("new_records") + stored.new
    )
    Connection.objects.filter(pk=work.connection.pk, failures__gt=0).update(failures=0)
    work.connection.failures = 0


def _cover(stream: Stream, stretch: tuple[datetime, datetime]) -> None:
    """Joins a fetched stretch to those known; it heals a stretch that had failed."""
    rows = list(stream.coverage.all())
    fetched = [(r.start_at, r.end_at) for r in rows if r.state == Coverage.State.FETCHED]
    joined = coverage.join(fetched, stretch)
    stream.coverage.all().delete()
    Coverage.objects.bulk_create(
        Coverage(stream=stream, state=Coverage.State.FETCHED, start_at=start, end_at=end)
        for start, end in joined
    )


def _count_failure(work: _Work, stream: Stream, error: TryAgain) -> bool:
    """Counts a passing fault; True when the stream is given up for this run."""
    failures = stream.failures + 1
    if failures >= GIVE_UP_AFTER:
        _mark(work, stream, State.FAILED, error.message)
        return True
    Stream.objects.filter(pk=stream.pk).update(failures=failures, message=error.message)
    return False


@transaction.atomic
def _mark(work: _Work, stream: Stream, state: str, message: str) -> None:
    """Ends a stream for this run without records, and says so in its coverage."""
    leases.renew(work.connection.pk, work.holder)
    now = timezone.now()
    Stream.objects.filter(pk=stream.pk).update(state=state, message=message, fetched_at=now)
    if state != State.FAILED:
        return
    last = stream.coverage.order_by("-end_at").first()
    start = last.end_at if last else work.connection.created_at
    Coverage.objects.create(
        stream=stream, state=Coverage.State.FAILED, start_at=min(start, now), end_at=now
    )
