"""Hyperliquid through the real client: what its documentation shows, and whole histories."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine.types import RecordKind, ReportedBalance, ReportedPosition, TransactionKind
from portfolio.exchanges import exact, registry
from portfolio.exchanges.errors import GatewayError, TryAgain, WaitUntil
from portfolio.exchanges.profile import Allowance
from portfolio.exchanges.types import ExchangeClient, FetchedRecord, StreamSpec, Verdict
from tests.exchanges.conftest import sample
from tests.exchanges.paged import moved, told, walk
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NOW_MS = int(NOW.timestamp()) * 1000
DAY = 86_400_000
INFO = "/hyperliquid/info"
OPENED = datetime(2023, 1, 1, tzinfo=UTC)
ADDRESS, OTHER = "0x" + "Ab" * 20, "0x" + "cd" * 20
OWN = {"address": ADDRESS.lower()}
FILLS = StreamSpec("trades", RecordKind.TRADES, OWN)
LEDGER = StreamSpec("ledger", RecordKind.LEDGER, OWN)
FUNDING = StreamSpec("funding", RecordKind.FUNDING, OWN)
REWARDS = StreamSpec("rewards", RecordKind.REWARDS, OWN)
STREAMS = [FILLS, LEDGER, FUNDING, REWARDS]
QUESTIONS = {
    "trades": ("userFillsByTime", 2000),
    "ledger": ("userNonFundingLedgerUpdates", 500),
    "funding": ("userFunding", 500),
    "rewards": ("delegatorRewards", 10**6),
}
PUBLIC = ("spotMeta", "allMids", "candleSnapshot")
SAMPLES = {
    "userFillsByTime": "fills",
    "userNonFundingLedgerUpdates": "ledger",
    "userFunding": "funding",
    "delegatorRewards": "rewards",
    "clearinghouseState": "clearinghouse",
    "spotClearinghouseState": "spot",
    "delegatorSummary": "staking",
    "spotMeta": "spot_meta",
}


@pytest.fixture
def client(stub: Stub) -> Iterator[ExchangeClient]:
    opened = registry.open_client(
        "hyperliquid", {"walletAddress": ADDRESS}, base_url=f"{stub.url}/hyperliquid"
    )
    yield opened
    opened.close()


def question(asked: Asked) -> dict[str, Any]:
    """What was asked for, and by whom."""
    body: dict[str, Any] = json.loads(asked.body)
    assert asked.method == "POST"
    assert body.get("user") == (None if body["type"] in PUBLIC else OWN["address"])
    return body


def answers(stub: Stub, **told_of: str | Reply) -> None:
    """Answer each kind of question, by default with the sample of it."""

    def reply(asked: Asked) -> Reply:
        kind = question(asked)["type"]
        found = told_of[kind] if kind in told_of else sample("hyperliquid", SAMPLES[kind])
        return Reply(found) if isinstance(found, str) else found

    stub.answers(INFO, reply)


def serve(stub: Stub, stream: StreamSpec, rows: list[dict[str, Any]], kept: int = 10**6) -> None:
    """Answer as Hyperliquid does: the oldest from a moment on, of the newest that are kept."""
    kind, limit = QUESTIONS[stream.key]

    def reply(asked: Asked) -> Reply:
        body = question(asked)
        assert body["type"] == kind
        found = [row for row in rows[-kept:] if row["time"] >= body.get("startTime", 0)]
        return Reply(json.dumps(found[:limit]))

    stub.answers(INFO, reply)


def made(stream: StreamSpec, number: int, ms: int) -> dict[str, Any]:
    if stream is FILLS:
        fields = {"coin": "ETH", "side": "B", "sz": "1", "px": "2", "closedPnl": "0.0"}
        return {**fields, "time": ms, "tid": number, "oid": 1, "fee": "0.1", "feeToken": "USDC"}
    if stream is REWARDS:
        return {"time": ms, "source": f"delegation {number}", "totalAmount": "0.5"}
    delta = {"type": "deposit", "usdc": "1.0", "coin": f"C{number}"}
    return {"time": ms, "hash": f"0x{number}", "delta": delta}


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.key)
def test_every_row_is_found(stub: Stub, client: ExchangeClient, stream: StreamSpec) -> None:
    crowded = NOW_MS - 20 * DAY
    moments = [crowded + n // 200 for n in range(4500)]  # many at once, across the ends of pages
    moments += [NOW_MS - n * DAY for n in range(1, 1000, 37)] + [NOW_MS - 1]
    rows = [made(stream, number, ms) for number, ms in enumerate(sorted(moments), 1)]
    serve(stub, stream, rows)
    walked = walk(client, stream, NOW)
    assert len(walked.ids) == len(rows)
    assert walked.covered[-1] == (OPENED, NOW)
    assert walk(client, stream, NOW, twice=True).records == walked.records
    rows.append(made(stream, 9999, NOW_MS + 60_000))
    later = walk(client, stream, NOW + timedelta(hours=1), walked)
    assert len(later.ids) == len(rows)


def test_fills_beyond_the_newest_ten_thousand_are_not_claimed(
    stub: Stub, client: ExchangeClient
) -> None:
    rows = [made(FILLS, n, NOW_MS - (11_000 - n) * 60_000) for n in range(1, 11_000)]
    serve(stub, FILLS, rows, kept=10_000)
    walked = walk(client, FILLS, NOW)
    assert len(walked.ids) == 10_000
    oldest = datetime.fromtimestamp(rows[-10_000]["time"] / 1000, UTC)
    assert walked.covered == [(oldest, NOW)]
    assert walked.unserved == [(OPENED, oldest)]


def test_streams_carry_the_address(client: ExchangeClient) -> None:
    assert client.plan_streams(known_assets=frozenset()) == STREAMS


# --- what rows say -----------------------------------------------------------------------------


def first_page(stub: Stub, client: ExchangeClient, stream: StreamSpec) -> tuple[FetchedRecord, ...]:
    answers(stub)
    return client.fetch_page(stream, {}, now=NOW).records


def test_the_documented_fills(stub: Stub, client: ExchangeClient) -> None:
    contract, pair = first_page(stub, client, FILLS)
    rows = exact.elements(sample("hyperliquid", "fills"))
    assert contract.body == rows[0].text
    assert exact.loads(pair.body) == {"pair": "HYPE/USDC", **rows[1].value}
    opened = told("hyperliquid", FILLS, contract)
    assert opened.kind is TransactionKind.FEE
    assert moved(opened) == {("perp", "USDC", "fee"): Decimal("-0.01")}
    sold = told("hyperliquid", FILLS, pair)
    assert sold.kind is TransactionKind.TRADE
    assert sold.detail["symbol"] == "HYPE/USDC"
    assert moved(sold) == {
        ("spot", "HYPE", ""): Decimal("-43.84"),
        ("spot", "USDC", ""): Decimal("816.3189414304"),
        ("spot", "USDC", "fee"): Decimal("-0.304521"),
    }


def test_a_pair_that_was_just_opened_is_looked_for_anew(stub: Stub, client: ExchangeClient) -> None:
    first_page(stub, client, FILLS)
    meta = json.loads(sample("hyperliquid", "spot_meta"))
    meta["universe"].append({"name": "@200", "tokens": [1, 150], "index": 200})
    fills = sample("hyperliquid", "fills").replace("@107", "@200")
    answers(stub, spotMeta=json.dumps(meta), userFillsByTime=fills)
    _, record = client.fetch_page(FILLS, {}, now=NOW).records
    assert told("hyperliquid", FILLS, record).detail["symbol"] == "PURR/HYPE"
    answers(stub, userFillsByTime=fills.replace("@200", "@999"))
    _, unknown = client.fetch_page(FILLS, {}, now=NOW).records
    with pytest.raises(KeyError):
        told("hyperliquid", FILLS, unknown)


def fill(**fields: Any) -> str:
    return json.dumps({**made(FILLS, 7, NOW_MS), **fields})


def test_what_a_closed_contract_has_won_is_booked() -> None:
    closed = told("hyperliquid", FILLS, fill(closedPnl="-12.5", side="A", dir="Close Long"))
    assert closed.kind is TransactionKind.REALISED_PNL
    assert moved(closed) == {
        ("perp", "USDC", ""): Decimal("-12.5"),
        ("perp", "USDC", "fee"): Decimal("-0.1"),
    }
    whose = {"liquidatedUser": ADDRESS, "markPx": "2", "method": "market"}
    forced = told("hyperliquid", FILLS, fill(closedPnl="-12.5", liquidation=whose))
    assert forced.kind is TransactionKind.LIQUIDATION
    whose["liquidatedUser"] = OTHER
    taken = told("hyperliquid", FILLS, fill(liquidation=whose))
    assert taken.kind is TransactionKind.FEE
    elsewhere = told("hyperliquid", FILLS, fill(coin="xyz:GOLD", closedPnl="3", feeToken="USDH"))
    assert moved(elsewhere)["perp:xyz", "USDH", ""] == Decimal(3)


def test_what_is_bought_pays_its_fee_in_the_coin() -> None:
    bought = told("hyperliquid", FILLS, fill(coin="@142", pair="BTC/USDC", feeToken="UBTC"))
    assert moved(bought) == {
        ("spot", "BTC", ""): Decimal(1),
        ("spot", "USDC", ""): Decimal(-2),
        ("spot", "BTC", "fee"): Decimal("-0.1"),
    }


def test_funding_and_staking(stub: Stub, client: ExchangeClient) -> None:
    (record,) = first_page(stub, client, FUNDING)
    paid = told("hyperliquid", FUNDING, record)
    assert paid.kind is TransactionKind.FUNDING
    assert moved(paid) == {("perp", "USDC", ""): Decimal("-3.625312")}
    got = [told("hyperliquid", REWARDS, each) for each in first_page(stub, client, REWARDS)]
    assert {event.kind for event in got} == {TransactionKind.REWARD}
    assert moved(*got) == {("staking", "HYPE", ""): Decimal("131.49563060")}


def test_a_move_between_own_wallets(stub: Stub, client: ExchangeClient) -> None:
    (record,) = first_page(stub, client, LEDGER)
    event = told("hyperliquid", LEDGER, record)
    assert event.kind is TransactionKind.TRANSFER
    assert moved(event) == {
        ("perp", "USDC", ""): Decimal(-50),
        ("spot", "USDC", ""): Decimal(50),
    }


SENT = {"user": ADDRESS, "destination": OTHER}
GOT = {"user": OTHER, "destination": ADDRESS}
TOKEN = {"token": "HYPE", "amount": "3"}
UPDATES: list[tuple[dict[str, Any], TransactionKind, dict[tuple[str, str, str], str]]] = [
    ({"type": "deposit", "usdc": "9"}, TransactionKind.DEPOSIT, {("perp", "USDC", ""): "9"}),
    (
        {"type": "withdraw", "usdc": "9", "nonce": 1, "fee": "1.0"},
        TransactionKind.WITHDRAWAL,
        {("perp", "USDC", ""): "-9", ("perp", "USDC", "fee"): "-1"},
    ),
    (
        {"type": "internalTransfer", "usdc": "9", "fee": "1.0", **SENT},
        TransactionKind.TRANSFER,
        {("perp", "USDC", ""): "-9", ("perp", "USDC", "fee"): "-1"},
    ),
    (
        {"type": "internalTransfer", "usdc": "9", "fee": "1.0", **GOT},
        TransactionKind.TRANSFER,
        {("perp", "USDC", ""): "9"},
    ),
    (
        {"type": "subAccountTransfer", "usdc": "9", **GOT},
        TransactionKind.TRANSFER,
        {("perp", "USDC", ""): "9"},
    ),
    (
        {"type": "spotTransfer", **TOKEN, **SENT, "fee": "1", "nativeTokenFee": "0.5"},
        TransactionKind.TRANSFER,
        {
            ("spot", "HYPE", ""): "-3",
            ("spot", "USDC", "fee"): "-1",
            ("spot", "HYPE", "fee"): "-0.5",
        },
    ),
    (
        {"type": "send", **TOKEN, **SENT, "sourceDex": "spot", "destinationDex": "", "fee": "0"},
        TransactionKind.TRANSFER,
        {("spot", "HYPE", ""): "-3"},
    ),
    (
        {
            **{"type": "send", "token": "USDC", "amount": "3", "fee": "0"},
            **{"user": ADDRESS, "destination": ADDRESS, "sourceDex": "", "destinationDex": "xyz"},
        },
        TransactionKind.TRANSFER,
        {("perp", "USDC", ""): "-3", ("perp:xyz", "USDC", ""): "3"},
    ),
    (
        {"type": "cStakingTransfer", **TOKEN, "isDeposit": True},
        TransactionKind.TRANSFER,
        {("spot", "HYPE", ""): "-3", ("staking", "HYPE", ""): "3"},
    ),
    (
        {"type": "vaultDeposit", "vault": OTHER, "usdc": "9"},
        TransactionKind.TRANSFER,
        {("perp", "USDC", ""): "-9"},
    ),
    (
        {"type": "vaultWithdraw", "vault": OTHER, "user": ADDRESS, "netWithdrawnUsd": "9"},
        TransactionKind.TRANSFER,
        {("perp", "USDC", ""): "9"},
    ),
    ({"type": "spotGenesis", **TOKEN}, TransactionKind.AIRDROP, {("spot", "HYPE", ""): "3"}),
    ({"type": "rewardsClaim", "amount": "3"}, TransactionKind.REWARD, {("spot", "USDC", ""): "3"}),
    (
        {"type": "deployGasAuction", **TOKEN},
        TransactionKind.FEE,
        {("spot", "HYPE", "fee"): "-3"},
    ),
    ({"type": "liquidation", "accountValue": "1"}, TransactionKind.LIQUIDATION, {}),
    ({"type": "wordOfTomorrow", "usdc": "9"}, TransactionKind.UNCLASSIFIED, {}),
]


@pytest.mark.parametrize(("delta", "kind", "expected"), UPDATES)
def test_rows_of_the_ledger(
    delta: dict[str, Any], kind: TransactionKind, expected: dict[tuple[str, str, str], str]
) -> None:
    row = {"time": NOW_MS, "hash": "0xbeef", "delta": delta}
    event = told("hyperliquid", LEDGER, json.dumps(row))
    assert event.kind is kind
    assert moved(event) == {place: Decimal(amount) for place, amount in expected.items()}
    assert event.detail["type"] == delta["type"]


# --- balances, positions and what may be read --------------------------------------------------


def test_balances(stub: Stub, client: ExchangeClient) -> None:
    answers(stub)
    assert client.balances() == [
        ReportedBalance("perp", "USDC", Decimal("13109.495728")),
        ReportedBalance("spot", "USDC", Decimal("14.625485")),
        ReportedBalance("spot", "PURR", Decimal(2000)),
        ReportedBalance("spot", "BTC", Decimal("0.5")),
        ReportedBalance("staking", "HYPE", Decimal("12060.66529862")),
    ]


def test_open_positions(stub: Stub, client: ExchangeClient) -> None:
    answers(stub)
    assert client.positions() == [
        ReportedPosition(
            wallet="perp",
            symbol="ETH",
            side="long",
            quantity=Decimal("0.0335"),
            unit="ETH",
            entry_price=Decimal("2986.3"),
            mark_price=Decimal("2985.9"),
            price_asset="USDC",
            unrealised_pnl=Decimal("-0.0134"),
            settle_asset="USDC",
        )
    ]


@pytest.mark.parametrize(
    ("role", "warned"),
    [
        ({"role": "user"}, False),
        ({"role": "subAccount", "data": {"master": OTHER}}, False),
        ({"role": "agent", "data": {"user": OTHER}}, True),
        ({"role": "missing"}, True),
    ],
)
def test_an_address_can_only_be_read(
    stub: Stub, client: ExchangeClient, role: dict[str, Any], warned: bool
) -> None:
    answers(stub, userRole=json.dumps(role))
    audit = client.audit()
    assert audit.verdict is Verdict.READ_ONLY
    assert audit.account_uid == ADDRESS.lower()
    assert bool(audit.warnings) is warned


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply("null", 429), WaitUntil),
        (Reply("Failed to deserialize the JSON body", 422), TryAgain),
        (Reply("null", 500), TryAgain),
        (Reply("null"), TryAgain),
        (Reply("<html>", 502), TryAgain),
    ],
)
def test_errors(stub: Stub, client: ExchangeClient, reply: Reply, kind: type[GatewayError]) -> None:
    answers(stub, userFillsByTime=reply)
    with pytest.raises(GatewayError) as caught:
        client.fetch_page(FILLS, {}, now=NOW)
    assert type(caught.value) is kind


class Counted:
    """A budget that counts what is paid."""

    def __init__(self) -> None:
        self.paid: list[int] = []

    def acquire(self, bucket: str, cost: int, *, allowance: Allowance) -> None:
        self.paid.append(cost)

    def observe(self, bucket: str, used: int, *, allowance: Allowance) -> None: ...

    def pause(self, bucket: str, until: datetime) -> None: ...

    def paused_until(self, exchange: str, environment: str = "live") -> datetime | None: ...


def test_each_question_has_its_own_weight(stub: Stub) -> None:
    counted = Counted()
    opened = registry.open_client(
        "hyperliquid",
        {"walletAddress": ADDRESS},
        base_url=f"{stub.url}/hyperliquid",
        budget=counted,
    )
    answers(stub)
    opened.fetch_page(FILLS, {}, now=NOW)
    opened.balances()
    assert counted.paid == [120, 20, 2, 2, 20]
    opened.close()


def test_prices(stub: Stub) -> None:
    answers(stub, allMids='{"@107": "18.5", "PURR/USDC": "0.2", "BTC": "64000.5"}')
    prices = registry.open_market_data("hyperliquid", base_url=f"{stub.url}/hyperliquid")
    assert prices.markets() == [("PURR", "USDC"), ("HYPE", "USDC")]
    assert [ticker.price for ticker in prices.tickers()] == [Decimal("0.2"), Decimal("18.5")]
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    opened = int(datetime(yesterday.year, yesterday.month, yesterday.day, tzinfo=UTC).timestamp())
    rows = [{"t": (opened + n * 86_400) * 1000, "c": f"{2.5 + n}"} for n in (0, 1)]
    answers(stub, candleSnapshot=json.dumps(rows))
    closes = prices.daily_closes("HYPE", "USDC", since=yesterday)
    assert [(candle.on, candle.close) for candle in closes] == [(yesterday, Decimal("2.5"))]
    prices.close()
