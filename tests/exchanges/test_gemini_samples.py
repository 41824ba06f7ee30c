"""Gemini through the real client: what its documentation shows, and whole histories by pages."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine.types import RecordKind, ReportedBalance, TransactionKind
from portfolio.exchanges import exact, registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.types import ExchangeClient, StreamSpec, Verdict
from tests.exchanges.conftest import SECRET, sample
from tests.exchanges.paged import moved, told, walk
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NOW_MS = int(NOW.timestamp()) * 1000
OPENED = datetime(2015, 10, 1, tzinfo=UTC)
DAY = 86_400_000
BASE = "/gemini"
KEY = "account-NvVpUZE6mv9SD5VNHk4H"
TRANSFERS = StreamSpec("transfers", RecordKind.DEPOSITS)
STAKING = StreamSpec("staking", RecordKind.REWARDS)
BTCUSD = {"symbol": "btcusd", "base": "BTC", "quote": "USD"}
TRADES = StreamSpec("trades:btcusd", RecordKind.TRADES, BTCUSD)
PATHS = {
    "transfers": "v2/transfers",
    "staking": "v1/staking/history",
    "trades:btcusd": "v1/mytrades",
}


@pytest.fixture
def gemini(stub: Stub) -> Iterator[ExchangeClient]:
    key = {"apiKey": KEY, "secret": SECRET}
    client = registry.open_client("gemini", key, base_url=f"{stub.url}{BASE}")
    yield client
    client.close()


def payload(asked: Asked) -> dict[str, Any]:
    """What was asked for, if it is signed as Gemini wants it."""
    sent = asked.headers
    assert asked.method == "POST"
    assert sent["X-GEMINI-APIKEY"] == KEY
    text = sent["X-GEMINI-PAYLOAD"]
    signature = hmac.new(SECRET.encode(), text.encode(), "sha384").hexdigest()
    assert sent["X-GEMINI-SIGNATURE"] == signature
    body: dict[str, Any] = json.loads(base64.b64decode(text))
    assert f"{BASE}{body['request']}" == asked.path
    return body


def transfer(number: int, ms: int) -> dict[str, Any]:
    told_of = {"type": "Deposit", "status": "Complete", "currency": "USD", "amount": "12.5"}
    return {**told_of, "eid": number, "timestampms": ms, "method": "ACH"}


def trade(number: int, ms: int) -> dict[str, Any]:
    fee = {"fee_currency": "USD", "fee_amount": "1.5"}
    sold = {"price": "100.5", "amount": "2", "type": "Sell", "aggressor": False, "symbol": "BTCUSD"}
    return {**sold, **fee, "tid": number, "order_id": "7", "timestampms": ms}


def stake(number: int, ms: int) -> dict[str, Any]:
    what = {"transactionType": "Interest", "amountCurrency": "ETH", "amount": 0.01}
    return {**what, "transactionId": f"S{number}", "dateTime": ms}


def transfers_answer(body: dict[str, Any], rows: list[dict[str, Any]]) -> Any:
    assert body["show_completed_deposit_advances"] is False
    found = [row for row in rows if row["timestampms"] > body["timestamp"]]
    return found[: body["limit_transfers"]][::-1]


def trades_answer(body: dict[str, Any], rows: list[dict[str, Any]]) -> Any:
    assert body["symbol"] == "btcusd"
    found = [row for row in rows if row["timestampms"] >= body["timestamp"]]
    return found[: body["limit_trades"]][::-1]


def staking_answer(body: dict[str, Any], rows: list[dict[str, Any]]) -> Any:
    assert body["sortAsc"] is True
    since = int(datetime.fromisoformat(body["since"]).timestamp() * 1000)
    found = [row for row in rows if row["dateTime"] >= since][: body["limit"]]
    half = len(found) // 2
    parts = (("a", found[:half]), ("b", found[half:]))
    return [{"providerId": name, "transactions": part} for name, part in parts if part]


def serve(stub: Stub, stream: StreamSpec, rows: list[dict[str, Any]]) -> None:
    answer: Callable[..., Any] = {
        "transfers": transfers_answer,
        "staking": staking_answer,
        "trades:btcusd": trades_answer,
    }[stream.key]

    def reply(asked: Asked) -> Reply:
        return Reply(json.dumps(answer(payload(asked), rows)))

    stub.answers(f"{BASE}/{PATHS[stream.key]}", reply)


@pytest.mark.parametrize(
    ("stream", "make", "page", "name"),
    [
        (TRANSFERS, transfer, 50, "eid"),
        (TRADES, trade, 500, "tid"),
        (STAKING, stake, 500, "transactionId"),
    ],
    ids=["transfers", "trades", "staking"],
)
def test_every_row_is_found(
    stub: Stub, gemini: ExchangeClient, stream: StreamSpec, make: Any, page: int, name: str
) -> None:
    first = NOW_MS - 900 * DAY
    moments = [first + n * DAY // 10 for n in range(page - 20)]
    moments += [moments[-1] + 5] * 40  # one millisecond across the end of the page
    moments += [moments[-1] + n for n in range(1, page + 10)]
    rows = [make(number, ms) for number, ms in enumerate(moments, 1)]
    serve(stub, stream, rows)
    walked = walk(gemini, stream, NOW)
    assert walked.ids == {str(row[name]) for row in rows}
    assert walked.pages >= 3
    assert walk(gemini, stream, NOW, twice=True).records == walked.records
    assert walked.covered[-1] == (OPENED, NOW)
    rows.append(make(99_999, NOW_MS + 5))
    assert len(walk(gemini, stream, NOW + timedelta(hours=1), walked).ids) == len(rows)


def test_streams_of_listed_and_former_pairs(stub: Stub, gemini: ExchangeClient) -> None:
    names = '["btcusd","ethbtc","ethgusd","gusdusd","usdcusd","btcgusdperp","shibusdt","abcxyz"]'
    stub.answers(f"{BASE}/v1/symbols", names)
    streams = gemini.plan_streams(known_assets=frozenset({"BTC", "OLD"}))
    assert streams[:2] == [TRANSFERS, STAKING]
    pairs = {s.scope["symbol"]: (s.scope["base"], s.scope["quote"]) for s in streams[2:]}
    assert streams[2] == TRADES
    assert pairs["ethgusd"] == ("ETH", "GUSD")
    assert pairs["gusdusd"] == ("GUSD", "USD")
    assert pairs["usdcusd"] == ("USDC", "USD")
    assert pairs["shibusdt"] == ("SHIB", "USDT")
    assert pairs["oldusd"] == ("OLD", "USD")
    assert not any("perp" in symbol for symbol in pairs)


# --- what rows say -----------------------------------------------------------------------------


def test_the_documented_trades(stub: Stub, gemini: ExchangeClient) -> None:
    text = sample("gemini", "mytrades")
    stub.answers(f"{BASE}/v1/mytrades", text)
    page = gemini.fetch_page(TRADES, {}, now=NOW)
    assert [r.body for r in page.records] == [row.text for row in exact.elements(text)]
    event = told("gemini", TRADES, page.records[0])
    assert event.key == "trade:btcusd:107317526"
    assert event.occurred_at == datetime(2019, 1, 11, 18, 55, 11, 21000, tzinfo=UTC)
    assert moved(event) == {
        ("exchange", "BTC", ""): Decimal("0.0027343246"),
        ("exchange", "USD", ""): Decimal("-9.975062230014"),
        ("exchange", "USD", "fee"): Decimal("-0.024937655575035"),
    }
    assert (event.detail["side"], event.detail["role"]) == ("buy", "taker")


def test_a_sale_and_trades_that_were_broken() -> None:
    sold = told("gemini", TRADES, json.dumps(trade(1, NOW_MS)))
    assert moved(sold) == {
        ("exchange", "BTC", ""): Decimal(-2),
        ("exchange", "USD", ""): Decimal("201.0"),
        ("exchange", "USD", "fee"): Decimal("-1.5"),
    }
    never = told("gemini", TRADES, json.dumps({**trade(1, NOW_MS), "break": "full"}))
    assert never.movements == ()
    by_hand = told("gemini", TRADES, json.dumps({**trade(1, NOW_MS), "break": "manual"}))
    assert moved(by_hand) == moved(sold)
    with pytest.raises(ValueError, match="neither"):
        registry.normalise("gemini", TRADES, json.dumps({**trade(1, NOW_MS), "type": "Loan"}))


def test_the_documented_transfers(stub: Stub, gemini: ExchangeClient) -> None:
    stub.answers(f"{BASE}/v2/transfers", sample("gemini", "transfers"))
    page = gemini.fetch_page(TRANSFERS, {}, now=NOW)
    events = [told("gemini", TRANSFERS, record) for record in page.records]
    assert [moved(event) for event in events] == [
        {
            ("exchange", "USDC", ""): Decimal("-0.01"),
            ("exchange", "USDC", "fee"): Decimal("-0.118856"),
        },
        {
            ("exchange", "USDC", ""): Decimal(-1799),
            ("exchange", "USDC", "fee"): Decimal("-0.202536"),
        },
        {("exchange", "ETH", ""): Decimal(100)},
        {("exchange", "BTC", ""): Decimal(-6)},
        {("exchange", "BTC", ""): Decimal(4)},
    ]
    assert [event.kind for event in events] == [
        TransactionKind.WITHDRAWAL,
        TransactionKind.WITHDRAWAL,
        TransactionKind.DEPOSIT,
        TransactionKind.ADJUSTMENT,
        TransactionKind.ADJUSTMENT,
    ]
    assert events[0].detail["network"] == "ethereum"
    assert events[0].detail["address"].startswith("0x83cF")


def test_a_pending_transfer_moves_nothing() -> None:
    pending = told("gemini", TRANSFERS, json.dumps({**transfer(1, NOW_MS), "status": "Pending"}))
    assert pending.movements == ()


def test_the_documented_staking_history(stub: Stub, gemini: ExchangeClient) -> None:
    stub.answers(f"{BASE}/v1/staking/history", sample("gemini", "staking_history"))
    page = gemini.fetch_page(STAKING, {}, now=NOW)
    back, went, eth, earned = (told("gemini", STAKING, record) for record in page.records)
    assert moved(back) == {
        ("exchange", "MATIC", ""): Decimal(20),
        ("staking", "MATIC", ""): Decimal(-20),
    }
    assert moved(went, eth) == {
        ("exchange", "MATIC", ""): Decimal(-30),
        ("staking", "MATIC", ""): Decimal(30),
        ("exchange", "ETH", ""): Decimal(-3),
        ("staking", "ETH", ""): Decimal(3),
    }
    assert earned.kind is TransactionKind.REWARD
    assert moved(earned) == {("staking", "MATIC", ""): Decimal("0.01")}
    assert moved(back, went, eth, earned)["staking", "MATIC", ""] == Decimal("10.01")


@pytest.mark.parametrize(
    ("kind", "sums"),
    [
        ("AdminRedeem", {("exchange", "ETH", ""): 1, ("staking", "ETH", ""): -1}),
        ("RedeemPayment", {}),
        ("AdminCreditAdjustment", {("staking", "ETH", ""): 1}),
        ("AdminDebitAdjustment", {("staking", "ETH", ""): -1}),
    ],
)
def test_other_moves_of_staking(kind: str, sums: dict[Any, int]) -> None:
    row = {**stake(1, NOW_MS), "transactionType": kind, "amount": 1}
    assert moved(told("gemini", STAKING, json.dumps(row))) == sums


# --- balances and keys -------------------------------------------------------------------------


def test_balances_of_both_wallets(stub: Stub, gemini: ExchangeClient) -> None:
    stub.answers(f"{BASE}/v1/balances", sample("gemini", "balances"))
    stub.answers(f"{BASE}/v1/balances/staking", sample("gemini", "staking_balances"))
    assert gemini.balances() == [
        ReportedBalance("exchange", "BTC", Decimal("5.0")),
        ReportedBalance("exchange", "USD", Decimal("15000.00")),
        ReportedBalance("exchange", "ETH", Decimal("10.0")),
        ReportedBalance("staking", "MATIC", Decimal(10)),
        ReportedBalance("staking", "ETH", Decimal(3)),
    ]


@pytest.mark.parametrize(
    ("roles", "verdict", "missing"),
    [
        ({"isAuditor": True, "isTrader": False}, Verdict.READ_ONLY, ()),
        ({"isAuditor": False, "isTrader": True}, Verdict.CAN_TRADE, ()),
        ({"isTrader": True, "isFundManager": True}, Verdict.CAN_WITHDRAW, ()),
        ({"isAuditor": True, "isAccountAdmin": True}, Verdict.CAN_WITHDRAW, ()),
        ({"isAuditor": True, "isRoleOfTomorrow": True}, Verdict.CAN_WITHDRAW, ()),
        ({"isAuditor": True, "isTrader": "maybe"}, Verdict.CAN_TRADE, ()),
        ({"isAuditor": False, "isTrader": False}, Verdict.READ_ONLY, ("Auditor",)),
    ],
)
def test_keys_are_judged(
    stub: Stub,
    gemini: ExchangeClient,
    roles: dict[str, Any],
    verdict: Verdict,
    missing: tuple[str, ...],
) -> None:
    stub.answers(f"{BASE}/v1/roles", json.dumps(roles))
    stub.answers(f"{BASE}/v1/account", sample("gemini", "account"))
    audit = gemini.audit()
    assert audit.verdict is verdict
    assert audit.missing == missing
    assert audit.account_uid == "primary:1498245007981"
    assert "Nakamoto" not in audit.raw


def test_the_documented_key_may_withdraw(stub: Stub, gemini: ExchangeClient) -> None:
    stub.answers(f"{BASE}/v1/roles", sample("gemini", "roles"))
    stub.answers(f"{BASE}/v1/account", sample("gemini", "account"))
    audit = gemini.audit()
    assert audit.verdict is Verdict.CAN_WITHDRAW
    assert audit.dangerous == ("isFundManager", "isTrader")


def test_a_group_s_key_is_refused_before_anything_is_sent(stub: Stub) -> None:
    key = {"apiKey": "master-abc", "secret": SECRET}
    client = registry.open_client("gemini", key, base_url=f"{stub.url}{BASE}")
    with pytest.raises(KeyBroken):
        client.audit()
    assert stub.asked == []


def refused(reason: str, status: int = 400) -> Reply:
    words = {"result": "error", "reason": reason, "message": "Some words of theirs"}
    return Reply(json.dumps(words), status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused("InvalidSignature"), KeyBroken),
        (refused("ApiKeyIpFilteringFailure", 403), KeyBroken),
        (refused("MissingRole", 403), StreamUnavailable),
        (refused("InvalidTimestampInPayload"), StreamUnavailable),
        (refused("InvalidNonce"), TryAgain),
        (refused("RateLimit", 429), WaitUntil),
        (refused("Maintenance", 503), TryAgain),
        (refused("ReasonOfTomorrow"), TryAgain),
        (Reply("<html>", 502), TryAgain),
        (Reply('{"what": 1}'), TryAgain),
    ],
)
def test_errors(stub: Stub, gemini: ExchangeClient, reply: Reply, kind: type[GatewayError]) -> None:
    stub.answers(f"{BASE}/v2/transfers", reply)
    with pytest.raises(GatewayError) as caught:
        gemini.fetch_page(TRANSFERS, {}, now=NOW)
    assert type(caught.value) is kind
    assert "words of theirs" not in caught.value.message


def test_a_pair_that_gemini_does_not_know_rests(stub: Stub, gemini: ExchangeClient) -> None:
    stub.answers(f"{BASE}/v1/mytrades", refused("InvalidSymbol"))
    page = gemini.fetch_page(TRADES, {}, now=NOW)
    assert page.is_last
    assert page.covered is None
    gemini.fetch_page(TRADES, page.cursor, now=NOW + timedelta(days=1))
    assert len(stub.asked) == 1


def test_prices(stub: Stub) -> None:
    stub.answers(f"{BASE}/v1/symbols", '["btcusd", "linketh"]')
    feed = '[{"pair":"LINKETH","price":"0.018"},{"pair":"BTCUSD","price":"64000.5"}]'
    stub.answers(f"{BASE}/v1/pricefeed", feed)
    prices = registry.open_market_data("gemini", base_url=f"{stub.url}{BASE}")
    assert {(t.asset, t.currency): t.price for t in prices.tickers()} == {
        ("BTC", "USD"): Decimal("64000.5"),
        ("LINK", "ETH"): Decimal("0.018"),
    }
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    opened = int(datetime(yesterday.year, yesterday.month, yesterday.day, tzinfo=UTC).timestamp())
    rows = [[(opened + n * 86_400) * 1000, 1, 3, 1, 2.5 + n, 9] for n in (1, 0, -1)]
    stub.answers(f"{BASE}/v2/candles/btcusd/1day", json.dumps(rows))
    closes = prices.daily_closes("BTC", "USD", since=yesterday)
    assert [(candle.on, candle.close) for candle in closes] == [(yesterday, Decimal("2.5"))]
    prices.close()
