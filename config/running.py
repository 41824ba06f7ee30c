"""Who runs ``manage.py up`` on a data directory, and where: told to other commands by a file."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path
from typing import IO, Any

from config.servers import ServerError

# The lock belongs to the process that runs; it is gone with it, so the file is never stale.
_LOCK = "up.lock"
_STATE = "up.json"


def claim(data_dir: Path) -> IO[str]:
    """Takes the only place there is; keep the answer open. May raise ServerError."""
    lock = (data_dir / "run" / _LOCK).open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        state = _read(data_dir)
        raise ServerError(
            f"already running on {data_dir} (process {state.get('pid', '?')}): "
            f"{state.get('address', 'still starting')}. End that one first."
        ) from None
    (data_dir / "run" / _STATE).unlink(missing_ok=True)
    return lock


def announce(data_dir: Path, **state: object) -> None:
    """Writes where this run can be found."""
    (data_dir / "run" / _STATE).write_text(json.dumps(state))


def sandbox(data_dir: Path) -> dict[str, str]:
    """The sandbox's variables of the run on this directory; empty when none runs."""
    path = data_dir / "run" / _LOCK
    if not path.exists():
        return {}
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return dict(_read(data_dir).get("sandbox", {}))
    return {}


def _read(data_dir: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((data_dir / "run" / _STATE).read_text()))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
