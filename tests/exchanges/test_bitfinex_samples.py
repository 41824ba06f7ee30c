"""Bitfinex through the real client: what its documentation shows, and whole histories by pages."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from portfolio.engine.types import RecordKind, ReportedBalance, ReportedPosition, TransactionKind
from portfolio.exchanges import registry
from portfolio.exchanges.errors import (
    GatewayError,
    KeyBroken,
    StreamUnavailable,
    TryAgain,
    WaitUntil,
)
from portfolio.exchanges.types import ExchangeClient, StreamSpec, Verdict
from tests.exchanges.conftest import API_KEY, CREDENTIALS, SECRET, sample
from tests.exchanges.paged import keys, moved, told, walk
from tests.exchanges.sampled import opened
from tests.exchanges.stub import Asked, Reply, Stub

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NOW_MS = int(NOW.timestamp()) * 1000
DAY = 86_400_000
V2 = "/bitfinex/v2"
LEDGER = StreamSpec("ledger", RecordKind.LEDGER)
TRADES = StreamSpec("trades", RecordKind.TRADES)
MOVEMENTS = StreamSpec("movements", RecordKind.DEPOSITS)
PATHS = {
    "ledger": "auth/r/ledgers/hist",
    "trades": "auth/r/trades/hist",
    "movements": "auth/r/movements/hist",
}
TIMES = {"ledger": 3, "trades": 2, "movements": 6}  # where a row has its time


@pytest.fixture
def bitfinex(stub: Stub) -> Iterator[ExchangeClient]:
    yield from opened(stub, "bitfinex", CREDENTIALS)


def check_signature(asked: Asked) -> dict[str, Any]:
    """What was asked for, if it is signed as Bitfinex wants it."""
    assert asked.method == "POST"
    sent = {name.lower(): value for name, value in asked.headers.items()}
    assert sent["bfx-apikey"] == API_KEY
    path = asked.path.removeprefix("/bitfinex/")
    text = f"/api/{path}{sent['bfx-nonce']}{asked.body}"
    assert sent["bfx-signature"] == hmac.new(SECRET.encode(), text.encode(), "sha384").hexdigest()
    body: dict[str, Any] = json.loads(asked.body)
    return body


def serve(stub: Stub, stream: StreamSpec, rows: list[list[Any]], most: int = 2500) -> None:
    """Answer as Bitfinex does: the newest rows of a stretch of time, as many as are wanted."""
    at = TIMES[stream.key]

    def reply(asked: Asked) -> Reply:
        body = check_signature(asked)
        assert set(body) == {"start", "end", "limit"}
        found = [row for row in rows if body["start"] <= row[at] <= body["end"]]
        found.sort(key=lambda row: (row[at], row[0]), reverse=True)
        return Reply(json.dumps(found[: min(most, body["limit"])]))

    stub.answers(f"{V2}/{PATHS[stream.key]}", reply)


def entry(number: int, ms: int, about: str = "Margin Funding Payment on wallet funding") -> Any:
    return [number, "USD", None, ms, None, 0.01, 1, None, about]


def trade(number: int, ms: int) -> Any:
    kind = "EXCHANGE LIMIT"
    return [number, "tBTCUSD", ms, 77, -0.5, 64000.5, kind, 64000, 1, -0.1, "USD", None]


def movement(number: int, ms: int) -> Any:
    row: list[Any] = [None] * 22
    row[:3] = [number, "BTC", "BITCOIN"]
    row[5:7] = [ms - 60_000, ms]
    row[9], row[12], row[13], row[16], row[20] = "COMPLETED", -0.2, -0.0004, "bc1q", "ab12"
    return row


MADE = {"ledger": entry, "trades": trade, "movements": movement}


# --- pages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [LEDGER, TRADES, MOVEMENTS], ids=lambda s: s.key)
def test_every_row_is_found(stub: Stub, bitfinex: ExchangeClient, stream: StreamSpec) -> None:
    make = MADE[stream.key]
    crowded = NOW_MS - 20 * DAY  # 300 rows of one second across the end of a page
    moments = [crowded + n * 1000 for n in range(2400)] + [crowded + 2_400_000] * 300
    moments += [NOW_MS - n * 97 * DAY for n in range(20)]
    rows = [make(number, ms) for number, ms in enumerate(sorted(moments), 1)]
    serve(stub, stream, rows)
    walked = walk(bitfinex, stream, NOW)
    assert walked.ids == {str(row[0]) for row in rows}
    again = walk(bitfinex, stream, NOW, twice=True)
    assert again.records == walked.records
    since = NOW - timedelta(days=6 * 365) if stream is LEDGER else datetime(2012, 10, 1, tzinfo=UTC)
    assert walked.covered[-1] == (since, NOW)
    rows.append(make(9999, NOW_MS + 1000))
    later = walk(bitfinex, stream, NOW + timedelta(hours=1), walked)
    assert "9999" in later.ids


def test_a_ledger_older_than_six_years_is_kept_but_not_relied_on(
    stub: Stub, bitfinex: ExchangeClient
) -> None:
    serve(stub, LEDGER, [entry(1, NOW_MS - 10 * 365 * DAY), entry(2, NOW_MS - DAY)])
    walked = walk(bitfinex, LEDGER, NOW)
    assert walked.ids == {"1", "2"}
    assert min(since for since, _ in walked.covered) == NOW - timedelta(days=6 * 365)


def test_streams_are_planned(bitfinex: ExchangeClient) -> None:
    assert bitfinex.plan_streams(known_assets=frozenset()) == [LEDGER, TRADES, MOVEMENTS]


def test_nonces_rise(stub: Stub, bitfinex: ExchangeClient) -> None:
    serve(stub, LEDGER, [])
    walk(bitfinex, LEDGER, NOW)
    nonces = [int(asked.headers["bfx-nonce"]) for asked in stub.asked]
    assert len(set(nonces)) == len(nonces) > 10
    assert nonces == sorted(nonces)


# --- what rows say -----------------------------------------------------------------------------


def test_the_documented_row(stub: Stub, bitfinex: ExchangeClient) -> None:
    stub.answers(f"{V2}/{PATHS['ledger']}", sample("bitfinex", "ledgers"))
    page = bitfinex.fetch_page(LEDGER, {}, now=NOW)
    (record,) = page.records
    assert record.external_id == "2531822314"
    assert record.body in sample("bitfinex", "ledgers")
    event = told("bitfinex", LEDGER, record)
    assert event.kind is TransactionKind.REALISED_PNL
    assert event.occurred_at == datetime(2019, 11, 12, 1, 23, 30, tzinfo=UTC)
    assert moved(event) == {("margin", "USD", ""): Decimal("0.01644445")}
    assert event.detail["description"] == "Settlement @ 185.79"


def test_a_transfer_is_one_event_of_two_wallets() -> None:
    rows = json.loads(sample("bitfinex", "ledgers_exchange"))
    one, two, sold = (told("bitfinex", LEDGER, json.dumps(row)) for row in rows)
    assert one.key == two.key
    assert one.kind is TransactionKind.TRANSFER
    assert moved(one, two) == {
        ("margin", "BTC", ""): Decimal("0.001"),
        ("exchange", "BTC", ""): Decimal("-0.001"),
    }
    assert sold.kind is TransactionKind.TRADE
    assert moved(sold) == {("exchange", "USD", ""): Decimal("91.8")}


def row(currency: str, amount: str, about: str, *, ms: int = 1_700_000_000_000) -> str:
    wallet = "null" if " on wallet " in about else '"exchange"'
    return f'[5,"{currency}",{wallet},{ms},null,{amount},0,null,"{about}"]'


def test_the_rows_of_a_trade_and_the_trade_itself_meet() -> None:
    told_of = "Exchange 0.5 BTC for USD @ 64000.5 on wallet exchange"
    fee_of = "Trading fees for 0.5 BTC (BTCUSD) @ 64000.50 on BFX (0.2%) on wallet exchange"
    events = [
        told("bitfinex", LEDGER, row("BTC", "-0.5", told_of)),
        told("bitfinex", LEDGER, row("USD", "32000.25", told_of, ms=1_700_000_001_000)),
        told("bitfinex", LEDGER, row("USD", "-64.0005", fee_of, ms=1_700_000_001_000)),
        told("bitfinex", TRADES, json.dumps(trade(9, 1_700_000_000_321))),
    ]
    assert len(keys(events)) == 1
    assert moved(*events) == {
        ("exchange", "BTC", ""): Decimal("-0.5"),
        ("exchange", "USD", ""): Decimal("32000.25"),
        ("exchange", "USD", "fee"): Decimal("-64.0005"),
    }
    evidence = events[-1]
    assert evidence.movements == ()
    assert evidence.detail["symbol"] == "BTC/USD"
    assert (evidence.detail["side"], evidence.detail["role"]) == ("sell", "maker")


def test_a_deposit_a_withdrawal_and_their_fees_meet_their_movements() -> None:
    rows = json.loads(sample("bitfinex", "movements"))
    evidence = told("bitfinex", MOVEMENTS, json.dumps(rows[0]))
    assert evidence.key == "movement:13293039"
    assert evidence.movements == ()
    assert evidence.kind is TransactionKind.WITHDRAWAL
    assert evidence.detail["status"] == "CANCELED"
    assert evidence.detail["txid"].startswith("0x523ec")
    for about, kind in (
        ("ETHEREUM Withdrawal #13293039 on wallet exchange", TransactionKind.WITHDRAWAL),
        ("Deposit (ETHEREUM) #13293039 on wallet exchange", TransactionKind.DEPOSIT),
        ("Deposit Fee (ETHEREUM) 13293039 on wallet exchange", TransactionKind.FEE),
        ("Canceled withdrawal request #13293039 on wallet exchange", TransactionKind.WITHDRAWAL),
        ("Canceled withdrawal fee #13293039 on wallet exchange", TransactionKind.FEE),
    ):
        event = told("bitfinex", LEDGER, row("ETH", "-0.24", about))
        assert event.key == evidence.key, about
        assert event.kind is kind, about


@pytest.mark.parametrize(
    ("about", "kind"),
    [
        ("Margin Funding Payment on wallet funding", TransactionKind.INTEREST),
        ("Interest Payment on wallet deposit", TransactionKind.INTEREST),
        ("Used Margin Funding Charge on wallet margin", TransactionKind.INTEREST),
        ("Position #140 funding cost on wallet margin", TransactionKind.INTEREST),
        ("Position #140 swap on wallet trading", TransactionKind.INTEREST),
        ("Funding Event BTCF0:USTF0 (0.5) on wallet margin", TransactionKind.FUNDING),
        ("Position closed @ 7000.1 (TRADE) on wallet margin", TransactionKind.REALISED_PNL),
        ("Position #140 liquidated @ 7000 on wallet margin", TransactionKind.LIQUIDATION),
        ("Position #140 claimed @ 7000.5 on wallet margin", TransactionKind.CONVERSION),
        ("Claiming fee for Position claimed BTCUSD @ 7.5 on wallet margin", TransactionKind.FEE),
        ("Crypto Withdrawal fee on wallet exchange", TransactionKind.FEE),
        ("Trading rebate for 1 BTC (BTCUSD) @ 7 on BFX (0.1%) on wallet exchange", None),
        ("Earned fees from user 12 on wallet exchange", TransactionKind.REWARD),
        ("Affiliate Rebate (lev:1,rebate:18.0%) on wallet exchange", TransactionKind.REWARD),
        ("BCH airdrop on wallet exchange", TransactionKind.AIRDROP),
        ("Adjustment #17 on wallet exchange", TransactionKind.ADJUSTMENT),
        ("Words of tomorrow on wallet exchange", TransactionKind.UNCLASSIFIED),
    ],
)
def test_kinds_of_rows_and_none_is_dropped(about: str, kind: TransactionKind | None) -> None:
    event = told("bitfinex", LEDGER, row("USD", "-1.5e-7", about))
    assert event.kind is (kind or TransactionKind.FEE)
    (amount,) = moved(event).values()
    assert amount == Decimal("-0.00000015")


@pytest.mark.parametrize(
    ("code", "about", "place"),
    [
        ("USTF0", "Settlement @ 1.5 on wallet margin", ("derivatives", "USDT")),
        ("UST", "Settlement @ 1.5 on wallet margin", ("margin", "USDT")),
        ("DSH", "Interest Payment on wallet trading", ("margin", "DASH")),
        ("USD", "Interest Payment on wallet deposit", ("funding", "USD")),
        ("TESTUSD", "Adjustment #1 on wallet exchange", ("exchange", "TESTUSD")),
        ("LUNA2", "no wallet is named", ("exchange", "LUNA")),
    ],
)
def test_coins_and_wallets(code: str, about: str, place: tuple[str, str]) -> None:
    ((wallet, asset, _),) = moved(told("bitfinex", LEDGER, row(code, "1", about)))
    assert (wallet, asset) == place


# --- balances, positions and keys --------------------------------------------------------------


def test_balances_by_wallet(stub: Stub, bitfinex: ExchangeClient) -> None:
    rows = (
        '[["exchange","UST",19788.6529257,0,19788.6529257,null,null],'
        '["margin","USTF0",12.5,0,1,null,null],["margin","USD",1e-8,0,0,null,null],'
        '["funding","BTC",0,0,0,null,null]]'
    )
    stub.answers(f"{V2}/auth/r/wallets", rows)
    assert bitfinex.balances() == [
        ReportedBalance("exchange", "USDT", Decimal("19788.6529257")),
        ReportedBalance("derivatives", "USDT", Decimal("12.5")),
        ReportedBalance("margin", "USD", Decimal("0.00000001")),
    ]


def test_open_positions(stub: Stub, bitfinex: ExchangeClient) -> None:
    stub.answers(f"{V2}/auth/r/positions", sample("bitfinex", "positions"))
    (position,) = bitfinex.positions() or []
    assert position == ReportedPosition(
        wallet="margin",
        symbol="tBTCUSD",
        side="long",
        quantity=Decimal("0.0195"),
        unit="BTC",
        entry_price=Decimal("8565.0267019"),
        mark_price=None,
        price_asset="USD",
        unrealised_pnl=Decimal("-0.33455568705000516"),
        settle_asset="USD",
    )
    short = (
        sample("bitfinex", "positions").replace("0.0195,", "-2,").replace("BTCUSD", "BTCF0:USTF0")
    )
    stub.answers(f"{V2}/auth/r/positions", short)
    (position,) = bitfinex.positions() or []
    assert (position.wallet, position.side) == ("derivatives", "short")
    assert position.quantity == 2
    assert (position.unit, position.settle_asset) == ("BTC", "USDT")


READS = [[scope, 1, 0] for scope in ("account", "history", "orders", "positions", "wallets")]


@pytest.mark.parametrize(
    ("writes", "verdict"),
    [
        ([], Verdict.READ_ONLY),
        (["orders"], Verdict.CAN_TRADE),
        (["positions", "funding"], Verdict.CAN_TRADE),
        (["orders", "withdraw"], Verdict.CAN_WITHDRAW),
        (["wallets"], Verdict.CAN_WITHDRAW),
        (["scope_of_tomorrow"], Verdict.CAN_WITHDRAW),
    ],
)
def test_keys_are_judged(
    stub: Stub, bitfinex: ExchangeClient, writes: list[str], verdict: Verdict
) -> None:
    rows = [*READS, ["withdraw", 0, 0], *([scope, 0, 1] for scope in writes)]
    stub.answers(f"{V2}/auth/r/permissions", json.dumps(rows))
    stub.answers(f"{V2}/auth/r/info/user", '[4007, "someone@example.org", "someone"]')
    audit = bitfinex.audit()
    assert audit.verdict is verdict
    assert audit.dangerous == tuple(f"{scope}: write" for scope in writes)
    assert audit.account_uid == "4007"
    assert audit.missing == ()
    assert "someone" not in audit.raw


def test_what_a_key_lacks_is_named(stub: Stub, bitfinex: ExchangeClient) -> None:
    stub.answers(f"{V2}/auth/r/permissions", '[["account",1,0],["history",0,0]]')
    stub.answers(f"{V2}/auth/r/info/user", "[4007]")
    assert bitfinex.audit().missing == ("history", "wallets")


def refused(code: int, words: str, status: int = 500) -> Reply:
    return Reply(json.dumps(["error", code, words]), status)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (refused(10100, "apikey: invalid"), KeyBroken),
        (refused(10112, "apikey: digest invalid"), KeyBroken),
        (refused(10001, "api_key: permission invalid"), StreamUnavailable),
        (refused(10020, "limit: invalid"), StreamUnavailable),
        (refused(10001, "something else"), TryAgain),
        (refused(10114, "nonce: small"), TryAgain),
        (refused(11010, "ratelimit: error"), WaitUntil),
        (refused(11010, "ratelimit: error", 429), WaitUntil),
        (refused(20060, "maintenance"), TryAgain),
        (refused(99999, "words of theirs"), TryAgain),
        (Reply('["error", 10020, "words of theirs"]'), TryAgain),
        (Reply("<html>", 502), TryAgain),
        (Reply('{"error": "ERR_RATE_LIMIT"}', 429), WaitUntil),
    ],
)
def test_errors(
    stub: Stub, bitfinex: ExchangeClient, reply: Reply, kind: type[GatewayError]
) -> None:
    stub.answers(f"{V2}/{PATHS['trades']}", reply)
    with pytest.raises(GatewayError) as caught:
        bitfinex.fetch_page(TRADES, {}, now=NOW)
    assert type(caught.value) is kind
    assert "words of theirs" not in caught.value.message


def test_a_repeated_nonce_is_asked_again_once(stub: Stub, bitfinex: ExchangeClient) -> None:
    replies = iter([refused(10114, "nonce: small"), Reply("[]")])
    stub.answers(f"{V2}/{PATHS['ledger']}", lambda asked: next(replies))
    assert bitfinex.fetch_page(LEDGER, {}, now=NOW).records == ()
    assert len(stub.asked) == 2


def test_prices(stub: Stub) -> None:
    stub.answers(f"{V2}/conf/pub:list:pair:exchange", '[["BTCUSD","DOGE:UST"]]')
    ticker = '["tBTCUSD",1,1,1,1,1,1,64000.5,1,1,1],["fUSD",1],["tDOGE:UST",1,1,1,1,1,1,0.1,1,1,1]'
    stub.answers(f"{V2}/tickers", f"[{ticker}]")
    prices = registry.open_market_data("bitfinex", base_url=f"{stub.url}/bitfinex")
    assert prices.markets() == [("BTC", "USD"), ("DOGE", "USDT")]
    assert [t.price for t in prices.tickers()] == [Decimal("64000.5"), Decimal("0.1")]
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    opened = int(datetime(yesterday.year, yesterday.month, yesterday.day, tzinfo=UTC).timestamp())
    rows = [[(opened + n * 86_400) * 1000, 1, 2.5 + n, 3, 1, 9] for n in (0, 1)]
    stub.answers(f"{V2}/candles/trade:1D:tDOGE:UST/hist", json.dumps(rows))
    closes = prices.daily_closes("DOGE", "USDT", since=yesterday)
    assert [(candle.on, candle.close) for candle in closes] == [(yesterday, Decimal("2.5"))]
    prices.close()
