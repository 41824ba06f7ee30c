"""The exchanges' troubles, switched on one by one and together: in the end all is in, exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio.exchanges import catalogue
from portfolio.exchanges.errors import TryAgain
from portfolio.models import Connection, Coverage, RawRecord, Stream, SyncRun
from portfolio.services import connections, gateway, sync
from portfolio.services.sync import Slice
from tests.live import ledgers
from tests.live.conftest import Connect, statement
from tests.sandbox_server import advance, control, credentials, fault

EXCHANGES = ["binance", "kraken", "okx"]
SMALL = "read-only-small"
DEPOSITS = {
    "binance": "deposit/hisrec",
    "kraken": "DepositStatus",
    "okx": "asset/deposit-history",
}
RECORDS = {
    "binance": "/api/v3/myTrades",
    "kraken": "/0/private/Ledgers",
    "okx": "account/bills-archive",
}


@pytest.fixture(autouse=True)
def read_only(sandbox: str) -> Iterator[None]:
    """Whatever happens, nothing but reads arrives at an exchange."""
    control(sandbox, "requests", "DELETE")
    yield
    control(sandbox, "faults", "DELETE")
    control(sandbox, "limits", "DELETE")
    assert control(sandbox, "requests")["total"] > 0
    assert control(sandbox, "requests")["writes"] == 0


def later() -> None:
    """Lets the time pass that an exchange asked to wait."""
    gateway.redis_client().flushdb()


def drive(connection: Connection) -> SyncRun:
    """Slices until the run ends, as workers do it, but for the waiting."""
    for _ in range(5000):
        ended = sync.run_slice(connection.pk, seconds=5)
        if ended is Slice.LATER:
            later()
        if ended is Slice.FINISHED:
            connection.refresh_from_db()
            assert connection.status == "active", connection.status_reason
            return connection.sync_runs.latest("started_at")
    pytest.fail("the run does not end")


def once(connection: Connection) -> SyncRun:
    """One slice, which cannot finish."""
    assert sync.run_slice(connection.pk, seconds=5) is Slice.LATER
    connection.refresh_from_db()
    return connection.sync_runs.latest("started_at")


def requests(url: str) -> int:
    counted: int = control(url, "requests")["total"]
    return counted


def assert_whole(connection: Connection, url: str) -> None:
    ledgers.assert_equals_statement(connection, statement(url, connection.exchange, SMALL))
    assert not Coverage.objects.filter(stream__connection=connection, state="failed").exists()


# --- During the backfill ----------------------------------------------------------------------


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_backfill_through_all_kinds_of_trouble(
    exchange: str, connect: Connect, sandbox: str
) -> None:
    connection = connect(exchange, SMALL)
    troubles: list[tuple[str, dict[str, Any]]] = [
        ("server_error", {"every": 7, "status": 503}),
        ("cut_json", {"every": 5}),
        ("timeout", {"every": 11, "seconds": 0}),
        ("maintenance", {"every": 13}),
        ("rate_limit", {"every": 9, "seconds": 1, "times": 6}),
        ("duplicate_pages", {"every": 2}),
    ]
    with ExitStack() as stack:
        for kind, options in troubles:
            stack.enter_context(fault(sandbox, kind, exchange=exchange, **options))
        drive(connection)
        struck = {f["kind"]: f["fired"] for f in control(sandbox, "faults")["faults"]}
    assert all(struck.values()), struck
    assert drive(connection).outcome == "done"
    assert_whole(connection, sandbox)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_stream_that_stays_broken_is_a_gap_until_it_heals(
    exchange: str, connect: Connect, sandbox: str
) -> None:
    connection = connect(exchange, SMALL)
    with fault(sandbox, "server_error", exchange=exchange, path=DEPOSITS[exchange]):
        run = drive(connection)
        assert (run.outcome, run.message) == ("partly", "Not fetched: deposits")
        stream = Stream.objects.get(connection=connection, key="deposits")
        assert stream.state == "failed"
        assert "fault of its own (HTTP 502)" in stream.message
        assert [row.state for row in stream.coverage.all()] == ["failed"]
        assert connection.backfilled_at is None
        assert not stream.raw_records.exists()
        others = Stream.objects.filter(connection=connection).exclude(pk=stream.pk)
        assert not others.exclude(state="caught_up").exists()
        drive(connection)
        assert stream.coverage.count() == 1  # failing again adds no rows
    assert drive(connection).outcome == "done"
    stream.refresh_from_db()
    assert (stream.state, stream.message) == ("caught_up", "")
    assert [row.state for row in stream.coverage.all()] == ["fetched"]
    assert connection.backfilled_at is not None
    assert_whole(connection, sandbox)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_records_that_come_late_are_found_by_the_overlap(
    exchange: str, connect: Connect, sandbox: str
) -> None:
    connection = connect(exchange, SMALL)
    drive(connection)
    advance(sandbox, exchange, SMALL, records=12)
    with fault(sandbox, "late_records", exchange=exchange, hours=1, every_record=2):
        drive(connection)
        seen = RawRecord.objects.filter(connection=connection).count()
    drive(connection)
    assert RawRecord.objects.filter(connection=connection).count() > seen
    assert_whole(connection, sandbox)


# --- At head ----------------------------------------------------------------------------------


WORDS = {
    "server_error": "has a fault of its own (HTTP 502).",
    "cut_json": "answer that cannot be read",
    "timeout": "",
    "maintenance": "",
}


@pytest.mark.parametrize("kind", list(WORDS))
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_an_outage_is_said_in_words_and_waited_for(
    exchange: str, kind: str, connect: Connect, sandbox: str
) -> None:
    connection = connect(exchange, SMALL)
    options = {"seconds": 0} if kind == "timeout" else {}
    with fault(sandbox, kind, exchange=exchange, **options):
        for failures in (1, 2, 3):
            asked = timezone.now()
            run = once(connection)
            assert connection.failures == failures
        assert (run.outcome, connection.status) == ("waiting", "active")
        assert run.message.startswith(catalogue.get(exchange).name)
        assert WORDS[kind] in run.message
        assert connection.next_sync_at is not None
        assert connection.next_sync_at > asked + timedelta(seconds=5)
        assert connection.status_reason == ""
    assert drive(connection).pk == run.pk  # the same run goes on
    assert connection.failures == 0
    assert_whole(connection, sandbox)


@pytest.mark.parametrize("seconds", [90, -90])
def test_a_clock_that_runs_apart_is_followed(seconds: int, connect: Connect, sandbox: str) -> None:
    connection = connect("binance", SMALL)
    with fault(sandbox, "clock_skew", exchange="binance", seconds=seconds):
        assert drive(connection).outcome == "done"
    advance(sandbox, "binance", SMALL, records=3)
    assert drive(connection).outcome == "done"
    assert_whole(connection, sandbox)


def test_a_storm_of_429_is_waited_out_without_another_request(
    connect: Connect, sandbox: str
) -> None:
    connection = connect("binance", SMALL)
    wait = timedelta(seconds=60)
    with fault(sandbox, "rate_limit", exchange="binance", seconds=60):
        started = timezone.now()
        run = once(connection)
        assert "asks us to slow down" in run.message
        assert connection.next_sync_at is not None
        assert started + wait <= connection.next_sync_at <= timezone.now() + wait
        before = requests(sandbox)
        for _ in range(5):
            once(connection)
        assert requests(sandbox) == before
    assert gateway.budget("sandbox").paused_until("binance", "other") is not None
    later()
    assert drive(connection).outcome == "done"
    assert_whole(connection, sandbox)


def test_kraken_asks_one_key_to_slow_down(connect: Connect, sandbox: str) -> None:
    connection = connect("kraken", SMALL)
    with fault(sandbox, "rate_limit", exchange="kraken"):
        run = once(connection)
        assert "asks this key to slow down" in run.message
        before = requests(sandbox)
        once(connection)
        assert requests(sandbox) == before
    later()
    drive(connection)
    assert_whole(connection, sandbox)


def test_a_ban_stops_everything_asked_of_the_venue(connect: Connect, sandbox: str) -> None:
    mine = connect("binance", SMALL)
    other = User.objects.create_user("other@example.org", "correct horse battery")
    theirs = connections.register(
        user=other,
        exchange="binance",
        environment="sandbox",
        label="",
        credentials=credentials("binance", "read-only"),
    )
    connections.check(theirs)
    with fault(sandbox, "server_error", exchange="binance", status=418, times=1):
        run = once(mine)
    assert "has banned this server for a while" in run.message
    until = gateway.budget("sandbox").paused_until("binance", "other")
    assert until is not None
    assert until > timezone.now() + timedelta(seconds=100)
    before = requests(sandbox)
    assert "asked this server to wait" in once(theirs).message
    assert requests(sandbox) == before
    assert (mine.status, Connection.objects.get(pk=theirs.pk).status) == ("active", "active")
    later()
    drive(mine)
    assert_whole(mine, sandbox)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_key_cannot_be_checked_during_an_outage_and_is_checked_later(
    exchange: str, connect: Connect, sandbox: str, owner: User
) -> None:
    made = connections.register(
        user=owner,
        exchange=exchange,
        environment="sandbox",
        label="",
        credentials=credentials(exchange, SMALL),
    )
    with fault(sandbox, "maintenance", exchange=exchange), pytest.raises(TryAgain):
        connections.check(made)
    made.refresh_from_db()
    assert made.status == "pending"
    assert made.status_reason.startswith(catalogue.get(exchange).name)
    assert made.check_at is not None
    connections.check(made)
    made.refresh_from_db()
    assert (made.status, made.status_reason) == ("active", "")
