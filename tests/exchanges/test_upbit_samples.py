"""What Upbit is shown to answer gives the right records, transactions and postings."""

from __future__ import annotations

import base64
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
from portfolio.exchanges import catalogue, registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.types import ExchangeClient, StreamSpec, Verdict
from tests.exchanges.conftest import CREDENTIALS, SECRET, sample
from tests.exchanges.rounds import Round, whole
from tests.exchanges.sampled import normalised, opened
from tests.exchanges.stub import Asked, Reply, Stub

ROOT = "/upbit/v1"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TRADES = StreamSpec("trades", RecordKind.TRADES)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
KOREA = timedelta(hours=9)


@pytest.fixture
def client(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "upbit", CREDENTIALS)


normalise = partial(normalised, "upbit")


def shown(name: str) -> dict[str, Any]:
    told = json.loads(sample("upbit", name))
    row: dict[str, Any] = told[0] if isinstance(told, list) else told
    return row


def told_at(moment: datetime) -> str:
    return (moment + KOREA).strftime("%Y-%m-%dT%H:%M:%S+09:00")


# --- walks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1000, 2345])
def test_closed_orders_are_walked_to_the_end(
    stub: Stub, client: ExchangeClient, count: int
) -> None:
    begun = datetime(2025, 3, 1, tzinfo=UTC)
    rows = []
    for n in range(count):  # two thousand of one hour, and the rest over months
        made = begun + (timedelta(seconds=n // 3) if n < 2000 else timedelta(hours=n))
        rows.append((made, {**shown("order"), "uuid": f"o{n}", "created_at": told_at(made)}))

    def answer(asked: Asked) -> Reply:
        told = asked.parameters
        assert (told["limit"], told["order_by"]) == ("1000", "asc")
        start, end = (int(told[name]) for name in ("start_time", "end_time"))
        assert 0 <= end - start <= 7 * 86_400_000
        found = [row for made, row in rows if start <= made.timestamp() * 1000 <= end]
        return Reply(json.dumps(found[:1000]))

    stub.answers(f"{ROOT}/orders/closed", answer)
    found = whole(client, TRADES, NOW)
    assert len(found.bodies) == count
    assert found.covered[0] == datetime(2017, 10, 1, tzinfo=UTC)


@pytest.mark.parametrize("count", [0, 1, 100, 350])
def test_deposits_and_withdrawals_are_walked_by_page(
    stub: Stub, client: ExchangeClient, count: int
) -> None:
    rows = [
        {**shown("deposits"), "uuid": f"d{n}", "created_at": told_at(NOW - timedelta(days=n // 4))}
        for n in range(count)
    ]

    def answer(asked: Asked) -> Reply:
        told = asked.parameters
        assert (told["limit"], told["order_by"]) == ("100", "desc")
        begin = (int(told["page"]) - 1) * 100
        return Reply(json.dumps(rows[begin : begin + 100]))

    for path, stream in (("deposits", DEPOSITS), ("withdraws", WITHDRAWALS)):
        stub.answers(f"{ROOT}/{path}", answer)
        found = whole(client, stream, NOW)
        assert len(found.bodies) == count
        assert found.covered == (datetime(2017, 10, 1, tzinfo=UTC), NOW)


def test_a_request_is_signed(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(f"{ROOT}/deposits", "[]")
    client.fetch_page(DEPOSITS, {}, now=NOW)
    (asked,) = stub.asked
    scheme, token = asked.headers["Authorization"].split(" ")
    head, body, signature = token.split(".")
    signed = hmac.new(SECRET.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    assert (scheme, signature) == ("Bearer", base64.urlsafe_b64encode(signed).decode().rstrip("="))
    told = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert told["access_key"] == CREDENTIALS["apiKey"]
    query = hashlib.sha512(urlencode(asked.parameters).encode()).hexdigest()
    assert (told["query_hash"], told["query_hash_alg"]) == (query, "SHA512")
    client.fetch_page(DEPOSITS, {}, now=NOW)
    again = json.loads(
        base64.urlsafe_b64decode(stub.asked[1].headers["Authorization"].split(".")[1] + "==")
    )
    assert again["nonce"] != told["nonce"]


# --- what rows say -----------------------------------------------------------------------------


def moved(*parts: str, fee: str = "") -> tuple[Movement, ...]:
    found = [(part, PostingRole.PRINCIPAL) for part in parts]
    found += [(fee, PostingRole.FEE)] if fee else []
    return tuple(
        Movement("spot", text.split()[1], Decimal(text.split()[0]), role) for text, role in found
    )


def test_an_order_s_fee_is_in_the_quote_and_beside() -> None:
    row = shown("order") | {"executed_funds": "7394.19175"}
    sold = normalise(TRADES, row)
    assert sold.key == "order:3b67e543-8ad3-48d0-8451-0dad315cae73"
    assert sold.kind is TransactionKind.TRADE
    assert sold.occurred_at == datetime(2025, 8, 9, 7, 44, tzinfo=UTC)
    assert sold.movements == moved("-5.377594 USDT", "7394.19175 KRW", fee="-3.697095875 KRW")
    assert (sold.detail["symbol"], sold.detail["side"]) == ("USDT/KRW", "sell")
    assert (sold.detail["type"], sold.detail["fills"]) == ("market", "1")
    bought = normalise(TRADES, row | {"side": "bid", "ord_type": "price", "state": "cancel"})
    assert bought.movements == moved("5.377594 USDT", "-7394.19175 KRW", fee="-3.697095875 KRW")
    free = normalise(TRADES, row | {"paid_fee": "0"})
    assert free.movements == moved("-5.377594 USDT", "7394.19175 KRW")
    other = normalise(TRADES, row | {"market": "BTC-TON"})
    assert {movement.asset for movement in other.movements} == {"TOKAMAK", "BTC"}


def test_an_order_without_fills_is_kept_and_says_nothing(
    stub: Stub, client: ExchangeClient
) -> None:
    stub.answers(f"{ROOT}/orders/closed", sample("upbit", "orders_closed"))
    page = client.fetch_page(TRADES, {"v": 1, "from": 1717200000000}, now=NOW)
    (record,) = page.records
    assert record.external_id == "637fd66-d019-4d77-bee6-8e0cff28edd9"
    assert registry.normalise("upbit", TRADES, record.body) is None


def test_an_order_that_waited_for_months_is_found_once_it_closes(
    stub: Stub, client: ExchangeClient
) -> None:
    made = NOW - timedelta(days=150)
    row = {**shown("order"), "created_at": told_at(made)}
    closed: list[dict[str, Any]] = []

    def answer(asked: Asked) -> Reply:
        start, end = (int(asked.parameters[name]) for name in ("start_time", "end_time"))
        return Reply(json.dumps(closed if start <= made.timestamp() * 1000 <= end else []))

    stub.answers(f"{ROOT}/orders/closed", answer)
    first = Round(client, TRADES, NOW).run()
    assert not first.bodies
    closed.append(row)
    later = Round(client, TRADES, NOW + timedelta(days=1)).run(first.pages[-1].cursor)
    assert list(later.bodies) == [row["uuid"]]


def test_deposits_by_their_state() -> None:
    done = normalise(DEPOSITS, shown("deposits"))
    assert done.key == "deposit:94332e99-3a87-4a35-ad98-28b0c969f830"
    assert done.kind is TransactionKind.DEPOSIT
    assert done.occurred_at == datetime(2017, 12, 8, 6, 38, 2, tzinfo=UTC)
    assert done.movements == moved("100000.0 KRW")
    assert done.detail["status"] == "accepted"
    charged = normalise(DEPOSITS, shown("deposits") | {"fee": "500"})
    assert charged.movements == moved("100000.0 KRW", fee="-500 KRW")
    for state in ("PROCESSING", "CANCELLED", "REJECTED", "TRAVEL_RULE_SUSPECTED", "REFUNDED"):
        row = shown("deposits") | {"state": state, "done_at": None}
        assert normalise(DEPOSITS, row).movements == ()


def test_withdrawals_by_their_state() -> None:
    waiting = normalise(WITHDRAWALS, shown("withdraws"))
    assert (waiting.movements, waiting.detail["status"]) == ((), "processing")
    assert waiting.occurred_at == datetime(2018, 4, 13, 2, 24, 1, tzinfo=UTC)
    row = shown("withdraws") | {"fee": "0.0005", "done_at": "2018-04-13T11:40:00+09:00"}
    done = normalise(WITHDRAWALS, row | {"state": "DONE", "txid": "abc", "net_type": "BTC"})
    assert done.key == waiting.key
    assert done.occurred_at == datetime(2018, 4, 13, 2, 40, tzinfo=UTC)
    assert done.movements == moved("-0.01 BTC", fee="-0.0005 BTC")
    assert (done.detail["txid"], done.detail["network"]) == ("abc", "BTC")
    for state in ("WAITING", "FAILED", "CANCELLED", "REJECTED"):
        assert normalise(WITHDRAWALS, row | {"state": state}).movements == ()


# --- balances, keys ----------------------------------------------------------------------------


def test_balances_with_what_is_in_orders(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(f"{ROOT}/accounts", sample("upbit", "accounts"))
    assert client.balances() == [
        ReportedBalance("spot", "BTC", Decimal("0.005")),
        ReportedBalance("spot", "ETH", Decimal("0.1")),
    ]
    rows = [
        {"currency": "KRW", "balance": "1000000.5", "locked": "2000.25"},
        {"currency": "TON", "balance": "0", "locked": "0"},
    ]
    stub.answers(f"{ROOT}/accounts", json.dumps(rows))
    assert client.balances() == [ReportedBalance("spot", "KRW", Decimal("1002000.75"))]


def test_a_key_s_expiry_is_told_and_what_it_may_do_is_not(
    stub: Stub, client: ExchangeClient
) -> None:
    assert not catalogue.get("upbit").can_prove_permissions
    soon, later = (datetime.now(UTC).replace(microsecond=0) + timedelta(days=n) for n in (30, 200))
    gone = {"access_key": "gonegonegone", "expire_at": "2021-03-09T12:39:39+00:00"}
    own = {"access_key": CREDENTIALS["apiKey"], "expire_at": told_at(later)}
    stub.answers(f"{ROOT}/api_keys", json.dumps([gone, own]))
    audit = client.audit()
    assert (audit.verdict, audit.expires_at) == (Verdict.UNPROVED, later)
    assert (audit.account_uid, audit.ip_restricted, len(audit.warnings)) == ("", None, 1)
    assert CREDENTIALS["apiKey"] not in audit.raw
    assert "gonegone" not in audit.raw
    other = {"access_key": "another", "expire_at": told_at(soon)}
    stub.answers(f"{ROOT}/api_keys", json.dumps([gone, own, other]))
    audit = client.audit()
    assert (audit.expires_at, len(audit.warnings)) == (soon, 2)


def test_streams_are_of_no_pair(client: ExchangeClient) -> None:
    streams = client.plan_streams(known_assets=frozenset({"BTC", "KRW"}))
    assert [stream.key for stream in streams] == ["trades", "deposits", "withdrawals"]


# --- errors ------------------------------------------------------------------------------------


def refused(name: str, status: int = 400) -> Reply:
    return Reply(json.dumps({"error": {"name": name, "message": "Some words of theirs"}}), status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused("invalid_access_key", 401), KeyBroken),
        (refused("jwt_verification", 401), KeyBroken),
        (refused("expired_access_key", 401), KeyBroken),
        (refused("no_authorization_i_p", 401), KeyBroken),
        (refused("no_authorization_ip", 401), KeyBroken),
        (refused("out_of_scope", 401), StreamUnavailable),
        (refused("validation_error"), StreamUnavailable),
        (refused("too_many_requests", 429), WaitUntil),
        (Reply("", 418), WaitUntil),
        (refused("server_error", 500), TryAgain),
        (refused("word_of_tomorrow"), TryAgain),
        (Reply("<html>", 502), TryAgain),
        (Reply('{"items": []}'), TryAgain),
    ],
)
def test_errors(stub: Stub, client: ExchangeClient, reply: Reply, kind: type[GatewayError]) -> None:
    stub.answers(f"{ROOT}/deposits", reply)
    with pytest.raises(GatewayError) as caught:
        client.fetch_page(DEPOSITS, {}, now=NOW)
    assert type(caught.value) is kind
    assert "words of theirs" not in caught.value.message
    assert caught.value.__context__ is None


# --- prices ------------------------------------------------------------------------------------


def test_prices(stub: Stub) -> None:
    names = ["KRW-BTC", "BTC-TON", "USDT-ETH"]
    stub.answers(f"{ROOT}/market/all", json.dumps([{"market": name} for name in names]))
    rows = [{"market": "KRW-BTC", "trade_price": 152000000.0, "timestamp": 1}]
    stub.answers(f"{ROOT}/ticker/all", json.dumps(rows))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)

    def candles(asked: Asked) -> Reply:  # newest first, before "to"
        assert (asked.parameters["market"], asked.parameters["count"]) == ("KRW-BTC", "200")
        end = datetime.fromisoformat(asked.parameters["to"])
        last = min(end - timedelta(days=1), today)
        days = [last - timedelta(days=n) for n in range(200)]
        found = [
            {"candle_date_time_utc": f"{day:%Y-%m-%dT%H:%M:%S}", "trade_price": 1.25}
            for day in days
            if day >= datetime(2017, 9, 25, tzinfo=UTC)
        ]
        return Reply(json.dumps(found))

    stub.answers(f"{ROOT}/candles/days", candles)
    prices = registry.open_market_data("upbit", base_url=f"{stub.url}/upbit")
    assert prices.markets() == [("BTC", "KRW"), ("TOKAMAK", "BTC"), ("ETH", "USDT")]
    assert prices.tickers()[0].price == Decimal(152000000)
    since = today.date() - timedelta(days=700)
    closes = prices.daily_closes("BTC", "KRW", since=since)
    assert [close.on for close in closes] == [since + timedelta(days=n) for n in range(700)]
    prices.close()
