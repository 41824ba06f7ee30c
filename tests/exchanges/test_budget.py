"""One budget for all workers, in the exchange's own terms, on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import redis
from django.conf import settings

from portfolio.engine.types import RecordKind
from portfolio.exchanges import budget as budgets
from portfolio.exchanges import registry
from portfolio.exchanges.budget import RedisBudget, fingerprint
from portfolio.exchanges.errors import WaitUntil
from portfolio.exchanges.markets import RedisMarketCache
from portfolio.exchanges.profile import Allowance
from portfolio.exchanges.types import StreamSpec
from tests.exchanges.conftest import CREDENTIALS
from tests.exchanges.stub import Reply, Stub

WEIGHTS = Allowance("api", 100, period=60, used_header="X-MBX-USED-WEIGHT-1M")
COUNTER = Allowance("counter", 20, refill=Decimal("0.5"), per_account=True)
BUCKET = "binance:live:api"
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
PATH = "/binance/sapi/v1/capital/deposit/hisrec"


@pytest.fixture
def server() -> Iterator[redis.Redis]:
    """A connection whose keys are gone afterwards."""
    client: redis.Redis = redis.Redis.from_url(settings.REDIS_URL)
    _clear(client)
    yield client
    _clear(client)
    client.close()


def _clear(client: redis.Redis) -> None:
    for pattern in ("budget:*", "markets:*"):
        keys = list(client.scan_iter(pattern))
        if keys:
            client.delete(*keys)


@pytest.fixture
def still(server: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> datetime:
    """No time passes in Redis, however slow the machine is; the moment it stays at."""
    seconds, _ = server.time()
    for name in ("_ACQUIRE", "_OBSERVE"):
        script = getattr(budgets, name)
        stopped = script.replace("redis.call('TIME')", f"{{'{seconds}', '0'}}")
        assert stopped != script
        monkeypatch.setattr(budgets, name, stopped)
    return datetime.fromtimestamp(int(seconds), UTC)


@pytest.fixture
def budget(server: redis.Redis, still: datetime) -> RedisBudget:
    """A budget whose allowances never come back."""
    return RedisBudget(server)


def assert_waits(caught: WaitUntil, wait: timedelta, *, since: datetime) -> None:
    """It was told at some time after ``since`` to wait so long."""
    assert since + wait <= caught.until <= datetime.now(UTC) + wait


def granted(budget: RedisBudget, bucket: str, cost: int, allowance: Allowance) -> int:
    """How many requests go through before the budget says wait."""
    return spent(budget, bucket, cost, allowance)[0]


def spent(
    budget: RedisBudget, bucket: str, cost: int, allowance: Allowance
) -> tuple[int, datetime]:
    """The same, and until when it says so."""
    for count in range(1000):
        try:
            budget.acquire(bucket, cost, allowance=allowance)
        except WaitUntil as told:
            return count, told.until
    raise AssertionError("the budget never ends")


def test_a_window_keeps_its_reserve(budget: RedisBudget) -> None:
    assert granted(budget, BUCKET, 20, WEIGHTS) == 3  # 75 of 100


def test_a_window_opens_with_the_next_minute(budget: RedisBudget, still: datetime) -> None:
    granted(budget, BUCKET, 20, WEIGHTS)
    before = datetime.now(UTC)
    with pytest.raises(WaitUntil) as caught:
        budget.acquire(BUCKET, 20, allowance=WEIGHTS)
    left = timedelta(seconds=60 - still.second, milliseconds=50)
    assert_waits(caught.value, left, since=before)


def test_one_request_that_costs_more_than_all_is_let_through_alone(budget: RedisBudget) -> None:
    assert granted(budget, BUCKET, 90, WEIGHTS) == 1


def test_a_counter_decays(budget: RedisBudget) -> None:
    assert granted(budget, "kraken:live:counter:a", 2, COUNTER) == 7  # 15 of 20
    before = datetime.now(UTC)
    with pytest.raises(WaitUntil) as caught:
        budget.acquire("kraken:live:counter:a", 2, allowance=COUNTER)
    # 14 of 15 are used; a third is free again at 10, at half a unit a second.
    assert_waits(caught.value, timedelta(seconds=8, milliseconds=1), since=before)
    budget.acquire("kraken:live:counter:b", 2, allowance=COUNTER)  # another account is free


def test_a_counter_is_free_again_after_its_wait(server: redis.Redis) -> None:
    quick = RedisBudget(server, scale=100)
    count, until = spent(quick, "kraken:other:counter:a", 100, COUNTER)
    assert count >= 15  # of 1,500 units, and what came back meanwhile
    while datetime.now(UTC) < until:
        pass
    quick.acquire("kraken:other:counter:a", 100, allowance=COUNTER)


@pytest.mark.usefixtures("still")
def test_a_scale_multiplies_every_allowance(server: redis.Redis) -> None:
    assert granted(RedisBudget(server, scale=10), BUCKET, 20, WEIGHTS) == 37


@pytest.mark.usefixtures("still")
def test_the_last_work_stops_at_half_and_its_wait_is_nobody_else_s(server: redis.Redis) -> None:
    last, others = RedisBudget(server, is_last=True), RedisBudget(server)
    assert granted(last, BUCKET, 10, WEIGHTS) == 3  # 37 of 75
    assert others.put_off({("binance", "live")}) == set()
    assert granted(others, BUCKET, 10, WEIGHTS) == 4  # all 75 are theirs
    assert granted(last, BUCKET, 1, WEIGHTS) == 0


def test_an_exchange_whose_shared_allowance_is_used_up_is_put_off(budget: RedisBudget) -> None:
    places = {("binance", "live"), ("kraken", "live"), ("kraken", "other")}
    granted(budget, "kraken:live:counter:a", 2, COUNTER)  # one account's own affair
    assert budget.put_off(places) == set()
    granted(budget, BUCKET, 20, WEIGHTS)
    budget.pause("kraken:other", datetime.now(UTC) + timedelta(minutes=5))
    assert budget.put_off(places) == {("binance", "live"), ("kraken", "other")}
    assert budget.put_off([]) == set()


def test_an_exchange_is_put_off_no_longer_than_its_window(
    budget: RedisBudget, server: redis.Redis, still: datetime
) -> None:
    since = datetime.now(UTC)
    granted(budget, BUCKET, 1, WEIGHTS)
    assert budget.put_off({("binance", "live")})
    ends = datetime.now(UTC) + timedelta(milliseconds=int(server.pttl("budget:full:binance:live")))
    left = timedelta(seconds=60 - still.second, milliseconds=50)
    assert since + left - timedelta(milliseconds=2) <= ends <= datetime.now(UTC) + left


def test_what_the_exchange_has_counted_is_believed(budget: RedisBudget) -> None:
    budget.acquire(BUCKET, 20, allowance=WEIGHTS)
    budget.observe(BUCKET, 70, allowance=WEIGHTS)
    assert granted(budget, BUCKET, 5, WEIGHTS) == 1
    budget.observe(BUCKET, 3, allowance=WEIGHTS)  # an older answer, seen late
    assert granted(budget, BUCKET, 5, WEIGHTS) == 0


@pytest.mark.usefixtures("still")
def test_workers_share_it(server: redis.Redis) -> None:
    budgets = [RedisBudget(server) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        counts = pool.map(lambda one: granted(one, BUCKET, 1, WEIGHTS), budgets)
    assert sum(counts) == 75


def test_a_pause_stops_every_bucket_of_the_exchange_and_is_seen(server: redis.Redis) -> None:
    budget, exact = RedisBudget(server), timedelta(milliseconds=2)
    until = datetime.now(UTC) + timedelta(minutes=5)
    assert budget.paused_until("binance") is None
    budget.pause("binance:live", until)
    seen = budget.paused_until("binance")
    assert seen is not None
    assert abs(seen - until) <= exact
    before = datetime.now(UTC)
    with pytest.raises(WaitUntil) as caught:
        budget.acquire(BUCKET, 1, allowance=WEIGHTS)
    assert until - exact <= caught.value.until <= until + (datetime.now(UTC) - before) + exact
    assert budget.paused_until("kraken") is None
    assert budget.paused_until("binance", "other") is None
    budget.acquire("binance:other:api", 1, allowance=WEIGHTS)


def test_a_pause_of_one_account_leaves_the_others_alone(server: redis.Redis) -> None:
    budget = RedisBudget(server)
    budget.pause("kraken:live:counter:a", datetime.now(UTC) + timedelta(minutes=5))
    with pytest.raises(WaitUntil):
        budget.acquire("kraken:live:counter:a", 1, allowance=COUNTER)
    budget.acquire("kraken:live:counter:b", 1, allowance=COUNTER)
    assert budget.paused_until("kraken") is None


def test_a_ban_opens_the_circuit_for_all_clients(stub: Stub, server: redis.Redis) -> None:
    budget = RedisBudget(server)
    stub.answers(PATH, Reply("{}", 418, {"Retry-After": "120"}))
    first, second = (_client(stub, budget, hint) for hint in ("one", "two"))
    before = datetime.now(UTC)
    with pytest.raises(WaitUntil):
        first.fetch_page(DEPOSITS, {}, now=datetime.now(UTC))
    stub.answers(PATH, "[]")
    with pytest.raises(WaitUntil) as caught:
        second.fetch_page(DEPOSITS, {}, now=datetime.now(UTC))
    assert len(stub.asked) == 1
    assert budget.paused_until("binance", "other") is not None
    wait, exact = timedelta(seconds=120), timedelta(milliseconds=2)
    assert before + wait - exact <= caught.value.until <= datetime.now(UTC) + wait


@pytest.mark.usefixtures("still")
def test_weights_are_learnt_from_the_answers(stub: Stub, server: redis.Redis) -> None:
    budget = RedisBudget(server)
    stub.answers(PATH, Reply("[]", 200, {"X-SAPI-USED-IP-WEIGHT-1M": "8999"}))
    client = _client(stub, budget, "one")
    client.fetch_page(DEPOSITS, {}, now=datetime.now(UTC))
    client.fetch_page(DEPOSITS, {}, now=datetime.now(UTC))
    with pytest.raises(WaitUntil):
        client.fetch_page(DEPOSITS, {}, now=datetime.now(UTC))
    assert len(stub.asked) == 2


@pytest.mark.usefixtures("still")
def test_a_client_pays_before_it_asks_and_never_with_its_key(
    stub: Stub, server: redis.Redis
) -> None:
    stub.answers("/kraken/0/private/BalanceEx", '{"error":[],"result":{}}')
    client = registry.open_client(
        "kraken",
        CREDENTIALS,
        base_url=f"{stub.url}/kraken",
        account_hint="the account",
        budget=RedisBudget(server),
    )
    for _ in range(11):
        client.balances()
    with pytest.raises(WaitUntil):
        client.balances()
    assert len(stub.asked) == 11
    keys = [key.decode() for key in server.scan_iter("*")]
    bucket = f"budget:kraken:other:counter:{fingerprint('the account')}"
    assert bucket in keys
    values = b" ".join(str(server.hgetall(bucket)).encode() for _ in range(1))
    for secret in CREDENTIALS.values():
        assert secret not in " ".join(keys)
        assert secret.encode() not in values


def test_markets_are_loaded_once_and_shared(stub: Stub, server: redis.Redis) -> None:
    symbol = '{"symbol":"BNBBTC","status":"TRADING","baseAsset":"BNB","quoteAsset":"BTC"}'
    stub.answers("/binance/api/v3/exchangeInfo", f'{{"symbols":[{symbol}]}}')
    cache = RedisMarketCache(server)
    for _ in range(3):
        client = registry.open_client(
            "binance", CREDENTIALS, base_url=f"{stub.url}/binance", markets=cache
        )
        plan = client.plan_streams(known_assets=frozenset({"BNB"}))
        assert "trades:BNBBTC" in [stream.key for stream in plan]
    assert sum(asked.path.endswith("/exchangeInfo") for asked in stub.asked) == 1
    lifetime = server.ttl("markets:binance:other")
    assert isinstance(lifetime, int)
    assert 11 * 3600 < lifetime <= 12 * 3600


def _client(stub: Stub, budget: RedisBudget, hint: str):  # type: ignore[no-untyped-def]
    return registry.open_client(
        "binance", CREDENTIALS, base_url=f"{stub.url}/binance", account_hint=hint, budget=budget
    )


@pytest.mark.usefixtures("still")
def test_a_header_teaches_of_what_its_request_was_paid_from(
    stub: Stub, server: redis.Redis
) -> None:
    """Binance counts each endpoint below /sapi alone, and tells all of it by the same header."""
    used = Reply(
        '{"total":0,"userAssetDribblets":[]}',
        headers={"X-SAPI-USED-IP-WEIGHT-1M": "12000"},
    )
    stub.answers("/binance/sapi/v1/asset/dribblet", used)
    stub.answers("/binance/sapi/v1/capital/deposit/hisrec", "[]")
    client = _client(stub, RedisBudget(server), "the account")
    dust = StreamSpec("dust:SPOT", RecordKind.DUST, {"account": "SPOT"})
    deposits = StreamSpec("deposits", RecordKind.DEPOSITS)
    client.fetch_page(dust, {}, now=datetime.now(UTC))
    client.fetch_page(deposits, {}, now=datetime.now(UTC))
    with pytest.raises(WaitUntil):
        client.fetch_page(dust, {}, now=datetime.now(UTC))
    client.fetch_page(deposits, {}, now=datetime.now(UTC))
