"""Where commands write files to."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.core.management.base import CommandError

from portfolio.management.base import WrongArgument


@contextmanager
def written_whole(name: str) -> Iterator[IO[bytes]]:
    """Standard output for "-", or a file that appears whole or not at all.

    May raise WrongArgument, CommandError.
    """
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(name)
    if target.is_dir():
        raise WrongArgument(f"Cannot write {name}: it is a directory.")
    try:
        handle, partial = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise WrongArgument(f"Cannot write {name}: {error.strerror}.") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        Path(partial).replace(target)
    except OSError as error:
        raise CommandError(f"Cannot write {name}: {error.strerror}.") from None
    finally:
        Path(partial).unlink(missing_ok=True)
