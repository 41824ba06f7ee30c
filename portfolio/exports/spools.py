"""Keeps text for several tables while they are told mixed, in one temporary file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

_PIECE = 16 * 1024  # bytes held for each table before they are put away


class Spool:
    """Pieces by table, in the order they came. Memory: one piece for each table."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the spool
        self._held: dict[str, bytearray] = {}
        self._away: dict[str, list[tuple[int, int]]] = {}

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *about: object) -> None:
        self._file.close()

    def add(self, table: str, text: bytes) -> None:
        """Keeps a piece behind those of its table."""
        held = self._held.setdefault(table, bytearray())
        held += text
        if len(held) >= _PIECE:
            self._away.setdefault(table, []).append((self._file.tell(), len(held)))
            self._file.write(held)
            held.clear()

    def pieces(self, table: str) -> Iterator[bytes]:
        """All of one table; nothing may be added meanwhile."""
        for start, length in self._away.get(table, ()):
            self._file.seek(start)
            yield self._file.read(length)
        self._file.seek(0, 2)
        yield bytes(self._held.get(table, b""))
