"""Deribit through the real client: what its documentation shows, and whole histories by pages."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from portfolio.engine.types import RecordKind, ReportedBalance, ReportedPosition, TransactionKind
from portfolio.exchanges import exact, registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.types import ExchangeClient, StreamSpec, Verdict
from tests.exchanges.conftest import API_KEY, CREDENTIALS, SECRET, sample
from tests.exchanges.paged import keys, moved, told, walk
from tests.exchanges.sampled import opened
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NOW_MS = int(NOW.timestamp()) * 1000
DAY = 86_400_000
API = "/deribit/api/v2"
PRIVATE = f"{API}/private"
OPENED = datetime(2016, 6, 1, tzinfo=UTC)
LOG = StreamSpec("ledger:BTC", RecordKind.LEDGER, {"asset": "BTC"})


@pytest.fixture
def deribit(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "deribit", CREDENTIALS)


def check_signature(asked: Asked) -> None:
    """Fail unless the request is a read signed as Deribit wants it."""
    words = asked.headers["Authorization"]
    found = re.fullmatch(r"deri-hmac-sha256 id=(\S+),ts=(\d+),sig=(\w+),nonce=(\d+)", words)
    assert found
    key, at, signature, nonce = found.groups()
    assert (key, asked.method, asked.body) == (API_KEY, "GET", "")
    asked_for = urlencode(asked.parameters)
    target = asked.path.removeprefix("/deribit") + (f"?{asked_for}" if asked_for else "")
    text = f"{at}\n{nonce}\nGET\n{target}\n\n"
    assert signature == hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def answer(result: Any) -> Reply:
    return Reply(json.dumps({"jsonrpc": "2.0", "id": 1, "result": result}))


def serve(stub: Stub, rows: list[dict[str, Any]], size: int = 250) -> None:
    """Answer as Deribit does: newest first within a stretch, then by the token."""

    def reply(asked: Asked) -> Reply:
        check_signature(asked)
        query = asked.parameters
        assert (query["currency"], query["count"]) == ("BTC", "250")
        begin, end = int(query["start_timestamp"]), int(query["end_timestamp"])
        last = int(query.get("continuation", 10**9))
        found = [r for r in rows if begin <= r["timestamp"] <= end and r["id"] <= last][::-1]
        following = found[size]["id"] if len(found) > size else None
        return answer({"logs": found[:size], "continuation": following})

    stub.answers(f"{PRIVATE}/get_transaction_log", reply)


def made(number: int, ms: int) -> dict[str, Any]:
    row = {"id": number, "timestamp": ms, "type": "deposit", "currency": "BTC", "change": 1}
    return {**row, "commission": None, "instrument_name": None}


def test_every_row_is_found(stub: Stub, deribit: ExchangeClient) -> None:
    crowded = NOW_MS - 20 * DAY
    moments = [crowded + n for n in range(240)] + [crowded + 240] * 600  # more than a page at once
    moments += [NOW_MS - n * DAY for n in range(1, 3600, 97)] + [NOW_MS - 1]
    rows = [made(number, ms) for number, ms in enumerate(sorted(moments), 1)]
    serve(stub, rows)
    walked = walk(deribit, LOG, NOW)
    assert len(walked.ids) == len(rows)
    assert walked.covered[-1] == (OPENED, NOW)
    assert walk(deribit, LOG, NOW, twice=True).records == walked.records
    rows.append(made(9999, NOW_MS + 60_000))
    later = walk(deribit, LOG, NOW + timedelta(hours=1), walked)
    assert len(later.ids) == len(rows)


def test_a_refused_token_begins_the_stretch_anew(stub: Stub, deribit: ExchangeClient) -> None:
    serve(stub, [made(number, NOW_MS - 1000 * (400 - number)) for number in range(1, 400)])
    page = deribit.fetch_page(LOG, {}, now=NOW)
    while "token" not in page.cursor:
        page = deribit.fetch_page(LOG, page.cursor, now=NOW)
    stub.answers(f"{PRIVATE}/get_transaction_log", refused(-32602))
    page = deribit.fetch_page(LOG, page.cursor, now=NOW)
    assert "token" not in page.cursor
    assert not page.is_last


def test_a_log_for_each_currency(stub: Stub, deribit: ExchangeClient) -> None:
    stub.answers(f"{PRIVATE}/get_account_summaries", sample("deribit", "summaries"))
    planned = deribit.plan_streams(known_assets=frozenset())
    assert [stream.key for stream in planned] == ["ledger:BTC", "ledger:ETH", "ledger:USDC"]
    assert planned[0] == LOG


# --- what rows say -----------------------------------------------------------------------------


def test_the_documented_rows(stub: Stub, deribit: ExchangeClient) -> None:
    text = sample("deribit", "transaction_log")
    stub.answers(f"{PRIVATE}/get_transaction_log", text)
    page = deribit.fetch_page(LOG, {}, now=NOW)
    assert [r.body for r in page.records] == [
        row.text for row in exact.elements(text, "result", "logs")
    ]
    transfer, settlement = (told("deribit", LOG, record) for record in page.records)
    assert transfer.kind is TransactionKind.TRANSFER
    assert transfer.key == "log:BTC:61312"
    assert moved(transfer) == {("account", "BTC", ""): Decimal("-2.5")}
    assert transfer.detail["other_user"] == "Subaccount"
    assert settlement.kind is TransactionKind.REALISED_PNL
    assert moved(settlement) == {("account", "BTC", ""): Decimal("0.00215706")}
    assert settlement.detail["symbol"] == "BTC-PERPETUAL"
    assert settlement.detail["funding"] == "0.00001243"


def row(kind: str, change: str, commission: str = "null", **fields: Any) -> str:
    named = {"id": 5, "timestamp": NOW_MS, "currency": "BTC", "instrument_name": None, "info": None}
    text = json.dumps({**named, "type": kind, **fields})
    return f'{text[:-1]}, "change": {change}, "commission": {commission}}}'


def test_the_fee_is_part_of_the_change() -> None:
    name = "BTC-27JUN25-100000-C"
    option = told("deribit", LOG, row("trade", "0.0047", "0.0003", instrument_name=name))
    assert option.kind is TransactionKind.TRADE
    assert moved(option) == {
        ("account", "BTC", ""): Decimal("0.0050"),
        ("account", "BTC", "fee"): Decimal("-0.0003"),
    }
    future = told("deribit", LOG, row("trade", "-2e-7", "2e-7", instrument_name="BTC-PERPETUAL"))
    assert future.kind is TransactionKind.FEE
    assert moved(future) == {("account", "BTC", "fee"): Decimal("-0.0000002")}
    linear = "ETH_USDC-PERPETUAL"
    closed = told("deribit", LOG, row("trade", "4.9", "0.1", instrument_name=linear))
    assert closed.kind is TransactionKind.REALISED_PNL


def test_both_logs_tell_of_one_trade_of_a_pair() -> None:
    names: dict[str, Any] = {
        "instrument_name": "BTC_USDC",
        "trade_id": "77",
        "price": 60000,
        "amount": 0.5,
    }
    got = told("deribit", LOG, row("trade", "0.5", **names))
    paid = told("deribit", LOG, row("trade", "-30000", "0", **{**names, "currency": "USDC"}))
    assert keys([got, paid]) == {"trade:BTC_USDC:77"}
    assert got.detail["symbol"] == "BTC/USDC"
    assert moved(got, paid) == {
        ("account", "BTC", ""): Decimal("0.5"),
        ("account", "USDC", ""): Decimal(-30000),
    }


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("deposit", TransactionKind.DEPOSIT),
        ("withdrawal", TransactionKind.WITHDRAWAL),
        ("delivery", TransactionKind.REALISED_PNL),
        ("swap", TransactionKind.CONVERSION),
        ("correction", TransactionKind.ADJUSTMENT),
        ("liquidation", TransactionKind.LIQUIDATION),
        ("usde_reward", TransactionKind.REWARD),
        ("word_of_tomorrow", TransactionKind.UNCLASSIFIED),
    ],
)
def test_kinds_of_rows_and_none_is_dropped(kind: str, expected: TransactionKind) -> None:
    event = told("deribit", LOG, row(kind, "-8.5", info={"addr": "bc1q", "transaction": "beef"}))
    assert event.kind is expected
    assert moved(event) == {("account", "BTC", ""): Decimal("-8.5")}
    assert (event.detail["address"], event.detail["txid"]) == ("bc1q", "beef")
    assert told("deribit", LOG, row(kind, "0", info="a word")).detail["note"] == "a word"


# --- balances, positions and keys --------------------------------------------------------------


def test_balances_are_cash(stub: Stub, deribit: ExchangeClient) -> None:
    stub.answers(f"{PRIVATE}/get_account_summaries", sample("deribit", "summaries"))
    assert deribit.balances() == [
        ReportedBalance("account", "BTC", Decimal("302.60065765")),
        ReportedBalance("account", "ETH", Decimal(100)),
    ]


def test_open_positions(stub: Stub, deribit: ExchangeClient) -> None:
    stub.answers(f"{PRIVATE}/get_positions", sample("deribit", "positions"))
    inverse, linear, option = deribit.positions() or []
    assert inverse == ReportedPosition(
        wallet="account",
        symbol="BTC-PERPETUAL",
        side="short",
        quantity=Decimal(50),
        unit="USD",
        entry_price=Decimal("7440.18"),
        mark_price=Decimal("7476.65"),
        price_asset="USD",
        unrealised_pnl=Decimal("0.00003278"),
        settle_asset="BTC",
    )
    assert (linear.unit, linear.price_asset, linear.settle_asset) == ("BTC", "USDC", "USDC")
    assert (option.unit, option.price_asset, option.settle_asset) == ("BTC", "BTC", "BTC")
    assert option.quantity == Decimal("2.5")
    stub.answers(f"{PRIVATE}/get_positions", refused(13021))
    with pytest.raises(StreamUnavailable):
        deribit.positions()


def listed(scope: str = "account:read block_trade:read trade:read wallet:read") -> str:
    text = sample("deribit", "api_keys").replace("CLIENT_ID", API_KEY)
    return text.replace("account:read block_trade:read trade:read wallet:read", scope)


def test_a_key_that_reads_only(stub: Stub, deribit: ExchangeClient) -> None:
    stub.answers(f"{PRIVATE}/list_api_keys", listed())
    stub.answers(f"{PRIVATE}/get_account_summaries", sample("deribit", "summaries"))
    audit = deribit.audit()
    assert audit.verdict is Verdict.READ_ONLY
    assert audit.missing == ()
    assert audit.ip_allowlist == ("203.0.113.7",)
    assert audit.account_uid == "10"
    assert audit.created_at == datetime(2019, 6, 11, 6, 53, 21, 108000, UTC)
    for secret in ("fingerprint", API_KEY, "another"):
        assert secret not in audit.raw


@pytest.mark.parametrize(
    ("scope", "verdict"),
    [
        ("account:read trade:read_write", Verdict.CAN_TRADE),
        ("account:read trade:read block_rfq:read_write", Verdict.CAN_TRADE),
        ("account:read trade:read wallet:read_write", Verdict.CAN_WITHDRAW),
        ("account:read_write trade:read", Verdict.CAN_WITHDRAW),
        ("account:read trade:read mainaccount", Verdict.CAN_WITHDRAW),
        ("account:read trade:read wallet:none custody:none", Verdict.READ_ONLY),
    ],
)
def test_keys_that_may_do_more(
    stub: Stub, deribit: ExchangeClient, scope: str, verdict: Verdict
) -> None:
    stub.answers(f"{PRIVATE}/list_api_keys", listed(scope))
    stub.answers(f"{PRIVATE}/get_account_summaries", sample("deribit", "summaries"))
    audit = deribit.audit()
    assert audit.verdict is verdict
    assert audit.missing == ()


@pytest.mark.parametrize("way", ["asks", "refuses", "leaves out"])
def test_what_a_second_factor_hides_is_not_proved(
    stub: Stub, deribit: ExchangeClient, way: str
) -> None:
    stub.answers(f"{PRIVATE}/get_account_summaries", sample("deribit", "summaries"))
    demand = {"security_key_authorization_required": True, "rp_id": "deribit.com"}
    replies = {"asks": answer(demand), "refuses": refused(13003), "leaves out": answer([])}
    stub.answers(f"{PRIVATE}/list_api_keys", replies[way])
    audit = deribit.audit()
    assert audit.verdict is Verdict.UNPROVED
    assert audit.warnings
    assert audit.account_uid == "10"


def test_a_key_that_may_not_tell(stub: Stub, deribit: ExchangeClient) -> None:
    stub.answers(f"{PRIVATE}/list_api_keys", refused(13021))
    with pytest.raises(KeyBroken, match="account to read"):
        deribit.audit()


def refused(code: int, status: int = 400) -> Reply:
    return Reply(
        json.dumps({"jsonrpc": "2.0", "error": {"code": code, "message": "their words"}}), status
    )


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused(13004), KeyBroken),
        (refused(13009), KeyBroken),
        (refused(13009, 401), KeyBroken),
        (refused(13021), StreamUnavailable),
        (refused(13021, 403), StreamUnavailable),
        (refused(-32602), StreamUnavailable),
        (refused(10028), WaitUntil),
        (refused(10028, 429), WaitUntil),
        (refused(10041), TryAgain),
        (refused(11051), TryAgain),
        (refused(99999), TryAgain),
        (Reply("<html>", 502), TryAgain),
        (answer({"nothing": 1}), TryAgain),
    ],
)
def test_errors(
    stub: Stub, deribit: ExchangeClient, reply: Reply, kind: type[GatewayError]
) -> None:
    stub.answers(f"{PRIVATE}/get_transaction_log", reply)
    with pytest.raises(GatewayError) as caught:
        deribit.fetch_page(LOG, {}, now=NOW)
    assert type(caught.value) is kind
    assert "their words" not in caught.value.message


def test_prices(stub: Stub) -> None:
    names = {"base_currency": "BTC", "quote_currency": "USDC", "is_active": True}
    pair = {"instrument_name": "BTC_USDC", "kind": "spot", **names}
    stub.answers(f"{API}/public/get_instruments", answer([pair]))
    summary = '{"result":[{"instrument_name":"BTC_USDC","last":64000.5,"mark_price":1}]}'
    stub.answers(f"{API}/public/get_book_summary_by_currency", summary)
    prices = registry.open_market_data("deribit", base_url=f"{stub.url}/deribit")
    assert prices.markets() == [("BTC", "USDC")]
    assert [ticker.price for ticker in prices.tickers()] == [Decimal("64000.5")]
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    opened = int(datetime(yesterday.year, yesterday.month, yesterday.day, tzinfo=UTC).timestamp())
    ticks = [opened * 1000, (opened + 86_400) * 1000]
    chart = f'{{"result":{{"status":"ok","ticks":{ticks},"close":[2.5,3.5]}}}}'
    stub.answers(f"{API}/public/get_tradingview_chart_data", chart)
    closes = prices.daily_closes("BTC", "USDC", since=yesterday)
    assert [(candle.on, candle.close) for candle in closes] == [(yesterday, Decimal("2.5"))]
    prices.close()
