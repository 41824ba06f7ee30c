"""One worker at a time; whoever lost the lease stores nothing more."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from portfolio import tasks
from portfolio.models import Connection
from portfolio.services import leases, schedule
from tests import factories


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
