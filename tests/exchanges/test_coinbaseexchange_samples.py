"""What Coinbase Exchange is shown to answer gives the right records and transactions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
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
from tests.exchanges.conftest import sample
from tests.exchanges.rounds import whole
from tests.exchanges.sampled import normalised
from tests.exchanges.stub import Asked, Reply, Stub

EXCHANGE = "coinbaseexchange"
ROOT = f"/{EXCHANGE}"
SECRET = base64.b64encode(b"s" * 64).decode()
KEY = {"apiKey": "0123456789abcdef0123456789abcdef", "secret": SECRET, "password": "phrase"}
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SCOPE = {"account": "a1", "asset": "BTC"}
LEDGER = StreamSpec("ledger:a1", RecordKind.LEDGER, SCOPE)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS, {"type": "deposit", "profile": "p1"})
FILLS = StreamSpec("trades:BTC-EUR", RecordKind.TRADES, {"symbol": "BTC-EUR"})


@pytest.fixture
def client(stub: Stub) -> Iterator[ExchangeClient]:
    opened = registry.open_client(EXCHANGE, KEY, base_url=f"{stub.url}{ROOT}")
    yield opened
    opened.close()


normalise = partial(normalised, EXCHANGE)


def served(rows: list[dict[str, Any]], cursor: str) -> Callable[[Asked], Reply]:
    """Newest first, 100 a page; ``CB-AFTER`` names the last row of each page that has rows."""

    def answer(asked: Asked) -> Reply:
        names = [str(row[cursor]) for row in rows]
        after = asked.parameters.get("after")
        begin = names.index(after) + 1 if after else 0
        page = rows[begin : begin + int(asked.parameters["limit"])]
        ends = {"CB-BEFORE": page[0][cursor], "CB-AFTER": page[-1][cursor]} if page else {}
        return Reply(json.dumps(page), headers={name: str(end) for name, end in ends.items()})

    return answer


def ledger_row(number: int, **more: Any) -> dict[str, Any]:
    moment = NOW - timedelta(days=number // 7, hours=1)  # seven rows share each moment
    return {
        "id": str(9_000_000 - number),
        "amount": "-0.0000000100000000",
        "balance": "1.0000000000000000",
        "created_at": moment.isoformat().replace("+00:00", "Z"),
        "type": "match",
        "details": {"order_id": f"o{number}", "trade_id": str(number), "product_id": "BTC-EUR"},
        **more,
    }


# --- walks -------------------------------------------------------------------------------------


def test_a_ledger_is_walked_down_to_its_first_row(stub: Stub, client: ExchangeClient) -> None:
    rows = [ledger_row(number) for number in range(750)]
    stub.answers(f"{ROOT}/accounts/a1/ledger", served(rows, "id"))
    found = whole(client, LEDGER, NOW)
    assert set(found.bodies) == {row["id"] for row in rows}
    assert len(found.pages) == 9  # the last page names a next one, which is empty
    assert found.covered == (datetime(2015, 1, 1, tzinfo=UTC), NOW)
    assert {asked.parameters["start_date"] for asked in stub.asked} == {"2015-01-01"}
    stub.asked.clear()
    client.fetch_page(LEDGER, found.pages[-1].cursor, now=NOW)
    assert len(stub.asked) == 1  # a day again, not all of it


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 200])
def test_pages_of_any_length_are_all_read(stub: Stub, client: ExchangeClient, count: int) -> None:
    rows = [ledger_row(number) for number in range(count)]
    stub.answers(f"{ROOT}/accounts/a1/ledger", served(rows, "id"))
    assert len(whole(client, LEDGER, NOW).bodies) == count


def test_fills_and_transfers_are_walked_to_their_end(stub: Stub, client: ExchangeClient) -> None:
    (fill,) = json.loads(sample(EXCHANGE, "fills"))
    fills = [{**fill, "trade_id": 5000 - n, "order_id": f"o{n}"} for n in range(230)]
    stub.answers(f"{ROOT}/fills", served(fills, "trade_id"))
    assert len(whole(client, FILLS, NOW).bodies) == 230
    assert stub.asked[0].parameters == {"product_id": "BTC-EUR", "limit": "100"}
    (row,) = json.loads(sample(EXCHANGE, "transfers"))
    rows = [{**row, "id": f"t{number}"} for number in range(250)]  # all of one moment
    stub.answers(f"{ROOT}/transfers", served(rows, "id"))
    stub.asked.clear()
    assert len(whole(client, DEPOSITS, NOW).bodies) == 250
    first = stub.asked[0].parameters
    assert first == {"type": "deposit", "profile_id": "p1", "limit": "100"}


def test_a_request_is_signed(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(f"{ROOT}/fills", "[]")
    whole(client, FILLS, NOW)
    sent = stub.asked[0].headers
    assert sent["CB-ACCESS-KEY"] == KEY["apiKey"]
    assert sent["CB-ACCESS-PASSPHRASE"] == "phrase"
    path = f"/fills?{urlencode(stub.asked[0].parameters)}"
    text = f"{sent['CB-ACCESS-TIMESTAMP']}GET{path}"
    digest = hmac.new(b"s" * 64, text.encode(), hashlib.sha256).digest()
    assert sent["CB-ACCESS-SIGN"] == base64.b64encode(digest).decode()


# --- what rows say -----------------------------------------------------------------------------


def test_the_shown_ledger_rows(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(f"{ROOT}/accounts/a1/ledger", sample(EXCHANGE, "ledger"))
    moved, fee = whole(client, LEDGER, NOW).events(EXCHANGE)
    assert moved.key == "profile_transfer:3ef093ad-2482-40d1-8ede-2f89cff5099e"
    assert moved.kind is TransactionKind.TRANSFER
    assert moved.occurred_at == datetime(2021, 10, 28, 17, 14, 32, 593168, tzinfo=UTC)
    assert moved.movements == (Movement("spot", "BTC", Decimal("-0.01")),)
    assert fee.key == "trade:ETH-DAI:1740617:ad06abf4-95ab-432a-a1d8-059ef572e296"
    assert fee.kind is TransactionKind.TRADE
    paid = Decimal("-1.7565669701255")
    assert fee.movements == (Movement("spot", "BTC", paid, PostingRole.FEE),)


@pytest.mark.parametrize(
    ("word", "details", "kind"),
    [
        ("transfer", {"transfer_id": "t", "transfer_type": "deposit"}, TransactionKind.DEPOSIT),
        ("transfer", {"transfer_id": "t", "transfer_type": "withdraw"}, TransactionKind.WITHDRAWAL),
        ("transfer", {}, TransactionKind.TRANSFER),
        ("conversion", {"conversion_id": "c"}, TransactionKind.CONVERSION),
        ("stake_wrap", {}, TransactionKind.CONVERSION),
        ("rebate", {}, TransactionKind.REWARD),
        ("margin_interest", {}, TransactionKind.INTEREST),
        ("otc_match", {}, TransactionKind.TRADE),
        ("tax_credit", {}, TransactionKind.ADJUSTMENT),
        ("word_of_tomorrow", {}, TransactionKind.UNCLASSIFIED),
    ],
)
def test_every_word_keeps_its_movement(
    word: str, details: dict[str, str], kind: TransactionKind
) -> None:
    event = normalise(LEDGER, ledger_row(1, type=word, details=details))
    assert event.kind is kind
    assert event.movements == (Movement("spot", "BTC", Decimal("-0.00000001")),)


def test_what_belongs_together_has_one_key() -> None:
    deposit = normalise(
        LEDGER,
        ledger_row(1, type="transfer", details={"transfer_id": "bee6", "transfer_type": "deposit"}),
    )
    (row,) = json.loads(sample(EXCHANGE, "transfers"))
    assert normalise(DEPOSITS, {**row, "id": "bee6"}).key == deposit.key == "transfer:bee6"
    base, fee = normalise(LEDGER, ledger_row(5)), normalise(LEDGER, ledger_row(5, type="fee"))
    assert base.key == fee.key == "trade:BTC-EUR:5:o5"
    (fill,) = json.loads(sample(EXCHANGE, "fills"))
    told = {**fill, "product_id": "BTC-EUR", "trade_id": 5, "order_id": "o5"}
    assert normalise(FILLS, told).key == base.key
    rebate = normalise(LEDGER, ledger_row(5, type="rebate"))
    assert rebate.key == "rebate:trade:BTC-EUR:5:o5"
    sides = {
        normalise(StreamSpec("ledger:x", RecordKind.LEDGER, {"account": name, "asset": name}),
                  ledger_row(1, type="conversion", details={"conversion_id": "c"})).key
        for name in ("USD", "USDC")
    }  # fmt: skip
    assert sides == {"conversion:c"}
    alone = ledger_row(1, type="transfer", details=None)
    assert normalise(LEDGER, alone).key == "ledger:a1:8999999"


def test_fills_and_transfers_explain_and_move_nothing() -> None:
    (fill,) = json.loads(sample(EXCHANGE, "fills"))
    event = normalise(FILLS, fill)
    assert event.movements == ()
    assert event.detail["price"] == "8087.38000000"
    assert (event.detail["side"], event.detail["role"]) == ("sell", "taker")
    (row,) = json.loads(sample(EXCHANGE, "transfers"))
    event = normalise(DEPOSITS, row)
    assert (event.kind, event.movements) == (TransactionKind.DEPOSIT, ())
    assert event.occurred_at == datetime(2022, 12, 21, 0, 48, 45, 477503, tzinfo=UTC)
    assert event.detail["status"] == "pending"
    assert event.detail["address"] == "MKemtnCFUYKsNWaf5EMYMpwSszcXWFDtTY"
    done = normalise(DEPOSITS, {**row, "completed_at": "2022-12-21 01:00:00+00"})
    assert done.detail["status"] == "completed"


# --- accounts ----------------------------------------------------------------------------------


def account(name: str, currency: str, balance: str) -> dict[str, Any]:
    (row,) = json.loads(sample(EXCHANGE, "accounts"))
    return {**row, "id": name, "currency": currency, "balance": balance, "profile_id": "p1"}


def test_balances_and_streams_of_the_profile(stub: Stub, client: ExchangeClient) -> None:
    rows = [account("a0", "ADA", "0.00"), account("a1", "BTC", "1.5"), account("a2", "CGLD", "3")]
    stub.answers(f"{ROOT}/accounts", json.dumps(rows))
    product = {"id": "BTC-EUR", "base_currency": "BTC", "quote_currency": "EUR"}
    other = {"id": "DOT-BTC", "base_currency": "DOT", "quote_currency": "BTC"}
    told = [{**row, "status": "online", "trading_disabled": False} for row in (product, other)]
    stub.answers(f"{ROOT}/products", json.dumps(told))
    assert client.balances() == [
        ReportedBalance("spot", "BTC", Decimal("1.5")),
        ReportedBalance("spot", "CELO", Decimal(3)),
    ]
    streams = client.plan_streams(known_assets=frozenset({"BTC"}))
    assert [stream.key for stream in streams] == [
        *("ledger:a1", "ledger:a2", "ledger:a0", "deposits", "withdrawals", "trades:BTC-EUR"),
    ]
    assert streams[2].scope == {"account": "a0", "asset": "ADA", "sweep": "yes"}
    assert streams[4].scope == {"type": "withdraw", "profile": "p1"}


def test_what_a_key_may_do_is_not_told(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(f"{ROOT}/accounts", sample(EXCHANGE, "accounts"))
    audit = client.audit()
    assert audit.verdict is Verdict.UNPROVED
    assert audit.account_uid == "b709263e-f42a-4c7d-949a-a95c83d065da"
    assert audit.warnings
    info = catalogue.get(EXCHANGE)
    assert info.has_profile
    assert not info.can_prove_permissions
    assert catalogue.get("kraken").can_prove_permissions


# --- errors ------------------------------------------------------------------------------------


def refused(words: str, status: int = 400) -> Reply:
    return Reply(json.dumps({"message": words}), status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused("Invalid API Key", 401), KeyBroken),
        (refused("invalid signature", 401), KeyBroken),
        (refused("Invalid Passphrase", 401), KeyBroken),
        (refused("Unauthorized.", 401), KeyBroken),
        (refused("Some words of theirs", 401), KeyBroken),
        (refused("Forbidden", 403), StreamUnavailable),
        (refused("NotFound", 404), StreamUnavailable),
        (refused("Private rate limit exceeded", 429), WaitUntil),
        (refused("Public rate limit exceeded", 429), WaitUntil),
        (refused("Some words of theirs"), TryAgain),
        (refused("Internal server error", 500), TryAgain),
        (Reply("<html>", 503), TryAgain),
        (Reply('{"rows": 1}'), TryAgain),
    ],
)
def test_errors(stub: Stub, client: ExchangeClient, reply: Reply, kind: type[GatewayError]) -> None:
    stub.answers(f"{ROOT}/accounts/a1/ledger", reply)
    with pytest.raises(GatewayError) as caught:
        client.fetch_page(LEDGER, {}, now=NOW)
    assert type(caught.value) is kind
    assert "words of theirs" not in caught.value.message + caught.value.code
    assert caught.value.__context__ is None


def test_a_late_request_sets_the_clock(stub: Stub, client: ExchangeClient) -> None:
    ahead = (datetime.now(UTC) + timedelta(seconds=90)).timestamp()

    def answer(asked: Asked) -> Reply:
        off = abs(float(asked.headers["CB-ACCESS-TIMESTAMP"]) - ahead)
        return Reply("[]") if off < 30 else refused("request timestamp expired")

    stub.answers(f"{ROOT}/time", json.dumps({"iso": "x", "epoch": ahead}))
    stub.answers(f"{ROOT}/accounts/a1/ledger", answer)
    assert client.fetch_page(LEDGER, {}, now=NOW).is_last
    assert len(stub.asked) == 3


# --- prices ------------------------------------------------------------------------------------


def test_prices(stub: Stub) -> None:
    product = {"id": "BTC-EUR", "base_currency": "BTC", "quote_currency": "EUR"}
    stub.answers(f"{ROOT}/products", json.dumps([{**product, "status": "online"}]))
    lines = '{"BTC-EUR": [[1639472400, 4.26, 4.38, 4.35, 91000.1], [1639468800, 4, 4, 4, 4.3]]}'
    stub.answers(f"{ROOT}/products/spark-lines", lines)
    today = datetime.now(UTC).date()
    listed = today - timedelta(days=400)

    def candles(asked: Asked) -> Reply:
        assert asked.parameters["granularity"] == "86400"
        start, end = (datetime.fromisoformat(asked.parameters[n]).date() for n in ("start", "end"))
        assert (end - start).days == 299
        days = [start + timedelta(days=n) for n in range(300)]
        rows = [
            f"[{int(datetime(d.year, d.month, d.day, tzinfo=UTC).timestamp())}, 1, 2, 1.5, 1.25, 9]"
            for d in days
            if listed <= d <= today
        ]
        return Reply(f"[{', '.join(reversed(rows))}]")

    stub.answers(f"{ROOT}/products/BTC-EUR/candles", candles)
    prices = registry.open_market_data(EXCHANGE, base_url=f"{stub.url}{ROOT}")
    (ticker,) = prices.tickers()
    assert (ticker.asset, ticker.currency, ticker.price) == ("BTC", "EUR", Decimal("91000.1"))
    closes = prices.daily_closes("BTC", "EUR", since=today - timedelta(days=1000))
    assert [close.on for close in closes] == [listed + timedelta(days=n) for n in range(400)]
    assert closes[0].close == Decimal("1.25")
    prices.close()
