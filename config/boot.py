"""What must be in the environment before Django's settings are read.

``manage.py`` calls ``services``: it reads ``.env``, makes or reads the secrets of this machine and
finds or starts the embedded servers, unless the environment already names others.
"""

from __future__ import annotations

import base64
import importlib.util
import os
import secrets
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import environ

from config import running
from config.servers import Lease, ServerError
from config.servers.errors import disk_errors
from config.servers.lease import locked, make_data_dir
from config.servers.postgres import Postgres
from config.servers.process import write_private
from config.servers.valkey import Valkey

BASE_DIR = Path(__file__).resolve().parent.parent

# These read no data, so no server is started for them.
WITHOUT_SERVERS = frozenset(
    {
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "findstatic",
        "help",
        "makemessages",
        "sandbox",
        "tax_case",
        "version",
    }
)


_held: Lease | None = None
_asked = False


def data_dir() -> Path:
    """The directory of everything this machine keeps: DATA_DIR, else .local beside the code."""
    return Path(os.environ.get("DATA_DIR") or BASE_DIR / ".local").expanduser().resolve()


def lease() -> Lease | None:
    """What this process holds of the embedded servers."""
    return _held


@contextmanager
def services(argv: Sequence[str]) -> Iterator[None]:
    """Fills the environment for a command and keeps its servers running meanwhile.

    Ends the process with one clear line where that is impossible.
    """
    environ.Env.read_env(os.environ.get("ENV_FILE", str(BASE_DIR / ".env")))
    _end_politely()
    global _held
    try:
        _held = _lease(argv)
        if _held is not None:
            _held.acquire()
            os.environ.update(_held.addresses)
    except ServerError as error:
        sys.exit(f"coffer: {error}")
    try:
        yield
    finally:
        if _held is not None:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                signal.signal(number, signal.SIG_IGN)
            _held.release()


def _lease(argv: Sequence[str]) -> Lease | None:
    """The servers this command needs from us; None when it needs none."""
    own_database = "DATABASE_URL" not in os.environ
    own_redis = "REDIS_URL" not in os.environ
    wants_servers = len(argv) > 1 and argv[1] not in WITHOUT_SERVERS
    wants_servers = wants_servers and not {"--help", "-h", "--version"} & set(argv[1:])
    place = data_dir()
    if own_database:
        _local_defaults(place)
    if not own_database and not own_redis:
        return None
    if not wants_servers:
        os.environ.update(_known(place, ("SECRET_KEY", "CREDENTIALS_KEY")))
        return None
    kept = machine_secrets(place)
    if own_database:
        # Beside a database of the operator's own, the keys are the operator's to keep as well.
        for name in ("SECRET_KEY", "CREDENTIALS_KEY"):
            os.environ.setdefault(name, kept[name])
    return Lease(
        place,
        postgres=Postgres(place, kept["POSTGRES_PASSWORD"]) if own_database else None,
        valkey=Valkey(place, kept["VALKEY_PASSWORD"]) if own_redis else None,
    )


def _local_defaults(place: Path) -> None:
    """On one person's machine the sandbox is offered, at a pace that shows something soon."""
    here = importlib.util.find_spec("sandbox") is not None  # an image may come without it
    os.environ.setdefault("SANDBOX", "1" if here else "0")
    os.environ.setdefault("SANDBOX_SPEED", "20")
    if "SANDBOX_URL" not in os.environ:
        os.environ.update(running.sandbox(place))


def machine_secrets(place: Path) -> dict[str, str]:
    """This machine's secrets, made on the first start; never printed. May raise ServerError."""
    make_data_dir(place)
    path = place / "secrets.env"
    with disk_errors(path), locked(place / "run" / "secrets.lock"):
        if not path.exists():
            if (place / "postgres").exists():
                raise ServerError(
                    f"{path} is missing, but there is a database beside it whose credentials only "
                    f"the key in that file opens; restore the file from your backup."
                )
            _make_secrets(path)
    return _read(path)


def _make_secrets(path: Path) -> None:
    made = {
        "SECRET_KEY": secrets.token_urlsafe(50),
        "CREDENTIALS_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "POSTGRES_PASSWORD": secrets.token_urlsafe(24),
        "VALKEY_PASSWORD": secrets.token_urlsafe(24),
    }
    lines = [
        "# Made on the first start. Keep a copy with every backup of the database:",
        "# without CREDENTIALS_KEY no stored exchange key can be read again.",
        *(f"{name}={value}" for name, value in made.items()),
    ]
    write_private(path, "\n".join(lines) + "\n")


def _known(place: Path, names: tuple[str, ...]) -> dict[str, str]:
    """Those secrets that exist already and that the environment does not set."""
    path = place / "secrets.env"
    if not path.exists():
        return {}
    kept = _read(path)
    return {name: kept[name] for name in names if name in kept and name not in os.environ}


def _read(path: Path) -> dict[str, str]:
    try:
        text = path.read_text()
    except PermissionError as error:
        raise ServerError(f"{path} belongs to another account; run this as that one.") from error
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] != "#")
    return {name: value for name, value in pairs}


def asked_to_end() -> bool:
    """Whether a signal to end came already, even if its exception was lost in a callback."""
    return _asked


def _end_politely() -> None:
    """Makes a signal unwind the program, so that servers are stopped. Nohup keeps its meaning."""

    def leave(number: int, _frame: FrameType | None) -> None:
        global _asked
        _asked = True
        if number == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + number)

    def quietly(lost: sys.UnraisableHookArgs) -> None:
        """Says nothing of an end that came up inside a callback: ``asked_to_end`` knows of it."""
        if not (_asked and isinstance(lost.exc_value, KeyboardInterrupt | SystemExit)):
            sys.__unraisablehook__(lost)

    sys.unraisablehook = quietly
    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, leave)
