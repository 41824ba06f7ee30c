"""What HTX's documentation shows gives the right records, transactions and postings."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
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
from portfolio.exchanges import registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.paging import from_ms, to_ms
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import sample
from tests.exchanges.histories import moments, paged, walk, whole, within
from tests.exchanges.sampled import normalised, opened
from tests.exchanges.stub import Asked, Reply, Stub

API = "/htx"
NOW = datetime(2025, 6, 1, tzinfo=UTC)
KEY = {"apiKey": "4ba5cdf2-4a92c5da-718ba144-dbuqg6hkte", "secret": "53cr37"}
SPOT = {"account": "1528640", "wallet": "spot"}
PAIR = {"symbol": "polyusdt", "base": "POLY", "quote": "USDT"}
TRADES = StreamSpec("trades:polyusdt", RecordKind.TRADES, PAIR)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
HISTORY = StreamSpec("history:1528640", RecordKind.LEDGER, SPOT)
TRANSFERS = StreamSpec("transfers:1528640", RecordKind.TRANSFERS, SPOT)
PLACES = {
    "trades": "v1/order/matchresults",
    "deposits": "v1/query/deposit-withdraw",
    "withdrawals": "v1/query/deposit-withdraw",
    "history": "v1/account/history",
    "transfers": "v2/account/ledger",
}


@pytest.fixture
def htx(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "htx", KEY)


def path_of(stream: StreamSpec) -> str:
    return f"{API}/{PLACES[stream.key.partition(':')[0]]}"


def fetch(
    stub: Stub, client: ExchangeClient, stream: StreamSpec, name: str, near: int
) -> list[FetchedRecord]:
    """Ask for one page that ends soon after a moment."""
    stub.answers(path_of(stream), sample("htx", name))
    begin, now = near - 60_000, from_ms(near) + timedelta(minutes=1)
    page = client.fetch_page(stream, {"v": 1, "from": begin, "since": begin, "offset": 0}, now=now)
    assert page.is_last
    return list(page.records)


normalise = partial(normalised, "htx")


# --- records -----------------------------------------------------------------------------------


def test_a_trade_whose_fee_is_paid_in_points(stub: Stub, htx: ExchangeClient) -> None:
    (record,) = fetch(stub, htx, TRADES, "matchresults", 1629443051839)
    assert record.external_id == "313288753120940"
    assert stub.asked[0].parameters["symbol"] == "polyusdt"
    event = normalise(TRADES, record.body)
    assert event.kind is TransactionKind.TRADE
    assert event.movements == (
        Movement("spot", "POLY", Decimal("147.928994082840236")),
        Movement("spot", "USDT", Decimal("-49.999999999999999768")),
        Movement("points", "HBPOINT", Decimal("-0.1"), PostingRole.FEE),
    )
    assert event.detail["symbol"] == "POLY/USDT"
    assert event.detail["side"] == "buy"


@pytest.mark.parametrize(
    ("fields", "wallet", "paid"),
    [
        ({"filled-fees": "0.5"}, "spot", ("spot", "POLY", "-0.5")),
        ({"filled-fees": "-0.5"}, "spot", ("spot", "POLY", "0.5")),  # given back to a maker
        ({"source": "margin-api", "filled-fees": "0.5"}, None, ("isolated margin", "POLY", "-0.5")),
        ({"source": "super-margin-web", "filled-fees": "1"}, None, ("cross margin", "POLY", "-1")),
        ({"filled-points": "0.2", "fee-deduct-currency": "ht"}, "spot", ("spot", "HT", "-0.2")),
    ],
)
def test_fees_and_where_they_are_paid(
    fields: dict[str, str], wallet: str | None, paid: tuple[str, str, str]
) -> None:
    row = json.loads(sample("htx", "matchresults"))["data"][0] | {"filled-points": "0.0"}
    event = normalise(TRADES, row | fields)
    where, code, amount = paid
    assert event.movements[2:] == (Movement(where, code, Decimal(amount), PostingRole.FEE),)
    assert {m.wallet for m in event.movements} == {wallet or where}
    sold = normalise(TRADES, row | fields | {"type": "sell-limit"})
    assert [m.amount for m in sold.movements[:2]] == [-m.amount for m in event.movements[:2]]


def test_deposits(stub: Stub, htx: ExchangeClient) -> None:
    (record,) = fetch(stub, htx, DEPOSITS, "deposits", 1621843808662)
    (asked,) = stub.asked
    told = ("type", "direct", "from", "size")
    assert [asked.parameters[name] for name in told] == ["deposit", "prev", "0", "100"]
    event = normalise(DEPOSITS, record.body)
    assert event.movements == (Movement("spot", "USDT", Decimal(12)),)
    assert event.detail["txid"].startswith("a2e229a4")
    for state, booked in (("confirmed", 1), ("confirming", 0), ("orphan", 0), ("unknown", 0)):
        changed = record.body.replace('"state": "safe"', f'"state": "{state}"')
        assert len(normalise(DEPOSITS, changed).movements) == booked


def test_withdrawals_take_their_fee_in_addition(stub: Stub, htx: ExchangeClient) -> None:
    (record,) = fetch(stub, htx, WITHDRAWALS, "withdrawals", 1621852316553)
    assert stub.asked[0].parameters["type"] == "withdraw"
    event = normalise(WITHDRAWALS, record.body)
    assert event.movements == (
        Movement("spot", "USDT", Decimal(-12)),
        Movement("spot", "USDT", Decimal(-1), PostingRole.FEE),
    )
    row = json.loads(record.body)
    for state, booked in (("submitted", 2), ("pass", 2), ("canceled", 0), ("wallet-reject", 0)):
        assert len(normalise(WITHDRAWALS, row | {"state": state}).movements) == booked
    assert normalise(WITHDRAWALS, row | {"sub-type": "FAST"}).detail["network"] == "within HTX"


def test_transfers_of_one_account(stub: Stub, htx: ExchangeClient) -> None:
    records = fetch(stub, htx, TRANSFERS, "ledger", 1629882331066)
    assert stub.asked[0].parameters["accountId"] == "1528640"
    assert len({record.external_id for record in records}) == 2
    came, left = (normalise(TRANSFERS, record.body) for record in records)
    assert came.kind is TransactionKind.TRANSFER
    assert came.movements == (Movement("spot", "USDT", Decimal(10)),)
    assert left.movements == (Movement("spot", "USDT", Decimal(-10)),)
    assert came.key != left.key


def test_the_history_books_what_no_list_tells(stub: Stub, htx: ExchangeClient) -> None:
    (record,) = fetch(stub, htx, HISTORY, "history", 1571393524526)
    assert stub.asked[0].parameters["account-id"] == "1528640"
    assert registry.normalise("htx", HISTORY, record.body) is None  # a transfer
    for word, kind in (
        ("interest", TransactionKind.INTEREST),
        ("exchange", TransactionKind.CONVERSION),
        ("liquidation", TransactionKind.LIQUIDATION),
        ("other-types", TransactionKind.UNCLASSIFIED),
        ("word-of-tomorrow", TransactionKind.UNCLASSIFIED),
    ):
        event = normalise(HISTORY, record.body.replace('"transfer"', f'"{word}"'))
        assert event.kind is kind
        assert event.movements == (Movement("spot", "BTC", Decimal("0.002393")),)
    silent = ("trade", "transact-fee", "fee-deduction", "deposit", "withdraw-fee", "credit")
    for word in (*silent, "spot-to-linear-swap", "loan-repay"):
        row = record.body.replace('"transfer"', f'"{word}"')
        assert registry.normalise("htx", HISTORY, row) is None


def test_a_request_is_signed(stub: Stub, htx: ExchangeClient) -> None:
    fetch(stub, htx, HISTORY, "history", 1571393524526)
    sent = dict(stub.asked[0].parameters)
    signature = sent.pop("Signature")
    query = urlencode(sent)
    text = "\n".join(("GET", "api.huobi.pro", "/v1/account/history", query))
    digest = hmac.new(KEY["secret"].encode(), text.encode(), hashlib.sha256).digest()
    assert signature == base64.b64encode(digest).decode()
    assert sent["AccessKeyId"] == KEY["apiKey"]
    assert int(sent["end-time"]) - int(sent["start-time"]) <= 3_600_000


# --- whole histories ---------------------------------------------------------------------------


def listed(rows: list[Any]) -> dict[str, Any]:
    return {"status": "ok", "data": rows}


def test_trades_of_120_days(stub: Stub, htx: ExchangeClient) -> None:
    times = moments(NOW, timedelta(days=118), 900, crowd=200)
    rows = [{"id": n, "symbol": "polyusdt", "created-at": ms} for n, ms in enumerate(times)]
    pick = within(rows, "created-at", "start-time", "end-time")
    stub.answers(path_of(TRADES), paged(pick, listed, limit="size", most=500))
    found = whole(htx, TRADES, NOW)
    assert len(found) == 900
    for asked in stub.asked:
        start, end = (int(asked.parameters[name]) for name in ("start-time", "end-time"))
        assert end - start < 2 * 86_400_000
        assert start >= to_ms(NOW - timedelta(days=120))


def test_a_history_of_thirty_days(stub: Stub, htx: ExchangeClient) -> None:
    times = moments(NOW, timedelta(days=28), 700, crowd=230)
    rows = [{"record-id": n, "transact-time": ms} for n, ms in enumerate(times)]
    pick = within(rows, "transact-time", "start-time", "end-time")
    stub.answers(path_of(HISTORY), paged(pick, listed, limit="size", most=500))
    found, page = walk(htx, HISTORY, NOW)
    assert len(found) == 700
    assert page.covered is not None
    assert NOW - timedelta(days=30) < page.covered[0] < NOW - timedelta(days=28)


def test_transfers_page_by_the_next_one_s_number(stub: Stub, htx: ExchangeClient) -> None:
    times = moments(NOW, timedelta(days=170), 1200, crowd=300)
    rows = [{"transactId": n + 1, "transactTime": ms, "accountId": 1} for n, ms in enumerate(times)]
    pick = within(rows, "transactTime", "startTime", "endTime")

    def reply(asked: Asked) -> Reply:
        first = int(asked.parameters.get("fromId", 10**9))
        rest = sorted(
            (r for r in pick(asked) if r["transactId"] <= first), key=lambda r: -r["transactId"]
        )
        size = int(asked.parameters["limit"])
        more = {"nextId": rest[size]["transactId"]} if len(rest) > size else {}
        return Reply(json.dumps({"code": 200, "data": rest[:size], **more}))

    stub.answers(path_of(TRANSFERS), reply)
    assert len(whole(htx, TRANSFERS, NOW)) == 1200


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("stream", [DEPOSITS, WITHDRAWALS], ids=lambda stream: stream.key)
def test_all_that_ever_came_and_went(
    stub: Stub, htx: ExchangeClient, stream: StreamSpec, inclusive: bool
) -> None:
    times = moments(NOW, timedelta(days=3000), 350, crowd=60)
    rows = [{"id": str(n + 7), "created-at": str(ms)} for n, ms in enumerate(times)]

    def reply(asked: Asked) -> Reply:
        first = int(asked.parameters["from"]) + (not inclusive)
        found = [r for r in rows if int(r["id"]) >= first]
        return Reply(json.dumps(listed(found[: int(asked.parameters["size"])])))

    stub.answers(path_of(stream), reply)
    assert len(whole(htx, stream, NOW)) == 350


def test_a_pair_that_is_gone_is_left_alone(stub: Stub, htx: ExchangeClient) -> None:
    gone = '{"status":"error","err-code":"base-symbol-error","err-msg":"The symbol is invalid"}'
    stub.answers(path_of(TRADES), gone)
    page = htx.fetch_page(TRADES, {}, now=NOW)
    assert (page.records, page.is_last) == ((), True)
    assert htx.fetch_page(TRADES, page.cursor, now=NOW + timedelta(days=1)).is_last
    assert len(stub.asked) == 1


# --- accounts ----------------------------------------------------------------------------------


def serve(stub: Stub) -> None:
    stub.answers(f"{API}/v1/account/accounts", sample("htx", "accounts"))
    margin = sample("htx", "margin_balance")
    balances = {
        "1528640": sample("htx", "spot_balance"),
        "51015302": margin,
        "18264": margin.replace("super-margin", "margin").replace('"btc"', '"usdt"'),
        "1528641": sample("htx", "spot_balance").replace('"type": "spot"', '"type": "point"'),
    }
    for ident, text in balances.items():
        stub.answers(f"{API}/v1/account/accounts/{ident}/balance", text)


def test_balances_of_every_account(stub: Stub, htx: ExchangeClient) -> None:
    serve(stub)
    assert htx.balances() == [
        ReportedBalance("spot", "HT", Decimal("1.75")),
        ReportedBalance("isolated margin", "USDT", Decimal("1166.099467")),
        ReportedBalance("cross margin", "BTC", Decimal("1166.099467")),
        ReportedBalance("points", "HT", Decimal("1.75")),
    ]
    assert len(stub.asked) == 5  # not the one that is locked


def test_streams_of_every_account_and_pair(stub: Stub, htx: ExchangeClient) -> None:
    serve(stub)
    pairs = [("btc", "usdt"), ("poly", "usdt"), ("sbtc", "btc")]
    symbols = [
        {"symbol": b + q, "base-currency": b, "quote-currency": q, "state": "online"}
        for b, q in pairs
    ]
    stub.answers(f"{API}/v1/common/symbols", json.dumps(listed(symbols)))
    streams = {s.key: s for s in htx.plan_streams(known_assets=frozenset({"POLY", "USDT"}))}
    assert list(streams) == [
        *("transfers:1528640", "history:1528640", "transfers:18264", "history:18264"),
        *("transfers:51015302", "history:51015302", "transfers:1528641"),
        *("deposits", "withdrawals", "trades:polyusdt", "trades:btcusdt", "trades:sbtcbtc"),
    ]
    assert streams["history:51015302"].scope["wallet"] == "cross margin"
    assert streams["trades:sbtcbtc"].scope["base"] == "SUPERBITCOIN"
    assert "sweep" not in streams["trades:polyusdt"].scope


# --- keys --------------------------------------------------------------------------------------


def keys(stub: Stub, permission: str, **more: Any) -> None:
    row = json.loads(sample("htx", "api_key"))["data"][0] | {"permission": permission, **more}
    other = row | {"accessKey": "another", "permission": "readOnly,trade,withdraw"}
    stub.answers(f"{API}/v2/user/api-key", json.dumps({"code": 200, "data": [other, row]}))
    stub.answers(f"{API}/v2/user/uid", '{"code":200,"data":63628520}')


def test_the_documented_key_may_trade(stub: Stub, htx: ExchangeClient) -> None:
    stub.answers(f"{API}/v2/user/api-key", sample("htx", "api_key"))
    stub.answers(f"{API}/v2/user/uid", '{"code":200,"data":63628520}')
    audit = htx.audit()
    assert audit.verdict is Verdict.CAN_TRADE
    assert audit.permissions == ("readOnly", "trade")
    assert audit.ip_allowlist == ("1.1.1.1", "1.1.1.2")
    assert audit.created_at == datetime(2020, 6, 5, 9, 19, 11, tzinfo=UTC)
    assert audit.account_uid == "63628520"
    assert audit.warnings == ()
    assert KEY["apiKey"] not in audit.raw
    assert [asked.parameters.get("uid") for asked in stub.asked] == [None, "63628520"]


@pytest.mark.parametrize(
    ("permission", "verdict"),
    [
        ("readOnly", Verdict.READ_ONLY),
        ("readOnly,trade", Verdict.CAN_TRADE),
        ("readOnly,trade,withdraw", Verdict.CAN_WITHDRAW),
        ("readOnly,withdraw", Verdict.CAN_WITHDRAW),
        ("readOnly,wordOfTomorrow", Verdict.CAN_WITHDRAW),
        ("readonly", Verdict.CAN_WITHDRAW),
        ("", Verdict.CAN_WITHDRAW),
    ],
)
def test_each_right_is_judged(
    stub: Stub, htx: ExchangeClient, permission: str, verdict: Verdict
) -> None:
    keys(stub, permission, validDays=17, ipAddresses="")
    audit = htx.audit()
    assert audit.verdict is verdict
    assert audit.ip_restricted is False
    assert audit.warnings == ("HTX lets this key expire in 17 days, since it has no IP address.",)


def test_a_key_that_is_not_listed_cannot_be_judged(stub: Stub, htx: ExchangeClient) -> None:
    keys(stub, "readOnly", accessKey="4ba5cdf2-4a92c5da-718ba144-other")
    audit = htx.audit()
    assert audit.verdict is Verdict.UNPROVED
    assert audit.account_uid == "63628520"


# --- errors ------------------------------------------------------------------------------------


def refusal(code: str, words: str = "Some words of theirs", status: int = 200) -> Reply:
    text = {"status": "error", "err-code": code, "err-msg": words, "data": None}
    return Reply(json.dumps(text), status)


NOT_VALID = "api-signature-not-valid"


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refusal(NOT_VALID, "Signature not valid: Incorrect Access key"), KeyBroken, NOT_VALID),
        (refusal(NOT_VALID, "API key has no permission"), StreamUnavailable, "no-permission"),
        (refusal(NOT_VALID, "Incorrect IP address"), KeyBroken, "wrong-address"),
        (refusal("validation-format-error"), StreamUnavailable, "validation-format-error"),
        (refusal("rate-too-many-requests"), WaitUntil, "rate-too-many-requests"),
        (Reply("{}", 429), WaitUntil, "429"),
        (refusal("system-maintenance"), TryAgain, "system-maintenance"),
        (refusal("word-of-tomorrow"), TryAgain, "word-of-tomorrow"),
        (Reply('{"code":2002,"message":"theirs"}'), TryAgain, "unreadable"),
        (Reply("<html>", 502), TryAgain, "502"),
        (Reply('{"status":"ok"}'), TryAgain, "unreadable"),
    ],
)
def test_every_refusal_has_its_way_out(
    stub: Stub, htx: ExchangeClient, reply: Reply, kind: type[GatewayError], code: str
) -> None:
    stub.answers(f"{API}/v1/common/timestamp", '{"status":"ok","data":1494900087029}')
    stub.answers(path_of(HISTORY), reply)
    with pytest.raises(GatewayError) as caught:
        htx.fetch_page(HISTORY, {}, now=NOW)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert "theirs" not in caught.value.message


def test_a_clock_that_differs_is_set_and_the_request_repeated(
    stub: Stub, htx: ExchangeClient
) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    stub.answers(f"{API}/v1/common/timestamp", json.dumps({"status": "ok", "data": to_ms(ahead)}))

    def reply(asked: Asked) -> Reply:
        sent = datetime.fromisoformat(asked.parameters["Timestamp"]).replace(tzinfo=UTC)
        return (
            Reply(json.dumps(listed([]))) if abs(sent - ahead).seconds < 5 else refusal(NOT_VALID)
        )

    stub.answers(path_of(HISTORY), reply)
    assert htx.fetch_page(HISTORY, {}, now=NOW).covered
    names = [asked.path.rpartition("/")[2] for asked in stub.asked]
    assert names == ["history", "timestamp", "history"]


# --- prices ------------------------------------------------------------------------------------


def test_a_day_closes_with_its_last_four_hours(stub: Stub) -> None:
    symbol = {"symbol": "htxusdt", "base-currency": "htx", "quote-currency": "usdt"}
    stub.answers(f"{API}/v1/common/symbols", json.dumps(listed([symbol | {"state": "online"}])))
    stub.answers(f"{API}/market/tickers", json.dumps(listed([{"symbol": "htxusdt", "close": 2.5}])))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    opened = [today - timedelta(hours=4 * back) for back in range(2000)]
    rows = [{"id": int(at.timestamp()), "close": f"{at.hour}.5"} for at in opened]
    stub.answers(f"{API}/market/history/kline", json.dumps(listed(rows)))
    prices = registry.open_market_data("htx", base_url=f"{stub.url}/htx")
    assert [ticker.price for ticker in prices.tickers()] == [Decimal("2.5")]
    closes = prices.daily_closes("HTX", "USDT", since=date(2020, 1, 1))
    assert len(closes) == 334
    assert {candle.close for candle in closes} == {Decimal("20.5")}
    assert closes[-1].on == today.date() - timedelta(days=1)
    prices.close()
