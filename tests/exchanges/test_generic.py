"""An exchange without a profile works from ccxt's flags: shown with Coinmate's bare numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine.types import (
    Movement,
    PostingRole,
    RecordKind,
    ReportedBalance,
    TransactionKind,
)
from portfolio.exchanges import registry
from portfolio.exchanges.errors import KeyBroken, TryAgain
from portfolio.exchanges.markets import LocalMarketCache
from portfolio.exchanges.types import ExchangeClient, StreamSpec, Verdict
from tests.exchanges.conftest import CREDENTIALS
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AT = 1_795_000_000_000
API = "/coinmate/api/"
# As in ccxt's source (parse_trade), with more digits than a float has.
TRADE = (
    f'{{"transactionId": 418210, "createdTimestamp": {AT}, "currencyPair": "BTC_EUR",'
    ' "type": "BUY", "orderType": "LIMIT", "orderId": 21497239,'
    ' "amount": 0.1234567890123456789, "price": 7616.5000000000000001,'
    ' "fee": 0.00000001, "feeType": "MAKER"}'
)


@pytest.fixture(autouse=True)
def _no_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exchanges that have a profile by now are read here as if they had none."""
    monkeypatch.setattr(registry, "_profile", lambda exchange: None)


@pytest.fixture
def cache() -> LocalMarketCache:
    return LocalMarketCache()


@pytest.fixture
def coinmate(stub: Stub, cache: LocalMarketCache) -> Iterator[ExchangeClient]:
    """A client of the stub, whose markets are known."""
    cache.set("coinmate:other", json.dumps(_markets()))
    client = registry.open_client(
        "coinmate",
        {**CREDENTIALS, "uid": "1000"},
        base_url=f"{stub.url}/coinmate",
        markets=cache,
    )
    yield client
    client.close()


def _markets() -> dict[str, Any]:
    from tests.exchanges.guarded import guarded

    instance, _ = guarded("coinmate")
    names = {"id": "BTC_EUR", "symbol": "BTC/EUR", "quote": "EUR", "quoteId": "EUR"}
    market = dict(instance.markets["BTC/USDT"], **names)
    currencies = {"BTC": dict(instance.currencies["BTC"])}
    data = {"markets": [market], "currencies": currencies, "options": {}}
    plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
    return plain


def test_balances_and_a_key_that_cannot_be_judged(stub: Stub, coinmate: ExchangeClient) -> None:
    row = '{"currency": "BTC", "balance": 1.00000000000000000001, "reserved": 0, "available": 1}'
    stub.answers(f"{API}balances", f'{{"error": false, "data": {{"BTC": {row}}}}}')
    assert coinmate.balances() == [
        ReportedBalance("spot", "BTC", Decimal("1.00000000000000000001"))
    ]
    audit = coinmate.audit()
    assert audit.verdict is Verdict.UNPROVED
    assert audit.warnings


def test_streams_follow_the_flags(coinmate: ExchangeClient) -> None:
    streams = coinmate.plan_streams(known_assets=frozenset())
    assert [stream.key for stream in streams] == ["trades"]


def test_a_trade_keeps_its_digits_and_its_own_text(stub: Stub, coinmate: ExchangeClient) -> None:
    stream = StreamSpec("trades", RecordKind.TRADES, {"books": "all"})

    def trades(asked: Asked) -> Reply:
        rows = TRADE if _holds(asked) else ""
        return Reply(f'{{"error": false, "errorMessage": null, "data": [{rows}]}}')

    stub.answers(f"{API}tradeHistory", trades)
    records = _walk(coinmate, stream)
    (record,) = records.values()
    assert record.external_id == "BTC/EUR:418210"
    assert json.loads(record.body)["info"] == json.loads(TRADE)
    assert record.body.partition('"info": ')[2][:-1] == TRADE
    event = registry.normalise("coinmate", stream, record.body)
    assert event is not None
    assert event.kind is TransactionKind.TRADE
    base, quote, fee = event.movements
    assert base == Movement("spot", "BTC", Decimal("0.1234567890123456789"))
    assert (quote.asset, quote.amount < 0) == ("EUR", True)
    assert fee == Movement("spot", "EUR", Decimal("-0.00000001"), PostingRole.FEE)


def test_where_trades_come_by_pair_those_of_known_assets_are_asked_for(
    stub: Stub, cache: LocalMarketCache
) -> None:
    client = registry.open_client(
        "btcmarkets", CREDENTIALS, base_url=f"{stub.url}/btcmarkets", markets=cache
    )
    listed = ("BTC-AUD", "ETH-AUD", "XRP-AUD")
    rows = [
        {"marketId": pair, "baseAssetName": pair[:3], "quoteAssetName": "AUD", "status": "Online"}
        | {"minOrderAmount": "0.0001", "amountDecimals": "8", "priceDecimals": "2"}
        for pair in listed
    ]
    stub.answers("/btcmarkets/v3/markets", json.dumps(rows))
    streams = client.plan_streams(known_assets=frozenset({"BTC", "ETH"}))
    assert [stream.key for stream in streams] == [
        "deposits",
        "withdrawals",
        "trades:BTC/AUD",
        "trades:ETH/AUD",
    ]
    trade = {"id": "36014819", "marketId": "BTC-AUD", "timestamp": "2026-11-20T04:13:59.000000Z"}
    trade |= {"price": "100000.01", "amount": "0.00000001", "side": "Bid", "fee": "0.01"}
    trade |= {"orderId": "1", "liquidityType": "Taker"}

    def trades(asked: Asked) -> Reply:
        assert asked.parameters == {"marketId": "BTC-AUD", "limit": "100"}
        return Reply(json.dumps([trade]))

    stub.answers("/btcmarkets/v3/trades", trades)
    page = client.fetch_page(streams[2], {}, now=NOW)
    client.close()
    (record,) = page.records
    event = registry.normalise("btcmarkets", streams[2], record.body)
    assert event is not None
    assert [(m.asset, m.amount) for m in event.movements] == [
        ("BTC", Decimal("0.00000001")),
        ("AUD", Decimal("-0.0010000001")),
        ("AUD", Decimal("-0.01")),
    ]


def _holds(asked: Asked) -> bool:
    parameters = asked.parameters
    begin, end = parameters.get("timestampFrom", 0), parameters.get("timestampTo", 10**15)
    return int(begin) <= AT <= int(end)


def _walk(client: ExchangeClient, stream: StreamSpec) -> dict[str, Any]:
    found: dict[str, Any] = {}
    cursor: dict[str, Any] = {}
    for _ in range(400):
        page = client.fetch_page(stream, cursor, now=NOW + timedelta(days=1))
        found.update((record.external_id, record) for record in page.records)
        cursor = page.cursor
        if page.is_last:
            return found
    raise AssertionError("the walk does not end")


def test_a_fault_of_the_exchange_is_none_of_the_key(stub: Stub, coinmate: ExchangeClient) -> None:
    told = '{"error": true, "errorMessage": "Access denied.", "data": null}'
    stub.answers(f"{API}balances", Reply(told, 500))
    with pytest.raises(TryAgain) as caught:  # the status decides first: 5xx passes
        coinmate.balances()
    assert caught.value.__context__ is None
    stub.answers(f"{API}balances", Reply(told, 401))
    with pytest.raises(KeyBroken):
        coinmate.balances()


def test_a_record_without_a_time_leaves_nothing_proved(
    stub: Stub, coinmate: ExchangeClient
) -> None:
    stream = StreamSpec("trades", RecordKind.TRADES, {"books": "all"})
    undated = TRADE.replace(f'"createdTimestamp": {AT},', "")
    stub.answers(f"{API}tradeHistory", f'{{"error": false, "data": [{undated}]}}')
    page = coinmate.fetch_page(stream, {"way": "windows", "proved": True}, now=NOW)
    assert (page.records, page.covered) == ((), None)
    stub.answers(f"{API}tradeHistory", '{"error": false, "data": []}')
    page = coinmate.fetch_page(stream, {"way": "windows", "proved": True}, now=NOW)
    assert page.covered is not None


def test_a_full_answer_is_full_even_where_rows_of_it_are_not_wanted(
    stub: Stub, coinmate: ExchangeClient
) -> None:
    """Later rows than were asked for take the place of those that were cut off."""
    stream = StreamSpec("trades", RecordKind.TRADES, {"books": "all"})
    rows = ", ".join(TRADE.replace("418210", str(n)) for n in range(1000))
    stub.answers(f"{API}tradeHistory", f'{{"error": false, "data": [{rows}]}}')
    page = coinmate.fetch_page(stream, {"way": "windows", "proved": True}, now=NOW)
    assert len(page.records) == 1000
    assert (page.covered, page.is_last) == (None, False)
    assert page.cursor["way"] == "onward"


BODY: dict[str, Any] = {
    "id": "1",
    "timestamp": AT,
    "currency": "BTC",
    "amount": "2",
    "status": "ok",
    "type": "rebate",
    "direction": "in",
    "fee": {"cost": "0.1", "currency": "BTC"},
}


def event_of(kind: RecordKind, books: str = "all", **more: Any) -> Any:
    stream = StreamSpec(kind.value, kind, {"books": books})
    body = json.dumps({"unified": {**BODY, **more}, "info": {}})
    return registry.normalise("coinmate", stream, body)


def test_what_moves_and_what_does_not() -> None:
    fee = Movement("spot", "BTC", Decimal("-0.1"), PostingRole.FEE)
    deposit = event_of(RecordKind.DEPOSITS)
    assert deposit.movements == (Movement("spot", "BTC", Decimal(2)), fee)
    withdrawal = event_of(RecordKind.WITHDRAWALS)
    assert withdrawal.movements == (Movement("spot", "BTC", Decimal(-2)), fee)
    assert event_of(RecordKind.DEPOSITS, status="pending").movements == ()
    assert event_of(RecordKind.DEPOSITS, books="no").movements == ()
    rebate = event_of(RecordKind.LEDGER, books="rest")
    assert rebate.kind is TransactionKind.REWARD
    assert rebate.movements == (Movement("spot", "BTC", Decimal(2)), fee)
    assert event_of(RecordKind.LEDGER, books="rest", type="trade").movements == ()
    assert event_of(RecordKind.LEDGER, type="trade", direction="out").movements[0].amount == -2
    assert event_of(RecordKind.LEDGER, type="what").kind is TransactionKind.UNCLASSIFIED


def test_a_contract_trade_moves_no_coins() -> None:
    event = event_of(
        RecordKind.TRADES, symbol="BTC/USDT:USDT", side="buy", price="3", cost="6", fees=[]
    )
    assert event.movements == ()


def test_a_trade_without_cost_is_computed_exactly() -> None:
    event = event_of(
        RecordKind.TRADES,
        symbol="BTC/EUR",
        side="sell",
        amount="0.1",
        price="0.1234567890123456789",
        cost=None,
        fees=[],
        fee=None,
    )
    assert event.movements == (
        Movement("spot", "BTC", Decimal("-0.1")),
        Movement("spot", "EUR", Decimal("0.01234567890123456789")),
    )


def test_a_fee_in_a_coin_that_is_not_told_is_not_passed_over() -> None:
    with pytest.raises(ValueError, match="not told"):
        event_of(
            RecordKind.TRADES,
            symbol="BTC/EUR",
            side="buy",
            price="1",
            cost="2",
            fees=[{"cost": "0.1", "currency": None}],
        )


def test_a_fee_that_ccxt_took_off_a_deposit_is_taken_once() -> None:
    stream = StreamSpec("deposits", RecordKind.DEPOSITS, {"books": "all", "amounts": "net"})
    body = json.dumps({"unified": BODY, "info": {}})
    event = registry.normalise("btcmarkets", stream, body)
    assert event is not None
    assert [move.amount for move in event.movements] == [Decimal("2.1"), Decimal("-0.1")]
