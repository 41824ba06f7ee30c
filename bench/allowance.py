"""A thousand connections, two workers, one allowance: how much of it is used, and how fairly.

python -m bench.allowance [--connections N] [--fresh N] [--speed S] [--minutes M]

All connections are of one exchange that counts requests per address (Binance) and are due all the
time. ``--fresh`` of them begin their history, the others are polled. The allowance is what Coffer
grants itself of the exchange's limit (see ``Allowance.reserve``), over the whole minutes in which
all were waiting. Needs nothing but the installed packages. Ends with 1 if a budget is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
MINUTE_MS = 60_000
FAIR = 3  # nobody waits longer than so many times the median
USED = 0.9  # of the allowance
GROWS = 1.3  # a worker's memory, from a tenth of the time to its end


def main() -> int:
    """Prints the table; the exit status says whether all budgets were kept."""
    parser = argparse.ArgumentParser(prog="bench.allowance", description=__doc__)
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--fresh", type=int, default=100)
    parser.add_argument("--speed", default="3")
    parser.add_argument("--minutes", type=int, default=12)
    options = parser.parse_args()

    from tests import servers

    servers.start()
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    with _sandbox(options.connections, options.speed) as sandbox:
        found = _run(options, sandbox)
    print(_table(options, found))
    return 0 if all(line.is_kept for line in _lines(found)) else 1


@dataclass
class Sandbox:
    """The crowd's exchange, and what it tells when it is stopped."""

    url: str
    process: subprocess.Popen[str]
    told: dict[str, Any] | None = None

    def stop(self) -> dict[str, Any]:
        """Stops it and reads what it counted."""
        if self.told is None:
            self.process.send_signal(signal.SIGTERM)
            answer, _ = self.process.communicate(timeout=60)
            self.told = json.loads(answer)
        return self.told


@contextmanager
def _sandbox(crowd: int, speed: str) -> Iterator[Sandbox]:
    command = [sys.executable, "-m", "bench.crowd_sandbox", "--crowd", str(crowd)]
    process = subprocess.Popen(
        [*command, "--speed", speed], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    try:
        yield Sandbox(process.stdout.readline().strip(), process)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


# --- The crowd ---------------------------------------------------------------------------------


def _register(number: int) -> list[Any]:
    """That many users with a connection each, checked already."""
    from accounts.models import User
    from bench.crowd_sandbox import api_key
    from portfolio.models import Connection
    from portfolio.services.credentials import seal

    users = User.objects.bulk_create(
        [User(email=f"crowd{place}@example.org", password="!") for place in range(number)]
    )
    made = [
        Connection(
            owner=user,
            exchange="binance",
            environment="sandbox",
            status=Connection.Status.ACTIVE,
            account_uid=f"crowd-{place}",
        )
        for place, user in enumerate(users)
    ]
    for place, connection in enumerate(made):
        connection.sealed_credentials = seal(api_key(place), row=connection.pk)
    return list(Connection.objects.bulk_create(made))


def _age(model: Any, others: list[Any], now: datetime) -> None:
    """Gives the others the streams of one that has its whole history."""
    from portfolio.models import Connection, Stream

    model.refresh_from_db()
    streams = list(model.streams.all())
    for connection in others:
        for stream in streams:
            stream.pk, stream.connection_id = None, connection.pk
            stream._state.adding = True
        Stream.objects.bulk_create(streams)
    pks = [connection.pk for connection in others]
    Connection.objects.filter(pk__in=pks).update(backfilled_at=now, last_synced_at=now)


def _finish(connection: Any) -> None:
    from portfolio.services import sync

    while sync.run_slice(connection.pk, seconds=60) is not sync.Slice.FINISHED:
        time.sleep(0.2)


# --- The run -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured."""

    minutes: tuple[float, ...]  # share of the allowance used, by whole minute
    refused: int
    banned: int
    waits: tuple[float, ...]  # seconds from being due to the first request
    served: int
    memory: tuple[int, int]  # bytes of the largest pool process: early, and at the end
    requests: int


def _run(options: argparse.Namespace, sandbox: Sandbox) -> Found:
    from django.conf import settings
    from django.utils import timezone

    from portfolio.models import Connection
    from portfolio.services import gateway

    settings.SANDBOX_URL = sandbox.url
    settings.SANDBOX_SPEED = options.speed
    gateway.redis_client().flushdb()
    crowd = _register(options.connections)
    settings.SANDBOX_SPEED = "1000"
    _finish(crowd[0])
    settings.SANDBOX_SPEED = options.speed
    _age(crowd[0], crowd[options.fresh + 1 :], timezone.now())
    gateway.redis_client().flushdb()
    _to_the_minute()
    sandbox.process.send_signal(signal.SIGUSR1)
    began = timezone.now()
    Connection.objects.update(next_sync_at=began)
    with tempfile.TemporaryDirectory() as place, _workers(options, sandbox, Path(place)) as pools:
        memory = _watch(options.minutes * 60, pools)
    ended = timezone.now()
    told = sandbox.stop()
    waits = _waits(began, ended)
    return Found(
        minutes=_used(told, began, ended),
        refused=told["statuses"].get("429", 0),
        banned=told["statuses"].get("418", 0),
        waits=tuple(waits),
        served=Connection.objects.filter(sync_runs__started_at__gte=began).distinct().count(),
        memory=memory,
        requests=sum(told["statuses"].values()),
    )


def _to_the_minute() -> None:
    time.sleep(60 - time.time() % 60 + 0.5)


@contextmanager
def _workers(
    options: argparse.Namespace, sandbox: Sandbox, place: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two workers and beat, as an installation has them."""
    from django.conf import settings
    from django.db import connection as database

    base, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    env = {
        **os.environ,
        "DATABASE_URL": f"{base}/{database.settings_dict['NAME']}",
        "REDIS_URL": settings.REDIS_URL,
        "SANDBOX_URL": sandbox.url,
        "SANDBOX_SPEED": options.speed,
        "SYNC_INTERVAL_SECONDS": "1",
        "DATA_DIR": str(place),
    }
    celery = [sys.executable, "-m", "celery", "-A", "config"]
    worker = [*celery, "worker", "--concurrency=2", "--loglevel=WARNING", "--without-mingle"]
    log = (place / "log").open("wb")
    programs = [
        _started([*worker, "--hostname=one@%h"], env, log),
        _started([*worker, "--hostname=two@%h"], env, log),
        _started([*celery, "beat", "--loglevel=WARNING", "--pidfile="], env, log),
    ]
    try:
        yield programs[:2]
    finally:
        for program in programs:
            os.killpg(program.pid, signal.SIGTERM)
        for program in programs:
            try:
                program.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, signal.SIGKILL)
        log.close()


def _started(command: list[str], env: dict[str, str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
    )


def _watch(seconds: int, workers: list[subprocess.Popen[bytes]]) -> tuple[int, int]:
    """Waits, and looks at the memory of the pools early and at the end."""
    time.sleep(seconds / 10)
    early = _largest(workers)
    time.sleep(seconds * 9 / 10)
    return early, _largest(workers)


def _largest(workers: list[subprocess.Popen[bytes]]) -> int:
    sizes = [0]
    for worker in workers:
        children = Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()
        for child in children:
            pages = int(Path(f"/proc/{child}/statm").read_text().split()[1])
            sizes.append(pages * 4096)
    return max(sizes)


def _used(told: dict[str, Any], began: datetime, ended: datetime) -> tuple[float, ...]:
    """The share of the allowance that was used in each minute that lies wholly in the run."""
    from portfolio.exchanges.profiles import binance

    (rule,) = [rule for rule in binance.PROFILE.allowances if rule.name == "api"]
    allowed = told["limit"] * (1 - float(rule.reserve))
    first, last = began.timestamp() * 1000, ended.timestamp() * 1000
    return tuple(
        used / allowed
        for minute, used in told["weights"].items()
        if first - 1000 <= int(minute) and int(minute) + MINUTE_MS <= last
    )


def _waits(began: datetime, ended: datetime) -> list[float]:
    """How long each connection waited for its first turn; until the end where it had none."""
    from django.db.models import Min

    from portfolio.models import Connection, SyncRun

    runs = SyncRun.objects.filter(started_at__gte=began).order_by()
    first = dict(runs.values_list("connection").annotate(at=Min("started_at")))
    everybody = Connection.objects.values_list("pk", flat=True)
    return [(first.get(pk, ended) - began).total_seconds() for pk in everybody]


# --- The table ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """One figure beside what it must be."""

    name: str
    value: str
    budget: str
    is_kept: bool


def _lines(found: Found) -> list[Kept]:
    used = statistics.mean(found.minutes) if found.minutes else 0
    median, longest = statistics.median(found.waits), max(found.waits)
    early, late = found.memory
    return [
        Kept("bans (418)", str(found.banned), "0", found.banned == 0),
        Kept("refusals (429)", str(found.refused), "0", found.refused == 0),
        Kept("of the allowance used", f"{used:.0%}", f">= {USED:.0%}", used >= USED),
        Kept("connections served", f"{found.served}", f"{len(found.waits)}", True),
        Kept(
            "longest wait against the median",
            f"{longest:.0f} s / {median:.0f} s = {longest / median:.2f}",
            f"<= {FAIR}",
            longest <= FAIR * median,
        ),
        Kept(
            "memory of a pool process, early and at the end",
            f"{early / 2**20:.0f} MB, {late / 2**20:.0f} MB ({late / early:.2f})",
            f"<= {GROWS}",
            late <= GROWS * early,
        ),
    ]


def _table(options: argparse.Namespace, found: Found) -> str:
    head = (
        f"{options.connections:,} connections of Binance, {options.fresh} of them new, two workers "
        f"of two processes, limits times {options.speed}, {options.minutes} minutes: "
        f"{found.requests:,} requests.\n\n| what | measured | budget | |\n|---|---|---|---|\n"
    )
    rows = [
        f"| {line.name} | {line.value} | {line.budget} | {'kept' if line.is_kept else 'MISSED'} |"
        for line in _lines(found)
    ]
    by_minute = ", ".join(f"{share:.0%}" for share in found.minutes)
    return head + "\n".join(rows) + f"\n\nBy minute: {by_minute}\n"


if __name__ == "__main__":
    sys.exit(main())
