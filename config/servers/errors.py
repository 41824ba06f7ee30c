"""What can go wrong with the embedded servers, in one line a person can act on."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class ServerError(Exception):
    """One clear line for the operator; the program ends with a non-zero status."""


_HINTS = {
    errno.ENOSPC: "the disk is full; free some space and start again",
    errno.EDQUOT: "the disk quota is used up; free some space and start again",
    errno.EROFS: "the disk is read-only; choose another place with DATA_DIR=/some/directory",
    errno.EACCES: "permission denied; choose another place with DATA_DIR=/some/directory",
    errno.EPERM: "not permitted; choose another place with DATA_DIR=/some/directory",
    errno.EEXIST: "a file is in the way; choose another place with DATA_DIR=/some/directory",
    errno.ENOTDIR: "a file is in the way; choose another place with DATA_DIR=/some/directory",
}


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns failures to write below ``path`` into one line. May raise ServerError."""
    try:
        yield
    except OSError as error:
        reason = _HINTS.get(error.errno or 0)
        if reason is None:
            raise
        raise ServerError(f"cannot write to {error.filename or path}: {reason}.") from error


def explain(program: str, output: str, log: Path) -> ServerError:
    """Finds the one line in a server's output that says why it did not start."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if any("No space left on device" in line for line in lines):
        return ServerError(f"{program} cannot write to {log.parent}: {_HINTS[errno.ENOSPC]}.")
    if any("Read-only file system" in line for line in lines):
        return ServerError(f"{program} cannot write to {log.parent}: {_HINTS[errno.EROFS]}.")
    telling = ("FATAL", "PANIC", "error", "ERROR", "cannot", "Can't", "# ")
    reason = next((line for line in lines if any(word in line for word in telling)), "")
    reason = reason or (lines[-1] if lines else "it ended without a word")
    return ServerError(f"{program} did not start: {reason} (log: {log})")
