"""What is documented of Kraken Futures gives the right records, transactions and postings."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
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
from portfolio.exchanges import exact, guard, registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.normalisers import krakenfutures as names
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import API_KEY, CREDENTIALS, SECRET, sample
from tests.exchanges.sampled import normalised
from tests.exchanges.stub import Asked, Reply, Stub

HOME = "/krakenfutures"
DERIVATIVES = f"{HOME}/derivatives/api/v3"
CHECK = f"{HOME}/api/auth/v1/api-keys/v3/check"
ACCOUNT_LOG = f"{HOME}/api/history/v3/account-log"
HISTORY = f"{HOME}/api/history/v2/executions"
LEDGER = StreamSpec("ledger", RecordKind.LEDGER)
EXECUTIONS = StreamSpec("executions", RecordKind.TRADES)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
USD = ("multi-collateral", "USD")


@pytest.fixture
def futures(stub: Stub) -> Iterator[ExchangeClient]:
    client = registry.open_client("krakenfutures", CREDENTIALS, base_url=f"{stub.url}{HOME}")
    yield client
    client.close()


def walk(client: ExchangeClient, stream: StreamSpec) -> dict[str, str]:
    """Every page from nothing to the end: record texts by id."""
    found: dict[str, str] = {}
    cursor: dict[str, Any] = {}
    for _ in range(200):
        page = client.fetch_page(stream, cursor, now=NOW)
        found |= {record.external_id: record.body for record in page.records}
        cursor = json.loads(json.dumps(page.cursor))
        if page.is_last:
            return found
    raise AssertionError("the walk does not end")


normalise = partial(normalised, "krakenfutures")


def first_page(stub: Stub, client: ExchangeClient, name: str) -> tuple[FetchedRecord, ...]:
    stub.answers(ACCOUNT_LOG, sample("krakenfutures", name))
    return client.fetch_page(LEDGER, {}, now=NOW).records


# --- the account log ---------------------------------------------------------------------------


def test_rows_of_the_log(stub: Stub, futures: ExchangeClient) -> None:
    records = first_page(stub, futures, "account_log")
    assert [record.external_id for record in records] == ["9", "7", "6", "2", "1"]
    texts = [row.text for row in exact.elements(sample("krakenfutures", "account_log"), "logs")]
    assert [record.body for record in records] == texts
    traded, converted, position, funded, arrived = (normalise(LEDGER, r.body) for r in records)
    assert traded.key == position.key == "execution:a59b8e24-89d8-4553-a084-b2de96dba5d3"
    assert traded.kind is TransactionKind.REALISED_PNL
    assert traded.occurred_at == datetime(2026, 8, 11, 19, 55, 24, 251000, tzinfo=UTC)
    assert traded.movements == (
        Movement(*USD, Decimal("-0.0042")),
        Movement(*USD, Decimal("-0.0035"), PostingRole.FEE),
    )
    assert position.movements == ()
    assert position.detail["side"] == "sell"
    assert position.detail["quantity"] == "100"
    assert position.detail["price"] == "0.070914"
    assert converted.kind is TransactionKind.CONVERSION
    assert converted.movements == (Movement("multi-collateral", "USDT", Decimal("-0.00770777")),)
    assert funded.kind is TransactionKind.FUNDING
    assert funded.movements == (Movement(*USD, Decimal("0.0116")),)
    assert arrived.kind is TransactionKind.TRANSFER
    assert arrived.movements == (Movement("multi-collateral", "USDT", Decimal(25)),)


def test_inverse_rows_of_2019(stub: Stub, futures: ExchangeClient) -> None:
    newest, _ = (normalise(LEDGER, r.body) for r in first_page(stub, futures, "account_log_2019"))
    assert newest.key == "log:86fdc252-1b6e-40ec-ac1d-c7bd46ddeebf"
    wallet = "single-collateral BCH/USD"
    assert newest.movements == (Movement(wallet, "BCH", Decimal("6.9602E-7")),)


def row(**fields: Any) -> dict[str, Any]:
    return {
        **dict.fromkeys(("contract", "execution", "fee", "liquidation_fee", "trade_price")),
        **dict.fromkeys(("realized_pnl", "realized_funding")),
        "asset": "usd",
        "booking_uid": "b-1",
        "date": "2026-08-11T19:55:24.251Z",
        "id": 9,
        "info": "futures trade",
        "margin_account": "flex",
        "old_balance": "10",
        "new_balance": "1.5",
        **fields,
    }


@pytest.mark.parametrize(
    ("info", "more", "expected"),
    [
        ("futures trade", {"realized_pnl": "-8.5"}, TransactionKind.REALISED_PNL),
        ("futures trade", {"realized_funding": "-8.5"}, TransactionKind.FUNDING),
        ("futures trade", {"fee": "8.5"}, TransactionKind.FEE),
        ("futures assignee", {"realized_pnl": "-8.5"}, TransactionKind.REALISED_PNL),
        ("futures unwind counterparty", {"fee": "8.5"}, TransactionKind.FEE),
        ("futures liquidation", {"realized_pnl": "-8.5"}, TransactionKind.LIQUIDATION),
        ("futures partial liquidation", {}, TransactionKind.LIQUIDATION),
        ("futures assignor", {}, TransactionKind.LIQUIDATION),
        ("futures unwind bankrupt", {}, TransactionKind.LIQUIDATION),
        ("covered liquidation", {}, TransactionKind.LIQUIDATION),
        ("settlement", {"realized_pnl": "-8.5"}, TransactionKind.REALISED_PNL),
        ("funding rate change", {}, TransactionKind.FUNDING),
        ("interest payment", {}, TransactionKind.INTEREST),
        ("conversion", {}, TransactionKind.CONVERSION),
        ("transfer", {}, TransactionKind.TRANSFER),
        ("subaccount transfer", {}, TransactionKind.TRANSFER),
        ("admin transfer", {}, TransactionKind.TRANSFER),
        ("kfee applied", {}, TransactionKind.FEE),
        ("futures tax withheld", {}, TransactionKind.UNCLASSIFIED),
        ("words of tomorrow", {}, TransactionKind.UNCLASSIFIED),
    ],
)
def test_kinds_of_rows_and_none_is_dropped(
    info: str, more: dict[str, str], expected: TransactionKind
) -> None:
    event = normalise(LEDGER, row(info=info, **more))
    assert event.kind is expected
    assert sum(movement.amount for movement in event.movements) == Decimal("-8.5")


def test_what_the_balance_changed_by_is_the_truth() -> None:
    parts = {
        "realized_pnl": "-5",
        "realized_funding": "0.25",
        "fee": "0.75",
        "liquidation_fee": "3",
    }
    assert normalise(LEDGER, row(**parts)).movements == (
        Movement(*USD, Decimal("-4.75")),
        Movement(*USD, Decimal("-0.75"), PostingRole.FEE),
        Movement(*USD, Decimal(-3), PostingRole.FEE),
    )
    # Something else comes to it one day: the change is booked whole.
    odd = normalise(LEDGER, row(**{**parts, "new_balance": "1.4"}))
    assert odd.movements == (Movement(*USD, Decimal("-8.6")),)
    rebate = normalise(LEDGER, row(fee="-0.5", old_balance="1", new_balance="1.5"))
    assert rebate.movements == (Movement(*USD, Decimal("0.5"), PostingRole.FEE),)
    assert normalise(LEDGER, row(old_balance="1", new_balance="1.0")).movements == ()


def test_rows_that_belong_together_are_one_event() -> None:
    out = normalise(LEDGER, row(info="conversion", asset="eur", booking_uid="b-1"))
    into = normalise(LEDGER, row(info="conversion", booking_uid="b-2", new_balance="20"))
    assert out.key == into.key
    elsewhere = normalise(LEDGER, row(info="conversion", margin_account="f-xbt:usd", asset="xbt"))
    assert elsewhere.key != out.key
    cash = row(info="transfer", execution="t-1", margin_account="xbt", asset="xbt")
    margin = row(info="transfer", execution="t-1", margin_account="f-xbt:usd", asset="xbt")
    moved = [normalise(LEDGER, one) for one in (cash, margin)]
    assert {event.key for event in moved} == {"transfer:t-1"}
    assert [event.movements[0].wallet for event in moved] == [
        "holding",
        "single-collateral BTC/USD",
    ]
    contract = {"info": "settlement", "contract": "fi_xbtusd_261225"}
    paid = normalise(LEDGER, row(asset="xbt", **contract))
    size = normalise(LEDGER, row(asset="fi_xbtusd_261225", **contract))
    assert paid.key == size.key
    assert size.movements == ()


def test_a_transfer_names_the_row_of_the_spot_wallet() -> None:
    event = normalise(LEDGER, row(info="cross-exchange transfer", execution="FTRY3L-3NAZZ-SH2FTL"))
    assert event.key == "transfer:FTRY3L-3NAZZ-SH2FTL"
    assert event.detail["reference"] == "FTRY3L-3NAZZ-SH2FTL"


def test_a_position_s_row_without_a_fill_says_nothing() -> None:
    lonely = json.dumps(row(asset="pf_xbtusd", contract="pf_xbtusd"))
    assert registry.normalise("krakenfutures", LEDGER, lonely) is None


@pytest.mark.parametrize(
    ("account", "wallet"),
    [
        ("flex", "multi-collateral"),
        ("f-flex", "multi-collateral"),
        ("f-xbt:usd", "single-collateral BTC/USD"),
        ("F-ETHUSD", "single-collateral ETH/USD"),
        ("fi_xrpusd", "single-collateral XRP/USD"),
        ("f-xrp:xbt", "single-collateral XRP/BTC"),
        ("fv_xrpxbt", "single-collateral XRP/BTC"),
        ("cash", "holding"),
        ("ETH", "holding"),
        ("something:else", "something:else"),
    ],
)
def test_the_log_and_the_balances_name_wallets_alike(account: str, wallet: str) -> None:
    assert names.wallet(account) == wallet


def test_the_whole_log_is_walked_down_by_id(stub: Stub, futures: ExchangeClient) -> None:
    """2,500 rows, forty to a millisecond, also across every cut between two pages."""
    base = datetime(2026, 1, 1, tzinfo=UTC)
    rows = []
    for number in range(1, 2501):
        moment = base + timedelta(milliseconds=number // 40)
        date = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
        rows.append(row(id=number, booking_uid=f"b-{number}", date=date))

    def reply(asked: Asked) -> Reply:
        assert asked.parameters["sort"] == "desc"
        to, count = int(asked.parameters.get("to", 10**9)), int(asked.parameters["count"])
        page = [one for one in reversed(rows) if one["id"] <= to][:count]
        return Reply(json.dumps({"accountUid": "u", "logs": page}))

    stub.answers(ACCOUNT_LOG, reply)
    first, again = walk(futures, LEDGER), walk(futures, LEDGER)
    assert first == again
    assert set(first) == {str(number) for number in range(1, 2501)}
    assert len(stub.asked) == 2 * 4


# --- executions --------------------------------------------------------------------------------


def test_the_order_behind_a_fill(stub: Stub, futures: ExchangeClient) -> None:
    def reply(asked: Asked) -> Reply:
        text = sample("krakenfutures", "executions")
        begin, end = (int(asked.parameters[name]) for name in ("since", "before"))
        inside = begin <= 1786478124251 < end and "continuation_token" not in asked.parameters
        return Reply(text if inside else '{"accountUid": "u", "elements": [], "len": 0}')

    stub.answers(HISTORY, reply)
    ((name, body),) = walk(futures, EXECUTIONS).items()
    assert name == "a59b8e24-89d8-4553-a084-b2de96dba5d3"
    event = normalise(EXECUTIONS, body)
    assert event.key == f"execution:{name}"
    assert event.movements == ()
    assert event.detail == {
        "symbol": "PF_DOGEUSD",
        "side": "sell",
        "price": "0.070914",
        "quantity": "100",
        "role": "taker",
        "order": "d427f920-ec55-4c18-ba95-5fe241513b30",
        "order_type": "IoC",
    }
    tokens = [asked.parameters.get("continuation_token") for asked in stub.asked]
    assert tokens.count("alp81a") == 1
    older = exact.elements(sample("krakenfutures", "executions_older"), "elements")[0].text
    assert normalise(EXECUTIONS, older).detail["side"] == "buy"


def test_all_executions_are_walked_by_token(stub: Stub, futures: ExchangeClient) -> None:
    """2,100 fills of one millisecond, which no window could tell apart."""
    moment = 1700000000000
    (made,) = json.loads(sample("krakenfutures", "executions"))["elements"]

    def element(number: int) -> dict[str, Any]:
        copy: dict[str, Any] = json.loads(json.dumps(made))
        told = copy["event"]["execution"]["execution"]
        told |= {"uid": f"e-{number}", "timestamp": moment}
        return copy

    elements = [element(number) for number in range(2100)]

    def reply(asked: Asked) -> Reply:
        begin, end = (int(asked.parameters[name]) for name in ("since", "before"))
        found = elements if begin <= moment < end else []
        start = int(asked.parameters.get("continuation_token", 0))
        following = start + int(asked.parameters["count"])
        more = {"continuationToken": str(following)} if following < len(found) else {}
        return Reply(json.dumps({"elements": found[start:following], **more}))

    stub.answers(HISTORY, reply)
    first, again = walk(futures, EXECUTIONS), walk(futures, EXECUTIONS)
    assert first == again
    assert set(first) == {f"e-{number}" for number in range(2100)}
    windows = [(int(a.parameters["since"]), int(a.parameters["before"])) for a in stub.asked]
    assert windows[0][0] < 1420070400001
    assert windows[-1][1] == int(NOW.timestamp()) * 1000


# --- signatures, keys, errors ------------------------------------------------------------------


def authent(path: str, query: str) -> str:
    digest = hashlib.sha256(f"{query}{path}".encode()).digest()
    mac = hmac.new(base64.b64decode(SECRET), digest, hashlib.sha512).digest()
    return base64.b64encode(mac).decode()


def test_requests_are_signed_as_documented(stub: Stub, futures: ExchangeClient) -> None:
    stub.answers(CHECK, sample("krakenfutures", "api_key"))
    stub.answers(f"{DERIVATIVES}/accounts", sample("krakenfutures", "accounts"))
    stub.answers(ACCOUNT_LOG, sample("krakenfutures", "account_log"))
    futures.audit()
    futures.balances()
    futures.fetch_page(LEDGER, {"v": 1, "mark": 12}, now=NOW)
    expected = [
        ("/api/auth/v1/api-keys/v3/check", ""),
        ("/api/v3/accounts", ""),
        ("/api/history/v3/account-log", "sort=desc&count=1000&to=12"),
    ]
    for asked, (path, query) in zip(stub.asked, expected, strict=True):
        assert asked.method == "GET"
        assert asked.headers["APIKey"] == API_KEY
        assert asked.headers["Authent"] == authent(path, query)
        assert "&".join(f"{k}={v}" for k, v in asked.parameters.items()) == query


def test_an_added_section_must_be_the_exchange_s_own() -> None:
    for name, url in (
        ("auth", "https://example.org/api/auth/"),
        ("auth", "https://futures.kraken.com.example.org/"),
        ("auth", "http://futures.kraken.com/api/auth/"),
        ("private", "https://futures.kraken.com/elsewhere/"),
    ):
        instance = guard.make_instance("krakenfutures", guard._Closed(), {}, {})
        with pytest.raises(ValueError, match="own address"):
            guard.add_sections(instance, {name: url})


@pytest.mark.parametrize(
    ("permissions", "verdict", "dangerous"),
    [
        ({"general": "READ_ONLY", "transfer": "NO_ACCESS"}, Verdict.READ_ONLY, ()),
        ({"general": "READ_ONLY", "transfer": "READ_ONLY"}, Verdict.READ_ONLY, ()),
        (
            {"general": "FULL_ACCESS", "transfer": "NO_ACCESS"},
            Verdict.CAN_TRADE,
            ("general: FULL_ACCESS",),
        ),
        (
            {"general": "READ_ONLY", "transfer": "FULL_ACCESS"},
            Verdict.CAN_WITHDRAW,
            ("transfer: FULL_ACCESS",),
        ),
        (
            {"general": "FULL_ACCESS", "transfer": "FULL_ACCESS"},
            Verdict.CAN_WITHDRAW,
            ("general: FULL_ACCESS", "transfer: FULL_ACCESS"),
        ),
        ({"general": "SOME_ACCESS"}, Verdict.CAN_WITHDRAW, ("general: SOME_ACCESS",)),
        (
            {"general": "READ_ONLY", "tomorrow": "FULL_ACCESS"},
            Verdict.CAN_WITHDRAW,
            ("tomorrow: FULL_ACCESS",),
        ),
    ],
)
def test_keys_are_judged_by_their_levels(
    stub: Stub,
    futures: ExchangeClient,
    permissions: dict[str, str],
    verdict: Verdict,
    dangerous: tuple[str, ...],
) -> None:
    answer = {**json.loads(sample("krakenfutures", "api_key")), "permissions": permissions}
    stub.answers(CHECK, json.dumps(answer))
    audit = futures.audit()
    assert (audit.verdict, audit.dangerous) == (verdict, dangerous)


def test_what_a_key_tells(stub: Stub, futures: ExchangeClient) -> None:
    stub.answers(CHECK, sample("krakenfutures", "api_key"))
    audit = futures.audit()
    assert audit.account_uid == "3c90c3cc-0d44-4b50-8888-8dd25736052a"
    assert audit.created_at == datetime(2019, 8, 24, 14, 15, 22, tzinfo=UTC)
    assert audit.ip_allowlist == ("192.168.0.0/16",)
    assert audit.ip_restricted is True
    assert audit.permissions == ("general: READ_ONLY",)
    assert audit.missing == ()
    assert "Gom9BsP75m41c9fuY6oJk" not in audit.raw
    unbound = {**json.loads(sample("krakenfutures", "api_key")), "allowedCidrBlocks": []}
    unbound |= {"allowedCidrBlock": None, "permissions": {"general": "NO_ACCESS"}}
    stub.answers(CHECK, json.dumps(unbound))
    blind = futures.audit()
    assert blind.ip_restricted is False
    assert blind.missing == ("general: READ_ONLY",)


def said(word: str, status: int = 200) -> Reply:
    told = {"result": "error", "error": word, "serverTime": "2016-02-25T09:45:53.818Z"}
    return Reply(json.dumps(told), status)


UNAUTHORISED = Reply('{"status":"unauthorized","reason":"x"}', 401)
NO_KEY = Reply('{"error":"UNAUTHORIZED","message":"Some words of theirs","suberror":null}', 401)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (said("authenticationError"), KeyBroken),
        (UNAUTHORISED, KeyBroken),
        (NO_KEY, KeyBroken),
        (Reply("", 401), KeyBroken),
        (said("apiLimitExceeded"), WaitUntil),
        (said("apiLimitExceeded", 429), WaitUntil),
        (said("nonceBelowThreshold"), TryAgain),
        (said("nonceDuplicate"), TryAgain),
        (said("Unavailable", 503), TryAgain),
        (said("Server Error"), TryAgain),
        (said("word of tomorrow"), TryAgain),
        (said("invalidArgument: count"), StreamUnavailable),
        (said("accountInactive"), StreamUnavailable),
        (Reply('{"errors":[{"code":1,"message":"Bad Request"}]}', 400), StreamUnavailable),
        (Reply('{"what": 1}'), TryAgain),
        (Reply('{"accountUid": "u", "logs": null}'), TryAgain),
        (Reply("<html>", 502), TryAgain),
    ],
)
def test_errors(
    stub: Stub, futures: ExchangeClient, reply: Reply, kind: type[GatewayError]
) -> None:
    stub.answers(ACCOUNT_LOG, reply)
    with pytest.raises(GatewayError) as caught:
        futures.fetch_page(LEDGER, {}, now=NOW)
    assert type(caught.value) is kind
    assert "words of theirs" not in caught.value.message


# --- balances, positions, prices ---------------------------------------------------------------


def test_balances_are_the_cash_of_every_wallet(stub: Stub, futures: ExchangeClient) -> None:
    stub.answers(f"{DERIVATIVES}/accounts", sample("krakenfutures", "accounts"))
    single, holding, multi = "single-collateral BTC/USD", "holding", "multi-collateral"
    assert futures.balances() == [
        ReportedBalance(single, "BTC", Decimal("141.31756797")),
        ReportedBalance(single, "XRP", Decimal("52465.1254")),
        ReportedBalance(holding, "EUR", Decimal("4.04")),
        ReportedBalance(holding, "BTC", Decimal("141.31756797123456789")),  # more than a float
        ReportedBalance(holding, "XRP", Decimal("2.20188538338")),
        ReportedBalance(multi, "USDT", Decimal("25.5")),
        ReportedBalance(multi, "BTC", Decimal("1.5E-7")),
        ReportedBalance(multi, "USD", Decimal("-3.25")),
    ]


def test_an_account_that_was_never_opened_holds_nothing(
    stub: Stub, futures: ExchangeClient
) -> None:
    stub.answers(f"{DERIVATIVES}/accounts", said("accountInactive"))
    stub.answers(f"{DERIVATIVES}/openpositions", said("accountInactive"))
    assert futures.balances() == []
    assert futures.positions() == []


def test_open_positions(stub: Stub, futures: ExchangeClient) -> None:
    stub.answers(f"{DERIVATIVES}/openpositions", sample("krakenfutures", "openpositions"))
    inverse, linear, converted, expiring = futures.positions() or []
    assert inverse == ReportedPosition(
        wallet="single-collateral BTC/USD",
        symbol="PI_XBTUSD",
        side="short",
        quantity=Decimal(8000),
        unit="contracts",
        entry_price=Decimal("27523.749993345933"),
        mark_price=None,
        price_asset="USD",
        unrealised_pnl=None,  # it is not documented what it would be in
        settle_asset="BTC",
    )
    assert linear == ReportedPosition(
        wallet="multi-collateral",
        symbol="PF_FTMUSD",
        side="long",
        quantity=Decimal(1),
        unit="FTM",
        entry_price=Decimal("0.4921"),
        mark_price=None,
        price_asset="USD",
        unrealised_pnl=Decimal("12.34"),
        settle_asset="USD",
    )
    assert (converted.settle_asset, converted.unrealised_pnl) == ("BTC", None)
    assert (expiring.wallet, expiring.unit) == ("single-collateral BTC/USD", "contracts")
    stub.answers(f"{DERIVATIVES}/openpositions", '{"result": "success"}')
    with pytest.raises(TryAgain):  # no list is not an empty list
        futures.positions()


def test_prices_are_those_of_the_index(stub: Stub) -> None:
    stub.answers(f"{DERIVATIVES}/instruments", sample("krakenfutures", "instruments"))
    stub.answers(f"{DERIVATIVES}/tickers", sample("krakenfutures", "tickers"))
    stub.answers(f"{HOME}/api/charts/v1/spot/PF_XBTUSD/1d", sample("krakenfutures", "candles"))
    prices = registry.open_market_data("krakenfutures", base_url=f"{stub.url}{HOME}")
    assert prices.markets() == [("BTC", "USD")]
    (ticker,) = prices.tickers()
    assert (ticker.asset, ticker.currency, ticker.price) == ("BTC", "USD", Decimal("64100.25"))
    since = datetime(2026, 7, 18, tzinfo=UTC).date()
    closes = prices.daily_closes("BTC", "USD", since=since)
    assert [candle.close for candle in closes] == [Decimal("64100.25"), Decimal("64900.125")]
    asked = stub.asked[-1].parameters
    assert asked["from"] == "1784332800"
    assert int(asked["to"]) - int(asked["from"]) == 999 * 86_400
    prices.close()
