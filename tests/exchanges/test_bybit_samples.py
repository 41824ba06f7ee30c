"""What Bybit's documentation shows gives the right records, transactions and postings."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
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
from tests.exchanges.sampled import normalised, opened
from tests.exchanges.stub import Asked, Reply, Stub

V5 = "/bybit/v5"
EMPTY = '{"retCode":0,"retMsg":"OK","result":{"list":[],"rows":[],"nextPageCursor":""},"time":1}'
LINEAR = {"category": "linear"}
LEDGER = StreamSpec("ledger", RecordKind.LEDGER)
FUNDING = StreamSpec("funding-ledger", RecordKind.LEDGER)
EXECUTIONS = StreamSpec("executions:linear", RecordKind.TRADES, LINEAR)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
INTERNAL = StreamSpec("internal-deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
TRANSFERS = StreamSpec("transfers", RecordKind.TRANSFERS)
CONVERSIONS = StreamSpec("conversions", RecordKind.CONVERSIONS)
EARN = StreamSpec("earn:FlexibleSaving", RecordKind.TRANSFERS, {"category": "FlexibleSaving"})


@pytest.fixture
def bybit(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "bybit", CREDENTIALS)


def once(text: str) -> Callable[[Asked], Reply]:
    """Answer with the sample, and with an empty page where its cursor is asked for."""
    return lambda asked: Reply(EMPTY if "cursor" in asked.parameters else text)


def fetch(client: ExchangeClient, stream: StreamSpec, near: int) -> list[FetchedRecord]:
    """Ask one window that ends soon after ``near`` milliseconds, with all of its pages."""
    now = datetime.fromtimestamp(near // 1000, UTC) + timedelta(days=1)
    begin = near - 2 * 86_400_000
    cursor: dict[str, Any] = {"v": 1, "from": begin, "since": begin, "offset": 0, "width": 10**10}
    found: dict[str, FetchedRecord] = {}
    for _ in range(10):
        page = client.fetch_page(stream, cursor, now=now)
        found |= {record.external_id: record for record in page.records}
        cursor = page.cursor
        if page.is_last:
            return list(found.values())
    raise AssertionError("the window does not end")


normalise = partial(normalised, "bybit")


@pytest.mark.parametrize("name", ["transaction_log", "transaction_log_older"])
def test_rows_of_the_log(stub: Stub, bybit: ExchangeClient, name: str) -> None:
    text = sample("bybit", name)
    stub.answers(f"{V5}/account/transaction-log", once(text))
    records = fetch(bybit, LEDGER, 1672128000000)
    assert len(records) == 3  # two of the documentation's rows have one id
    assert [r.body for r in records] == [row.text for row in exact.elements(text, "result", "list")]
    settled, traded, _ = (normalise(LEDGER, record.body) for record in records)
    assert settled.key == "execution:linear:534c0003-4bf7-486f-aa02-78cee36825e4"
    assert settled.kind is TransactionKind.FUNDING
    assert settled.occurred_at == datetime(2022, 12, 27, 8, tzinfo=UTC)
    assert settled.movements == (Movement("unified", "USDT", Decimal("-0.003676")),)
    assert traded.kind is TransactionKind.FEE  # opened: nothing is won or lost yet
    fee = Movement("unified", "USDT", Decimal("-0.0190872"), PostingRole.FEE)
    assert traded.movements == (fee,)


def test_a_request_is_signed_and_pages_by_cursor(stub: Stub, bybit: ExchangeClient) -> None:
    stub.answers(f"{V5}/account/transaction-log", once(sample("bybit", "transaction_log")))
    fetch(bybit, LEDGER, 1672128000000)
    first, second = stub.asked[:2]
    assert first.method == "GET"
    assert first.headers["X-BAPI-API-KEY"] == API_KEY
    assert second.parameters["cursor"] == "21963:1,14954:1"
    for asked in (first, second):
        sent = asked.headers
        window = sent["X-BAPI-RECV-WINDOW"]
        query = "&".join(f"{k}={v}" for k, v in asked.parameters.items())
        query = query.replace("21963:1,14954:1", "21963%3A1%2C14954%3A1")
        text = f"{sent['X-BAPI-TIMESTAMP']}{API_KEY}{window}{query}"
        expected = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        assert sent["X-BAPI-SIGN"] == expected
        span = int(asked.parameters["endTime"]) - int(asked.parameters["startTime"])
        assert span <= 7 * 86_400_000


def log_row(**fields: str) -> Event:
    row = {
        "id": "592324_BTC_161440249321",
        "symbol": "",
        "category": "",
        "side": "None",
        "transactionTime": "1672128000000",
        "type": "TRADE",
        "currency": "USDT",
        "funding": "",
        "fee": "0",
        "cashFlow": "-8.5",
        "change": "-8.5",
        "cashBalance": "100",
        "tradeId": "",
        "orderId": "",
        **fields,
    }
    return normalise(LEDGER, row)


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("TRADE", {"category": "spot"}, TransactionKind.TRADE),
        ("TRADE", {"category": "linear"}, TransactionKind.REALISED_PNL),
        ("TRADE", {"category": "inverse"}, TransactionKind.REALISED_PNL),
        ("SETTLEMENT", {"funding": "-8.5", "cashFlow": "0"}, TransactionKind.FUNDING),
        ("SETTLEMENT", {}, TransactionKind.REALISED_PNL),
        ("DELIVERY", {}, TransactionKind.REALISED_PNL),
        ("LIQUIDATION", {}, TransactionKind.LIQUIDATION),
        ("ADL", {}, TransactionKind.LIQUIDATION),
        ("INTEREST", {}, TransactionKind.INTEREST),
        ("AIRDROP", {}, TransactionKind.AIRDROP),
        ("FEE_REFUND", {}, TransactionKind.REWARD),
        ("BONUS", {}, TransactionKind.REWARD),
        ("TRANSFER_IN", {}, TransactionKind.TRANSFER),
        ("FLEXIBLE_STAKING_SUBSCRIPTION", {}, TransactionKind.TRANSFER),
        ("ONCHAINEARN_REFUND", {}, TransactionKind.TRANSFER),
        ("CURRENCY_SELL", {}, TransactionKind.CONVERSION),
        ("BORROW", {}, TransactionKind.UNCLASSIFIED),
        ("WORD_OF_TOMORROW", {}, TransactionKind.UNCLASSIFIED),
    ],
)
def test_kinds_of_rows_and_none_is_dropped(
    kind: str, more: dict[str, str], expected: TransactionKind
) -> None:
    event = log_row(type=kind, **more)
    assert event.kind is expected
    assert event.movements == (Movement("unified", "USDT", Decimal("-8.5")),)


def test_what_the_wallet_changed_by_is_the_truth() -> None:
    parts = {"cashFlow": "10", "funding": "-0.5", "fee": "0.25"}
    assert log_row(change="9.25", **parts).movements == (
        Movement("unified", "USDT", Decimal("9.5")),
        Movement("unified", "USDT", Decimal("-0.25"), PostingRole.FEE),
    )
    # A tax, or whatever else comes to it one day: the sum is booked whole.
    movements = log_row(change="9.2", **parts).movements
    assert movements == (Movement("unified", "USDT", Decimal("9.2")),)
    assert log_row(change="0", cashFlow="0").movements == ()


def test_both_sides_of_a_spot_trade_and_of_a_conversion_are_one_event() -> None:
    bought = log_row(category="spot", tradeId="221", currency="BTC")
    paid = log_row(category="spot", tradeId="221", currency="USDT")
    assert bought.key == paid.key == "execution:spot:221"
    named = [log_row(type=kind, orderId="77") for kind in ("CURRENCY_BUY", "CURRENCY_SELL")]
    assert {event.key for event in named} == {"convert:77"}
    unnamed = [log_row(type=kind) for kind in ("CURRENCY_BUY", "CURRENCY_SELL")]
    assert {event.key for event in unnamed} == {"convert:1672128000000"}


def test_both_sides_of_a_transfer_meet_where_the_log_names_it(
    stub: Stub, bybit: ExchangeClient
) -> None:
    text = sample("bybit", "transfers").replace('"SPOT"', '"FUND"')
    stub.answers(f"{V5}/asset/transfer/query-inter-transfer-list", once(text))
    (record,) = fetch(bybit, TRANSFERS, 1667283263000)
    name = "selfTransfer_a1091cc7-9364-4b74-8de1-18f02c6f2d5c"
    assert record.external_id == name
    event = normalise(TRANSFERS, record.body)
    assert event.key == f"transfer:{name}"
    assert event.movements == (Movement("funding", "USDT", Decimal("-5000")),)
    arrived = log_row(type="TRANSFER_IN", id=f"592324_USDT_{name}", cashFlow="5", change="5")
    assert arrived.key == event.key
    unnamed = log_row(type="TRANSFER_IN", id="592324_USDT_161440249321")
    assert unnamed.key.startswith("transfer:592324_USDT_161440249321")
    failed = normalise(TRANSFERS, record.body.replace("SUCCESS", "FAILED"))
    assert failed.movements == ()


def test_an_execution_explains_its_row(stub: Stub, bybit: ExchangeClient) -> None:
    stub.answers(f"{V5}/execution/list", once(sample("bybit", "execution_list")))
    (record,) = fetch(bybit, EXECUTIONS, 1672282722429)
    assert stub.asked[0].parameters["category"] == "linear"
    assert "execType" not in stub.asked[0].parameters
    event = normalise(EXECUTIONS, record.body)
    assert event.key == "execution:linear:e0cbe81d-0f18-5866-9415-cf319b5dab3b"
    assert event.kind is TransactionKind.TRADE
    assert event.movements == ()
    assert event.detail["side"] == "buy"
    assert event.detail["price"] == "1190.15"
    assert event.detail["role"] == "taker"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Funding", TransactionKind.FUNDING),
        ("BustTrade", TransactionKind.LIQUIDATION),
        ("AdlTrade", TransactionKind.LIQUIDATION),
        ("Settle", TransactionKind.REALISED_PNL),
        ("BlockTrade", TransactionKind.TRADE),
    ],
)
def test_kinds_of_executions(word: str, kind: TransactionKind) -> None:
    (row,) = exact.elements(sample("bybit", "execution_list"), "result", "list")
    assert normalise(EXECUTIONS, {**row.value, "execType": word}).kind is kind


def test_a_deposit_from_a_chain(stub: Stub, bybit: ExchangeClient) -> None:
    stub.answers(f"{V5}/asset/deposit/query-record", once(sample("bybit", "deposits_older")))
    (record,) = fetch(bybit, DEPOSITS, 1672134274000)
    name = "USDT:skip-notification-scene-test-amount-202212270944-533285-USDT:"
    assert record.external_id == name
    event = normalise(DEPOSITS, record.body)
    assert event.kind is TransactionKind.DEPOSIT
    assert event.occurred_at == datetime(2022, 12, 27, 9, 44, 34, tzinfo=UTC)
    assert event.movements == (Movement("funding", "USDT", Decimal("10000")),)
    assert event.detail["network"] == "ETH"
    for status, booked in ((0, 0), (1, 0), (2, 0), (3, 1), (4, 0), (10011, 0), (10012, 1)):
        changed = record.body.replace('"status": 3', f'"status": {status}')
        assert len(normalise(DEPOSITS, changed).movements) == booked


def test_a_deposit_within_bybit(stub: Stub, bybit: ExchangeClient) -> None:
    text = sample("bybit", "internal_deposits")
    stub.answers(f"{V5}/asset/deposit/query-internal-record", once(text))
    (record,) = fetch(bybit, INTERNAL, 1705393280000)
    event = normalise(INTERNAL, record.body)
    assert event.key == "deposit:internal:1103"
    assert event.occurred_at == datetime(2024, 1, 16, 8, 21, 20, tzinfo=UTC)
    assert event.movements == (Movement("funding", "ETH", Decimal("0.1")),)
    assert normalise(INTERNAL, record.body.replace('"status": 2', '"status": 1')).movements == ()


def test_withdrawals_take_their_fee_in_addition(stub: Stub, bybit: ExchangeClient) -> None:
    stub.answers(f"{V5}/asset/withdraw/query-record", once(sample("bybit", "withdrawals")))
    waiting, done = (
        normalise(WITHDRAWALS, r.body) for r in fetch(bybit, WITHDRAWALS, 1698889833000)
    )
    assert stub.asked[0].parameters["withdrawType"] == "2"
    assert waiting.movements == ()
    assert waiting.detail["status"] == "SecurityCheck"
    assert done.key == "withdrawal:13310"
    assert done.movements == (Movement("funding", "USDT", Decimal("-20.1234")),)
    (row, _) = exact.elements(sample("bybit", "withdrawals"), "result", "rows")
    paid = normalise(WITHDRAWALS, {**row.value, "status": "success"})
    assert paid.movements == (
        Movement("funding", "USDT", Decimal("-77")),
        Movement("funding", "USDT", Decimal("-10"), PostingRole.FEE),
    )
    for status in ("Pending", "CancelByUser", "Reject", "Fail", "MoreInformationRequired"):
        assert normalise(WITHDRAWALS, {**row.value, "status": status}).movements == ()


def test_conversions_are_booked_once(stub: Stub, bybit: ExchangeClient) -> None:
    stub.answers(f"{V5}/asset/exchange/query-convert-history", sample("bybit", "conversions"))
    page = bybit.fetch_page(CONVERSIONS, {}, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert page.is_last
    (asked,) = stub.asked
    assert (asked.parameters["index"], asked.parameters["limit"]) == ("1", "100")
    early, unified = (record.body for record in page.records)
    assert registry.normalise("bybit", CONVERSIONS, early) is None  # the log has it
    assert registry.normalise("bybit", CONVERSIONS, unified) is None
    listed = early.replace("1720071899995", "1760071899995")
    event = normalise(CONVERSIONS, listed)
    assert event.key == "convert:10100108106409343501030232064"
    assert event.movements == (
        Movement("funding", "ETH", Decimal("-0.1")),
        Movement("funding", "BTC", Decimal("0.00534882723991")),
    )
    assert normalise(CONVERSIONS, listed.replace('"success"', '"failure"')).movements == ()


def test_an_order_of_savings(stub: Stub, bybit: ExchangeClient) -> None:
    stub.answers(f"{V5}/earn/order", once(sample("bybit", "earn_orders")))
    (record,) = fetch(bybit, EARN, 1759983689000)
    assert stub.asked[0].parameters["category"] == "FlexibleSaving"
    event = normalise(EARN, record.body)
    assert event.kind is TransactionKind.TRANSFER
    assert event.movements == (Movement("earn", "USDT", Decimal("1000")),)
    taken_out = normalise(EARN, record.body.replace('"Stake"', '"Redeem"'))
    assert taken_out.movements == (Movement("earn", "USDT", Decimal("-1000")),)
    assert normalise(EARN, record.body.replace('"Success"', '"Fail"')).movements == ()


def test_the_funding_wallet_s_log_is_asked_in_seconds(stub: Stub, bybit: ExchangeClient) -> None:
    stub.answers(f"{V5}/asset/fundinghistory", once(sample("bybit", "fund_history")))
    (record,) = fetch(bybit, FUNDING, 1772669763000)
    first = stub.asked[0].parameters
    span = int(first["createTimeTo"]) - int(first["createTimeFrom"])
    assert 0 < span <= 7 * 86_400
    assert record.external_id == "NTg2MDQzMTI0OA=="
    event = normalise(FUNDING, record.body)
    assert event.kind is TransactionKind.REWARD
    assert event.occurred_at == datetime(2026, 3, 5, 0, 16, 3, tzinfo=UTC)
    assert event.movements == (Movement("funding", "BTC", Decimal("0.00003561")),)


def funding_row(group: str, about: str, **fields: str) -> Event | None:
    (row,) = exact.elements(sample("bybit", "fund_history"), "result", "list")
    names = {
        "showBusiType": f"fundingAccountRecord{group}",
        "description": f"fundingAccountRecord{about}",
    }
    return registry.normalise("bybit", FUNDING, json.dumps({**row.value, **names, **fields}))


@pytest.mark.parametrize(
    ("group", "about", "kind"),
    [
        ("Earn", "LaunchpoolIssuance", TransactionKind.REWARD),
        ("Earn", "FlexSavingSubscription", TransactionKind.TRANSFER),
        ("Airdrop", "AirdropBonus", TransactionKind.AIRDROP),
        ("TransferIn", "TransferFromSubAccount", TransactionKind.TRANSFER),
        ("FixedRateLoans", "FixedRateLoansPledgeIncrease", TransactionKind.TRANSFER),
        ("WordOfTomorrow", "WordOfTomorrow", TransactionKind.UNCLASSIFIED),
    ],
)
def test_what_only_the_funding_wallet_s_log_tells_is_booked(
    group: str, about: str, kind: TransactionKind
) -> None:
    for direction, sign in (("I", 1), ("O", -1)):
        event = funding_row(group, about, ioDirection=direction)
        assert event is not None
        assert event.kind is kind
        assert event.movements == (Movement("funding", "BTC", sign * Decimal("0.00003561")),)


def test_what_was_bought_of_another_person_came_from_outside() -> None:
    kinds = [funding_row("Fiat", "P2PPurchase", ioDirection=way) for way in ("I", "O")]
    assert [event.kind for event in kinds if event] == [
        TransactionKind.DEPOSIT,
        TransactionKind.WITHDRAWAL,
    ]


@pytest.mark.parametrize(
    ("group", "about"),
    [
        ("TypeDeposit", "TypeDeposit"),
        ("TypeWithdraw", "Withdraw"),
        ("TransferIn", "TransferFromTradingAccount"),
        ("TransferOut", "Transfer2TradingAccount"),
        ("Convert", "Convert"),
    ],
)
def test_what_a_list_of_its_own_tells_is_not_booked_twice(group: str, about: str) -> None:
    assert funding_row(group, about) is None


def test_conversions_of_before_their_list_are_booked_from_the_log() -> None:
    sides = [
        funding_row("Convert", "Convert", createTime="1716433362", ioDirection=way, currency=coin)
        for way, coin in (("O", "USDT"), ("I", "USDC"))
    ]
    assert {side.key for side in sides if side} == {"convert:funding:1716433362"}
    assert all(side.kind is TransactionKind.CONVERSION for side in sides if side)
    assert all(len(side.movements) == 1 for side in sides if side)


def answer_balances(stub: Stub) -> None:
    stub.answers(f"{V5}/account/wallet-balance", sample("bybit", "wallet_balance"))
    path = f"{V5}/asset/transfer/query-account-coins-balance"
    stub.answers(path, sample("bybit", "funding_balance"))


def test_balances_are_cash_not_equity(stub: Stub, bybit: ExchangeClient) -> None:
    answer_balances(stub)
    rows = (
        '[{"coin":"USDT","amount":"7.5"},{"coin":"USDT","amount":"1"},{"coin":"BTC","amount":"0"}]'
    )
    stub.answers(f"{V5}/earn/position", EMPTY.replace('"list":[]', f'"list":{rows}'))
    assert bybit.balances() == [
        ReportedBalance("unified", "BTC", Decimal("0.805994")),
        ReportedBalance("funding", "USDT", Decimal("1010")),
        ReportedBalance("earn", "USDT", Decimal("8.5")),
    ]
    equity = sample("bybit", "wallet_balance").replace('"equity": "0.805994"', '"equity": "9"')
    stub.answers(f"{V5}/account/wallet-balance", equity)
    assert bybit.balances()[0].quantity == Decimal("0.805994")


def test_a_key_that_may_not_see_savings_is_of_use_all_the_same(
    stub: Stub, bybit: ExchangeClient
) -> None:
    answer_balances(stub)
    stub.answers(f"{V5}/earn/position", refused(10005))
    assert {balance.wallet for balance in bybit.balances()} == {"unified", "funding"}
    stub.answers(f"{V5}/account/wallet-balance", refused(10005))
    with pytest.raises(KeyBroken):
        bybit.balances()


def test_the_documented_key_may_move_funds(stub: Stub, bybit: ExchangeClient) -> None:
    stub.answers(f"{V5}/user/query-api", sample("bybit", "api_key"))
    audit = bybit.audit()
    assert audit.verdict is Verdict.CAN_WITHDRAW
    assert audit.dangerous == ("Wallet.AccountTransfer",)
    assert audit.ip_restricted is False
    assert audit.created_at == datetime(2023, 2, 15, 3, 13, 24, tzinfo=UTC)
    assert audit.expires_at == datetime(2023, 5, 15, 3, 13, 24, tzinfo=UTC)
    assert audit.account_uid == "53888001"
    assert audit.warnings  # not a unified account
    assert "opjSlSOzqIeXROT5rq" not in audit.raw


@pytest.mark.parametrize(
    ("reads", "groups", "verdict"),
    [
        (1, {"Wallet": ["AccountTransfer"], "Spot": ["SpotTrade"]}, Verdict.READ_ONLY),
        (1, {}, Verdict.READ_ONLY),
        (0, {}, Verdict.CAN_WITHDRAW),
        (0, {"Spot": ["SpotTrade"], "ContractTrade": ["Order"]}, Verdict.CAN_TRADE),
        (0, {"Exchange": ["ExchangeHistory"]}, Verdict.CAN_TRADE),
        (0, {"Spot": ["SpotTrade"], "Wallet": ["Withdraw"]}, Verdict.CAN_WITHDRAW),
        (0, {"Wallet": ["SubMemberTransfer"]}, Verdict.CAN_WITHDRAW),
        (0, {"Earn": ["Earn"]}, Verdict.CAN_WITHDRAW),
        (0, {"GroupOfTomorrow": ["Word"]}, Verdict.CAN_WITHDRAW),
        (None, {"Spot": ["SpotTrade"]}, Verdict.CAN_TRADE),
        ("1", {"Wallet": ["Withdraw"]}, Verdict.CAN_WITHDRAW),
    ],
)
def test_each_right_is_judged(
    stub: Stub, bybit: ExchangeClient, reads: Any, groups: dict[str, list[str]], verdict: Verdict
) -> None:
    answer = json.loads(sample("bybit", "api_key"))
    answer["result"] |= {"readOnly": reads, "permissions": groups, "ips": ["10.0.0.1"], "uta": 1}
    stub.answers(f"{V5}/user/query-api", json.dumps(answer))
    audit = bybit.audit()
    assert audit.verdict is verdict
    assert (audit.dangerous == ()) is (verdict is Verdict.READ_ONLY)
    assert audit.ip_restricted is True
    assert audit.ip_allowlist == ("10.0.0.1",)
    assert audit.warnings == ()


def refused(code: int) -> Reply:
    return Reply(f'{{"retCode":{code},"retMsg":"Some words of theirs","result":{{}},"time":1}}')


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused(10003), KeyBroken),
        (refused(10004), KeyBroken),
        (refused(10010), KeyBroken),
        (refused(33004), KeyBroken),
        (refused(10005), StreamUnavailable),
        (refused(10001), StreamUnavailable),
        (refused(10006), WaitUntil),
        (refused(10018), WaitUntil),
        (refused(10016), TryAgain),
        (refused(99999), TryAgain),
        (Reply("403 Forbidden: access too frequent", 403), WaitUntil),
        (Reply("<html>", 502), TryAgain),
        (Reply('{"retCode":0,"retMsg":"OK"}'), TryAgain),
    ],
)
def test_errors(stub: Stub, bybit: ExchangeClient, reply: Reply, kind: type[GatewayError]) -> None:
    stub.answers(f"{V5}/asset/withdraw/query-record", reply)
    with pytest.raises(GatewayError) as caught:
        bybit.fetch_page(WITHDRAWALS, {}, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert type(caught.value) is kind
    assert "words of theirs" not in caught.value.message


def test_what_is_older_than_two_years_may_be_refused(stub: Stub, bybit: ExchangeClient) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    oldest = int((now - timedelta(days=730)).timestamp()) * 1000

    def reply(asked: Asked) -> Reply:
        return refused(10001) if int(asked.parameters["startTime"]) < oldest else Reply(EMPTY)

    stub.answers(f"{V5}/account/transaction-log", reply)
    cursor: dict[str, Any] = {}
    covered = []
    for _ in range(200):
        page = bybit.fetch_page(LEDGER, cursor, now=now)
        covered += [page.covered] if page.covered else []
        cursor = page.cursor
        if page.is_last:
            break
    assert page.is_last
    assert covered[-1] == (now - timedelta(days=729), now)
    served = [a.parameters for a in stub.asked if int(a.parameters["startTime"]) >= oldest]
    edges = [(int(p["startTime"]), int(p["endTime"])) for p in served]
    assert all(one[1] == two[0] for one, two in pairwise(edges))
    assert edges[0][0] == int((now - timedelta(days=729)).timestamp()) * 1000


def test_prices(stub: Stub) -> None:
    row = '{"symbol":"BTCEUR","baseCoin":"BTC","quoteCoin":"EUR","status":"Trading"}'
    stub.answers(f"{V5}/market/instruments-info", EMPTY.replace('"list":[]', f'"list":[{row}]'))
    ticker = '{"symbol":"BTCEUR","lastPrice":"91000.1"}'
    stub.answers(f"{V5}/market/tickers", EMPTY.replace('"list":[]', f'"list":[{ticker}]'))
    prices = registry.open_market_data("bybit", base_url=f"{stub.url}/bybit")
    assert prices.markets() == [("BTC", "EUR")]
    assert prices.tickers()[0].price == Decimal("91000.1")
    assert {asked.parameters["category"] for asked in stub.asked} == {"spot"}
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    first = int(datetime(yesterday.year, yesterday.month, yesterday.day, tzinfo=UTC).timestamp())
    rows = [[str((first + n * 86_400) * 1000), "1", "1", "1", f"{n}.5"] for n in (1, 0)]
    stub.answers(f"{V5}/market/kline", EMPTY.replace('"list":[]', f'"list":{json.dumps(rows)}'))
    closes = prices.daily_closes("BTC", "EUR", since=yesterday)
    assert [(candle.on, candle.close) for candle in closes] == [(yesterday, Decimal("0.5"))]
    prices.close()
