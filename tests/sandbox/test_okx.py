"""OKX: everything ccxt can read adds up, and refusals come in OKX's words."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import ccxt
import pytest

from sandbox.generate.prices import DAY
from sandbox.options import Options
from tests.sandbox import walks
from tests.sandbox.conftest import Client, connect
from tests.sandbox_server import control, fault, running_sandbox

Row = dict[str, Any]
TYPES = ("SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION")


def pages(method: Callable[[Row], Any], field: str, **params: Any) -> list[Row]:
    """All rows of a list, downwards by id or by moment; what comes twice is had once."""
    rows: dict[str, Row] = {}
    mark: dict[str, Any] = {}
    timed = field in ("ts", "uTime")
    while True:
        page = method({**params, **mark})["data"]
        found = {str(row) if timed else row[field]: row for row in page}
        if not found.keys() - rows.keys():
            return list(rows.values())
        rows |= found
        lowest = min(int(row[field]) for row in page)
        mark = {"after": lowest + int(timed)}


def records(okx: Any) -> dict[str, list[Row]]:
    fills = [
        row
        for kind in TYPES
        for row in pages(okx.privateGetTradeFillsHistory, "billId", instType=kind)
    ]
    return {
        "bills": pages(okx.privateGetAccountBillsArchive, "billId"),
        "asset_bills": pages(okx.privateGetAssetBillsHistory, "billId", pagingType="2"),
        "trades": fills,
        "deposits": pages(okx.privateGetAssetDepositHistory, "ts"),
        "withdrawals": pages(okx.privateGetAssetWithdrawalHistory, "ts"),
        "interest": pages(okx.privateGetFinanceSavingsLendingHistory, "ts"),
        "conversions": pages(okx.privateGetAssetConvertHistory, "ts"),
        "dust": pages(okx.privateGetTradeEasyConvertHistory, "uTime"),
    }


def sums(found: dict[str, list[Row]]) -> walks.Sums:
    """Balances by wallet and asset as the ledgers and the hourly interest tell them."""
    total: walks.Sums = defaultdict(Decimal)
    with localcontext() as context:
        context.prec = 60
        for row in found["bills"]:
            total["trading", row["ccy"]] += Decimal(row["balChg"])
        for row in found["asset_bills"]:
            total["funding", row["ccy"]] += Decimal(row["balChg"])
            if row["type"] in ("75", "76"):
                total["earn", row["ccy"]] -= Decimal(row["balChg"])
        for row in found["interest"]:
            total["earn", row["ccy"]] += Decimal(row["earnings"])
    return total


@pytest.mark.parametrize(
    ("purpose", "account"),
    [("read-only", "main"), ("read-only-small", "small"), ("read-only-empty", "empty")],
)
def test_all_records_add_up_to_the_balances(
    client: Client, sandbox: str, purpose: str, account: str
) -> None:
    okx = client("okx", purpose)
    found = records(okx)
    told = control(sandbox, f"accounts/okx-{account}/statement")
    counts = {kind: len(rows) for kind, rows in found.items()}
    ledger = counts.pop("bills") + counts.pop("asset_bills")
    assert counts | {"ledger": ledger} == told["records"]
    assert walks.written(sums(found)) == told["balances"]
    reported = {
        "trading": {
            row["ccy"]: row["cashBal"]
            for row in okx.privateGetAccountBalance()["data"][0]["details"]
        },
        "funding": {row["ccy"]: row["bal"] for row in okx.privateGetAssetBalances()["data"]},
        "earn": {row["ccy"]: row["amt"] for row in okx.privateGetFinanceSavingsBalance()["data"]},
    }
    assert {wallet: held for wallet, held in reported.items() if held} == told["balances"]


def test_the_main_account_has_every_kind(client: Client) -> None:
    found = records(client("okx"))
    kinds = Counter(row["type"] for row in found["bills"])
    assert set(kinds) == {"1", "2", "3", "5", "7", "8", "27", "28"}
    assert {row["type"] for row in found["asset_bills"]} >= {
        *("1", "2", "13", "75", "76", "130", "131", "150", "229", "272", "273"),
    }
    assert {row["instType"] for row in found["trades"]} == set(TYPES)
    assert {row["state"] for row in found["deposits"]} == {"0", "1", "2"}
    assert {row["state"] for row in found["withdrawals"]} == {"-2", "-1", "1", "2"}
    assert sum(len(rows) for rows in found.values()) > 600
    # More bills in one millisecond than a page holds: only ids tell them apart.
    assert max(Counter(row["ts"] for row in found["bills"]).values()) > 100
    anchor = Options().anchor_ms
    begin = min(int(row["ts"]) for row in found["deposits"])
    assert anchor - 3 * 365 * DAY <= begin < anchor - 3 * 365 * DAY + 5 * DAY


def test_the_running_balance_of_each_ledger_is_exact(client: Client) -> None:
    found = records(client("okx"))
    for name in ("bills", "asset_bills"):
        balances: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in sorted(found[name], key=lambda row: int(row["billId"])):
            balances[row["ccy"]] += Decimal(row["balChg"])
            assert balances[row["ccy"]] == Decimal(row["bal"]) >= 0


def test_fills_and_bills_tell_the_same(client: Client) -> None:
    found = records(client("okx"))
    legs: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in found["bills"]:
        legs[row["instId"], row["tradeId"]].append(row)
    for fill in found["trades"]:
        booked = legs[fill["instId"], fill["tradeId"]]
        assert fill["billId"] in {row["billId"] for row in booked}
        assert sum(Decimal(row["fee"]) for row in booked) == Decimal(fill["fee"])
        assert len(booked) == (2 if fill["instType"] in ("SPOT", "MARGIN") else 1)


def test_what_is_out_of_reach_is_not_served(client: Client, sandbox: str) -> None:
    okx = client("okx", "read-only-older")
    found = records(okx)
    reach = Options().anchor_ms - 90 * DAY
    assert found["bills"]
    assert all(int(row["ts"]) >= reach for row in found["bills"] + found["trades"])
    assert min(int(row["ts"]) for row in found["asset_bills"]) < reach - 365 * DAY
    told = control(sandbox, "accounts/okx-older/statement")["balances"]
    said = walks.written(sums(found))
    assert said["funding"] == told["funding"]
    assert said["trading"] != told["trading"]
    assert said["earn"] != told["earn"]
    recent = pages(client("okx").privateGetAccountBills, "billId")
    assert 0 < len(recent) < len(pages(client("okx").privateGetAccountBillsArchive, "billId"))


def test_unified_methods_read_the_account(client: Client) -> None:
    okx = client("okx")
    okx.load_markets()
    kinds = Counter(market["type"] for market in okx.markets.values())
    assert set(kinds) == {"spot", "swap", "future", "option"}
    assert okx.fetch_balance()["total"]["BTC"]
    assert okx.fetch_balance({"type": "funding"})["total"]["USDT"]
    assert len(okx.fetch_my_trades()) == 100
    assert okx.fetch_my_trades("BTC/USDT:USDT")[0]["fee"]["currency"] == "USDT"
    assert len(okx.fetch_ledger(params={"method": "privateGetAccountBillsArchive"})) == 100
    assert okx.fetch_transfers()[0]["fromAccount"] == "funding"
    assert okx.fetch_funding_history()[0]["amount"]
    assert okx.fetch_deposits()[0]["txid"]
    assert okx.fetch_withdrawals()[0]["fee"]["cost"]
    assert okx.fetch_convert_trade_history()[0]["fromCurrency"]
    assert okx.fetch_accounts()[0]["id"] == "44705892343619584"
    assert okx.fetch_status()["status"] == "ok"
    assert okx.fetch_ticker("BTC/EUR")["last"]
    assert len(okx.fetch_ohlcv("DOGE/USDT", "1d", limit=50)) == 50


@pytest.mark.parametrize(
    ("purpose", "words"),
    [
        ("read-only", "read_only"),
        ("trade", "read_only,trade"),
        ("withdraw", "read_only,withdraw"),
    ],
)
def test_a_key_tells_what_it_may_do(client: Client, purpose: str, words: str) -> None:
    (told,) = client("okx", purpose).privateGetAccountConfig()["data"]
    assert told["perm"] == words
    assert bool(told["ip"]) is (purpose == "withdraw")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"apiKey": "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f"}, "50119"),
        ({"password": "wrong"}, "50105"),
        ({"secret": "0" * 32}, "50113"),
    ],
)
def test_wrong_keys_are_refused(client: Client, changed: dict[str, str], code: str) -> None:
    with pytest.raises(ccxt.BaseError, match=code):
        client("okx", **changed).privateGetAccountBalance()


@pytest.mark.parametrize(("purpose", "code"), [("expired", "50119"), ("other-ip", "50110")])
def test_keys_that_do_not_work_here(client: Client, purpose: str, code: str) -> None:
    with pytest.raises(ccxt.BaseError, match=code):
        client("okx", purpose).privateGetAccountBalance()


def test_a_request_must_be_of_the_present(client: Client, sandbox: str) -> None:
    okx = client("okx")
    with (
        fault(sandbox, "clock_skew", exchange="okx", seconds=60),
        pytest.raises(ccxt.InvalidNonce, match="50102"),
    ):
        okx.privateGetAccountBalance()


def test_writes_are_answered_by_right_and_counted(client: Client, sandbox: str) -> None:
    order = {"instId": "BTC-USDT", "tdMode": "cash", "side": "buy", "ordType": "market", "sz": "1"}
    send = {"ccy": "BTC", "amt": "1", "dest": "4", "toAddr": "bc1q", "chain": "BTC-Bitcoin"}
    for purpose, order_code, send_code in (
        ("read-only", "50120", "50120"),
        ("trade", "51008", "50120"),
        ("withdraw", "50120", "58350"),
    ):
        okx = client("okx", purpose)
        with pytest.raises(ccxt.BaseError, match=order_code):
            okx.privatePostTradeOrder(order)
        with pytest.raises(ccxt.BaseError, match=send_code):
            okx.privatePostAssetWithdrawal(send)
    assert control(sandbox, "requests?exchange=okx")["writes"] == 6
    before = control(sandbox, "accounts/okx-main/statement")
    assert before == control(sandbox, "accounts/okx-main/statement")


def ask_often(method: Callable[[], Any]) -> None:
    for _ in range(20):
        method()


def test_endpoints_are_limited_each_for_itself() -> None:
    with running_sandbox(speed=1) as url:
        okx = connect(url, "okx", "read-only-small")
        with pytest.raises(ccxt.RateLimitExceeded, match="50011"):
            ask_often(okx.privateGetAssetBillsHistory)
        assert okx.privateGetAssetDepositHistory()["data"]


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("privateGetTradeFillsHistory", {}, "50014"),
        ("privateGetTradeFillsHistory", {"instType": "STOCK"}, "51000"),
        ("privateGetAssetDepositHistory", {"after": "yesterday"}, "51000"),
        ("privateGetAssetBillsHistory", {"pagingType": "3"}, "51000"),
        ("publicGetMarketTicker", {"instId": "BTC-DOGE"}, "51001"),
    ],
)
def test_bad_parameters(client: Client, path: str, params: Row, code: str) -> None:
    with pytest.raises(ccxt.BaseError, match=code):
        getattr(client("okx"), path)(params)


def test_an_account_lives_on(client: Client, sandbox: str) -> None:
    before = control(sandbox, "accounts/okx-empty/statement")["records"]
    told = control(sandbox, "accounts/okx-empty/advance", "POST", {"records": 8})
    assert told["records"]["deposits"] == before["deposits"] + 2
    assert told["records"]["trades"] == before["trades"] + 2
    assert told["records"]["interest"] == before["interest"] + 2
    found = records(client("okx", "read-only-empty"))
    assert walks.written(sums(found)) == told["balances"]


def test_open_positions_are_listed_and_equity_holds_what_they_won(
    client: Client, sandbox: str
) -> None:
    okx = client("okx")
    rows = okx.privateGetAccountPositions()["data"]
    told = control(sandbox, "accounts/okx-main/statement")["positions"]
    assert {(row["instId"], abs(int(row["pos"]))) for row in rows} == {
        (row["symbol"], int(row["quantity"])) for row in told
    }
    assert {row["side"] for row in told} == {"long", "short"}
    swaps = okx.privateGetAccountPositions({"instType": "SWAP"})["data"]
    assert {row["instType"] for row in swaps} == {"SWAP"}
    assert len(okx.fetch_positions()) == len(rows) == 3
    details = okx.privateGetAccountBalance()["data"][0]["details"]
    cash = next(row for row in details if row["ccy"] == "USDT")
    assert Decimal(cash["eq"]) - Decimal(cash["cashBal"]) == Decimal(cash["upl"]) != 0
    assert okx.privateGetAccountPositions({"instId": "ETH-USDT-SWAP"})["data"][0]["pos"][0] == "-"
