"""The whole life of each demo account, fetched over HTTP, equals its statement of truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine.moments import Width
from portfolio.engine.types import RecordKind, ReportedPosition, TransactionKind
from portfolio.exchanges import registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.types import ExchangeClient, StreamSpec, Verdict
from sandbox import exchanges as simulated
from tests.sandbox_server import control, credentials, fault, running_sandbox

EXCHANGES = list(simulated.ids())
HIDE_ADDRESSES = {"coinbase"}  # does not tell whether a key is bound to an address
PURPOSES = {"read-only": "main", "read-only-small": "small", "read-only-empty": "empty"}
UNKNOWN_WORDS = {"SOMETHING_NEW", "tx"}  # which no table should have
Amounts = dict[tuple[str, str], Decimal]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[str]:
    with running_sandbox() as url:
        yield url


def opened(sandbox: str, exchange: str, purpose: str) -> ExchangeClient:
    key = credentials(exchange, purpose)
    return registry.open_client(exchange, key, base_url=f"{sandbox}/{exchange}")


class Fetched:
    """What a sync engine would hold after a full fetch: each record once, and its movements."""

    def __init__(self, exchange: str) -> None:
        self.exchange = exchange
        self.bodies: dict[tuple[str, str], str] = {}
        self.kinds: dict[str, int] = defaultdict(int)
        self.amounts: Amounts = defaultdict(Decimal)
        self.cursors: dict[str, dict[str, Any]] = {}

    def store(self, stream: Any, records: Any) -> None:
        for record in records:
            key = (stream.key, record.external_id)
            if key in self.bodies:
                assert self.bodies[key] == record.body
                continue
            self.bodies[key] = record.body
            self.kinds[stream.kind.value] += 1
            event = registry.normalise(self.exchange, stream, record.body)
            if event is not None and event.kind is TransactionKind.UNCLASSIFIED:
                assert event.detail["type"] in UNKNOWN_WORDS, record.body
            for movement in event.movements if event else ():
                self.amounts[movement.wallet, movement.asset] += movement.amount

    @property
    def balances(self) -> Amounts:
        return {place: amount for place, amount in self.amounts.items() if amount}


def fetch_all(client: ExchangeClient, held: Fetched, *, twice: bool = False) -> None:
    """Plan, walk every stream to its end, and plan again with the assets found meanwhile."""
    done: set[str] = set()
    while True:
        known = frozenset(asset for _, asset in held.amounts)
        leads = [key for cursor in held.cursors.values() for key in cursor.get("leads", ())]
        planned = client.plan_streams(known_assets=known, leads=leads)
        streams = [s for s in planned if s.key not in done]
        if not streams:
            return
        for stream in streams:
            _walk(client, held, stream, twice=twice)
            done.add(stream.key)


def _walk(client: ExchangeClient, held: Fetched, stream: Any, *, twice: bool) -> None:
    cursor = held.cursors.get(stream.key, {})
    while True:
        for _ in range(2 if twice else 1):
            page = _patiently(client, stream, cursor)
            held.store(stream, page.records)
        cursor = held.cursors[stream.key] = page.cursor
        if page.is_last:
            return


def _patiently(client: ExchangeClient, stream: Any, cursor: dict[str, Any]) -> Any:
    """Ask again as often as the exchange says so."""
    for _ in range(50):
        try:
            return client.fetch_page(stream, cursor, now=datetime.now(UTC))
        except (TryAgain, WaitUntil):
            continue
    raise AssertionError("the exchange never answers")


def truth(sandbox: str, account: str) -> tuple[Amounts, dict[str, int]]:
    told = control(sandbox, f"accounts/{account}/statement")
    balances = {
        (wallet, asset): Decimal(quantity)
        for wallet, held in told["balances"].items()
        for asset, quantity in held.items()
    }
    return balances, {kind: count for kind, count in told["records"].items() if count}


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_full_fetch_equals_the_statement(sandbox: str, exchange: str, purpose: str) -> None:
    client, held = opened(sandbox, exchange, purpose), Fetched(exchange)
    fetch_all(client, held)
    balances, records = truth(sandbox, f"{exchange}-{PURPOSES[purpose]}")
    assert dict(held.kinds) == records
    assert held.balances == balances
    assert {(b.wallet, b.asset): b.quantity for b in client.balances()} == balances
    client.close()


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_open_positions_equal_the_statement(sandbox: str, exchange: str, purpose: str) -> None:
    client = opened(sandbox, exchange, purpose)
    told = control(sandbox, f"accounts/{exchange}-{PURPOSES[purpose]}/statement")["positions"]
    assert sorted(map(place_of, client.positions() or []), key=str) == sorted(
        (
            (row["wallet"], row["symbol"], row["side"], Decimal(row["quantity"]), row["unit"])
            for row in told
        ),
        key=str,
    )
    client.close()


def place_of(position: ReportedPosition) -> tuple[str, str, str, Decimal, str]:
    return (
        position.wallet,
        position.symbol,
        position.side,
        position.quantity,
        position.unit,
    )


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_page_twice_and_the_overlap_again_change_nothing(sandbox: str, exchange: str) -> None:
    client, held = opened(sandbox, exchange, "read-only-small"), Fetched(exchange)
    fetch_all(client, held, twice=True)
    fetch_all(client, held)  # the next round, from the cursors that were kept
    balances, records = truth(sandbox, f"{exchange}-small")
    assert dict(held.kinds) == records
    assert held.balances == balances


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("server_error", {"every": 3}),
        ("cut_json", {"every": 3}),
        ("rate_limit", {"every": 4, "seconds": 0}),
        ("maintenance", {"every": 5}),
        ("duplicate_pages", {}),
        ("clock_skew", {"seconds": 300}),
    ],
)
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_a_full_fetch_through_troubles_equals_the_statement(
    sandbox: str, exchange: str, kind: str, options: dict[str, int]
) -> None:
    with fault(sandbox, kind, exchange=exchange, **options):
        client, held = opened(sandbox, exchange, "read-only-small"), Fetched(exchange)
        for _ in range(40):
            try:
                fetch_all(client, held)
                break
            except (TryAgain, WaitUntil):
                continue
        else:
            raise AssertionError("it never came through")
    balances, records = truth(sandbox, f"{exchange}-small")
    assert dict(held.kinds) == records
    assert held.balances == balances


KEYS = {
    "read-only": Verdict.READ_ONLY,
    "trade": Verdict.CAN_TRADE,
    "withdraw": Verdict.CAN_WITHDRAW,
}


@pytest.mark.parametrize(("purpose", "verdict"), KEYS.items())
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_keys_are_judged(sandbox: str, exchange: str, purpose: str, verdict: Verdict) -> None:
    audit = opened(sandbox, exchange, purpose).audit()
    assert audit.verdict is verdict
    assert audit.account_uid
    told = None if exchange in HIDE_ADDRESSES else (purpose == "withdraw")
    assert audit.ip_restricted is told
    assert credentials(exchange, purpose)["apiKey"] not in audit.raw


@pytest.mark.parametrize("purpose", ["expired", "other-ip"])
@pytest.mark.parametrize("exchange", EXCHANGES)
def test_keys_that_do_not_work_here_are_said_so(sandbox: str, exchange: str, purpose: str) -> None:
    for work in ("audit", "balances"):
        with pytest.raises(GatewayError) as caught:
            getattr(opened(sandbox, exchange, purpose), work)()
        assert isinstance(caught.value, KeyBroken)
    assert "IP" in opened_error(sandbox, exchange, purpose)


def opened_error(sandbox: str, exchange: str, purpose: str) -> str:
    try:
        opened(sandbox, exchange, purpose).audit()
    except KeyBroken as error:
        return error.message
    return ""


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_prices_of_the_sandbox(sandbox: str, exchange: str) -> None:
    prices = registry.open_market_data(exchange, base_url=f"{sandbox}/{exchange}")
    currency = {"bingx": "USDT", "krakenfutures": "USD"}.get(exchange, "EUR")
    assert ("BTC", currency) in prices.markets()
    assert len(prices.tickers()) == len(prices.markets())
    closes = prices.daily_closes("BTC", currency, since=datetime(2026, 1, 1, tzinfo=UTC).date())
    days = [candle.on for candle in closes]
    assert len(days) > 300
    assert days == sorted(set(days))


@pytest.mark.parametrize("exchange", [name for name in EXCHANGES if name != "krakenfutures"])
def test_minutes_and_hours_close_where_hours_and_days_do(sandbox: str, exchange: str) -> None:
    prices = registry.open_market_data(exchange, base_url=f"{sandbox}/{exchange}")
    pair = ("BTC", "USDT" if exchange == "bingx" else "EUR")
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    (day,) = prices.daily_closes(*pair, since=(midnight - timedelta(days=1)).date())
    evening = midnight - timedelta(hours=3)
    hours = prices.closes(*pair, Width.HOUR, evening)
    assert [c.opened_at for c in hours[:3]] == [evening + timedelta(hours=n) for n in range(3)]
    assert hours[2].close == day.close
    assert len({candle.close for candle in hours}) > 1
    start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    minutes = prices.closes(*pair, Width.MINUTE, start)
    assert [c.opened_at for c in minutes[:60]] == [start + timedelta(minutes=n) for n in range(60)]
    (hour,) = [c for c in prices.closes(*pair, Width.HOUR, start) if c.opened_at == start]
    assert minutes[59].close == hour.close
    assert minutes[-1].opened_at <= datetime.now(UTC) - timedelta(minutes=1)


def test_how_far_back_minutes_are_served(sandbox: str) -> None:
    now = datetime.now(UTC)
    kraken = registry.open_market_data("kraken", base_url=f"{sandbox}/kraken")
    assert kraken.span(Width.MINUTE, now - timedelta(hours=11)) == timedelta(minutes=720)
    assert kraken.span(Width.MINUTE, now - timedelta(hours=13)) is None
    assert kraken.span(Width.HOUR, now - timedelta(hours=13)) == timedelta(hours=720)
    assert kraken.span(Width.HOUR, now - timedelta(days=31)) is None
    binance = registry.open_market_data("binance", base_url=f"{sandbox}/binance")
    assert binance.span(Width.MINUTE, now - timedelta(days=3000)) == timedelta(minutes=1000)
    futures = registry.open_market_data("krakenfutures", base_url=f"{sandbox}/krakenfutures")
    assert futures.span(Width.MINUTE, now) is None
    with pytest.raises(StreamUnavailable, match="minute"):
        futures.closes("BTC", "USD", Width.MINUTE, now)


def test_what_okx_no_longer_serves_is_missed_and_said_so(sandbox: str) -> None:
    """The account traded and lent before what is served: that shows as a difference, no less."""
    client, held = opened(sandbox, "okx", "read-only-older"), Fetched("okx")
    fetch_all(client, held)
    balances, records = truth(sandbox, "okx-older")
    assert dict(held.kinds) == records
    reported = {(b.wallet, b.asset): b.quantity for b in client.balances()}
    assert reported == balances
    differing = {place for place in balances if held.amounts[place] != balances[place]}
    assert {wallet for wallet, _ in differing} == {"trading", "earn"}
    assert {place for place in balances if place[0] == "funding"}.isdisjoint(differing)
    now = datetime.now(UTC)
    for stream in client.plan_streams(known_assets=frozenset()):
        page = client.fetch_page(stream, {"v": 1, "mark": 1}, now=now)  # the end of a first walk
        limited = stream.key.partition(":")[0] in ("bills", "fills", "interest", "dust")
        assert (page.unserved is not None) is limited
        assert page.covered is not None
        assert not page.unserved or page.unserved[1] == page.covered[0]


def test_an_account_without_futures_is_read_all_the_same(sandbox: str) -> None:
    client, held = opened(sandbox, "binance", "read-only-spot"), Fetched("binance")
    streams = client.plan_streams(known_assets=frozenset({"USDT"}))
    closed = [stream for stream in streams if stream.key in ("usdm-income", "coinm-income")]
    for stream in closed:
        with pytest.raises(StreamUnavailable, match=r"shows no .* futures to this key"):
            client.fetch_page(stream, {}, now=datetime.now(UTC))
    assert len(closed) == 2
    for stream in streams:
        if stream not in closed and "sweep" not in stream.scope:
            _walk(client, held, stream, twice=False)
    balances, records = truth(sandbox, "binance-spot")
    assert {(b.wallet, b.asset): b.quantity for b in client.balances()} == balances
    assert {k: n for k, n in held.kinds.items() if k != "trades"} == {
        k: n for k, n in records.items() if k != "trades"
    }
    assert client.positions() == []
    client.close()


def test_what_binance_no_longer_tells_of_futures_is_missed_and_said_so(sandbox: str) -> None:
    """Money came and a position was opened before income's reach: a difference, no less."""
    client, held = opened(sandbox, "binance", "read-only-older"), Fetched("binance")
    fetch_all(client, held)
    balances, records = truth(sandbox, "binance-older")
    assert dict(held.kinds) == records
    assert {(b.wallet, b.asset): b.quantity for b in client.balances()} == balances
    differing = {place for place in balances if held.amounts[place] != balances[place]}
    assert {wallet for wallet, _ in differing} == {"usd-m futures"}
    now = datetime.now(UTC)
    income = StreamSpec("usdm-income", RecordKind.LEDGER)
    page = client.fetch_page(income, {**held.cursors["usdm-income"], "v": 1}, now=now)
    assert page.covered is not None
    assert now - page.covered[0] < timedelta(days=90)
    client.close()
