"""What MEXC's documentation shows gives the right records, transactions and postings."""

from __future__ import annotations

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

API = "/mexc/api/v3"
FUTURES = "/mexc/api/v1/private/account/assets"
NOW = datetime(2025, 6, 1, tzinfo=UTC)
KEY = {"apiKey": "mx0vglKeYoFtHeSaMpLe", "secret": "53cr37"}
TRADES = StreamSpec(
    "trades:BNBBTC", RecordKind.TRADES, {"symbol": "BNBBTC", "base": "BNB", "quote": "BTC"}
)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
TRANSFERS = StreamSpec(
    "transfers:SPOT-FUTURES", RecordKind.TRANSFERS, {"from": "SPOT", "to": "FUTURES"}
)
DUST = StreamSpec("dust", RecordKind.DUST)
PLACES = {
    "trades": "myTrades",
    "deposits": "capital/deposit/hisrec",
    "withdrawals": "capital/withdraw/history",
    "transfers": "capital/transfer",
    "dust": "capital/convert",
}


@pytest.fixture
def mexc(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "mexc", KEY)


def path_of(stream: StreamSpec) -> str:
    return f"{API}/{PLACES[stream.key.partition(':')[0]]}"


def fetch(
    stub: Stub, client: ExchangeClient, stream: StreamSpec, name: str, near: int
) -> list[FetchedRecord]:
    """Ask for one page that ends soon after a moment."""
    stub.answers(path_of(stream), sample("mexc", name))
    begin, now = near - 60_000, from_ms(near) + timedelta(minutes=1)
    page = client.fetch_page(stream, {"v": 1, "from": begin, "since": begin, "offset": 0}, now=now)
    assert page.is_last
    return list(page.records)


normalise = partial(normalised, "mexc")


# --- records -----------------------------------------------------------------------------------


def test_trades(stub: Stub, mexc: ExchangeClient) -> None:
    (record,) = fetch(stub, mexc, TRADES, "mytrades", 1499865549590)
    assert record.external_id == "fad2af9e942049b6adbda1a271f990c6"
    assert stub.asked[0].parameters["symbol"] == "BNBBTC"
    event = normalise(TRADES, record.body)
    assert event.kind is TransactionKind.TRADE
    bought = (Movement("spot", "BNB", Decimal(12)), Movement("spot", "BTC", Decimal("-48.000012")))
    fee = Movement("spot", "BNB", Decimal("-10.1"), PostingRole.FEE)
    assert event.movements == (*bought, fee)
    assert (event.detail["symbol"], event.detail["side"]) == ("BNB/BTC", "buy")
    row = json.loads(record.body)
    sold = normalise(TRADES, row | {"isBuyer": False, "commissionAsset": None})
    assert [m.amount for m in sold.movements[:2]] == [Decimal(-12), Decimal("48.000012")]
    assert sold.movements[2].asset == "BTC"
    assert normalise(TRADES, row | {"commission": "0"}).movements == bought


def test_deposits_count_once_they_are_credited(stub: Stub, mexc: ExchangeClient) -> None:
    (record,) = fetch(stub, mexc, DEPOSITS, "deposits", 1664805021000)
    event = normalise(DEPOSITS, record.body)
    assert event.movements == (Movement("spot", "USDC", Decimal(10)),)
    assert event.detail["txid"].startswith("51a8f49e")
    assert ":" not in event.detail["txid"]
    row = json.loads(record.body)
    for status in (1, 2, 3, 4, 6, 7, 99):
        assert normalise(DEPOSITS, row | {"status": status}).movements == ()
    assert normalise(DEPOSITS, row | {"status": 4}).key == event.key


def test_what_is_withdrawn_includes_the_fee(stub: Stub, mexc: ExchangeClient) -> None:
    (record,) = fetch(stub, mexc, WITHDRAWALS, "withdrawals", 1664882739000)
    event = normalise(WITHDRAWALS, record.body)
    assert event.movements == (
        Movement("spot", "USDC", Decimal(-1)),
        Movement("spot", "USDC", Decimal(-1), PostingRole.FEE),
    )
    row = json.loads(record.body)
    for status, booked in ((1, 2), (10, 2), (8, 0), (9, 0)):
        assert len(normalise(WITHDRAWALS, row | {"status": status}).movements) == booked
    inside = normalise(WITHDRAWALS, row | {"transferType": 1, "transactionFee": "0"})
    assert inside.detail["network"] == "within MEXC"
    assert "txid" not in inside.detail
    assert inside.movements == (Movement("spot", "USDC", Decimal(-2)),)


@pytest.mark.parametrize("in_a_list", [True, False])
def test_transfers(stub: Stub, mexc: ExchangeClient, in_a_list: bool) -> None:
    text = sample("mexc", "transfers")
    answer = text if in_a_list else json.dumps(json.loads(text)[0])
    stub.answers(path_of(TRANSFERS), answer)
    start = {"v": 1, "from": 1544433320000, "since": 1544433320000, "offset": 0}
    (record,) = mexc.fetch_page(TRANSFERS, start, now=from_ms(1544433326000)).records
    told = ("fromAccountType", "toAccountType", "page", "size")
    assert [stub.asked[0].parameters[name] for name in told] == ["SPOT", "FUTURES", "1", "100"]
    event = normalise(TRANSFERS, record.body)
    assert event.movements == (
        Movement("spot", "BTC", Decimal("-0.1")),
        Movement("futures", "BTC", Decimal("0.1")),
    )
    assert normalise(TRANSFERS, record.body.replace("SUCCESS", "FAILED")).movements == ()


def test_dust_is_exchanged_coin_by_coin(stub: Stub, mexc: ExchangeClient) -> None:
    records = fetch(stub, mexc, DUST, "dust", 1665360563000)
    assert len(records) == 3
    event = normalise(DUST, records[2].body)
    assert event.kind is TransactionKind.CONVERSION
    assert event.movements == (
        Movement("spot", "JAM", Decimal(-2)),
        Movement("spot", "MX", Decimal("0.00084019")),
    )


def test_a_request_is_signed(stub: Stub, mexc: ExchangeClient) -> None:
    fetch(stub, mexc, TRADES, "mytrades", 1499865549590)
    sent = dict(stub.asked[0].parameters)
    signature = sent.pop("signature")
    digest = hmac.new(KEY["secret"].encode(), urlencode(sent).encode(), hashlib.sha256)
    assert signature == digest.hexdigest()
    assert KEY["apiKey"] not in sent.values()


# --- whole histories ---------------------------------------------------------------------------


def test_trades_of_a_month(stub: Stub, mexc: ExchangeClient) -> None:
    times = moments(NOW, timedelta(days=28), 900, crowd=90)
    rows = [{"id": n, "symbol": "BNBBTC", "time": ms} for n, ms in enumerate(times)]
    pick = within(rows, "time", "startTime", "endTime")
    stub.answers(path_of(TRADES), paged(pick, list, limit="limit", most=100))
    found, page = walk(mexc, TRADES, NOW)
    assert len(found) == 900
    assert page.covered is not None
    assert NOW - timedelta(days=30) < page.covered[0] < NOW - timedelta(days=28)


@pytest.mark.parametrize(
    ("stream", "time"), [(DEPOSITS, "insertTime"), (WITHDRAWALS, "applyTime")], ids=["in", "out"]
)
def test_all_that_came_and_went_of_ninety_days(
    stub: Stub, mexc: ExchangeClient, stream: StreamSpec, time: str
) -> None:
    times = moments(NOW, timedelta(days=88), 1500, crowd=300)
    rows = [{"id": n, "coin": "EOS", "txId": str(n), time: str(ms)} for n, ms in enumerate(times)]
    pick = within(rows, time, "startTime", "endTime")
    stub.answers(path_of(stream), paged(pick, list, limit="limit", most=1000))
    assert len(whole(mexc, stream, NOW)) == 1500
    for asked in stub.asked:
        assert int(asked.parameters["startTime"]) > to_ms(NOW - timedelta(days=90))


def test_transfers_of_half_a_year(stub: Stub, mexc: ExchangeClient) -> None:
    times = moments(NOW, timedelta(days=178), 700, crowd=150)
    rows = [{"tranId": n, "timestamp": ms} for n, ms in enumerate(times)]
    pick = within(rows, "timestamp", "startTime", "endTime")
    wrap = paged(pick, lambda found: {"rows": found}, limit="size", most=100, page="page")
    stub.answers(path_of(TRANSFERS), wrap)
    assert len(whole(mexc, TRANSFERS, NOW)) == 700


def test_a_pair_that_is_gone_is_left_alone(stub: Stub, mexc: ExchangeClient) -> None:
    stub.answers(path_of(TRADES), Reply('{"code":-1121,"msg":"Invalid symbol."}', 400))
    page = mexc.fetch_page(TRADES, {}, now=NOW)
    assert (page.records, page.is_last) == ((), True)
    assert mexc.fetch_page(TRADES, page.cursor, now=NOW + timedelta(days=1)).is_last
    assert len(stub.asked) == 1


# --- balances and streams ----------------------------------------------------------------------

SPOT_BALANCES = [
    ReportedBalance("spot", "NBNTEST", Decimal(1111111)),
    ReportedBalance("spot", "MAIN", Decimal(1020000)),
]


def test_balances(stub: Stub, mexc: ExchangeClient) -> None:
    stub.answers(f"{API}/account", sample("mexc", "account"))
    stub.answers(FUTURES, sample("mexc", "futures"))
    equity = ReportedBalance("futures", "USDT", Decimal("13.750000000000000001"))
    assert mexc.balances() == [*SPOT_BALANCES, equity]


def test_a_key_that_may_not_see_futures(stub: Stub, mexc: ExchangeClient) -> None:
    stub.answers(f"{API}/account", sample("mexc", "account"))
    stub.answers(FUTURES, '{"success":false,"code":701,"message":"Theirs"}')
    assert mexc.balances() == SPOT_BALANCES
    stub.answers(f"{API}/account", Reply('{"code":700007,"msg":"No permission"}', 400))
    with pytest.raises(KeyBroken, match="read the account"):
        mexc.balances()


def pairs(*rows: tuple[str, str, str]) -> str:
    symbols = [
        {"symbol": b + q, "baseAsset": b, "quoteAsset": q, "status": status}
        for b, q, status in rows
    ]
    return json.dumps({"symbols": symbols})


def test_streams(stub: Stub, mexc: ExchangeClient) -> None:
    listed = pairs(("GMT", "USDT", "1"), ("MX", "USDT", "1"), ("STEPN", "USDT", "2"))
    stub.answers(f"{API}/exchangeInfo", listed)
    streams = {s.key: s for s in mexc.plan_streams(known_assets=frozenset({"MX", "USDT"}))}
    assert list(streams) == [
        *("deposits", "withdrawals", "transfers:SPOT-FUTURES", "transfers:FUTURES-SPOT", "dust"),
        *("trades:MXUSDT", "trades:GMTUSDT", "trades:STEPNUSDT"),
    ]
    assert streams["trades:STEPNUSDT"].scope["base"] == "GMT"
    assert streams["trades:GMTUSDT"].scope["base"] == "GMTTOKEN"
    assert "sweep" not in streams["trades:MXUSDT"].scope


# --- keys --------------------------------------------------------------------------------------

ALL_READS = "SPOT_ACCOUNT_READ,SPOT_DEAL_READ,SPOT_WITHDRAW_READ,SPOT_TRANSFER_READ"


def key(stub: Stub, **fields: Any) -> None:
    row = json.loads(sample("mexc", "api_key")) | fields
    stub.answers(f"{API}/apiKeyInfo", json.dumps(row))
    stub.answers(f"{API}/uid", '{"uid":"209302839"}')


def test_the_documented_key_may_trade(stub: Stub, mexc: ExchangeClient) -> None:
    key(stub)
    audit = mexc.audit()
    assert audit.verdict is Verdict.CAN_TRADE
    assert audit.dangerous == ("SPOT_DEAL_WRITE",)
    assert audit.missing == ("SPOT_WITHDRAW_READ", "SPOT_TRANSFER_READ")
    assert audit.created_at == datetime(2026, 9, 14, 18, 53, 36, tzinfo=UTC)
    assert audit.account_uid == "209302839"
    assert audit.ip_restricted is False
    assert "82 days" in audit.warnings[0]
    assert KEY["apiKey"] not in audit.raw
    assert stub.asked[0].parameters["accessKey"] == KEY["apiKey"]


@pytest.mark.parametrize(
    ("permissions", "verdict"),
    [
        (ALL_READS, Verdict.READ_ONLY),
        (ALL_READS.replace("WITHDRAW_READ", "WITHDRAW_R"), Verdict.READ_ONLY),
        (f"{ALL_READS},CONTRACT_DEAL_WRITE", Verdict.CAN_TRADE),
        (f"{ALL_READS},SPOT_WITHDRAW_WRITE", Verdict.CAN_WITHDRAW),
        (f"{ALL_READS},SPOT_WITHDRAW_W", Verdict.CAN_WITHDRAW),
        (f"{ALL_READS},SPOT_DEAL_WRITE,SPOT_TRANSFER_WRITE", Verdict.CAN_WITHDRAW),
        (f"{ALL_READS},WORD_OF_TOMORROW", Verdict.CAN_WITHDRAW),
        ("", Verdict.CAN_WITHDRAW),
    ],
)
def test_each_right_is_judged(
    stub: Stub, mexc: ExchangeClient, permissions: str, verdict: Verdict
) -> None:
    key(stub, permissions=permissions, ipWhiteList="1.1.1.1,1.1.1.2")
    audit = mexc.audit()
    assert audit.verdict is verdict
    assert audit.ip_allowlist == ("1.1.1.1", "1.1.1.2")
    assert audit.warnings == ()
    assert bool(audit.missing) is not bool(permissions)


def test_another_s_key_proves_nothing(stub: Stub, mexc: ExchangeClient) -> None:
    key(stub, accessKey="mx0vglAnother", permissions=ALL_READS)
    assert mexc.audit().verdict is Verdict.UNPROVED


# --- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 10072, KeyBroken),
        (400, 700002, KeyBroken),
        (400, 700006, KeyBroken),
        (401, 401, KeyBroken),
        (400, 700007, StreamUnavailable),
        (400, 700004, StreamUnavailable),
        (400, 400, StreamUnavailable),
        (200, 510, WaitUntil),
        (429, 429, WaitUntil),
        (400, 801, TryAgain),
        (503, 503, TryAgain),
        (400, 987654, TryAgain),
    ],
)
def test_every_refusal_has_its_way_out(
    stub: Stub, mexc: ExchangeClient, status: int, code: int, kind: type[GatewayError]
) -> None:
    stub.answers(path_of(DEPOSITS), Reply(json.dumps({"code": code, "msg": "theirs"}), status))
    with pytest.raises(GatewayError) as caught:
        mexc.fetch_page(DEPOSITS, {}, now=NOW)
    assert type(caught.value) is kind
    assert caught.value.code == str(code)
    assert "theirs" not in caught.value.message


@pytest.mark.parametrize("stream", [DEPOSITS, TRADES, TRANSFERS, DUST], ids=lambda s: s.key)
@pytest.mark.parametrize("text", ["{}", '{"code":0}', "<html>", "[1]"])
def test_what_is_no_answer_is_not_an_empty_one(
    stub: Stub, mexc: ExchangeClient, stream: StreamSpec, text: str
) -> None:
    stub.answers(path_of(stream), text)
    with pytest.raises(TryAgain):
        mexc.fetch_page(stream, {}, now=NOW)


def test_a_clock_that_differs_is_set_and_the_request_repeated(
    stub: Stub, mexc: ExchangeClient
) -> None:
    ahead = datetime.now(UTC) + timedelta(minutes=10)
    stub.answers(f"{API}/time", json.dumps({"serverTime": to_ms(ahead)}))

    def reply(asked: Asked) -> Reply:
        late = abs(int(asked.parameters["timestamp"]) - to_ms(ahead)) > 5000
        return Reply('{"code":700003,"msg":"Theirs"}', 400) if late else Reply("[]")

    stub.answers(path_of(DEPOSITS), reply)
    assert mexc.fetch_page(DEPOSITS, {}, now=NOW).covered
    names = [asked.path.rpartition("/")[2] for asked in stub.asked]
    assert names == ["hisrec", "time", "hisrec"]


# --- prices ------------------------------------------------------------------------------------


def test_prices(stub: Stub) -> None:
    stub.answers(f"{API}/exchangeInfo", pairs(("MX", "USDT", "1")))
    stub.answers(f"{API}/ticker/price", '[{"symbol":"MXUSDT","price":"2.5"}]')

    def candles(asked: Asked) -> Reply:
        start, end = (int(asked.parameters[name]) for name in ("startTime", "endTime"))
        days = range(start, end, 86_400_000)
        rows = [[day, "1", "3", "1", f"2.{day // 86_400_000 % 7}", "9"] for day in days]
        return Reply(json.dumps(rows[: int(asked.parameters["limit"])]))

    stub.answers(f"{API}/klines", candles)
    prices = registry.open_market_data("mexc", base_url=f"{stub.url}/mexc")
    assert [ticker.price for ticker in prices.tickers()] == [Decimal("2.5")]
    closes = prices.daily_closes("MX", "USDT", since=date(2023, 1, 1))
    assert closes[0].on == date(2023, 1, 1)
    assert [candle.on for candle in closes] == sorted({candle.on for candle in closes})
    prices.close()
