"""Brings a connection's streams up to date, a slice at a time.

A run goes: ask for balances and positions, plan the streams, fetch page after page of each, plan
again with the assets found meanwhile, ask for balances once more. A slice does as much of that as
its time allows; everything it needs to go on is in the database, so it may be killed at any
instant.
"""

from __future__ import annotations

import enum
import random
import time
import traceback
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DataError, IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.engine.types import ReportedBalance
from portfolio.exchanges import page_checks
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    NotAnswering,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.failures import REPEATED
from portfolio.exchanges.types import ExchangeClient, Page, StreamSpec
from portfolio.models import Connection, Stream, SyncRun
from portfolio.services import askings, coverage, gateway, leases, ledger, runs, standing
from portfolio.services.credentials import CredentialsUnreadable
from portfolio.services.leases import LeaseLost

log = structlog.get_logger(__name__)

State = Stream.State
GIVE_UP_AFTER = 5  # failures of one stream in a row; then the others go on without it
# A slice that is passed on is begun by then; if not, its message was lost and it is due again.
PASSED_ON_WITHIN = timedelta(seconds=30)
# A page of which Coffer itself makes nothing must not stop the other streams.
_OUR_FAULTS = (DataError, IntegrityError, ValueError, TypeError, LookupError, ArithmeticError)


class Slice(enum.Enum):
    """How a slice ended, for the caller to decide what follows."""

    NOT_TAKEN = "not taken"  # somebody else has it, it is not active, or not due
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


def run_slice(connection_id: uuid.UUID, *, seconds: float, due_by: datetime | None = None) -> Slice:
    """Works on one connection for about ``seconds``, if it is due by then; workers only."""
    holder = leases.new_holder()
    connection = leases.claim(connection_id, holder, due_by=due_by)
    if connection is None:
        return Slice.NOT_TAKEN
    try:
        return _slice(connection, holder, stop_at=time.monotonic() + seconds)
    except LeaseLost:
        log.info("lease lost", connection=str(connection_id))
        leases.let_go(connection_id, holder)
        return Slice.NOT_TAKEN
    except Exception as error:
        # A fault of ours: the error goes to the log, and the connection is due again later.
        with suppress(LeaseLost):
            runs.stumble(connection, holder, error)
        raise
    except BaseException:
        leases.release(connection_id, holder, next_sync_at=timezone.now())
        raise


def _slice(connection: Connection, holder: str, *, stop_at: float) -> Slice:
    run = runs.open_run(connection, holder)
    client: ExchangeClient | None = None
    try:
        client = gateway.open_connection(connection, connection.sealed_credentials or b"")
        work = _Work(connection, holder, client, run, stop_at)
        if not _fetch(work):
            due = timezone.now() + PASSED_ON_WITHIN
            leases.release(connection.pk, holder, next_sync_at=due)
            return Slice.MORE
        runs.finish(connection, holder, run)
        return Slice.FINISHED
    except WaitUntil as error:
        runs.wait(connection, holder, run, error.message, until=error.until)
        return Slice.LATER
    except NotAnswering as error:
        runs.wait(connection, holder, run, error.message, until=error.until + _apart())
        return Slice.LATER
    except TryAgain as error:
        runs.back_off(connection, holder, run, error.message)
        return Slice.LATER
    except (KeyBroken, CredentialsUnreadable) as error:
        stopped = runs.stop(connection, holder, run, error)
        return Slice.FINISHED if stopped else Slice.LATER
    finally:
        if client is not None:
            client.close()


def _apart() -> timedelta:
    """A little time, different for each, so that not all that wait come back at one moment."""
    return timedelta(seconds=random.uniform(0, 5))  # noqa: S311


# --- Balances and planning --------------------------------------------------------------------


def _fetch(work: _Work) -> bool:
    """Balances, plan, pages, until nothing is left (True) or the time is over (False)."""
    asked_at = work.connection.balances_at
    if work.run.pages == 0 and (asked_at is None or asked_at < work.run.started_at):
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
    positions = standing.ask_positions(work.client)
    with transaction.atomic():
        leases.renew(work.connection.pk, work.holder)
        standing.store_balances(work.connection, balances)
        standing.store_positions(work.connection, positions)
    return balances


def _plan(work: _Work, balances: Iterable[ReportedBalance]) -> int:
    """Adds the streams that the assets known by now call for; returns how many are new."""
    known = frozenset(work.connection.holdings.values_list("asset", flat=True).distinct())
    assets = known | {balance.asset for balance in balances}
    planned = work.client.plan_streams(known_assets=assets, leads=_leads(work.connection))
    return _add_streams(work, planned)


def _leads(connection: Connection) -> frozenset[str]:
    """The keys of streams that stored records called for."""
    told = connection.streams.filter(cursor__has_key="leads").values_list("cursor", flat=True)
    return frozenset(key for cursor in told for key in cursor["leads"])


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
    warmed = {s.key: s for s in planned if _is_hot(s) and known.get(s.key) is False}
    _warm(work, warmed)
    return len(fresh) + len(warmed)


def _warm(work: _Work, planned: Mapping[str, StreamSpec]) -> None:
    """Streams that were asked seldom are asked at once, and from now on each time."""
    rows = list(work.connection.streams.filter(key__in=planned)) if planned else []
    for row in rows:
        row.is_hot, row.state, row.scope = True, State.WAITING, planned[row.key].scope
    Stream.objects.bulk_update(rows, ["is_hot", "state", "scope"])


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
    except _OUR_FAULTS as error:
        _give_up(work, stream, error)
    else:
        _take(work, stream, page, now)


def _take(work: _Work, stream: Stream, page: Page, now: datetime) -> None:
    """Stores a page; one that Coffer cannot store ends its stream for this run, not the others."""
    try:
        _store_page(work, stream, page, now)
    except _OUR_FAULTS as error:
        _give_up(work, stream, error)


def _give_up(work: _Work, stream: Stream, error: Exception) -> None:
    # The place only: the text of such an error may quote the record.
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("stream failed", stream=stream.key, kind=type(error).__name__, at=str(place))
    message = _("Coffer itself failed at this page ({kind}); its log says why.").format(
        kind=type(error).__name__
    )
    _mark(work, stream, State.FAILED, message)


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
    _log_page(stream, page, stored.new, now)
    if page.covered is not None:
        coverage.fetched(stream, page.covered)
    if page.unserved is not None:
        coverage.unserved(stream, page.unserved)
    SyncRun.objects.filter(pk=work.run.pk).update(
        pages=F("pages") + 1, new_records=F("new_records") + stored.new
    )
    if work.connection.failures:
        Connection.objects.filter(pk=work.connection.pk).update(failures=0)
        work.connection.failures = 0


def _log_page(stream: Stream, page: Page, new: int, now: datetime) -> None:
    told = askings.Page(page.endpoint, page.covered, new, page.is_last)
    askings.fetched(stream, told, now=now)
    if page.unserved is not None:
        askings.refused(stream, State.UNAVAILABLE, page.unserved, "", now=now)


def _count_failure(work: _Work, stream: Stream, error: TryAgain) -> bool:
    """Counts a passing fault; True when the stream is given up for this run."""
    failures = stream.failures + 1
    if failures >= GIVE_UP_AFTER:
        anew = page_checks.restarted(stream.cursor) if error.code == REPEATED else None
        _mark(work, stream, State.FAILED, error.message, cursor=anew)
        return True
    Stream.objects.filter(pk=stream.pk).update(failures=failures, message=error.message)
    return False


@transaction.atomic
def _mark(
    work: _Work,
    stream: Stream,
    state: str,
    message: str,
    *,
    cursor: Mapping[str, Any] | None = None,
) -> None:
    """Ends a stream for this run without records, and says so in its coverage."""
    leases.renew(work.connection.pk, work.holder)
    now = timezone.now()
    # Not as the object has it: a page that could not be stored may have moved it already.
    moved = {} if cursor is None else {"cursor": dict(cursor)}
    rows = Stream.objects.filter(pk=stream.pk)
    rows.update(state=state, message=message, fetched_at=now, **moved)
    missing = coverage.missed(stream, state, now=now)
    askings.refused(stream, state, missing, message, now=now)
