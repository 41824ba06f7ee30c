"""Writes an export as a stream of bytes: one table, or a ZIP with a table per connection.

Nothing is kept but the piece being written, however long the history is.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Generator, Iterable
from dataclasses import dataclass

from portfolio.engine.export import ExportTransaction
from portfolio.exports.format import ExportFormat

PIECE = 64 * 1024  # bytes, about


@dataclass(frozen=True, slots=True)
class Part:
    """The transactions of one connection, oldest first."""

    name: str
    transactions: Iterable[ExportTransaction]


def table(known: ExportFormat, transactions: Iterable[ExportTransaction]) -> Generator[bytes]:
    """One table with its header."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(known.header)
    for row in known.rows(transactions):
        writer.writerow(row)
        if text.tell() >= PIECE:
            yield _taken(text)
    yield _taken(text)


def archive(known: ExportFormat, parts: Iterable[Part]) -> Generator[bytes]:
    """A ZIP with one table per part, written as it is read."""
    out = _Outlet()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in parts:
            # Its size is not known before its end; 64 bits hold any.
            with packed.open(f"{part.name}.{known.extension}", "w", force_zip64=True) as file:
                for piece in table(known, part.transactions):
                    file.write(piece)
                    yield out.taken()
            yield out.taken()
    yield out.taken()


def file_names(labels: Iterable[str]) -> list[str]:
    """Names for files made from labels: safe on every system, and all different."""
    names: list[str] = []
    for label in labels:
        plain = re.sub(r"[^A-Za-z0-9]+", "-", label).strip("-").lower()[:60] or "connection"
        name, number = plain, 2
        while name in names:
            name, number = f"{plain}-{number}", number + 1
        names.append(name)
    return names


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece


class _Outlet(io.RawIOBase):
    """Where zipfile writes to; it cannot seek, so zipfile puts sizes behind each file."""

    def __init__(self) -> None:
        super().__init__()
        self._pieces = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        view = memoryview(piece)  # type: ignore[arg-type]  # whatever zipfile hands over
        self._pieces += view
        return view.nbytes

    def taken(self) -> bytes:
        """What was written since the last call."""
        piece = bytes(self._pieces)
        self._pieces.clear()
        return piece
