"""Bitstamp through the real client: what its documentation shows, and a whole history by pages."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from portfolio.engine.types import RecordKind, ReportedBalance, TransactionKind
from portfolio.exchanges import catalogue, exact, registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.types import ExchangeClient, StreamSpec, Verdict
from tests.exchanges.conftest import API_KEY, CREDENTIALS, SECRET, sample
from tests.exchanges.paged import moved, told, walk
from tests.exchanges.sampled import opened
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, tzinfo=UTC)
V2 = "/bitstamp/api/v2"
LIST = f"{V2}/user_transactions/"
STREAM = StreamSpec("transactions", RecordKind.LEDGER)


@pytest.fixture
def bitstamp(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "bitstamp", CREDENTIALS)


def check_signature(stub: Stub, asked: Asked) -> None:
    sent = asked.headers
    assert asked.method == "POST"
    assert sent["X-Auth"] == f"BITSTAMP {API_KEY}"
    assert len(sent["X-Auth-Nonce"]) == 36
    # ccxt takes "https://" off the address and would leave "http://" on.
    address = f"{urlsplit(stub.url).scheme}://{urlsplit(stub.url).netloc}{asked.path}"
    kind = "application/x-www-form-urlencoded"
    stamp = f"{sent['X-Auth-Nonce']}{sent['X-Auth-Timestamp']}v2{asked.body}"
    text = f"{sent['X-Auth']}POST{address}{kind}{stamp}"
    assert (
        sent["X-Auth-Signature"]
        == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    )


def serve(stub: Stub, rows: list[dict[str, Any]], *, inclusive: bool) -> None:
    """Answer as Bitstamp does: the oldest rows from an id on."""

    def reply(asked: Asked) -> Reply:
        check_signature(stub, asked)
        assert asked.parameters["sort"] == "asc"
        first = int(asked.parameters["since_id"])
        assert first >= 1
        found = [row for row in rows if row["id"] >= first + (not inclusive)]
        return Reply(json.dumps(found[: int(asked.parameters["limit"])]))

    stub.answers(LIST, reply)


def trade(number: int, moment: datetime) -> dict[str, Any]:
    told_at = moment.strftime("%Y-%m-%d %H:%M:%S.%f")
    amounts = {"btc": "0.5", "eur": "-32000.25", "usd": 0, "btc_eur": 64000.5}
    return {"id": number, "type": "2", "fee": "9.6", "datetime": told_at, "order_id": 7, **amounts}


@pytest.mark.parametrize("inclusive", [True, False])
def test_every_row_is_found(stub: Stub, bitstamp: ExchangeClient, inclusive: bool) -> None:
    crowded = NOW - timedelta(days=300)
    moments = [crowded] * 1500 + [crowded + timedelta(minutes=n) for n in range(1200)]
    rows = [trade(100 + n * 3, moment) for n, moment in enumerate(moments)]
    if inclusive:
        rows.insert(0, trade(1, crowded - timedelta(days=4000)))
    serve(stub, rows, inclusive=inclusive)
    walked = walk(bitstamp, STREAM, NOW)
    assert walked.ids == {str(row["id"]) for row in rows}
    assert walked.pages == 3
    assert walked.covered[-1] == (datetime(2011, 8, 1, tzinfo=UTC), NOW)
    assert walk(bitstamp, STREAM, NOW, twice=True).records == walked.records
    rows.append(trade(99_999, NOW))
    assert "99999" in walk(bitstamp, STREAM, NOW + timedelta(hours=1), walked).ids


def test_the_documented_rows(stub: Stub, bitstamp: ExchangeClient) -> None:
    text = sample("bitstamp", "user_transactions")
    stub.answers(LIST, text)
    page = bitstamp.fetch_page(STREAM, {}, now=NOW)
    assert [r.body for r in page.records] == [row.text for row in exact.elements(text)]
    bought, sent, came = (told("bitstamp", STREAM, record) for record in page.records)
    assert bought.kind is TransactionKind.TRADE
    assert bought.occurred_at == datetime(2021, 11, 25, 12, 59, 59, 322000, tzinfo=UTC)
    assert moved(bought) == {
        ("spot", "ETH", ""): Decimal("0.00500000"),
        ("spot", "USDT", ""): Decimal("-22.26"),
        ("spot", "USDT", "fee"): Decimal("-0.11128"),
    }
    assert bought.detail == {
        "type": "2",
        "order": "1429545880227846",
        "symbol": "ETH/USDT",
        "price": "4451.25",
        "side": "buy",
    }
    assert sent.kind is TransactionKind.WITHDRAWAL
    assert moved(sent) == {("spot", "XRP", ""): Decimal(-20)}
    assert came.kind is TransactionKind.DEPOSIT
    assert moved(came) == {("spot", "XRP", ""): Decimal(20)}


def row(kind: str, **columns: Any) -> str:
    return json.dumps({"id": 5, "type": kind, "datetime": "2024-01-02 03:04:05", **columns})


def test_fees_go_out_in_addition() -> None:
    event = told("bitstamp", STREAM, row("1", btc="-0.5", eur=0, fee="0.0005"))
    assert moved(event) == {
        ("spot", "BTC", ""): Decimal("-0.5"),
        ("spot", "BTC", "fee"): Decimal("-0.0005"),
    }
    with pytest.raises(ValueError, match="no currency"):
        registry.normalise("bitstamp", STREAM, row("1", fee="0.0005"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("14", TransactionKind.TRANSFER),
        ("25", TransactionKind.TRANSFER),
        ("26", TransactionKind.TRANSFER),
        ("27", TransactionKind.REWARD),
        ("32", TransactionKind.REWARD),
        ("35", TransactionKind.TRANSFER),
        ("58", TransactionKind.REALISED_PNL),
        ("61", TransactionKind.LIQUIDATION),
        ("59", TransactionKind.UNCLASSIFIED),
        ("777", TransactionKind.UNCLASSIFIED),
    ],
)
def test_kinds_of_rows_and_none_is_dropped(kind: str, expected: TransactionKind) -> None:
    columns = {"1inch": "-1.5", "leverage": "3", "self_trade": False, "fee": "0.0"}
    event = told("bitstamp", STREAM, row(kind, **columns))
    assert event.kind is expected
    assert moved(event) == {("spot", "1INCH", ""): Decimal("-1.5")}


def test_balances_and_a_key_that_cannot_be_judged(stub: Stub, bitstamp: ExchangeClient) -> None:
    stub.answers(f"{V2}/account_balances/", sample("bitstamp", "account_balances"))
    assert bitstamp.balances() == [ReportedBalance("spot", "USDT", Decimal("7.00000"))]
    audit = bitstamp.audit()
    assert audit.verdict is Verdict.UNPROVED
    assert audit.dangerous == ()
    assert audit.warnings == ("Coffer cannot see what a key of Bitstamp may do.",)
    assert catalogue.get("bitstamp").can_prove_permissions is False
    assert bitstamp.positions() is None
    assert bitstamp.plan_streams(known_assets=frozenset()) == [STREAM]


def refused(code: str, words: str, status: int = 403) -> Reply:
    return Reply(json.dumps({"status": "error", "reason": words, "code": code}), status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused("API0001", "API key not found"), KeyBroken),
        (refused("API0002", "IP address not allowed"), KeyBroken),
        (refused("API0005", "Invalid signature"), KeyBroken),
        (refused("API0003", "No permission found"), StreamUnavailable),
        (Reply('{"error": "No permission found"}', 403), StreamUnavailable),
        (Reply('{"error": "No permission found"}', 200), StreamUnavailable),
        (refused("API0004", "Invalid nonce"), TryAgain),
        (Reply('{"status":"error","reason":"x","response_code":"400.002"}', 400), WaitUntil),
        (Reply("{}", 429), WaitUntil),
        (Reply("<html>", 503), TryAgain),
        (refused("API9999", "words of theirs"), TryAgain),
        (Reply('{"status": "error", "reason": {"__all__": ["words of theirs"]}}'), TryAgain),
    ],
)
def test_errors(
    stub: Stub, bitstamp: ExchangeClient, reply: Reply, kind: type[GatewayError]
) -> None:
    stub.answers(LIST, reply)
    with pytest.raises(GatewayError) as caught:
        bitstamp.fetch_page(STREAM, {}, now=NOW)
    assert type(caught.value) is kind
    assert "words of theirs" not in caught.value.message


def test_prices(stub: Stub) -> None:
    stub.answers(f"{V2}/markets/", sample("bitstamp", "markets"))
    stub.answers(f"{V2}/ticker/", sample("bitstamp", "ticker"))
    prices = registry.open_market_data("bitstamp", base_url=f"{stub.url}/bitstamp")
    assert prices.markets() == [("BTC", "USD")]
    assert [ticker.price for ticker in prices.tickers()] == [Decimal(26216)]
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    opened = int(datetime(yesterday.year, yesterday.month, yesterday.day, tzinfo=UTC).timestamp())
    candle = {"timestamp": str(opened), "open": "1", "high": "3", "low": "1", "close": "2.5"}
    stub.answers(f"{V2}/ohlc/btcusd/", json.dumps({"data": {"pair": "BTC/USD", "ohlc": [candle]}}))
    closes = prices.daily_closes("BTC", "USD", since=yesterday)
    assert [(candle.on, candle.close) for candle in closes] == [(yesterday, Decimal("2.5"))]
    assert stub.asked[-1].parameters["step"] == "86400"
    prices.close()
