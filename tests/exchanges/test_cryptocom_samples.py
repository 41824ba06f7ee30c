"""Crypto.com through the real client: what its documentation shows, and whole histories."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

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
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import API_KEY, CREDENTIALS, SECRET, sample
from tests.exchanges.paged import Walked, keys, moved, told, walk
from tests.exchanges.sampled import opened
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NOW_MS = int(NOW.timestamp()) * 1000
DAY = 86_400_000
API = "/cryptocom/exchange/v1"
LEDGER = StreamSpec("ledger", RecordKind.LEDGER)
TRADES = StreamSpec("trades", RecordKind.TRADES)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
# By stream: its path, the list in an answer, and where a row has its time.
SHAPES = {
    "ledger": ("private/get-transactions", "data", "event_timestamp_ms"),
    "trades": ("private/get-trades", "data", "create_time"),
    "deposits": ("private/get-deposit-history", "deposit_list", "create_time"),
    "withdrawals": ("private/get-withdrawal-history", "withdrawal_list", "create_time"),
}


@pytest.fixture
def cryptocom(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "cryptocom", CREDENTIALS)


def asked_for(asked: Asked) -> dict[str, Any]:
    """The parameters of a request, if it is signed as Crypto.com wants it."""
    body = json.loads(asked.body)
    assert asked.method == "POST"
    assert f"{API}/{body['method']}" == asked.path
    assert body["api_key"] == API_KEY
    told_of = "".join(f"{name}{body['params'][name]}" for name in sorted(body["params"]))
    text = f"{body['method']}{body['id']}{API_KEY}{told_of}{body['nonce']}"
    expected = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
    assert body["sig"] == expected
    parameters: dict[str, Any] = body["params"]
    return parameters


def answer(container: str, rows: list[Any]) -> Reply:
    told_of = {"id": 1, "method": "x", "code": 0, "result": {container: rows}}
    return Reply(json.dumps(told_of))


def serve(stub: Stub, stream: StreamSpec, rows: list[dict[str, Any]]) -> None:
    """Answer as Crypto.com does: journals before an end, the newest; lists by page from zero."""
    path, container, at = SHAPES[stream.key]

    def reply(asked: Asked) -> Reply:
        body = asked_for(asked)
        if container == "data":
            assert body["end_time"] - body["start_time"] <= DAY + 1
            found = [r for r in rows if body["start_time"] <= r[at] < body["end_time"]]
            return answer(container, found[::-1][: body["limit"]])
        found = [r for r in rows if body["start_ts"] <= r[at] <= body["end_ts"]]
        first = body["page"] * body["page_size"]
        return answer(container, found[::-1][first : first + body["page_size"]])

    stub.answers(f"{API}/{path}", reply)


def made(stream: StreamSpec, number: int, ms: int) -> dict[str, Any]:
    _, container, at = SHAPES[stream.key]
    row: dict[str, Any] = {at: ms}
    if container == "data":
        names = {"journal_id": str(number), "trade_id": str(number), "instrument_name": "BTC"}
        return {**row, **names, "journal_type": "TRADING", "transaction_qty": "1", "side": "BUY"}
    return {**row, "id": str(number), "currency": "BTC", "amount": 0.5, "status": "1", "fee": 0}


@pytest.mark.parametrize(
    "stream", [LEDGER, TRADES, DEPOSITS, WITHDRAWALS], ids=lambda stream: stream.key
)
def test_every_row_is_found(stub: Stub, cryptocom: ExchangeClient, stream: StreamSpec) -> None:
    crowded = NOW_MS - 20 * DAY
    moments = [crowded + n for n in range(90)] + [crowded + 90] * 60  # across the end of a page
    moments += [crowded + 91 + n * 1000 for n in range(400)]
    moments += [NOW_MS - n * DAY for n in range(1, 170, 7)] + [NOW_MS - 1]
    rows = [made(stream, number, ms) for number, ms in enumerate(sorted(moments), 1)]
    serve(stub, stream, rows)
    walked = walk(cryptocom, stream, NOW)
    assert len(walked.ids) == len(rows)
    assert walk(cryptocom, stream, NOW, twice=True).records == walked.records
    limited = stream in (LEDGER, TRADES)
    since = NOW - timedelta(days=180) if limited else datetime(2019, 11, 1, tzinfo=UTC)
    assert walked.covered[-1] == (since, NOW)
    rows.append(made(stream, 9999, NOW_MS + 60_000))
    later = walk(cryptocom, stream, NOW + timedelta(hours=1), walked)
    assert len(later.ids) == len(rows)


def test_a_millisecond_that_fills_a_page_is_not_claimed(
    stub: Stub, cryptocom: ExchangeClient
) -> None:
    crowded = NOW_MS - DAY
    rows = [made(LEDGER, number, crowded) for number in range(150)]
    rows.append(made(LEDGER, 999, NOW_MS - 5))
    serve(stub, LEDGER, rows)
    walked: Walked = walk(cryptocom, LEDGER, NOW)
    assert "999:BTC:TRADING" in walked.ids
    assert walked.covered[-1][0] > datetime.fromtimestamp(crowded / 1000, UTC)


def test_streams_are_planned(cryptocom: ExchangeClient) -> None:
    planned = cryptocom.plan_streams(known_assets=frozenset())
    assert planned == [LEDGER, DEPOSITS, WITHDRAWALS, TRADES]


# --- what rows say -----------------------------------------------------------------------------


def first_page(
    stub: Stub, client: ExchangeClient, stream: StreamSpec, text: str
) -> tuple[FetchedRecord, ...]:
    stub.answers(f"{API}/{SHAPES[stream.key][0]}", text)
    return client.fetch_page(stream, {}, now=NOW).records


def test_rows_of_contracts_tell_of_positions_and_move_no_coin(
    stub: Stub, cryptocom: ExchangeClient
) -> None:
    text = sample("cryptocom", "transactions")
    records = first_page(stub, cryptocom, LEDGER, text)
    assert [r.body for r in records] == [r.text for r in exact.elements(text, "result", "data")]
    traded, settled = (told("cryptocom", LEDGER, record) for record in records)
    assert traded.movements == settled.movements == ()
    assert traded.key == "trade:71497"
    assert traded.detail["symbol"] == "BTCUSD-PERP"
    assert settled.kind is TransactionKind.REALISED_PNL
    assert settled.detail["profit"] == "-0.007800"


def test_a_row_of_a_coin_is_booked_and_meets_its_trade(
    stub: Stub, cryptocom: ExchangeClient
) -> None:
    (record,) = first_page(stub, cryptocom, LEDGER, sample("cryptocom", "transactions_spot"))
    event = told("cryptocom", LEDGER, record)
    assert record.external_id == "6530219460124075091:USD:TRADING"
    assert event.kind is TransactionKind.TRADE
    assert moved(event) == {("exchange", "USD", ""): Decimal("6.0091224")}
    (shown,) = first_page(stub, cryptocom, TRADES, sample("cryptocom", "trades"))
    evidence = told("cryptocom", TRADES, shown)
    assert evidence.key == "trade:38554669"
    assert evidence.movements == ()
    assert (evidence.detail["side"], evidence.detail["role"]) == ("buy", "maker")


def row(kind: str, **fields: Any) -> str:
    told_of = {"journal_id": "9", "journal_type": kind, "instrument_name": "CRO"}
    amounts = {"transaction_qty": "-8.5", "event_timestamp_ms": 1686804665013, "trade_id": "0"}
    return json.dumps({**told_of, **amounts, **fields})


def test_both_sides_of_a_trade_and_its_fee_are_one_event() -> None:
    bought = told("cryptocom", LEDGER, row("TRADING", trade_id="7", transaction_qty="2"))
    paid = told("cryptocom", LEDGER, row("TRADING", trade_id="7", instrument_name="USD"))
    fee = told("cryptocom", LEDGER, row("TRADE_FEE", trade_id="7", transaction_qty="-0.01"))
    assert keys([bought, paid, fee]) == {"trade:7"}
    assert moved(bought, paid, fee) == {
        ("exchange", "CRO", ""): Decimal(2),
        ("exchange", "USD", ""): Decimal("-8.5"),
        ("exchange", "CRO", "fee"): Decimal("-0.01"),
    }


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("FUNDING", TransactionKind.FUNDING),
        ("REALIZED_PNL", TransactionKind.REALISED_PNL),
        ("LIQUIDATION_FEE", TransactionKind.LIQUIDATION),
        ("MANUAL_CONVERSION", TransactionKind.CONVERSION),
        ("SUBACCOUNT_TX", TransactionKind.TRANSFER),
        ("MARGIN_TRADE_INTEREST", TransactionKind.INTEREST),
        ("OFFCHAIN_DEPOSIT", TransactionKind.DEPOSIT),
        ("OFFCHAIN_WITHDRAWAL", TransactionKind.WITHDRAWAL),
        ("WORD_OF_TOMORROW", TransactionKind.UNCLASSIFIED),
    ],
)
def test_kinds_of_rows_and_none_is_dropped(kind: str, expected: TransactionKind) -> None:
    event = told("cryptocom", LEDGER, row(kind))
    assert event.kind is expected
    assert moved(event) == {("exchange", "CRO", ""): Decimal("-8.5")}
    renamed = told("cryptocom", LEDGER, row(kind, instrument_name="USD_Stable_Coin"))
    assert moved(renamed) == {("exchange", "USD", ""): Decimal("-8.5")}


def test_deposits_and_withdrawals_meet_their_rows_by_coin_amount_and_day(
    stub: Stub, cryptocom: ExchangeClient
) -> None:
    (record,) = first_page(stub, cryptocom, DEPOSITS, sample("cryptocom", "deposits"))
    came = told("cryptocom", DEPOSITS, record)
    assert came.movements == ()
    assert came.detail["status"] == "arrived"
    ms = 1607063470000
    fields = {"instrument_name": "XRP", "transaction_qty": "100.0", "event_timestamp_ms": ms}
    booked = told("cryptocom", LEDGER, row("ONCHAIN_DEPOSIT", **fields))
    assert booked.key == came.key == "deposit:XRP:100:20201204"
    (record,) = first_page(stub, cryptocom, WITHDRAWALS, sample("cryptocom", "withdrawals"))
    sent = told("cryptocom", WITHDRAWALS, record)
    fields["transaction_qty"] = "-100"
    booked = told("cryptocom", LEDGER, row("ONCHAIN_WITHDRAWAL", **fields))
    assert booked.key == sent.key
    assert sent.detail["status"] == "processing"


# --- balances, positions and keys --------------------------------------------------------------


def test_balances_and_a_key_that_cannot_be_judged(stub: Stub, cryptocom: ExchangeClient) -> None:
    stub.answers(f"{API}/private/user-balance", sample("cryptocom", "balance"))
    assert cryptocom.balances() == [
        ReportedBalance("exchange", "CRO", Decimal("24422.72427884")),
        ReportedBalance("exchange", "USD", Decimal("3113.50747209")),
        ReportedBalance("exchange", "USDT", Decimal("0.19411607")),
        ReportedBalance("exchange", "DAI", Decimal("0.19387960")),
    ]
    assert cryptocom.audit().verdict is Verdict.UNPROVED


def test_open_positions(stub: Stub, cryptocom: ExchangeClient) -> None:
    stub.answers(f"{API}/private/get-positions", sample("cryptocom", "positions"))
    assert cryptocom.positions() == [
        ReportedPosition(
            wallet="exchange",
            symbol="BTCUSD-PERP",
            side="short",
            quantity=Decimal("0.1984"),
            unit="BTC",
            entry_price=Decimal("51206.41229839"),
            mark_price=None,
            price_asset="USD",
            unrealised_pnl=Decimal("-497.743736"),
            settle_asset="USD",
        )
    ]
    stub.answers(f"{API}/private/get-positions", refused(412, 500))
    assert cryptocom.positions() == []


def refused(code: int, status: int = 400) -> Reply:
    return Reply(json.dumps({"id": 1, "code": code, "message": "Some words of theirs"}), status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused(40101, 401), KeyBroken),
        (refused(40103, 401), KeyBroken),
        (refused(202), KeyBroken),
        (refused(40104, 401), StreamUnavailable),
        (refused(40004), StreamUnavailable),
        (refused(40401, 200), StreamUnavailable),
        (refused(40102), TryAgain),
        (refused(50001), TryAgain),
        (refused(42901, 429), WaitUntil),
        (refused(99999), TryAgain),
        (Reply("<html>", 502), TryAgain),
        (Reply('{"code": 0}'), TryAgain),
    ],
)
def test_errors(
    stub: Stub, cryptocom: ExchangeClient, reply: Reply, kind: type[GatewayError]
) -> None:
    stub.answers(f"{API}/private/user-balance", reply)
    stub.answers(f"{API}/private/get-deposit-history", reply)
    with pytest.raises(GatewayError) as caught:
        cryptocom.fetch_page(
            DEPOSITS, {}, now=NOW
        ) if kind is not TryAgain else cryptocom.balances()
    assert type(caught.value) is kind
    assert "words of theirs" not in caught.value.message


def test_prices(stub: Stub) -> None:
    names = '"base_ccy":"BTC","quote_ccy":"USD"'
    pair = f'{{"symbol":"BTC_USD","inst_type":"CCY_PAIR",{names},"tradable":true}}'
    swap = f'{{"symbol":"BTCUSD-PERP","inst_type":"PERPETUAL_SWAP",{names}}}'
    stub.answers(
        f"{API}/public/get-instruments", f'{{"code":0,"result":{{"data":[{pair},{swap}]}}}}'
    )
    last = '{"i":"BTC_USD","a":"64000.5"},{"i":"BTCUSD-PERP","a":"64001"}'
    stub.answers(f"{API}/public/get-tickers", f'{{"code":0,"result":{{"data":[{last}]}}}}')
    prices = registry.open_market_data("cryptocom", base_url=f"{stub.url}/cryptocom")
    assert prices.markets() == [("BTC", "USD")]
    assert [ticker.price for ticker in prices.tickers()] == [Decimal("64000.5")]
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    opened = int(datetime(yesterday.year, yesterday.month, yesterday.day, tzinfo=UTC).timestamp())
    rows = [{"o": "1", "c": f"{2.5 + n}", "t": (opened + n * 86_400) * 1000} for n in (0, 1)]
    stub.answers(f"{API}/public/get-candlestick", json.dumps({"code": 0, "result": {"data": rows}}))
    closes = prices.daily_closes("BTC", "USD", since=yesterday)
    assert [(candle.on, candle.close) for candle in closes] == [(yesterday, Decimal("2.5"))]
    prices.close()
