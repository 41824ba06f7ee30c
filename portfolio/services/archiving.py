"""Puts a complete archive together, and holds one against the ledger."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import IO

from accounts.models import User
from portfolio.exports import archive as writing
from portfolio.imports.archive import Archive
from portfolio.selectors import archive as selector

ID = "archive"
CONTENT_TYPE = "application/zip"


def chunks(user: User) -> Generator[bytes]:
    """The archive as a stream, of the ledger at one moment; to be closed."""
    with selector.members(user) as members:
        yield from writing.write(members)


@dataclass(frozen=True, slots=True)
class Difference:
    """A table that is not as the archive has it, with the first line that differs."""

    table: str
    line: int
    archived: str
    stored: str


def differences(user: User, file: IO[bytes]) -> list[Difference]:
    """What of a user's is otherwise than in an archive; empty where all is equal.

    May raise ArchiveProblem.
    """
    archive = Archive(file, selector.NAMES)
    archive.check()
    found = []
    with selector.members(user) as members:
        for name, lines in members:
            differing = selector.first_difference(archive.lines(name), lines)
            if differing is not None:
                found.append(Difference(name, *differing))
    return found
