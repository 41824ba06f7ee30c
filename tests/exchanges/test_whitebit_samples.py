"""What WhiteBIT is shown to answer gives the right records, transactions and postings."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

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
from portfolio.exchanges.types import ExchangeClient, StreamSpec, Verdict
from tests.exchanges.conftest import CREDENTIALS, SECRET, sample
from tests.exchanges.rounds import the, whole
from tests.exchanges.sampled import normalised, opened
from tests.exchanges.stub import Asked, Reply, Stub

ROOT = "/whitebit/api/v4"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TRADES = StreamSpec("trades", RecordKind.TRADES)
DEPOSITS = StreamSpec("deposits", RecordKind.DEPOSITS)
WITHDRAWALS = StreamSpec("withdrawals", RecordKind.WITHDRAWALS)
CONVERSIONS = StreamSpec("conversions", RecordKind.CONVERSIONS)
CODES = StreamSpec("codes", RecordKind.TRANSFERS)
POSITIONS = StreamSpec("positions", RecordKind.LEDGER)
DEALS = f"{ROOT}/trade-account/executed-history"
HISTORY = f"{ROOT}/main-account/history"


@pytest.fixture
def client(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "whitebit", CREDENTIALS)


normalise = partial(normalised, "whitebit")


def payload(asked: Asked) -> dict[str, Any]:
    """What was asked for: the body, which is what was signed."""
    told: dict[str, Any] = json.loads(base64.b64decode(asked.headers["X-TXC-PAYLOAD"]))
    return told


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def row_of(name: str) -> dict[str, Any]:
    told = json.loads(sample("whitebit", name))
    rows = told if isinstance(told, list) else told.get("records") or told.get("data")
    row: dict[str, Any] = (rows or next(iter(told.values())))[0]
    return row


# --- walks -------------------------------------------------------------------------------------


def paged(
    rows: list[dict[str, Any]], at: str, start: str, end: str, wrap: Callable[[Any], Any]
) -> Callable[[Asked], Reply]:
    """Newest first within whole seconds, by offset."""

    def answer(asked: Asked) -> Reply:
        told = payload(asked)
        assert told["limit"] == 100
        found = [r for r in reversed(rows) if told[start] <= float(r[at]) <= told[end]]
        skip = told.get("offset", 0)
        return Reply(json.dumps(wrap(found[skip : skip + 100])))

    return answer


def by_market(rows: list[dict[str, Any]]) -> Any:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["name"], []).append({k: v for k, v in row.items() if k != "name"})
    return found or []


@pytest.mark.parametrize("count", [0, 1, 100, 101, 730])
def test_deals_of_all_markets_are_walked_to_the_end(
    stub: Stub, client: ExchangeClient, count: int
) -> None:
    first = seconds(datetime(2024, 2, 1, tzinfo=UTC))
    deal = row_of("executed_history")
    rows = [  # seven of each moment, over two markets whose numbers repeat
        {**deal, "id": n // 2, "time": f"{first + n // 7 * 40_000}.5", "name": f"M{n % 2}_USDT"}
        for n in range(count)
    ]
    stub.answers(DEALS, paged(rows, "time", "startDate", "endDate", by_market))
    found = whole(client, TRADES, NOW)
    assert set(found.bodies) == {f"M{n % 2}_USDT:{n // 2}" for n in range(count)}
    assert found.covered == (datetime(2018, 11, 1, tzinfo=UTC), NOW)
    for event in found.events("whitebit"):
        assert event.detail["symbol"] in ("M0/USDT", "M1/USDT")


def test_deposits_and_withdrawals_are_asked_for_apart(stub: Stub, client: ExchangeClient) -> None:
    newest = seconds(NOW) - 86_400
    rows = [
        {**row_of("history"), "transactionId": f"t{n}", "createdAt": newest - n // 5, "method": way}
        for way in (1, 2)
        for n in range(350)
    ]

    def answer(asked: Asked) -> Reply:
        told = payload(asked)
        found = [row for row in rows if row["method"] == told["transactionMethod"]]
        page = found[told["offset"] : told["offset"] + told["limit"]]
        return Reply(json.dumps({"records": page, "total": len(found)}))

    stub.answers(HISTORY, answer)
    for stream in (DEPOSITS, WITHDRAWALS):
        found = whole(client, stream, NOW)
        assert len(found.bodies) == 350
        assert len(found.pages) == 4
        assert found.covered == (datetime(2018, 11, 1, tzinfo=UTC), NOW)


def test_what_lies_too_deep_is_said_so(stub: Stub, client: ExchangeClient) -> None:
    newest = seconds(NOW) - 86_400

    def answer(asked: Asked) -> Reply:
        told = payload(asked)
        assert told["offset"] <= 10_000
        rows = [
            {**row_of("codes_history"), "external_id": f"c{n}", "date": newest - n}
            for n in range(told["offset"], told["offset"] + 100)
        ]
        return Reply(json.dumps({"data": rows}))

    stub.answers(f"{ROOT}/main-account/codes/history", answer)
    page = client.fetch_page(CODES, {"v": 1, "skip": 9_900, "begun": 0}, now=NOW)
    page = client.fetch_page(CODES, page.cursor, now=NOW)
    assert page.is_last
    reached = datetime.fromtimestamp(newest - 10_099, UTC)
    assert page.unserved == (datetime(2018, 11, 1, tzinfo=UTC), reached)


def test_conversions_and_positions_are_walked_to_the_end(
    stub: Stub, client: ExchangeClient
) -> None:
    first = seconds(datetime(2023, 5, 1, tzinfo=UTC))
    converted = [{**row_of("convert_history"), "id": n, "date": first + n // 9} for n in range(420)]
    wrap: Callable[[Any], Any] = lambda page: {"records": page}  # noqa: E731
    stub.answers(f"{ROOT}/convert/history", paged(converted, "date", "from", "to", wrap))
    assert len(whole(client, CONVERSIONS, NOW).bodies) == 420
    changed = [
        {**row_of("positions_history"), "positionId": n, "modifyDate": f"{first + n // 9}.25"}
        for n in range(420)
    ]

    def answer(asked: Asked) -> Reply:  # no offset, and never more than fifty
        told = payload(asked)
        assert "offset" not in told
        begin, end = told["startDate"], told["endDate"]
        found = [row for row in changed if begin <= float(row["modifyDate"]) <= end]
        return Reply(json.dumps(found[:50]))

    stub.answers(f"{ROOT}/collateral-account/positions/history", answer)
    assert len(whole(client, POSITIONS, NOW).bodies) == 420


def test_a_request_is_signed(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(HISTORY, '{"records": []}')
    client.fetch_page(DEPOSITS, {}, now=NOW)
    (asked,) = stub.asked
    assert asked.method == "POST"
    assert asked.headers["X-TXC-APIKEY"] == CREDENTIALS["apiKey"]
    signed = asked.headers["X-TXC-PAYLOAD"].encode()
    expected = hmac.new(SECRET.encode(), signed, hashlib.sha512).hexdigest()
    assert asked.headers["X-TXC-SIGNATURE"] == expected
    told = payload(asked)
    assert told["request"] == "/api/v4/main-account/history"
    assert told["nonceWindow"] is True
    assert abs(int(told["nonce"]) - datetime.now(UTC).timestamp() * 1000) < 5000


# --- what rows say -----------------------------------------------------------------------------


def moved(*parts: str, fee: str = "") -> tuple[Movement, ...]:
    found = [(part, PostingRole.PRINCIPAL) for part in parts]
    found += [(fee, PostingRole.FEE)] if fee else []
    return tuple(
        Movement("spot", text.split()[1], Decimal(text.split()[0]), role) for text, role in found
    )


def test_a_deal_s_fee_is_in_the_quote(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(DEALS, sample("whitebit", "executed_history"))
    page = client.fetch_page(TRADES, {"v": 1, "from": 1640995200000}, now=NOW)
    (record,) = page.records
    assert record.external_id == "USDC_USDT:1343815269"
    sold = the(registry.normalise("whitebit", TRADES, record.body))
    assert sold.key == "trade:USDC_USDT:1343815269"
    assert sold.occurred_at == datetime(2022, 1, 1, 15, 45, 17, 532965, tzinfo=UTC)
    assert sold.movements == moved("-9.986 USDC", "9.981007 USDT", fee="-0.009981007 USDT")
    assert (sold.detail["role"], sold.detail["side"]) == ("taker", "sell")
    row = json.loads(record.body) | {"side": "buy"}
    bought = moved("9.986 USDC", "-9.981007 USDT", fee="-0.009981007 USDT")
    assert normalise(TRADES, row).movements == bought
    other = moved("9.986 USDC", "-9.981007 USDT", fee="-0.009981007 WBT")
    assert normalise(TRADES, row | {"feeAsset": "WBT"}).movements == other


def test_bare_numbers_stay_exact(stub: Stub, client: ExchangeClient) -> None:
    stub.answers(DEALS, sample("whitebit", "executed_history_older"))
    (record,) = client.fetch_page(TRADES, {"v": 1, "from": 1594600000000}, now=NOW).records
    event = the(registry.normalise("whitebit", TRADES, record.body))
    assert event.occurred_at == datetime(2020, 7, 13, 19, 15, 31, 724403, tzinfo=UTC)
    assert event.detail["order"] == "160305483"  # an order is not named by older answers


def test_contracts_are_booked_by_what_they_realise() -> None:
    opened = normalise(POSITIONS, row_of("positions_history"))
    assert opened.key == "position:BTC_PERP:1224727949521"
    assert opened.kind is TransactionKind.REALISED_PNL
    assert opened.movements == moved(fee="-0.028874545 USDT")
    detail = row_of("positions_history")["orderDetail"]
    row = row_of("positions_history") | {"orderDetail": detail | {"realizedPnl": "5.2"}}
    closed = normalise(POSITIONS, row)
    assert closed.movements == moved("5.228874545 USDT", fee="-0.028874545 USDT")
    unknown = row | {"orderDetail": detail | {"realizedPnl": None}}
    assert normalise(POSITIONS, unknown).movements == opened.movements
    assert normalise(POSITIONS, row | {"market": "BTC_USDT"}).movements == ()
    liquidated = normalise(POSITIONS, row | {"liquidationState": "liquidation"})
    assert liquidated.kind is TransactionKind.LIQUIDATION
    alone = normalise(POSITIONS, row | {"orderDetail": None})
    assert (alone.key, alone.movements) == ("position:BTC_PERP:479975679", ())
    deal = row_of("executed_history") | {"market": "BTC_PERP", "orderId": 1224727949521}
    explains = normalise(TRADES, deal)
    assert (explains.key, explains.movements) == (opened.key, ())
    told = "9.986 BTC at 0.9995 USDT, fee 0.009981007 USDT"
    assert explains.detail["deal 1343815269"] == told


def test_deposits_by_their_state() -> None:
    done = normalise(DEPOSITS, row_of("history"))
    assert done.key == "deposit:11111111-2222-3333-4444-555555555555"
    assert done.kind is TransactionKind.DEPOSIT
    assert done.movements == moved("20.723117 USDT")
    assert done.detail["network"] == "TRC20"
    waiting = normalise(DEPOSITS, row_of("history_pending"))
    assert (waiting.movements, waiting.detail["status"]) == ((), "pending (15)")
    charged = normalise(DEPOSITS, row_of("history") | {"fee": "0.5", "status": 7})
    assert charged.movements == moved("20.723117 USDT", fee="-0.5 USDT")
    for status in (4, 5, 9, 21, 22, 27, 28):
        assert normalise(DEPOSITS, row_of("history") | {"status": status}).movements == ()


def test_a_withdrawal_s_amount_has_its_fee_within() -> None:
    row = row_of("history") | {"method": 2, "amount": "100", "fee": "0.7"}
    assert normalise(WITHDRAWALS, row).movements == moved("-99.3 USDT", fee="-0.7 USDT")
    assert normalise(WITHDRAWALS, row | {"status": 1}).movements == ()
    partly = row_of("history_pending") | {"method": 2, "ticker": "UAH", "status": 18}
    assert normalise(WITHDRAWALS, partly).movements == moved("-38727 UAH", fee="-273 UAH")


def test_a_conversion_goes_from_one_end_of_its_path_to_the_other() -> None:
    row = row_of("convert_history")
    assert normalise(CONVERSIONS, row).movements == moved("-4 USDT", "0.00004772 BTC")
    hops = [{"from": "UAH", "to": "USDT"}, {"from": "USDT", "to": "BTC"}]
    assert normalise(CONVERSIONS, row | {"path": hops}).movements[0].asset == "UAH"


def test_a_code_is_kept_without_what_it_could_be_spent_with(
    stub: Stub, client: ExchangeClient
) -> None:
    stub.answers(f"{ROOT}/main-account/codes/history", sample("whitebit", "codes_history"))
    found = whole(client, CODES, NOW)
    assert len(found.bodies) == 2
    assert all("e11f4fce" not in body for body in found.bodies.values())
    used, made = found.events("whitebit")
    assert (used.kind, made.kind) == (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL)
    assert used.movements == moved("0.002 ETH")
    assert made.movements == moved("-0.002 ETH")


# --- balances, positions, keys -----------------------------------------------------------------


def test_three_balances_are_one_wallet(stub: Stub, client: ExchangeClient) -> None:
    for part in ("main", "trade", "collateral"):
        stub.answers(f"{ROOT}/{part}-account/balance", sample("whitebit", f"{part}_balance"))
    assert client.balances() == [
        ReportedBalance("spot", "BTC", Decimal("2.1243929494020316")),
        ReportedBalance("spot", "ETH", Decimal("0.001398289308")),
        ReportedBalance("spot", "XMR", Decimal(3113)),
        ReportedBalance("spot", "USDT", Decimal(1000)),
    ]
    assert client.audit().verdict is Verdict.UNPROVED
    stub.answers(f"{ROOT}/collateral-account/balance", "[]")
    assert len(client.balances()) == 3
    streams = client.plan_streams(known_assets=frozenset())
    keys = ["trades", "deposits", "withdrawals", "conversions", "codes", "positions"]
    assert [stream.key for stream in streams] == keys


def test_open_positions(stub: Stub, client: ExchangeClient) -> None:
    path = f"{ROOT}/collateral-account/positions/open"
    stub.answers(path, sample("whitebit", "positions_open"))
    long = ReportedPosition(
        wallet="collateral",
        symbol="BTC_PERP",
        side="long",
        quantity=Decimal("0.001"),
        unit="BTC",
        entry_price=Decimal("82498.7"),
        mark_price=None,
        price_asset="USDT",
        unrealised_pnl=Decimal(0),
        settle_asset="USDT",
    )
    assert client.positions() == [long]
    short = row_of("positions_open") | {"market": "ETH_BTC", "amount": "-2", "basePrice": None}
    stub.answers(path, json.dumps([short]))
    (found,) = client.positions() or []
    assert (found.side, found.quantity, found.unit) == ("short", Decimal(2), "ETH")
    assert (found.entry_price, found.settle_asset) == (None, "BTC")
    stub.answers(path, json.dumps([short | {"amount": "2", "positionSide": "SHORT"}]))
    assert [p.side for p in client.positions() or []] == ["short"]


# --- errors ------------------------------------------------------------------------------------


def refused(words: Any, status: int = 422, code: int = 0) -> Reply:
    return Reply(json.dumps({"code": code, "message": words, "errors": {"x": ["y"]}}), status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused("Unauthorized request.", 401, 10), KeyBroken),
        (refused([["Unauthorized request."]]), KeyBroken),
        (refused("This action is unauthorized. Enable your key in API settings", 403), KeyBroken),
        (refused("This API Key is not authorized to perform this action.", 403), StreamUnavailable),
        (refused("You don't have permission to use this endpoint."), StreamUnavailable),
        (refused("Validation failed"), StreamUnavailable),
        (refused("Inner validation failed", 400), StreamUnavailable),
        (refused("Too many requests."), TryAgain),
        (refused("Too Many Attempts.", 429), WaitUntil),
        (refused("Some words of theirs"), TryAgain),
        (Reply("<html>", 502), TryAgain),
        (Reply('{"records": 5}'), TryAgain),
    ],
)
def test_errors(stub: Stub, client: ExchangeClient, reply: Reply, kind: type[GatewayError]) -> None:
    stub.answers(HISTORY, reply)
    with pytest.raises(GatewayError) as caught:
        client.fetch_page(DEPOSITS, {}, now=NOW)
    assert type(caught.value) is kind
    assert "words of theirs" not in caught.value.message + caught.value.code
    assert caught.value.__context__ is None


def test_a_late_request_sets_the_clock(stub: Stub, client: ExchangeClient) -> None:
    ahead = datetime.now(UTC) + timedelta(seconds=90)

    def answer(asked: Asked) -> Reply:
        late = abs(int(payload(asked)["nonce"]) - ahead.timestamp() * 1000) > 5000
        words = "Your nonce is more than 5 seconds lesser than the current nonce"
        return refused(words) if late else Reply('{"records": []}')

    stub.answers(f"{ROOT}/public/time", json.dumps({"time": seconds(ahead)}))
    stub.answers(HISTORY, answer)
    assert client.fetch_page(DEPOSITS, {}, now=NOW).is_last
    assert len(stub.asked) == 3


# --- prices ------------------------------------------------------------------------------------


def test_prices(stub: Stub) -> None:
    spot = {"name": "BTC_EUR", "stock": "BTC", "money": "EUR", "tradesEnabled": True}
    future = {**spot, "name": "BTC_PERP", "type": "futures"}
    stub.answers(f"{ROOT}/public/markets", json.dumps([{**spot, "type": "spot"}, future]))
    stub.answers(f"{ROOT}/public/ticker", '{"BTC_EUR": {"last_price": "91000.1"}, "X_Y": {}}')
    today = datetime.now(UTC).date()

    def candles(asked: Asked) -> Reply:
        told = asked.parameters
        assert (told["market"], told["interval"]) == ("BTC_EUR", "1d")
        end = min(int(told["end"]), seconds(datetime.now(UTC)))
        days = range(int(told["start"]), end + 1, 86_400)
        rows = [[day, "1", "1.25", "2", "1", "9", "9"] for day in days]
        return Reply(json.dumps({"success": True, "message": "", "result": rows}))

    stub.answers("/whitebit/api/v1/public/kline", candles)
    prices = registry.open_market_data("whitebit", base_url=f"{stub.url}/whitebit")
    assert prices.markets() == [("BTC", "EUR")]
    assert prices.tickers()[0].price == Decimal("91000.1")
    since = today - timedelta(days=2000)
    closes = prices.daily_closes("BTC", "EUR", since=since)
    assert [close.on for close in closes] == [since + timedelta(days=n) for n in range(2000)]
    assert closes[0].close == Decimal("1.25")
    prices.close()
