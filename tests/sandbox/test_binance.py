"""Binance: everything ccxt can read adds up, and refusals come in Binance's words."""

import time
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from typing import Any

import ccxt
import pytest

from tests.sandbox import walks, walks_binance
from tests.sandbox.conftest import Client
from tests.sandbox_server import control

GONE = ("WAVESUSDT", "OMGUSDT")
LEFT = ("AVAX", "NEAR", "ARB", "SHIB", "UNI", "FIL", "INJ", "WAVES")


def _markets(client: Any) -> dict[str, tuple[str, str]]:
    client.load_markets()
    found = {m["id"]: (m["base"], m["quote"]) for m in client.markets.values()}
    return found | {symbol: (symbol.removesuffix("USDT"), "USDT") for symbol in GONE}


@pytest.mark.parametrize(
    ("purpose", "account"), [("read-only", "main"), ("read-only-small", "small")]
)
def test_all_records_add_up_to_the_balances(
    client: Client, sandbox: str, purpose: str, account: str
) -> None:
    binance = client("binance", purpose)
    markets = _markets(binance)
    records = walks.binance_records(binance, list(markets))
    margin, earn = walks_binance.margin(binance, list(markets)), walks_binance.earn(binance)
    told = control(sandbox, f"accounts/binance-{account}/statement")
    counts = Counter({kind: len(rows) for kind, rows in records.items()})
    counts.update(walks_binance.counts(margin, earn))
    assert counts == told["records"]
    sums = walks.binance_sums(records, markets)
    walks_binance.add_margin(sums, margin, markets)
    walks_binance.add_earn(sums, earn)
    assert walks.written(sums) == told["balances"]


def test_reported_balances_equal_the_statement(client: Client, sandbox: str) -> None:
    binance = client("binance")
    told = control(sandbox, "accounts/binance-main/statement")["balances"]
    for wallet, params in (("spot", {}), ("funding", {"type": "funding"})):
        total = binance.fetch_balance(params)["total"]
        held = {code: Decimal(text) for code, text in total.items() if Decimal(text)}
        receipts = {code for code in held if code.startswith("LD")}
        assert receipts == ({"LDBTC", "LDUSDC", "LDUSDT"} if wallet == "spot" else set())
        held = {code: quantity for code, quantity in held.items() if code not in receipts}
        assert held == {code: Decimal(text) for code, text in told[wallet].items()}


def test_the_main_account_is_as_busy_as_promised(client: Client, sandbox: str) -> None:
    binance = client("binance")
    markets = _markets(binance)
    traded = {s: walks.binance_trades(binance, s) for s in markets}
    traded = {symbol: rows for symbol, rows in traded.items() if rows}
    held = control(sandbox, "accounts/binance-main/statement")["balances"]["spot"]
    assert sum(map(len, traded.values())) == 5_000
    assert len(traded) == 30
    assert not set(LEFT) & set(held)
    assert {base for s in traded for base in [markets[s][0]] if base in LEFT} == set(LEFT)
    fees = {row["commissionAsset"] for row in traded["ETHUSDT"]}
    assert fees == {"BNB", "ETH", "USDT"}


def test_the_page_of_a_thousand_ends_inside_one_millisecond(client: Client) -> None:
    binance = client("binance")
    rows = walks.binance_trades(binance, "BTCUSDT")
    assert rows[998]["time"] == rows[999]["time"] == rows[1000]["time"]


def test_delisted_pairs_answer_only_for_their_trades(client: Client) -> None:
    binance = client("binance")
    binance.load_markets()
    assert not set(GONE) & {m["id"] for m in binance.markets.values()}
    assert binance.privateGetMyTrades({"symbol": "OMGUSDT"})
    for ask in (binance.publicGetTickerPrice, binance.publicGetKlines):
        with pytest.raises(ccxt.BadSymbol):
            ask({"symbol": "OMGUSDT", "interval": "1d"})
    with pytest.raises(ccxt.BadSymbol):
        binance.privateGetMyTrades({"symbol": "NOSUCHPAIR"})


def test_trades_are_windowed_and_limited(client: Client) -> None:
    binance = client("binance")
    day = 86_400_000
    first = binance.privateGetMyTrades({"symbol": "BTCUSDT", "fromId": 0, "limit": 1})[0]
    begin = first["time"]
    window = {"symbol": "BTCUSDT", "startTime": begin, "endTime": begin + day}
    assert binance.privateGetMyTrades(window)[0] == first
    newest = binance.privateGetMyTrades({"symbol": "BTCUSDT", "limit": 5})
    assert len(newest) == 5
    assert newest == sorted(newest, key=lambda row: row["id"])
    for wrong in (
        window | {"endTime": begin + day + 1},
        window | {"fromId": 0},
        {"symbol": "BTCUSDT", "limit": 1001},
        {},
    ):
        with pytest.raises(ccxt.BadRequest):
            binance.privateGetMyTrades(wrong)


@pytest.mark.parametrize("name", ["sapiGetCapitalDepositHisrec", "sapiGetCapitalWithdrawHistory"])
def test_funding_history_is_refused_beyond_ninety_days(client: Client, name: str) -> None:
    binance = client("binance")
    now, day = binance.milliseconds(), 86_400_000
    ask = getattr(binance, name)
    assert ask({"startTime": now - 90 * day, "endTime": now})
    with pytest.raises(ccxt.ExchangeError, match="-4047"):
        ask({"startTime": now - 91 * day, "endTime": now})


def test_prices_agree_with_each_other(client: Client) -> None:
    binance = client("binance")
    candles = binance.fetch_ohlcv("BTC/USDT", "1d", limit=1000)
    assert len(candles) == 1000
    assert all(after[1] == before[4] for before, after in pairwise(candles))
    assert all(
        Decimal(low) <= min(Decimal(o), Decimal(c)) <= max(Decimal(o), Decimal(c)) <= Decimal(high)
        for _, o, high, low, c, _ in candles
    )
    oldest = binance.fetch_ohlcv("BTC/USDT", "1d", since=walks.START, limit=10)
    assert oldest[0][0] == walks.START
    by_day = {candle[0]: candle for candle in candles}
    for row in walks.binance_trades(binance, "BTCUSDT")[-400:]:
        _, _, high, low, _, _ = by_day[row["time"] // 86_400_000 * 86_400_000]
        # Parts of one order lie a few ticks beside the price of their moment.
        assert Decimal(low) - 1 <= Decimal(row["price"]) <= Decimal(high) + 1


def test_unified_methods_read_the_account(client: Client) -> None:
    binance = client("binance")
    trades = binance.fetch_my_trades("ETH/BTC", limit=10, params={"fromId": 0})
    assert len(trades) == 10
    assert all(trade["fee"]["cost"] is not None for trade in trades)
    assert binance.fetch_deposits(since=walks.START)[0]["status"] == "ok"
    assert binance.fetch_withdrawals(since=walks.START)[0]["fee"]["cost"]
    moved = binance.fetch_transfers(since=walks.START, params={"type": "MAIN_FUNDING"})
    assert moved[0]["toAccount"] == "funding"
    assert binance.fetch_status()["status"] == "ok"
    assert len(binance.fetch_my_dust_trades()) > 13
    assert binance.fetch_tickers()["BTC/USDT"]["last"]


@pytest.mark.parametrize(
    ("purpose", "expected"),
    [
        ("read-only", set()),
        ("trade", {"enableSpotAndMarginTrading"}),
        ("withdraw", {"enableWithdrawals", "permitsUniversalTransfer"}),
    ],
)
def test_a_key_tells_what_it_may_do(client: Client, purpose: str, expected: set[str]) -> None:
    told = client("binance", purpose).sapiGetAccountApiRestrictions()
    words = {name for name, on in told.items() if on is True} - {"ipRestrict", "enableReading"}
    assert words == expected
    assert told["enableReading"] is True
    assert told["ipRestrict"] is (purpose == "withdraw")


@pytest.mark.parametrize("purpose", ["expired", "other-ip"])
def test_a_dead_or_foreign_key_is_refused(client: Client, purpose: str) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="-2015"):
        client("binance", purpose).sapiGetAccountApiRestrictions()


def test_wrong_keys_and_signatures_are_refused(client: Client) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="-2014"):
        client("binance", apiKey="short").privateGetAccount()
    with pytest.raises(ccxt.AuthenticationError, match="-2015"):
        client("binance", apiKey="k" * 64).privateGetAccount()
    with pytest.raises(ccxt.AuthenticationError, match="-1022"):
        client("binance", secret="wrong").privateGetAccount()


@pytest.mark.parametrize("seconds", [-11, 5])
def test_a_wrong_clock_is_refused(client: Client, seconds: int) -> None:
    binance = client("binance")
    binance.nonce = lambda: int(time.time() * 1000) + seconds * 1000
    with pytest.raises(ccxt.InvalidNonce, match="-1021"):
        binance.privateGetAccount()


def test_writes_are_refused_by_right_and_counted(client: Client, sandbox: str) -> None:
    control(sandbox, "requests", "DELETE")
    writes = [
        ("privatePostOrder", {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}, "trade"),
        ("privateDeleteOrder", {"symbol": "BTCUSDT", "orderId": 1}, "trade"),
        ("sapiPostCapitalWithdrawApply", {"coin": "BTC", "amount": "1"}, "withdraw"),
        ("sapiPostAssetTransfer", {"type": "MAIN_FUNDING", "asset": "BTC"}, "withdraw"),
    ]
    for name, params, right in writes:
        with pytest.raises(ccxt.AuthenticationError, match="-2015"):
            getattr(client("binance"), name)(params)
        with pytest.raises(ccxt.ExchangeError) as refused:
            getattr(client("binance", right), name)(params)
        assert not isinstance(refused.value, ccxt.AuthenticationError)
    client("binance").privateGetAccount()
    client("binance").sapiPostAssetGetFundingAsset()
    counted = control(sandbox, "requests?exchange=binance")
    assert counted["writes"] == 2 * len(writes)
    assert counted["total"] == counted["writes"] + 2
