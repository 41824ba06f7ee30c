"""A run goes on whatever one stream does, says what happened, and claims no more than it has."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import failures
from portfolio.exchanges.errors import KeyBroken, StreamUnavailable, TryAgain, WaitUntil
from portfolio.exchanges.types import FetchedRecord, Page, StreamSpec
from portfolio.models import Connection, Coverage, Holding, RawRecord, Stream
from portfolio.services import connections, leases, sync
from portfolio.services.credentials import seal
from portfolio.services.sync import Slice
from tests import factories
from tests.portfolio.exchange import Exchange, last_page

DAY = timedelta(days=1)
KEY = {"apiKey": "key", "secret": "c2VjcmV0"}
LEDGER = StreamSpec("ledger", RecordKind.LEDGER)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
Pages = Callable[[StreamSpec, dict[str, Any], datetime], Any]


@pytest.fixture
def active(owner: User) -> Connection:
    made = factories.connection(
        owner,
        account_uid="uid-1",
        backfilled_at=None,
        last_synced_at=None,
        next_sync_at=timezone.now(),
    )
    made.sealed_credentials = seal(KEY, row=made.pk)
    made.save()
    return made


def record(ident: str, amount: str = "1", **more: Any) -> FetchedRecord:
    row = {"refid": f"R{ident}", "time": 1_760_000_000, "type": "deposit", "asset": "XXBT"}
    row |= {"amount": amount, "fee": "0", **more}
    return FetchedRecord(ident, factories.NOW, json.dumps({ident: row}))


def run(connection: Connection) -> Slice:
    """Slices until the run ends; waiting is not waited for."""
    for _ in range(60):
        ended = sync.run_slice(connection.pk, seconds=60)
        if ended is Slice.FINISHED:
            break
    connection.refresh_from_db()
    return ended


def coverage(connection: Connection, key: str) -> list[tuple[str, datetime, datetime]]:
    rows = Coverage.objects.filter(stream__connection=connection, stream__key=key)
    return [(row.state, row.start_at, row.end_at) for row in rows]


def failing(error: Any, *, key: str = "deposits", record_of: str = "") -> Pages:
    """One stream fails, all others have what there is since the year began."""

    def pages(stream: StreamSpec, cursor: dict[str, Any], now: datetime) -> Any:
        if stream.key == key and error is not None:
            return error
        return last_page(now, record(f"{stream.key}-1"), covered=(factories.NOW - 300 * DAY, now))

    return pages


def test_a_stream_that_keeps_failing_is_passed_over_and_heals(
    active: Connection, exchange: Exchange
) -> None:
    exchange.streams = [DEPOSITS, LEDGER]
    exchange.pages = failing(TryAgain("HTTP 502"))
    for number in range(3):
        Connection.objects.update(next_sync_at=timezone.now())
        assert run(active) is Slice.FINISHED
        assert Coverage.objects.filter(state="failed").count() == 1, number
    latest = active.sync_runs.first()
    assert latest is not None
    assert (latest.outcome, latest.message) == ("partly", "Not fetched: deposits")
    stream = Stream.objects.get(key="deposits")
    assert (stream.state, stream.message) == ("failed", "HTTP 502")
    assert active.backfilled_at is None
    assert active.status == "active"
    ((state, start, _),) = coverage(active, "deposits")
    assert state == "failed"
    assert start < active.created_at
    exchange.pages = failing(None)
    run(active)
    assert [row[0] for row in coverage(active, "deposits")] == ["fetched"]
    assert active.backfilled_at is not None
    assert active.failures == 0
    latest = active.sync_runs.first()
    assert latest is not None
    assert (latest.outcome, latest.message) == ("done", "")


def test_balances_are_asked_for_once_at_the_beginning_however_often_the_first_page_fails(
    active: Connection, exchange: Exchange
) -> None:
    asked: list[datetime] = []

    def balance() -> list[ReportedBalance]:
        asked.append(timezone.now())
        return []

    exchange.balance = balance
    exchange.pages = failing(TryAgain("HTTP 502"), key="ledger")
    for _ in range(4):
        Connection.objects.update(next_sync_at=timezone.now())
        assert sync.run_slice(active.pk, seconds=60) is Slice.LATER
    assert len(asked) == 1
    exchange.pages = failing(None)
    assert run(active) is Slice.FINISHED
    assert len(asked) == 2, "once more at the end"


def test_a_page_that_comes_twice_again_and_again_begins_its_stretch_anew(
    active: Connection, exchange: Exchange
) -> None:
    exchange.streams = [DEPOSITS]
    where = {"v": 1, "since": 5, "start": 7, "token": "next", "before": {"rows": "x", "full": True}}
    Stream.objects.create(connection=active, key="deposits", kind="deposits", cursor=where)
    exchange.pages = failing(failures.repeated("Kraken"))
    run(active)
    stream = Stream.objects.get(key="deposits")
    assert stream.state == "failed"
    assert stream.cursor == {"v": 1, "since": 5, "start": 7}


def test_another_failure_leaves_the_walk_where_it_is(
    active: Connection, exchange: Exchange
) -> None:
    exchange.streams = [DEPOSITS]
    where = {"v": 1, "start": 7, "token": "next"}
    Stream.objects.create(connection=active, key="deposits", kind="deposits", cursor=where)
    exchange.pages = failing(TryAgain("HTTP 502"))
    run(active)
    assert Stream.objects.get(key="deposits").cursor == where


def test_a_failure_at_head_leaves_what_was_fetched_before(
    active: Connection, exchange: Exchange
) -> None:
    exchange.streams = [DEPOSITS]
    exchange.pages = failing(None)
    run(active)
    ((_, start, end),) = coverage(active, "deposits")
    end -= 3 * DAY  # the last run was days ago
    Coverage.objects.update(end_at=end)
    exchange.pages = failing(TryAgain("HTTP 502"))
    run(active)
    fetched, failed = coverage(active, "deposits")
    assert fetched == ("fetched", start, end)
    assert failed[:2] == ("failed", end)
    exchange.pages = lambda s, c, now: last_page(now, covered=(end - DAY, failed[2] - DAY))
    run(active)
    healed = coverage(active, "deposits")
    assert [state for state, _, _ in healed] == ["fetched", "failed"]
    assert healed[0][2] == healed[1][1]  # they touch and do not overlap


def test_what_is_not_served_is_said_and_asked_once_a_day(
    active: Connection, exchange: Exchange
) -> None:
    asked: list[str] = []

    def pages(stream: StreamSpec, cursor: dict[str, Any], now: datetime) -> Any:
        asked.append(stream.key)
        missing = StreamUnavailable("This key lacks the permission to read these records.")
        return missing if stream.key == "deposits" else last_page(now)

    exchange.streams, exchange.pages = [DEPOSITS, LEDGER], pages
    run(active)
    run(active)
    assert asked == ["deposits", "ledger", "ledger"]
    stream = Stream.objects.get(key="deposits")
    assert stream.state == "unavailable"
    assert "permission" in stream.message
    assert [row[0] for row in coverage(active, "deposits")] == ["unavailable"]
    latest = active.sync_runs.first()
    assert latest is not None
    assert latest.outcome == "done"


def test_a_page_that_coffer_cannot_store_stops_only_its_stream(
    active: Connection, exchange: Exchange
) -> None:
    def pages(stream: StreamSpec, cursor: dict[str, Any], now: datetime) -> Any:
        if stream.key == "ledger":
            return last_page(now, record("1"))
        # A cursor that PostgreSQL does not take.
        return Page((record("2"),), {"next": "\x00"}, True, None, "GET /deposits")

    exchange.streams, exchange.pages = [DEPOSITS, LEDGER], pages
    run(active)
    stream = Stream.objects.get(key="deposits")
    assert stream.state == "failed"
    assert "Coffer itself failed" in stream.message
    assert stream.cursor == {}
    assert list(RawRecord.objects.values_list("external_id", flat=True)) == ["1"]


def test_a_fault_of_ours_is_on_the_run_and_comes_again_later(
    active: Connection, exchange: Exchange
) -> None:
    exchange.balance = RuntimeError("a bug that quotes nothing")
    for number in (1, 2):
        with pytest.raises(RuntimeError):
            sync.run_slice(active.pk, seconds=60)
        active.refresh_from_db()
        assert (active.failures, active.lease_holder) == (number, "")
        assert active.next_sync_at is not None
        assert active.next_sync_at > timezone.now()
    latest = active.sync_runs.get()
    assert latest.outcome == "waiting"
    assert "Coffer itself failed (RuntimeError)" in latest.message
    assert exchange.closed == 2


def test_waiting_says_why_and_until_when(active: Connection, exchange: Exchange) -> None:
    until = timezone.now() + timedelta(minutes=7)
    exchange.balance = WaitUntil("Binance asks this server to slow down.", until=until)
    assert sync.run_slice(active.pk, seconds=60) is Slice.LATER
    active.refresh_from_db()
    assert (active.next_sync_at, active.status) == (until, "active")
    assert active.sync_runs.get().message == "Binance asks this server to slow down."


def test_backing_off_grows_and_ends_with_the_first_answer(
    active: Connection, exchange: Exchange
) -> None:
    exchange.balance = TryAgain("HTTP 502")
    waits = []
    for _ in range(14):
        sync.run_slice(active.pk, seconds=60)
        active.refresh_from_db()
        assert active.next_sync_at is not None
        waits.append((active.next_sync_at - timezone.now()).total_seconds())
    assert waits[0] < 4
    assert 100 < waits[6] < 200
    assert max(waits) < 1100
    exchange.balance = []
    run(active)
    assert active.failures == 0


# --- The key while a slice is at work ---------------------------------------------------------


def test_a_broken_key_stops_the_run(active: Connection, exchange: Exchange) -> None:
    exchange.pages = lambda s, c, now: KeyBroken("Expired.")
    assert run(active) is Slice.FINISHED
    assert (active.status, active.status_reason) == ("broken", "Expired.")
    assert (active.lease_holder, active.next_sync_at) == ("", None)
    assert active.sync_runs.get().outcome == "failed"


def test_an_old_key_that_breaks_while_the_new_one_is_in_use_stops_nothing(
    active: Connection, exchange: Exchange
) -> None:
    answers: list[Any] = [KeyBroken("Deleted at the exchange.")]

    def pages(stream: StreamSpec, cursor: dict[str, Any], now: datetime) -> Any:
        if not answers:
            return last_page(now)
        connections.replace_credentials(connection=active, credentials=KEY | {"apiKey": "new"})
        connections.check(Connection.objects.get(pk=active.pk))
        return answers.pop()

    exchange.pages = pages
    assert sync.run_slice(active.pk, seconds=60) is Slice.LATER
    active.refresh_from_db()
    assert (active.status, active.lease_holder) == ("active", "")
    assert run(active) is Slice.FINISHED
    assert active.sync_runs.get().outcome == "done"


@pytest.mark.parametrize("action", [connections.pause, connections.request_sync])
def test_a_pause_stops_a_slice_before_its_next_page(
    active: Connection, exchange: Exchange, action: Callable[..., None]
) -> None:
    def pages(stream: StreamSpec, cursor: dict[str, Any], now: datetime) -> Any:
        action(connection=active)
        return last_page(now, record("1"))

    exchange.pages = pages
    ended = sync.run_slice(active.pk, seconds=60)
    paused = action is connections.pause
    assert ended is (Slice.NOT_TAKEN if paused else Slice.FINISHED)
    assert RawRecord.objects.count() == (0 if paused else 1)
    active.refresh_from_db()
    assert (active.lease_holder, active.lease_until) == ("", None)


@pytest.mark.parametrize("with_history", [True, False])
def test_a_removal_while_a_page_is_fetched_leaves_no_page(
    active: Connection, exchange: Exchange, with_history: bool
) -> None:
    def pages(stream: StreamSpec, cursor: dict[str, Any], now: datetime) -> Any:
        connections.remove(connection=active, with_history=with_history)
        return last_page(now, record("1"))

    exchange.pages = pages
    assert sync.run_slice(active.pk, seconds=60) is Slice.NOT_TAKEN
    assert not RawRecord.objects.exists()
    assert Connection.objects.filter(status="active").count() == 0


def test_a_page_fetched_after_the_lease_was_lost_is_not_stored(
    active: Connection, exchange: Exchange
) -> None:
    other = leases.new_holder()

    def pages(stream: StreamSpec, cursor: dict[str, Any], now: datetime) -> Any:
        Connection.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert leases.claim(active.pk, other)
        return last_page(now, record("1"))

    exchange.pages = pages
    assert sync.run_slice(active.pk, seconds=60) is Slice.NOT_TAKEN
    assert not RawRecord.objects.exists()
    stream = Stream.objects.get()
    assert (stream.cursor, stream.record_count) == ({}, 0)
    leases.renew(active.pk, other)
    assert active.sync_runs.get().outcome == "running"  # the run is the other's


def test_a_run_that_another_has_is_not_put_off_by_who_lost_it(
    active: Connection, exchange: Exchange
) -> None:
    def pages(stream: StreamSpec, cursor: dict[str, Any], now: datetime) -> Any:
        Connection.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert leases.claim(active.pk, leases.new_holder())
        return WaitUntil("Slow down.", until=now + DAY)

    exchange.pages = pages
    assert sync.run_slice(active.pk, seconds=60) is Slice.NOT_TAKEN
    assert active.sync_runs.get().outcome == "running"


# --- Balances and streams ---------------------------------------------------------------------


def test_what_an_exchange_lists_no_more_is_zero_by_its_word(
    active: Connection, exchange: Exchange
) -> None:
    factories.holding(active, "OLD", "2", reported=None)
    exchange.balance = [
        ReportedBalance("spot", "BTC", Decimal("0.5")),
        ReportedBalance("spot", "BTC", Decimal("0.000000000000000001")),
        ReportedBalance("spot", "X" * 90, Decimal(7)),
    ]
    run(active)
    told = dict(Holding.objects.values_list("asset", "reported"))
    assert told["BTC"] == Decimal("0.500000000000000001")
    assert told["OLD"] == 0
    assert sorted(told.values()) == [0, Decimal("0.500000000000000001"), 7]


def test_a_slice_out_of_time_passes_the_rest_on(active: Connection, exchange: Exchange) -> None:
    exchange.streams = [DEPOSITS, LEDGER]
    exchange.pages = failing(None)
    before = timezone.now()
    assert sync.run_slice(active.pk, seconds=0) is Slice.MORE
    active.refresh_from_db()
    assert active.lease_holder == ""
    # The message that goes on has its time before the schedule sends another.
    assert active.next_sync_at is not None
    assert active.next_sync_at >= before + sync.PASSED_ON_WITHIN
    assert sync.run_slice(active.pk, seconds=0) is Slice.MORE
    assert sync.run_slice(active.pk, seconds=0) is Slice.FINISHED
    assert active.sync_runs.count() == 1


def test_a_stream_that_becomes_likely_is_asked_at_once(
    active: Connection, exchange: Exchange
) -> None:
    swept = StreamSpec("trades:BTCUSDT", RecordKind.TRADES, {"sweep": "yes"})
    exchange.streams = [swept]
    exchange.pages = lambda s, c, now: last_page(now)
    run(active)
    assert Stream.objects.get().is_hot is False
    exchange.streams = [StreamSpec("trades:BTCUSDT", RecordKind.TRADES)]
    asked: list[str] = []

    def pages(stream: StreamSpec, cursor: dict[str, Any], now: datetime) -> Any:
        asked.append(stream.key)
        return last_page(now)

    exchange.pages = pages
    run(active)
    assert asked == ["trades:BTCUSDT"]
    stream = Stream.objects.get()
    assert (stream.is_hot, stream.scope) == (True, {})
