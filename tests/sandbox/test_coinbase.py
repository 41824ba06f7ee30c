"""Coinbase: everything ccxt can read adds up, and refusals come in Coinbase's words."""

import base64
import json
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from typing import Any

import ccxt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sandbox.generate import coinbase_world
from sandbox.generate.coinbase import CoinbaseLife
from sandbox.generate.prices import DAY, Prices
from sandbox.generate.world import SEED
from sandbox.options import Options
from tests.sandbox.conftest import Client, connect
from tests.sandbox_server import advance, control, credentials, fault, running_sandbox

Row = dict[str, Any]


def pages(method: Callable[[Row], Any], **params: Any) -> list[Row]:
    """All rows of a list of the older API, the newest first."""
    rows: list[Row] = []
    more: Row = {}
    while True:
        answer = method({"limit": 100, **params, **more})
        rows += answer["data"]
        after = answer["pagination"]["next_starting_after"]
        if not after:
            return rows
        more = {"starting_after": after}


def listed(method: Callable[[Row], Any], name: str, limit: int) -> list[Row]:
    """All rows of a list of the brokerage."""
    rows: list[Row] = []
    cursor = ""
    while True:
        answer = method({"limit": limit, **({"cursor": cursor} if cursor else {})})
        rows += answer[name]
        cursor = answer["cursor"]
        if not cursor:
            return rows


def wallets(client: Any) -> dict[str, tuple[str, Row]]:
    """Accounts by id, with the wallet they belong to."""
    own = {row["uuid"] for row in listed(client.v3PrivateGetBrokerageAccounts, "accounts", 10)}
    found = {}
    for row in pages(client.v2PrivateGetAccounts):
        if row["id"] in own:
            found[row["id"]] = ("spot", row)
        elif row["type"] == "vault":
            found[row["id"]] = ("vault", row)
        elif row["name"].startswith("Staked"):
            found[row["id"]] = ("staking", row)
    return found


def everything(client: Any) -> dict[str, tuple[str, list[Row]]]:
    """The whole ledger of every account."""
    method = client.v2PrivateGetAccountsAccountIdTransactions
    return {
        name: (wallet, pages(method, account_id=name))
        for name, (wallet, _) in wallets(client).items()
    }


def added_up(ledgers: dict[str, tuple[str, list[Row]]]) -> dict[str, dict[str, str]]:
    """Balances as the rows tell them; a fill's fee is beside its rows, in the quote."""
    sums: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    with localcontext() as context:
        context.prec = 60
        for wallet, rows in ledgers.values():
            for row in rows:
                if row["status"] != "completed":
                    continue
                code = row["amount"]["currency"]
                sums[wallet, code] += Decimal(row["amount"]["amount"])
                told = row.get("advanced_trade_fill", {"product_id": "-", "commission": "0"})
                base, quote = told["product_id"].split("-")
                if code == base:
                    sums[wallet, quote] -= Decimal(told["commission"])
        found: dict[str, dict[str, str]] = {}
        for (wallet, code), total in sums.items():
            if total:
                found.setdefault(wallet, {})[code] = f"{total.normalize():f}"
    return found


@pytest.mark.parametrize(
    ("purpose", "account"), [("read-only", "main"), ("read-only-small", "small")]
)
def test_all_records_add_up_to_the_balances(
    client: Client, sandbox: str, purpose: str, account: str
) -> None:
    coinbase = client("coinbase", purpose)
    ledgers = everything(coinbase)
    told = control(sandbox, f"accounts/coinbase-{account}/statement")
    assert added_up(ledgers) == told["balances"]
    fiat = [name for name, (_, row) in wallets(coinbase).items() if row["type"] == "fiat"]
    banks = {
        "deposits": coinbase.v2PrivateGetAccountsAccountIdDeposits,
        "withdrawals": coinbase.v2PrivateGetAccountsAccountIdWithdrawals,
    }
    assert told["records"] == {
        "ledger": sum(len(rows) for _, rows in ledgers.values()),
        "trades": len(listed(coinbase.v3PrivateGetBrokerageOrdersHistoricalFills, "fills", 100)),
        **{
            kind: sum(len(pages(method, account_id=name)) for name in fiat)
            for kind, method in banks.items()
        },
    }


def test_both_apis_report_the_same_balances(client: Client) -> None:
    coinbase = client("coinbase")
    older = {name: row for name, (wallet, row) in wallets(coinbase).items() if wallet == "spot"}
    held = 0
    for row in listed(coinbase.v3PrivateGetBrokerageAccounts, "accounts", 250):
        hold = Decimal(row["hold"]["value"])
        total = Decimal(row["available_balance"]["value"]) + hold
        assert total == Decimal(older[row["uuid"]]["balance"]["amount"])
        held += bool(hold)
    assert held == 2


def test_the_main_account_has_every_kind_of_row(client: Client) -> None:
    ledgers = everything(client("coinbase"))
    kinds = Counter(row["type"] for _, rows in ledgers.values() for row in rows)
    assert sum(kinds.values()) > 1_000
    assert set(kinds) == {
        *("buy", "sell", "send", "receive", "trade", "advanced_trade_fill", "fiat_deposit"),
        *("fiat_withdrawal", "staking_transfer", "unstaking_transfer", "staking_reward"),
        *("inflation_reward", "interest", "transfer", "vault_withdrawal", "pro_deposit"),
        *("pro_withdrawal", "exchange_deposit", "exchange_withdrawal", "earn_payout", "tx"),
        *("incentives_rewards_payout", "incentives_shared_clawback", "retail_simple_dust"),
        "subscription",
    }
    states = Counter(row["status"] for _, rows in ledgers.values() for row in rows)
    assert set(states) == {"completed", "pending", "failed", "canceled"}
    for _, rows in ledgers.values():
        times = [row["created_at"] for row in rows]
        assert times == sorted(times, reverse=True)


def test_some_accounts_are_empty_and_have_a_history(client: Client) -> None:
    coinbase = client("coinbase")
    ledgers = everything(coinbase)
    spot = {row["currency"]["code"]: row for wallet, row in wallets(coinbase).values()
            if wallet == "spot"}  # fmt: skip
    shiba = spot["SHIB"]
    assert not Decimal(shiba["balance"]["amount"])
    assert len(ledgers[shiba["id"]][1]) >= 3
    assert ledgers[spot["DOGE"]["id"]][1] == []


def test_other_portfolios_and_unopened_accounts_are_listed_too(client: Client) -> None:
    coinbase = client("coinbase")
    known = wallets(coinbase)
    rest = [row for row in pages(coinbase.v2PrivateGetAccounts) if row["id"] not in known]
    assert [row["id"] for row in rest if row["created_at"] is None]
    (other,) = (row for row in rest if row["created_at"])
    assert (other["currency"]["code"], Decimal(other["balance"]["amount"]) > 0) == ("USDC", True)


def test_fills_and_ledgers_tell_the_same(client: Client) -> None:
    coinbase = client("coinbase")
    fills = listed(coinbase.v3PrivateGetBrokerageOrdersHistoricalFills, "fills", 250)
    bought: defaultdict[str, Decimal] = defaultdict(Decimal)
    paid: defaultdict[str, Decimal] = defaultdict(Decimal)
    fees: Counter[str] = Counter()
    with localcontext() as context:
        context.prec = 60
        for fill in fills:
            sign = 1 if fill["side"] == "BUY" else -1
            bought[fill["order_id"]] += sign * Decimal(fill["size"])
            paid[fill["order_id"]] -= sign * Decimal(fill["size"]) * Decimal(fill["price"])
            fees[fill["commission"]] += 1
        for _, rows in everything(coinbase).values():
            for row in rows:
                told = row.get("advanced_trade_fill")
                if told is None:
                    continue
                base = told["product_id"].split("-")[0]
                side = bought if row["amount"]["currency"] == base else paid
                side[told["order_id"]] -= Decimal(row["amount"]["amount"])
                fees[told["commission"]] -= side is bought
    assert not any(bought.values())
    assert not any(paid.values())
    assert not any(fees.values())
    assert max(Counter(fill["order_id"] for fill in fills).values()) == 3


def test_fills_are_found_by_time_and_product(client: Client) -> None:
    coinbase = client("coinbase")
    fills = listed(coinbase.v3PrivateGetBrokerageOrdersHistoricalFills, "fills", 250)
    since = fills[40]["sequence_timestamp"][:19] + "Z"
    found = coinbase.v3PrivateGetBrokerageOrdersHistoricalFills(
        {"start_sequence_timestamp": since, "product_id": "ETH-EUR", "limit": 250}
    )["fills"]
    expected = [f for f in fills if f["sequence_timestamp"] >= since[:19]]
    assert found == [f for f in expected if f["product_id"] == "ETH-EUR"]
    assert 0 < len(found) < len(expected)


def test_unified_methods_read_the_account(client: Client) -> None:
    coinbase = client("coinbase")
    markets = coinbase.load_markets()
    assert {"BTC/EUR", "ETH/USDC", "ETH/BTC"} <= set(markets)
    assert coinbase.fetch_balance({"v3": True})["total"]["BTC"]
    assert len(coinbase.fetch_my_trades()) == 100
    ledger = coinbase.fetch_ledger("EUR", limit=50)
    assert len(ledger) == 50
    assert all(row["currency"] == "EUR" and row["amount"] for row in ledger)
    assert coinbase.fetch_deposits("EUR")[0]["currency"] == "EUR"
    since = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1000
    candles = coinbase.fetch_ohlcv("SOL/EUR", "1d", since, 30)
    assert [row[0] for row in candles] == [since + day * DAY for day in range(30)]
    assert coinbase.fetch_time()


def test_the_empty_account_is_empty(client: Client, sandbox: str) -> None:
    told = control(sandbox, "accounts/coinbase-empty/statement")
    assert told["balances"] == {}
    assert set(told["records"].values()) == {0}
    total = client("coinbase", "read-only-empty").fetch_balance({"v3": True})["total"]
    assert not any(float(text) for text in total.values())


@pytest.mark.parametrize(
    ("purpose", "rights"),
    [
        ("read-only", {"can_view"}),
        ("trade", {"can_view", "can_trade"}),
        ("withdraw", {"can_view", "can_transfer"}),
    ],
)
def test_a_key_tells_what_it_may_do(client: Client, purpose: str, rights: set[str]) -> None:
    told = client("coinbase", purpose).v3PrivateGetBrokerageKeyPermissions()
    assert {name for name, on in told.items() if on is True} == rights
    assert told["portfolio_type"] == "DEFAULT"


@pytest.mark.parametrize("purpose", ["expired", "other-ip"])
def test_keys_that_do_not_work_are_refused_in_one_word(client: Client, purpose: str) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="Unauthorized"):
        client("coinbase", purpose).v3PrivateGetBrokerageAccounts()


def test_a_demo_key_looks_like_a_real_one() -> None:
    key = credentials("coinbase")
    assert key == credentials("coinbase")
    words = key["apiKey"].split("/")
    assert (words[0], words[2], len(words[1]), len(words[3])) == (
        "organizations", "apiKeys", 36, 36,
    )  # fmt: skip
    assert key["secret"].startswith("-----BEGIN EC PRIVATE KEY-----\n")
    assert load_pem_private_key(key["secret"].encode(), None).key_size == 256  # type: ignore[union-attr]
    assert key["secret"] != credentials("coinbase", "trade")["secret"]


def asked_with(client: Any, change: Callable[[Row, Row], None], secret: str = "") -> Any:
    """Ask for the key's rights with a token that was changed before it was signed."""
    sign = client.jwt

    def altered(claims: Row, key: Any, algorithm: Any, is_rsa: Any, head: Row) -> str:
        change(claims, head)
        return str(sign(claims, secret.encode() or key, algorithm, is_rsa, head))

    client.jwt = altered
    return client.v3PrivateGetBrokerageKeyPermissions()


BAD_TOKENS: dict[str, Callable[[Row, Row], None]] = {
    "another method": lambda claims, head: claims.update(uri="POST " + claims["uri"][4:]),
    "another path": lambda claims, head: claims.update(uri=claims["uri"][:-1]),
    "another host": lambda claims, head: claims.update(
        uri="GET api.coinbase.com/coinbase/api/v3/brokerage/key_permissions"
    ),
    "without the prefix": lambda claims, head: claims.update(
        uri=claims["uri"].replace("/coinbase", "")
    ),
    "from the past": lambda claims, head: claims.update(
        nbf=claims["nbf"] - 200, exp=claims["exp"] - 200
    ),
    "from the future": lambda claims, head: claims.update(
        nbf=claims["nbf"] + 90, exp=claims["exp"] + 90
    ),
    "for too long": lambda claims, head: claims.update(exp=claims["exp"] + 60),
    "of another subject": lambda claims, head: claims.update(sub="organizations/1/apiKeys/2"),
    "of another issuer": lambda claims, head: claims.update(iss="someone"),
    "without a nonce": lambda claims, head: head.pop("nonce"),
    "of another key": lambda claims, head: head.update(kid="organizations/1/apiKeys/2"),
}


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_token_is_for_one_request_and_two_minutes(client: Client, name: str) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="Unauthorized"):
        asked_with(client("coinbase"), BAD_TOKENS[name])


def test_a_token_must_be_signed_with_the_key(client: Client) -> None:
    assert asked_with(client("coinbase"), lambda claims, head: None)["can_view"]
    other = credentials("coinbase", "trade")["secret"]
    with pytest.raises(ccxt.AuthenticationError, match="Unauthorized"):
        asked_with(client("coinbase"), lambda claims, head: None, other)


def test_a_token_without_a_signature_is_refused(client: Client) -> None:
    coinbase = client("coinbase")

    def unsigned(claims: Row, key: Any, algorithm: Any, is_rsa: Any, head: Row) -> str:
        parts = (json.dumps(head | {"alg": "none"}), json.dumps(claims), "")
        return ".".join(base64.urlsafe_b64encode(p.encode()).decode().strip("=") for p in parts)

    coinbase.jwt = unsigned
    with pytest.raises(ccxt.AuthenticationError, match="Unauthorized"):
        coinbase.v3PrivateGetBrokerageKeyPermissions()


WRITES = [
    ("v3PrivatePostBrokerageOrders", {"product_id": "BTC-EUR", "side": "BUY"}),
    ("v3PrivatePostBrokerageOrdersBatchCancel", {"order_ids": ["1"]}),
    ("v3PrivatePostBrokerageConvertQuote", {"amount": "1"}),
    ("v3PrivatePostBrokeragePortfoliosMoveFunds", {"funds": "1"}),
    ("v2PrivatePostAccountsAccountIdTransactions", {"account_id": "BTC", "type": "send"}),
    ("v2PrivatePostAccountsAccountIdWithdrawals", {"account_id": "EUR", "amount": "1"}),
]


@pytest.mark.parametrize(("method", "params"), WRITES)
def test_writes_are_refused_counted_and_change_nothing(
    client: Client, sandbox: str, method: str, params: Row
) -> None:
    before = control(sandbox, "accounts/coinbase-main/statement")
    with pytest.raises(ccxt.BaseError, match="Missing required scopes"):
        getattr(client("coinbase"), method)(params)
    for purpose in ("trade", "withdraw"):
        with pytest.raises(ccxt.BaseError):
            getattr(client("coinbase", purpose), method)(params)
    assert control(sandbox, "requests?exchange=coinbase")["writes"] == 3
    assert control(sandbox, "accounts/coinbase-main/statement") == before


def test_unknown_places_are_refused(client: Client) -> None:
    coinbase = client("coinbase")
    with pytest.raises(ccxt.BaseError, match="not_found"):
        coinbase.v2PrivateGetAccountsAccountIdTransactions({"account_id": "nowhere"})
    with pytest.raises(ccxt.BaseError, match="invalid_request"):
        coinbase.v2PrivateGetAccountsAccountIdTransactions(
            {"account_id": "EUR", "starting_after": "nothing"}
        )
    with pytest.raises(ccxt.BadRequest, match="cursor"):
        coinbase.v3PrivateGetBrokerageAccounts({"cursor": "nothing"})
    with pytest.raises(ccxt.BadRequest, match="350"):
        coinbase.v3PublicGetBrokerageMarketProductsProductIdCandles(
            {"product_id": "BTC-EUR", "granularity": "ONE_DAY", "start": "1700000000",
             "end": str(1_700_000_000 + 400 * 86_400)}
        )  # fmt: skip


def test_requests_are_limited_by_the_hour() -> None:
    with running_sandbox(speed="1/100") as url:
        coinbase = connect(url, "coinbase")
        for _ in range(100):
            coinbase.v2PrivateGetUser()
        with pytest.raises(ccxt.RateLimitExceeded, match="rate_limit_exceeded"):
            coinbase.v2PrivateGetUser()
        coinbase.v3PrivateGetBrokerageKeyPermissions()


def test_late_records_and_repeated_pages_hide_nothing(client: Client, sandbox: str) -> None:
    coinbase = client("coinbase", "read-only-small")
    before = everything(coinbase)
    with fault(sandbox, "late_records", exchange="coinbase"):
        some = everything(coinbase)
    with fault(sandbox, "duplicate_pages", exchange="coinbase"):
        again = everything(client("coinbase"))
    names = {row["id"] for _, rows in before.values() for row in rows}
    found = {row["id"] for _, rows in some.values() for row in rows}
    assert found < names
    assert everything(coinbase) == before
    calm = everything(client("coinbase"))
    for name, (_, rows) in calm.items():
        assert {row["id"] for row in again[name][1]} == {row["id"] for row in rows}
    repeated = sum(len(rows) for _, rows in again.values())
    assert repeated > sum(len(rows) for _, rows in calm.values())


def test_an_account_lives_on() -> None:
    with running_sandbox() as url:
        before = control(url, "accounts/coinbase-small/statement")
        after = advance(url, "coinbase", "read-only-small", records=8)
        assert after["records"]["trades"] == before["records"]["trades"] + 2
        assert after["records"]["deposits"] == before["records"]["deposits"] + 2
        assert (
            added_up(everything(connect(url, "coinbase", "read-only-small"))) == (after["balances"])
        )


def lives(anchor_ms: int) -> dict[str, CoinbaseLife]:
    return coinbase_world.build(Prices(SEED, anchor_ms))


def told(life: CoinbaseLife) -> str:
    rows = [entry.row for wallet in life.account.wallets.values() for entry in wallet.ledger]
    return json.dumps([rows, [entry.row for entry in life.account.fills]])


def test_the_story_is_always_the_same() -> None:
    one = lives(Options().anchor_ms)
    with localcontext() as context:
        context.prec = 7  # whatever the surroundings calculate with
        other = lives(Options().anchor_ms)
    assert {name: told(life) for name, life in one.items()} == {
        name: told(life) for name, life in other.items()
    }


@pytest.mark.parametrize("days", range(0, 700, 97))
def test_nobody_is_ever_in_debt_whatever_the_anchor(days: int) -> None:
    anchor = Options().anchor_ms - days * DAY
    main = lives(anchor)["main"]
    times = [e.time_ms for wallet in main.account.wallets.values() for e in wallet.ledger]
    assert anchor - 3 * 365 * DAY <= min(times) < anchor - 3 * 365 * DAY + 5 * DAY
    assert anchor - 10 * DAY < max(times) <= anchor
