"""What Bitget's documentation shows gives the right records, transactions and postings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from portfolio.engine.types import (
    Event,
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
from portfolio.exchanges.normalisers import bitget as rules
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import sample
from tests.exchanges.sampled import normalised, opened
from tests.exchanges.stub import Asked, Reply, Stub

API = "/bitget/api/v2"
NOW = datetime(2023, 7, 1, 12, tzinfo=UTC)
RECENT = {"v": 1, "from": to_ms(NOW - timedelta(days=20)), "since": 0}
KEY = {"apiKey": "bg_0123", "secret": "53cr37", "password": "passphrase"}
SPOT = StreamSpec("spot-ledger", RecordKind.LEDGER)
FUTURES = StreamSpec("futures-ledger:USDT-FUTURES", RecordKind.LEDGER, {"product": "USDT-FUTURES"})
MARGIN = StreamSpec("margin-ledger:isolated", RecordKind.LEDGER, {"mode": "isolated"})
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
EMPTY = '{"code":"00000","msg":"success","requestTime":1,"data":[]}'


@pytest.fixture
def bitget(stub: Stub) -> Iterator[ExchangeClient]:
    """A client that speaks to the stub below /bitget."""
    yield from opened(stub, "bitget", KEY)


def fetch(client: ExchangeClient, stream: StreamSpec) -> FetchedRecord:
    page = client.fetch_page(stream, RECENT, now=NOW)
    assert page.is_last
    (record,) = page.records
    return record


normalise = partial(normalised, "bitget")


def spot(word: str, **fields: str) -> Event:
    row = {"id": "9", "coin": "BTC", "spotTaxType": word, "amount": "1", "fee": "0"}
    row |= {"bizOrderId": "77", "ts": "1686128884851", **fields}
    return normalise(SPOT, json.dumps(row))


def futures(word: str, **fields: str) -> Event:
    row = {"id": "9", "symbol": "", "marginCoin": "USDT", "futureTaxType": word, "amount": "1"}
    return normalise(FUTURES, json.dumps({**row, "fee": "0", "ts": "1686128884851", **fields}))


def margin(word: str, **fields: str) -> Event:
    row = {"id": "9", "coin": "BTC", "symbol": "BTCUSDT", "marginTaxType": word, "amount": "1"}
    return normalise(MARGIN, json.dumps({**row, "fee": "0", "ts": "1686128884851", **fields}))


# --- records -----------------------------------------------------------------------------------


def test_a_record_of_the_spot_ledger(stub: Stub, bitget: ExchangeClient) -> None:
    text = sample("bitget", "tax_spot")
    stub.answers(f"{API}/tax/spot-record", text)
    record = fetch(bitget, SPOT)
    (row,) = exact.elements(text, "data")
    assert (record.external_id, record.body) == ("1", row.text)
    event = normalise(SPOT, record.body)
    assert event.key == "spot:1"  # of interest it is not known what the order's number stands for
    assert event.kind is TransactionKind.INTEREST
    assert event.occurred_at == datetime(2023, 6, 7, 9, 8, 4, 851000, tzinfo=UTC)
    assert event.movements == (Movement("spot", "AIBB", Decimal("6018333.33333333")),)


def test_a_record_of_a_futures_ledger(stub: Stub, bitget: ExchangeClient) -> None:
    stub.answers(f"{API}/tax/future-record", sample("bitget", "tax_future"))
    event = normalise(FUTURES, fetch(bitget, FUTURES).body)
    assert event.kind is TransactionKind.REALISED_PNL
    assert event.key == "futures:USDT-FUTURES:1"
    assert event.movements == (
        Movement("usdt-m futures", "USDT", Decimal("0.10545")),
        Movement("usdt-m futures", "USDT", Decimal("-0.02134863"), PostingRole.FEE),
    )
    assert event.detail["symbol"] == "TRXUSDT"
    assert stub.asked[0].parameters["productType"] == "USDT-FUTURES"


def test_a_record_of_a_margin_ledger(stub: Stub, bitget: ExchangeClient) -> None:
    stub.answers(f"{API}/tax/margin-record", sample("bitget", "tax_margin"))
    event = normalise(MARGIN, fetch(bitget, MARGIN).body)
    assert event.kind is TransactionKind.TRANSFER
    assert event.movements == (Movement("isolated margin", "USDT", Decimal(13333)),)
    assert stub.asked[0].parameters["marginType"] == "isolated"


@pytest.mark.parametrize(
    ("stream", "path", "name", "kind"),
    [
        (DEPOSITS, "deposit-records", "deposit_records", TransactionKind.DEPOSIT),
        (WITHDRAWALS, "withdrawal-records", "withdrawal_records", TransactionKind.WITHDRAWAL),
    ],
)
def test_lists_explain_the_ledger_and_book_nothing(
    stub: Stub,
    bitget: ExchangeClient,
    stream: StreamSpec,
    path: str,
    name: str,
    kind: TransactionKind,
) -> None:
    stub.answers(f"{API}/spot/wallet/{path}", sample("bitget", name))
    event = normalise(stream, fetch(bitget, stream).body)
    assert event.key == "order:1083832260799930368"
    assert event.kind is kind
    assert event.movements == ()
    assert event.detail["txid"].startswith("35bf0e58")
    assert event.detail["address"] == "1BfZh7JESJGBUszCGeZnzxbVVvBycbJSbA"


def test_an_internal_transfer_has_no_transaction_on_a_chain() -> None:
    row = exact.loads(sample("bitget", "deposit_records"))["data"][0] | {"dest": "internal"}
    assert "txid" not in normalise(DEPOSITS, json.dumps(row)).detail


def test_a_request_is_signed_and_names_its_window(stub: Stub, bitget: ExchangeClient) -> None:
    stub.answers(f"{API}/tax/spot-record", EMPTY)
    bitget.fetch_page(SPOT, RECENT, now=NOW)
    (asked,) = stub.asked
    headers = {name.lower(): value for name, value in asked.headers.items()}
    assert headers["access-sign"]
    assert headers["access-passphrase"] == "passphrase"
    assert asked.parameters == {
        "startTime": str(RECENT["from"]),
        "endTime": str(to_ms(NOW)),
        "limit": "500",
    }


def test_the_ledger_is_asked_for_twice_as_far_as_is_promised(
    stub: Stub, bitget: ExchangeClient
) -> None:
    stub.answers(f"{API}/tax/spot-record", EMPTY)
    page = bitget.fetch_page(SPOT, {}, now=NOW)
    assert stub.asked[0].parameters["startTime"] == str(to_ms(NOW - timedelta(days=1460)))
    assert page.covered is None
    while not page.is_last:
        page = bitget.fetch_page(SPOT, page.cursor, now=NOW)
    assert page.covered == (NOW - timedelta(days=730), NOW)
    windows = [(int(a.parameters["startTime"]), int(a.parameters["endTime"])) for a in stub.asked]
    assert all(end - start <= 30 * 86_400_000 for start, end in windows)


def test_a_refusal_beyond_the_promise_is_passed_over(stub: Stub, bitget: ExchangeClient) -> None:
    stub.answers(f"{API}/tax/spot-record", Reply('{"code":"00001","msg":"no"}', 400))
    page = bitget.fetch_page(SPOT, {}, now=NOW)
    assert (page.records, page.is_last) == ((), False)
    with pytest.raises(StreamUnavailable):
        bitget.fetch_page(SPOT, RECENT, now=NOW)


def test_a_full_page_is_asked_for_again_in_halves(stub: Stub, bitget: ExchangeClient) -> None:
    first = RECENT["from"]

    def reply(asked: Asked) -> Reply:
        start, end = int(asked.parameters["startTime"]), int(asked.parameters["endTime"])
        times = [t for t in range(first, first + 900) if start <= t <= end][:500]
        rows = [{"id": str(t), "coin": "BTC", "amount": "1", "ts": str(t)} for t in times]
        return Reply(json.dumps({"code": "00000", "data": rows}))

    stub.answers(f"{API}/tax/spot-record", reply)
    seen: set[str] = set()
    page = bitget.fetch_page(SPOT, RECENT, now=NOW)
    while True:
        seen |= {record.external_id for record in page.records}
        if page.is_last:
            break
        page = bitget.fetch_page(SPOT, page.cursor, now=NOW)
    assert seen == {str(t) for t in range(first, first + 900)}
    assert not any("idLessThan" in asked.parameters for asked in stub.asked)


# --- events ------------------------------------------------------------------------------------


def test_the_legs_of_a_trade_and_its_fee_are_one_transaction() -> None:
    """Numbers of a purchase that somebody published: the fee is a thousandth of the amount."""
    order = {"bizOrderId": "1268376005262102633", "ts": "1738130325618"}
    bought = spot("Buy", coin="HNT", amount="845.931", fee="-0.845931", **order)
    paid = spot("Sell", coin="USDT", amount="-3112.180149", **order)
    assert bought.key == paid.key == "order:1268376005262102633"
    assert bought.kind is paid.kind is TransactionKind.TRADE
    assert bought.movements == (
        Movement("spot", "HNT", Decimal("845.931")),
        Movement("spot", "HNT", Decimal("-0.845931"), PostingRole.FEE),
    )
    assert paid.movements == (Movement("spot", "USDT", Decimal("-3112.180149")),)


@pytest.mark.parametrize("fields", [{"amount": "0", "fee": "-0.25"}, {"amount": "-0.25"}])
def test_a_fee_in_bgb_belongs_to_its_order(fields: dict[str, str]) -> None:
    event = spot("Transaction fee deduct", coin="BGB", **fields)
    assert event.key == "order:77"
    assert event.movements == (Movement("spot", "BGB", Decimal("-0.25"), PostingRole.FEE),)


def test_a_fee_is_paid_whatever_its_sign() -> None:
    assert spot("Buy", fee="0.001").movements[1].amount == Decimal("-0.001")


@pytest.mark.parametrize(("word", "amount"), [("Subscribe", "-5"), ("Redemption", "5")])
def test_savings_are_the_other_side_of_the_spot_wallet(word: str, amount: str) -> None:
    event = spot(word, amount=amount)
    assert event.kind is TransactionKind.TRANSFER
    assert event.movements == (
        Movement("spot", "BTC", Decimal(amount)),
        Movement("earn", "BTC", -Decimal(amount)),
    )


@pytest.mark.parametrize("word", ["Withdrawal frozen", "System lock-up", "User lock-up"])
def test_what_is_locked_stays_in_the_wallet(word: str) -> None:
    assert spot(word).movements == ()


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("Deposit", TransactionKind.DEPOSIT),
        ("Fiat deposit", TransactionKind.DEPOSIT),
        ("Withdrawal", TransactionKind.WITHDRAWAL),
        ("Ordinary Withdrawal", TransactionKind.WITHDRAWAL),
        ("Exchange income", TransactionKind.CONVERSION),
        ("Transfer in", TransactionKind.TRANSFER),
        ("Withdraw to strategy account", TransactionKind.TRANSFER),
        ("Airdrop Reward-B", TransactionKind.AIRDROP),
        ("Activity fund(Coin-Ⓜ)", TransactionKind.REWARD),
        ("Trading fee rebate", TransactionKind.REWARD),
        ("Penalty", TransactionKind.FEE),
        ("Judicial recall", TransactionKind.UNCLASSIFIED),
        ("", TransactionKind.UNCLASSIFIED),
        ("word of tomorrow", TransactionKind.UNCLASSIFIED),
    ],
)
def test_words_of_the_spot_ledger_and_none_is_dropped(word: str, kind: TransactionKind) -> None:
    event = spot(word)
    assert event.kind is kind
    assert event.movements == (Movement("spot", "BTC", Decimal(1)),)


@pytest.mark.parametrize(
    ("word", "kind", "sign"),
    [
        ("TRANSFER_IN", TransactionKind.TRANSFER, 1),
        ("TRANSFER_OUT", TransactionKind.TRANSFER, -1),
        ("trans_from_exchange", TransactionKind.TRANSFER, 1),
        ("trans_to_exchange", TransactionKind.TRANSFER, -1),
        ("CLOSE_SHORT", TransactionKind.REALISED_PNL, 1),
        ("FORCE_CLOSE_LONG", TransactionKind.REALISED_PNL, 1),
        ("BURST_CLOSE_LONG", TransactionKind.LIQUIDATION, 1),
        ("RISK_LIQ_USER_OUT", TransactionKind.LIQUIDATION, -1),
        ("CONTRACT_MAIN_SETTLE_FEE_USER_IN", TransactionKind.FUNDING, 1),
        ("CONTRACT_MAIN_SETTLE_FEE_USER_OUT", TransactionKind.FUNDING, -1),
        ("contract_settle_fee", TransactionKind.FUNDING, 1),
        ("INTEREST_SETTLEMENT_OUT", TransactionKind.INTEREST, -1),
        ("EXCHANGE_SOURCE_TOKEN_USER_OUT", TransactionKind.CONVERSION, -1),
        ("ORDER_PLF_FEE_OUT", TransactionKind.FEE, -1),
        ("word_of_tomorrow", TransactionKind.UNCLASSIFIED, 1),
    ],
)
def test_words_of_the_futures_ledgers(word: str, kind: TransactionKind, sign: int) -> None:
    event = futures(word)
    assert event.kind is kind
    assert event.movements == (Movement("usdt-m futures", "USDT", Decimal(sign)),)


def test_opening_a_position_costs_its_fee_only() -> None:
    event = futures("open_long", amount="0", fee="-0.5")
    assert event.kind is TransactionKind.FEE
    assert event.movements == (
        Movement("usdt-m futures", "USDT", Decimal("-0.5"), PostingRole.FEE),
    )


def test_a_sign_that_is_there_is_believed() -> None:
    assert futures("TRANSFER_OUT", amount="-3").movements[0].amount == Decimal(-3)
    assert futures("contract_settle_fee", amount="-3").movements[0].amount == Decimal(-3)


def test_margin_put_to_a_position_stays_in_the_wallet() -> None:
    assert futures("append_margin", amount="-20").movements == ()


@pytest.mark.parametrize(
    ("word", "kind", "sign"),
    [
        ("transfer_out", TransactionKind.TRANSFER, -1),
        ("deal_in", TransactionKind.TRADE, 1),
        ("deal_out", TransactionKind.TRADE, -1),
        ("interest_repay", TransactionKind.INTEREST, -1),
        ("liquidation_fee", TransactionKind.LIQUIDATION, -1),
        ("exchange_in", TransactionKind.CONVERSION, 1),
        ("compensate", TransactionKind.ADJUSTMENT, 1),
        ("word_of_tomorrow", TransactionKind.UNCLASSIFIED, 1),
    ],
)
def test_words_of_the_margin_ledgers(word: str, kind: TransactionKind, sign: int) -> None:
    event = margin(word)
    assert event.kind is kind
    assert event.movements == (Movement("isolated margin", "BTC", Decimal(sign)),)


@pytest.mark.parametrize("word", ["borrow", "repay"])
def test_a_loan_moves_nothing_but_is_told(word: str) -> None:
    event = margin(word, amount="250.50")
    assert event.movements == ()
    assert event.detail["amount"] == "250.5"


def test_the_legs_of_a_margin_trade_meet_by_pair_and_moment() -> None:
    legs = [margin("deal_out", id="1", coin="USDT"), margin("deal_in", id="2")]
    assert {leg.key for leg in legs} == {"margin:isolated:BTCUSDT:1686128884851"}


@pytest.mark.parametrize(
    ("name", "code"), [("usdt", "USDT"), ("TONCOIN", "TON"), ("OMNI", "omni"), ("BGB", "BGB")]
)
def test_names_of_coins(name: str, code: str) -> None:
    assert rules.asset(name) == code


# --- balances ----------------------------------------------------------------------------------

PLACES = {
    "spot/account/assets": "spot_assets",
    "mix/account/accounts": "futures_accounts",
    "margin/crossed/account/assets": "crossed_assets",
    "margin/isolated/account/assets": "isolated_assets",
    "earn/account/assets": "earn_assets",
}


def serve(stub: Stub, **instead: Reply) -> None:
    for path, name in PLACES.items():
        stub.answers(f"{API}/{path}", instead.get(name) or sample("bitget", name))


def test_balances_of_every_wallet(stub: Stub, bitget: ExchangeClient) -> None:
    serve(stub)
    futures_of = [
        ReportedBalance(wallet, "USDT", Decimal("13182.11110692"))  # without the loss not yet made
        for wallet in ("usdt-m futures", "usdc-m futures", "coin-m futures")
    ]
    assert bitget.balances() == [
        ReportedBalance("spot", "USDT", Decimal("14.149588")),
        ReportedBalance("spot", "TON", Decimal(3)),
        *futures_of,
        ReportedBalance("cross margin", "USDT", Decimal("0.01")),
        ReportedBalance("isolated margin", "USDT", Decimal("2.500001")),  # without what is owed
        ReportedBalance("earn", "BTC", Decimal("0.1")),
        ReportedBalance("earn", "USDT", Decimal(400)),
    ]
    kinds = [a.parameters["productType"] for a in stub.asked if "productType" in a.parameters]
    assert kinds == ["USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES"]


REFUSED = Reply('{"code":"40014","msg":"Incorrect permissions"}', 400)


def test_a_wallet_that_the_key_may_not_see_is_left_out(stub: Stub, bitget: ExchangeClient) -> None:
    serve(stub, crossed_assets=REFUSED, isolated_assets=REFUSED, earn_assets=REFUSED)
    wallets = {balance.wallet for balance in bitget.balances()}
    assert wallets == {"spot", "usdt-m futures", "usdc-m futures", "coin-m futures"}


POSITIONS = f"{API}/mix/position/all-position"


def test_open_positions_of_each_kind_of_futures(stub: Stub, bitget: ExchangeClient) -> None:
    shown = json.loads(sample("bitget", "positions"))
    (row,) = shown["data"]
    inverse = {"symbol": "ETHUSD", "marginCoin": "ETH", "holdSide": "short", "total": "0.5"}
    served = {
        "USDT-FUTURES": [
            row,
            row | {"symbol": "SOLUSDT", "total": "0"},
            row | {"symbol": "1000BONKUSDT", "markPrice": "0"},
        ],
        "USDC-FUTURES": [row | {"symbol": "BTCPERP", "marginCoin": "USDC", "unrealizedPL": ""}],
        "COIN-FUTURES": [row | inverse, row | inverse | {"symbol": "BTCUSDH26"}],
    }

    def answer(asked: Asked) -> Reply:
        rows = served[asked.parameters["productType"]]
        return Reply(json.dumps(shown | {"data": rows}))

    stub.answers(POSITIONS, answer)
    found = bitget.positions() or []
    assert found[0] == ReportedPosition(
        wallet="usdt-m futures",
        symbol="BTCUSDT",
        side="long",
        quantity=Decimal("0.002"),
        unit="BTC",
        entry_price=Decimal("37355.5"),
        mark_price=Decimal("37370.5"),
        price_asset="USDT",
        unrealised_pnl=Decimal("0.03"),
        settle_asset="USDT",
    )
    told = [
        (p.wallet, p.side, p.quantity, p.unit, p.price_asset, p.settle_asset) for p in found[1:]
    ]
    assert told == [
        ("usdt-m futures", "long", Decimal("0.002"), "contracts", "USDT", "USDT"),
        ("usdc-m futures", "long", Decimal("0.002"), "BTC", "USDC", "USDC"),
        ("coin-m futures", "short", Decimal("0.5"), "ETH", "USD", "ETH"),
        ("coin-m futures", "short", Decimal("0.5"), "BTC", "USD", "ETH"),
    ]
    assert found[1].mark_price is None
    assert found[2].unrealised_pnl is None
    stub.answers(POSITIONS, json.dumps(shown | {"data": None}))
    assert bitget.positions() == []


def test_positions_that_a_key_may_not_see_are_not_taken_for_none(
    stub: Stub, bitget: ExchangeClient
) -> None:
    stub.answers(POSITIONS, REFUSED)
    with pytest.raises(StreamUnavailable):
        bitget.positions()


def test_without_the_spot_wallet_a_key_is_of_no_use(stub: Stub, bitget: ExchangeClient) -> None:
    serve(stub, spot_assets=REFUSED)
    with pytest.raises(KeyBroken, match="tick Spot"):
        bitget.balances()


# --- keys --------------------------------------------------------------------------------------

CODES = ("coor", "cpor", "stor", "smor", "wtor", "taxr")


def info(*words: str, ips: str = "") -> str:
    data = {"userId": "7264631750", "ips": ips, "authorities": list(words)}
    return json.dumps({"code": "00000", "msg": "success", "data": data})


def test_the_documented_key_may_trade(stub: Stub, bitget: ExchangeClient) -> None:
    stub.answers(f"{API}/spot/account/info", sample("bitget", "account_info"))
    audit = bitget.audit()
    assert audit.verdict is Verdict.CAN_TRADE
    assert audit.permissions == ("trade", "readonly")
    assert audit.dangerous == ("trade",)
    assert audit.ip_restricted is True
    assert audit.ip_allowlist == ("127.0.0.1",)
    assert audit.created_at is None  # what is told is the account's age
    assert audit.missing == ()


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        (CODES, Verdict.READ_ONLY),
        (("readonly",), Verdict.READ_ONLY),
        ((*CODES, "chor", "p2pr", "pllr", "ttor"), Verdict.READ_ONLY),
        ((*CODES, "stow"), Verdict.CAN_TRADE),
        ((*CODES, "coow", "cpow", "smow", "ttow"), Verdict.CAN_TRADE),
        ((*CODES, "wtow"), Verdict.CAN_WITHDRAW),
        ((*CODES, "wwow"), Verdict.CAN_WITHDRAW),
        ((*CODES, "chow"), Verdict.CAN_WITHDRAW),
        ((*CODES, "p2p"), Verdict.CAN_WITHDRAW),
        ((*CODES, "taxw"), Verdict.CAN_WITHDRAW),
        ((*CODES, "stow", "wwow"), Verdict.CAN_WITHDRAW),
        (("readonly", "transfer"), Verdict.CAN_WITHDRAW),
        (("withdraw_or",), Verdict.CAN_WITHDRAW),
        (("STOR",), Verdict.CAN_WITHDRAW),
    ],
)
def test_each_right_is_judged(
    stub: Stub, bitget: ExchangeClient, words: tuple[str, ...], verdict: Verdict
) -> None:
    stub.answers(f"{API}/spot/account/info", info(*words))
    audit = bitget.audit()
    assert audit.verdict is verdict
    assert audit.account_uid == "7264631750"
    assert audit.ip_restricted is False


def test_missing_rights_are_named(stub: Stub, bitget: ExchangeClient) -> None:
    stub.answers(f"{API}/spot/account/info", info("stor", "smow", ips="10.0.0.1,10.0.0.2"))
    audit = bitget.audit()
    assert audit.missing == ("wtor", "coor", "taxr")
    assert audit.ip_allowlist == ("10.0.0.1", "10.0.0.2")


# --- errors ------------------------------------------------------------------------------------


def refusal(code: str, status: int = 400) -> Reply:
    text = f'{{"code":"{code}","msg":"Some words of theirs","requestTime":1,"data":null}}'
    return Reply(text, status)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refusal("40037"), KeyBroken, "40037"),
        (refusal("40018"), KeyBroken, "40018"),
        (refusal("40009"), KeyBroken, "40009"),
        (refusal("40012"), KeyBroken, "40012"),
        (refusal("40085"), KeyBroken, "40085"),
        (refusal("40014"), StreamUnavailable, "40014"),
        (refusal("40019"), StreamUnavailable, "40019"),
        (refusal("429", 429), WaitUntil, "429"),
        (refusal("30007", 200), WaitUntil, "30007"),
        (refusal("40200", 200), TryAgain, "40200"),
        (refusal("40015"), TryAgain, "40015"),
        (refusal("99999"), TryAgain, "99999"),
        (Reply("<html>", 502), TryAgain, "502"),
        (Reply('{"code":"00000","msg":"success"}'), TryAgain, "unreadable"),
    ],
)
def test_every_refusal_has_its_way_out(
    stub: Stub, bitget: ExchangeClient, reply: Reply, kind: type[GatewayError], code: str
) -> None:
    stub.answers(f"{API}/tax/spot-record", reply)
    with pytest.raises(GatewayError) as caught:
        bitget.fetch_page(SPOT, RECENT, now=NOW)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert "theirs" not in caught.value.message


def test_a_clock_that_differs_is_set_and_the_request_repeated(
    stub: Stub, bitget: ExchangeClient
) -> None:
    ahead = to_ms(datetime.now(UTC) + timedelta(minutes=10))
    time = f'{{"code":"00000","data":{{"serverTime":"{ahead}"}}}}'
    stub.answers(f"{API}/public/time", time)

    def reply(asked: Asked) -> Reply:
        headers = {name.lower(): value for name, value in asked.headers.items()}
        close = abs(int(headers["access-timestamp"]) - ahead) < 5_000
        return Reply(EMPTY) if close else refusal("40008")

    stub.answers(f"{API}/tax/spot-record", reply)
    assert bitget.fetch_page(SPOT, RECENT, now=NOW).is_last
    assert [asked.path.rpartition("/")[2] for asked in stub.asked] == [
        *("spot-record", "time", "spot-record"),
    ]


# --- prices ------------------------------------------------------------------------------------


def candle(day: date, close: str) -> list[str]:
    opened = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1000
    return [str(opened), "1", "2", "0.5", close, "10", "10", "10"]


def test_days_before_a_listing_do_not_end_the_search(stub: Stub) -> None:
    symbols: list[dict[str, Any]] = [
        {"symbol": "NEWUSDT", "baseCoin": "NEW", "quoteCoin": "USDT", "status": "online"},
        {"symbol": "OLDUSDT", "baseCoin": "OLD", "quoteCoin": "USDT", "status": "halt"},
    ]
    listed = date(2025, 3, 1)

    def reply(asked: Asked) -> Reply:
        assert asked.parameters["granularity"] == "1Dutc"
        end = datetime.fromtimestamp(int(asked.parameters["endTime"]) / 1000, UTC).date()
        days = [end - timedelta(days=back) for back in reversed(range(200))]
        rows = [candle(day, "1.5") for day in days if day >= listed]
        return Reply(json.dumps({"code": "00000", "data": rows}))

    stub.answers(f"{API}/spot/public/symbols", json.dumps({"code": "00000", "data": symbols}))
    stub.answers(f"{API}/spot/market/history-candles", reply)
    tickers = '{"code":"00000","data":[{"symbol":"NEWUSDT","lastPr":"2.25"}]}'
    stub.answers(f"{API}/spot/market/tickers", tickers)
    prices = registry.open_market_data("bitget", base_url=f"{stub.url}/bitget")
    closes = prices.daily_closes("NEW", "USDT", since=date(2024, 1, 1))
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    assert [closes[0].on, closes[-1].on] == [listed, yesterday]
    assert len(closes) == (yesterday - listed).days + 1
    assert prices.markets() == [("NEW", "USDT")]
    assert [ticker.price for ticker in prices.tickers()] == [Decimal("2.25")]
    prices.close()
