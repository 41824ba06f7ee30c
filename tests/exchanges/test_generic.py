"""An exchange without a profile works from ccxt's flags: shown with Bitfinex's bare numbers."""

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
from portfolio.exchanges.errors import KeyBroken
from portfolio.exchanges.markets import LocalMarketCache
from portfolio.exchanges.types import ExchangeClient, StreamSpec, Verdict
from tests.exchanges.conftest import CREDENTIALS
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, tzinfo=UTC)
AT = 1_795_000_000_000
CONFIG = "/bitfinex/v2/conf/"
PRIVATE = "/bitfinex/v2/auth/r/"
# As in ccxt's source (parse_trade, parse_transaction), with more digits than a float has.
TRADE = (
    f'[418210,"tBTCUST",{AT},21497239,0.1234567890123456789,7616.5000000000000001,'
    '"EXCHANGE LIMIT",7616.5,-1,-0.00000001,"BTC"]'
)
DEPOSIT = (
    f'[13105603,"BTC","BITCOIN",null,null,{AT},{AT},null,null,"COMPLETED",null,null,'
    '0.50000000000000000001,0,null,null,"bc1qexample",null,null,null,"txid1",null]'
)
TABLE = {
    "pub:list:pair:exchange": '[["BTCUST"]]',
    "pub:list:currency": '[["BTC","UST"]]',
}


@pytest.fixture(autouse=True)
def _no_profiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exchanges that have a profile by now are read here as if they had none."""
    monkeypatch.setattr(registry, "_profile", lambda exchange: None)


@pytest.fixture
def cache() -> LocalMarketCache:
    return LocalMarketCache()


@pytest.fixture
def bitfinex(stub: Stub, cache: LocalMarketCache) -> Iterator[ExchangeClient]:
    """A client of the stub, whose markets are known."""
    cache.set("bitfinex:other", json.dumps(_markets()))
    client = registry.open_client(
        "bitfinex", CREDENTIALS, base_url=f"{stub.url}/bitfinex", markets=cache
    )
    yield client
    client.close()


def _markets() -> dict[str, Any]:
    from tests.exchanges.guarded import guarded

    instance, _ = guarded("bitfinex")
    market = dict(instance.markets["BTC/USDT"], id="tBTCUST", quoteId="UST")
    currencies = {
        "BTC": dict(instance.currencies["BTC"]),
        "USDT": dict(instance.currencies["USDT"], id="UST"),
    }
    data = {"markets": [market], "currencies": currencies, "options": {}}
    plain: dict[str, Any] = json.loads(json.dumps(data, default=str))
    return plain


def test_balances_and_a_key_that_cannot_be_judged(stub: Stub, bitfinex: ExchangeClient) -> None:
    row = '["exchange","BTC",1.00000000000000000001,0,1.00000000000000000001,"x",null]'
    stub.answers(f"{PRIVATE}wallets", f"[{row}]")
    assert bitfinex.balances() == [
        ReportedBalance("spot", "BTC", Decimal("1.00000000000000000001"))
    ]
    audit = bitfinex.audit()
    assert audit.verdict is Verdict.UNPROVED
    assert audit.warnings


def test_streams_follow_the_flags(bitfinex: ExchangeClient) -> None:
    streams = bitfinex.plan_streams(known_assets=frozenset())
    assert "trades" in [stream.key for stream in streams]
    assert "ledger" in [stream.key for stream in streams]


def test_a_trade_keeps_its_digits_and_its_own_text(stub: Stub, bitfinex: ExchangeClient) -> None:
    stream = StreamSpec("trades", RecordKind.TRADES, {"books": "all"})

    def trades(asked: Asked) -> Reply:
        return Reply(f"[{TRADE}]" if _holds(asked) else "[]")

    stub.answers(f"{PRIVATE}trades/hist", trades)
    records = _walk(bitfinex, stream)
    (record,) = records.values()
    assert record.external_id == "BTC/USDT:418210"
    assert "0.1234567890123456789," in record.body
    assert json.loads(record.body)["info"] == json.loads(TRADE)
    info = record.body.partition('"info": ')[2][:-1]
    assert info.replace(" ", "") == TRADE.replace(" ", "")
    event = registry.normalise("bitfinex", stream, record.body)
    assert event is not None
    assert event.kind is TransactionKind.TRADE
    base, quote, fee = event.movements
    assert base == Movement("spot", "BTC", Decimal("0.1234567890123456789"))
    assert (quote.asset, quote.amount < 0) == ("USDT", True)
    assert fee == Movement("spot", "BTC", Decimal("-0.00000001"), PostingRole.FEE)


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
        assert asked.parameters["marketId"] == "BTC-AUD"
        return Reply(json.dumps([trade]))

    stub.answers("/btcmarkets/v3/trades", trades)
    cursor = {"v": 1, "from": 1_795_000_000_000 - 86_400_000}
    page = client.fetch_page(streams[2], cursor, now=NOW)
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
    if not parameters:
        return True
    return int(parameters.get("start", 0)) <= AT <= int(parameters.get("end", 10**15))


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


def test_a_wrong_key_is_said_so(stub: Stub, bitfinex: ExchangeClient) -> None:
    stub.answers(f"{PRIVATE}wallets", Reply('["error",10100,"apikey: invalid"]', 500))
    from portfolio.exchanges.errors import GatewayError

    with pytest.raises(GatewayError) as caught:
        bitfinex.balances()
    assert caught.value.__context__ is None
    assert not isinstance(caught.value, KeyBroken)  # the status decides first: 5xx passes


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
    return registry.normalise("bitstamp", stream, body)


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
    assert event_of(RecordKind.LEDGER, type="what").kind is TransactionKind.OTHER


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
