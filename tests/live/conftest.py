"""A sandbox for the run of these tests, and the demo keys by purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from accounts.models import User
from portfolio.models import Connection
from portfolio.services import connections, gateway
from tests.sandbox_server import control, credentials, demo_keys, running_sandbox

Connect = Callable[..., Connection]


@pytest.fixture(scope="module")
def sandbox_url() -> Iterator[str]:
    with running_sandbox(speed=1000) as url:
        yield url


@pytest.fixture
def sandbox(sandbox_url: str, settings: Settings) -> str:
    settings.SANDBOX_URL = sandbox_url
    gateway.redis_client().flushdb()
    return sandbox_url


@pytest.fixture
def owner(transactional_db: None) -> User:
    return User.objects.create_user("owner@example.org", "correct horse battery")


@pytest.fixture
def connect(sandbox: str, owner: User) -> Connect:
    """Registers a demo key and lets the exchange be asked about it, as a worker does."""

    def register(exchange: str, purpose: str = "read-only") -> Connection:
        connection = connections.register(
            user=owner,
            exchange=exchange,
            environment="sandbox",
            label="",
            credentials=credentials(exchange, purpose),
        )
        connections.check(connection)
        connection.refresh_from_db()
        return connection

    return register


def statement(base_url: str, exchange: str, purpose: str = "read-only") -> dict[str, Any]:
    """The sandbox's statement of truth for the account behind a demo key."""
    accounts = {(k["exchange"], k["purpose"]): k["account"] for k in demo_keys(base_url)}
    account = accounts[exchange, purpose]
    told: dict[str, Any] = control(base_url, f"accounts/{account}/statement")
    return told
