"""What Binance's documentation shows of margin gives the right records, balances and streams."""

from __future__ import annotations

import json
from decimal import Decimal
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
from portfolio.exchanges.errors import KeyBroken, StreamUnavailable
from portfolio.exchanges.types import ExchangeClient, StreamSpec
from tests.exchanges.binance_lists import NOW, SAPI, Served, served, walked
from tests.exchanges.conftest import sample
from tests.exchanges.stub import Reply, Stub

CROSS = {"mode": "cross"}
ISOLATED = {"mode": "isolated", "symbol": "BNBUSDT"}
HOUR = 3_600_000


def event(stream: StreamSpec, row: dict[str, Any] | str) -> Event:
    body = row if isinstance(row, str) else json.dumps(row)
    found = registry.normalise("binance", stream, body)
    assert found is not None
    return found


def first(name: str, *path: str) -> str:
    return exact.elements(sample("binance", name), *path)[0].text


def transfers(scope: dict[str, str]) -> StreamSpec:
    return StreamSpec("margin-transfers:x", RecordKind.TRANSFERS, scope)


# --- records -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["cross", "isolated"])
def test_a_trade(mode: str) -> None:
    scope = {"symbol": "BNBBTC", "base": "BNB", "quote": "BTC", "mode": mode}
    stream = StreamSpec("margin-trades:BNBBTC", RecordKind.TRADES, scope)
    told = event(stream, first("margin_my_trades"))
    wallet = f"{mode} margin"
    assert told.key == f"{mode}-trade:BNBBTC:34"  # of another market than the same id of spot
    assert told.movements == (
        Movement(wallet, "BNB", Decimal(-3)),
        Movement(wallet, "BTC", Decimal("0.06")),  # no quoteQty: quantity times price
        Movement(wallet, "BTC", Decimal("-0.00006"), PostingRole.FEE),
    )


def test_loans_move_nothing() -> None:
    """What is owed grows with what is there."""
    for kind in ("BORROW", "REPAY"):
        stream = StreamSpec(f"loans:{kind}:BNBUSDT", RecordKind.LEDGER, {**ISOLATED, "type": kind})
        told = event(stream, first("margin_borrow_repay", "rows"))
        assert told.movements == ()
        assert told.detail["type"] == kind.lower()
        assert told.detail["principal"] == "13.98133333"
        assert told.detail["interest"] == "0.01866667"


@pytest.mark.parametrize(
    ("scope", "wallet"), [(CROSS, "cross margin"), (ISOLATED, "isolated margin")]
)
def test_interest_is_owed_when_it_is_charged(scope: dict[str, str], wallet: str) -> None:
    stream = StreamSpec("margin-interest:x", RecordKind.INTEREST, scope)
    told = event(stream, first("margin_interest", "rows"))
    assert told.kind is TransactionKind.INTEREST
    assert told.movements == (Movement(wallet, "USDT", Decimal("-0.00024995")),)


def test_interest_paid_in_bnb_is_bnb() -> None:
    row = json.loads(first("margin_interest", "rows"))
    row |= {
        "asset": "BNB",
        "rawAsset": "USDT",
        "interest": "0.0000004",
        "type": "PERIODIC_CONVERTED",
    }
    told = event(StreamSpec("margin-interest:cross", RecordKind.INTEREST, CROSS), row)
    assert told.movements == (Movement("cross margin", "BNB", Decimal("-0.0000004")),)
    assert told.detail["borrowed"] == "USDT"


def test_each_list_of_transfers_books_its_own_side() -> None:
    into, between, older = (
        e.text for e in exact.elements(sample("binance", "margin_transfers"), "rows")
    )
    # From spot, which has no list of it, both sides; a second list may show the row too.
    assert event(transfers(ISOLATED), into).movements == (
        Movement("spot", "BNB", Decimal("-0.1")),
        Movement("isolated margin", "BNB", Decimal("0.1")),
    )
    assert event(transfers(CROSS), into).movements == ()
    # All isolated pairs are one wallet.
    assert event(transfers(ISOLATED), between).movements == ()
    assert event(transfers(CROSS), older).movements == (
        Movement("spot", "EOS", Decimal(-1)),
        Movement("cross margin", "EOS", Decimal(1)),
    )
    assert event(transfers(CROSS), older).occurred_at.year == 2019  # shown in seconds


@pytest.mark.parametrize(
    ("source", "target", "cross", "isolated"),
    [
        ("CROSS_MARGIN", "ISOLATED_MARGIN", [("cross margin", -2)], [("isolated margin", 2)]),
        ("ISOLATED_MARGIN", "CROSS_MARGIN", [("cross margin", 2)], [("isolated margin", -2)]),
        ("CROSS_MARGIN", "FUTURES", [("cross margin", -2)], []),
        ("DELIVERY", "CROSS_MARGIN", [("cross margin", 2)], []),
        ("FUNDING", "CROSS_MARGIN", [("funding", -2), ("cross margin", 2)], []),
        ("SUB_MARGIN", "CROSS_MARGIN", [("cross margin", 2)], []),
    ],
)
def test_both_lists_together_move_each_amount_once(
    source: str, target: str, cross: list[tuple[str, int]], isolated: list[tuple[str, int]]
) -> None:
    row = json.loads(first("margin_transfers", "rows"))
    row |= {"transFrom": source, "transTo": target, "amount": "2"}
    for scope, expected in ((CROSS, cross), (ISOLATED, isolated)):
        moved = event(transfers(scope), row).movements
        assert moved == tuple(Movement(w, "BNB", Decimal(amount)) for w, amount in expected)


@pytest.mark.parametrize("status", ["FAILED", "PENDING"])
def test_a_transfer_that_did_not_happen_moves_nothing(status: str) -> None:
    row = json.loads(first("margin_transfers", "rows")) | {"status": status}
    assert event(transfers(ISOLATED), row).movements == ()


def test_a_liquidation_explains_its_trades() -> None:
    stream = StreamSpec("liquidations:BNBUSDT", RecordKind.LIQUIDATIONS, ISOLATED)
    told = event(stream, first("margin_liquidations", "rows"))
    assert told.kind is TransactionKind.LIQUIDATION
    assert told.movements == ()
    assert told.detail["order"] == "180015097"
    assert told.detail["quantity"] == "31.39000000"


# --- balances and plan -------------------------------------------------------------------------


@pytest.fixture
def account(stub: Stub) -> Stub:
    stub.answers("/binance/api/v3/account", '{"balances":[]}')
    stub.answers(f"{SAPI}/asset/get-funding-asset", "[]")
    stub.answers("/binance/api/v3/exchangeInfo", MARKETS)
    return stub


MARKETS = json.dumps(
    {
        "symbols": [
            {"symbol": b + q, "status": "TRADING", "baseAsset": b, "quoteAsset": q}
            for b, q in (("BNB", "USDT"), ("BTC", "USDT"), ("ADA", "USDT"))
        ]
    }
)


def isolated(**sides: dict[str, str]) -> str:
    answer = json.loads(sample("binance", "margin_isolated_account"))
    pair = answer["assets"][0]
    for side, values in sides.items():
        pair[side] |= values
    return json.dumps(answer)


def test_a_margin_balance_is_less_what_is_owed(account: Stub, binance: ExchangeClient) -> None:
    account.answers(f"{SAPI}/margin/account", sample("binance", "margin_account"))
    owing = {"free": "1.5", "locked": "0.25", "borrowed": "2", "interest": "0.00000001"}
    account.answers(f"{SAPI}/margin/isolated/account", isolated(quoteAsset=owing))
    assert binance.balances() == [
        ReportedBalance("cross margin", "BTC", Decimal("0.004995")),
        ReportedBalance("cross margin", "BNB", Decimal("2144.83333328")),
        ReportedBalance("isolated margin", "USDT", Decimal("-0.25000001")),
    ]


def test_streams_of_both_accounts(account: Stub, binance: ExchangeClient) -> None:
    account.answers(f"{SAPI}/margin/account", sample("binance", "margin_account"))
    account.answers(f"{SAPI}/margin/isolated/account", isolated())
    streams = binance.plan_streams(known_assets=frozenset({"BNB"}))
    by_key = {stream.key: stream for stream in streams}
    assert by_key["margin-trades:isolated:BTCUSDT"].scope == {
        "mode": "isolated", "symbol": "BTCUSDT", "base": "BTC", "quote": "USDT",
    }  # fmt: skip
    for family in (
        "loans:BORROW",
        "loans:REPAY",
        "margin-interest",
        "margin-transfers",
        "liquidations",
    ):
        for place in ("cross", "BTCUSDT"):
            assert f"{family}:{place}" in by_key
    # What is known to be worth asking comes before what is asked for completeness' sake.
    swept = ["sweep" in stream.scope for stream in streams]
    assert swept == sorted(swept)
    assert "sweep" not in by_key["margin-trades:BNBUSDT"].scope
    assert "sweep" in by_key["margin-trades:ADAUSDT"].scope


@pytest.mark.parametrize(
    ("code", "status"), [(-3003, 400), (-11001, 400), (-3999, 400), (-2015, 401), (0, 404)]
)
def test_an_account_that_is_not_there_is_left_out(
    account: Stub, binance: ExchangeClient, code: int, status: int
) -> None:
    path = "margin/isolated/account" if code == -11001 else "margin/account"
    account.answers(f"{SAPI}/margin/account", sample("binance", "margin_account"))
    account.answers(f"{SAPI}/margin/isolated/account", isolated())
    body = f'{{"code":{code},"msg":"no"}}' if code else "gone"
    account.answers(f"{SAPI}/{path}", Reply(body, status))
    wallets = {balance.wallet for balance in binance.balances()}
    assert wallets == (set() if path == "margin/account" else {"cross margin"})
    keys = [stream.key for stream in binance.plan_streams(known_assets=frozenset())]
    missing = "margin-interest:cross" if path == "margin/account" else "margin-interest:BTCUSDT"
    assert missing not in keys


def test_a_key_that_does_not_work_is_said_so_all_the_same(
    stub: Stub, binance: ExchangeClient
) -> None:
    stub.answers("/binance/api/v3/account", Reply('{"code":-2015,"msg":"no"}', 401))
    with pytest.raises(KeyBroken):
        binance.balances()


def test_a_list_that_the_key_may_not_see_leaves_the_key_alone(
    stub: Stub, binance: ExchangeClient
) -> None:
    stub.answers(f"{SAPI}/margin/interestHistory", Reply('{"code":-2015,"msg":"no"}', 401))
    stream = StreamSpec("margin-interest:cross", RecordKind.INTEREST, CROSS)
    with pytest.raises(StreamUnavailable) as caught:
        binance.fetch_page(stream, {}, now=NOW)
    assert caught.value.message == "Binance does not let this key read these records."
    assert caught.value.__context__ is None  # nothing of the answer comes along


# --- whole walks -------------------------------------------------------------------------------

START = int(NOW.timestamp()) * 1000 - 200 * 24 * HOUR
# Three in each hour, all in one millisecond, so that a page of a hundred ends between them.
MOMENTS = [START + (number // 3) * HOUR for number in range(750)]
WALKS = {
    "loans:BORROW:BNBUSDT": Served(
        "margin/borrow-repay", "timestamp", days=7, cuts=True,
        asked={"type": "BORROW", "isolatedSymbol": "BNBUSDT"},
        row={"txId": int, "asset": "BNB", "status": "CONFIRMED"},
    ),
    "margin-interest:BNBUSDT": Served(
        "margin/interestHistory", "interestAccuredTime", days=30,
        asked={"isolatedSymbol": "BNBUSDT"},
        row={"txId": int, "asset": "USDT", "type": "PERIODIC"},
    ),
    "margin-transfers:BNBUSDT": Served(
        "margin/transfer", "timestamp", days=30, asked={"isolatedSymbol": "BNBUSDT"},
        row={"txId": int, "asset": "USDT", "type": "ROLL_IN", "status": "CONFIRMED"},
    ),
    "liquidations:BNBUSDT": Served(
        "margin/forceLiquidationRec", "updatedTime", days=90,
        asked={"isolatedSymbol": "BNBUSDT"}, row={"orderId": int},
    ),
}  # fmt: skip


@pytest.mark.parametrize("key", WALKS)
def test_a_whole_walk_brings_every_row_once(stub: Stub, binance: ExchangeClient, key: str) -> None:
    scope = {**ISOLATED, **({"type": "BORROW"} if key.startswith("loans") else {})}
    stream = StreamSpec(key, RecordKind.LEDGER, scope)
    rows = served(stub, WALKS[key], MOMENTS)
    assert walked(binance, stream) == rows
    assert walked(binance, stream) == rows
    assert all(len(asked.parameters["signature"]) == 64 for asked in stub.asked)
    assert all("X-MBX-APIKEY" in asked.headers for asked in stub.asked)


def test_trades_are_walked_by_their_ids(stub: Stub, binance: ExchangeClient) -> None:
    trade = json.loads(first("margin_my_trades"))
    rows = [trade | {"id": number, "time": START + number // 7} for number in range(1, 2_345)]

    def answer(asked: Any) -> Reply:
        assert asked.parameters["isIsolated"] == "TRUE"
        begin, limit = int(asked.parameters["fromId"]), int(asked.parameters["limit"])
        return Reply(json.dumps([row for row in rows if row["id"] >= begin][:limit]))

    stub.answers(f"{SAPI}/margin/myTrades", answer)
    scope = {**ISOLATED, "symbol": "BNBBTC", "base": "BNB", "quote": "BTC"}
    stream = StreamSpec("margin-trades:isolated:BNBBTC", RecordKind.TRADES, scope)
    assert {int(ident) for ident in walked(binance, stream)} == {row["id"] for row in rows}
