"""Bitget: everything ccxt can read adds up, and refusals come with Bitget's codes."""

import json
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from sandbox.generate.prices import DAY
from sandbox.options import DEFAULT_ANCHOR
from tests.sandbox.conftest import Client, connect
from tests.sandbox.walks import Row, Sums, written
from tests.sandbox_server import advance, control, fault, running_sandbox

ANCHOR = int(DEFAULT_ANCHOR.timestamp()) * 1000
PRODUCTS = {
    "USDT-FUTURES": "usdt-m futures",
    "USDC-FUTURES": "usdc-m futures",
    "COIN-FUTURES": "coin-m futures",
}
MODES = {"crossed": "cross margin", "isolated": "isolated margin"}


def walk(method: Any, days: int, limit: int, **params: str) -> list[Row]:
    """All rows of a list: windows that touch, and within them page by page."""
    rows: dict[str, Row] = {}
    for start in range(ANCHOR - 760 * DAY, ANCHOR + 30 * DAY, days * DAY):
        asked = {"startTime": start, "endTime": start + days * DAY - 1, "limit": limit, **params}
        last: dict[str, str] = {}
        while True:
            page = method(asked | last)["data"]
            rows |= {row.get("id") or row["orderId"]: row for row in page}
            if len(page) < limit:
                break
            last = {"idLessThan": page[-1].get("id") or page[-1]["orderId"]}
    return list(rows.values())


def ledgers(bitget: Any) -> dict[str, list[Row]]:
    """Every tax record by the wallet it is of."""
    found = {"spot": walk(bitget.privateTaxGetV2TaxSpotRecord, 30, 100)}
    for product, wallet in PRODUCTS.items():
        method = bitget.privateTaxGetV2TaxFutureRecord
        found[wallet] = walk(method, 30, 100, productType=product)
    for mode, wallet in MODES.items():
        found[wallet] = walk(bitget.privateTaxGetV2TaxMarginRecord, 30, 100, marginType=mode)
    return found


def sums_of(found: dict[str, list[Row]]) -> Sums:
    """What the records say is held; a loan is not, and savings are what was subscribed."""
    sums: Sums = defaultdict(Decimal)
    for wallet, rows in found.items():
        for row in rows:
            if row.get("marginTaxType") in ("borrow", "repay"):
                continue
            coin = row.get("coin") or row["marginCoin"]
            sums[wallet, coin] += Decimal(row["amount"]) + Decimal(row["fee"])
            if row.get("spotTaxType") in ("Subscribe", "Redemption"):
                sums["earn", coin] -= Decimal(row["amount"])
    return sums


@pytest.mark.parametrize(
    ("purpose", "account"), [("read-only", "main"), ("read-only-small", "small")]
)
def test_all_records_add_up_to_the_balances(
    client: Client, sandbox: str, purpose: str, account: str
) -> None:
    bitget = client("bitget", purpose)
    found = ledgers(bitget)
    told = control(sandbox, f"accounts/bitget-{account}/statement")
    assert written(sums_of(found)) == told["balances"]
    assert told["records"] == {
        "ledger": sum(len(rows) for rows in found.values()),
        "deposits": len(walk(bitget.privateSpotGetV2SpotWalletDepositRecords, 90, 7)),
        "withdrawals": len(walk(bitget.privateSpotGetV2SpotWalletWithdrawalRecords, 90, 7)),
    }


def test_the_main_account_has_every_kind_of_record(client: Client) -> None:
    found = ledgers(client("bitget"))
    assert sum(len(rows) for rows in found.values()) > 1_500
    assert {row["spotTaxType"] for row in found["spot"]} == {
        *("Deposit", "Fiat deposit", "Withdrawal", "Buy", "Sell", "Transaction fee deduct"),
        *("Exchange spending", "Exchange income", "Transfer in", "Transfer out"),
        *("Subscribe", "Redemption", "Interest", "Airdrop Reward-A", "Trading fee rebate"),
    }
    words = {row["futureTaxType"] for wallet in PRODUCTS.values() for row in found[wallet]}
    assert words == {
        *("TRANSFER_IN", "TRANSFER_OUT", "open_long", "close_long", "burst_close_long"),
        "open_short",
        *("CONTRACT_MAIN_SETTLE_FEE_USER_IN", "CONTRACT_MAIN_SETTLE_FEE_USER_OUT"),
    }
    assert {row["marginTaxType"] for wallet in MODES.values() for row in found[wallet]} == {
        *("transfer_in", "transfer_out", "borrow", "repay", "interest_repay"),
        *("deal_in", "deal_out"),
    }


def test_the_running_balance_of_every_coin_is_exact(client: Client) -> None:
    rows = ledgers(client("bitget"))["spot"]
    balances: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in sorted(rows, key=lambda row: int(row["id"])):
        balances[row["coin"]] += Decimal(row["amount"]) + Decimal(row["fee"])
        assert balances[row["coin"]] == Decimal(row["balance"]) >= 0
    assert len({row["id"] for row in rows}) == len(rows)


def test_an_order_and_a_journey_share_their_number(client: Client) -> None:
    bitget = client("bitget")
    rows = ledgers(bitget)["spot"]
    orders: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        orders[row["bizOrderId"]][row["spotTaxType"]] += 1
    trades = [words for words in orders.values() if words["Buy"]]
    assert all(words["Buy"] == words["Sell"] for words in trades)
    assert any(words["Transaction fee deduct"] for words in trades)
    assert any(words["Buy"] > 1 for words in trades)
    for row in walk(bitget.privateSpotGetV2SpotWalletDepositRecords, 90, 100):
        assert orders[row["orderId"]]["Deposit"] == (row["status"] == "success")
    for row in walk(bitget.privateSpotGetV2SpotWalletWithdrawalRecords, 90, 100):
        assert orders[row["orderId"]]["Withdrawal"] == (row["status"] == "success")


def test_unified_methods_read_the_account(client: Client, sandbox: str) -> None:
    bitget = client("bitget")
    held = control(sandbox, "accounts/bitget-main/statement")["balances"]
    bitget.load_markets()
    assert {"BTC/EUR", "BTC/USDT:USDT", "BTC/USDC:USDC", "ETH/USD:ETH"} <= set(bitget.markets)
    assert Decimal(bitget.fetch_balance()["total"]["BTC"]) == Decimal(held["spot"]["BTC"])
    crossed = bitget.fetch_balance({"marginMode": "cross"})["USDT"]
    assert Decimal(crossed["total"]) == Decimal(held["cross margin"]["USDT"]) + 150
    assert Decimal(crossed["debt"]) > 150
    assert bitget.fetch_balance({"marginMode": "isolated"})["total"]
    swap = bitget.fetch_balance({"type": "swap", "productType": "USDT-FUTURES"})["info"][0]
    equity, open_ = Decimal(swap["accountEquity"]), Decimal(swap["unrealizedPL"])
    assert open_
    assert equity - open_ == Decimal(held["usdt-m futures"]["USDT"])
    sent = bitget.fetch_withdrawals(since=ANCHOR - 80 * DAY, params={"until": ANCHOR})
    assert Decimal(sent[0]["fee"]["cost"]) > 0
    assert bitget.fetch_deposits(since=ANCHOR - 80 * DAY, params={"until": ANCHOR})[0]["txid"]
    assert len(bitget.fetch_tickers()) == 23
    assert len(bitget.fetch_ohlcv("DOGE/USDT", "1d", limit=300)) == 300


def test_old_days_come_two_hundred_at_a_time(client: Client) -> None:
    asked = {"symbol": "BTCEUR", "granularity": "1Dutc", "endTime": ANCHOR - 500 * DAY}
    rows = client("bitget").publicSpotGetV2SpotMarketHistoryCandles(asked | {"limit": 200})["data"]
    opened = [int(row[0]) for row in rows]
    assert opened == [ANCHOR - (500 + back) * DAY for back in reversed(range(200))]


@pytest.mark.parametrize(
    ("purpose", "words"),
    [
        ("read-only", set()),
        ("trade", {"coow", "cpow", "stow", "smow"}),
        ("withdraw", {"wtow", "wwow"}),
    ],
)
def test_a_key_tells_what_it_may_do(client: Client, purpose: str, words: set[str]) -> None:
    told = client("bitget", purpose).privateSpotGetV2SpotAccountInfo()["data"]
    assert {word for word in told["authorities"] if not word.endswith("r")} == words
    assert bool(told["ips"]) is (purpose == "withdraw")
    assert told["userId"] == "7264631750"


@pytest.mark.parametrize(
    ("purpose", "settings", "code"),
    [
        ("expired", {}, "40037"),
        ("other-ip", {}, "40018"),
        ("read-only", {"apiKey": "bg_unknown"}, "40037"),
        ("read-only", {"secret": "wrong"}, "40009"),
        ("read-only", {"password": "wrong"}, "40012"),
        ("read-only", {"options": {"timeDifference": 60_000}}, "40008"),
        ("read-only", {"options": {"timeDifference": -60_000}}, "40008"),
    ],
)
def test_what_is_wrong_with_a_key_is_told_by_its_code(
    client: Client, purpose: str, settings: dict[str, Any], code: str
) -> None:
    with pytest.raises(ccxt.ExchangeError if code != "40008" else ccxt.InvalidNonce) as refused:
        client("bitget", purpose, **settings).privateSpotGetV2SpotAccountAssets()
    assert json.loads(str(refused.value).removeprefix("bitget "))["code"] == code


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "40019"),
        ({"startTime": 1, "endTime": 2 + 30 * DAY}, "00001"),
        ({"startTime": 5, "endTime": 4}, "40020"),
        ({"startTime": 1, "endTime": 2, "limit": 501}, "40020"),
        ({"startTime": 1, "endTime": 2, "idLessThan": "7"}, "40020"),
    ],
)
def test_wrong_questions_are_refused(client: Client, params: dict[str, int], code: str) -> None:
    with pytest.raises(ccxt.BadRequest, match=f'"code":"{code}"'):
        client("bitget").privateTaxGetV2TaxSpotRecord(params)


def test_writes_are_refused_by_right_and_counted(client: Client, sandbox: str) -> None:
    control(sandbox, "requests", "DELETE")
    writes = [
        ("privateSpotPostV2SpotTradePlaceOrder", {"symbol": "BTCUSDT"}, "trade"),
        ("privateSpotPostV2SpotTradeCancelOrder", {"orderId": "1"}, "trade"),
        ("privateMixPostV2MixOrderPlaceOrder", {"symbol": "BTCUSDT"}, "trade"),
        ("privateMarginPostV2MarginCrossedAccountBorrow", {"coin": "BTC"}, "trade"),
        ("privateSpotPostV2SpotWalletWithdrawal", {"coin": "BTC"}, "withdraw"),
        ("privateSpotPostV2SpotWalletTransfer", {"coin": "BTC"}, "withdraw"),
    ]
    for name, params, right in writes:
        with pytest.raises(ccxt.PermissionDenied, match='"40014"'):
            getattr(client("bitget"), name)(params)
        with pytest.raises(ccxt.ExchangeError) as refused:
            getattr(client("bitget", right), name)(params)
        assert not isinstance(refused.value, ccxt.PermissionDenied)
    client("bitget").privateSpotGetV2SpotAccountAssets()
    counted = control(sandbox, "requests?exchange=bitget")
    assert counted["writes"] == 2 * len(writes)
    assert counted["total"] == counted["writes"] + 1


def _ask_much(bitget: Any, window: dict[str, int]) -> None:
    for _ in range(20):
        bitget.privateTaxGetV2TaxSpotRecord(window)


def test_one_question_a_second() -> None:
    with running_sandbox(speed=1) as url:
        bitget = connect(url, "bitget")
        window = {"startTime": ANCHOR - DAY, "endTime": ANCHOR}
        with pytest.raises(ccxt.DDoSProtection, match="Too Many Requests"):
            _ask_much(bitget, window)
        assert bitget.privateTaxGetV2TaxFutureRecord(window)["code"] == "00000"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("rate_limit", ccxt.DDoSProtection),
        ("maintenance", ccxt.OnMaintenance),
        ("server_error", ccxt.ExchangeNotAvailable),
        ("clock_skew", ccxt.InvalidNonce),
    ],
)
def test_troubles_look_like_bitgets(
    client: Client, sandbox: str, kind: str, error: type[Exception]
) -> None:
    options = {"seconds": 90} if kind == "clock_skew" else {}
    with fault(sandbox, kind, exchange="bitget", **options), pytest.raises(error):
        client("bitget").privateSpotGetV2SpotAccountAssets()
    assert client("bitget").privateSpotGetV2SpotAccountAssets()["data"]


def test_late_records_turn_up_later(client: Client, sandbox: str) -> None:
    bitget = client("bitget", "read-only-small")
    with fault(sandbox, "late_records", exchange="bitget", every_record=2):
        few = len(ledgers(bitget)["spot"])
    assert 0 < few < len(ledgers(bitget)["spot"])


def test_the_account_lives_on() -> None:
    with running_sandbox() as url:
        bitget = connect(url, "bitget", "read-only-small")
        before = control(url, "accounts/bitget-small/statement")["records"]
        after = advance(url, "bitget", "read-only-small", records=8)
        assert after["records"]["ledger"] > before["ledger"] + 8
        assert after["records"]["deposits"] == before["deposits"] + 2
        now = bitget.milliseconds()
        window = {"startTime": now - DAY, "endTime": now}
        words = [r["spotTaxType"] for r in bitget.privateTaxGetV2TaxSpotRecord(window)["data"]]
        assert {"Deposit", "Buy", "Sell", "Interest", "Transfer out"} == set(words)


def test_open_positions_by_kind_of_futures(client: Client, sandbox: str) -> None:
    bitget = client("bitget")
    ask = bitget.privateMixGetV2MixPositionAllPosition
    rows = [row for kind in PRODUCTS for row in ask({"productType": kind})["data"]]
    told = control(sandbox, "accounts/bitget-main/statement")["positions"]
    assert {(row["symbol"], row["holdSide"], row["total"]) for row in rows} == {
        (row["symbol"], row["side"], row["quantity"]) for row in told
    }
    assert {row["side"] for row in told} == {"long", "short"}
    assert {row["wallet"] for row in told} == set(PRODUCTS.values())
    assert ask({"productType": "COIN-FUTURES", "marginCoin": "BTC"})["data"] == []
    with pytest.raises(ccxt.ExchangeError):
        ask({"productType": "NO-FUTURES"})
    (wallet,) = bitget.privateMixGetV2MixAccountAccounts({"productType": "USDT-FUTURES"})["data"]
    won = sum(Decimal(row["unrealizedPL"]) for row in rows if row["marginCoin"] == "USDT")
    assert abs(Decimal(wallet["unrealizedPL"]) - won) < 5  # prices go on between two questions
