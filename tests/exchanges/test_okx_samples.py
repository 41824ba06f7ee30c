"""What OKX's documentation shows gives the right records, transactions and postings."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine.types import (
    Event,
    Movement,
    PostingRole,
    RecordKind,
    ReportedBalance,
    TransactionKind,
)
from portfolio.exchanges import exact, registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import API_KEY, CREDENTIALS, SECRET, sample
from tests.exchanges.sampled import opened
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, tzinfo=UTC)
API = "/okx/api/v5"
EMPTY = '{"code":"0","data":[],"msg":""}'
BILLS = StreamSpec("bills", RecordKind.LEDGER)
ASSET_BILLS = StreamSpec("asset-bills", RecordKind.LEDGER)
FILLS = StreamSpec("fills:SPOT", RecordKind.TRADES, {"type": "SPOT"})
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
INTEREST = StreamSpec("interest", RecordKind.INTEREST)
CONVERSIONS = StreamSpec("conversions", RecordKind.CONVERSIONS)
DUST = StreamSpec("dust", RecordKind.DUST)
PATHS = {
    "bills": "account/bills-archive",
    "asset-bills": "asset/bills-history",
    "fills:SPOT": "trade/fills-history",
    "deposits": "asset/deposit-history",
    "withdrawals": "asset/withdrawal-history",
    "interest": "finance/savings/lending-history",
    "conversions": "asset/convert/history",
    "dust": "trade/easy-convert-history",
}


@pytest.fixture
def okx(stub: Stub) -> Iterator[ExchangeClient]:
    key = {**CREDENTIALS, "password": "pass phrase"}
    yield from opened(stub, "okx", key)


def fetch(stub: Stub, okx: ExchangeClient, stream: StreamSpec, text: str) -> list[FetchedRecord]:
    """Serve a sample, and nothing before it; the walk ends at the second page."""

    def reply(asked: Asked) -> Reply:
        return Reply(EMPTY if "after" in asked.parameters else text)

    stub.answers(f"{API}/{PATHS[stream.key]}", reply)
    page = okx.fetch_page(stream, {}, now=NOW)
    assert not page.is_last
    assert page.covered is None
    last = okx.fetch_page(stream, page.cursor, now=NOW)
    assert last.is_last
    assert last.covered is not None
    return list(page.records)


def told(stream: StreamSpec, record: FetchedRecord) -> Event:
    event = registry.normalise("okx", stream, record.body)
    assert event is not None
    return event


def bill(**fields: str) -> Event:
    """The documented bill with other words."""
    (row,) = exact.loads(sample("okx", "bills_archive"))["data"]
    event = registry.normalise("okx", BILLS, json.dumps({**row, **fields}))
    assert event is not None
    return event


def asset_bill(**fields: str) -> Event | None:
    (row,) = exact.loads(sample("okx", "asset_bills_history"))["data"]
    return registry.normalise("okx", ASSET_BILLS, json.dumps({**row, **fields}))


# --- records -----------------------------------------------------------------------------------


def test_a_bill_of_a_trade(stub: Stub, okx: ExchangeClient) -> None:
    text = sample("okx", "bills_archive")
    (record,) = fetch(stub, okx, BILLS, text)
    assert record.external_id == "623950854533513219"
    assert record.body == exact.elements(text, "data")[0].text
    event = told(BILLS, record)
    assert event.key == "trade:BTC-USDT:586760148"
    assert event.kind is TransactionKind.TRADE
    assert event.occurred_at == datetime(2023, 9, 18, 10, 37, 56, 167000, tzinfo=UTC)
    assert event.movements == (
        Movement("trading", "USDT", Decimal("0.021955779")),
        Movement("trading", "USDT", Decimal("-0.000021955779"), PostingRole.FEE),
    )
    assert event.detail["symbol"] == "BTC/USDT"
    assert event.detail["price"] == "27105.9"


def test_pages_go_down_by_bill(stub: Stub, okx: ExchangeClient) -> None:
    fetch(stub, okx, BILLS, sample("okx", "bills_archive"))
    first, second = stub.asked
    assert first.parameters == {"limit": "100"}
    assert second.parameters == {"limit": "100", "after": "623950854533513219"}


def test_what_is_older_than_three_months_is_said_not_to_be_served(
    stub: Stub, okx: ExchangeClient
) -> None:
    stub.answers(f"{API}/{PATHS['bills']}", EMPTY)
    page = okx.fetch_page(BILLS, {}, now=NOW)
    assert page.is_last
    reach = NOW - timedelta(days=90)
    assert page.covered == (reach, NOW)
    assert page.unserved == (datetime(2017, 1, 1, tzinfo=UTC), reach)


def test_the_funding_ledger_is_served_from_2021(stub: Stub, okx: ExchangeClient) -> None:
    stub.answers(f"{API}/{PATHS['asset-bills']}", EMPTY)
    page = okx.fetch_page(ASSET_BILLS, {}, now=NOW)
    assert page.covered == (datetime(2021, 2, 1, tzinfo=UTC), NOW)
    assert page.unserved is None
    assert stub.asked[0].parameters["pagingType"] == "2"


def test_a_request_is_signed(stub: Stub, okx: ExchangeClient) -> None:
    stub.answers(f"{API}/{PATHS['fills:SPOT']}", EMPTY)
    okx.fetch_page(FILLS, {}, now=NOW)
    (asked,) = stub.asked
    sent = {name.lower(): value for name, value in asked.headers.items()}
    moment = sent["ok-access-timestamp"]
    assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)) < timedelta(minutes=1)
    query = "&".join(f"{name}={value}" for name, value in asked.parameters.items())
    message = f"{moment}GET{asked.path}?{query}"
    digest = hmac.new(SECRET.encode(), message.encode(), hashlib.sha256).digest()
    # ccxt signs the exchange's own path; the prefix of the stub is not part of it.
    own = hmac.new(SECRET.encode(), message.replace("/okx", "", 1).encode(), hashlib.sha256)
    assert sent["ok-access-sign"] in {base64.b64encode(d).decode() for d in (digest, own.digest())}
    assert sent["ok-access-passphrase"] == "pass phrase"
    assert asked.parameters["instType"] == "SPOT"


def test_a_transfer_and_a_funding_payment(stub: Stub, okx: ExchangeClient) -> None:
    (record,) = fetch(stub, okx, BILLS, sample("okx", "bills_transfer"))
    event = told(BILLS, record)
    assert event.kind is TransactionKind.TRANSFER
    assert event.movements == (Movement("trading", "USDT", Decimal("-4.0000000000000000")),)
    (record,) = fetch(stub, okx, BILLS, sample("okx", "bills_funding"))
    event = told(BILLS, record)
    assert event.kind is TransactionKind.FUNDING
    assert event.movements == (Movement("trading", "ETH", Decimal("0.0000148752712240")),)
    assert event.detail["symbol"] == "ETH-USD-SWAP"


def test_a_fill_explains_its_bills(stub: Stub, okx: ExchangeClient) -> None:
    (record,) = fetch(stub, okx, FILLS, sample("okx", "fills_history"))
    event = told(FILLS, record)
    assert event.key == "trade:ETH-USDT:107601752"
    assert event.movements == ()
    assert event.detail["symbol"] == "ETH/USDT"
    assert (event.detail["side"], event.detail["price"], event.detail["role"]) == (
        "buy",
        "2654.98",
        "taker",
    )


def test_a_funding_bill_of_a_deposit_is_kept_and_books_nothing(
    stub: Stub, okx: ExchangeClient
) -> None:
    (record,) = fetch(stub, okx, ASSET_BILLS, sample("okx", "asset_bills_history"))
    assert record.external_id == "12344"
    assert registry.normalise("okx", ASSET_BILLS, record.body) is None


def test_a_deposit(stub: Stub, okx: ExchangeClient) -> None:
    (record,) = fetch(stub, okx, DEPOSITS, sample("okx", "deposit_history"))
    event = told(DEPOSITS, record)
    assert event.movements == (Movement("funding", "USDT", Decimal(1)),)
    assert event.detail["status"] == "successful"
    assert event.detail["network"] == "USDT-TRC20"
    assert event.detail["txid"].startswith("fee235b3e812")
    # The next page begins with the last millisecond once more.
    assert stub.asked[-1].parameters["after"] == "1674038705001"


@pytest.mark.parametrize(
    ("state", "booked"),
    [("0", False), ("1", True), ("2", True), ("8", False), ("12", False), ("99", False)],
)
def test_which_deposits_are_booked(state: str, booked: bool) -> None:
    (row,) = exact.loads(sample("okx", "deposit_history"))["data"]
    event = registry.normalise("okx", DEPOSITS, json.dumps({**row, "state": state}))
    assert event is not None
    assert bool(event.movements) is booked


def test_a_withdrawal(stub: Stub, okx: ExchangeClient) -> None:
    (record,) = fetch(stub, okx, WITHDRAWALS, sample("okx", "withdrawal_history"))
    event = told(WITHDRAWALS, record)
    assert event.movements == (
        Movement("funding", "USDT", Decimal("-54.561")),
        Movement("funding", "USDT", Decimal("-0.8"), PostingRole.FEE),
    )
    assert event.detail["address"] == "TEY6qjnKDyyq5jDc3DJizWLCdUySrpQ4yp"


def test_an_older_withdrawal_names_the_coin_of_its_fee(stub: Stub, okx: ExchangeClient) -> None:
    (record,) = fetch(stub, okx, WITHDRAWALS, sample("okx", "withdrawal_history_older"))
    assert told(WITHDRAWALS, record).movements == (
        Movement("funding", "ETH", Decimal("-0.094")),
        Movement("funding", "ETH", Decimal("-0.01000000"), PostingRole.FEE),
    )


@pytest.mark.parametrize(("state", "booked"), [("-2", False), ("-1", False), ("0", True)])
def test_a_withdrawal_is_out_until_it_comes_back(state: str, booked: bool) -> None:
    (row,) = exact.loads(sample("okx", "withdrawal_history"))["data"]
    changed = {**row, "state": state, "feeCcy": "TRX"}
    event = registry.normalise("okx", WITHDRAWALS, json.dumps(changed))
    assert event is not None
    assert bool(event.movements) is booked
    if booked:
        assert event.movements[1] == Movement("funding", "TRX", Decimal("-0.8"), PostingRole.FEE)


def test_interest_of_savings(stub: Stub, okx: ExchangeClient) -> None:
    records = fetch(stub, okx, INTEREST, sample("okx", "lending_history"))
    assert len({record.external_id for record in records}) == 2
    event = told(INTEREST, records[1])
    assert event.kind is TransactionKind.INTEREST
    assert event.movements == (Movement("earn", "ETH", Decimal("0.001")),)


def test_a_conversion_and_its_bills_meet(stub: Stub, okx: ExchangeClient) -> None:
    (record,) = fetch(stub, okx, CONVERSIONS, sample("okx", "convert_history"))
    event = told(CONVERSIONS, record)
    assert event.movements == ()
    assert event.detail["symbol"] == "ETH/USDT"
    legs = [
        bill(type="27", subType=sub, ccy=code, balChg=amount, fee="0", ts="1646188520338")
        for sub, code, amount in (("319", "USDT", "-30"), ("318", "ETH", "0.01023052"))
    ]
    assert {leg.key for leg in legs} == {event.key}
    assert {leg.kind for leg in legs} == {TransactionKind.CONVERSION}
    funded = asset_bill(type="272", ccy="ETH", balChg="0.01023052", ts="1646188520338")
    assert funded is not None
    assert funded.key == event.key


def test_small_balances_turned_into_another_coin(stub: Stub, okx: ExchangeClient) -> None:
    records = fetch(stub, okx, DUST, sample("okx", "easy_convert_history"))
    assert len({record.external_id for record in records}) == 2
    event = told(DUST, records[0])
    assert event.movements == ()
    leg = bill(type="28", subType="236", ts="1661313307000", ccy="ADA", balChg="6.73", fee="")
    assert leg.key == event.key
    assert leg.movements == (Movement("trading", "ADA", Decimal("6.73")),)


@pytest.mark.parametrize(
    ("kind", "instrument", "change", "expected"),
    [
        ("1", "", "5", TransactionKind.TRANSFER),
        ("2", "SPOT", "5", TransactionKind.TRADE),
        ("2", "MARGIN", "5", TransactionKind.TRADE),
        ("2", "SWAP", "5", TransactionKind.REALISED_PNL),
        ("2", "FUTURES", "-0.5", TransactionKind.FEE),
        ("2", "OPTION", "5", TransactionKind.TRADE),
        ("3", "FUTURES", "5", TransactionKind.REALISED_PNL),
        ("5", "SWAP", "-5", TransactionKind.LIQUIDATION),
        ("7", "", "-5", TransactionKind.INTEREST),
        ("8", "SWAP", "-5", TransactionKind.FUNDING),
        ("27", "", "-5", TransactionKind.CONVERSION),
        ("28", "", "-5", TransactionKind.CONVERSION),
        ("381", "", "5", TransactionKind.INTEREST),
        ("99999", "", "5", TransactionKind.UNCLASSIFIED),
    ],
)
def test_kinds_of_bills_and_none_is_dropped(
    kind: str, instrument: str, change: str, expected: TransactionKind
) -> None:
    fee = "-0.5" if instrument == "FUTURES" and kind == "2" else "0"
    event = bill(type=kind, instType=instrument, balChg=change, fee=fee)
    assert event.kind is expected
    assert sum(movement.amount for movement in event.movements) == Decimal(change)


def test_a_rebate_comes_in_as_a_negative_fee_would_go_out() -> None:
    event = bill(balChg="10.5", fee="0.5")
    assert event.movements == (
        Movement("trading", "USDT", Decimal("10.0")),
        Movement("trading", "USDT", Decimal("0.5"), PostingRole.FEE),
    )


@pytest.mark.parametrize(
    ("kind", "expected", "wallets"),
    [
        ("131", TransactionKind.TRANSFER, ["funding"]),
        ("75", TransactionKind.TRANSFER, ["funding", "earn"]),
        ("76", TransactionKind.TRANSFER, ["funding", "earn"]),
        ("150", TransactionKind.REWARD, ["funding"]),
        ("229", TransactionKind.AIRDROP, ["funding"]),
        ("273", TransactionKind.CONVERSION, ["funding"]),
        ("99999", TransactionKind.UNCLASSIFIED, ["funding"]),
    ],
)
def test_kinds_of_funding_bills(kind: str, expected: TransactionKind, wallets: list[str]) -> None:
    event = asset_bill(type=kind, balChg="-2.5")
    assert event is not None
    assert event.kind is expected
    assert [movement.wallet for movement in event.movements] == wallets
    assert [m.amount for m in event.movements] == [Decimal("-2.5"), Decimal("2.5")][: len(wallets)]


@pytest.mark.parametrize("kind", ["1", "2", "13"])
def test_what_the_lists_book_is_not_booked_twice(kind: str) -> None:
    assert asset_bill(type=kind) is None


# --- balances and keys -------------------------------------------------------------------------


def test_balances_of_three_wallets(stub: Stub, okx: ExchangeClient) -> None:
    stub.answers(f"{API}/account/balance", sample("okx", "account_balance"))
    stub.answers(f"{API}/asset/balances", sample("okx", "asset_balances"))
    stub.answers(f"{API}/finance/savings/balance", sample("okx", "savings_balance"))
    assert okx.balances() == [
        ReportedBalance("trading", "USDT", Decimal("28.21006347")),
        ReportedBalance("funding", "BTC", Decimal("0.00005426")),
        ReportedBalance("earn", "USDT", Decimal("11.0010737453457821")),
    ]


def test_the_documented_key_may_withdraw(stub: Stub, okx: ExchangeClient) -> None:
    stub.answers(f"{API}/account/config", sample("okx", "account_config"))
    audit = okx.audit()
    assert audit.verdict is Verdict.CAN_WITHDRAW
    assert audit.permissions == ("read_only", "withdraw", "trade")
    assert audit.dangerous == ("withdraw", "trade")
    assert audit.account_uid == "44705892343619584"
    assert audit.ip_restricted is False
    assert audit.warnings == ()


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("read_only", Verdict.READ_ONLY),
        ("read_only,trade", Verdict.CAN_TRADE),
        ("read_only,withdraw", Verdict.CAN_WITHDRAW),
        ("read_only,word_of_tomorrow", Verdict.CAN_WITHDRAW),
    ],
)
def test_each_right_is_judged(
    stub: Stub, okx: ExchangeClient, words: str, verdict: Verdict
) -> None:
    answer = exact.loads(sample("okx", "account_config"))
    row = {**answer["data"][0], "perm": words, "ip": "117.37.203.58,117.37.203.57", "uid": "7"}
    stub.answers(f"{API}/account/config", json.dumps({"code": "0", "data": [row], "msg": ""}))
    audit = okx.audit()
    assert audit.verdict is verdict
    assert audit.ip_allowlist == ("117.37.203.58", "117.37.203.57")
    assert audit.ip_restricted is True
    assert "sub-account" in audit.warnings[0]


# --- prices ------------------------------------------------------------------------------------


def test_closes_are_read_over_a_stretch_without_any(stub: Stub) -> None:
    row = {"instId": "BTC-EUR", "baseCcy": "BTC", "quoteCcy": "EUR", "state": "live"}
    weird = {"instId": "", "instType": "SPOT", "state": "preopen"}
    pairs = json.dumps({"code": "0", "data": [row, weird], "msg": ""})
    stub.answers(f"{API}/public/instruments", pairs)
    listed = datetime.now(UTC).date() - timedelta(days=30)

    def candles(asked: Asked) -> Reply:
        after, before = (int(asked.parameters[name]) for name in ("after", "before"))
        start = datetime.combine(listed, datetime.min.time(), UTC)
        days = [int((start + timedelta(days=n)).timestamp() * 1000) for n in range(31)]
        rows = [[str(d), "1", "3", "1", "2.5", "1", "1", "1", "1"] for d in reversed(days)]
        found = [r for r in rows if before < int(r[0]) < after]
        return Reply(json.dumps({"code": "0", "data": found[:100], "msg": ""}))

    stub.answers(f"{API}/market/history-candles", candles)
    prices = registry.open_market_data("okx", base_url=f"{stub.url}/okx")
    closes = prices.daily_closes("BTC", "EUR", since=listed - timedelta(days=350))
    assert [candle.on for candle in closes] == [listed + timedelta(days=n) for n in range(30)]
    assert closes[0].close == Decimal("2.5")
    prices.close()


# --- errors ------------------------------------------------------------------------------------


def k(code: int, status: int = 200) -> Reply:
    return Reply(f'{{"code":"{code}","data":[],"msg":"Some words of theirs."}}', status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (k(50011, 429), WaitUntil),
        (k(50011), WaitUntil),
        (k(50111, 401), KeyBroken),
        (k(50113, 401), KeyBroken),
        (k(50105, 401), KeyBroken),
        (k(50110, 401), KeyBroken),
        (k(50119, 401), KeyBroken),
        (k(50100, 401), KeyBroken),
        (k(50120, 401), StreamUnavailable),
        (k(51000, 400), StreamUnavailable),
        (k(50001, 503), TryAgain),
        (k(50013), TryAgain),
        (k(59999), TryAgain),
        (Reply("<html></html>", 502), TryAgain),
        (Reply('{"code":"0","msg":""}'), TryAgain),
        (Reply('{"code":"0","data":{},"msg":""}'), TryAgain),
    ],
)
def test_errors_end_in_one_of_four_ways(
    stub: Stub, okx: ExchangeClient, reply: Reply, kind: type[GatewayError]
) -> None:
    stub.answers(f"{API}/{PATHS['deposits']}", reply)
    with pytest.raises(GatewayError) as caught:
        okx.fetch_page(DEPOSITS, {}, now=NOW)
    assert type(caught.value) is kind
    shown = repr(caught.value) + caught.value.message
    for secret in (API_KEY, SECRET, "Some words of theirs"):
        assert secret not in shown


def test_an_expired_timestamp_sets_the_clock(stub: Stub, okx: ExchangeClient) -> None:
    ahead = timedelta(minutes=5)

    def theirs() -> datetime:
        return datetime.now(UTC) + ahead

    def clock(_: Asked) -> Reply:
        ms = int(theirs().timestamp() * 1000)
        return Reply(f'{{"code":"0","data":[{{"ts":"{ms}"}}],"msg":""}}')

    def bills(asked: Asked) -> Reply:
        headers: dict[str, Any] = {n.lower(): v for n, v in asked.headers.items()}
        sent = datetime.fromisoformat(headers["ok-access-timestamp"])
        return Reply(EMPTY) if abs(theirs() - sent) < timedelta(seconds=30) else k(50102, 401)

    stub.answers(f"{API}/public/time", clock)
    stub.answers(f"{API}/{PATHS['bills']}", bills)
    assert okx.fetch_page(BILLS, {}, now=NOW).is_last
    assert [asked.path.rpartition("/")[2] for asked in stub.asked] == [
        "bills-archive",
        "time",
        "bills-archive",
    ]
