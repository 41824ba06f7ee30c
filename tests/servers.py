"""The embedded PostgreSQL and Valkey of one test run, in a directory that ends with it."""

from __future__ import annotations

import atexit
import base64
import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
import time
from pathlib import Path

from config.servers import Lease
from config.servers.errors import ServerError
from config.servers.lease import make_data_dir
from config.servers.postgres import Postgres
from config.servers.process import free_port, write_private
from config.servers.valkey import Valkey

PREFIX = "coffer-tests-"
# A test run may lose its data at any time, so nothing waits for the disk.
POSTGRES_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
VALKEY_OPTIONS = {"appendonly": "no"}


def _lease(directory: Path, password: str, *, durable: bool = False) -> Lease:
    return Lease(
        directory,
        postgres=Postgres(directory, password, {} if durable else POSTGRES_OPTIONS),
        valkey=Valkey(directory, password, {} if durable else VALKEY_OPTIONS),
    )


def start(*, durable: bool = False) -> Lease | None:
    """Starts the servers in the first process of the run; its xdist workers inherit them.

    Fills the environment that config/settings.py reads, whatever the developer's own says. With
    ``durable`` they keep what they were told even when killed, as in the product. Gives the lease
    to whoever started them.
    """
    lease = None
    if "TEST_DIRECTORY" not in os.environ:
        _sweep()
        directory = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        password = secrets.token_urlsafe(24)
        make_data_dir(directory)
        write_private(directory / "password", password)
        lease = _lease(directory, password, durable=durable)
        atexit.register(_end, lease, os.getpid())
        lease.acquire()
        os.environ["TEST_DIRECTORY"] = str(directory)
        os.environ["DATABASE_URL"] = lease.addresses["DATABASE_URL"]
        os.environ["TEST_REDIS_URL"] = lease.addresses["REDIS_URL"].removesuffix("/0")
    _settings()
    return lease


def _settings() -> None:
    """What differs from the defaults; each xdist worker has a Redis database and port to itself."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    number = int(worker.removeprefix("gw") or 0) + 1 if worker else 0
    port = free_port()
    own = Path(os.environ["TEST_DIRECTORY"]) / (worker or "main")
    own.mkdir(exist_ok=True)
    for name in ("EXCHANGE_BASE_URLS", "ALLOWED_HOSTS", "REGISTRATION", "ALLOW_TRADE_KEYS"):
        os.environ.pop(name, None)
    os.environ.update(
        DJANGO_SETTINGS_MODULE="config.settings",
        ENV_FILE=os.devnull,
        REDIS_URL=f"{os.environ['TEST_REDIS_URL']}/{number}",
        SECRET_KEY="only-for-tests-" + "0123456789" * 5,
        CREDENTIALS_KEY=base64.urlsafe_b64encode(b"only for tests, 32 bytes long...").decode(),
        DATA_DIR=str(own),
        DEBUG="0",
        SECURE="0",
        PLAIN_STATIC="1",
        SANDBOX="1",
        SANDBOX_PORT=str(port),
        SANDBOX_URL=f"http://127.0.0.1:{port}",
        SANDBOX_SPEED="1000",
    )


def _end(lease: Lease, owner: int) -> None:
    """Stops the servers and removes what they wrote; a forked child leaves them alone."""
    if os.getpid() == owner:
        lease.release()
        shutil.rmtree(lease.data_dir, ignore_errors=True)


def _sweep() -> None:
    """Ends what a killed test run left behind: nobody holds the lock on its servers any more."""
    for directory in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if time.time() - directory.stat().st_mtime < 60:
                continue  # perhaps only just being made
            password = (directory / "password").read_text()
            with (directory / "run" / "users.lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            continue  # somebody else's, or still in use
        lease = _lease(directory.resolve(), password)
        with contextlib.suppress(ServerError):  # a sweep that was killed leaves half of one
            lease.acquire()
            lease.release()
        shutil.rmtree(directory, ignore_errors=True)
