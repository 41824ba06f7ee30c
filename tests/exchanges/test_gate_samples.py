"""What Gate's documentation shows gives the right records, transactions and postings."""

from __future__ import annotations

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
from portfolio.exchanges import registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.normalisers import gate as rules
from portfolio.exchanges.paging import from_ms, to_ms
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import sample
from tests.exchanges.histories import moments, paged, whole
from tests.exchanges.sampled import normalised, opened
from tests.exchanges.stub import Asked, Reply, Stub

API = "/gate/api/v4"
NOW = datetime(2025, 6, 1, tzinfo=UTC)
KEY = {"apiKey": "c5dcfbf1f3a7f0b1c2d3e4f5a6b7c8d9", "secret": "53cr37"}
BOOK = StreamSpec("ledger", RecordKind.LEDGER)
TRADES = StreamSpec("trades:spot", RecordKind.TRADES, {"account": "spot"})
MARGIN_TRADES = StreamSpec("trades:margin", RecordKind.TRADES, {"account": "margin"})
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
FUTURES = StreamSpec("futures-ledger:usdt", RecordKind.LEDGER, {"settle": "usdt"})
COINS = StreamSpec("futures-ledger:btc", RecordKind.LEDGER, {"settle": "btc"})
MARGIN = StreamSpec("margin-ledger", RecordKind.LEDGER)
MARGIN_INTEREST = StreamSpec("margin-interest", RecordKind.INTEREST)
SAVINGS_INTEREST = StreamSpec("savings-interest", RecordKind.INTEREST)
PLACES = {
    "ledger": "spot/account_book",
    "trades:spot": "spot/my_trades",
    "trades:margin": "spot/my_trades",
    "deposits": "wallet/deposits",
    "withdrawals": "wallet/withdrawals",
    "futures-ledger:usdt": "futures/usdt/account_book",
    "futures-ledger:btc": "futures/btc/account_book",
    "margin-ledger": "margin/account_book",
    "margin-interest": "margin/uni/interest_records",
    "savings-interest": "earn/uni/interest_records",
}


@pytest.fixture
def gate(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "gate", KEY)


def fetch(
    stub: Stub, client: ExchangeClient, stream: StreamSpec, name: str, near: int
) -> list[FetchedRecord]:
    """Ask for one window around a moment."""
    stub.answers(f"{API}/{PLACES[stream.key]}", sample("gate", name))
    begin, now = near - 86_400_000, from_ms(near) + timedelta(days=1)
    cursor = {"v": 1, "from": begin, "since": begin, "offset": 0}
    page = client.fetch_page(stream, cursor, now=now)
    assert page.is_last
    return list(page.records)


normalise = partial(normalised, "gate")


# --- records -----------------------------------------------------------------------------------


def test_a_trade_and_its_fees_in_three_coins(stub: Stub, gate: ExchangeClient) -> None:
    (record,) = fetch(stub, gate, TRADES, "my_trades", 1645464610777)
    assert stub.asked[0].parameters["account"] == "spot"
    assert record.external_id == "DOGE_USDT:2876130500:sell"
    event = normalise(TRADES, record.body)
    assert event.kind is TransactionKind.TRADE
    assert event.occurred_at == datetime(2022, 2, 21, 17, 30, 10, 777000, tzinfo=UTC)
    assert event.movements == (
        Movement("spot", "DOGE", Decimal("-10.97")),
        Movement("spot", "USDT", Decimal("1.50710248")),
        Movement("spot", "USDT", Decimal("-0.00301420496"), PostingRole.FEE),
        Movement("spot", "GT", Decimal("-2.2"), PostingRole.FEE),
        Movement("spot", "GATEPOINT", Decimal("-1.1"), PostingRole.FEE),
    )
    assert event.detail["symbol"] == "DOGE/USDT"
    plain = json.loads(record.body) | {"side": "buy", "fee": "-0.001", "gt_fee": "0"}
    bought = normalise(MARGIN_TRADES, plain | {"point_fee": "", "fee_currency": "DOGE"})
    assert bought.movements == (
        Movement("isolated margin", "DOGE", Decimal("10.97")),
        Movement("isolated margin", "USDT", Decimal("-1.50710248")),
        Movement("isolated margin", "DOGE", Decimal("0.001"), PostingRole.FEE),  # given back
    )


def test_a_row_of_the_spot_account_s_book(stub: Stub, gate: ExchangeClient) -> None:
    (record,) = fetch(stub, gate, BOOK, "account_book", 1547633726123)
    event = normalise(BOOK, record.body)
    assert event.kind is TransactionKind.TRANSFER
    assert event.occurred_at == datetime(2019, 1, 16, 10, 15, 26, 123000, tzinfo=UTC)
    assert event.movements == (Movement("spot", "BTC", Decimal("1.03")),)


def test_deposits(stub: Stub, gate: ExchangeClient) -> None:
    first, older = (
        normalise(DEPOSITS, r.body) for r in fetch(stub, gate, DEPOSITS, "deposits", 1542000000000)
    )
    assert first.key == "deposit:210496"
    assert first.movements == (Movement("spot", "USDT", Decimal("222.61")),)
    assert first.detail["txid"] == "128988928203223323290"
    assert older.movements == (Movement("spot", "USDT", Decimal(100)),)
    row = json.loads(sample("gate", "deposits"))[0]
    for status, booked in (("DEP_CREDITED", 1), ("PEND", 0), ("TRACK", 0), ("INVALID", 0)):
        assert len(normalise(DEPOSITS, row | {"status": status}).movements) == booked
    renamed = normalise(DEPOSITS, row | {"currency": "GTC_BSC", "chain": "BSC"})
    assert renamed.movements[0].asset == "GAMECOM"


def test_a_withdrawal_s_fee_is_within_its_amount(stub: Stub, gate: ExchangeClient) -> None:
    (record,) = fetch(stub, gate, WITHDRAWALS, "withdrawals_older", 1745220149000)
    event = normalise(WITHDRAWALS, record.body)
    assert event.movements == (
        Movement("spot", "USDT", Decimal("-222.6")),
        Movement("spot", "USDT", Decimal("-0.01"), PostingRole.FEE),
    )
    row = json.loads(record.body)
    for status, booked in (("REQUEST", 2), ("BCODE", 2), ("CANCEL", 0), ("REJECT", 0)):
        assert len(normalise(WITHDRAWALS, row | {"status": status}).movements) == booked


def test_withdrawals_within_gate_and_a_list_within_a_list(stub: Stub, gate: ExchangeClient) -> None:
    (record,) = fetch(stub, gate, WITHDRAWALS, "withdrawals", 1745220149000)
    event = normalise(WITHDRAWALS, record.body)
    assert event.key == "withdrawal:w1879219868"
    assert event.movements == (Movement("spot", "USDT", Decimal("-4.023")),)
    assert event.detail["note"] == "Internal transaction 260594131"
    assert "txid" not in event.detail


def test_a_row_of_a_futures_account_s_book(stub: Stub, gate: ExchangeClient) -> None:
    (record,) = fetch(stub, gate, FUTURES, "futures_book", 1682294400123)
    event = normalise(FUTURES, record.body)
    assert event.occurred_at == datetime(2023, 4, 24, 0, 0, 0, 123456, tzinfo=UTC)
    assert event.kind is TransactionKind.FEE
    assert event.movements == (
        Movement("usdt futures", "USDT", Decimal("0.000010152188"), PostingRole.FEE),
    )
    assert event.detail["symbol"] == "ETH_USD"
    older = {k: v for k, v in json.loads(record.body).items() if k not in ("id", "trade_id")}
    assert len({rules.futures_id(older), rules.futures_id(older | {"balance": "4"})}) == 2


def test_what_comes_to_the_margin_account_and_what_a_loan_costs(
    stub: Stub, gate: ExchangeClient
) -> None:
    (record,) = fetch(stub, gate, MARGIN, "margin_book", 1547633726123)
    event = normalise(MARGIN, record.body)
    assert event.kind is TransactionKind.TRANSFER
    assert event.movements == (Movement("isolated margin", "BTC", Decimal("1.03")),)
    (record,) = fetch(stub, gate, MARGIN_INTEREST, "margin_interest", 1673247054000)
    event = normalise(MARGIN_INTEREST, record.body)
    assert event.kind is TransactionKind.INTEREST
    assert event.movements == (Movement("isolated margin", "USDT", Decimal("-0.00006136")),)
    failed = record.body.replace('"status": 1', '"status": 0')
    assert normalise(MARGIN_INTEREST, failed).movements == ()


def test_interest_of_savings_is_booked_where_it_goes() -> None:
    row = {"status": 1, "currency": "BTC", "interest": "0.001", "create_time": 1673247054000}
    grown = normalise(SAVINGS_INTEREST, row | {"interest_status": "interest_reinvest"})
    assert grown.movements == (Movement("earn", "BTC", Decimal("0.001")),)
    paid = json.dumps(row | {"interest_status": "interest_dividend"})
    assert registry.normalise("gate", SAVINGS_INTEREST, paid) is None  # the book has it


def test_a_request_is_signed_and_in_seconds(stub: Stub, gate: ExchangeClient) -> None:
    fetch(stub, gate, BOOK, "account_book", 1547633726123)
    (asked,) = stub.asked
    sent = {name.upper(): value for name, value in asked.headers.items()}
    query = urlencode(asked.parameters)
    empty = hashlib.sha512(b"").hexdigest()
    text = "\n".join(("GET", "/api/v4/spot/account_book", query, empty, sent["TIMESTAMP"]))
    expected = hmac.new(KEY["secret"].encode(), text.encode(), hashlib.sha512).hexdigest()
    assert (sent["KEY"], sent["SIGN"]) == (KEY["apiKey"], expected)
    assert asked.parameters == {
        "from": "1547547326",
        "to": "1547720127",
        "limit": "100",
        "page": "1",
    }


# --- whole histories ---------------------------------------------------------------------------


def told(ms: int, number: int) -> dict[str, Any]:
    return {"id": str(number), "time": ms, "currency": "BTC", "change": "1", "type": "interest"}


def traded(ms: int, number: int) -> dict[str, Any]:
    row = {"currency_pair": "BTC_USDT", "side": "buy", "amount": "1", "price": "2"}
    return {**row, "id": str(number), "create_time": str(ms // 1000), "create_time_ms": f"{ms}.25"}


def travelled(ms: int, number: int) -> dict[str, Any]:
    row = {"currency": "BTC", "amount": "1", "status": "DONE"}
    return {**row, "id": f"d{number}", "timestamp": str(ms // 1000)}


def booked(ms: int, number: int) -> dict[str, Any]:
    row = {"type": "fund", "change": "-0.5", "text": "BTC_USDT:0"}
    return {**row, "time": f"{ms / 1000:.3f}", "id": str(number)}


def owed(ms: int, number: int) -> dict[str, Any]:
    row = {"status": 1, "currency_pair": "BTC_USDT", "currency": "USDT"}
    return {**row, "create_time": ms, "interest": f"0.{number:06}"}


@pytest.mark.parametrize(
    ("stream", "make", "time", "in_ms", "most", "by_offset"),
    [
        (BOOK, told, "time", True, 100, False),
        (TRADES, traded, "create_time_ms", True, 1000, False),
        (DEPOSITS, travelled, "timestamp", False, 500, True),
        (WITHDRAWALS, travelled, "timestamp", False, 100, True),
        (FUTURES, booked, "time", False, 100, True),
        (MARGIN_INTEREST, owed, "create_time", True, 100, False),
        (SAVINGS_INTEREST, owed, "create_time", True, 100, False),
    ],
    ids=lambda value: value.key if isinstance(value, StreamSpec) else "",
)
def test_a_whole_history(
    stub: Stub,
    gate: ExchangeClient,
    stream: StreamSpec,
    make: Callable[[int, int], dict[str, Any]],
    time: str,
    in_ms: bool,
    most: int,
    by_offset: bool,
) -> None:
    rows = [make(ms, n) for n, ms in enumerate(moments(NOW, timedelta(days=700), 420, crowd=130))]

    def pick(asked: Asked) -> list[dict[str, Any]]:
        begin, end = int(asked.parameters["from"]), int(asked.parameters["to"])
        assert end - begin <= 30 * 86_400
        scale = 1000 if in_ms else 1
        found = [r for r in rows if begin <= int(float(r[time])) // scale <= end]
        found.sort(key=lambda row: float(row[time]), reverse=True)
        return found[int(asked.parameters["offset"]) :] if by_offset else found

    reply = paged(pick, list, limit="limit", most=most, page="" if by_offset else "page")
    stub.answers(f"{API}/{PLACES[stream.key]}", reply)
    found = whole(gate, stream, NOW)
    assert len(found) == len(rows) == 420
    assert set(found.values()) == {json.dumps(row) for row in rows}


def test_a_refusal_of_old_times_is_passed_over(stub: Stub, gate: ExchangeClient) -> None:
    refused = Reply('{"label":"INVALID_PARAM_VALUE","message":"too long ago"}', 400)
    stub.answers(f"{API}/spot/account_book", refused)
    page = gate.fetch_page(BOOK, {}, now=NOW)
    assert (page.records, page.is_last, page.covered) == ((), False, None)
    begin = to_ms(NOW - timedelta(days=5))
    with pytest.raises(StreamUnavailable):
        gate.fetch_page(BOOK, {"v": 1, "from": begin, "since": begin, "offset": 0}, now=NOW)


# --- events ------------------------------------------------------------------------------------

ROW = {"id": "9", "time": 1547633726123, "currency": "USDT", "change": "-5"}


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("futures_in", TransactionKind.TRANSFER),
        ("sub_account_transfer", TransactionKind.TRANSFER),
        ("quant_out", TransactionKind.TRANSFER),
        ("flash_swap_buy", TransactionKind.CONVERSION),
        ("referral_fee", TransactionKind.REWARD),
        ("profit", TransactionKind.INTEREST),
        ("interest", TransactionKind.INTEREST),
        ("unknown", TransactionKind.UNCLASSIFIED),
        ("word_of_tomorrow", TransactionKind.UNCLASSIFIED),
        ("", TransactionKind.UNCLASSIFIED),
    ],
)
def test_words_of_the_book_and_none_is_dropped(word: str, kind: TransactionKind) -> None:
    event = normalise(BOOK, ROW | {"type": word})
    assert event.kind is kind
    assert event.movements == (Movement("spot", "USDT", Decimal(-5)),)


@pytest.mark.parametrize(
    "word", ["new_order", "order_fill", "order_fee", "cancel_order", "deposit", "withdraw"]
)
def test_what_other_lists_tell_is_not_booked_twice(word: str) -> None:
    assert registry.normalise("gate", BOOK, json.dumps(ROW | {"type": word})) is None


@pytest.mark.parametrize(("word", "change"), [("lend", "-5"), ("redeem", "5")])
def test_savings_are_the_other_side_of_the_spot_account(word: str, change: str) -> None:
    event = normalise(BOOK, ROW | {"type": word, "change": change})
    assert event.movements == (
        Movement("spot", "USDT", Decimal(change)),
        Movement("earn", "USDT", -Decimal(change)),
    )


def test_both_sides_of_a_swap_are_one_event() -> None:
    sides = [ROW | {"type": f"flash_swap_{side}", "text": "77"} for side in ("buy", "sell")]
    assert {normalise(BOOK, side).key for side in sides} == {"convert:77"}


def test_a_loan_moves_nothing() -> None:
    for word in ("borrow", "repay", "new_order", "interest"):
        assert registry.normalise("gate", MARGIN, json.dumps(ROW | {"type": word})) is None


@pytest.mark.parametrize(
    ("word", "kind", "asset"),
    [
        ("dnw", TransactionKind.TRANSFER, "BTC"),
        ("pnl", TransactionKind.REALISED_PNL, "BTC"),
        ("fund", TransactionKind.FUNDING, "BTC"),
        ("refr", TransactionKind.REWARD, "BTC"),
        ("point_fee", TransactionKind.FEE, "GATEPOINT"),
        ("point_dnw", TransactionKind.TRANSFER, "GATEPOINT"),
        ("word_of_tomorrow", TransactionKind.UNCLASSIFIED, "BTC"),
    ],
)
def test_words_of_the_futures_books(word: str, kind: TransactionKind, asset: str) -> None:
    event = normalise(COINS, {"id": "1", "time": "1682294400.5", "type": word, "change": "-1"})
    assert event.kind is kind
    (moved,) = event.movements
    assert (moved.wallet, moved.asset, moved.amount) == ("btc futures", asset, Decimal(-1))


def test_trial_funds_are_not_the_account_s_own() -> None:
    for word in ("bonus_dnw", "bonus_offset"):
        row = {"id": "1", "time": 1682294400, "type": word, "change": "10"}
        assert normalise(FUTURES, row).movements == ()


# --- balances, positions -----------------------------------------------------------------------

FORBIDDEN = Reply('{"label":"FORBIDDEN","message":"no permission"}', 403)
NO_ACCOUNT = Reply('{"label":"USER_NOT_FOUND","message":"please transfer funds first"}', 400)


def test_balances_of_every_wallet(stub: Stub, gate: ExchangeClient) -> None:
    spot = sample("gate", "spot_accounts").replace('"locked": "0", "up', '"locked": "0.2", "up')
    stub.answers(f"{API}/spot/accounts", spot)
    stub.answers(f"{API}/margin/accounts", sample("gate", "margin_accounts"))
    stub.answers(f"{API}/earn/uni/lends", sample("gate", "lends"))
    account = sample("gate", "futures_account").replace('"point": "0"', '"point": "3"')
    stub.answers(f"{API}/futures/usdt/accounts", account)
    stub.answers(f"{API}/futures/btc/accounts", NO_ACCOUNT)
    assert gate.balances() == [
        ReportedBalance("spot", "ETH", Decimal(969)),
        ReportedBalance("isolated margin", "BTC", Decimal("-0.000172586789")),
        ReportedBalance("isolated margin", "USDT", Decimal("1234.73402")),
        ReportedBalance("earn", "BTC", Decimal("20.999992")),
        ReportedBalance("usdt futures", "USDT", Decimal("9707.803567115145")),
        ReportedBalance("usdt futures", "GATEPOINT", Decimal(3)),
    ]


def test_without_the_spot_account_a_key_is_of_no_use(stub: Stub, gate: ExchangeClient) -> None:
    stub.answers(f"{API}/spot/accounts", FORBIDDEN)
    with pytest.raises(KeyBroken, match="Read Only"):
        gate.balances()


def test_open_positions(stub: Stub, gate: ExchangeClient) -> None:
    text = sample("gate", "positions")
    stub.answers(f"{API}/futures/usdt/positions", text)
    short = text.replace('"size": 1', '"size": "-9440"').replace("BTC_USDT", "BTC_USD")
    stub.answers(f"{API}/futures/btc/positions", short)
    first, second = gate.positions() or []
    assert first == ReportedPosition(
        wallet="usdt futures",
        symbol="BTC_USDT",
        side="long",
        quantity=Decimal(1),
        unit="contracts",
        entry_price=Decimal("46030.3"),
        mark_price=Decimal("46051.6"),
        price_asset="USDT",
        unrealised_pnl=Decimal("0.00213"),
        settle_asset="USDT",
    )
    assert (second.side, second.quantity) == ("short", Decimal(9440))
    assert (second.price_asset, second.settle_asset) == ("USD", "BTC")
    stub.answers(f"{API}/futures/btc/positions", NO_ACCOUNT)
    assert len(gate.positions() or []) == 1
    assert stub.asked[0].parameters == {"holding": "true"}


# --- keys --------------------------------------------------------------------------------------


def keys(*rights: tuple[str, bool], **more: Any) -> str:
    perms = [{"name": name, "read_only": reads} for name, reads in rights]
    own = {"key": "c5dcfbf1f3a7*****", "user_id": 7, "mode": 1, "perms": perms, **more}
    other = {"key": "52fd0035f665*****", "user_id": 7, "perms": [{"name": "wallet"}]}
    return json.dumps([other, own])


def test_the_documented_key_may_act(stub: Stub, gate: ExchangeClient) -> None:
    stub.answers(f"{API}/account/main_keys", sample("gate", "main_keys"))
    audit = gate.audit()
    assert audit.verdict is Verdict.CAN_WITHDRAW  # what writing to the account may do is not told
    assert audit.dangerous == ("account: read and write", "spot: read and write")
    assert audit.account_uid == "1"
    assert audit.created_at == datetime(2025, 7, 20, 17, 2, 9, tzinfo=UTC)
    assert audit.missing == ("wallet", "futures", "earn")
    assert len(audit.warnings) == 1
    assert "c5dcfbf1f3a7" not in audit.raw
    assert "52fd0035f665" not in audit.raw


ALL = [(name, True) for name in ("account", "spot", "wallet", "futures", "earn")]


@pytest.mark.parametrize(
    ("rights", "verdict"),
    [
        (ALL, Verdict.READ_ONLY),
        ([*ALL, ("spot", False)], Verdict.CAN_TRADE),
        ([*ALL, ("futures", False), ("options", False)], Verdict.CAN_TRADE),
        ([*ALL, ("wallet", False)], Verdict.CAN_WITHDRAW),
        ([*ALL, ("spot", False), ("withdraw", False)], Verdict.CAN_WITHDRAW),
        ([*ALL, ("word_of_tomorrow", False)], Verdict.CAN_WITHDRAW),
        ([*ALL, ("word_of_tomorrow", True)], Verdict.READ_ONLY),
    ],
)
def test_each_right_is_judged(
    stub: Stub, gate: ExchangeClient, rights: list[tuple[str, bool]], verdict: Verdict
) -> None:
    stub.answers(f"{API}/account/main_keys", keys(*rights, ip_whitelist=["10.0.0.1"]))
    audit = gate.audit()
    assert audit.verdict is verdict
    assert audit.ip_allowlist == ("10.0.0.1",)
    assert audit.warnings == ()


def test_a_right_that_says_nothing_of_reading_is_dangerous(
    stub: Stub, gate: ExchangeClient
) -> None:
    text = keys(*ALL).replace('"read_only": true', '"write": true', 1)
    stub.answers(f"{API}/account/main_keys", text)
    assert gate.audit().verdict is Verdict.CAN_WITHDRAW


def test_the_newer_answer_is_of_the_asking_key_alone(stub: Stub, gate: ExchangeClient) -> None:
    (_, own) = json.loads(keys(*ALL))
    text = json.dumps(own | {"key": {"mode": 2}, "mode": 2})
    stub.answers(f"{API}/account/main_keys", text)
    audit = gate.audit()
    assert audit.verdict is Verdict.READ_ONLY
    assert any("unified" in warning for warning in audit.warnings)


def test_a_key_that_is_not_listed_cannot_be_judged(stub: Stub, gate: ExchangeClient) -> None:
    (other, own) = json.loads(keys(*ALL))
    short = own | {"key": "c5d*****"}
    for rows in ([other], [], [own, own], [short]):
        stub.answers(f"{API}/account/main_keys", json.dumps(rows))
        assert gate.audit().verdict is Verdict.UNPROVED


def test_without_the_right_to_see_the_account_nothing_is_known(
    stub: Stub, gate: ExchangeClient
) -> None:
    stub.answers(f"{API}/account/main_keys", FORBIDDEN)
    with pytest.raises(KeyBroken, match="tick Account"):
        gate.audit()


# --- errors ------------------------------------------------------------------------------------


def refusal(label: str, status: int = 400) -> Reply:
    return Reply(f'{{"label":"{label}","message":"Some words of theirs"}}', status)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        (refusal("INVALID_KEY", 401), KeyBroken, "INVALID_KEY"),
        (refusal("INVALID_SIGNATURE", 401), KeyBroken, "INVALID_SIGNATURE"),
        (refusal("IP_FORBIDDEN", 403), KeyBroken, "IP_FORBIDDEN"),
        (refusal("ACCOUNT_LOCKED", 403), KeyBroken, "ACCOUNT_LOCKED"),
        (refusal("FORBIDDEN", 403), StreamUnavailable, "FORBIDDEN"),
        (refusal("INVALID_PARAM_VALUE"), StreamUnavailable, "INVALID_PARAM_VALUE"),
        (refusal("USER_NOT_FOUND"), StreamUnavailable, "USER_NOT_FOUND"),
        (refusal("TOO_MANY_REQUESTS", 429), WaitUntil, "TOO_MANY_REQUESTS"),
        (refusal("TOO_FAST"), WaitUntil, "TOO_FAST"),
        (refusal("TOO_BUSY", 503), TryAgain, "TOO_BUSY"),
        (refusal("WORD_OF_TOMORROW"), TryAgain, "WORD_OF_TOMORROW"),
        (Reply("<html>", 502), TryAgain, "502"),
        (Reply('{"data":[]}'), TryAgain, "unreadable"),
    ],
)
def test_every_refusal_has_its_way_out(
    stub: Stub, gate: ExchangeClient, reply: Reply, kind: type[GatewayError], code: str
) -> None:
    stub.answers(f"{API}/spot/account_book", reply)
    begin = to_ms(NOW - timedelta(days=5))
    with pytest.raises(GatewayError) as caught:
        gate.fetch_page(BOOK, {"v": 1, "from": begin, "since": begin, "offset": 0}, now=NOW)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert "theirs" not in caught.value.message


def test_a_clock_that_differs_is_set_and_the_request_repeated(
    stub: Stub, gate: ExchangeClient
) -> None:
    ahead = to_ms(datetime.now(UTC) + timedelta(minutes=10))
    stub.answers(f"{API}/spot/time", f'{{"server_time":{ahead}}}')

    def reply(asked: Asked) -> Reply:
        sent = {name.upper(): value for name, value in asked.headers.items()}
        close = abs(int(sent["TIMESTAMP"]) - ahead // 1000) < 5
        return Reply("[]") if close else refusal("REQUEST_EXPIRED", 403)

    stub.answers(f"{API}/spot/account_book", reply)
    begin = to_ms(NOW - timedelta(days=5))
    cursor = {"v": 1, "from": begin, "since": begin, "offset": 0}
    assert gate.fetch_page(BOOK, cursor, now=NOW).is_last
    assert [asked.path.rpartition("/")[2] for asked in stub.asked] == [
        *("account_book", "time", "account_book"),
    ]


# --- prices ------------------------------------------------------------------------------------


def test_prices(stub: Stub) -> None:
    pairs = [
        {"id": "GT_USDT", "base": "GT", "quote": "USDT", "trade_status": "tradable"},
        {"id": "OLD_USDT", "base": "OLD", "quote": "USDT", "trade_status": "untradable"},
    ]
    stub.answers(f"{API}/spot/currency_pairs", json.dumps(pairs))
    stub.answers(f"{API}/spot/tickers", '[{"currency_pair":"GT_USDT","last":"7.5"}]')

    def candles(asked: Asked) -> Reply:
        assert (asked.parameters["interval"], "limit" in asked.parameters) == ("1d", False)
        start, end = int(asked.parameters["from"]), int(asked.parameters["to"])
        assert (end - start) // 86_400 < 1000
        rows = [[str(t), "9", str(t), "0", "0", "0"] for t in range(start, end + 1, 86_400)]
        return Reply(json.dumps(rows))

    stub.answers(f"{API}/spot/candlesticks", candles)
    prices = registry.open_market_data("gate", base_url=f"{stub.url}/gate")
    assert prices.markets() == [("GT", "USDT")]
    assert [ticker.price for ticker in prices.tickers()] == [Decimal("7.5")]
    closes = prices.daily_closes("GT", "USDT", since=date(2022, 1, 1))
    assert len(closes) == (datetime.now(UTC).date() - date(2022, 1, 1)).days
    assert (closes[0].on, closes[0].close) == (date(2022, 1, 1), Decimal(1640995200))
    prices.close()
