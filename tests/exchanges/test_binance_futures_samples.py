"""What Binance's documentation shows of futures gives the right records, bookings and positions."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

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
from portfolio.exchanges.budget import used_from
from portfolio.exchanges.errors import KeyBroken, StreamUnavailable, WaitUntil
from portfolio.exchanges.profiles import PROFILES
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import API_KEY, CREDENTIALS, SECRET, sample
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = 86_400_000
USDM, COINM = "usd-m futures", "coin-m futures"
INCOME = {
    "usdm": StreamSpec("usdm-income", RecordKind.LEDGER),
    "coinm": StreamSpec("coinm-income", RecordKind.LEDGER),
}
PATHS = {"usdm": "/binance/fapi", "coinm": "/binance/dapi"}
REFUSED = Reply('{"code":-2015,"msg":"Invalid API-key, IP, or permissions for action."}', 401)
Row = dict[str, Any]


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def normalise(stream: StreamSpec, body: str | Row, exchange: str = "binance") -> Event:
    text = body if isinstance(body, str) else json.dumps(body)
    event = registry.normalise(exchange, stream, text)
    assert event is not None
    return event


def fills(tag: str, symbol: str) -> StreamSpec:
    return StreamSpec(f"{tag}-fills:{symbol}", RecordKind.TRADES, {"symbol": symbol})


# --- what single records say ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tag", "wallet", "coin"), [("usdm", USDM, "USDT"), ("coinm", COINM, "BTC")]
)
def test_the_documented_income(tag: str, wallet: str, coin: str) -> None:
    rows = exact.elements(sample("binance", f"{tag}_income"))
    moved, fee = (normalise(INCOME[tag], row.text) for row in rows)
    assert (moved.key, moved.kind) == ("transfer:9689322392", TransactionKind.TRANSFER)
    assert moved.movements == (Movement(wallet, coin, Decimal("-0.375")),)
    assert moved.occurred_at == datetime(2019, 10, 9, 8, tzinfo=UTC)
    assert fee.kind is TransactionKind.FEE
    assert fee.key == f"fill:{rows[1].value['symbol']}:2059192"
    assert fee.movements == (Movement(wallet, coin, Decimal("-0.01"), PostingRole.FEE),)


KINDS = {
    "REALIZED_PNL": TransactionKind.REALISED_PNL,
    "DELIVERED_SETTELMENT": TransactionKind.REALISED_PNL,
    "FUNDING_FEE": TransactionKind.FUNDING,
    "INSURANCE_CLEAR": TransactionKind.LIQUIDATION,
    "INTERNAL_TRANSFER": TransactionKind.TRANSFER,
    "REFERRAL_KICKBACK": TransactionKind.REWARD,
    "COIN_SWAP_WITHDRAW": TransactionKind.CONVERSION,
    "SOMETHING_NEW": TransactionKind.UNCLASSIFIED,
}


@pytest.mark.parametrize(("word", "kind"), KINDS.items())
@pytest.mark.parametrize("amount", ["1.5", "-1.5"])
def test_every_type_moves_what_it_says(word: str, kind: TransactionKind, amount: str) -> None:
    event = normalise(INCOME["usdm"], income(7, word, amount))
    taken_back = kind is TransactionKind.REWARD and amount.startswith("-")
    assert event.kind is (TransactionKind.ADJUSTMENT if taken_back else kind)
    assert event.movements == (Movement(USDM, "USDT", Decimal(amount)),)


def test_a_rebate_to_a_maker_is_a_fee_that_comes_in() -> None:
    event = normalise(INCOME["usdm"], income(7, "COMMISSION", "0.02", tradeId="5"))
    assert event.movements == (Movement(USDM, "USDT", Decimal("0.02"), PostingRole.FEE),)


def test_fee_and_profit_of_one_trade_share_a_number_and_are_two_records() -> None:
    fee = income(7, "COMMISSION", "-0.1", symbol="BTCUSDT", tradeId="5", asset="BNB")
    won = income(7, "REALIZED_PNL", "3", symbol="BTCUSDT", tradeId="5")
    keys = {normalise(INCOME["usdm"], row).key for row in (fee, won)}
    assert len(keys) == 2
    rule = PROFILES["binance"].stream_rule(INCOME["usdm"])
    ids = {rule.external_id(exact.Slice("", row, "")) for row in (fee, won)}
    assert ids == {"COMMISSION:7:BNB:BTCUSDT:5", "REALIZED_PNL:7:USDT:BTCUSDT:5"}


@pytest.mark.parametrize(
    ("tag", "symbol", "trade"), [("usdm", "BTCUSDT", 698759), ("coinm", "ETHUSD_PERP", 701907838)]
)
def test_a_trade_explains_the_fee_of_its_number(tag: str, symbol: str, trade: int) -> None:
    row = exact.elements(sample("binance", f"{tag}_trades"))[0]
    event = normalise(fills(tag, symbol), row.text)
    fee = income(1, "COMMISSION", "-0.1", symbol=symbol, tradeId=str(trade))
    assert event.key == normalise(INCOME[tag], fee).key == f"fill:{symbol}:{trade}"
    assert (event.kind, event.movements) == (TransactionKind.TRADE, ())
    assert event.detail["side"] == "sell"
    assert event.detail["price"] == row.value["price"]


def test_a_transfer_is_one_transaction_with_a_leg_from_each_side() -> None:
    row = exact.elements(sample("binance", "transfers"), "rows")[0]
    spec = StreamSpec("transfers:MAIN_UMFUTURE", RecordKind.TRANSFERS, {})
    out = normalise(spec, row.text)
    number, amount = row.value["tranId"], row.value["amount"]
    into = normalise(INCOME["usdm"], income(number, "TRANSFER", amount))
    assert out.key == into.key
    moved = [*out.movements, *into.movements]
    assert sorted(m.wallet for m in moved) == ["spot", USDM]
    assert sum(m.amount for m in moved) == 0


# --- what there is now ------------------------------------------------------------------------


def answer_now(stub: Stub, **answers: str | Reply) -> None:
    known: dict[str, str | Reply] = {
        "/binance/api/v3/account": '{"balances":[],"uid":354937868}',
        "/binance/sapi/v1/asset/get-funding-asset": "[]",
        "/binance/fapi/v3/balance": sample("binance", "usdm_balance"),
        "/binance/dapi/v1/balance": '[{"asset":"BTC","balance":"0.0025"},'
        '{"asset":"ETH","balance":"0.00000000"}]',
        "/binance/fapi/v3/positionRisk": sample("binance", "usdm_positions"),
        "/binance/dapi/v1/positionRisk": sample("binance", "coinm_positions"),
    }
    for path, answer in (known | {f"/binance/{k}": v for k, v in answers.items()}).items():
        stub.answers(path, answer)


def test_balances_are_what_is_settled(stub: Stub, binance: ExchangeClient) -> None:
    answer_now(stub)
    assert binance.balances() == [
        ReportedBalance(USDM, "BNB", Decimal("0.01")),
        ReportedBalance(COINM, "BTC", Decimal("0.0025")),
    ]


def test_open_positions(stub: Stub, binance: ExchangeClient) -> None:
    answer_now(stub)
    assert binance.positions() == [
        ReportedPosition(
            *(USDM, "WLDUSDT", "long", Decimal(5), "WLD"),
            *(Decimal("2.3483"), Decimal("2.3956"), "USDT", Decimal("0.2365"), "USDT"),
        ),
        ReportedPosition(
            *(COINM, "BTCUSD_201225", "long", Decimal(1), "contracts"),
            *(Decimal("11707.70000003"), Decimal("11788.66626667"), "USD"),
            *(Decimal("0.00005866"), "BTC"),
        ),
    ]


def test_a_short_position_is_negative_there(stub: Stub, binance: ExchangeClient) -> None:
    told = sample("binance", "usdm_positions").replace('"5"', '"-5"').replace("WLD", "1000SHIB")
    answer_now(stub, **{"fapi/v3/positionRisk": told.replace('"2.3483"', '"0.0"')})
    short = (binance.positions() or [])[0]
    assert (short.side, short.quantity, short.unit) == ("short", Decimal(5), "1000SHIB")
    assert short.entry_price is None


# --- an account without futures, or a key that may not see them --------------------------------


@pytest.mark.parametrize("code", [-2015, -4109, 451])
def test_without_futures_the_rest_is_read_all_the_same(
    stub: Stub, binance: ExchangeClient, code: int
) -> None:
    words = f'{{"code":{code},"msg":"Some words of theirs."}}' if code < 0 else "Not for you."
    refused = Reply(words, code if code > 0 else 401)
    for path in ("fapi/v3/balance", "fapi/v3/positionRisk", "fapi/v1/income"):
        answer_now(stub, **{path: refused})
    stub.answers("/binance/fapi/v3/balance", refused)
    stub.answers("/binance/fapi/v3/positionRisk", refused)
    assert [b.wallet for b in binance.balances()] == [COINM]
    assert [p.wallet for p in binance.positions() or []] == [COINM]
    with pytest.raises(StreamUnavailable) as caught:
        binance.fetch_page(INCOME["usdm"], {}, now=NOW)
    assert caught.value.code == str(code)
    assert ("futures" in caught.value.message) is (code < 0)
    assert len([a for a in stub.asked if a.path.endswith("income")]) == 1


def test_a_key_that_breaks_elsewhere_is_still_broken(stub: Stub, binance: ExchangeClient) -> None:
    answer_now(stub, **{"api/v3/account": REFUSED})
    with pytest.raises(KeyBroken):
        binance.balances()


# --- whole walks --------------------------------------------------------------------------------


def income(number: int | str, word: str, amount: str, **more: Any) -> Row:
    known = {"symbol": "", "asset": "USDT", "info": "", "time": 1_700_000_000_000, "tradeId": ""}
    return {**known, "incomeType": word, "income": amount, "tranId": number, **more}


class Server:
    """Serves rows by time, a thousand at most, and insists on a signed and lawful request."""

    def __init__(self, rows: list[Row], *, days: int | None, oldest: int = 0) -> None:
        self.rows = sorted(rows, key=lambda row: row["time"])
        self.days, self.oldest = days, oldest

    def __call__(self, asked: Asked) -> Reply:
        parameters = dict(asked.parameters)
        signature = parameters.pop("signature")
        signed = hmac.new(SECRET.encode(), urlencode(parameters).encode(), hashlib.sha256)
        assert signature == signed.hexdigest()
        assert asked.headers["X-MBX-APIKEY"] == API_KEY
        assert parameters["limit"] == "1000"
        begin, end = int(parameters["startTime"]), int(parameters["endTime"])
        if self.days is not None and end - begin > self.days * DAY:
            return Reply('{"code":-4165,"msg":"Invalid time interval"}', 400)
        if begin < self.oldest:
            return Reply('{"code":-4166,"msg":"Search window is restricted"}', 400)
        symbol = parameters.get("symbol")
        found = [
            row
            for row in self.rows
            if begin <= row["time"] <= end and symbol in (None, row["symbol"])
        ]
        return Reply(json.dumps(found[:1000]))


def walk(
    client: ExchangeClient, stream: StreamSpec, cursor: Row | None = None
) -> tuple[dict[str, FetchedRecord], Row, list[tuple[datetime, datetime]]]:
    found: dict[str, FetchedRecord] = {}
    covered = []
    cursor = cursor or {}
    for _ in range(400):
        page = client.fetch_page(stream, cursor, now=NOW)
        found |= {record.external_id: record for record in page.records}
        cursor = json.loads(json.dumps(page.cursor))
        if page.covered:
            covered.append(page.covered)
        if page.is_last:
            return found, cursor, covered
    raise AssertionError("the walk does not end")


def busy(tag: str) -> list[Row]:
    """Three thousand rows of two weeks, many of one millisecond, also across a page's cut."""
    end = ms(NOW) - 3 * DAY
    clusters = (1 + (index % 7 == 0) * 40 for index in range(500))
    rows: list[Row] = []
    for index, size in enumerate(clusters):
        for _ in range(size):
            number: int | str = len(rows) + 1
            rows.append(
                income(
                    *(number if tag == "usdm" else str(number), "FUNDING_FEE", "-0.01"),
                    symbol=("BTCUSDT", "ETHUSDT")[len(rows) % 2],
                    time=end - index * 2_400_000,
                )
            )
    return rows


@pytest.mark.parametrize("tag", ["usdm", "coinm"])
def test_all_income_is_found_and_twice_the_same(
    stub: Stub, binance: ExchangeClient, tag: str
) -> None:
    rows = busy(tag)
    assert len(rows) > 3000
    stub.answers(f"{PATHS[tag]}/v1/income", Server(rows, days=None if tag == "usdm" else 365))
    found, cursor, covered = walk(binance, INCOME[tag])
    assert len(found) == len(rows)
    assert cursor["leads"] == [f"{tag}-fills:BTCUSDT", f"{tag}-fills:ETHUSDT"]
    again, after, _ = walk(binance, INCOME[tag], cursor)
    assert set(again) <= set(found)
    assert after["leads"] == cursor["leads"]
    promised = timedelta(days=89 if tag == "usdm" else 365)
    assert covered[-1] == (NOW - promised, NOW)


def test_income_beyond_the_promise_may_be_refused(stub: Stub, binance: ExchangeClient) -> None:
    rows = busy("usdm")
    server = Server(rows, days=None, oldest=ms(NOW) - 90 * DAY)
    stub.answers("/binance/fapi/v1/income", server)
    found, _, covered = walk(binance, INCOME["usdm"])
    assert len(found) == len(rows)
    assert covered[-1] == (NOW - timedelta(days=89), NOW)


def test_contracts_that_income_names_are_asked_for(stub: Stub, binance: ExchangeClient) -> None:
    stub.answers("/binance/api/v3/exchangeInfo", '{"symbols":[]}')
    leads = ["usdm-fills:BTCUSDT", "coinm-fills:BTCUSD_PERP"]
    planned = binance.plan_streams(known_assets=frozenset(), leads=leads)
    keys = [stream.key for stream in planned]
    sweeps = [stream.key for stream in planned if "sweep" in stream.scope]
    assert set(leads) < set(keys)
    assert max(map(keys.index, leads)) < min(map(keys.index, sweeps))
    assert fills("usdm", "BTCUSDT") in planned


@pytest.mark.parametrize("tag", ["usdm", "coinm"])
def test_all_trades_of_a_contract_are_found_and_twice_the_same(
    stub: Stub, binance: ExchangeClient, tag: str
) -> None:
    template = json.loads(sample("binance", f"{tag}_trades"))[0]
    end = ms(NOW) - DAY
    rows = [
        template | {"id": 100 + index, "time": end - index // 30 * 3_600_000}
        for index in range(4_000)
    ]
    stream = fills(tag, template["symbol"])
    stub.answers(f"{PATHS[tag]}/v1/userTrades", Server(rows, days=7))
    found, cursor, covered = walk(binance, stream)
    assert {record.external_id for record in found.values()} == {str(row["id"]) for row in rows}
    again, _, _ = walk(binance, stream, cursor)
    assert set(again) <= set(found)
    assert covered[-1][1] == NOW


@pytest.mark.parametrize("kept", [timedelta(days=180), timedelta(days=184)])
@pytest.mark.parametrize("refuses", [False, True])
def test_trades_older_than_is_relied_on(
    stub: Stub, binance: ExchangeClient, kept: timedelta, refuses: bool
) -> None:
    """What Binance still has is kept; where it refuses, no day that it promises is lost."""
    template = json.loads(sample("binance", "coinm_trades"))[0]
    hours = range(1, kept // timedelta(hours=1))
    rows = [template | {"id": hour, "time": ms(NOW) - hour * 3_600_000} for hour in hours]
    oldest = ms(NOW - kept) if refuses else 0
    stub.answers(f"{PATHS['coinm']}/v1/userTrades", Server(rows, days=7, oldest=oldest))
    found, _, covered = walk(binance, fills("coinm", template["symbol"]))
    promised = timedelta(days=179)
    sure = promised // timedelta(hours=1) if refuses else len(rows)
    assert {int(record.external_id) for record in found.values()} >= set(range(1, sure + 1))
    assert covered[-1] == (NOW - promised, NOW)


# --- the profiles of one wallet -----------------------------------------------------------------


@pytest.fixture(params=["binanceusdm", "binancecoinm"])
def alone(stub: Stub, request: pytest.FixtureRequest) -> Iterator[ExchangeClient]:
    client = registry.open_client(
        request.param, CREDENTIALS, base_url=f"{stub.url}/{request.param}"
    )
    yield client
    client.close()


def test_one_wallet_alone(stub: Stub, alone: ExchangeClient) -> None:
    (stream,) = alone.plan_streams(known_assets=frozenset({"BTC"}))
    assert stream in INCOME.values()
    name = "binanceusdm" if stream.key.startswith("usdm") else "binancecoinm"
    stub.answers(f"/{name}/sapi/v1/account/apiRestrictions", '{"enableReading":true}')
    stub.answers(f"/{name}/api/v3/account", sample("binance", "account"))
    audit = alone.audit()
    assert (audit.verdict, audit.account_uid) == (Verdict.READ_ONLY, "354937868")
    host = "fapi/v3" if name == "binanceusdm" else "dapi/v1"
    stub.answers(f"/{name}/{host}/balance", '[{"asset":"BTC","balance":"1.5"}]')
    (balance,) = alone.balances()
    assert (balance.asset, balance.quantity) == ("BTC", Decimal("1.5"))
    stub.answers(f"/{name}/{host}/balance", REFUSED)
    with pytest.raises(KeyBroken):
        alone.balances()


def test_the_family_shares_accounts_and_allowances() -> None:
    names = ("binance", "binanceusdm", "binancecoinm")
    assert {PROFILES[name].family for name in names} == {"binance"}
    assert {PROFILES[name].allowances for name in names} == {PROFILES["binance"].allowances}


# --- pace ---------------------------------------------------------------------------------------


class Books:
    """A budget that writes down what it is told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def acquire(self, bucket: str, cost: int, **_: Any) -> None: ...

    def observe(self, bucket: str, used: int, **_: Any) -> None:
        self.seen.append((bucket, used))

    def pause(self, bucket: str, until: datetime) -> None:
        self.seen.append((bucket, -1))

    def paused_until(self, exchange: str, environment: str = "live") -> datetime | None: ...


def test_a_header_of_one_name_is_kept_apart_by_host(stub: Stub) -> None:
    books = Books()
    url = f"{stub.url}/binanceusdm"
    client = registry.open_client("binanceusdm", CREDENTIALS, base_url=url, budget=books)
    used: Callable[[Asked], Reply] = lambda _: Reply("[]", 200, {"X-MBX-USED-WEIGHT-1M": "77"})  # noqa: E731
    stub.answers("/binanceusdm/fapi/v1/income", used)
    client.fetch_page(INCOME["usdm"], {}, now=NOW)
    assert books.seen == [("binance:other:fapi", 77)]
    stub.answers("/binanceusdm/fapi/v1/income", Reply("{}", 418, {"Retry-After": "9"}))
    with pytest.raises(WaitUntil):
        client.fetch_page(INCOME["usdm"], {}, now=NOW)
    assert ("binance:other", -1) in books.seen
    assert used_from({}, PROFILES["binance"].allowances[0]) is None
    client.close()
