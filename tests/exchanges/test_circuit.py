"""An endpoint that fails several accounts is left alone by all workers, and tried by one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import redis
from django.conf import settings

from portfolio.engine.types import RecordKind
from portfolio.exchanges import circuit, registry
from portfolio.exchanges.circuit import RedisCircuit
from portfolio.exchanges.errors import KeyBroken, NotAnswering, TryAgain
from portfolio.exchanges.types import StreamSpec
from tests.exchanges.conftest import CREDENTIALS
from tests.exchanges.stub import Reply, Stub

PLACE = "binance:live:private:GET:account"
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
DOWN = Reply("<html></html>", 503)
PATH = "/binance/sapi/v1/capital/deposit/hisrec"


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    """A connection whose keys are gone afterwards."""
    client: redis.Redis = redis.Redis.from_url(settings.REDIS_URL)
    yield client
    for key in client.scan_iter("circuit:*"):
        client.delete(key)
    client.close()


def fail(server: redis.Redis, accounts: int) -> None:
    """As many accounts fail, each in a worker of its own."""
    for number in range(accounts):
        RedisCircuit(server).failed(PLACE, f"account-{number}")


def assert_paused(server: redis.Redis, length: timedelta, *, since: datetime) -> None:
    """For that long from the failure on, which came after ``since``, however slow all this is."""
    until = RedisCircuit(server).enter(PLACE)
    assert until is not None
    assert until - datetime.now(UTC) <= length
    assert until - since >= length - timedelta(milliseconds=2)  # Redis counts whole ones


def passes(server: redis.Redis) -> bool:
    return RedisCircuit(server).enter(PLACE) is None


def sleep_over(server: redis.Redis) -> None:
    """The pause is over."""
    server.hset(f"circuit:{PLACE}", "till", 1)


def test_few_accounts_stop_nobody(server: redis.Redis) -> None:
    fail(server, circuit.ACCOUNTS - 1)
    for _ in range(20):
        RedisCircuit(server).failed(PLACE, "account-0")  # its own backoff is enough
    assert passes(server)


def test_several_accounts_in_a_row_stop_everybody(server: redis.Redis) -> None:
    since = datetime.now(UTC)
    fail(server, circuit.ACCOUNTS)
    assert_paused(server, circuit.FIRST_PAUSE, since=since)
    assert RedisCircuit(server).enter(PLACE.replace("account", "myTrades")) is None


def test_an_answer_in_between_counts_anew(server: redis.Redis) -> None:
    fail(server, circuit.ACCOUNTS - 1)
    one = RedisCircuit(server)
    assert one.enter(PLACE) is None
    one.answered(PLACE)
    fail(server, circuit.ACCOUNTS - 1)
    assert passes(server)


def test_after_the_pause_one_is_let_through(server: redis.Redis) -> None:
    fail(server, circuit.ACCOUNTS)
    sleep_over(server)
    assert [passes(server) for _ in range(5)] == [True, False, False, False, False]


def test_a_failed_probe_makes_the_pause_longer(server: redis.Redis) -> None:
    fail(server, circuit.ACCOUNTS)
    for turn in (2, 4, 8):
        sleep_over(server)
        probe = RedisCircuit(server)
        assert probe.enter(PLACE) is None
        since = datetime.now(UTC)
        probe.failed(PLACE, "account-0")
        assert_paused(server, turn * circuit.FIRST_PAUSE, since=since)
    for _ in range(20):
        RedisCircuit(server).failed(PLACE, "account-0")
    until = RedisCircuit(server).enter(PLACE)
    assert until is not None
    assert until - datetime.now(UTC) <= circuit.LONGEST_PAUSE


def test_an_answered_probe_lets_everybody_in(server: redis.Redis) -> None:
    fail(server, circuit.ACCOUNTS)
    sleep_over(server)
    probe = RedisCircuit(server)
    assert probe.enter(PLACE) is None
    probe.answered(PLACE)
    assert [passes(server) for _ in range(5)] == [True] * 5


def test_a_probe_whose_worker_died_is_followed_by_another(
    server: redis.Redis,
) -> None:
    fail(server, circuit.ACCOUNTS)
    sleep_over(server)
    since = datetime.now(UTC)
    assert passes(server)
    assert_paused(server, circuit.PROBE, since=since)
    sleep_over(server)
    assert passes(server)


def ask(stub: Stub, server: redis.Redis, account: str) -> None:
    client = registry.open_client(
        "binance",
        CREDENTIALS,
        base_url=f"{stub.url}/binance",
        account_hint=account,
        circuit=RedisCircuit(server),
    )
    try:
        client.fetch_page(DEPOSITS, {}, now=datetime.now(UTC))
    finally:
        client.close()


def test_the_gateway_asks_no_more_and_says_so(stub: Stub, server: redis.Redis) -> None:
    stub.answers(PATH, DOWN)
    for number in range(circuit.ACCOUNTS):
        with pytest.raises(TryAgain, match="fault of its own"):
            ask(stub, server, f"account-{number}")
    asked = len(stub.asked)
    for number in range(6):
        with pytest.raises(NotAnswering, match=r"Binance is not answering; it is tried again at"):
            ask(stub, server, f"account-{number}")
    assert len(stub.asked) == asked


def test_a_refused_key_is_an_answer(stub: Stub, server: redis.Redis) -> None:
    stub.answers(PATH, DOWN)
    for number in range(circuit.ACCOUNTS - 1):
        with pytest.raises(TryAgain):
            ask(stub, server, f"account-{number}")
    stub.answers(PATH, Reply('{"code": -2015, "msg": "Invalid API-key"}', 401))
    with pytest.raises(KeyBroken):
        ask(stub, server, "somebody")
    stub.answers(PATH, DOWN)
    for number in range(circuit.ACCOUNTS - 1):
        with pytest.raises(TryAgain, match="fault of its own"):
            ask(stub, server, f"account-{number}")
