"""What Coinbase is shown to answer gives the right records, transactions and postings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from portfolio.engine import money
from portfolio.engine.types import (
    Event,
    Movement,
    PostingRole,
    RecordKind,
    ReportedBalance,
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
from portfolio.exchanges.profiles.coinbase import read_audit
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import sample
from tests.exchanges.sampled import normalised
from tests.exchanges.stub import Asked, Reply, Stub
from tests.sandbox_server import credentials

NOW = datetime(2024, 7, 10, 12, tzinfo=UTC)
V2, V3 = "/coinbase/v2", "/coinbase/api/v3/brokerage"
SCOPE = {"account": "a1", "wallet": "spot", "asset": "BTC"}
LEDGER = StreamSpec("ledger:a1", RecordKind.LEDGER, SCOPE)
TRANSACTIONS = f"{V2}/accounts/a1/transactions"
NOTHING = '{"pagination": {"next_uri": null}, "data": []}'


@pytest.fixture
def coinbase(stub: Stub) -> Iterator[ExchangeClient]:
    client = registry.open_client(
        "coinbase", credentials("coinbase"), base_url=f"{stub.url}/coinbase"
    )
    yield client
    client.close()


def fetch(client: ExchangeClient, stream: StreamSpec) -> list[FetchedRecord]:
    page = client.fetch_page(stream, {}, now=NOW)
    assert page.is_last
    return list(page.records)


normalise = partial(normalised, "coinbase")


def entry(stream: StreamSpec = LEDGER, **fields: Any) -> Event:
    amount, _, currency = fields.pop("amount", "1.5 EUR").partition(" ")
    row = {
        "id": "t1",
        "type": "tx",
        "status": "completed",
        "amount": {"amount": amount, "currency": currency},
        "native_amount": {"amount": "1.50", "currency": "EUR"},
        "description": None,
        "created_at": "2024-03-07T08:12:51Z",
        **fields,
    }
    event = registry.normalise("coinbase", stream, json.dumps(row))
    assert event is not None
    return event


def sums(**amounts: str) -> dict[str, dict[str, str]]:
    return {
        name: dict(zip(("amount", "currency"), text.split(), strict=True))
        for name, text in amounts.items()
    }


# --- the ledger --------------------------------------------------------------------------------


def test_ledger_rows(stub: Stub, coinbase: ExchangeClient) -> None:
    stub.answers(TRANSACTIONS, sample("coinbase", "transactions"))
    records = fetch(coinbase, LEDGER)
    found = {record.external_id: normalise(LEDGER, record) for record in records}
    assert [(event.kind.value, event.movements[0].amount) for event in found.values()] == [
        ("deposit", Decimal("28.31976528")),
        ("withdrawal", Decimal("-0.36775642")),
        ("transfer", Decimal("-0.00001111")),
        ("transfer", Decimal("-0.43704149")),
        ("transfer", Decimal("0.57729420")),
        ("transfer", Decimal("0.40555386")),
        ("trade", Decimal("-9.09922880")),
        ("trade", Decimal("2.39605772")),
        ("deposit", Decimal("114.02")),
        ("withdrawal", Decimal("-11000.00")),
    ]
    assert all(len(event.movements) == 1 for event in found.values())
    sent = found["459aad99-2c41-5698-ac71-b6b81a05196c"]
    assert sent.detail["txid"].startswith("2732bbcf")
    assert sent.detail["address"] == "1AHnhqbvbYx3rnZx8uC7NbFZaTe4tafFHX"
    assert sent.key == "transaction:459aad99-2c41-5698-ac71-b6b81a05196c"
    assert sent.occurred_at == datetime(2019, 3, 20, 8, 37, 7, tzinfo=UTC)
    bought = found["63eeed67-9396-5912-86e9-73c4f10fe147"]
    assert bought.key == "buy:20b25b36-76c6-5353-aa57-b06a29a39d82"
    banked = found["04ed4113-3732-5b0c-af86-b1d2146977d0"]
    assert banked.key == "fiat_deposit:f34c19f3-b730-5e3d-9f72-96520448677a"


def test_a_record_is_kept_as_it_was_sent(stub: Stub, coinbase: ExchangeClient) -> None:
    text = sample("coinbase", "transactions")
    stub.answers(TRANSACTIONS, text)
    for record in fetch(coinbase, LEDGER):
        assert record.body in text


def test_a_send_on_its_way_moves_nothing_yet(stub: Stub, coinbase: ExchangeClient) -> None:
    stub.answers(TRANSACTIONS, sample("coinbase", "transactions_send"))
    (record,) = fetch(coinbase, LEDGER)
    event = normalise(LEDGER, record)
    assert (event.kind, event.movements) == (TransactionKind.WITHDRAWAL, ())
    assert event.detail["status"] == "pending"
    done = registry.normalise("coinbase", LEDGER, record.body.replace('"pending"', '"completed"'))
    assert done is not None
    assert done.movements == (
        Movement("spot", "USDC", Decimal("-10.000000")),
        Movement("spot", "USDC", Decimal("-4.008308"), PostingRole.FEE),
    )


FILL = {
    "product_id": "BTC-USDC",
    "order_id": "o1",
    "order_side": "sell",
    "commission": "49.0792",
    "fill_price": "122698",
}


def test_the_two_rows_of_a_fill_are_one_event_and_the_fee_is_booked_once() -> None:
    base = entry(type="advanced_trade_fill", amount="-0.1 BTC", advanced_trade_fill=FILL)
    quote = entry(type="advanced_trade_fill", amount="12269.8 USDC", advanced_trade_fill=FILL)
    assert base.key == quote.key == "order:o1"
    assert base.kind is quote.kind is TransactionKind.TRADE
    assert base.movements == (
        Movement("spot", "BTC", Decimal("-0.1")),
        Movement("spot", "USDC", Decimal("-49.0792"), PostingRole.FEE),
    )
    assert quote.movements == (Movement("spot", "USDC", Decimal("12269.8")),)
    assert base.detail["symbol"] == "BTC/USDC"
    assert base.detail["side"] == "sell"


def test_amounts_of_many_digits_stay_exact() -> None:
    told = FILL | {"commission": "0.1234567890123456789012345678901234567890"}
    event = entry(
        type="advanced_trade_fill",
        amount="-123456789012345.123456789012345678 BTC",
        advanced_trade_fill=told,
    )
    assert [money.plain(m.amount) for m in event.movements] == [
        "-123456789012345.123456789012345678",
        "-0.123456789012345678901234567890123456789",
    ]


def test_a_purchase_paid_from_an_account_has_its_fee_within_what_was_paid() -> None:
    inner = {"id": "b1", **sums(fee="1.49 EUR", subtotal="98.51 EUR", total="100.00 EUR")}
    paid, got = (
        entry(type="buy", amount="-100.00 EUR", buy=inner),
        entry(type="buy", amount="0.0015 BTC", buy=inner),
    )
    assert paid.key == got.key == "buy:b1"
    assert paid.movements == (
        Movement("spot", "EUR", Decimal("-98.51")),
        Movement("spot", "EUR", Decimal("-1.49"), PostingRole.FEE),
    )
    assert got.movements == (Movement("spot", "BTC", Decimal("0.0015")),)
    assert got.detail["total"] == "100.00 EUR"


def test_a_sale_s_fee_is_within_what_came() -> None:
    inner = {"id": "s1", **sums(fee="1.49 EUR", subtotal="100.00 EUR", total="98.51 EUR")}
    got = entry(type="sell", amount="98.51 EUR", sell=inner)
    assert got.movements == (
        Movement("spot", "EUR", Decimal("100.00")),
        Movement("spot", "EUR", Decimal("-1.49"), PostingRole.FEE),
    )


def test_a_conversion_s_fee_is_within_what_left() -> None:
    inner = {"id": "c1", **sums(fee="0.01 SOL")}
    out, into = (
        entry(type="trade", amount="-1.00 SOL", trade=inner),
        entry(type="trade", amount="9.1 LINK", trade=inner),
    )
    assert out.key == into.key == "trade:c1"
    assert out.kind is TransactionKind.CONVERSION
    assert out.movements == (
        Movement("spot", "SOL", Decimal("-0.99")),
        Movement("spot", "SOL", Decimal("-0.01"), PostingRole.FEE),
    )
    assert into.movements == (Movement("spot", "LINK", Decimal("9.1")),)


@pytest.mark.parametrize(
    ("word", "amount", "kind"),
    [
        ("staking_reward", "0.1 ETH", TransactionKind.REWARD),
        ("inflation_reward", "0.1 ADA", TransactionKind.REWARD),
        ("earn_payout", "3 XLM", TransactionKind.REWARD),
        ("interest", "0.05 USDC", TransactionKind.INTEREST),
        ("receive", "0.05 BTC", TransactionKind.DEPOSIT),
        ("staking_transfer", "-1 SOL", TransactionKind.TRANSFER),
        ("unstaking_transfer", "1 SOL", TransactionKind.TRANSFER),
        ("vault_withdrawal", "-1 BTC", TransactionKind.TRANSFER),
        ("pro_withdrawal", "1 BTC", TransactionKind.TRANSFER),
        ("wrap_asset", "-1 ETH", TransactionKind.CONVERSION),
        ("retail_simple_dust", "-0.0001 ETH", TransactionKind.CONVERSION),
        ("subscription", "-29.99 EUR", TransactionKind.FEE),
        ("incentives_shared_clawback", "-1 USDC", TransactionKind.ADJUSTMENT),
        ("tx", "5 USDC", TransactionKind.UNCLASSIFIED),
        ("something_new", "-5 USDC", TransactionKind.UNCLASSIFIED),
    ],
)
def test_every_word_keeps_its_movement(word: str, amount: str, kind: TransactionKind) -> None:
    event = entry(type=word, amount=amount)
    assert event.kind is kind
    number, asset = amount.split()
    assert event.movements == (Movement("spot", asset, Decimal(number)),)


def test_what_coinbase_gives_is_no_deposit() -> None:
    def sent_by(name: str) -> TransactionKind:
        more: dict[str, Any] = {"from": {"name": name}}
        return entry(type="send", amount="3 XLM", **more).kind

    assert sent_by("Coinbase Earn") is TransactionKind.REWARD
    assert sent_by("A friend") is TransactionKind.DEPOSIT


@pytest.mark.parametrize("status", ["pending", "failed", "canceled", "waiting_for_clearing"])
def test_what_is_not_completed_moves_nothing(status: str) -> None:
    assert entry(status=status).movements == ()


def test_codes_of_their_own_are_translated() -> None:
    stream = StreamSpec("ledger:a2", RecordKind.LEDGER, SCOPE | {"wallet": "staking"})
    assert entry(stream, amount="1 ETH2").movements == (Movement("staking", "ETH", Decimal(1)),)
    assert entry(amount="1 CGLD").movements == (Movement("spot", "CELO", Decimal(1)),)


def test_a_walk_goes_down_to_what_is_known(stub: Stub, coinbase: ExchangeClient) -> None:
    def row(number: int) -> dict[str, Any]:
        created = NOW - timedelta(days=number)
        return {"id": f"t{number}", "created_at": created.isoformat()}

    def answer(asked: Asked) -> Reply:
        first = int(asked.parameters.get("starting_after", "t0")[1:]) + 1
        rows = [row(number) for number in range(first, min(first + 3, 41))]
        last = rows[-1]["id"]
        uri = None if last == "t40" else f"/v2/accounts/a1/transactions?starting_after={last}"
        return Reply(json.dumps({"pagination": {"next_uri": uri}, "data": rows}))

    stub.answers(TRANSACTIONS, answer)
    cursor: dict[str, Any] = {}
    seen: list[str] = []
    for _ in range(14):
        page = coinbase.fetch_page(LEDGER, cursor, now=NOW)
        seen += [record.external_id for record in page.records]
        cursor = page.cursor
    assert page.is_last
    assert seen == [f"t{number}" for number in range(1, 41)]
    assert page.covered is not None
    assert page.covered[1] == NOW
    stub.asked.clear()
    for _ in range(5):  # two weeks again, not all of it
        page = coinbase.fetch_page(LEDGER, page.cursor, now=NOW)
    assert page.is_last
    assert len(stub.asked) == 5
    assert stub.asked[0].parameters == {"limit": "100"}


# --- fills and banks ---------------------------------------------------------------------------


def test_a_fill_explains_the_rows_of_its_order(stub: Stub, coinbase: ExchangeClient) -> None:
    stream = StreamSpec("trades", RecordKind.TRADES)
    stub.answers(f"{V3}/orders/historical/fills", sample("coinbase", "fills"))
    (record,) = fetch(coinbase, stream)
    event = normalise(stream, record)
    assert event.key == "order:813a53c5-3e39-47bb-863d-2faf685d22d8"
    assert event.movements == ()
    assert event.occurred_at == datetime(2023, 1, 18, 1, 37, 38, 91377, tzinfo=UTC)
    assert event.detail["symbol"] == "BTC/USDT"
    assert event.detail["fill cdc39e45-bbd3-44ec-bf02-61742dfb16a1"] == (
        "0.0046830664333996 USDT at 21220.64 USDT, fee 0.0000280983986004 USDT"
    )


@pytest.mark.parametrize(
    ("kind", "key", "fee"),
    [
        (RecordKind.DEPOSITS, "fiat_deposit:f34c19f3-b730-5e3d-9f72", "0.00 EUR"),
        (RecordKind.WITHDRAWALS, "fiat_withdrawal:cfcc3b4a-eeb6-5e8c-8058", "0.15 EUR"),
    ],
)
def test_bank_lists_explain_ledger_rows(
    stub: Stub, coinbase: ExchangeClient, kind: RecordKind, key: str, fee: str
) -> None:
    stream = StreamSpec(f"{kind.value}:a1", kind, SCOPE)
    stub.answers(f"{V2}/accounts/a1/{kind.value}", sample("coinbase", kind.value))
    (record,) = fetch(coinbase, stream)
    event = normalise(stream, record)
    assert (event.key, event.movements, event.detail["fee"]) == (key, (), fee)


# --- accounts ----------------------------------------------------------------------------------


def brokerage(**accounts: str) -> str:
    rows = [
        {
            "uuid": name,
            "currency": text.split()[2],
            "type": f"ACCOUNT_TYPE_{'FIAT' if text.endswith('EUR') else 'CRYPTO'}",
            "available_balance": {"value": text.split()[0], "currency": text.split()[2]},
            "hold": {"value": text.split()[1], "currency": text.split()[2]},
        }
        for name, text in accounts.items()
    ]
    return json.dumps({"accounts": rows, "has_next": False, "cursor": ""})


def older(*rows: tuple[str, str, str, str]) -> str:
    return json.dumps(
        {
            "pagination": {"next_starting_after": None},
            "data": [
                {"id": name, "name": label, "type": kind, "balance": sums(b=amount)["b"]}
                for name, label, kind, amount in rows
            ],
        }
    )


def permissions(portfolio: str = "DEFAULT", **more: Any) -> str:
    told = json.loads(sample("coinbase", "key_permissions"))
    return json.dumps(told | {"portfolio_type": portfolio} | more)


SET_ASIDE = (
    ("v1", "BTC Vault", "vault", "0.5 BTC"),
    ("s1", "Staked SOL", "wallet", "7 SOL"),
    ("s2", "ETH2 Wallet", "wallet", "2 ETH2"),
    ("e1", "EUR Wallet", "fiat", "12.5 EUR"),  # known from the brokerage
    ("o1", "BTC Wallet", "wallet", "9 BTC"),  # another portfolio's
    ("XLM", "XLM Wallet", "wallet", "0 XLM"),  # never opened
)


def test_balances_and_streams_of_all_accounts(stub: Stub, coinbase: ExchangeClient) -> None:
    stub.answers(f"{V3}/key_permissions", permissions())
    stub.answers(f"{V3}/accounts", brokerage(e1="10 2.5 EUR", b1="1 0.25 BTC", b2="3 0 BTC",
                                             z1="0 0 ADA"))  # fmt: skip
    stub.answers(f"{V2}/accounts", older(*SET_ASIDE))
    assert set(coinbase.balances()) == {
        ReportedBalance("spot", "EUR", Decimal("12.5")),
        ReportedBalance("spot", "BTC", Decimal("4.25")),
        ReportedBalance("vault", "BTC", Decimal("0.5")),
        ReportedBalance("staking", "SOL", Decimal("7")),
        ReportedBalance("staking", "ETH", Decimal("2")),
    }
    streams = coinbase.plan_streams(known_assets=frozenset())
    assert [stream.key for stream in streams] == [
        *("ledger:e1", "ledger:b1", "ledger:b2", "ledger:v1", "ledger:s1", "ledger:s2"),
        *("ledger:z1", "deposits:e1", "withdrawals:e1", "trades"),
    ]
    empty = next(stream for stream in streams if stream.key == "ledger:z1")
    assert empty.scope == {"account": "z1", "wallet": "spot", "asset": "ADA", "sweep": "yes"}
    assert len(stub.asked) == 3  # the plan uses what the balances were read from
    coinbase.balances()
    assert len(stub.asked) == 6


def test_what_is_set_aside_belongs_to_the_default_portfolio(
    stub: Stub, coinbase: ExchangeClient
) -> None:
    stub.answers(f"{V3}/key_permissions", permissions("CONSUMER"))
    stub.answers(f"{V3}/accounts", brokerage(b1="1 0 BTC"))
    stub.answers(f"{V2}/accounts", older(*SET_ASIDE))
    assert coinbase.balances() == [ReportedBalance("spot", "BTC", Decimal(1))]


def test_lists_of_accounts_are_read_to_their_end(stub: Stub, coinbase: ExchangeClient) -> None:
    def newer(asked: Asked) -> Reply:
        if "cursor" in asked.parameters:
            return Reply(brokerage(b2="2 0 ETH"))
        page = json.loads(brokerage(b1="1 0 BTC"))
        return Reply(json.dumps(page | {"has_next": True, "cursor": "c2"}))

    def olders(asked: Asked) -> Reply:
        more = "starting_after" in asked.parameters
        text = older(("v1", "My Vault", "vault", "5 BTC"))
        return Reply(text if more else sample("coinbase", "accounts_v2"))

    stub.answers(f"{V3}/key_permissions", permissions())
    stub.answers(f"{V3}/accounts", newer)
    stub.answers(f"{V2}/accounts", olders)
    found = {(b.wallet, b.asset): b.quantity for b in coinbase.balances()}
    assert found == {("spot", "BTC"): 1, ("spot", "ETH"): 2, ("vault", "BTC"): 5}
    asked = [a.parameters for a in stub.asked]
    assert {"limit": "250", "cursor": "c2"} in asked
    assert {"limit": "100", "starting_after": "6b17acd6-2e68-5eb0-9f45-72d67cef578a"} in asked


def test_the_shown_account_is_read(stub: Stub, coinbase: ExchangeClient) -> None:
    stub.answers(f"{V3}/key_permissions", permissions())
    stub.answers(f"{V3}/accounts", sample("coinbase", "accounts_v3"))
    stub.answers(f"{V2}/accounts", NOTHING)
    assert coinbase.balances() == []
    first = coinbase.plan_streams(known_assets=frozenset())[0]
    assert first.key == "ledger:11111111-1111-1111-1111-111111111111"
    assert first.scope["asset"] == "USDC"


# --- what a key may do -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, Verdict.READ_ONLY),
        ({"can_trade": True}, Verdict.CAN_TRADE),
        ({"can_transfer": True}, Verdict.CAN_WITHDRAW),
        ({"can_trade": True, "can_transfer": True}, Verdict.CAN_WITHDRAW),
        ({"can_receive": True}, Verdict.CAN_WITHDRAW),
        ({"scopes": ["something:new"]}, Verdict.CAN_WITHDRAW),
    ],
)
def test_audit(
    stub: Stub, coinbase: ExchangeClient, more: dict[str, Any], verdict: Verdict
) -> None:
    stub.answers(f"{V3}/key_permissions", permissions(**more))
    audit = coinbase.audit()
    assert audit.verdict is verdict
    assert audit.account_uid == "8bfc20d7-f7c6-4422-bf07-8243ca4169fe"
    assert set(audit.dangerous) == set(more)
    assert (audit.missing, audit.warnings, audit.ip_restricted) == ((), (), None)


def test_a_key_that_may_not_view_or_sees_one_portfolio_only_is_told_so() -> None:
    audit = read_audit(permissions("CONSUMER", can_view=False))
    assert audit.missing == ("can_view",)
    assert "portfolio" in audit.warnings[0]


# --- requests and errors -----------------------------------------------------------------------


def test_a_request_carries_a_token_and_no_key(stub: Stub, coinbase: ExchangeClient) -> None:
    stub.answers(TRANSACTIONS, NOTHING)
    fetch(coinbase, LEDGER)
    (asked,) = stub.asked
    assert asked.headers["Authorization"].startswith("Bearer ")
    assert asked.parameters == {"limit": "100"}
    assert "CB-ACCESS-KEY" not in asked.headers


def test_a_refusal_may_be_the_clock_s_fault(stub: Stub, coinbase: ExchangeClient) -> None:
    def once(asked: Asked) -> Reply:
        first = sum(a.path == TRANSACTIONS for a in stub.asked) == 1
        return (
            Reply("Unauthorized\n", 401, {"Content-Type": "text/plain"})
            if first
            else Reply(NOTHING)
        )

    ahead = int((datetime.now(UTC) + timedelta(seconds=600)).timestamp() * 1000)
    stub.answers(f"{V3}/time", json.dumps({"epochMillis": str(ahead)}))
    stub.answers(TRANSACTIONS, once)
    assert fetch(coinbase, LEDGER) == []
    assert [a.path for a in stub.asked] == [TRANSACTIONS, f"{V3}/time", TRANSACTIONS]


def v2(word: str, status: int = 400) -> Reply:
    return Reply(json.dumps({"errors": [{"id": word, "message": "Some words."}]}), status)


def v3(word: str, status: int = 400) -> Reply:
    return Reply(json.dumps({"error": word, "message": "Some words."}), status)


ERRORS = [
    (Reply("Unauthorized\n", 401, {"Content-Type": "text/plain"}), KeyBroken, "unauthorized"),
    (v2("authentication_error", 401), KeyBroken, "authentication_error"),
    (v2("invalid_scope", 403), StreamUnavailable, "invalid_scope"),
    (v3("PERMISSION_DENIED", 403), StreamUnavailable, "permission_denied"),
    (v2("not_found", 404), StreamUnavailable, "not_found"),
    (v2("rate_limit_exceeded", 429), WaitUntil, "rate_limit_exceeded"),
    (v3("RESOURCE_EXHAUSTED", 429), WaitUntil, "resource_exhausted"),
    (v2("internal_server_error", 500), TryAgain, "internal_server_error"),
    (v2("something_new"), TryAgain, "something_new"),
    (Reply("<html></html>", 502, {"Content-Type": "text/html"}), TryAgain, "502"),
]


@pytest.mark.parametrize(("reply", "kind", "code"), ERRORS)
def test_errors(
    stub: Stub, coinbase: ExchangeClient, reply: Reply, kind: type[GatewayError], code: str
) -> None:
    stub.answers(TRANSACTIONS, reply)
    now = int(datetime.now(UTC).timestamp() * 1000)
    stub.answers(f"{V3}/time", json.dumps({"epochMillis": str(now)}))
    with pytest.raises(GatewayError) as caught:
        coinbase.fetch_page(LEDGER, {}, now=NOW)
    assert type(caught.value) is kind
    assert caught.value.code == code
    assert "Some words" not in caught.value.message
    assert caught.value.__context__ is None


def test_a_refused_place_in_a_list_starts_the_round_anew(
    stub: Stub, coinbase: ExchangeClient
) -> None:
    stub.answers(TRANSACTIONS, v2("invalid_request"))
    page = coinbase.fetch_page(LEDGER, {"v": 1, "token": "gone", "began": 5}, now=NOW)
    assert (page.is_last, page.cursor) == (False, {"v": 1})
    with pytest.raises(StreamUnavailable):
        coinbase.fetch_page(LEDGER, page.cursor, now=NOW)


# --- prices ------------------------------------------------------------------------------------


def test_closes_of_a_coin_that_was_listed_later(stub: Stub) -> None:
    today = datetime.now(UTC).date()
    listed = today - timedelta(days=400)
    product = {"product_id": "BTC-EUR", "base_currency_id": "BTC", "quote_currency_id": "EUR"}
    more = {"product_type": "SPOT", "price": "91000.1", "trading_disabled": False}
    stub.answers(f"{V3}/market/products", json.dumps({"products": [product | more]}))

    def candles(asked: Asked) -> Reply:
        assert asked.parameters["granularity"] == "ONE_DAY"
        start, end = (int(asked.parameters[name]) for name in ("start", "end"))
        assert (end - start) // 86_400 < 350
        first = int(datetime(listed.year, listed.month, listed.day, tzinfo=UTC).timestamp())
        now = int(datetime.now(UTC).timestamp())
        days = [day for day in range(start, min(end, now) + 1, 86_400) if day >= first]
        return Reply(json.dumps({"candles": [{"start": str(day), "close": "1.5"} for day in
                                             reversed(days)]}))  # fmt: skip

    stub.answers(f"{V3}/market/products/BTC-EUR/candles", candles)
    prices = registry.open_market_data("coinbase", base_url=f"{stub.url}/coinbase")
    closes = prices.daily_closes("BTC", "EUR", since=today - timedelta(days=2000))
    assert [close.on for close in closes] == [listed + timedelta(days=n) for n in range(400)]
    (ticker,) = prices.tickers()
    assert (ticker.asset, ticker.currency, ticker.price) == ("BTC", "EUR", Decimal("91000.1"))
    assert all("Authorization" not in asked.headers for asked in stub.asked)
