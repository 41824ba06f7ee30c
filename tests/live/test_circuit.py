"""An exchange that answers nobody is asked by one connection in a while, and people are told."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio.exchanges import circuit
from portfolio.models import Connection
from portfolio.services import connections, gateway, sync
from portfolio.services.sync import Slice
from tests.live.conftest import statement
from tests.live.ledgers import assert_equals_statement
from tests.sandbox_server import control, credentials, fault

SMALL = "read-only-small"


def connected(number: int) -> Connection:
    owner = User.objects.create_user(f"owner-{number}@example.org", "correct horse battery")
    made = connections.register(
        user=owner,
        exchange="okx",
        environment="sandbox",
        label="",
        credentials=credentials("okx", SMALL),
    )
    connections.check(made)
    return made


def requests(url: str) -> int:
    counted: int = control(url, "requests")["total"]
    return counted


def message(connection: Connection) -> str:
    return connection.sync_runs.latest("started_at").message


def pause_is_over() -> None:
    client = gateway.redis_client()
    for key in client.scan_iter("circuit:*"):
        client.hset(key, "till", 1)


def finish(connection: Connection) -> None:
    for _ in range(50):
        if sync.run_slice(connection.pk, seconds=5) is Slice.FINISHED:
            return
    pytest.fail("the run does not end")


def test_a_dead_exchange_is_left_alone_by_all_and_tried_by_one(
    transactional_db: None, sandbox: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit, "FIRST_PAUSE", circuit.LONGEST_PAUSE)  # longer than all of this
    monkeypatch.setattr(circuit, "PROBE", circuit.LONGEST_PAUSE)
    made = [connected(number) for number in range(circuit.ACCOUNTS + 4)]
    with fault(sandbox, "server_error", exchange="okx", status=503):
        for connection in made[: circuit.ACCOUNTS]:
            assert sync.run_slice(connection.pk, seconds=5) is Slice.LATER
        before = requests(sandbox)
        for connection in made:
            assert sync.run_slice(connection.pk, seconds=5) is Slice.LATER
        assert requests(sandbox) == before
        for connection in made:
            connection.refresh_from_db()
            assert message(connection).startswith("OKX is not answering; it is tried again at ")
            assert connection.next_sync_at is not None
            assert connection.next_sync_at > timezone.now()
            assert (connection.status, connection.failures <= 1) == ("active", True)
        pause_is_over()
        for connection in made:
            sync.run_slice(connection.pk, seconds=5)
        assert requests(sandbox) == before + 1  # the one that tries
    pause_is_over()
    for connection in made:
        finish(connection)
        assert_equals_statement(connection, statement(sandbox, "okx", SMALL))
