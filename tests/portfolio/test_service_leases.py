"""One worker at a time; whoever lost the lease stores nothing more."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from portfolio import tasks
from portfolio.exchanges.budget import RedisBudget
from portfolio.exchanges.errors import WaitUntil
from portfolio.exchanges.profile import Allowance
from portfolio.models import Connection
from portfolio.services import gateway, leases, queue, schedule, sync
from tests import factories


@pytest.fixture(autouse=True)
def nobody_waits() -> None:
    """No mark of another test is left in Redis."""
    gateway.redis_client().flushdb()


@pytest.fixture
def due(owner: User) -> Connection:
    return factories.connection(owner, next_sync_at=timezone.now() - timedelta(seconds=1))


def expire(connection: Connection) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Connection.objects.filter(pk=connection.pk).update(lease_until=past)


def test_only_one_has_it(due: Connection) -> None:
    one, two = leases.new_holder(), leases.new_holder()
    assert leases.claim(due.pk, one) is not None
    assert leases.claim(due.pk, two) is None
    leases.release(due.pk, two, next_sync_at=None)  # not theirs to give back
    assert leases.claim(due.pk, two) is None
    leases.release(due.pk, one, next_sync_at=None)
    assert leases.claim(due.pk, two) is not None


def test_whoever_is_late_loses_it_for_good(due: Connection) -> None:
    late, quick = leases.new_holder(), leases.new_holder()
    leases.claim(due.pk, late)
    expire(due)
    leases.renew(due.pk, late)  # late, but nobody took it
    expire(due)
    assert leases.claim(due.pk, quick) is not None
    with pytest.raises(leases.LeaseLost):
        leases.renew(due.pk, late)
    leases.release(due.pk, late, next_sync_at=None)
    leases.let_go(due.pk, late)
    leases.renew(due.pk, quick)


def test_a_lease_that_is_let_go_leaves_the_time_as_it_is(due: Connection) -> None:
    holder = leases.new_holder()
    leases.claim(due.pk, holder)
    leases.let_go(due.pk, holder)
    row = Connection.objects.get(pk=due.pk)
    assert (row.lease_holder, row.lease_until, row.next_sync_at) == ("", None, due.next_sync_at)


@pytest.mark.parametrize("status", ["paused", "refused", "broken", "removed", "pending"])
def test_a_connection_that_is_not_active_is_nobodys(due: Connection, status: str) -> None:
    holder = leases.new_holder()
    leases.claim(due.pk, holder)
    Connection.objects.filter(pk=due.pk).update(status=status)
    with pytest.raises(leases.LeaseLost):
        leases.renew(due.pk, holder)


def test_the_lease_of_a_dead_process_of_this_host_is_freed(due: Connection) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for holder, freed in [
        (f"{socket.gethostname()[:40]}|{ended.pid}|x", 1),
        (f"{socket.gethostname()[:40]}|{os.getpid()}|x", 0),
        (f"elsewhere|{ended.pid}|x", 0),
    ]:
        Connection.objects.filter(pk=due.pk).update(
            lease_holder=holder, lease_until=timezone.now() + timedelta(minutes=1)
        )
        assert leases.free_dead() == freed


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_stops_in_a_transaction_does_not_keep_the_row() -> None:
    holder = leases.new_holder()
    connection = factories.connection(factories.user())
    leases.claim(connection.pk, holder)
    with transaction.atomic(), database.cursor() as cursor:
        leases.renew(connection.pk, holder)
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("1min",)
    with database.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("0",)


# --- Who is next ------------------------------------------------------------------------------


def test_each_owners_first_comes_before_anybodys_second(owner: User, other: User) -> None:
    now = timezone.now()
    mine = [
        factories.connection(owner, next_sync_at=now - timedelta(minutes=9 - n)) for n in range(3)
    ]
    theirs = factories.connection(other, next_sync_at=now - timedelta(seconds=1))
    taken = schedule.take_syncs(now, limit=2, hold_until=now + timedelta(seconds=30))
    assert taken == [mine[0].pk, theirs.pk]
    assert schedule.take_syncs(now, limit=9, hold_until=now + timedelta(seconds=30)) == [
        mine[1].pk,
        mine[2].pk,
    ]
    assert schedule.take_syncs(now, limit=9, hold_until=now + timedelta(seconds=30)) == []


def test_what_is_held_or_not_due_is_left_alone(due: Connection, owner: User) -> None:
    now = timezone.now()
    factories.connection(owner, next_sync_at=now + timedelta(minutes=1))
    factories.connection(owner, next_sync_at=now, status="paused")
    leases.claim(due.pk, leases.new_holder())
    assert schedule.take_syncs(now, limit=9, hold_until=now) == []


def test_what_cannot_be_asked_now_keeps_its_place(due: Connection, owner: User) -> None:
    now = timezone.now()
    free = factories.connection(owner, exchange="kraken", next_sync_at=now)
    Connection.objects.filter(pk=due.pk).update(exchange="binance", environment="live")
    allowance = Allowance("api", 1, period=60, reserve=Decimal(0))
    places = RedisBudget(gateway.redis_client())
    for _ in range(2):
        with suppress(WaitUntil):
            places.acquire("binance:live:api", 1, allowance=allowance)
    hold = now + timedelta(seconds=30)
    assert schedule.take_syncs(now, limit=9, hold_until=hold) == [free.pk]
    due.refresh_from_db()
    assert due.next_sync_at is not None
    assert due.next_sync_at <= now
    gateway.redis_client().delete("budget:full:binance:live")
    assert schedule.take_syncs(now, limit=9, hold_until=hold) == [due.pk]


def test_a_slice_that_is_over_waits_in_line_when_others_wait(
    due: Connection, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths: list[float] = []

    def run(pk: object, *, seconds: float, due_by: object) -> sync.Slice:
        lengths.append(seconds)
        return sync.Slice.MORE

    sent: list[str] = []
    monkeypatch.setattr(sync, "run_slice", run)
    monkeypatch.setattr(
        tasks.sync_connection, "apply_async", lambda args, *, expires: sent.append(args[0])
    )
    mine = factories.connection(owner, next_sync_at=timezone.now() + timedelta(seconds=30))
    tasks.sync_connection(str(mine.pk))
    mine.refresh_from_db()
    assert sent == []
    assert mine.next_sync_at is not None
    assert mine.next_sync_at <= timezone.now()
    Connection.objects.update(next_sync_at=timezone.now() + timedelta(seconds=30))
    tasks.sync_connection(str(mine.pk))
    assert sent == [str(mine.pk)]
    assert lengths == [tasks.CROWDED_SLICE_SECONDS, tasks.SLICE_SECONDS]


def test_a_message_that_comes_once_more_finds_nothing_to_do(owner: User) -> None:
    now = timezone.now()
    mine = factories.connection(owner, next_sync_at=now + timedelta(minutes=10))
    assert tasks.sync_connection(str(mine.pk)) == sync.Slice.NOT_TAKEN.value
    assert not mine.sync_runs.exists()
    due_by = now + tasks.SENT_AHEAD
    assert leases.claim(mine.pk, "late", due_by=due_by) is None
    Connection.objects.update(next_sync_at=now + tasks.TAKEN_WITHIN)  # as one just sent
    assert leases.claim(mine.pk, "first", due_by=due_by) is not None
    leases.let_go(mine.pk, "first")
    Connection.objects.update(next_sync_at=None)
    assert leases.claim(mine.pk, "never fetched", due_by=due_by) is not None


def test_no_more_is_sent_than_the_queue_takes(
    due: Connection, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        factories.connection(owner, next_sync_at=timezone.now())
    sent: list[str] = []
    monkeypatch.setattr(
        tasks.sync_connection, "apply_async", lambda args, *, expires: sent.append(args[0])
    )
    monkeypatch.setattr(queue, "depth", lambda: tasks.QUEUE_DEPTH - 2)
    assert tasks.dispatch_due() == 2
    monkeypatch.setattr(queue, "depth", lambda: tasks.QUEUE_DEPTH)
    assert tasks.dispatch_due() == 0
    assert len(sent) == 2


@pytest.mark.parametrize("status", ["pending", "active", "paused", "broken"])
def test_a_key_that_waits_for_its_check_is_sent_again(owner: User, status: str) -> None:
    now = timezone.now()
    waiting = factories.connection(owner, status=status, check_at=now, next_sync_at=None)
    factories.connection(owner, check_at=now + timedelta(seconds=9), next_sync_at=None)
    factories.connection(owner, status="removed", check_at=now, next_sync_at=None)
    hold = now + timedelta(seconds=30)
    assert schedule.take_checks(now, limit=9, hold_until=hold) == [waiting.pk]
    assert schedule.take_checks(now, limit=9, hold_until=hold) == []


def test_dispatch_sends_each_once_and_lets_messages_expire(
    due: Connection, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = factories.connection(owner, status="pending", check_at=due.next_sync_at)
    sent: list[tuple[str, str, float]] = []
    for name in ("sync_connection", "check_connection"):

        def note(args: tuple[str], *, expires: float, name: str = name) -> None:
            sent.append((name, args[0], expires))

        monkeypatch.setattr(getattr(tasks, name), "apply_async", note)
    assert tasks.dispatch_due() == 2
    assert tasks.dispatch_due() == 0
    assert sent == [("sync_connection", str(due.pk), 30), ("check_connection", str(waiting.pk), 30)]
