"""Real Celery workers on the test's own database and Valkey, to be killed at will."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import connection as database

ROOT = Path(__file__).resolve().parent.parent.parent


def environment(sandbox_url: str, **more: str) -> dict[str, str]:
    """The environment of a process that shares this test's database."""
    base, _, _name = os.environ["DATABASE_URL"].rpartition("/")
    name = database.settings_dict["NAME"]
    return {
        **os.environ,
        "DATABASE_URL": f"{base}/{name}",
        "REDIS_URL": settings.REDIS_URL,
        "SANDBOX_URL": sandbox_url,
        "SYNC_LEASE_SECONDS": "3",
        **more,
    }


class Worker:
    """One Celery worker with its pool, in a process group of its own."""

    def __init__(
        self,
        env: dict[str, str],
        log: Path,
        *,
        name: str = "w",
        app: str = "config",
        concurrency: int = 2,
    ) -> None:
        self._log = log.open("ab")
        command = [sys.executable, "-m", "celery", "-A", app, "worker"]
        options = [
            f"--concurrency={concurrency}",
            "--loglevel=INFO",
            f"--hostname={name}@%h",
            "--without-mingle",
        ]
        self.process = subprocess.Popen(
            [*command, *options],
            cwd=ROOT,
            env=env,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def children(self) -> list[int]:
        """The pool processes that do the work."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with suppress(OSError):
            return [int(pid) for pid in path.read_text().split()]
        return []

    def kill(self) -> None:
        """kill -9 of the worker and its pool."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(timeout=20)
        self._log.close()


@contextmanager
def running_worker(env: dict[str, str], log: Path, *, name: str = "w") -> Iterator[Worker]:
    """A worker for as long as the block lasts."""
    worker = Worker(env, log, name=name)
    try:
        yield worker
    finally:
        worker.kill()


def wait_for(condition: object, *, seconds: float, pause: float = 0.1) -> bool:
    """Whether a callable becomes true within a time."""
    assert callable(condition)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(pause)
    return bool(condition())
