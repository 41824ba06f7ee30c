"""Writes an export as a stream of bytes: one file, or a ZIP with a file per connection.

Nothing is kept but the piece being written, however long the history is. The same transactions give
the same bytes: a ZIP tells no time.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports.format import ExportFormat
from portfolio.exports.transfers import by_transfer

_NO_TIME = (1980, 1, 1, 0, 0, 0)  # the first that a ZIP can tell
NamedFile = tuple[str, Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class Part:
    """The transactions of one connection, oldest first."""

    name: str
    transactions: Iterable[ExportTransaction]


def single(
    known: ExportFormat, transactions: Iterable[ExportTransaction], context: ExportContext
) -> Generator[bytes]:
    """One file, or the ZIP of a format that is several files."""
    told = transactions if known.keeps_pieces else by_transfer(transactions)
    if known.files is not None:
        yield from packed(known.files(told, context))
    else:
        yield from known.write(told, context)


def archive(known: ExportFormat, parts: Iterable[Part], context: ExportContext) -> Generator[bytes]:
    """A ZIP with what is one connection's in a file, or a folder, of its own."""
    return packed(file for part in parts for file in _files(known, part, context))


def _files(known: ExportFormat, part: Part, context: ExportContext) -> Iterator[NamedFile]:
    told = part.transactions if known.keeps_pieces else by_transfer(part.transactions)
    if known.files is None:
        yield f"{part.name}.{known.extension}", known.write(told, context)
    else:
        for name, pieces in known.files(told, context):
            yield f"{part.name}/{name}", pieces


def packed(files: Iterable[NamedFile]) -> Generator[bytes]:
    """A ZIP of files, each written as it is read."""
    out = _Outlet()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archived:
        for name, pieces in files:
            about = zipfile.ZipInfo(name, _NO_TIME)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            # Its size is not known before its end; 64 bits hold any.
            with archived.open(about, "w", force_zip64=True) as file:
                for piece in pieces:
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
