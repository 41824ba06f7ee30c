"""Exchanges without a profile and without a sandbox: connected by ``EXCHANGE_BASE_URLS`` alone.

Small servers speak their protocols (``tests/protocols``); everything else is the product itself.
"""

from __future__ import annotations

import io
import json
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from accounts.models import User
from portfolio import tasks
from portfolio.models import Connection, Coverage, RawRecord, Stream
from portfolio.selectors import sync_report
from portfolio.services import gateway, leases, sync
from portfolio.services.sync import Slice
from tests.live import ledgers
from tests.live.workers import Worker, environment, wait_for
from tests.protocols import btcmarkets, cex, hitbtc, poloniex
from tests.protocols.serving import Refusal, Request, Served, serving

SECRETS = {
    "btcmarkets": btcmarkets.CREDENTIALS,
    "cex": cex.CREDENTIALS,
    "hitbtc": hitbtc.CREDENTIALS,
    "poloniex": poloniex.CREDENTIALS,
}
KILLS = 3


class World:
    """The servers, by exchange, and what they were asked."""

    def __init__(self, url: str, servers: dict[str, Any], served: Served) -> None:
        self.urls = {exchange: f"{url}/{exchange}" for exchange in servers}
        self.servers = servers
        self.served = served


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    servers: dict[str, Any] = {
        "btcmarkets": btcmarkets.BTCMarkets(),
        "cex": cex.CEX(),
        "hitbtc": hitbtc.HitBTC(),
        "poloniex": poloniex.Poloniex(),
    }
    with serving(servers) as (url, served):
        world = World(url, servers, served)
        settings.EXCHANGE_BASE_URLS = world.urls
        gateway.redis_client().flushdb()
        yield world
        for exchange, request in served.asked:  # reads, whatever happens
            assert request.method == "GET" or (exchange, "/get_" in request.path) == ("cex", True)


def command(name: str, *arguments: str) -> Any:
    out = io.StringIO()
    call_command(name, *arguments, "--json", stdout=out)
    return json.loads(out.getvalue())


def connect(owner: User, exchange: str) -> Connection:
    """manage.py connect, as an operator does it; the key cannot be judged, and that is said."""
    pairs = [f"--credential={name}={value}" for name, value in SECRETS[exchange].items()]
    told = command("connect", owner.email, exchange, "--environment=live", *pairs)
    assert (told["status"], told["audit"]["verdict"]) == ("active", "unproved")
    assert SECRETS[exchange]["secret"] not in json.dumps(told)
    return Connection.objects.get(owner=owner, exchange=exchange)


def drive(connection: Connection) -> None:
    """Slices until the run ends, without the waiting that an exchange's allowance asks for."""
    for _ in range(500):
        ended = sync.run_slice(connection.pk, seconds=5)
        if ended is Slice.LATER:
            gateway.redis_client().flushdb()
        if ended is Slice.FINISHED:
            connection.refresh_from_db()
            return
    pytest.fail("the run does not end")


def assert_equals_server(connection: Connection, world: World) -> None:
    """Every asset digit for digit, every kind by count, nothing unread, no hole."""
    server = world.servers[connection.exchange]
    held = [
        row
        for row in command("holdings", connection.owner.email)
        if row["exchange"] == connection.exchange
    ]
    assert {row["asset"]: Decimal(row["quantity"]) for row in held} == server.life.balances()
    assert {row["discrepancy"] for row in held} == {"0"}
    assert sync_report.records_by_kind(connection) == server.records()
    assert not RawRecord.objects.filter(connection=connection).exclude(problem="").exists()
    stretches = Coverage.objects.filter(stream__connection=connection)
    assert set(stretches.values_list("state", flat=True)) == {"fetched"}
    last = connection.sync_runs.latest("started_at")
    assert (last.outcome, last.message) == ("done", "")


def _troubled(request: Request, number: int) -> Refusal | None:
    """Every 31st request meets a fault, every 90th one that asks to wait."""
    if number % 90 == 0:
        return Refusal(429, {"code": "TooManyRequests"}, {"Retry-After": "1"})
    if number % 31 == 0:
        return Refusal(503, "<html>under maintenance</html>")
    return None


@pytest.mark.parametrize("exchange", SECRETS)
def test_an_address_is_all_it_takes(exchange: str, owner: User, world: World) -> None:
    connection = connect(owner, exchange)
    drive(connection)
    assert_equals_server(connection, world)

    before = RawRecord.objects.filter(connection=connection).count()
    world.servers[exchange].life.advance()
    drive(connection)
    assert RawRecord.objects.filter(connection=connection).count() > before
    assert_equals_server(connection, world)

    world.served.troubles.append(_troubled)
    whole = ledgers.dump(connection)
    Stream.objects.filter(connection=connection).update(cursor={}, fetched_at=None)
    drive(connection)
    assert connection.sync_runs.latest("started_at").new_records == 0
    assert ledgers.dump(connection) == whole


def _dispatch() -> None:
    leases.free_dead()
    tasks.dispatch_due()


def _is_done(connection: Connection) -> bool:
    _dispatch()
    connection.refresh_from_db()
    assert connection.status == "active", connection.status_reason
    return connection.backfilled_at is not None


@pytest.mark.worker
def test_through_bad_moments_and_kills(owner: User, world: World, tmp_path: Path) -> None:
    chance = random.Random(20261121)
    connection = connect(owner, "hitbtc")
    world.served.troubles.append(_troubled)
    env = environment("http://127.0.0.1:9", EXCHANGE_BASE_URLS=json.dumps(world.urls))
    log, landed = tmp_path / "worker.log", 0
    worker = Worker(env, log)
    try:
        while landed < KILLS and not _is_done(connection):
            assert wait_for(worker.children, seconds=300)
            if not wait_for(_somebody_works, seconds=20, pause=0.01):
                continue
            time.sleep(chance.uniform(0.05, 0.4))
            landed += _kill_one(chance)
        done = wait_for(lambda: _is_done(connection), seconds=600, pause=0.5)
        assert done, log.read_text()[-3000:]
    finally:
        worker.kill()
    assert landed == KILLS
    assert {429, 503} <= set(world.served.refused)
    world.served.troubles.clear()
    drive(connection)  # whatever a fault has left out is made up for
    assert_equals_server(connection, world)


def _somebody_works() -> bool:
    _dispatch()
    return Connection.objects.exclude(lease_holder="").exists()


def _kill_one(chance: random.Random) -> int:
    """Kill a pool process that holds a lease; its worker starts another."""
    holders = Connection.objects.exclude(lease_holder="").values_list("lease_holder", flat=True)
    pids = [int(holder.split("|")[1]) for holder in holders]
    if not pids:
        return 0
    with suppress(ProcessLookupError):
        os.kill(chance.choice(pids), signal.SIGKILL)
        return 1
    return 0
