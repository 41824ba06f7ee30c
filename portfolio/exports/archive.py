"""Writes a complete archive as a stream of bytes: a ZIP with one file of JSON Lines per table.

The same rows make the same bytes: nothing in it tells when or where it was made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator
from itertools import islice

from portfolio.engine.archive import MANIFEST, Manifest, Member, written
from portfolio.exports.writing import NamedFile, packed

TOGETHER = 500  # lines packed at once


def write(members: Iterable[tuple[str, Iterable[str]]]) -> Generator[bytes]:
    """The archive of these members, each a name and its lines without their ends."""
    return packed(_files(members))


def _files(members: Iterable[tuple[str, Iterable[str]]]) -> Iterator[NamedFile]:
    told = []
    for name, lines in members:
        counted = Counted(name)
        yield f"{name}.jsonl", counted.pieces(lines)
        told.append(counted.member)
    yield MANIFEST, [written(Manifest(tuple(told)))]


class Counted:
    """Lines as bytes, counted and summed up while they pass."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows = self._size = 0
        self._hash = hashlib.sha256()

    def pieces(self, lines: Iterable[str]) -> Iterator[bytes]:
        """The lines with their ends, many at once."""
        left = iter(lines)
        while some := list(islice(left, TOGETHER)):
            piece = ("\n".join(some) + "\n").encode()
            self._rows += len(some)
            self._size += len(piece)
            self._hash.update(piece)
            yield piece

    @property
    def member(self) -> Member:
        """What has passed so far."""
        return Member(self._name, self._rows, self._size, self._hash.hexdigest())
