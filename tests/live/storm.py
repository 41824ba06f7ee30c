"""Workers and servers killed at random while accounts are fetched; what is left is compared."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psutil
import redis
from django.db import Error, close_old_connections
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from config.servers import Lease
from portfolio import tasks
from portfolio.models import Connection, Coverage
from portfolio.services import connections, leases, sync
from tests.live import ledgers
from tests.live.workers import Worker, wait_for
from tests.sandbox_server import credentials

PURPOSE = "read-only-small"
PROCESSES = 4  # that work at the same time
KINDS = ("pool process", "worker", "PostgreSQL", "Valkey")
NEAR = timedelta(hours=1)  # two runs begin at different times, and coverage ends there
_DOWN = (Error, OperationalError, redis.RedisError)
Answer = TypeVar("Answer")
Map = list[tuple[str, str, datetime, datetime]]


def patiently(work: Callable[[], Answer]) -> Answer:
    """What a query answers once the servers are up again."""
    until = time.monotonic() + 300
    while True:
        try:
            close_old_connections()
            return work()
        except _DOWN:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def register(owner: User, exchanges: Iterable[str]) -> list[Connection]:
    """Connections whose keys wait to be checked, as a page leaves them."""
    made = [
        connections.register(
            user=owner,
            exchange=exchange,
            environment="sandbox",
            label="",
            credentials=credentials(exchange, PURPOSE),
        )
        for exchange in exchanges
    ]
    Connection.objects.filter(owner=owner).update(check_at=timezone.now())
    return made


def fetch_in_peace(made: list[Connection]) -> None:
    """The whole history of each, in this process, with nothing in the way."""
    for connection in made:
        connections.check(connection)
        slices = iter(range(500))
        while sync.run_slice(connection.pk, seconds=30) is not sync.Slice.FINISHED:
            if next(slices, None) is None:
                raise RuntimeError(f"{connection.exchange} does not end")
    retire(made)


def retire(made: list[Connection]) -> None:
    """They are not synced any more; their keys may be used by others."""
    rows = Connection.objects.filter(pk__in=[c.pk for c in made])
    rows.update(status="paused", next_sync_at=None, check_at=None)


def digest(connection: Connection) -> dict[str, str]:
    """Hashes of all that is stored, by part, to the last digit, but row numbers and times."""
    reported = sorted(
        (row.wallet, row.asset, str(row.reported), str(row.quantity))
        for row in connection.holdings.all()
    )
    streams = sorted(connection.streams.values_list("key", "kind", "state", "record_count"))
    told = {**ledgers.dump(connection), "reported": reported, "streams": streams}
    return {part: _hash(rows) for part, rows in told.items()}


def _hash(rows: object) -> str:
    text = json.dumps(rows, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def coverage(connection: Connection) -> Map:
    """What is said of each stretch of time of each stream."""
    rows = Coverage.objects.filter(stream__connection=connection)
    return sorted(rows.values_list("stream__key", "state", "start_at", "end_at"))


def is_same(one: Map, other: Map) -> bool:
    """Whether two maps say the same, but for the time between the two runs."""
    return len(one) == len(other) and all(
        a[:2] == b[:2] and abs(a[2] - b[2]) < NEAR and abs(a[3] - b[3]) < NEAR
        for a, b in zip(one, other, strict=True)
    )


class Storm:
    """Kills at random; ``counts`` says what was killed. Pool processes are killed at work only."""

    def __init__(self, lease: Lease, env: dict[str, str], log: Path, *, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self._lease, self._env, self._log = lease, env, log
        self._chance = random.Random(seed)
        self._worker = self._new_worker()

    def end(self) -> None:
        """Ends the worker."""
        self._worker.kill()

    @property
    def kills(self) -> int:
        """How many there were in all."""
        return sum(self.counts[name] for name in KINDS)

    def pass_over(self, made: list[Connection], *, kills: int, restarts: int) -> None:
        """Kills until all is fetched, until there were that many in all; restarts among them."""
        until = time.monotonic() + 1200
        while not patiently(lambda: _is_done(made)):
            if time.monotonic() > until:
                raise RuntimeError(f"not fetched in time: {_states(made)}\n{self._tail()}")
            self._supervise()
            if self.kills >= kills:
                time.sleep(0.2)
                continue
            if not wait_for(lambda: patiently(lambda: _holders(made)), seconds=3, pause=0.01):
                continue
            # From the first instant of a slice to well into its pages: some work must get through.
            time.sleep(self._chance.uniform(0, 1) ** 2)
            due = self.kills * restarts // kills > self.counts["PostgreSQL"] + self.counts["Valkey"]
            self._strike(made, restart=due, most=kills - self.kills)

    def _supervise(self) -> None:
        """A worker may end when its broker goes; what keeps the product running starts another."""
        if self._worker.process.poll() is not None:
            self.counts["ended by itself"] += 1
            self._worker.kill()
            self._worker = self._new_worker()

    def _strike(self, made: list[Connection], *, restart: bool, most: int) -> None:
        if restart:
            self._restart(self._chance.choice(("PostgreSQL", "Valkey")))
        elif self._chance.random() < 0.03:
            self.counts["worker"] += 1
            self._worker.kill()
            self._worker = self._new_worker()
        else:
            self._kill_some(made, most)

    def _kill_some(self, made: list[Connection], most: int) -> None:
        """One or more of the pool processes that work on a connection; others take their place."""
        pids = patiently(lambda: _holders(made))
        for pid in pids[: min(self._chance.randint(1, PROCESSES), most)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                self.counts["pool process"] += 1

    def _restart(self, server: str) -> None:
        """kill -9 of a server and all its children, and up again at the same address."""
        self.counts[server] += 1
        process = self._server(server)
        family = [process, *process.children(recursive=True)]
        for one in family:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(family, timeout=20)
        self._lease.ensure_running()

    def _server(self, server: str) -> psutil.Process:
        if server == "PostgreSQL":
            assert self._lease.postgres is not None
            found = self._lease.postgres.running()
            assert found is not None
            return found[0]
        client = redis.Redis.from_url(self._lease.addresses["REDIS_URL"])
        try:
            return psutil.Process(int(client.info("server")["process_id"]))
        finally:
            client.close()

    def _new_worker(self) -> Worker:
        return Worker(self._env, self._log, app="bench.twice", concurrency=PROCESSES)

    def _tail(self) -> str:
        return self._log.read_text()[-3000:]


def _dispatch() -> None:
    """What beat does every few seconds; what was put off is due at once."""
    leases.free_dead()
    tasks.dispatch_due()


def _is_done(made: list[Connection]) -> bool:
    _dispatch()
    rows = Connection.objects.filter(pk__in=[c.pk for c in made])
    odd = rows.exclude(status__in=["pending", "active"])
    if odd.exists():
        raise RuntimeError(f"not to be expected: {_states(made)}")
    return not rows.filter(backfilled_at__isnull=True).exists()


def _holders(made: list[Connection]) -> list[int]:
    """The processes that work on a connection at this moment."""
    _dispatch()
    rows = Connection.objects.filter(pk__in=[c.pk for c in made]).exclude(lease_holder="")
    return [int(name.split("|")[1]) for name in rows.values_list("lease_holder", flat=True)]


def _states(made: list[Connection]) -> list[Any]:
    rows = Connection.objects.filter(pk__in=[c.pk for c in made])
    return list(rows.values_list("exchange", "status", "status_reason", "backfilled_at"))
