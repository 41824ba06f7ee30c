"""Bybit: everything ccxt can read adds up, and refusals come in Bybit's words."""

import time
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.sandbox.conftest import Client, connect
from tests.sandbox.walks import START, written
from tests.sandbox_server import advance, control, fault, running_sandbox

DAY = 86_400_000
UNIFIED = START + 396 * DAY
Row = dict[str, Any]


def _pages(method: Any, name: str, since: int, days: int, **params: Any) -> list[Row]:
    """All rows of a list in windows and, within each, by cursor."""
    rows: list[Row] = []
    now = int(time.time() * 1000)
    for start in range(since, now, days * DAY):
        asked = {"startTime": start, "endTime": min(start + days * DAY - 1, now), **params}
        rows += _cursors(method, name, asked)
    return rows


def _cursors(method: Any, name: str, asked: Row) -> Iterator[Row]:
    while True:
        result = method(asked)["result"]
        yield from result[name]
        if not result["nextPageCursor"]:
            return
        asked = asked | {"cursor": result["nextPageCursor"]}


def _fund_log(client: Any) -> list[Row]:
    rows: list[Row] = []
    now = int(time.time())
    for start in range(START // 1000, now, 7 * 86_400):
        asked = {"createTimeFrom": start, "createTimeTo": start + 7 * 86_400 - 1, "limit": 100}
        rows += _cursors(client.privateGetV5AssetFundinghistory, "list", asked)
    return rows


def _sums(client: Any) -> Any:
    sums: Any = defaultdict(Decimal)
    for row in _pages(client.privateGetV5AccountTransactionLog, "list", UNIFIED, 7, limit=50):
        parts = [Decimal(row[name] or 0) for name in ("cashFlow", "funding")]
        assert Decimal(row["change"]) == sum(parts) - Decimal(row["fee"])
        sums["unified", row["currency"]] += Decimal(row["change"])
    for row in _fund_log(client):
        sign = -1 if row["ioDirection"] == "O" else 1
        sums["funding", row["currency"]] += sign * Decimal(row["txnAmt"])
    orders = _pages(
        client.privateGetV5EarnOrder, "list", START, 7, category="FlexibleSaving", limit=100
    )
    for row in orders:
        sign = {"Stake": 1, "Redeem": -1}[row["orderType"]] * (row["status"] == "Success")
        sums["earn", row["coin"]] += sign * Decimal(row["orderValue"])
    return sums


@pytest.mark.parametrize(
    ("purpose", "account"), [("read-only", "main"), ("read-only-small", "small")]
)
def test_both_logs_add_up_to_the_balances(
    client: Client, sandbox: str, purpose: str, account: str
) -> None:
    told = control(sandbox, f"accounts/bybit-{account}/statement")
    assert written(_sums(client("bybit", purpose))) == told["balances"]


def test_balances_are_cash_and_equity_is_another(client: Client, sandbox: str) -> None:
    bybit = client("bybit")
    told = control(sandbox, "accounts/bybit-main/statement")["balances"]
    for wallet, params in (("unified", {}), ("funding", {"type": "funding"})):
        total = bybit.fetch_balance(params)["total"]
        held = {code: Decimal(text) for code, text in total.items() if Decimal(text)}
        assert held == {code: Decimal(text) for code, text in told[wallet].items()}
    answer = bybit.privateGetV5AccountWalletBalance({"accountType": "UNIFIED"})
    coins = {row["coin"]: row for row in answer["result"]["list"][0]["coin"]}
    assert coins["USDT"]["equity"] != coins["USDT"]["walletBalance"]
    saved = bybit.privateGetV5EarnPosition({"category": "FlexibleSaving"})["result"]["list"]
    assert {row["coin"]: row["amount"] for row in saved} == told["earn"]


def test_the_main_account_has_all_kinds_of_life(client: Client, sandbox: str) -> None:
    bybit = client("bybit")
    log = _pages(bybit.privateGetV5AccountTransactionLog, "list", UNIFIED, 7, limit=50)
    assert len(log) >= 600
    kinds = {row["type"] for row in log}
    assert {"TRADE", "SETTLEMENT", "LIQUIDATION", "ADL", "INTEREST", "CURRENCY_BUY"} <= kinds
    executions = {
        category: _pages(
            bybit.privateGetV5ExecutionList, "list", UNIFIED, 7, category=category, limit=100
        )
        for category in ("spot", "linear", "inverse")
    }
    assert {row["execType"] for row in executions["linear"]} >= {"Trade", "Funding", "BustTrade"}
    named = {row["tradeId"] for row in log if row["tradeId"]}
    assert named == {row["execId"] for rows in executions.values() for row in rows}
    told = control(sandbox, "accounts/bybit-main/statement")["records"]
    assert sum(map(len, executions.values())) == told["trades"]


def test_a_page_of_the_log_ends_inside_one_millisecond(client: Client) -> None:
    log = _pages(
        client("bybit", "read-only-small").privateGetV5AccountTransactionLog,
        "list",
        UNIFIED,
        7,
        limit=50,
    )
    times = [row["transactionTime"] for row in log]
    assert max(times.count(moment) for moment in set(times)) == 60


@pytest.mark.parametrize(
    ("name", "params", "days"),
    [
        ("privateGetV5AccountTransactionLog", {}, 7),
        ("privateGetV5ExecutionList", {"category": "linear"}, 7),
        ("privateGetV5AssetTransferQueryInterTransferList", {}, 7),
        ("privateGetV5EarnOrder", {"category": "FlexibleSaving"}, 7),
        ("privateGetV5AssetDepositQueryRecord", {}, 30),
        ("privateGetV5AssetDepositQueryInternalRecord", {}, 30),
        ("privateGetV5AssetWithdrawQueryRecord", {}, 30),
    ],
)
def test_windows_are_bounded(client: Client, name: str, params: Row, days: int) -> None:
    ask = getattr(client("bybit"), name)
    now = int(time.time() * 1000)
    assert ask({**params, "startTime": now - days * DAY, "endTime": now})["result"]
    for wrong in (
        {"startTime": now - (days + 1) * DAY, "endTime": now},
        {"startTime": now, "endTime": now - 1},
        {"limit": 101},
        {"cursor": "nonsense"},
    ):
        with pytest.raises(ccxt.BadRequest, match="10001"):
            ask({**params, **wrong})


@pytest.mark.parametrize("name", ["AccountTransactionLog", "ExecutionList"])
def test_nothing_older_than_two_years_is_served(client: Client, name: str) -> None:
    ask = getattr(client("bybit"), f"privateGetV5{name}")
    start = START + 300 * DAY
    with pytest.raises(ccxt.BadRequest, match="2 years"):
        ask({"category": "spot", "startTime": start, "endTime": start + DAY})


def test_unified_methods_read_the_account(client: Client) -> None:
    bybit = client("bybit")
    assert {"spot", "swap"} == {m["type"] for m in bybit.load_markets().values()}
    opened = START + 415 * DAY
    # ccxt's unified methods ask for one window.
    trades = bybit.fetch_my_trades(params={"type": "spot", "startTime": opened + 30 * DAY})
    assert all(trade["fee"]["cost"] is not None for trade in trades)
    first = {"startTime": START, "endTime": START + 29 * DAY}
    assert bybit.fetch_deposits(params=first)[-1]["status"] == "ok"
    assert bybit.fetch_ledger(since=opened)
    assert bybit.fetch_transfers(since=opened)
    assert len(bybit.fetch_convert_trade_history(limit=100)) >= 20
    assert bybit.fetch_tickers(params={"type": "spot"})["BTC/USDT"]["last"]
    candles = bybit.fetch_ohlcv("BTC/USDT", "1d", limit=1000)
    assert len(candles) == 1000
    assert bybit.fetch_status()["status"] == "ok"


@pytest.mark.parametrize(
    ("purpose", "reads", "words"),
    [
        ("read-only", 1, {"AccountTransfer", "SpotTrade"}),
        ("trade", 0, {"SpotTrade", "Order", "Position"}),
        ("withdraw", 0, {"Withdraw", "AccountTransfer"}),
    ],
)
def test_a_key_tells_what_it_may_do(
    client: Client, purpose: str, reads: int, words: set[str]
) -> None:
    told = client("bybit", purpose).privateGetV5UserQueryApi()["result"]
    assert told["readOnly"] == reads
    assert words <= {word for granted in told["permissions"].values() for word in granted}
    assert (told["ips"] == ["*"]) is (purpose != "withdraw")


def test_dead_foreign_and_wrong_keys_are_refused(client: Client) -> None:
    for made, code in (
        (client("bybit", "expired"), "10003"),
        (client("bybit", "other-ip"), "10010"),
        (client("bybit", apiKey="k" * 18), "10003"),
        (client("bybit", secret="wrong"), "10004"),
    ):
        with pytest.raises((ccxt.AuthenticationError, ccxt.PermissionDenied), match=code):
            made.privateGetV5UserQueryApi()


@pytest.mark.parametrize("seconds", [-11, 5])
def test_a_wrong_clock_is_refused(client: Client, seconds: int) -> None:
    bybit = client("bybit")
    bybit.nonce = lambda: int(time.time() * 1000) + seconds * 1000
    with pytest.raises(ccxt.InvalidNonce, match="10002"):
        bybit.privateGetV5UserQueryApi()


def test_writes_are_refused_by_right_and_counted(client: Client, sandbox: str) -> None:
    control(sandbox, "requests", "DELETE")
    writes = [
        ("privatePostV5OrderCreate", {"category": "spot", "symbol": "BTCUSDT"}, "trade"),
        ("privatePostV5OrderCancel", {"category": "spot", "symbol": "BTCUSDT"}, "trade"),
        ("privatePostV5AssetWithdrawCreate", {"coin": "BTC", "amount": "1"}, "withdraw"),
        ("privatePostV5AssetTransferInterTransfer", {"coin": "BTC"}, "withdraw"),
        ("privatePostV5EarnPlaceOrder", {"coin": "BTC"}, "withdraw"),
    ]
    for name, params, right in writes:
        with pytest.raises(ccxt.PermissionDenied, match="10005"):
            getattr(client("bybit"), name)(params)
        with pytest.raises(ccxt.ExchangeError) as refused:
            getattr(client("bybit", right), name)(params)
        assert not isinstance(refused.value, ccxt.PermissionDenied)
    client("bybit").privateGetV5UserQueryApi()
    counted = control(sandbox, "requests?exchange=bybit")
    assert counted["writes"] == 2 * len(writes)
    assert counted["total"] == counted["writes"] + 1


def test_limits_are_told_and_refused(client: Client, sandbox: str) -> None:
    bybit = client("bybit")
    bybit.privateGetV5UserQueryApi()
    assert bybit.last_response_headers["X-Bapi-Limit"] == "10000"
    with (
        fault(sandbox, "rate_limit", exchange="bybit"),
        pytest.raises(ccxt.RateLimitExceeded, match="10006"),
    ):
        bybit.privateGetV5UserQueryApi()
    with fault(sandbox, "maintenance", exchange="bybit"):
        assert bybit.fetch_status()["status"] == "maintenance"
        with pytest.raises(ccxt.ExchangeError, match="10016"):
            bybit.privateGetV5UserQueryApi()
    with running_sandbox(speed="1/100") as url:
        slow = connect(url, "bybit")
        assert "10006" in _refused_in_the_end(slow.privateGetV5UserQueryApi)
        assert "403" in _refused_in_the_end(slow.publicGetV5MarketTime)


def _refused_in_the_end(ask: Any) -> str:
    """Ask again and again; gives the words of the refusal."""
    for _ in range(20):
        try:
            ask()
        except ccxt.RateLimitExceeded as refusal:
            return str(refusal)
    raise AssertionError("never refused")


def test_an_account_lives_on() -> None:
    with running_sandbox() as url:
        before = control(url, "accounts/bybit-small/statement")
        after = advance(url, "bybit", "read-only-small", records=8)
        assert after["records"]["trades"] == before["records"]["trades"] + 2
        assert after["records"]["deposits"] == before["records"]["deposits"] + 2
        assert written(_sums(connect(url, "bybit", "read-only-small"))) == after["balances"]


def test_open_positions_are_listed_by_category_and_coin(client: Client, sandbox: str) -> None:
    bybit = client("bybit")
    ask = bybit.privateGetV5PositionList
    linear = list(_cursors(ask, "list", {"category": "linear", "settleCoin": "USDT", "limit": 2}))
    inverse = list(_cursors(ask, "list", {"category": "inverse"}))
    told = control(sandbox, "accounts/bybit-main/statement")["positions"]
    assert {(row["symbol"], row["side"], row["size"]) for row in linear + inverse} == {
        (row["symbol"], {"long": "Buy", "short": "Sell"}[row["side"]], row["quantity"])
        for row in told
    }
    assert {row["settle_asset"] for row in told} == {"USDT", "BTC"}
    assert {row["side"] for row in told} == {"long", "short"}
    assert ask({"category": "linear", "settleCoin": "USDC"})["result"]["list"] == []
    with pytest.raises(ccxt.BadRequest, match="settleCoin"):
        ask({"category": "linear"})
    with pytest.raises(ccxt.BadRequest, match="cursor"):
        ask({"category": "inverse", "cursor": "nonsense"})
    assert len(bybit.fetch_positions()) == len(linear) == 3
