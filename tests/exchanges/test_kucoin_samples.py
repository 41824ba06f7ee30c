"""What KuCoin's documentation shows gives the right records, transactions and postings."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
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
    ReportedPosition,
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
from portfolio.exchanges.normalisers import kucoin as rules
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import sample
from tests.exchanges.histories import moments, paged, walk, whole, within
from tests.exchanges.sampled import normalised, opened
from tests.exchanges.stub import Asked, Reply, Stub

API = "/kucoin/api"
NOW = datetime(2024, 10, 12, tzinfo=UTC)
KEY = {"apiKey": "6705f5c311545b000157d3eb", "secret": "53cr37", "password": "passphrase"}
LEDGER = StreamSpec("ledger", RecordKind.LEDGER)
SPOT = StreamSpec("spot-ledger", RecordKind.LEDGER)
MARGIN = StreamSpec("margin-ledger", RecordKind.LEDGER)
FUTURES = StreamSpec("futures-ledger", RecordKind.LEDGER)
INTEREST = StreamSpec("interest", RecordKind.INTEREST)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
PLACES = {
    "ledger": "v1/accounts/ledgers",
    "spot-ledger": "v1/hf/accounts/ledgers",
    "margin-ledger": "v3/hf/margin/account/ledgers",
    "futures-ledger": "v1/transaction-history",
    "interest": "v3/margin/interest",
    "deposits": "v1/deposits",
    "withdrawals": "v1/withdrawals",
}


@pytest.fixture
def kucoin(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "kucoin", KEY)


def recent(back: timedelta) -> dict[str, Any]:
    """A cursor that stands a little before now."""
    begin = to_ms(NOW - back)
    return {"v": 1, "from": begin, "since": begin, "offset": 0}


def fetch(
    stub: Stub, client: ExchangeClient, stream: StreamSpec, name: str = ""
) -> list[FetchedRecord]:
    stub.answers(f"{API}/{PLACES[stream.key]}", sample("kucoin", name or stream.key))
    page = client.fetch_page(stream, recent(timedelta(hours=20)), now=NOW)
    assert page.is_last
    return list(page.records)


normalise = partial(normalised, "kucoin")


# --- records -----------------------------------------------------------------------------------


def test_rows_of_the_funding_ledger(stub: Stub, kucoin: ExchangeClient) -> None:
    records = fetch(stub, kucoin, LEDGER)
    text = sample("kucoin", "ledger")
    assert [r.body for r in records] == [row.text for row in exact.elements(text, "data", "items")]
    newer, *others = (record.body for record in records)
    assert registry.normalise("kucoin", LEDGER, newer) is None  # its own ledger has it
    paid_out, lent, withdrawn = (normalise(LEDGER, body) for body in others)
    assert paid_out.kind is TransactionKind.REWARD
    assert paid_out.movements == (Movement("funding", "GAS", Decimal("0.00000339")),)
    assert paid_out.detail["note"] == "Holding NEO,distribute GAS(2021/10/30)"
    assert lent.kind is TransactionKind.TRANSFER
    assert lent.movements == (Movement("funding", "USDT", Decimal("10.00059547")),)
    assert withdrawn.key == "withdrawal:617bb2d09e7b3b000196dac8"
    assert withdrawn.movements == (
        Movement("funding", "USDT", Decimal(-100)),
        Movement("funding", "USDT", Decimal(-3), PostingRole.FEE),
    )


def test_a_sale_is_told_after_its_fee(stub: Stub, kucoin: ExchangeClient) -> None:
    (record,) = fetch(stub, kucoin, SPOT, "spot_ledger")
    event = normalise(SPOT, record.body)
    assert event.key == "trade:KCS-USDT:10046097631627265"
    assert event.kind is TransactionKind.TRADE
    assert event.occurred_at == datetime(2024, 10, 9, 3, 19, 17, 539000, tzinfo=UTC)
    assert event.movements == (
        Movement("spot", "USDT", Decimal("1.5992")),
        Movement("spot", "USDT", Decimal("-0.00159920"), PostingRole.FEE),
    )
    assert event.detail["order"] == "6705f6350dc7210007d6a36d"
    out = normalise(SPOT, record.body.replace('"direction": "in"', '"direction": "out"'))
    assert sum(m.amount for m in out.movements) == Decimal("-1.59760080")
    assert out.movements[0].amount == Decimal("-1.5960016")


def test_rows_of_the_margin_ledger(stub: Stub, kucoin: ExchangeClient) -> None:
    moved, traded = (
        normalise(MARGIN, r.body) for r in fetch(stub, kucoin, MARGIN, "margin_ledger")
    )
    assert moved.kind is TransactionKind.TRANSFER
    assert moved.movements == (Movement("cross margin", "USDT", Decimal("0.01")),)
    assert traded.key == "trade:CSP-USDT:609522034689"
    assert traded.movements == (Movement("cross margin", "CSP", Decimal(-1)),)


def test_rows_of_the_futures_ledger(stub: Stub, kucoin: ExchangeClient) -> None:
    records = fetch(stub, kucoin, FUTURES, "futures_ledger")
    arrived, won = (normalise(FUTURES, record.body) for record in records)
    assert arrived.kind is TransactionKind.TRANSFER
    assert arrived.movements == (Movement("futures", "USDT", Decimal("0.01")),)
    assert won.kind is TransactionKind.REALISED_PNL
    assert won.movements == (Movement("futures", "USDT", Decimal("0.00630042")),)
    assert won.detail["note"] == "XBTUSDTM"
    pending = records[1].body.replace("Completed", "Pending")
    assert registry.normalise("kucoin", FUTURES, pending) is None
    for word, sign in (("TransferOut", -1), ("Withdrawal", -1), ("Deposit", 1), ("Tomorrow", 1)):
        body = records[0].body.replace("TransferIn", word)
        assert normalise(FUTURES, body).movements[0].amount == sign * Decimal("0.01")
        signed = body.replace('"amount": 0.01', f'"amount": {sign * 0.01}')
        assert normalise(FUTURES, signed).movements[0].amount == sign * Decimal("0.01")
    lost = records[1].body.replace("0.00630042", "-1e-8").replace('"USDT"', '"XBT"')
    assert normalise(FUTURES, lost).movements == (Movement("futures", "BTC", Decimal("-1e-8")),)


def test_interest_is_owed_from_the_hour_it_is_told(stub: Stub, kucoin: ExchangeClient) -> None:
    (record,) = fetch(stub, kucoin, INTEREST)
    assert stub.asked[0].parameters["isIsolated"] == "false"
    event = normalise(INTEREST, record.body)
    assert event.kind is TransactionKind.INTEREST
    assert event.movements == (Movement("cross margin", "USDT", Decimal("-0.00000001")),)


def test_lists_explain_the_ledger_and_book_nothing(stub: Stub, kucoin: ExchangeClient) -> None:
    (arrived,) = fetch(stub, kucoin, DEPOSITS)
    event = normalise(DEPOSITS, arrived.body)
    assert event.key == "deposit:KCS:5bbb57386d99522d9f954c5a"
    assert event.movements == ()
    assert event.detail["txid"] == "5bbb57386d99522d9f954c5a"
    row = {**ROW, "bizType": "Deposit", "currency": "KCS", "accountType": "MAIN"}
    context = '{"orderId":"1","txId":"5bbb57386d99522d9f954c5a@default@0"}'
    assert normalise(LEDGER, {**row, "context": context}).key == event.key
    (left,) = fetch(stub, kucoin, WITHDRAWALS)
    event = normalise(WITHDRAWALS, left.body)
    assert event.key == "withdrawal:617bb2d09e7b3b000196dac8"
    assert event.movements == ()
    assert event.detail["status"] == "failure"
    inner = json.loads(arrived.body) | {"isInner": True}
    assert normalise(DEPOSITS, inner).detail["network"] == "within KuCoin"


def test_a_request_is_signed(stub: Stub, kucoin: ExchangeClient) -> None:
    fetch(stub, kucoin, SPOT, "spot_ledger")
    (asked,) = stub.asked
    sent = {name.upper(): value for name, value in asked.headers.items()}

    def signed(text: str) -> str:
        digest = hmac.new(KEY["secret"].encode(), text.encode(), hashlib.sha256).digest()
        return base64.b64encode(digest).decode()

    path = asked.path.removeprefix("/kucoin")
    text = f"{sent['KC-API-TIMESTAMP']}GET{path}?{urlencode(asked.parameters)}"
    assert sent["KC-API-KEY"] == KEY["apiKey"]
    assert sent["KC-API-SIGN"] == signed(text)
    assert sent["KC-API-PASSPHRASE"] == signed("passphrase")
    assert set(asked.parameters) == {"startAt", "endAt", "limit"}


# --- whole histories ---------------------------------------------------------------------------

ROW = {
    "id": "617cc528729f5f0001c03ceb",
    "currency": "USDT",
    "amount": "1",
    "fee": "0",
    "accountType": "MAIN",
    "bizType": "Rewards",
    "direction": "in",
    "createdAt": 1728658481484,
    "context": "",
}


def told(ms: int, number: int) -> dict[str, Any]:
    return {**ROW, "id": f"{number:024x}", "createdAt": ms, "amount": f"{number}.5"}


def numbered(items: list[Any]) -> dict[str, Any]:
    return {"code": "200000", "data": {"items": items}}


def bare(items: list[Any]) -> dict[str, Any]:
    return {"code": "200000", "data": items}


def futures_row(ms: int, number: int) -> dict[str, Any]:
    row = {"time": ms, "type": "RealisedPNL", "amount": 1, "fee": 0, "status": "Completed"}
    return {**row, "remark": "XBTUSDTM", "offset": number, "currency": "USDT"}


def travel(ms: int, number: int) -> dict[str, Any]:
    return {"id": str(number), "currency": "BTC", "walletTxId": f"{number:x}@1", "createdAt": ms}


@pytest.mark.parametrize(
    ("stream", "make", "answer", "time", "names", "back"),
    [
        (LEDGER, told, numbered, "createdAt", ("startAt", "endAt", "pageSize", 500), 700),
        (SPOT, told, bare, "createdAt", ("startAt", "endAt", "limit", 200), 3),
        (MARGIN, told, bare, "createdAt", ("startAt", "endAt", "limit", 200), 3),
        (
            *(FUTURES, futures_row, lambda rows: bare({"dataList": rows})),  # type: ignore[arg-type]
            *("time", ("startAt", "endAt", "maxCount", 50), 300),
        ),
        (DEPOSITS, travel, numbered, "createdAt", ("startAt", "endAt", "pageSize", 500), 700),
        (WITHDRAWALS, travel, numbered, "createdAt", ("startAt", "endAt", "pageSize", 500), 700),
    ],
    ids=lambda value: value.key if isinstance(value, StreamSpec) else "",
)
def test_a_whole_history(
    stub: Stub,
    kucoin: ExchangeClient,
    stream: StreamSpec,
    make: Callable[[int, int], dict[str, Any]],
    answer: Callable[[list[Any]], Any],
    time: str,
    names: tuple[str, str, str, int],
    back: int,
) -> None:
    start, end, limit, most = names
    count = 5 * most // 2
    times = moments(NOW, timedelta(days=back), count, crowd=40)
    rows = [make(ms, number) for number, ms in enumerate(times)]
    page = "currentPage" if limit == "pageSize" else ""
    pick = within(rows, time, start, end)
    stub.answers(
        f"{API}/{PLACES[stream.key]}", paged(pick, answer, limit=limit, most=most, page=page)
    )
    found = whole(kucoin, stream, NOW)
    assert len(found) == len(rows) == count
    assert {body for body in found.values()} == {json.dumps(row) for row in rows}
    longest = 7 if stream in (DEPOSITS, WITHDRAWALS) else 1
    for asked in stub.asked:
        span = int(asked.parameters[end]) - int(asked.parameters[start])
        assert span < longest * 86_400_000


def test_interest_pages_by_quarter(stub: Stub, kucoin: ExchangeClient) -> None:
    times = moments(NOW, timedelta(days=500), 1300, crowd=1)
    rows = [
        {"currency": "USDT", "createdTime": ms, "interestAmount": f"0.{n:08}", "dayRatio": "1"}
        for n, ms in enumerate(times)
    ]
    pick = within(rows, "createdTime", "startTime", "endTime")
    reply = paged(pick, numbered, limit="pageSize", most=500, page="currentPage")
    stub.answers(f"{API}/{PLACES['interest']}", reply)
    assert len(whole(kucoin, INTEREST, NOW)) == 1300


def test_old_stretches_may_be_answered_with_the_newest_rows(
    stub: Stub, kucoin: ExchangeClient
) -> None:
    times = moments(NOW, timedelta(days=3), 300, crowd=3)
    rows = [told(ms, number) for number, ms in enumerate(times)]
    edge = to_ms(NOW - timedelta(days=3))

    def pick(asked: Asked) -> list[dict[str, Any]]:
        begin, end = int(asked.parameters["startAt"]), int(asked.parameters["endAt"])
        known = [r for r in rows if begin <= r["createdAt"] <= end] if end >= edge else rows
        return sorted(known, key=lambda row: -row["createdAt"])

    stub.answers(f"{API}/{PLACES['spot-ledger']}", paged(pick, bare, limit="limit", most=200))
    found, page = walk(kucoin, SPOT, NOW)
    assert len(found) == 300
    assert page.covered is not None
    assert page.covered[0] >= NOW - timedelta(days=4)


def test_a_refusal_beyond_the_promise_is_passed_over(stub: Stub, kucoin: ExchangeClient) -> None:
    stub.answers(f"{API}/{PLACES['ledger']}", Reply('{"code":"400100","msg":"no"}', 400))
    page = kucoin.fetch_page(LEDGER, {}, now=NOW)
    assert (page.records, page.is_last) == ((), False)
    assert stub.asked[0].parameters["startAt"] == str(to_ms(NOW - timedelta(days=728)))
    with pytest.raises(StreamUnavailable):
        kucoin.fetch_page(LEDGER, recent(timedelta(days=5)), now=NOW)


# --- events ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Deposit", TransactionKind.DEPOSIT),
        ("Withdrawal", TransactionKind.WITHDRAWAL),
        ("Transfer", TransactionKind.TRANSFER),
        ("SUB_TRANSFER", TransactionKind.TRANSFER),
        ("Sub-account transfer", TransactionKind.TRANSFER),
        ("Staking", TransactionKind.TRANSFER),
        ("Redemption", TransactionKind.TRANSFER),
        ("Exchange", TransactionKind.TRADE),
        ("Trade_Exchange", TransactionKind.TRADE),
        ("Margin Trade", TransactionKind.TRADE),
        ("Instant Exchange", TransactionKind.CONVERSION),
        ("Convert to KCS", TransactionKind.CONVERSION),
        ("KuCoin Bonus", TransactionKind.REWARD),
        ("RETURNED_FEES", TransactionKind.REWARD),
        ("Soft Staking Profits", TransactionKind.REWARD),
        ("Airdrop/Fork", TransactionKind.AIRDROP),
        ("LIQUIDATION", TransactionKind.LIQUIDATION),
        ("Word of tomorrow", TransactionKind.UNCLASSIFIED),
    ],
)
def test_words_of_the_ledger_and_none_is_dropped(word: str, kind: TransactionKind) -> None:
    event = normalise(LEDGER, {**ROW, "bizType": word})
    assert event.kind is kind
    assert event.movements == (Movement("funding", "USDT", Decimal(1)),)


def test_fees_paid_in_kcs_belong_to_their_trade() -> None:
    context = '{"symbol":"KCS-USDT","orderId":"6","tradeId":"100"}'
    row = {**ROW, "accountType": "TRADE_HF", "direction": "out", "context": context}
    event = normalise(SPOT, {**row, "bizType": "DEDUCTION_FEES", "currency": "KCS"})
    assert event.key == "trade:KCS-USDT:100"
    assert event.movements == (Movement("spot", "KCS", Decimal(-1), PostingRole.FEE),)


def test_a_loan_moves_nothing_but_is_told() -> None:
    for word in ("Borrowings", "BORROW", "Debt Repayment", "REPAY"):
        event = normalise(MARGIN, {**ROW, "accountType": "ISOLATED_V2", "bizType": word})
        assert event.movements == ()
        assert event.detail["amount"] == "1"
    lent = normalise(LEDGER, {**ROW, "bizType": "Debt Repayment"})  # to the lender
    assert lent.movements == (Movement("funding", "USDT", Decimal(1)),)


@pytest.mark.parametrize("account", ["TRADE_HF", "MARGIN_V2", "ISOLATED_V2", "CONTRACT"])
def test_what_has_a_ledger_of_its_own_is_booked_there(account: str) -> None:
    row = json.dumps({**ROW, "accountType": account})
    assert registry.normalise("kucoin", LEDGER, row) is None


@pytest.mark.parametrize(
    ("account", "wallet"),
    [("TRADE", "spot"), ("MARGIN", "cross margin"), ("ISOLATED", "isolated margin")],
)
def test_older_accounts_have_no_other_ledger(account: str, wallet: str) -> None:
    (moved,) = normalise(LEDGER, {**ROW, "accountType": account}).movements
    assert moved.wallet == wallet


@pytest.mark.parametrize(("name", "code"), [("XBT", "BTC"), ("KALT", "ALT"), ("KCS", "KCS")])
def test_names_of_coins(name: str, code: str) -> None:
    assert rules.asset(name) == code


# --- balances, positions -----------------------------------------------------------------------

BALANCES = {
    "v1/accounts": "accounts",
    "v3/margin/accounts": "cross",
    "v3/isolated/accounts": "isolated",
    "v1/account-overview": "overview",
}
DENIED = Reply('{"code":"400007","msg":"Access denied, require more permission."}')


def test_balances_of_every_wallet(stub: Stub, kucoin: ExchangeClient) -> None:
    for path, name in BALANCES.items():
        stub.answers(f"{API}/{path}", sample("kucoin", name))

    def overview(asked: Asked) -> Reply:
        settled = asked.parameters["currency"]
        zero = {"accountEquity": 0, "unrealisedPNL": 0, "currency": settled}
        known = {"USDT": sample("kucoin", "overview"), "XBT": json.dumps(bare([]))}
        held = {"code": "200000", "data": {**zero, "accountEquity": 0.5}}
        if settled == "XBT":
            return Reply(json.dumps(held))
        return Reply(known.get(settled) or json.dumps({"code": "200000", "data": zero}))

    stub.answers(f"{API}/v1/account-overview", overview)
    assert kucoin.balances() == [
        ReportedBalance("spot", "USDT", Decimal("26.66759503")),
        ReportedBalance("funding", "USDT", Decimal("0.01")),
        ReportedBalance("cross margin", "USDT", Decimal("0.02")),
        ReportedBalance("isolated margin", "USDT", Decimal("0.01")),
        ReportedBalance("futures", "USDT", Decimal("374.286500806")),
        ReportedBalance("futures", "BTC", Decimal("0.5")),
    ]
    asked = [a.parameters.get("queryType") for a in stub.asked]
    assert asked[1:3] == ["ALL", "ALL"]


def test_what_is_owed_is_not_owned(stub: Stub, kucoin: ExchangeClient) -> None:
    stub.answers(f"{API}/v1/accounts", json.dumps(bare([])))
    owed = sample("kucoin", "cross").replace('"liability": "0"', '"liability": "1.5"')
    stub.answers(f"{API}/v3/margin/accounts", owed)
    for path in ("v3/isolated/accounts", "v1/account-overview"):
        stub.answers(f"{API}/{path}", DENIED)
    assert kucoin.balances() == [ReportedBalance("cross margin", "USDT", Decimal("-1.48"))]


def test_one_account_may_be_listed_under_two_names(stub: Stub, kucoin: ExchangeClient) -> None:
    row = {"id": "1", "currency": "XBT", "type": "trade", "balance": "2"}
    other = {**row, "id": "2", "type": "trade_hf", "balance": "0.5"}
    lists = [row, {**row, "type": "trade_hf"}, other, {**row, "id": "3", "type": "margin"}]
    stub.answers(f"{API}/v1/accounts", json.dumps(bare(lists)))
    for path in list(BALANCES)[1:]:
        stub.answers(f"{API}/{path}", DENIED)
    assert kucoin.balances() == [ReportedBalance("spot", "BTC", Decimal("2.5"))]


def test_open_positions(stub: Stub, kucoin: ExchangeClient) -> None:
    text = sample("kucoin", "positions")
    stub.answers(f"{API}/v1/positions", text)
    long = ReportedPosition(
        wallet="futures",
        symbol="ETHUSDTM",
        side="long",
        quantity=Decimal(2),
        unit="contracts",
        entry_price=Decimal("4182.10"),
        mark_price=Decimal("4225.01"),
        price_asset="USDT",
        unrealised_pnl=Decimal("0.8582"),
        settle_asset="USDT",
    )
    assert kucoin.positions() == [long]
    short = text.replace('"currentQty": 2', '"currentQty": -2').replace('"USDT"', '"XBT"')
    stub.answers(f"{API}/v1/positions", short.replace('"isInverse": false', '"isInverse": true'))
    (found,) = kucoin.positions() or []
    assert (found.side, found.quantity) == ("short", Decimal(2))
    assert (found.price_asset, found.settle_asset) == ("USD", "BTC")
    stub.answers(f"{API}/v1/positions", DENIED)
    assert kucoin.positions() == []


# --- keys --------------------------------------------------------------------------------------


def info(words: str, **more: Any) -> str:
    data = {"apiKey": KEY["apiKey"], "permission": words, "uid": 165111215, "isMaster": True}
    return json.dumps({"code": "200000", "data": {**data, "createdAt": 1728443843000, **more}})


def test_the_documented_key_can_withdraw(stub: Stub, kucoin: ExchangeClient) -> None:
    stub.answers(f"{API}/v1/user/api-key", sample("kucoin", "api_key"))
    audit = kucoin.audit()
    assert audit.verdict is Verdict.CAN_WITHDRAW
    assert audit.dangerous == ("Futures", "Spot", "Earn", "InnerTransfer", "Transfer", "Margin")
    assert audit.ip_allowlist == ("203.**.154", "103.**.34")
    assert audit.created_at == datetime(2024, 10, 9, 3, 17, 23, tzinfo=UTC)
    assert audit.expires_at is None
    assert audit.account_uid == "165111215"
    assert KEY["apiKey"] not in audit.raw


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("General", Verdict.READ_ONLY),
        ("General,Spot", Verdict.CAN_TRADE),
        ("General, Margin, Futures, Unified, Earn", Verdict.CAN_TRADE),
        ("General,Transfer", Verdict.CAN_WITHDRAW),
        ("General,Spot,FlexTransfers", Verdict.CAN_WITHDRAW),
        ("General,InnerTransfer", Verdict.CAN_WITHDRAW),
        ("General,Withdraw", Verdict.CAN_WITHDRAW),
        ("General,WordOfTomorrow", Verdict.CAN_WITHDRAW),
        ("general", Verdict.CAN_WITHDRAW),
        ("", Verdict.CAN_WITHDRAW),
    ],
)
def test_each_right_is_judged(
    stub: Stub, kucoin: ExchangeClient, words: str, verdict: Verdict
) -> None:
    stub.answers(f"{API}/v1/user/api-key", info(words))
    audit = kucoin.audit()
    assert audit.verdict is verdict
    assert audit.ip_restricted is False
    assert bool(audit.missing) == ("General" not in words)


def test_a_sub_account_is_warned_of(stub: Stub, kucoin: ExchangeClient) -> None:
    stub.answers(f"{API}/v1/user/api-key", info("General", isMaster=False, expiredAt=1828443843000))
    audit = kucoin.audit()
    assert len(audit.warnings) == 1
    assert audit.expires_at == datetime(2027, 12, 10, 13, 4, 3, tzinfo=UTC)


# --- errors ------------------------------------------------------------------------------------


def refusal(code: str, status: int = 200) -> Reply:
    return Reply(f'{{"code":"{code}","msg":"Some words of theirs"}}', status)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refusal("400001", 401), KeyBroken, "400001"),
        (refusal("400003", 401), KeyBroken, "400003"),
        (refusal("400004", 401), KeyBroken, "400004"),
        (refusal("400005", 401), KeyBroken, "400005"),
        (refusal("400006"), KeyBroken, "400006"),
        (refusal("411100"), KeyBroken, "411100"),
        (refusal("400007"), StreamUnavailable, "400007"),
        (refusal("400100", 400), StreamUnavailable, "400100"),
        (refusal("400500"), StreamUnavailable, "400500"),
        (refusal("429000", 429), WaitUntil, "429000"),
        (refusal("200002"), WaitUntil, "200002"),
        (refusal("500000", 500), TryAgain, "500000"),
        (refusal("999999"), TryAgain, "999999"),
        (Reply("<html>", 502), TryAgain, "502"),
        (Reply('{"code":"200000"}'), TryAgain, "unreadable"),
    ],
)
def test_every_refusal_has_its_way_out(
    stub: Stub, kucoin: ExchangeClient, reply: Reply, kind: type[GatewayError], code: str
) -> None:
    stub.answers(f"{API}/{PLACES['spot-ledger']}", reply)
    with pytest.raises(GatewayError) as caught:
        kucoin.fetch_page(SPOT, recent(timedelta(hours=20)), now=NOW)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert "theirs" not in caught.value.message


def test_a_clock_that_differs_is_set_and_the_request_repeated(
    stub: Stub, kucoin: ExchangeClient
) -> None:
    ahead = to_ms(datetime.now(UTC) + timedelta(minutes=10))
    stub.answers(f"{API}/v1/timestamp", f'{{"code":"200000","data":{ahead}}}')

    def reply(asked: Asked) -> Reply:
        sent = {name.upper(): value for name, value in asked.headers.items()}
        close = abs(int(sent["KC-API-TIMESTAMP"]) - ahead) < 5_000
        return Reply(json.dumps(bare([]))) if close else refusal("400002", 400)

    stub.answers(f"{API}/{PLACES['spot-ledger']}", reply)
    assert kucoin.fetch_page(SPOT, recent(timedelta(hours=20)), now=NOW).is_last
    names = [asked.path.rpartition("/")[2] for asked in stub.asked]
    assert names == ["ledgers", "timestamp", "ledgers"]


# --- prices ------------------------------------------------------------------------------------


def test_prices(stub: Stub) -> None:
    symbols = [
        {"symbol": "KCS-USDT", "baseCurrency": "KCS", "quoteCurrency": "USDT"},
        {"symbol": "OLD-USDT", "baseCurrency": "OLD", "quoteCurrency": "USDT"},
    ]
    listed = [{**row, "enableTrading": row is symbols[0]} for row in symbols]
    stub.answers(f"{API}/v2/symbols", json.dumps(bare(listed)))
    tickers = {"data": {"time": 1, "ticker": [{"symbol": "KCS-USDT", "last": "9.25"}]}}
    stub.answers(f"{API}/v1/market/allTickers", json.dumps({"code": "200000", **tickers}))

    def candles(asked: Asked) -> Reply:
        assert asked.parameters["type"] == "1day"
        start, end = int(asked.parameters["startAt"]), int(asked.parameters["endAt"])
        assert (end - start) // 86_400 <= 1500
        rows = [[str(t), "1", str(t), "9", "0", "5", "5"] for t in range(start, end, 86_400)]
        return Reply(json.dumps(bare(rows[::-1])))

    stub.answers(f"{API}/v1/market/candles", candles)
    prices = registry.open_market_data("kucoin", base_url=f"{stub.url}/kucoin")
    assert prices.markets() == [("KCS", "USDT")]
    assert [ticker.price for ticker in prices.tickers()] == [Decimal("9.25")]
    closes = prices.daily_closes("KCS", "USDT", since=date(2022, 1, 1))
    days = (datetime.now(UTC).date() - date(2022, 1, 1)).days
    assert [closes[0].on, len(closes)] == [date(2022, 1, 1), days]
    assert closes[0].close == Decimal(1640995200)
    prices.close()
