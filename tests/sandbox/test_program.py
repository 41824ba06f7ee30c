"""The sandbox as a program: starting, listing its keys, stopping, complaining."""

import json
import resource
import signal
import socket
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command

from sandbox.management.commands.sandbox import Command
from tests.sandbox.conftest import Client, connect
from tests.sandbox_server import ROOT, control, demo_keys, running_sandbox

PURPOSES = {
    "read-only",
    "trade",
    "withdraw",
    "expired",
    "other-ip",
    "read-only-small",
    "read-only-empty",
}


def test_the_command_lists_the_demo_keys(
    capsys: pytest.CaptureFixture[str], settings: object
) -> None:
    settings.SANDBOX_URL = "http://sandbox.example.org:1234/"  # type: ignore[attr-defined]
    call_command(Command(), "--list-keys", "--json")
    keys = json.loads(capsys.readouterr().out)
    for exchange in ("binance", "kraken"):
        assert {k["purpose"] for k in keys if k["exchange"] == exchange} >= PURPOSES
    assert {"exchange", "purpose", "credentials", "account", "statement"} == set(keys[0])
    assert set(keys[0]["credentials"]) == {"apiKey", "secret"}
    assert keys[0]["statement"] == (
        "http://sandbox.example.org:1234/__sandbox__/accounts/binance-main/statement"
    )
    call_command(Command(), "--list-keys")
    assert keys[0]["credentials"]["secret"] in capsys.readouterr().out


def test_every_listed_statement_answers(sandbox: str) -> None:
    for row in demo_keys(sandbox):
        with urllib.request.urlopen(row["statement"]) as response:
            assert set(json.load(response)) == {"balances", "positions", "records"}


@pytest.mark.parametrize("exchange", ["binance", "bingx", "kraken"])
def test_the_empty_account_is_empty(client: Client, sandbox: str, exchange: str) -> None:
    told = control(sandbox, f"accounts/{exchange}-empty/statement")
    assert told["balances"] == {}
    assert set(told["records"].values()) == {0}
    total = client(exchange, "read-only-empty").fetch_balance()["total"]
    assert not any(float(text) for text in total.values())


def test_it_starts_in_less_than_three_seconds_of_work() -> None:
    # Time of the processor, not of the clock: the machine may be busy with other tests.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with running_sandbox() as url:
        assert control(url, "health")["status"] == "ok"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime < 3


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly(name: signal.Signals) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    assert "http://" in process.stdout.readline()
    process.send_signal(name)
    assert process.wait(timeout=60) == 0
    process.stdout.close()


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "sandbox", "--port", str(port)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"127.0.0.1:{port}" in done.stderr


def test_many_clients_at_once_get_their_own_answers(base_url: str) -> None:
    def pages(number: int) -> int:
        reader = connect(base_url, "binance", "read-only" if number % 2 else "read-only-small")
        return sum(
            len(reader.privateGetMyTrades({"symbol": symbol, "fromId": 0, "limit": 1000}))
            for symbol in ("ETHUSDT", "SOLUSDT")
        )

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(pages, range(16))) == {1_300, 7}
