"""Binance below /sapi: margin, earn and the smaller lists have its windows, pages and refusals."""

from collections.abc import Callable, Iterator
from typing import Any

import ccxt
import pytest

from tests.sandbox import walks_binance
from tests.sandbox.conftest import Client, connect
from tests.sandbox.walks import START
from tests.sandbox_server import control, running_sandbox

DAY = 86_400_000
NOW = 1_795_000_000_000  # a little before the anchor's day


def test_without_margin_there_is_no_margin_account(client: Client) -> None:
    with pytest.raises(ccxt.ExchangeError, match="-3003"):
        client("binance", "read-only-small").sapiGetMarginAccount()
    assert client("binance", "read-only-small").sapiGetMarginIsolatedAccount()["assets"] == []


def test_debts_are_told_beside_what_is_there(client: Client, sandbox: str) -> None:
    told = control(sandbox, "accounts/binance-main/statement")["balances"]["cross margin"]
    rows = {row["asset"]: row for row in client("binance").sapiGetMarginAccount()["userAssets"]}
    assert float(rows["BTC"]["borrowed"]) > float(rows["BTC"]["free"])
    assert float(rows["BTC"]["netAsset"]) == float(told["BTC"]) < 0


@pytest.mark.parametrize(
    ("name", "days", "more"),
    [
        ("MarginInterestHistory", 30, {}),
        ("MarginTransfer", 30, {}),
        ("MarginForceLiquidationRec", 90, {}),
        ("SimpleEarnFlexibleHistorySubscriptionRecord", 92, {}),
        ("SimpleEarnLockedHistoryRedemptionRecord", 92, {}),
        ("SimpleEarnFlexibleHistoryRewardsRecord", 92, {"type": "REALTIME"}),
        ("ConvertTradeFlow", 30, {}),
        ("PayTransactions", 90, {}),
    ],
)
def test_stretches_are_limited(client: Client, name: str, days: int, more: dict[str, Any]) -> None:
    ask = getattr(client("binance"), f"sapiGet{name}")
    ask({"startTime": NOW - days * DAY, "endTime": NOW, **more})
    with pytest.raises(ccxt.BaseError, match="-1127"):
        ask({"startTime": NOW - days * DAY - 1, "endTime": NOW, **more})


def test_loans_beyond_seven_days_are_silently_left_out(client: Client) -> None:
    binance = client("binance")
    ask = binance.sapiGetMarginBorrowRepay
    rows = walks_binance.margin(binance, [])["ledger"]
    loan = next(row for row in rows if row["wallet"] == "cross margin")
    at = int(loan["timestamp"])
    window = {"startTime": at - 20 * DAY, "type": "BORROW"}
    assert loan["txId"] in [r["txId"] for r in ask({**window, "endTime": at + DAY})["rows"]]
    assert loan["txId"] not in [r["txId"] for r in ask({**window, "endTime": at + 8 * DAY})["rows"]]
    named = ask({**window, "endTime": at + 8 * DAY, "asset": loan["asset"]})
    assert loan["txId"] in [row["txId"] for row in named["rows"]]
    for wrong in ({"startTime": at}, {"type": "BORROW"}, {"type": "LEND", "startTime": at}):
        with pytest.raises(ccxt.BaseError, match=r"-1102|-1130"):
            ask(wrong)


def test_pages_are_newest_first_and_at_most_a_hundred(client: Client) -> None:
    ask = client("binance").sapiGetMarginInterestHistory
    params: dict[str, int] = {}
    for days in range(0, 600, 10):
        params = {"startTime": NOW - (620 - days) * DAY, "endTime": NOW - (591 - days) * DAY}
        if ask(params)["total"] > 250:
            break
    first = ask({**params, "size": 100})
    second = ask({**params, "size": 100, "current": 2})
    times = [int(row["interestAccuredTime"]) for row in first["rows"] + second["rows"]]
    assert len(times) == 200
    assert times == sorted(times, reverse=True)
    with pytest.raises(ccxt.BaseError, match="-1130"):
        ask({**params, "size": 101})


def test_a_margin_transfer_is_a_universal_one_too(client: Client) -> None:
    binance = client("binance")
    params = {"startTime": START, "size": 100}
    there = binance.sapiGetAssetTransfer({**params, "type": "MAIN_MARGIN"})["rows"]
    margin = walks_binance.margin(binance, [])["transfers"]
    into = [row for row in margin if row["transFrom"] == "SPOT" and row["wallet"] == "cross margin"]
    assert {str(row["tranId"]) for row in there} == {str(row["txId"]) for row in into}


def test_dust_tells_what_went_into_it(client: Client) -> None:
    rows = client("binance").sapiGetAssetDribblet()["userAssetDribblets"]
    assert max(len(row["userAssetDribbletDetails"]) for row in rows) > 2
    assert all(row["userAssetDribbletDetails"] for row in rows)


@pytest.fixture(scope="module")
def slow() -> Iterator[str]:
    """A sandbox with Binance's own limits."""
    with running_sandbox(speed=1) as url:
        yield url


@pytest.mark.parametrize(
    ("name", "params", "allowed"),
    [
        ("sapiGetFiatOrders", {"transactionType": "0"}, 2),
        ("sapiGetConvertTradeFlow", {"startTime": NOW - DAY, "endTime": NOW}, 60),
        ("sapiGetSimpleEarnFlexiblePosition", {}, 80),
    ],
)
def test_weights_are_counted_per_endpoint(
    slow: str, name: str, params: dict[str, Any], allowed: int
) -> None:
    ask = getattr(connect(slow, "binance"), name)
    counts = set()
    for _ in range(2):  # a minute may turn in between
        control(slow, "limits", "DELETE")
        counts.add(_granted(lambda: ask(params), most=2 * allowed))
    assert allowed in counts


def _granted(ask: Callable[[], object], most: int) -> int:
    for number in range(most):
        try:
            ask()
        except ccxt.DDoSProtection:
            return number
    return most
