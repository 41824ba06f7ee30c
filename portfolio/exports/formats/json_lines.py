"""JSON Lines: a line for what all have in common, then a line per transaction, nothing left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports import canonical
from portfolio.exports.format import HALF, Check, ExportFormat, Group, gettext_noop
from portfolio.exports.tables import PIECE

VERSION = 1


def write(transactions: Iterable[ExportTransaction], context: ExportContext) -> Iterator[bytes]:
    """Lines in pieces. Assets are as the ledger has them; the first line tells the symbols."""
    about = {"format": "coffer-jsonl", "version": VERSION, **canonical.of_context(context)}
    piece = bytearray(canonical.line(about))
    for transaction in transactions:
        piece += canonical.line(canonical.of_transaction(transaction))
        if len(piece) >= PIECE:
            yield bytes(piece)
            piece.clear()
    yield bytes(piece)


FORMAT = ExportFormat(
    id="jsonl",
    title=gettext_noop("JSON Lines"),
    description=gettext_noop(
        "Everything in the ledger, for programs: one transaction a line with all its amounts, "
        "values, transfers, notes and tags. Numbers are text, so that no digit is lost."
    ),
    write=write,
    content_type="application/jsonl; charset=utf-8",
    extension="jsonl",
    check=Check.OWN,
    version=VERSION,
    group=Group.OWN,
    keeps_pieces=True,
    lacks={
        HALF: gettext_noop(
            "Own transfers of which only one half is in this file, since the other is outside its "
            "range or was not chosen: written as they are; their counterpart says is_outside."
        )
    },
)
