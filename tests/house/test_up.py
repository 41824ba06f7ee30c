"""``manage.py up``: one command to a working site, one Ctrl-C to nothing at all."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from config.servers.process import free_port
from tests.house.programs import ROOT, environment, finish, gone, left_over, place, start
from tests.house.running import UP, Running

LAST_WORDS = "Ctrl-C stops everything"


def _get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.read().decode()


def _until(text: str, address: str, *, within: float = 120) -> str:
    end = time.monotonic() + within
    while text not in (body := _get(address)[1]):
        assert time.monotonic() < end, body
        time.sleep(0.2)
    return body


@pytest.fixture(scope="module")
def site() -> Iterator[Running]:
    """One running site; ended by Ctrl-C, after which nothing of it may be left."""
    with place() as data_dir:
        running = Running(data_dir)
        running.wait_for(LAST_WORDS)
        yield running
        assert running.stop() == 0
        assert gone(data_dir), left_over(data_dir)
        kept = (data_dir / "secrets.env").read_text().splitlines()
        secrets = [line.split("=", 1)[1] for line in kept if "=" in line and line[0] != "#"]
        assert len(secrets) == 4
        assert not any(secret in running.said for secret in secrets)


def test_it_says_where_it_is_and_gives_demo_keys(site: Running) -> None:
    assert f"http://localhost:{site.variables['PORT']}" in site.said
    assert re.search(r"binance +read-only\b[^\n]*\n[^\n]*apiKey +\S{20,}", site.said)
    assert _get(f"{site.address}/accounts/login/")[0] == 200


def test_alive_and_ready(site: Running) -> None:
    assert _get(f"{site.address}/healthz") == (200, "ok\n")
    status, body = _get(f"{site.address}/readyz")
    parts = {"database": "ok", "redis": "ok", "worker": "ok", "beat": "ok"}
    assert (status, json.loads(body)) == (200, {"ready": True, **parts})


def test_a_second_one_on_the_same_data_says_so(site: Running) -> None:
    status, output = finish(start(UP, environment(site.data_dir)))
    assert status == 1
    assert f"already running on {site.data_dir} (process {site.process.pid})" in output
    assert f"http://localhost:{site.variables['PORT']}" in output


def test_other_commands_use_its_servers_and_do_not_stop_them(site: Running) -> None:
    code = "from django.conf import settings; print(settings.SANDBOX_URL)"
    shell = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    status, output = finish(start(shell, environment(site.data_dir)))
    assert (status, output) == (0, f"http://127.0.0.1:{site.variables['SANDBOX_PORT']}\n")
    assert json.loads(_get(f"{site.address}/readyz")[1])["ready"]


def test_readiness_names_what_is_missing(site: Running) -> None:
    (beat,) = site.children("beat")
    beat.suspend()
    valkey = redis.Redis.from_url(site.servers()["REDIS_URL"])
    valkey.delete("heartbeat:beat")  # instead of waiting until it expires
    status, body = _get(f"{site.address}/readyz")
    beat.resume()
    parts = {"database": "ok", "redis": "ok", "worker": "ok", "beat": "not heard of lately"}
    assert (status, json.loads(body)) == (503, {"ready": False, **parts})
    assert _get(f"{site.address}/healthz")[0] == 200
    _until('"ready": true', f"{site.address}/readyz")


def test_what_is_killed_comes_back(site: Running) -> None:
    (worker,) = site.children("worker")
    lock_file = site.data_dir / "postgres" / "postmaster.pid"
    for process in (worker, psutil.Process(int(lock_file.read_text().split()[0]))):
        process.kill()
    site.wait_for("worker was ended by SIGKILL; starting it again")
    end = time.monotonic() + 120
    while not any(child != worker for child in site.children("worker")):
        assert time.monotonic() < end, site.said
        time.sleep(0.1)
    redis.Redis.from_url(site.servers()["REDIS_URL"]).delete("heartbeat:worker")
    _until('"ready": true', f"{site.address}/readyz")


def test_a_start_after_everything_was_killed_is_quick(data_dir: Path) -> None:
    running = Running(data_dir)
    running.wait_for(LAST_WORDS)
    first = time.monotonic() - running.began  # with a database to be made
    running.process.kill()
    running.process.wait()
    end = time.monotonic() + 120
    while any("celery" in line or "gunicorn" in line for line in left_over(data_dir)):
        assert time.monotonic() < end, left_over(data_dir)
        time.sleep(0.2)
    again = Running(data_dir)
    again.wait_for(LAST_WORDS, within=max(20, first))
    assert again.stop(signal.SIGTERM) == 0
    assert gone(data_dir), left_over(data_dir)


def _in_its_own_code(pid: int) -> None:
    """Until Python itself has started, which answers an interrupt with a traceback of its own."""
    was_caught = False
    for _ in range(6000):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        caught = int(next(line for line in lines if line.startswith("SigCgt")).split()[1], 16)
        if caught >> (signal.SIGTERM - 1) & 1:
            return
        if caught >> (signal.SIGINT - 1) & 1:
            was_caught = True
        elif was_caught:
            return  # manage.py's first act
        time.sleep(0.01)
    pytest.fail("it does not start")


@pytest.mark.parametrize("delay", [0.3, 0.8, 1.5, 3.0])
def test_interrupted_while_it_starts(data_dir: Path, delay: float) -> None:
    process = start(UP, environment(data_dir))
    _in_its_own_code(process.pid)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(delay)
    process.send_signal(signal.SIGINT)
    status, output = finish(process)
    assert status in (0, 130, -signal.SIGINT), output
    assert "Traceback" not in output
    assert gone(data_dir), left_over(data_dir)


def test_a_port_in_use_is_named_with_a_way_out(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, output = finish(start(UP, environment(data_dir, PORT=str(port))))
    assert status == 1
    assert f"port {port} is in use" in output
    assert re.search(r"PORT=\d+ make run", output)
    assert "Traceback" not in output


def test_another_port_is_taken_when_the_sandboxs_is_busy(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = taken.getsockname()[1]
        running = Running(data_dir, SANDBOX_PORT=str(busy), PORT=str(free_port()))
        running.wait_for("Sandbox exchanges on")
        assert f"127.0.0.1:{busy}" not in running.said
        assert running.stop() == 0
    assert gone(data_dir), left_over(data_dir)


LOST_IN_A_CALLBACK = """
import gc, os, signal, weakref
from config import boot
boot._end_politely()
class Kept: pass
kept = Kept()
def callback(_):
    os.kill(os.getpid(), signal.SIGINT)
    return [number for number in range(1000)]
watch = weakref.ref(kept, callback)
del kept
gc.collect()
print("asked to end:", boot.asked_to_end())
"""


def test_an_interruption_lost_in_a_callback_is_remembered_and_quiet() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOST_IN_A_CALLBACK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert (done.stdout, done.stderr) == ("asked to end: True\n", "")
