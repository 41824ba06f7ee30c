"""The right to use the embedded servers: who comes first starts them, who leaves last stops them.

Every user holds a shared lock on one file for as long as it lives. The kernel drops the lock with
the process, so a ``kill -9`` leaves no wrong count behind.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from config.servers.errors import ServerError, disk_errors
from config.servers.postgres import Postgres
from config.servers.process import say
from config.servers.valkey import Valkey

LOCK_SECONDS = 120


class Lease:
    """Holds the chosen servers of one data directory running; a context manager."""

    def __init__(self, data_dir: Path, *, postgres: Postgres | None, valkey: Valkey | None) -> None:
        self.data_dir = data_dir
        self.postgres = postgres
        self.valkey = valkey
        self.addresses: dict[str, str] = {}
        self._users: IO[str] | None = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Starts what does not run yet; fills ``addresses``. May raise ServerError."""
        make_data_dir(self.data_dir)
        with disk_errors(self.data_dir), locked(self.data_dir / "run" / "start.lock"):
            self._users = (self.data_dir / "run" / "users.lock").open("a")
            fcntl.flock(self._users, fcntl.LOCK_SH)
            try:
                self.ensure_running()
            except BaseException:
                self._leave()
                raise

    def ensure_running(self) -> None:
        """Starts a server that is not there (also one that was killed). May raise ServerError."""
        if self.postgres is not None:
            found = self.postgres.running()
            port = found[1] if found else self.postgres.start()
            self.addresses["DATABASE_URL"] = self.postgres.url(port)
        if self.valkey is not None:
            self.addresses["REDIS_URL"] = self.valkey.url(
                self.valkey.running() or self.valkey.start()
            )

    def release(self) -> None:
        """Stops the servers when nobody else uses them; safe to call twice."""
        if self._users is None:
            return
        with locked(self.data_dir / "run" / "start.lock"):
            self._leave()

    def _leave(self) -> None:
        assert self._users is not None  # noqa: S101  # both callers hold it
        try:
            fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # another command still uses the servers and will stop them
        else:
            for server in (self.valkey, self.postgres):
                if server is not None:
                    server.stop()
        self._users.close()
        self._users = None


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Only one process at a time may start or stop servers. May raise ServerError."""
    deadline = time.monotonic() + LOCK_SECONDS
    told = time.monotonic() + 2
    with path.open("a") as file:
        while not _try_lock(file):
            if time.monotonic() > deadline:
                raise ServerError(
                    f"another command has been starting or stopping the servers beside {path} "
                    f"for {LOCK_SECONDS} s; end it and try again."
                )
            if time.monotonic() > told:
                say("waiting for another command that starts or stops the servers ...")
                told = deadline
            time.sleep(0.05)
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def make_data_dir(data_dir: Path) -> None:
    """Makes the directory, for its owner alone. May raise ServerError."""
    with disk_errors(data_dir):
        for path in (data_dir, data_dir / "run", data_dir / "log"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(data_dir / "run", os.W_OK):
            raise ServerError(
                f"cannot write to {data_dir}: it belongs to somebody else or is read-only; "
                f"choose another place with DATA_DIR=/some/directory."
            )
