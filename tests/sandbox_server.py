"""The sandbox exchanges as a real process, for any test that wants to talk to them over HTTP."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox import accounts, listing

ROOT = Path(__file__).resolve().parent.parent
STARTUP = 120.0


@contextmanager
def running_sandbox(
    speed: float | str = 1000, port: int = 0, host: str = "127.0.0.1", pairs: int = 0
) -> Iterator[str]:
    """Start the sandbox and give its base URL; it is stopped afterwards.

    Port 0 takes any free one. The default speed lifts the rate limits out of the way.
    May raise RuntimeError if it does not come up.
    """
    command = [sys.executable, "-m", "sandbox", "--host", host, "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--speed", str(speed), "--pairs", str(pairs)],
        cwd=ROOT,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        url = _announced(process)
        _wait_for_health(url)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def demo_keys(base_url: str) -> list[dict[str, Any]]:
    """All demo keys as ``manage.py sandbox --list-keys --json`` lists them for that address."""
    return listing.rows(base_url)


def credentials(exchange: str, purpose: str = "read-only") -> dict[str, str]:
    """The secret parts of a demo key, by ccxt's names."""
    return _key(exchange, purpose).credentials


def advance(base_url: str, exchange: str, purpose: str, records: int) -> Any:
    """Let the account behind a demo key live on; gives its new statement of truth."""
    path = f"accounts/{_key(exchange, purpose).account_id}/advance"
    return control(base_url, path, "POST", {"records": records})


def _key(exchange: str, purpose: str) -> accounts.Key:
    wanted = (exchange, purpose)
    return next(k for k in accounts.demo_keys() if (k.exchange, k.purpose) == wanted)


def control(
    base_url: str, path: str, method: str = "GET", body: dict[str, Any] | None = None
) -> Any:
    """Ask the control plane: ``control(url, "accounts/kraken-main/statement")``."""
    request = urllib.request.Request(
        f"{base_url}/__sandbox__/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=120) as response:
        return json.load(response)


@contextmanager
def fault(base_url: str, kind: str, **options: Any) -> Iterator[int]:
    """Switch a fault on for the time of the block; gives its number."""
    number = control(base_url, "faults", "POST", {"kind": kind, **options})["id"]
    try:
        yield number
    finally:
        control(base_url, f"faults/{number}", "DELETE")


def redirected(urls: Any, base_url: str, exchange: str) -> Any:
    """ccxt's ``urls['api']`` with every host replaced by the sandbox; paths stay."""
    if isinstance(urls, dict):
        return {name: redirected(leaf, base_url, exchange) for name, leaf in urls.items()}
    return re.sub(r"^https?://[^/]+", f"{base_url}/{exchange}", urls)


def _announced(process: "subprocess.Popen[str]") -> str:
    line = process.stdout.readline() if process.stdout else ""
    found = re.search(r"http://\S+", line)
    if not found:
        raise RuntimeError(f"the sandbox did not start: {line!r}, exit {process.poll()}")
    return found[0]


def _wait_for_health(url: str) -> None:
    deadline = time.monotonic() + STARTUP
    while True:
        try:
            control(url, "health")
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise RuntimeError("the sandbox does not answer") from error
            time.sleep(0.05)
