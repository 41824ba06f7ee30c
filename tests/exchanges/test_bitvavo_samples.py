"""What Bitvavo is shown to answer gives the right records, transactions and postings."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest

from portfolio.engine.types import (
    Movement,
    PostingRole,
    RecordKind,
    ReportedBalance,
    TransactionKind,
)
from portfolio.exchanges import budget, catalogue, registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.profiles.bitvavo import PROFILE
from portfolio.exchanges.types import ExchangeClient, StreamSpec, Verdict
from tests.exchanges.conftest import CREDENTIALS, SECRET, sample
from tests.exchanges.rounds import whole
from tests.exchanges.sampled import normalised, opened
from tests.exchanges.stub import Asked, Reply, Stub

ROOT = "/bitvavo/v2"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LEDGER = StreamSpec("ledger", RecordKind.LEDGER)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
TRADES = StreamSpec("trades:ETH-EUR", RecordKind.TRADES, {"symbol": "ETH-EUR"})


@pytest.fixture
def client(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "bitvavo", CREDENTIALS)


normalise = partial(normalised, "bitvavo")


def shown(name: str) -> dict[str, Any]:
    told = json.loads(sample("bitvavo", name))
    row: dict[str, Any] = (told["items"] if isinstance(told, dict) else told)[0]
    return row


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


# --- walks -------------------------------------------------------------------------------------


def history_rows(count: int) -> list[dict[str, Any]]:
    """Many rows of few moments, years apart; five share each millisecond."""
    first = datetime(2019, 1, 1, tzinfo=UTC)
    rows = []
    for number in range(count):
        moment = first + timedelta(days=number // 400 * 500, minutes=number // 5)
        at = moment.isoformat().replace("+00:00", ".000Z")
        rows.append({**shown("history"), "transactionId": f"t{number}", "executedAt": at})
    return rows


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 1234])
def test_the_history_is_read_to_its_end(stub: Stub, client: ExchangeClient, count: int) -> None:
    rows = history_rows(count)

    def answer(asked: Asked) -> Reply:
        told = asked.parameters
        begin, end = (int(told[name]) for name in ("fromDate", "toDate"))
        found = [r for r in rows if begin <= ms(datetime.fromisoformat(r["executedAt"])) <= end]
        page, size = int(told.get("page", "1")), int(told["maxItems"])
        items = found[::-1][(page - 1) * size : page * size]
        pages = max(-(-len(found) // size), 1)
        return Reply(json.dumps({"items": items, "currentPage": page, "totalPages": pages}))

    stub.answers(f"{ROOT}/account/history", answer)
    found = whole(client, LEDGER, NOW)
    assert set(found.bodies) == {f"{row['transactionId']}:buy" for row in rows}
    assert found.covered == (datetime(2018, 3, 1, tzinfo=UTC), NOW)


def test_lists_are_halved_while_they_are_full(stub: Stub, client: ExchangeClient) -> None:
    first = ms(datetime(2024, 5, 1, tzinfo=UTC))
    rows = [
        {**shown("deposits"), "timestamp": first + n // 3, "amount": f"{n}"} for n in range(2500)
    ]

    def answer(asked: Asked) -> Reply:
        begin, end = (int(asked.parameters[name]) for name in ("start", "end"))
        assert asked.parameters["limit"] == "1000"
        found = [row for row in reversed(rows) if begin <= row["timestamp"] <= end]
        return Reply(json.dumps(found[:1000]))

    for path, stream in (("depositHistory", DEPOSITS), ("withdrawalHistory", WITHDRAWALS)):
        stub.answers(f"{ROOT}/{path}", answer)
        assert len(whole(client, stream, NOW).bodies) == 2500


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("count", [0, 1, 1000, 2500])
def test_fills_are_walked_down_by_their_ids(
    stub: Stub, client: ExchangeClient, count: int, inclusive: bool
) -> None:
    newest = ms(NOW) - 3_600_000
    rows = [{**shown("trades"), "id": f"f{n}", "timestamp": newest - n // 4} for n in range(count)]

    def answer(asked: Asked) -> Reply:
        assert asked.parameters["market"] == "ETH-EUR"
        to = asked.parameters.get("tradeIdTo")
        begin = int(to[1:]) + (not inclusive) if to else 0
        return Reply(json.dumps(rows[begin : begin + int(asked.parameters["limit"])]))

    stub.answers(f"{ROOT}/trades", answer)
    assert len(whole(client, TRADES, NOW).bodies) == count


def test_a_request_is_signed(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(f"{ROOT}/trades", "[]")
    client.fetch_page(TRADES, {}, now=NOW)
    (asked,) = stub.asked
    sent = asked.headers
    assert sent["Bitvavo-Access-Key".upper()] == CREDENTIALS["apiKey"]
    text = f"{sent['BITVAVO-ACCESS-TIMESTAMP']}GET/v2/trades?{urlencode(asked.parameters)}"
    expected = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert sent["BITVAVO-ACCESS-SIGNATURE"] == expected


# --- what rows say -----------------------------------------------------------------------------


def moved(*parts: tuple[str, str], fee: tuple[str, str] | None = None) -> tuple[Movement, ...]:
    found = [Movement("spot", asset, Decimal(amount)) for amount, asset in parts]
    if fee:
        found.append(Movement("spot", fee[1], Decimal(fee[0]), PostingRole.FEE))
    return tuple(found)


def test_a_purchase_has_its_fee_beside_and_floats_leave_nothing(
    stub: Stub, client: ExchangeClient
) -> None:
    stub.answers(f"{ROOT}/account/history", sample("bitvavo", "history"))
    (event,) = whole(client, LEDGER, NOW).events("bitvavo")
    assert event.kind is TransactionKind.TRADE
    assert event.occurred_at == datetime(2025, 2, 8, 14, 26, 45, tzinfo=UTC)
    assert event.movements == moved(
        ("-299.25137862", "EUR"), ("0.00318807", "BTC"), fee=("-0.74862138", "EUR")
    )
    assert sum(m.amount for m in event.movements if m.asset == "EUR") == -300
    assert event.detail == {"type": "buy", "symbol": "BTC/EUR", "side": "buy", "price": "93866"}


def test_a_price_may_say_that_the_fee_is_within() -> None:
    row = shown("history") | {"priceAmount": "100", "receivedAmount": "2", "feesAmount": "0.5"}
    beside = normalise(LEDGER, row | {"sentAmount": "200.00"})
    within = normalise(LEDGER, row | {"sentAmount": "200.50"})
    bought = moved(("-200", "EUR"), ("2", "BTC"), fee=("-0.5", "EUR"))
    assert beside.movements == within.movements == bought
    sold = {
        **row,
        "type": "sell",
        **{"sentCurrency": "BTC", "sentAmount": "2", "receivedCurrency": "EUR"},
    }
    for received in ("200", "199.5"):
        event = normalise(LEDGER, sold | {"receivedAmount": received})
        assert event.movements == moved(("-2", "BTC"), ("200", "EUR"), fee=("-0.5", "EUR"))
        assert event.detail["side"] == "sell"
    odd = normalise(LEDGER, row | {"sentAmount": "200.50", "priceAmount": "0.1"})
    assert odd.movements[0].amount == Decimal("-200.50")  # a price of something else: beside


def test_the_documented_row_is_read() -> None:
    event = normalise(LEDGER, shown("history_older"))
    assert event.movements == moved(("-0.1", "EUR"), ("0.0001", "BTC"), fee=("-0.01", "EUR"))


def test_many_digits_stay_exact_where_no_float_made_them() -> None:
    row = {"transactionId": "t", "executedAt": "2024-01-01T00:00:00.000Z", "type": "staking"}
    for amount in ("0.123456789012345678", "12345678.12345678", "0.00000001", "1e-18"):
        told = {**row, "receivedCurrency": "ETH", "receivedAmount": amount}
        assert normalise(LEDGER, told).movements == moved((amount, "ETH"))
    noisy = {**row, "receivedCurrency": "ETH", "receivedAmount": "0.30000000000000004"}
    assert normalise(LEDGER, noisy).movements == moved(("0.3", "ETH"))


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("staking", TransactionKind.REWARD),
        ("fixed_staking", TransactionKind.REWARD),
        ("affiliate", TransactionKind.REWARD),
        ("rebate", TransactionKind.REWARD),
        ("distribution", TransactionKind.AIRDROP),
        ("deposit", TransactionKind.DEPOSIT),
        ("withdrawal", TransactionKind.WITHDRAWAL),
        ("withdrawal_cancelled", TransactionKind.ADJUSTMENT),
        ("internal_transfer", TransactionKind.TRANSFER),
        ("external_transferred_funds", TransactionKind.TRANSFER),
        ("manually_assigned", TransactionKind.ADJUSTMENT),
        ("loan", TransactionKind.UNCLASSIFIED),
        ("word_of_tomorrow", TransactionKind.UNCLASSIFIED),
    ],
)
def test_every_word_keeps_its_movements(word: str, kind: TransactionKind) -> None:
    row = {"transactionId": "t", "executedAt": "2024-01-01T00:00:00.000Z", "type": word}
    into = normalise(LEDGER, {**row, "receivedCurrency": "MIOTA", "receivedAmount": "5"})
    assert into.kind is kind
    assert into.movements == moved(("5", "IOTA"))
    out = {"sentCurrency": "ADA", "sentAmount": "5", "feesCurrency": "ADA", "feesAmount": "0.1"}
    assert normalise(LEDGER, row | out).movements == moved(("-5", "ADA"), fee=("-0.1", "ADA"))
    rebate = normalise(LEDGER, row | out | {"feesAmount": "-0.1"})
    assert rebate.movements == moved(("-5", "ADA"), fee=("0.1", "ADA"))


def test_lists_explain_the_row_of_their_second() -> None:
    row = {"transactionId": "t", "executedAt": "2020-05-26T11:26:41.000Z", "type": "deposit"}
    booked = normalise(LEDGER, {**row, "receivedCurrency": "ETH", "receivedAmount": "0.249825"})
    listed = normalise(DEPOSITS, shown("deposits"))
    assert listed.key == booked.key
    assert listed.movements == ()
    assert listed.detail["txid"].startswith("0x5167")
    gone = {**row, "executedAt": "2020-05-26T22:13:32.000Z", "type": "withdrawal"}
    booked = normalise(LEDGER, {**gone, "sentCurrency": "ETH", "sentAmount": "0.091"})
    listed = normalise(WITHDRAWALS, shown("withdrawals"))
    assert (listed.key, listed.movements) == (booked.key, ())
    assert listed.detail["status"] == "awaiting_bitvavo_inspection"
    sold = {
        **shown("history"),
        **{"type": "sell", "executedAt": "2020-05-26T15:07:29.000Z", "sentCurrency": "ETH"},
        **{"receivedCurrency": "EUR"},
    }
    fill = normalise(TRADES, shown("trades"))
    assert (fill.key, fill.movements) == (normalise(LEDGER, sold).key, ())
    told = "0.249825 ETH at 183.49 EUR, fee 0.12038925 EUR, taker"
    assert fill.detail["fill b0c86aa5-6ed3-4a2d-ba3a-be9a964220f4"] == told


# --- balances, keys ----------------------------------------------------------------------------


def test_what_is_staked_is_part_of_the_wallet(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(f"{ROOT}/balance", sample("bitvavo", "balance"))
    stub.answers(f"{ROOT}/stakingBalance", sample("bitvavo", "staking_balance"))
    assert client.balances() == [ReportedBalance("spot", "BTC", Decimal("3.32419567"))]
    audit = client.audit()
    assert (audit.verdict, audit.account_uid) == (Verdict.UNPROVED, "")
    assert not catalogue.get("bitvavo").can_prove_permissions


def test_streams(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(f"{ROOT}/balance", "[]")
    stub.answers(f"{ROOT}/stakingBalance", "[]")
    rows = [
        {"market": f"{base}-{quote}", "status": "trading", "base": base, "quote": quote}
        for base, quote in (("BTC", "EUR"), ("ADA", "EUR"), ("BTC", "USDC"), ("MIOTA", "EUR"))
    ]
    stub.answers(f"{ROOT}/markets", json.dumps(rows))
    streams = client.plan_streams(known_assets=frozenset({"BTC", "IOTA"}))
    assert [stream.key for stream in streams] == [
        *("ledger", "deposits", "withdrawals", "trades:BTC-EUR", "trades:MIOTA-EUR"),
    ]


def test_the_allowance_learns_from_what_is_left() -> None:
    (weight,) = PROFILE.allowances
    assert budget.used_from({"Bitvavo-Ratelimit-Remaining": "400"}, weight) == 600
    assert budget.used_from({"Bitvavo-Ratelimit-Remaining": "9999"}, weight) == 0
    assert budget.used_from({}, weight) is None
    assert {call.path: call.costs["weight"] for call in PROFILE.read_list}["trades"] == 5


# --- errors ------------------------------------------------------------------------------------


def refused(code: int, status: int = 400) -> Reply:
    return Reply(json.dumps({"errorCode": code, "error": "Some words of theirs"}), status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused(305, 403), KeyBroken),
        (refused(306, 403), KeyBroken),
        (refused(307, 403), KeyBroken),
        (refused(309, 403), KeyBroken),
        (refused(317, 403), KeyBroken),
        (refused(311, 403), StreamUnavailable),
        (refused(203), StreamUnavailable),
        (refused(103, 429), WaitUntil),
        (refused(105, 403), WaitUntil),
        (refused(107, 503), TryAgain),
        (refused(404), TryAgain),
        (refused(999), TryAgain),
        (Reply("<html>", 502), TryAgain),
        (Reply('{"items": []}'), TryAgain),
    ],
)
def test_errors(stub: Stub, client: ExchangeClient, reply: Reply, kind: type[GatewayError]) -> None:
    stub.answers(f"{ROOT}/account/history", reply)
    with pytest.raises(GatewayError) as caught:
        client.fetch_page(LEDGER, {}, now=NOW)
    assert type(caught.value) is kind
    assert "words of theirs" not in caught.value.message
    assert caught.value.__context__ is None


def test_a_late_request_sets_the_clock(stub: Stub, client: ExchangeClient) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=90)

    def answer(asked: Asked) -> Reply:
        sent = datetime.fromtimestamp(int(asked.headers["BITVAVO-ACCESS-TIMESTAMP"]) / 1000, UTC)
        late = abs(sent - ahead) > timedelta(seconds=30)
        return refused(304, 403) if late else Reply("[]")

    stub.answers(f"{ROOT}/time", json.dumps({"time": ms(ahead)}))
    stub.answers(f"{ROOT}/trades", answer)
    assert client.fetch_page(TRADES, {}, now=NOW).is_last
    assert [asked.path for asked in stub.asked] == [
        *(f"{ROOT}/trades", f"{ROOT}/time", f"{ROOT}/trades")
    ]


def test_a_market_that_is_gone_rests(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(f"{ROOT}/trades", refused(205))
    page = client.fetch_page(TRADES, {}, now=NOW)
    assert page.is_last
    client.fetch_page(TRADES, page.cursor, now=NOW + timedelta(days=1))
    assert len(stub.asked) == 1


# --- prices ------------------------------------------------------------------------------------


def test_prices(stub: Stub) -> None:
    row = {"market": "BTC-EUR", "status": "trading", "base": "BTC", "quote": "EUR"}
    stub.answers(f"{ROOT}/markets", json.dumps([row, {**row, "market": "X-EUR", "status": "x"}]))
    stub.answers(f"{ROOT}/ticker/price", '[{"market": "BTC-EUR", "price": "91000.1"}]')
    today = datetime.now(UTC).date()

    def candles(asked: Asked) -> Reply:
        start, end = (int(asked.parameters[name]) for name in ("start", "end"))
        assert asked.parameters["interval"] == "1d"
        assert (end - start) // 86_400_000 == 1439
        days = range(start, min(end, ms(datetime.now(UTC))) + 1, 86_400_000)
        return Reply(json.dumps([[day, "1", "2", "1", "1.25", "9"] for day in reversed(days)]))

    stub.answers(f"{ROOT}/BTC-EUR/candles", candles)
    prices = registry.open_market_data("bitvavo", base_url=f"{stub.url}/bitvavo")
    assert prices.markets() == [("BTC", "EUR")]
    assert prices.tickers()[0].price == Decimal("91000.1")
    since = today - timedelta(days=2000)
    closes = prices.daily_closes("BTC", "EUR", since=since)
    assert [close.on for close in closes] == [since + timedelta(days=n) for n in range(2000)]
    prices.close()
