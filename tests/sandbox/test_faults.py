"""Troubles: each arrives at ccxt as the exception a real outage would raise."""

import time
from decimal import Decimal
from urllib.error import HTTPError

import ccxt
import pytest

from tests.sandbox import walks
from tests.sandbox.conftest import Client, connect
from tests.sandbox_server import advance, control, fault, running_sandbox


def test_server_errors(client: Client, sandbox: str) -> None:
    with fault(sandbox, "server_error", exchange="binance", status=503):
        with pytest.raises(ccxt.ExchangeNotAvailable):
            client("binance").privateGetAccount()
        assert client("kraken").privatePostBalance()["result"]
    assert client("binance").privateGetAccount()["balances"]


def test_a_time_out(client: Client, sandbox: str) -> None:
    with fault(sandbox, "timeout", path="Balance", seconds=2):
        with pytest.raises(ccxt.RequestTimeout):
            client("kraken", timeout=500).privatePostBalance()
        assert client("kraken").privatePostGetApiKeyInfo()["result"]


def test_cut_off_json(client: Client, sandbox: str) -> None:
    kraken = client("kraken")
    with fault(sandbox, "cut_json", account="kraken-main"):
        # ccxt hands unreadable answers on as text; the unified methods fall over it.
        assert isinstance(kraken.privatePostBalance(), str)
    assert kraken.privatePostBalance()["result"]


def test_a_storm_of_429(client: Client, sandbox: str) -> None:
    binance, kraken = client("binance"), client("kraken")
    with fault(sandbox, "rate_limit", seconds=7):
        with pytest.raises(ccxt.DDoSProtection, match="429"):
            binance.privateGetAccount()
        assert binance.last_response_headers["Retry-After"] == "7"
        with pytest.raises(ccxt.DDoSProtection, match="Rate limit exceeded"):
            kraken.privatePostBalance()


def test_clock_skew(client: Client, sandbox: str) -> None:
    with fault(sandbox, "clock_skew", exchange="binance", seconds=60):
        binance = client("binance")
        with pytest.raises(ccxt.InvalidNonce):
            binance.privateGetAccount()
        binance.load_time_difference()
        assert binance.privateGetAccount()["balances"]


def test_maintenance(client: Client, sandbox: str) -> None:
    binance, kraken = client("binance"), client("kraken")
    with fault(sandbox, "maintenance"):
        assert binance.fetch_status()["status"] == "maintenance"
        assert kraken.fetch_status()["status"] == "maintenance"
        with pytest.raises(ccxt.OperationFailed):
            binance.privateGetAccount()
        with pytest.raises(ccxt.ExchangeNotAvailable):
            kraken.privatePostBalance()


def test_late_records_arrive_in_the_end(client: Client, sandbox: str) -> None:
    binance, kraken = client("binance"), client("kraken")
    everything = walks.binance_trades(binance, "BTCUSDT")
    ledger = walks.kraken_pages(kraken.privatePostLedgers, "ledger")
    with fault(sandbox, "late_records"):
        some = walks.binance_trades(binance, "BTCUSDT")
        part = walks.kraken_pages(kraken.privatePostLedgers, "ledger")
    assert 0 < len(some) < len(everything)
    assert 0 < len(part) < len(ledger)
    assert all(row in everything for row in some)
    assert walks.binance_trades(binance, "BTCUSDT") == everything


def test_duplicate_pages_hide_nothing(client: Client, sandbox: str) -> None:
    binance, kraken = client("binance"), client("kraken")
    rows = walks.binance_trades(binance, "BTCUSDT")
    ledger = walks.kraken_pages(kraken.privatePostLedgers, "ledger")
    moved = walks.binance_transfers(binance, "MAIN_FUNDING")
    with fault(sandbox, "duplicate_pages"):
        again = walks.binance_trades(binance, "BTCUSDT")
        assert len(again) > len(rows)
        assert {row["id"] for row in again} == {row["id"] for row in rows}
        assert walks.kraken_pages(kraken.privatePostLedgers, "ledger") == ledger
        repeated = walks.binance_transfers(binance, "MAIN_FUNDING")
        assert len(repeated) > len(moved)
        assert {row["tranId"] for row in repeated} == {row["tranId"] for row in moved}


def test_a_fault_ends_after_its_times(client: Client, sandbox: str) -> None:
    binance = client("binance")
    control(sandbox, "faults", "POST", {"kind": "server_error", "times": 1, "every": 2})
    assert binance.privateGetAccount()
    with pytest.raises(ccxt.ExchangeNotAvailable):
        binance.privateGetAccount()
    assert binance.privateGetAccount()
    assert binance.privateGetAccount()
    listed = control(sandbox, "faults")["faults"]
    assert [(one["seen"], one["fired"]) for one in listed] == [(2, 1)]


def test_an_unknown_fault_is_refused(sandbox: str) -> None:
    with pytest.raises(HTTPError, match="400"):
        control(sandbox, "faults", "POST", {"kind": "earthquake"})


def test_weights_are_told_refused_and_punished() -> None:
    # A fiftieth of the real allowance: 120 in a minute.
    with running_sandbox(speed="1/50") as url:
        binance = connect(url, "binance")
        time.sleep(max(0, 20 - (60 - time.time() % 60)))  # all of it in one minute
        for used in ("20", "40", "60", "80", "100", "120"):
            binance.privateGetAccount()
            assert binance.last_response_headers["X-MBX-USED-WEIGHT-1M"] == used
        with pytest.raises(ccxt.DDoSProtection, match="-1003"):
            binance.privateGetAccount()
        assert 0 < int(binance.last_response_headers["Retry-After"]) <= 60
        for _ in range(10):
            with pytest.raises(ccxt.DDoSProtection, match="429"):
                binance.publicGetPing()
        with pytest.raises(ccxt.DDoSProtection, match="418"):
            binance.publicGetPing()
        assert int(binance.last_response_headers["Retry-After"]) > 60


def _asked_until_refused(kraken: ccxt.Exchange) -> int:
    for asked in range(100):
        try:
            kraken.privatePostLedgers()
        except ccxt.DDoSProtection as refusal:
            return asked if "Rate limit exceeded" in str(refusal) else -1
    return 100


def test_the_call_counter_decays() -> None:
    with running_sandbox(speed=1) as url:
        kraken = connect(url, "kraken")
        # A few more than 10 where asking takes so long that some of it comes back.
        assert 10 <= _asked_until_refused(kraken) < 100
        time.sleep(4.2)
        assert kraken.privatePostLedgers()["result"]


@pytest.mark.parametrize("exchange", ["binance", "kraken"])
def test_an_account_lives_on(exchange: str) -> None:
    with running_sandbox() as url:
        path = f"accounts/{exchange}-small/statement"
        before = control(url, path)
        after = advance(url, exchange, "read-only-small", records=8)
        assert control(url, path) == after
        assert after["balances"] != before["balances"]
        more = {"binance": 6, "kraken": 2}[exchange]  # Binance: spot and both kinds of contracts
        assert after["records"]["trades"] == before["records"]["trades"] + more
        reader = connect(url, exchange, "read-only-small")
        if exchange == "kraken":
            ledger = walks.kraken_pages(reader.privatePostLedgers, "ledger")
            assert len(ledger) == after["records"]["ledger"]
            told = reader.privatePostBalance()["result"]
            sums = {code: total for code, total in walks.kraken_sums(ledger).items() if total}
            assert sums == {code: Decimal(text) for code, text in told.items()}
        else:
            newest = reader.privateGetMyTrades({"symbol": "BTCUSDT", "limit": 1})[0]
            assert newest["qty"] == "0.00021000"
