"""Writes an export as a stream of bytes: one file, or a ZIP with a file per connection.

Nothing is kept but the piece being written, however long the history is.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Generator, Iterable
from dataclasses import dataclass

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports.format import ExportFormat


@dataclass(frozen=True, slots=True)
class Part:
    """The transactions of one connection, oldest first."""

    name: str
    transactions: Iterable[ExportTransaction]


def single(
    known: ExportFormat, transactions: Iterable[ExportTransaction], context: ExportContext
) -> Generator[bytes]:
    """One file."""
    yield from known.write(transactions, context)


def archive(known: ExportFormat, parts: Iterable[Part], context: ExportContext) -> Generator[bytes]:
    """A ZIP with one file per part, written as it is read."""
    out = _Outlet()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in parts:
            # Its size is not known before its end; 64 bits hold any.
            with packed.open(f"{part.name}.{known.extension}", "w", force_zip64=True) as file:
                for piece in known.write(part.transactions, context):
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
