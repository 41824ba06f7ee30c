"""BingX: everything ccxt can read adds up, and refusals come in BingX's words."""

import hashlib
import json
from collections import defaultdict
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

import ccxt
import pytest

from sandbox.exchanges.bingx.markets import LISTED, MARKETS
from sandbox.generate import bingx_lives
from sandbox.generate.bingx import HORIZON, SPLIT_MS, BingXLife
from sandbox.generate.prices import DAY, YEAR, Prices
from sandbox.generate.world import SEED
from sandbox.options import Options
from tests.sandbox import walks
from tests.sandbox.conftest import Client, connect
from tests.sandbox_server import advance, control, fault, running_sandbox

# Changes only when the generator is meant to tell another story.
FINGERPRINT = "48b522fac4dcb3af"
ANCHOR = Options().anchor_ms
WAY = {"fromAccount": "fund", "toAccount": "spot"}
WALLETS = {"fund": "funding", "spot": "spot", "USDTMPerp": "perpetual"}


def _trades(client: Any, symbol: str) -> list[dict[str, Any]]:
    """All spot trades of a pair, by ascending id."""
    rows: list[dict[str, Any]] = []
    following = 0
    while True:
        asked = {"symbol": symbol, "fromId": following, "limit": 500}
        page = client.spotV1PrivateGetTradeMyTrades(asked)["data"]["fills"]
        rows += page
        if len(page) < 500:
            return rows
        following = page[-1]["id"] + 1


def _records(client: Any) -> dict[str, list[dict[str, Any]]]:
    """Every record of an account, by kind."""
    since = {"startTime": ANCHOR - 4 * YEAR}
    ways = [(a, b) for a in WALLETS for b in WALLETS if a != b]
    return {
        "spot": [row for symbol in MARKETS for row in _trades(client, symbol)],
        "deposits": client.apiV3PrivateGetCapitalDepositHisrec(since),
        "withdrawals": client.apiV3PrivateGetCapitalWithdrawHistory(since),
        "transfers": [
            row
            for source, target in ways
            for row in client.apiV3PrivateGetAssetTransferRecord(
                since | {"fromAccount": source, "toAccount": target, "pageSize": 100}
            )["rows"]
        ],
        "ledger": client.swapV2PrivateGetUserIncome(since | {"limit": 1000})["data"],
        "fills": client.swapV2PrivateGetTradeAllFillOrders(
            {"startTs": since["startTime"], "endTs": client.milliseconds(), "tradingUnit": "COIN"}
        )["data"]["fill_orders"],
    }


def _sums(records: dict[str, list[dict[str, Any]]]) -> walks.Sums:
    """Balances by wallet and asset as the records tell them."""
    sums: walks.Sums = defaultdict(Decimal)
    for row in records["spot"]:
        base, quote = row["symbol"].split("-")
        wallet = "spot" if row["time"] >= SPLIT_MS else "funding"
        sign = 1 if row["isBuyer"] else -1
        sums[wallet, base] += sign * Decimal(row["qty"])
        sums[wallet, quote] -= sign * Decimal(row["quoteQty"])
        sums[wallet, row["commissionAsset"]] += Decimal(str(row["commission"]))
    for row in records["deposits"]:
        if row["status"] == 1:
            sums["funding", _coin(row)] += Decimal(row["amount"])
    for row in records["withdrawals"]:
        if row["status"] == 6:
            paid = Decimal(row["amount"]) + Decimal(row["transactionFee"])
            sums["funding", _coin(row)] -= paid
    for row in records["transfers"]:
        for name, sign in ((row["fromAccount"], -1), (row["toAccount"], 1)):
            if row["status"] == "CONFIRMED" and name != "USDTMPerp":
                sums[WALLETS[name], row["asset"]] += sign * Decimal(row["amount"])
    for row in records["ledger"]:
        sums["perpetual", row["asset"]] += Decimal(row["income"])
    return sums


def _coin(row: dict[str, Any]) -> str:
    return str(row["coin"]).removesuffix("TRC20")


@pytest.mark.parametrize(
    ("purpose", "account"), [("read-only", "main"), ("read-only-small", "small")]
)
def test_all_records_add_up_to_the_balances(
    client: Client, sandbox: str, purpose: str, account: str
) -> None:
    records = _records(client("bingx", purpose))
    told = control(sandbox, f"accounts/bingx-{account}/statement")
    assert walks.written(_sums(records)) == told["balances"]
    counted = {kind: len(rows) for kind, rows in records.items()}
    counted["trades"] = counted.pop("spot") + counted.pop("fills")
    assert counted == told["records"]


def test_reported_balances_equal_the_statement(client: Client, sandbox: str) -> None:
    bingx = client("bingx")
    told = control(sandbox, "accounts/bingx-main/statement")["balances"]
    for wallet, params in (("spot", {}), ("funding", {"type": "funding"})):
        total = bingx.fetch_balance(params)["total"]
        held = {code: Decimal(text) for code, text in total.items() if Decimal(text)}
        assert held == {code: Decimal(text) for code, text in told[wallet].items()}
    perpetual = bingx.fetch_balance({"type": "swap"})["info"]["data"]
    assert Decimal(perpetual[0]["balance"]) == Decimal(told["perpetual"]["USDT"])
    assert perpetual[1]["balance"] == ""


def test_ccxt_s_own_methods_read_it(client: Client) -> None:
    bingx = client("bingx")
    bingx.load_markets()
    assert bingx.market("BTC/USDT")["spot"]
    assert bingx.market("BTC/USDT:USDT")["linear"]
    trades = bingx.fetch_my_trades("ETH/USDT", limit=500)
    assert len(trades) == 120
    assert {trade["side"] for trade in trades} == {"buy", "sell"}
    assert all(Decimal(trade["fee"]["cost"]) > 0 for trade in trades)
    assert len(bingx.fetch_deposits()) == 50
    assert {row["status"] for row in bingx.fetch_withdrawals()} == {"ok", "failed", "pending"}
    moved = bingx.fetch_transfers(params={"fromAccount": "funding", "toAccount": "spot"})
    assert moved
    paid = bingx.fetch_funding_history(since=ANCHOR - 80 * DAY, limit=1000)
    assert len(paid) > 100
    assert bingx.fetch_my_trades("BTC/USDT:USDT", since=ANCHOR - 80 * DAY)
    assert len(bingx.fetch_tickers()) == len(LISTED)
    candles = bingx.fetch_ohlcv("BTC/USDT", "1d", limit=10)
    assert [candle[0] % DAY for candle in candles] == [0] * 10


def test_a_page_of_five_hundred_ends_inside_one_second(client: Client) -> None:
    rows = _trades(client("bingx"), "BTC-USDT")
    assert len(rows) == 540
    assert rows[499]["time"] == rows[500]["time"]
    assert [r["id"] for r in rows] == sorted({r["id"] for r in rows})


def test_ids_of_pairs_meet_and_amounts_come_bare(client: Client) -> None:
    bingx = client("bingx")
    one, two = (_trades(bingx, s)[0] for s in ("ETH-USDT", "SOL-USDT"))
    assert abs(one["id"] - two["id"]) < 40
    response = bingx.last_http_response
    assert '"commission":-' in response
    assert '"qty":"' in response


def test_bounds_that_are_not_kept_are_ignored(client: Client) -> None:
    bingx = client("bingx")
    old = ANCHOR - 500 * DAY
    window = {"symbol": "ETH-USDT", "startTime": old, "endTime": old + DAY, "limit": 3}
    rows = bingx.spotV1PrivateGetTradeMyTrades(window)["data"]["fills"]
    assert rows == _trades(bingx, "ETH-USDT")[-3:]
    newest = rows[-1]["time"]
    within = {"symbol": "ETH-USDT", "startTime": newest, "endTime": newest}
    assert rows[-1] in bingx.spotV1PrivateGetTradeMyTrades(within)["data"]["fills"]


def test_the_perpetual_account_keeps_three_months(client: Client) -> None:
    bingx = client("bingx")
    life = bingx_lives.build(Prices(SEED, ANCHOR))["main"]
    ask = {"startTime": ANCHOR - 3 * YEAR, "limit": 1000}
    rows = bingx.swapV2PrivateGetUserIncome(ask)["data"]
    assert min(row["time"] for row in rows) >= ANCHOR - HORIZON
    assert len(rows) < len(life.account.income)
    gone = sum(
        Decimal(row["income"]) for row in life.account.income if row["time"] < ANCHOR - HORIZON
    )
    assert gone == 0  # what is not kept any more had ended at nothing
    types = {row["incomeType"] for row in rows}
    assert types >= {"TRANSFER", "REALIZED_PNL", "TRADING_FEE", "FUNDING_FEE", "INSURANCE_CLEAR"}
    doubled = defaultdict(set)
    for row in rows:
        doubled[row["tranId"]].add(row["incomeType"])
    assert {"REALIZED_PNL", "TRADING_FEE"} in doubled.values()


@pytest.mark.parametrize(
    ("purpose", "codes", "bound"),
    [("read-only", [2], False), ("trade", [1, 2, 3], False), ("withdraw", [2, 4, 5], True)],
)
def test_permissions(client: Client, purpose: str, codes: list[int], *, bound: bool) -> None:
    bingx = client("bingx", purpose)
    told = bingx.accountV1PrivateGetAccountApiPermissions()["data"]
    assert told["permissions"] == codes
    assert bool(told["ipAddresses"][0]) is bound
    assert bingx.accountV1PrivateGetUid()["data"]["uid"] == 16844999


def test_refusals(client: Client) -> None:
    for purpose, code in (("expired", "100413"), ("other-ip", "100419")):
        with pytest.raises((ccxt.AuthenticationError, ccxt.PermissionDenied), match=code):
            client("bingx", purpose).spotV1PrivateGetAccountBalance()
    with pytest.raises(ccxt.AuthenticationError, match="100001"):
        client("bingx", secret="x" * 64).spotV1PrivateGetAccountBalance()
    late = client("bingx")
    late.nonce = lambda: late.milliseconds() - 50_000
    with pytest.raises(ccxt.BadSymbol, match="100421"):  # as ccxt reads that code
        late.spotV1PrivateGetAccountBalance()
    late.spotV1PrivateGetAccountBalance({"recvWindow": 60_000})


def test_writes_are_refused_by_rights_and_counted(client: Client, sandbox: str) -> None:
    client("bingx").load_markets()
    control(sandbox, "requests", "DELETE")
    for purpose, error in (("read-only", ccxt.PermissionDenied), ("trade", ccxt.InsufficientFunds)):
        bingx = client("bingx", purpose)
        with pytest.raises(error):
            bingx.create_order("BTC/USDT", "limit", "buy", "0.01", "10000")
    with pytest.raises(ccxt.PermissionDenied):
        client("bingx", "trade").walletsV1PrivatePostCapitalWithdrawApply({"coin": "BTC"})
    with pytest.raises(ccxt.InsufficientFunds):
        client("bingx", "withdraw").walletsV1PrivatePostCapitalWithdrawApply({"coin": "BTC"})
    assert control(sandbox, "requests?exchange=bingx")["writes"] == 4


def test_an_endpoint_that_is_asked_too_often_is_shut() -> None:
    with running_sandbox(speed=1) as url:
        bingx = connect(url, "bingx")
        ask = bingx.apiV3PrivateGetAssetTransferRecord
        left = []

        def ask_often() -> None:
            for _ in range(30):
                ask(WAY)
                left.append(int(bingx.last_response_headers["X-Ratelimit-Requests-Remain"]))

        with pytest.raises(ccxt.OperationFailed, match="unblocked after"):
            ask_often()
        assert left[:2] == [1, 0]
        with pytest.raises(ccxt.OperationFailed, match="100410"):
            ask(WAY)
        assert bingx.spotV1PrivateGetAccountBalance()["code"] == 0  # each is counted by itself
        control(url, "limits", "DELETE")
        assert ask(WAY)["rows"]


def test_faults_speak_as_bingx_does(client: Client, sandbox: str) -> None:
    bingx = client("bingx")
    with fault(sandbox, "maintenance", exchange="bingx"), pytest.raises(ccxt.ExchangeError):
        bingx.spotV1PrivateGetAccountBalance()
    with fault(sandbox, "rate_limit", exchange="bingx"), pytest.raises(ccxt.OperationFailed):
        bingx.spotV1PrivateGetAccountBalance()
    with fault(sandbox, "clock_skew", exchange="bingx", seconds=60):
        with pytest.raises(ccxt.BadSymbol, match="100421"):
            bingx.spotV1PrivateGetAccountBalance()
        assert abs(bingx.fetch_time() - bingx.milliseconds() - 60_000) < 2_000
    whole = len(_trades(bingx, "ETH-USDT"))
    with fault(sandbox, "late_records", exchange="bingx", every_record=3):
        assert len(_trades(bingx, "ETH-USDT")) < whole


def test_the_account_lives_on(client: Client, sandbox: str) -> None:
    before = control(sandbox, "accounts/bingx-small/statement")["records"]
    told = advance(sandbox, "bingx", "read-only-small", records=8)
    assert all(
        told["records"][kind] > count for kind, count in before.items() if kind != "withdrawals"
    )
    assert walks.written(_sums(_records(client("bingx", "read-only-small")))) == told["balances"]


def _fingerprint(lives: dict[str, BingXLife]) -> str:
    told = []
    positions = []
    for life in lives.values():
        account = asdict(life.account)
        account.pop("book")
        positions += [{k: str(v) for k, v in row.items()} for row in account.pop("positions")]
        told.append(account)
    return hashlib.sha256(json.dumps([told, positions]).encode()).hexdigest()[:16]


def test_the_story_is_always_the_same() -> None:
    one = bingx_lives.build(Prices(SEED, ANCHOR))
    with localcontext() as context:
        context.prec = 7  # whatever the surroundings calculate with
        two = bingx_lives.build(Prices(SEED, ANCHOR))
    assert _fingerprint(one) == _fingerprint(two) == FINGERPRINT


def test_the_history_spans_three_years() -> None:
    account = bingx_lives.build(Prices(SEED, ANCHOR))["main"].account
    times = [row["time"] for rows in account.trades.values() for row in rows]
    times += [row["insertTime"] for row in account.deposits]
    assert ANCHOR - 3 * YEAR <= min(times) < ANCHOR - 3 * YEAR + 2 * DAY
    assert ANCHOR - 10 * DAY < max(times) <= ANCHOR
    records = len(times) + len(account.withdrawals) + len(account.transfers) + len(account.income)
    assert records > 1_300


@pytest.mark.parametrize("year", [2023, 2025, 2028])
def test_any_anchor_makes_a_life(year: int) -> None:
    moved = int(datetime(year, 6, 1, tzinfo=UTC).timestamp()) * 1000
    lives = bingx_lives.build(Prices(SEED, moved))
    assert lives["main"].account.trades
    assert lives["small"].account.income


def test_open_positions_of_one_side_are_one(client: Client, sandbox: str) -> None:
    bingx = client("bingx")
    rows = bingx.swapV2PrivateGetUserPositions()["data"]
    told = control(sandbox, "accounts/bingx-main/statement")["positions"]
    assert [(row["symbol"], row["positionSide"].lower(), row["positionAmt"]) for row in rows] == [
        (row["symbol"], row["side"], row["quantity"]) for row in told
    ]
    assert {(row["symbol"], row["side"]): row["quantity"] for row in told} == {
        ("BTC-USDT", "long"): "0.02",
        ("ETH-USDT", "short"): "0.3",
        ("ETH-USDT", "long"): "0.1",
    }
    assert len(bingx.swapV2PrivateGetUserPositions({"symbol": "ETH-USDT"})["data"]) == 2
    account = bingx.swapV3PrivateGetUserBalance()["data"][0]
    won = sum(Decimal(row["unrealizedProfit"]) for row in rows)
    assert abs(Decimal(account["unrealizedProfit"]) - won) < 5
    assert Decimal(account["equity"]) - Decimal(account["balance"]) == Decimal(
        account["unrealizedProfit"]
    )
