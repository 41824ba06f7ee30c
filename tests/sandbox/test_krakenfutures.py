"""Kraken Futures: everything ccxt can read adds up, and refusals come in Kraken's words."""

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

import ccxt
import pytest

from tests.sandbox.conftest import Client, connect
from tests.sandbox.walks import kraken_pages, written
from tests.sandbox_server import advance, control, credentials, fault, running_sandbox

Row = dict[str, Any]
ACCOUNTS = [("read-only", "main"), ("read-only-small", "small")]
CHECK = "/api/auth/v1/api-keys/v3/check"


def signed(
    base_url: str, path: str, query: str = "", nonce: str = "", purpose: str = "read-only"
) -> Row:
    """Ask without ccxt, whose numbers have been floats; bare fractions come as exact decimals."""
    key = credentials("krakenfutures", purpose)
    told = path.removeprefix("/derivatives")
    digest = hashlib.sha256(f"{query}{nonce}{told}".encode()).digest()
    mac = hmac.new(base64.b64decode(key["secret"]), digest, hashlib.sha512).digest()
    headers = {"APIKey": key["apiKey"], "Authent": base64.b64encode(mac).decode()}
    url = f"{base_url}/krakenfutures{path}" + (f"?{query}" if query else "")
    request = urllib.request.Request(url, headers=headers | ({"Nonce": nonce} if nonce else {}))
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            text = response.read()
    except urllib.error.HTTPError as refused:
        text = refused.read()
    answer: Row = json.loads(text, parse_float=Decimal)
    return answer


def account_log(base_url: str, purpose: str, count: int = 1000) -> list[Row]:
    """The whole log, newest first, by ids."""
    rows: list[Row] = []
    while not rows or rows[-1]["id"] > 1:
        query = f"count={count}" + (f"&to={rows[-1]['id'] - 1}" if rows else "")
        page = signed(base_url, "/api/history/v3/account-log", query, purpose=purpose)["logs"]
        rows += page
        if len(page) < count:
            break
    return rows


def wallet_of(row: Row) -> str:
    name = row["margin_account"]
    if name == "flex":
        return "multi-collateral"
    base = {"f-xbt:usd": "BTC", "f-eth:usd": "ETH"}.get(name)
    return f"single-collateral {base}/USD" if base else "holding"


@pytest.mark.parametrize(("purpose", "account"), ACCOUNTS)
def test_the_log_adds_up_to_the_balances(sandbox: str, purpose: str, account: str) -> None:
    rows = account_log(sandbox, purpose)
    told = control(sandbox, f"accounts/krakenfutures-{account}/statement")
    assert len(rows) == told["records"]["ledger"]
    sums: Any = defaultdict(Decimal)
    before: dict[tuple[str, str], Decimal] = {}
    for row in reversed(rows):
        place = (wallet_of(row), row["asset"])
        assert before.get(place, 0) == row["old_balance"]
        before[place] = row["new_balance"]
        if row["asset"] != row["contract"]:
            code = {"xbt": "BTC"}.get(row["asset"], row["asset"].upper())
            sums[place[0], code] += row["new_balance"] - row["old_balance"]
    assert written(sums) == told["balances"]
    assert [row["date"] for row in rows] == sorted((row["date"] for row in rows), reverse=True)


def test_what_a_row_is_made_of(sandbox: str) -> None:
    """The change is profit and funding less both fees, on every row that has an execution."""
    parts = ("realized_pnl", "realized_funding", "fee", "liquidation_fee")
    for row in account_log(sandbox, "read-only"):
        if row["asset"] == row["contract"] or row["realized_pnl"] is None:
            continue
        won, funded, fee, penalty = (row[name] or 0 for name in parts)
        assert row["new_balance"] - row["old_balance"] == won + funded - fee - penalty


def test_the_main_account_has_all_kinds_of_life(sandbox: str) -> None:
    rows = account_log(sandbox, "read-only")
    kinds = Counter(row["info"] for row in rows)
    assert len(rows) >= 2_500
    assert set(kinds) == {
        *("futures trade", "funding rate change", "cross-exchange transfer", "transfer"),
        *("conversion", "settlement", "futures liquidation", "futures assignor"),
        "interest payment",
    }
    assert any(row["asset"] == "pi_xbtusd" and row["new_balance"] < 0 for row in rows)
    positions = control(sandbox, "accounts/krakenfutures-main/statement")["positions"]
    assert {(p["side"], p["settle_asset"]) for p in positions} >= {
        *(("long", "USD"), ("short", "USD"), ("long", "BTC"), ("short", "BTC")),
    }
    assert any(p["symbol"].startswith("FI_XBTUSD_") for p in positions)


def test_the_spot_side_of_transfers_has_the_same_reference(client: Client, sandbox: str) -> None:
    spot = kraken_pages(client("kraken").privatePostLedgers, "ledger", type="transfer")
    moves = {
        row["refid"]: -Decimal(row["amount"])
        for row in spot.values()
        if "futures" in row["subtype"]
    }
    arrived = {
        row["execution"]: row["new_balance"] - row["old_balance"]
        for row in account_log(sandbox, "read-only")
        if row["info"] == "cross-exchange transfer"
    }
    assert moves == arrived
    assert len(moves) == 9


def test_pages_go_by_id_and_by_time(sandbox: str) -> None:
    whole = account_log(sandbox, "read-only-small", 7)
    assert [row["id"] for row in whole] == list(range(len(whole), 0, -1))
    asked = signed(
        sandbox,
        "/api/history/v3/account-log",
        "from=5&to=9&sort=asc&count=3",
        purpose="read-only-small",
    )
    assert [row["id"] for row in asked["logs"]] == [5, 6, 7]
    kind = "info=funding+rate+change&count=2"
    found = signed(sandbox, "/api/history/v3/account-log", kind, purpose="read-only-small")
    assert [row["info"] for row in found["logs"]] == ["funding rate change"] * 2


def test_executions_and_fills_tell_the_same(client: Client, sandbox: str) -> None:
    futures = client("krakenfutures")
    elements: list[Row] = []
    asked: Row = {"count": 100, "sort": "asc"}
    while True:
        answer = futures.historyGetExecutions(asked)
        elements += answer["elements"]
        if "continuationToken" not in answer:
            break
        asked["continuation_token"] = answer["continuationToken"]
    told = control(sandbox, "accounts/krakenfutures-main/statement")["records"]
    assert len(elements) == told["trades"]
    uids = [element["event"]["execution"]["execution"]["uid"] for element in elements]
    log = account_log(sandbox, "read-only")
    assert set(uids) == {row["execution"] for row in log if row["asset"] == row["contract"]} - {
        None
    }
    fills = futures.privateGetFills()["fills"]
    assert [row["fill_id"] for row in fills] == uids[:-101:-1]
    older = futures.privateGetFills({"lastFillTime": fills[-1]["fillTime"]})["fills"]
    assert older[0]["fillTime"] < fills[-1]["fillTime"]


def test_many_fills_share_one_millisecond(sandbox: str) -> None:
    times = Counter(row["date"] for row in account_log(sandbox, "read-only-small"))
    assert max(times.values()) == 40


def test_unified_methods_read_the_account(client: Client) -> None:
    futures = client("krakenfutures")
    kinds = {(m["type"], m["inverse"]) for m in futures.load_markets().values()}
    assert {("swap", True), ("swap", False), ("future", True)} <= kinds
    assert Decimal(futures.fetch_balance()["total"]["USD"]) > 0
    assert len(futures.fetch_positions()) == 4
    assert futures.fetch_ledger(limit=50)
    assert futures.fetch_my_trades()
    assert len(futures.fetch_ohlcv("BTC/USD:USD", "1d", limit=100)) >= 99
    assert futures.fetch_tickers()["BTC/USD:USD"]["last"]


def test_balances_are_cash_and_numbers_are_bare(client: Client, sandbox: str) -> None:
    told = control(sandbox, "accounts/krakenfutures-main/statement")["balances"]
    accounts = signed(sandbox, "/derivatives/api/v3/accounts")["accounts"]
    flex = accounts["flex"]
    assert {c: r["quantity"] for c, r in flex["currencies"].items()} == {
        code: Decimal(text) for code, text in told["multi-collateral"].items()
    }
    assert flex["portfolioValue"] != flex["balanceValue"]
    single = accounts["fi_xbtusd"]
    assert single["balances"]["xbt"] == Decimal(told["single-collateral BTC/USD"]["BTC"])
    assert single["auxiliary"]["pv"] != single["balances"]["xbt"]
    assert "PI_XBTUSD" in single["balances"]


@pytest.mark.parametrize(
    ("purpose", "general", "transfer"),
    [
        ("read-only", "READ_ONLY", "NO_ACCESS"),
        ("trade", "FULL_ACCESS", "NO_ACCESS"),
        ("withdraw", "READ_ONLY", "FULL_ACCESS"),
    ],
)
def test_a_key_tells_what_it_may_do(
    sandbox: str, purpose: str, general: str, transfer: str
) -> None:
    told = signed(sandbox, CHECK, purpose=purpose)
    assert told["permissions"] == {"general": general, "transfer": transfer}
    assert bool(told["allowedCidrBlocks"]) is (purpose == "withdraw")


def test_dead_foreign_and_wrong_keys_are_refused(client: Client, sandbox: str) -> None:
    wrong = base64.b64encode(b"wrong").decode()
    for made in (
        client("krakenfutures", "expired"),
        client("krakenfutures", "other-ip"),
        client("krakenfutures", apiKey="k" * 56),
        client("krakenfutures", secret=wrong),
    ):
        with pytest.raises(ccxt.AuthenticationError, match="authenticationError"):
            made.privateGetAccounts()
        with pytest.raises(ccxt.AuthenticationError, match="unauthorized"):
            made.historyGetAccountLog()
    assert "error" in signed(sandbox, CHECK, purpose="expired")


def test_a_nonce_is_not_needed_but_must_rise(sandbox: str) -> None:
    path = "/derivatives/api/v3/accounts"
    assert signed(sandbox, path, nonce="1700000000001")["result"] == "success"
    assert signed(sandbox, path, nonce="1700000000001")["error"] == "nonceDuplicate"
    assert signed(sandbox, path, nonce="1700000000000")["error"] == "nonceBelowThreshold"
    assert signed(sandbox, path)["result"] == "success"


def test_writes_are_refused_by_right_and_counted(client: Client, sandbox: str) -> None:
    control(sandbox, "requests", "DELETE")
    writes = [
        ("privatePostSendorder", {"symbol": "PF_XBTUSD", "size": 1}, "trade"),
        ("privatePostCancelorder", {"order_id": "1"}, "trade"),
        ("privatePostWithdrawal", {"currency": "xbt", "amount": "1"}, "withdraw"),
    ]
    for name, params, right in writes:
        with pytest.raises(ccxt.AuthenticationError):
            getattr(client("krakenfutures"), name)(params)
        with pytest.raises(ccxt.ExchangeError) as refused:
            getattr(client("krakenfutures", right), name)(params)
        assert not isinstance(refused.value, ccxt.AuthenticationError)
    client("krakenfutures").privateGetAccounts()
    counted = control(sandbox, "requests?exchange=krakenfutures")
    assert counted["writes"] == 2 * len(writes)
    assert counted["total"] == counted["writes"] + 1


def test_limits_are_counted_in_two_pools(client: Client, sandbox: str) -> None:
    with (
        fault(sandbox, "rate_limit", exchange="krakenfutures"),
        pytest.raises(ccxt.RateLimitExceeded),
    ):
        client("krakenfutures").privateGetAccounts()
    with (
        fault(sandbox, "maintenance", exchange="krakenfutures"),
        pytest.raises(ccxt.ExchangeNotAvailable),
    ):
        client("krakenfutures").privateGetAccounts()
    with running_sandbox(speed=1) as url:
        slow = connect(url, "krakenfutures")
        for _ in range(33):  # three tokens each, of a hundred
            slow.historyGetAccountLog({"count": 1000})
        slow.historyGetExecutions()
        with pytest.raises(ccxt.DDoSProtection):
            slow.historyGetAccountLog({"count": 1000})
        assert slow.privateGetAccounts()["result"] == "success"  # the other pool
        earlier = {"lastFillTime": "2026-01-01T00:00:00.000Z"}
        assert _refused_in_the_end(lambda: slow.privateGetFills(earlier)) >= 18


def _refused_in_the_end(ask: Any) -> int:
    """Ask again and again; gives how often it was answered."""
    for count in range(45):
        try:
            ask()
        except ccxt.RateLimitExceeded:
            return count
    raise AssertionError("never refused")


def test_an_account_lives_on() -> None:
    with running_sandbox() as url:
        before = control(url, "accounts/krakenfutures-small/statement")
        after = advance(url, "krakenfutures", "read-only-small", records=8)
        assert after["records"]["trades"] == before["records"]["trades"] + 4
        rows = account_log(url, "read-only-small")
        assert len(rows) == after["records"]["ledger"] == before["records"]["ledger"] + 12
        cash = next(row for row in rows if row["asset"] == "usd")
        assert cash["new_balance"] == Decimal(after["balances"]["multi-collateral"]["USD"])
