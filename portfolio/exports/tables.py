"""Tables as text: a heading row and rows of cells, written piece by piece."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports.format import Rows, Write

PIECE = 64 * 1024  # bytes, about


def csv_table(header: tuple[str, ...], rows: Rows, *, quoting: int = csv.QUOTE_MINIMAL) -> Write:
    """A format's ``write`` for UTF-8 text with commas; every row is as wide as ``header``.

    The writer may raise ValueError for a row of another width: a format's mistake.
    """

    def write(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[bytes]:
        text = io.StringIO(newline="")
        writer = csv.writer(text, lineterminator="\r\n", quoting=quoting)  # type: ignore[arg-type]
        writer.writerow(header)
        for row in rows(transactions, context):
            if len(row) != len(header):
                raise ValueError(f"{len(row)} cells under {len(header)} headings")
            writer.writerow(row)
            if text.tell() >= PIECE:
                yield _taken(text)
        yield _taken(text)

    return write


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece


def text_pieces(texts: Iterable[str]) -> Iterator[bytes]:
    """Text as UTF-8, in pieces of a good size."""
    piece = bytearray()
    for text in texts:
        piece += text.encode()
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)
