"""Starts commands as an operator would: in a clean environment, on free ports."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from config.servers.process import free_port

ROOT = Path(__file__).resolve().parents[2]
# What the test run sets for itself; a command must find its own way.
OURS = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "CREDENTIALS_KEY",
    "SANDBOX",
    "SANDBOX_URL",
    "SANDBOX_SPEED",
)


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """The environment of somebody who set nothing but the places and ports."""
    kept = {name: value for name, value in os.environ.items() if name not in OURS}
    return {
        **kept,
        "DATA_DIR": str(data_dir),
        "ENV_FILE": os.devnull,
        "PLAIN_STATIC": "1",
        "STATIC_ROOT": str(data_dir / "static"),
        "PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        "WEB_WORKERS": "1",
        "WORKER_CONCURRENCY": "1",
        **more,
    }


def hold(data_dir: Path, code: str, **more: str) -> subprocess.Popen[str]:
    """Runs some lines as a manage.py command would, with the embedded servers around them."""
    inside = "with boot.services(['manage.py', 'x']):"
    program = "\n".join(["import os, time", "from config import boot", inside, f" {code}"])
    return start([sys.executable, "-u", "-c", program], environment(data_dir, **more))


def start(command: list[str], variables: dict[str, str]) -> subprocess.Popen[str]:
    """Starts a command in the project's directory, its two outputs in one pipe."""
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], *, within: float = 120) -> tuple[int, str]:
    """Waits for the end; answers status and output."""
    output, _ = process.communicate(timeout=within)
    return process.returncode, output


def using(data_dir: Path) -> list[psutil.Process]:
    """Living processes that belong to that directory: by command line or environment."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            mine = process.environ().get("DATA_DIR") == str(data_dir)
            if mine or any(str(data_dir) in word for word in process.cmdline()):
                found.append(process)
    return found


def left_over(data_dir: Path) -> list[str]:
    """Their command lines."""
    lines = []
    for process in using(data_dir):
        with suppress(psutil.NoSuchProcess):
            lines.append(" ".join(process.cmdline()) or process.name())
    return lines


def gone(data_dir: Path, *, within: float = 20) -> bool:
    """Whether nothing of that directory runs any more, or soon."""
    end = time.monotonic() + within
    while left_over(data_dir):
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


@contextmanager
def place() -> Iterator[Path]:
    """A data directory to be made; whatever still uses it at the end is ended and a failure.

    Below the system's temporary directory: pytest's own is closed to PostgreSQL's account.
    """
    directory = Path(tempfile.mkdtemp(prefix="coffer-house-")).resolve()
    try:
        yield directory / "data"
        survivors = [] if gone(directory / "data") else left_over(directory / "data")
        assert not survivors, survivors
    finally:
        for process in using(directory / "data"):
            process.kill()
        shutil.rmtree(directory, ignore_errors=True)
