"""How far a run is with trades that come pair by pair, and what people are told of it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portfolio.exchanges import paces
from portfolio.models import Connection, Stream, SyncRun
from portfolio.selectors import pairs
from portfolio.selectors.pairs import PairProgress
from portfolio.services import progress
from tests import factories

State = Stream.State
NOW = factories.NOW
PACES = {"trades": Decimal("0.25")}
pytestmark = pytest.mark.django_db


@pytest.fixture
def binance() -> Connection:
    return factories.connection(factories.user(), exchange="binance", environment="live")


def run_of(connection: Connection, minutes: int = 10, **fields: Any) -> SyncRun:
    started = NOW - timedelta(minutes=minutes)
    values = {"started_at": started, "finished_at": None, "outcome": "running", **fields}
    return factories.sync_run(connection, **values)


def pair(connection: Connection, number: int, state: str, **fields: Any) -> None:
    scope = {"symbol": f"A{number}B"}
    values = {"scope": scope, "state": state, "kind": "trades", "record_count": 0, **fields}
    factories.stream(connection, f"trades:A{number}B", **values)


def fetched(minutes_ago: float) -> dict[str, Any]:
    at = NOW - timedelta(minutes=minutes_ago)
    return {"fetched_at": at, "caught_up_at": at}


def waiting(connection: Connection, numbers: range) -> None:
    for number in numbers:
        pair(connection, number, State.WAITING, fetched_at=None, caught_up_at=None)


def asked(connection: Connection, run: SyncRun | None) -> PairProgress | None:
    return pairs.progress(connection, run, paces=PACES, now=NOW)


def test_pairs_of_the_run_under_way_are_counted(
    binance: Connection, django_assert_num_queries: Any
) -> None:
    run = run_of(binance)
    for number in range(20):
        pair(binance, number, State.CAUGHT_UP, **fetched(minutes_ago=5))
    waiting(binance, range(20, 60))
    pair(binance, 60, State.CAUGHT_UP, **fetched(minutes_ago=600))  # resting since another run
    factories.stream(binance, "deposits", state=State.WAITING)
    with django_assert_num_queries(1):
        told = asked(binance, run)
    # Twenty in five minutes: forty in ten, far longer than the allowance takes.
    assert told == PairProgress(done=20, total=60, left=timedelta(minutes=10))


def test_a_quick_beginning_does_not_promise_more_than_the_allowance(binance: Connection) -> None:
    run = run_of(binance)
    for number in range(12):
        pair(binance, number, State.CAUGHT_UP, **fetched(minutes_ago=0.01))
    waiting(binance, range(12, 132))
    told = asked(binance, run)
    assert told == PairProgress(done=12, total=132, left=timedelta(seconds=30))  # 120 of 0.25 s


def test_what_cannot_be_said_is_unknown(binance: Connection) -> None:
    run = run_of(binance)
    pair(binance, 0, State.CAUGHT_UP, **fetched(minutes_ago=1))
    waiting(binance, range(1, 10))
    told = pairs.progress(binance, run, paces={}, now=NOW)
    assert told == PairProgress(done=1, total=10, left=None)
    assert told.minutes_left is None
    assert progress.in_words(told) == "1 of 10 pairs, time left unknown"


def test_nothing_is_said_where_no_pair_is_waited_for(binance: Connection) -> None:
    assert asked(binance, None) is None
    over = run_of(binance, finished_at=NOW)
    waiting(binance, range(3))
    assert asked(binance, over) is None
    run = run_of(binance)
    assert asked(binance, run) is not None
    binance.status = Connection.Status.PAUSED
    assert asked(binance, run) is None
    binance.status = Connection.Status.ACTIVE
    Stream.objects.update(state=State.CAUGHT_UP)
    assert asked(binance, run) is None


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            PairProgress(412, 1312, timedelta(minutes=37, seconds=20)),
            "412 of 1,312 pairs, about 38 minutes left",
        ),
        (PairProgress(1, 3, timedelta(seconds=2)), "1 of 3 pairs, about 1 minute left"),
        (
            PairProgress(0, 9999, timedelta(hours=3, minutes=1)),
            "0 of 9,999 pairs, about 4 hours left",
        ),
    ],
)
def test_progress_in_words(told: PairProgress, words: str) -> None:
    assert progress.in_words(told) == words


def test_the_allowance_of_an_exchange_gives_the_pace() -> None:
    # Binance: a page weighs 20 of 6,000 a minute, of which three quarters are used.
    assert paces.pair_paces("binance")["trades"] == Decimal(60) / 225
    assert paces.pair_paces("bingx")["trades"] > 0
    assert paces.pair_paces("nowhere") == {}


def test_the_page_of_the_connection_says_it(client: Client) -> None:
    owner: User = factories.user()
    binance = factories.connection(owner, exchange="binance", environment="live")
    run_of(binance)
    pair(binance, 0, State.CAUGHT_UP, **fetched(minutes_ago=1))
    waiting(binance, range(1, 500))
    client.force_login(owner)
    text = client.get(f"/connections/{binance.pk}/").content.decode()
    assert "1 of 500 pairs, about" in text
