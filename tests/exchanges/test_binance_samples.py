"""What Binance's documentation shows gives the right records, transactions and postings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial

import pytest

from portfolio.engine.types import (
    Movement,
    PostingRole,
    RecordKind,
    ReportedBalance,
    TransactionKind,
)
from portfolio.exchanges import exact, registry
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import API_KEY, sample
from tests.exchanges.sampled import normalised
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2023, 4, 1, tzinfo=UTC)
API, SAPI = "/binance/api/v3", "/binance/sapi/v1"
TRADES = StreamSpec(
    "trades:BNBBTC",
    RecordKind.TRADES,
    {"symbol": "BNBBTC", "base": "BNB", "quote": "BTC"},
)


def fetch(client: ExchangeClient, stream: StreamSpec) -> list[FetchedRecord]:
    """Walk a stream to its end, each record once."""
    found: dict[str, FetchedRecord] = {}
    cursor: dict[str, object] = {}
    while True:
        page = client.fetch_page(stream, cursor, now=NOW)
        found.update((record.external_id, record) for record in page.records)
        if page.is_last:
            return list(found.values())
        cursor = page.cursor


def within(text: str, field: str, empty: str = "[]") -> Callable[[Asked], Reply]:
    """Answer with ``text`` only where the asked window holds its first row's ``field``."""
    path = () if text.startswith("[") else ("rows",)
    first = exact.elements(text, *path)[0].value[field]
    if "-" in str(first):
        moment = datetime.fromisoformat(first).replace(tzinfo=UTC)
        first = int(moment.timestamp()) * 1000

    def reply(asked: Asked) -> Reply:
        begin, end = (int(asked.parameters[name]) for name in ("startTime", "endTime"))
        return Reply(text if begin <= int(first) <= end else empty)

    return reply


normalise = partial(normalised, "binance")


@pytest.mark.parametrize("name", ["my_trades", "my_trades_older"])
def test_a_trade(stub: Stub, binance: ExchangeClient, name: str) -> None:
    text = sample("binance", name)
    stub.answers(f"{API}/myTrades", text)
    (record,) = fetch(binance, TRADES)
    assert record.external_id == "28457"
    assert record.body == exact.elements(text)[0].text
    event = normalise(TRADES, record)
    assert event.key == "trade:BNBBTC:28457"
    assert event.kind is TransactionKind.TRADE
    assert event.occurred_at == datetime(2017, 7, 12, 13, 19, 9, 590000, tzinfo=UTC)
    assert event.movements == (
        Movement("spot", "BNB", Decimal("12")),
        Movement("spot", "BTC", Decimal("-48.000012")),
        Movement("spot", "BNB", Decimal("-10.1"), PostingRole.FEE),
    )
    assert event.detail["symbol"] == "BNB/BTC"
    assert event.detail["side"] == "buy"
    assert event.detail["role"] == "taker"


def test_a_request_is_signed_and_carries_the_key(stub: Stub, binance: ExchangeClient) -> None:
    stub.answers(f"{API}/myTrades", "[]")
    fetch(binance, TRADES)
    (asked,) = stub.asked
    assert asked.method == "GET"
    assert asked.headers["X-MBX-APIKEY"] == API_KEY
    assert asked.parameters["symbol"] == "BNBBTC"
    assert asked.parameters["fromId"] == "0"
    assert len(asked.parameters["signature"]) == 64


def test_deposits(stub: Stub, binance: ExchangeClient) -> None:
    stream = StreamSpec("deposits", RecordKind.DEPOSITS)
    text = sample("binance", "deposits")
    stub.answers(f"{SAPI}/capital/deposit/hisrec", text)
    records = fetch(binance, stream)
    assert [record.body for record in records] == [row.text for row in exact.elements(text)]
    bnb, iota = (normalise(stream, record) for record in records)
    assert bnb.key == "deposit:769800519366885376"
    assert bnb.kind is TransactionKind.DEPOSIT
    assert bnb.occurred_at == datetime(2022, 8, 26, 5, 52, 26, tzinfo=UTC)
    assert bnb.movements == (Movement("spot", "BNB", Decimal("0.001")),)
    assert bnb.detail["txid"].startswith("98A3EA56")
    assert bnb.detail["tag"] == "101764890"
    assert iota.movements == (Movement("spot", "IOTA", Decimal("0.5")),)
    assert "tag" not in iota.detail


@pytest.mark.parametrize(
    ("status", "is_booked"), [(0, False), (1, True), (2, False), (6, True), (7, False), (8, False)]
)
def test_a_deposit_moves_only_what_was_credited(*, status: int, is_booked: bool) -> None:
    stream = StreamSpec("deposits", RecordKind.DEPOSITS)
    body = exact.elements(sample("binance", "deposits"))[0].text
    changed = body.replace('"status": 1', f'"status": {status}')
    event = registry.normalise("binance", stream, changed)
    assert event is not None
    assert bool(event.movements) is is_booked


def test_an_older_deposit_without_id_or_wallet(stub: Stub, binance: ExchangeClient) -> None:
    stream = StreamSpec("deposits", RecordKind.DEPOSITS)
    text = sample("binance", "deposits_older")
    stub.answers(f"{SAPI}/capital/deposit/hisrec", text)
    (record,) = fetch(binance, stream)
    assert record.external_id == "USDT:Internal transfer 51376627901:1618394381000"
    assert normalise(stream, record).movements == (Movement("spot", "USDT", Decimal("4500")),)


def test_a_withdrawal_takes_its_fee_in_addition(stub: Stub, binance: ExchangeClient) -> None:
    stream = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
    text = sample("binance", "withdrawals")
    stub.answers(f"{SAPI}/capital/withdraw/history", within(text, "applyTime"))
    (record,) = fetch(binance, stream)
    assert record.body == exact.elements(text)[0].text
    event = normalise(stream, record)
    assert event.key == "withdrawal:b6ae22b3aa844210a7041aee7589627c"
    assert event.occurred_at == datetime(2019, 10, 12, 11, 12, 2, tzinfo=UTC)
    assert event.movements == (
        Movement("funding", "USDT", Decimal("-8.91")),
        Movement("funding", "USDT", Decimal("-0.004"), PostingRole.FEE),
    )
    assert event.detail["status"] == "completed"


@pytest.mark.parametrize("status", [0, 1, 2, 3, 4, 5])
def test_a_withdrawal_that_is_not_completed_moves_nothing(status: int) -> None:
    stream = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
    body = exact.elements(sample("binance", "withdrawals"))[0].text
    changed = body.replace('"status": 6', f'"status": {status}')
    event = registry.normalise("binance", stream, changed)
    assert event is not None
    assert event.movements == ()


def test_an_older_withdrawal_is_from_the_spot_wallet(stub: Stub, binance: ExchangeClient) -> None:
    stream = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
    text = sample("binance", "withdrawals_older")
    stub.answers(f"{SAPI}/capital/withdraw/history", within(text, "applyTime"))
    (record,) = fetch(binance, stream)
    assert normalise(stream, record).movements == (
        Movement("spot", "XRP", Decimal("-28.75")),
        Movement("spot", "XRP", Decimal("-0.25"), PostingRole.FEE),
    )


def test_payouts_of_one_transaction_are_two(stub: Stub, binance: ExchangeClient) -> None:
    stream = StreamSpec("rewards", RecordKind.REWARDS)
    text = sample("binance", "dividends")
    stub.answers(f"{SAPI}/asset/assetDividend", within(text, "divTime", '{"rows":[],"total":0}'))
    records = fetch(binance, stream)
    assert {record.external_id for record in records} == {"1637366104", "1631750237"}
    events = [normalise(stream, record) for record in records]
    assert {event.kind for event in events} == {TransactionKind.REWARD}
    assert all(e.movements == (Movement("spot", "BHFT", Decimal(10)),) for e in events)


def test_a_payout_taken_back_goes_out() -> None:
    body = exact.elements(sample("binance", "dividends"), "rows")[0].text
    stream = StreamSpec("rewards", RecordKind.REWARDS)
    taken = registry.normalise("binance", stream, body.replace('"direction": 1', '"direction": -1'))
    assert taken is not None
    assert taken.movements == (Movement("spot", "BHFT", Decimal(-10)),)
    assert taken.kind is TransactionKind.ADJUSTMENT


def test_transfers_between_own_wallets(stub: Stub, binance: ExchangeClient) -> None:
    stream = StreamSpec(
        "transfers:MAIN_UMFUTURE", RecordKind.TRANSFERS, {"direction": "MAIN_UMFUTURE"}
    )
    text = sample("binance", "transfers")
    stub.answers(f"{SAPI}/asset/transfer", within(text, "timestamp", '{"total":0}'))
    records = fetch(binance, stream)
    assert {record.external_id for record in records} == {"11415955596", "11366865406"}
    event = next(normalise(stream, r) for r in records if r.external_id == "11366865406")
    assert event.kind is TransactionKind.TRANSFER
    # The other leg is booked by the income row of the same number.
    assert event.movements == (Movement("spot", "USDT", Decimal(-2)),)


def _without_futures(stub: Stub) -> None:
    refused = '{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}'
    for path in ("fapi/v3/balance", "dapi/v1/balance"):
        stub.answers(f"/binance/{path}", Reply(refused, 401))


def test_balances_of_both_wallets(stub: Stub, binance: ExchangeClient) -> None:
    stub.answers(f"{API}/account", sample("binance", "account"))
    stub.answers(f"{SAPI}/asset/get-funding-asset", sample("binance", "funding"))
    _without_futures(stub)
    assert binance.balances() == [
        ReportedBalance("spot", "BTC", Decimal("4723846.89208129")),
        ReportedBalance("spot", "LTC", Decimal("4763368.68006011")),
        ReportedBalance("funding", "BUSD", Decimal("1129.83")),
    ]


def test_receipts_for_coins_in_earn_are_not_counted_twice(
    stub: Stub, binance: ExchangeClient
) -> None:
    rows = [("BTC", "1", "0.5"), ("LDBTC", "2", "0"), ("LDO", "3", "0"), ("ETH", "0", "0")]
    balances = ",".join(f'{{"asset":"{a}","free":"{f}","locked":"{k}"}}' for a, f, k in rows)
    stub.answers(f"{API}/account", f'{{"balances":[{balances}]}}')
    stub.answers(f"{SAPI}/asset/get-funding-asset", "[]")
    _without_futures(stub)
    stub.answers(
        f"{SAPI}/simple-earn/flexible/position",
        '{"rows":[{"asset":"BTC","totalAmount":"2.00000001"}],"total":1}',
    )
    assert binance.balances() == [
        ReportedBalance("spot", "BTC", Decimal("1.5")),
        ReportedBalance("spot", "LDO", Decimal(3)),
        ReportedBalance("earn", "BTC", Decimal("2.00000001")),
    ]


def test_the_documented_key_may_trade_portfolio_margin(stub: Stub, binance: ExchangeClient) -> None:
    stub.answers(f"{SAPI}/account/apiRestrictions", sample("binance", "api_restrictions"))
    stub.answers(f"{API}/account", sample("binance", "account"))
    audit = binance.audit()
    assert audit.verdict is Verdict.CAN_TRADE
    assert audit.dangerous == ("enablePortfolioMarginTrading",)
    assert audit.account_uid == "354937868"
    assert audit.ip_restricted is False
    assert audit.created_at == datetime(2023, 10, 30, 5, 53, 39, tzinfo=UTC)
    assert audit.expires_at is None


FLAGS = {
    "enableReading": Verdict.READ_ONLY,
    "enableFixReadOnly": Verdict.READ_ONLY,
    "enableSpotAndMarginTrading": Verdict.CAN_TRADE,
    "enableMargin": Verdict.CAN_TRADE,
    "enableFutures": Verdict.CAN_TRADE,
    "enableVanillaOptions": Verdict.CAN_TRADE,
    "enablePortfolioMarginTrading": Verdict.CAN_TRADE,
    "enableFixApiTrade": Verdict.CAN_TRADE,
    "enableWithdrawals": Verdict.CAN_WITHDRAW,
    "enableInternalTransfer": Verdict.CAN_WITHDRAW,
    "permitsUniversalTransfer": Verdict.CAN_WITHDRAW,
    "enableSomethingNew": Verdict.CAN_WITHDRAW,
}


@pytest.mark.parametrize(("flag", "verdict"), FLAGS.items())
def test_each_right_is_judged(
    stub: Stub, binance: ExchangeClient, flag: str, verdict: Verdict
) -> None:
    told = ",".join(f'"{name}":{str(name == flag).lower()}' for name in FLAGS)
    stub.answers(f"{SAPI}/account/apiRestrictions", f'{{"ipRestrict":true,{told}}}')
    stub.answers(f"{API}/account", sample("binance", "account"))
    audit = binance.audit()
    assert audit.verdict is verdict
    assert audit.permissions == (flag,)
    assert audit.ip_restricted is True
    assert (audit.missing == ()) is (flag == "enableReading")
