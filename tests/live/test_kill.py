"""kill -9 of workers at random instants of the backfill: nothing lost, nothing doubled."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from portfolio import tasks
from portfolio.models import Connection
from portfolio.services import leases
from tests.live import ledgers
from tests.live.conftest import Connect, statement
from tests.live.workers import Worker, environment, wait_for

KILLS = 25


def dispatch() -> None:
    """What beat does every few seconds."""
    leases.free_dead()
    tasks.dispatch_due()


def is_done(connections: list[Connection]) -> bool:
    dispatch()
    return not Connection.objects.filter(
        pk__in=[c.pk for c in connections], backfilled_at__isnull=True
    ).exists()


@pytest.mark.worker
def test_twenty_five_kills_during_the_backfill(
    connect: Connect, sandbox: str, tmp_path: Path
) -> None:
    chance = random.Random(20261121)
    connections = [connect("binance"), connect("kraken")]
    env = environment(sandbox)
    log = tmp_path / "worker.log"
    worker = Worker(env, log)
    landed = 0
    try:
        for number in range(KILLS * 4):
            if landed >= KILLS or is_done(connections):
                break
            wait_for(worker.children, seconds=300)
            held = wait_for(_somebody_works, seconds=10, pause=0.01)
            time.sleep(chance.uniform(0, 0.25))
            landed += held
            if number % 5 == 4:
                worker.kill()
                worker = Worker(env, log)
            else:
                _kill_one(worker, chance)
        assert wait_for(lambda: is_done(connections), seconds=600, pause=0.5), log.read_text()[
            -3000:
        ]
    finally:
        worker.kill()
    assert landed >= KILLS, f"only {landed} kills met a worker at work"
    for connection in connections:
        ledgers.assert_equals_statement(connection, statement(sandbox, connection.exchange))


def _somebody_works() -> bool:
    dispatch()
    return Connection.objects.exclude(lease_holder="").exists()


def _kill_one(worker: Worker, chance: random.Random) -> None:
    """Kills the pool process that holds a lease; its worker starts another."""
    holders = Connection.objects.exclude(lease_holder="").values_list("lease_holder", flat=True)
    pids = [int(holder.split("|")[1]) for holder in holders]
    if pids:
        with suppress(ProcessLookupError):
            os.kill(chance.choice(pids), signal.SIGKILL)
