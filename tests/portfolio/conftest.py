"""People and their browsers for the tests of pages, and the tasks that pages send."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import time_machine
from django.test import Client

from accounts.models import User
from portfolio import tasks
from portfolio.models import Connection
from portfolio.services import credentials, gateway
from portfolio.views import shared
from tests import factories
from tests.portfolio.exchange import Exchange

Browser = Callable[..., Client]


@pytest.fixture(autouse=True)
def day_after() -> Iterator[None]:
    """Every test runs on the day after ``factories.NOW``, far from midnight, whenever it runs."""
    with time_machine.travel(factories.DAY_AFTER, tick=True):
        yield


@pytest.fixture
def owner(db: None) -> User:
    return factories.user("owner@example.org")


@pytest.fixture
def other(db: None) -> User:
    return factories.user("other@example.org")


@pytest.fixture
def browser() -> Browser:
    """Makes the browser of a signed-in person who has just confirmed the password, or has not."""

    def make(user: User, *, confirmed: bool = True, **options: Any) -> Client:
        client = Client(**options)
        client.force_login(user)
        if confirmed:
            session = client.session
            record = {"method": "password", "at": time.time(), "reauthenticated": True}
            session["account_authentication_methods"] = [record]
            session["account_authentication_methods_user"] = str(user.pk)
            session.save()
        return client

    return make


@pytest.fixture
def page(browser: Browser, owner: User) -> Client:
    """The owner's browser."""
    return browser(owner)


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Lets all tests of a run open links from one address; the rates that hold otherwise."""
    kept = shared._RATES
    monkeypatch.setattr(shared, "_RATES", {"shared_open": "100000/10m/ip"})
    return kept


@dataclass
class Sent:
    """The tasks that were sent, by name, with their arguments."""

    calls: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Takes the place of the broker; transactions must be committed for a task to be sent."""
    found = Sent()
    for name in (
        *("check_connection", "sync_connection", "revalue", "match_transfers"),
        *("refresh_findings", "renormalise", "make_export", "compare_export"),
        *("find_lots", "work_restoration"),
    ):

        def note(*args: Any, name: str = name) -> None:
            found.calls.append((name, args))

        monkeypatch.setattr(getattr(tasks, name), "delay", note)
    return found


@pytest.fixture
def exchange(monkeypatch: pytest.MonkeyPatch) -> Exchange:
    """Takes the place of every exchange; a sealed key must open all the same."""
    made = Exchange()

    def open_connection(connection: Connection, sealed: bytes) -> Exchange:
        credentials.open_sealed(sealed, row=connection.id)
        return made

    monkeypatch.setattr(gateway, "open_connection", open_connection)
    return made
