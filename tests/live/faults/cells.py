"""One cell of the matrix for real: sandbox over HTTP, ccxt, the sync service, PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import User
from portfolio.exchanges import guard, registry
from portfolio.exchanges.errors import GatewayError
from portfolio.exchanges.paging import TimeWindows
from portfolio.exchanges.profile import Profile, StreamRule
from portfolio.models import Connection, Coverage, RawRecord, Stream, SyncRun
from portfolio.services import connections, gateway, sync
from portfolio.services.sync import Slice
from tests.live import ledgers
from tests.live.faults.matrix import PAGE, Expect, Fault
from tests.live.faults.places import PLACES
from tests.sandbox_server import advance, control, credentials, demo_keys, fault

SMALL = "read-only-small"
HURRY = 1000  # milliseconds
ROUNDED = timedelta(seconds=1)  # exchanges tell whole seconds
FEW = 4  # events: one of each kind


@dataclass(frozen=True, slots=True)
class Cell:
    """What came of one fault at one exchange; no ``problem`` where it was what must come of it."""

    exchange: str
    fault: Fault
    expected: Expect
    problem: str
    requests: int
    seconds: float


@contextmanager
def narrow_pages() -> Iterator[None]:
    """Profiles whose pages hold a few rows, as far as the exchange lets one choose."""
    known = registry._profile

    def narrowed(exchange: str) -> Profile | None:
        profile = known(exchange)
        if profile is None:
            return None
        struck = PLACES[exchange].stream if exchange in PLACES else ""
        rules = (_narrowed(rule, struck) for rule in profile.streams)
        return replace(profile, streams=tuple(rules))

    registry._profile = narrowed  # type: ignore[assignment]
    try:
        yield
    finally:
        registry._profile = known


def _narrowed(rule: StreamRule, struck: str) -> StreamRule:
    """The rule with small pages; stretches without pages only where they are the matter.

    Of those a crowded moment would not fit any more, which is not what is asked here.
    """
    strategy: Any = rule.strategy
    chosen = getattr(strategy, "limit_parameter", "")
    matters = f"{rule.family}:".startswith(struck) or rule.family == struck
    if not chosen or (type(strategy) is TimeWindows and not _has_pages(strategy) and not matters):
        return rule
    return replace(rule, strategy=replace(strategy, limit=min(PAGE, strategy.limit)))


def _has_pages(strategy: TimeWindows) -> bool:
    return bool(strategy.offset_parameter or strategy.page_parameter)


def forget_waiting() -> None:
    """As if the time had passed that anybody had asked to wait."""
    client = gateway.redis_client()
    for pattern in ("budget:*", "circuit:*"):
        for key in client.scan_iter(pattern):
            client.delete(key)


class Subject:
    """One connection of one exchange that goes through all the faults, one after the other."""

    def __init__(self, exchange: str, sandbox: str, owner: User) -> None:
        self.exchange, self.sandbox = exchange, sandbox
        keys = {(k["exchange"], k["purpose"]): k["account"] for k in demo_keys(sandbox)}
        self.account = keys[exchange, SMALL]
        self.places = PLACES[exchange]
        self.connection = connections.register(
            user=owner,
            exchange=exchange,
            environment="sandbox",
            label="",
            credentials=credentials(exchange, SMALL),
        )
        connections.check(self.connection)
        self.drive()
        self.assert_whole()

    # --- As workers do it -----------------------------------------------------------------------

    def slice(self) -> Slice:
        """One slice of work."""
        ended = sync.run_slice(self.connection.pk, seconds=5)
        self.connection.refresh_from_db()
        return ended

    def drive(self) -> SyncRun:
        """Slices until the run ends, but for the waiting."""
        for _ in range(500):
            ended = self.slice()
            if ended is Slice.LATER:
                forget_waiting()
            status, reason = self.connection.status, self.connection.status_reason
            assert ended is not Slice.NOT_TAKEN, f"{status}: {reason}"
            if ended is Slice.FINISHED:
                return self.run
        raise AssertionError(f"the run does not end: {self.run.message}")

    @property
    def run(self) -> SyncRun:
        """The latest run."""
        return self.connection.sync_runs.latest("started_at")

    def requests(self) -> int:
        """How many requests the sandbox has counted."""
        counted: int = control(self.sandbox, f"requests?exchange={self.exchange}")["total"]
        return counted

    def streams(self) -> list[Stream]:
        """Those that the fault's path feeds."""
        rows = Stream.objects.filter(connection=self.connection)
        return list(rows.filter(key__startswith=self.places.stream))

    # --- One cell -------------------------------------------------------------------------------

    def strike(self, trouble: Fault) -> Cell | None:
        """Lets one fault strike, looks, lifts it, and looks again; None where it cannot be."""
        expected = trouble.expected(self.exchange)
        if expected is None:
            return None
        control(self.sandbox, "requests", "DELETE")
        start, problem = time.monotonic(), ""
        try:
            self._strike(trouble, expected)
        except (AssertionError, GatewayError) as error:
            problem = str(error) or repr(error)
        try:
            self._mend()
        except AssertionError as error:
            problem = problem or f"afterwards: {error}"
        return Cell(
            self.exchange, trouble, expected, problem, self.requests(), time.monotonic() - start
        )

    def _strike(self, trouble: Fault, expected: Expect) -> None:
        if trouble.many:
            with narrow_pages():
                self._strike_once(trouble, expected)
        else:
            self._strike_once(trouble, expected)

    def _strike_once(self, trouble: Fault, expected: Expect) -> None:
        self._sleep_for_an_hour()
        events = self.places.many if trouble.many else FEW
        advance(self.sandbox, self.exchange, SMALL, records=events)
        with ExitStack() as stack:
            stack.enter_context(_troubled(trouble, self.exchange, self.sandbox))
            _CHECKS[expected](self, trouble)
            found = Snapshot(self.connection)
        if expected is Expect.READ:
            self.assert_whole()
        self._mend()
        self.assert_whole()
        if expected in (Expect.UNREADABLE, Expect.KEPT, Expect.OTHER):
            found.assert_altered(expected)
        if not trouble.hides:
            found.assert_covered_is_true(self.connection)

    def _sleep_for_an_hour(self) -> None:
        """As if nothing had been asked for since: what happens now, no coverage speaks of yet."""
        rows = Coverage.objects.filter(stream__connection=self.connection)
        rows.update(end_at=Greatest(F("start_at"), F("end_at") - timedelta(hours=1)))

    def _mend(self) -> None:
        """The fault is over, and the time has passed after which Coffer asks again."""
        control(self.sandbox, "faults", "DELETE")
        control(self.sandbox, "limits", "DELETE")
        forget_waiting()
        self.connection.refresh_from_db()
        if self.connection.sealed_credentials is None:
            connections.replace_credentials(
                connection=self.connection, credentials=credentials(self.exchange, SMALL)
            )
            self.connection.refresh_from_db()
            connections.check(self.connection)
        elif self.connection.status != "active":
            connections.resume(connection=self.connection)
        self.connection.refresh_from_db()
        gone = Stream.objects.filter(connection=self.connection, state="unavailable")
        gone.update(fetched_at=timezone.now() - timedelta(days=2))
        self.drive()
        failed = Coverage.objects.filter(stream__connection=self.connection, state="failed")
        if self.run.outcome != "done" or failed.exists():
            self.drive()  # a walk that began before is followed by one for what came since
        assert self.run.outcome == "done", self.run.message

    def assert_whole(self) -> None:
        """The ledger equals the statement, and nothing counts as failed any more."""
        told = control(self.sandbox, f"accounts/{self.account}/statement")
        ledgers.assert_equals_statement(self.connection, told)
        rows = Coverage.objects.filter(stream__connection=self.connection)
        assert not rows.filter(state="failed").exists(), "coverage says failed"


class Snapshot:
    """What was stored while the fault lasted."""

    def __init__(self, connection: Connection) -> None:
        rows = RawRecord.objects.filter(connection=connection)
        self.bodies = dict(rows.values_list("pk", "body"))
        self.problems = dict(rows.values_list("pk", "problem"))
        self.booked = set(rows.filter(postings__isnull=False).values_list("pk", flat=True))
        self.kinds = dict(rows.values_list("pk", "transaction__kind"))
        self.fetched = [
            (row.stream_id, row.start_at, row.end_at)
            for row in Coverage.objects.filter(stream__connection=connection, state="fetched")
        ]

    def assert_covered_is_true(self, connection: Connection) -> None:
        """Whatever lies in a stretch that was said to be fetched was in."""
        rows = RawRecord.objects.filter(connection=connection).exclude(pk__in=self.bodies)
        missing: list[tuple[int, datetime]] = list(rows.values_list("stream_id", "occurred_at"))
        for stream, at in missing:
            for known, start, end in self.fetched:
                assert not (known == stream and start <= at < end), (
                    f"coverage said fetched about a hole: stream "
                    f"{Stream.objects.get(pk=stream).key} at {at}"
                )

    def assert_altered(self, expected: Expect) -> None:
        """Each record that the fault had changed was kept as it must be."""
        rows = RawRecord.objects.filter(pk__in=self.bodies)
        now: Mapping[int, str] = dict(rows.values_list("pk", "body"))
        changed = [pk for pk, body in self.bodies.items() if now[pk] != body]
        assert changed, "no record was changed by the fault"
        for pk in changed:
            if expected is Expect.UNREADABLE:
                assert self.problems[pk], f"booked as if it were right: {self.bodies[pk]}"
                assert pk not in self.booked
            else:
                assert not self.problems[pk], f"{self.problems[pk]}: {self.bodies[pk]}"
            if expected is Expect.OTHER:
                kind = self.kinds[pk]
                unsure = kind in (None, "unclassified") or pk not in self.booked
                assert unsure, f"taken for {kind}: {self.bodies[pk]}"


@contextmanager
def _troubled(trouble: Fault, exchange: str, sandbox: str) -> Iterator[None]:
    """The fault on, as long as the block lasts."""
    wish = trouble.wished(exchange)
    address, hurry = settings.SANDBOX_URL, guard.ANSWER_WITHIN_MS
    with ExitStack() as stack:
        if wish:
            options = {name: value for name, value in wish.items() if name != "kind"}
            stack.enter_context(fault(sandbox, str(wish["kind"]), **options))
        if trouble.address:
            secure = sandbox.replace("http://", "https://")
            settings.SANDBOX_URL = secure if trouble.address == "https" else trouble.address
        if trouble.hurried:
            guard.ANSWER_WITHIN_MS = HURRY
        try:
            yield
        finally:
            settings.SANDBOX_URL, guard.ANSWER_WITHIN_MS = address, hurry


# --- What must come of it -----------------------------------------------------------------------


def _read(subject: Subject, trouble: Fault) -> None:
    run = subject.drive()
    assert run.outcome == "done", f"{run.outcome}: {run.message}"


def _next(subject: Subject, trouble: Fault) -> None:
    subject.drive()


def _in_words(subject: Subject) -> None:
    run, name = subject.run, _name(subject)
    assert run.outcome == "waiting", f"the run is {run.outcome}: {run.message}"
    assert name in run.message, f"no words: {run.message!r}"
    assert subject.connection.status == "active", subject.connection.status_reason


def _retry(subject: Subject, trouble: Fault) -> None:
    for failures in (1, 2):
        asked = timezone.now()
        ended = subject.slice()
        assert ended is Slice.LATER, (
            f"{ended}: {subject.connection.status_reason or subject.run.message}"
        )
        _in_words(subject)
        due = subject.connection.next_sync_at
        assert subject.connection.failures >= failures
        assert due is not None
        assert due > asked + timedelta(seconds=1)


def _wait(subject: Subject, trouble: Fault) -> None:
    asked = timezone.now()
    ended = subject.slice()
    assert ended is Slice.LATER, (
        f"{ended}: {subject.connection.status_reason or subject.run.message}"
    )
    _in_words(subject)
    due, now = subject.connection.next_sync_at, timezone.now()
    assert due is not None
    if trouble.wait is not None:
        # How long its slice took is the machine's affair.
        least, most = asked + trouble.wait - ROUNDED, now + trouble.wait + ROUNDED
        assert least <= due <= most, f"put off by {due - now}"
    before = subject.requests()
    subject.slice()
    assert subject.requests() == before, "asked again all the same"


def _tell(subject: Subject, trouble: Fault) -> None:
    ended = subject.slice()
    assert ended is Slice.FINISHED, f"{ended}: {subject.run.message}"
    assert subject.connection.status == "broken"
    assert subject.connection.status_reason
    before = subject.requests()
    assert subject.slice() is Slice.NOT_TAKEN
    assert subject.requests() == before


def _refuse(subject: Subject, trouble: Fault) -> None:
    connections.check(subject.connection)
    subject.connection.refresh_from_db()
    assert subject.connection.status != "active"
    assert "withdraw" in subject.connection.status_reason.lower()
    assert subject.slice() is Slice.NOT_TAKEN


def _one_stream(subject: Subject, state: str, outcome: str) -> None:
    run = subject.drive()
    assert run.outcome == outcome, f"{run.outcome}: {run.message}"
    struck = subject.streams()
    marked = [stream for stream in struck if stream.state == state]
    assert marked, f"states {sorted({s.state for s in struck})}"
    assert all(stream.message for stream in marked)
    rows = Stream.objects.filter(connection=subject.connection)
    others = rows.exclude(key__startswith=subject.places.stream).exclude(state="caught_up")
    assert not others.exists(), f"{[s.key for s in others]} did not go on"


def _absent(subject: Subject, trouble: Fault) -> None:
    _one_stream(subject, "unavailable", "done")


def _failed(subject: Subject, trouble: Fault) -> None:
    _one_stream(subject, "failed", "partly")


def _name(subject: Subject) -> str:
    from portfolio.exchanges import catalogue

    return catalogue.get(subject.exchange).name


_CHECKS: Mapping[Expect, Callable[[Subject, Fault], None]] = {
    Expect.READ: _read,
    Expect.RETRY: _retry,
    Expect.WAIT: _wait,
    Expect.TELL: _tell,
    Expect.REFUSE: _refuse,
    Expect.ABSENT: _absent,
    Expect.FAILED: _failed,
    Expect.UNREADABLE: _read,
    Expect.KEPT: _read,
    Expect.OTHER: _read,
    Expect.NEXT: _next,
}
