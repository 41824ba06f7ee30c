"""Own transfers of which only one half is in an export: no target can tell these whole.

Every format that reads a range names them, whether it says itself what becomes of them or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports.format import HALF, ExportFormat, gettext_noop

_SENTENCE = gettext_noop(
    "Own transfers of which only one half is in this file, since the other is outside its range, "
    "or in a connection, wallet or kind that was not chosen: written as a deposit or a withdrawal, "
    "which may be taken for a purchase or a sale until the other half is brought too. The "
    "description, where there is one, says so."
)


def with_halves(known: ExportFormat) -> ExportFormat:
    """The format, with halves that are alone among what it lacks."""
    if known.needs_history or known.of_account:
        return known

    def shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
        yield from known.shortfalls(transaction, context)
        pieces = (piece.counterpart.is_outside for piece in transaction.pieces)
        if transaction.is_half_alone or any(pieces):
            yield HALF

    return replace(
        known, lacks={**known.lacks, HALF: known.lacks.get(HALF, _SENTENCE)}, shortfalls=shortfalls
    )
