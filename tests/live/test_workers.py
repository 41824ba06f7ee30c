"""Real workers share the work, and one that was stopped too long stores nothing more."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from portfolio import tasks
from portfolio.models import Connection
from portfolio.services import connections
from tests.live import ledgers
from tests.live.conftest import statement
from tests.live.workers import Worker, environment, running_worker, wait_for
from tests.sandbox_server import control, credentials

pytestmark = pytest.mark.worker
# A key of Kraken's serves one program at a time, so each of its accounts is connected once.
ACCOUNTS = [
    ("one@example.org", "binance", "read-only-small"),
    ("two@example.org", "binance", "read-only-small"),
    ("three@example.org", "binance", "read-only-small"),
    ("one@example.org", "kraken", "read-only-small"),
    ("two@example.org", "kraken", "read-only"),
]


@pytest.fixture
def two_workers(
    transactional_db: None, sandbox: str, tmp_path: Path
) -> Iterator[tuple[Worker, Worker]]:
    env = environment(sandbox)
    with (
        running_worker(env, tmp_path / "one.log", name="one") as one,
        running_worker(env, tmp_path / "two.log", name="two") as two,
    ):
        for worker in (one, two):
            assert wait_for(lambda worker=worker: len(worker.children()) >= 2, seconds=300)
        yield one, two


def register(email: str, exchange: str, purpose: str) -> Connection:
    """A connection whose key waits to be checked, as a page leaves it."""
    owner, _ = User.objects.get_or_create(email=email)
    made = connections.register(
        user=owner,
        exchange=exchange,
        environment="sandbox",
        label="",
        credentials=credentials(exchange, purpose),
    )
    Connection.objects.filter(pk=made.pk).update(check_at=made.credentials_saved_at)
    return made


def holders() -> set[int]:
    """The processes that hold a connection at this moment."""
    held = Connection.objects.exclude(lease_holder="")
    return {int(name.split("|")[1]) for name in held.values_list("lease_holder", flat=True)}


def are_all_in() -> bool:
    tasks.dispatch_due()
    rows = list(Connection.objects.values_list("status", "backfilled_at"))
    assert all(status in ("pending", "active") for status, _ in rows), rows
    return all(at is not None for _, at in rows)


def test_two_workers_share_the_work_and_double_nothing(
    two_workers: tuple[Worker, Worker], sandbox: str, tmp_path: Path
) -> None:
    control(sandbox, "requests", "DELETE")
    made = [(register(*account), account) for account in ACCOUNTS]
    seen: set[int] = set()

    def watch() -> bool:
        seen.update(holders())
        return are_all_in()

    assert wait_for(watch, seconds=600, pause=0.05), (tmp_path / "one.log").read_text()[-3000:]
    for worker in two_workers:
        assert seen & set(worker.children()), "a worker had nothing to do"
    for connection, (_, exchange, purpose) in made:
        ledgers.assert_equals_statement(connection, statement(sandbox, exchange, purpose))
        assert not connection.sync_runs.exclude(outcome="done").exists()
    assert control(sandbox, "requests")["writes"] == 0


def test_a_worker_that_was_stopped_too_long_stores_nothing_more(
    two_workers: tuple[Worker, Worker], sandbox: str, tmp_path: Path
) -> None:
    connection = register("one@example.org", "okx", "read-only")
    stops = 0
    for _ in range(3):
        assert wait_for(lambda: are_all_in() or bool(holders()), seconds=300, pause=0.01)
        late = holders()
        if not late:
            break
        with stopped(late):
            # Its lease passes, its open transaction is ended, and another takes over.
            assert wait_for(partial(_is_taken_over, late), seconds=300, pause=0.05)
        stops += 1
    assert stops
    assert wait_for(are_all_in, seconds=600, pause=0.2)
    time.sleep(0.5)  # for whatever a late one may still want to do
    ledgers.assert_equals_statement(connection, statement(sandbox, "okx"))


@contextmanager
def stopped(pids: set[int]) -> Iterator[None]:
    """Processes that do not run for as long as the block lasts."""
    _send(pids, signal.SIGSTOP)
    try:
        yield
    finally:
        _send(pids, signal.SIGCONT)


def _send(pids: set[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _is_taken_over(late: set[int]) -> bool:
    """Whether another has the connection, or has finished it; the schedule's hold is not waited."""
    now = timezone.now()
    ids = Connection.objects.filter(lease_until__lt=now).values_list("pk", flat=True)
    free = Connection.objects.select_for_update(skip_locked=True).filter(pk__in=list(ids))
    with transaction.atomic():
        Connection.objects.filter(pk__in=[row.pk for row in free]).update(next_sync_at=now)
    return are_all_in() or bool(holders() - late)
