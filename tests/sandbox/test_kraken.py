"""Kraken: everything ccxt can read adds up, and refusals come in Kraken's words."""

from collections import Counter, defaultdict
from decimal import Decimal

import ccxt
import pytest

from tests.sandbox import walks
from tests.sandbox.conftest import Client
from tests.sandbox_server import control


@pytest.mark.parametrize(
    ("purpose", "account"), [("read-only", "main"), ("read-only-small", "small")]
)
def test_all_records_add_up_to_the_balances(
    client: Client, sandbox: str, purpose: str, account: str
) -> None:
    kraken = client("kraken", purpose)
    ledger = walks.kraken_pages(kraken.privatePostLedgers, "ledger")
    counts = {
        "ledger": len(ledger),
        "trades": len(walks.kraken_pages(kraken.privatePostTradesHistory, "trades")),
        "deposits": len(walks.kraken_funding(kraken.privatePostDepositStatus, "deposits")),
        "withdrawals": len(walks.kraken_funding(kraken.privatePostWithdrawStatus, "withdrawals")),
    }
    told = control(sandbox, f"accounts/kraken-{account}/statement")
    assert counts == told["records"]
    reported = kraken.privatePostBalanceEx()["result"]
    sums = {code: total for code, total in walks.kraken_sums(ledger).items() if total}
    assert sums == {code: Decimal(row["balance"]) for code, row in reported.items()}


def test_the_statement_translates_codes_to_wallets(client: Client, sandbox: str) -> None:
    told = control(sandbox, "accounts/kraken-main/statement")["balances"]
    codes = client("kraken").privatePostBalance()["result"]
    assert set(told) == {"spot", "staking", "earn"}
    assert Decimal(told["spot"]["BTC"]) == Decimal(codes["XXBT"])
    assert Decimal(told["staking"]["DOT"]) == Decimal(codes["DOT.S"]) + Decimal(codes["DOT28.S"])
    assert Decimal(told["staking"]["ETH"]) == Decimal(codes["ETH2.S"])
    assert Decimal(told["earn"]["BTC"]) == Decimal(codes["XBT.M"])
    assert Decimal(told["earn"]["USDT"]) == Decimal(codes["USDT.F"])


def test_the_running_balance_of_every_code_is_exact(client: Client) -> None:
    ledger = walks.kraken_pages(client("kraken").privatePostLedgers, "ledger")
    balances: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in reversed(ledger.values()):
        balances[row["asset"]] += Decimal(row["amount"]) - Decimal(row["fee"])
        assert balances[row["asset"]] == Decimal(row["balance"]) >= 0


def test_the_main_account_has_every_kind_of_entry(client: Client) -> None:
    ledger = walks.kraken_pages(client("kraken").privatePostLedgers, "ledger")
    assert len(ledger) == 2_000
    kinds = Counter((row["type"], row["subtype"]) for row in ledger.values())
    assert set(kinds) == {
        ("trade", ""),
        ("deposit", ""),
        ("withdrawal", ""),
        ("staking", ""),
        ("earn", "reward"),
        ("earn", "allocation"),
        ("earn", "deallocation"),
        ("earn", "autoallocation"),
        ("transfer", "spottostaking"),
        ("transfer", "stakingfromspot"),
        ("transfer", "stakingtospot"),
        ("transfer", "spotfromstaking"),
        ("spend", ""),
        ("receive", ""),
        ("adjustment", ""),
        ("transfer", "spottofutures"),
        ("transfer", "spotfromfutures"),
    }
    times = [row["time"] for row in ledger.values()]
    assert times == sorted(times, reverse=True)
    edges = [(times[i - 1], times[i]) for i in range(50, 2_000, 50)]
    assert any(before == after for before, after in edges)
    seconds = Counter(int(float(t)) for t in times)
    assert max(seconds.values()) > 2


def test_trades_and_ledger_tell_the_same(client: Client) -> None:
    kraken = client("kraken")
    markets = kraken.publicGetAssetPairs()["result"]
    trades = walks.kraken_pages(kraken.privatePostTradesHistory, "trades", ledgers="true")
    ledger = walks.kraken_pages(kraken.privatePostLedgers, "ledger", type="trade")
    assert len(ledger) == 2 * len(trades)
    for refid, trade in trades.items():
        pair = markets[trade["pair"]]
        legs = {ledger[name]["asset"]: ledger[name] for name in trade["ledgers"]}
        assert {leg["refid"] for leg in legs.values()} == {refid}
        sign = 1 if trade["type"] == "buy" else -1
        assert Decimal(legs[pair["base"]]["amount"]) == sign * Decimal(trade["vol"])
        assert Decimal(legs[pair["quote"]]["amount"]) == -sign * Decimal(trade["cost"])
        assert Decimal(legs[pair["quote"]]["fee"]) == Decimal(trade["fee"])


def test_bounds_exclude_the_start_and_include_the_end(client: Client) -> None:
    kraken = client("kraken")
    newest = list(kraken.privatePostLedgers()["result"]["ledger"].items())
    (_, upper), (name, lower) = newest[0], newest[-1]
    for start in (lower["time"], name):
        found = kraken.privatePostLedgers({"start": start, "end": upper["time"]})["result"][
            "ledger"
        ]
        assert newest[0][0] in found
        assert name not in found


def test_rows_are_found_by_id(client: Client) -> None:
    kraken = client("kraken")
    ledger = kraken.privatePostLedgers()["result"]["ledger"]
    name = next(iter(ledger))
    assert kraken.privatePostQueryLedgers({"id": name})["result"] == {name: ledger[name]}
    trades = kraken.privatePostTradesHistory()["result"]["trades"]
    name = next(iter(trades))
    assert kraken.privatePostQueryTrades({"txid": name})["result"] == {name: trades[name]}


def test_funding_rows_belong_to_ledger_rows(client: Client) -> None:
    kraken = client("kraken")
    ledger = walks.kraken_pages(kraken.privatePostLedgers, "ledger")
    booked = Counter(row["refid"] for row in ledger.values())
    deposits = walks.kraken_funding(kraken.privatePostDepositStatus, "deposits")
    assert {row["status"] for row in deposits} == {"Success", "Failure", "Settled"}
    assert all(booked[row["refid"]] == (row["status"] == "Success") for row in deposits)
    withdrawals = walks.kraken_funding(kraken.privatePostWithdrawStatus, "withdrawals")
    cancelled = [row for row in withdrawals if row.get("status-prop") == "canceled"]
    assert len(cancelled) == 1
    assert booked[cancelled[0]["refid"]] == 2


def test_coins_travel_between_the_exchanges(client: Client) -> None:
    binance, kraken = client("binance"), client("kraken")
    out = {
        row["txId"]: row
        for page in walks.windows(binance.sapiGetCapitalWithdrawHistory, 90)
        for row in page
        if row["txId"]
    }
    arrived = [
        row
        for row in walks.kraken_funding(kraken.privatePostDepositStatus, "deposits")
        if row["txid"] in out
    ]
    assert len(arrived) >= 10
    assert all(Decimal(r["amount"]) == Decimal(out[r["txid"]]["amount"]) for r in arrived)
    sent = {
        r["txid"] for r in walks.kraken_funding(kraken.privatePostWithdrawStatus, "withdrawals")
    }
    received = {
        row["txId"]
        for page in walks.windows(binance.sapiGetCapitalDepositHisrec, 90)
        for row in page
    }
    assert len(sent & received) >= 10


def test_unified_methods_read_the_account(client: Client) -> None:
    kraken = client("kraken")
    total = kraken.fetch_balance()["total"]
    assert {"BTC", "EUR", "DOGE", "DOT28.S", "BTC.M"} <= set(total)
    assert len(kraken.fetch_my_trades()) == 50
    assert len(kraken.fetch_ledger()) == 50
    assert kraken.fetch_deposits()[0]["txid"]
    assert kraken.fetch_withdrawals(params={"cursor": True})[0]["fee"]["cost"]
    assert kraken.fetch_status()["status"] == "ok"
    assert kraken.fetch_ticker("BTC/EUR")["last"]
    assert len(kraken.fetch_ohlcv("DOGE/EUR", "1d")) == 720


def test_no_market_answers_for_what_is_delisted(client: Client) -> None:
    kraken, binance = client("kraken"), client("binance")
    for exchange in (kraken, binance):
        exchange.load_markets()
        bases = {market["base"] for market in exchange.markets.values()}
        assert not {"OMG", "GFT", "WAVES"} & bases


@pytest.mark.parametrize(
    ("purpose", "words"),
    [
        ("read-only", set()),
        ("trade", {"modify-trades", "close-trades"}),
        ("withdraw", {"add-funds", "withdraw-funds"}),
    ],
)
def test_a_key_tells_what_it_may_do(client: Client, purpose: str, words: set[str]) -> None:
    told = client("kraken", purpose).privatePostGetApiKeyInfo()["result"]
    assert {
        word for word in told["permissions"] if not word.startswith(("query", "export"))
    } == words
    assert bool(told["ipAllowlist"]) is (purpose == "withdraw")


def test_a_dead_or_foreign_key_is_refused(client: Client) -> None:
    with pytest.raises(ccxt.AuthenticationError, match="EAPI:Invalid key"):
        client("kraken", "expired").privatePostBalance()
    with pytest.raises(ccxt.PermissionDenied, match="EGeneral:Permission denied"):
        client("kraken", "other-ip").privatePostGetApiKeyInfo()
    with pytest.raises(ccxt.AuthenticationError, match="EAPI:Invalid key"):
        client("kraken", apiKey="unknown").privatePostBalance()
    with pytest.raises(ccxt.ExchangeError, match="EAPI:Invalid signature"):
        client("kraken", secret="d3Jvbmc=").privatePostBalance()


def test_too_many_mistakes_lock_the_key_out(client: Client) -> None:
    for _ in range(10):
        with pytest.raises(ccxt.AuthenticationError):
            client("kraken", apiKey="guess").privatePostBalance()
    with pytest.raises(ccxt.DDoSProtection, match="EGeneral:Temporary lockout"):
        client("kraken", apiKey="guess").privatePostBalance()


def test_a_nonce_must_grow(client: Client) -> None:
    kraken = client("kraken", "trade")
    kraken.privatePostBalance()
    kraken.incrementing_nonce = lambda: 1_000
    with pytest.raises(ccxt.InvalidNonce):
        kraken.privatePostBalance()


def test_writes_are_refused_by_right_and_counted(client: Client, sandbox: str) -> None:
    control(sandbox, "requests", "DELETE")
    writes = [
        ("privatePostAddOrder", {"pair": "XXBTZEUR", "type": "buy", "volume": "1"}, "trade"),
        ("privatePostCancelOrder", {"txid": "OABCDE"}, "trade"),
        ("privatePostWithdraw", {"asset": "XXBT", "key": "x", "amount": "1"}, "withdraw"),
        ("privatePostWalletTransfer", {"asset": "XXBT", "amount": "1"}, "withdraw"),
        ("privatePostEarnAllocate", {"strategy_id": "x", "amount": "1"}, "withdraw"),
    ]
    for name, params, right in writes:
        with pytest.raises(ccxt.PermissionDenied):
            getattr(client("kraken"), name)(params)
        with pytest.raises(ccxt.ExchangeError) as refused:
            getattr(client("kraken", right), name)(params)
        assert not isinstance(refused.value, ccxt.PermissionDenied)
    client("kraken").privatePostBalance()
    counted = control(sandbox, "requests?exchange=kraken")
    assert counted["writes"] == 2 * len(writes)
    assert counted["total"] == counted["writes"] + 1
