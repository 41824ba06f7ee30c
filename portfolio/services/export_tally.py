"""Counts and fingerprints what goes into an export while it is written."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator

from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports import canonical
from portfolio.exports.format import ExportFormat


class Tally:
    """What was read so far; ``tell`` is called with the number of transactions after each.

    The fingerprint is the SHA-256 of the canonical lines: of what all have in common, then of each
    transaction in the order of the file.
    """

    def __init__(
        self,
        known: ExportFormat,
        context: ExportContext,
        tell: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._known, self._context, self._tell = known, context, tell
        self._hash = hashlib.sha256(canonical.line(canonical.of_context(context)))
        self.number = 0
        self.unvalued = 0  # amounts of unknown value
        self.shortfalls: Counter[str] = Counter()

    def watched(self, transactions: Iterable[ExportTransaction]) -> Iterator[ExportTransaction]:
        """The same transactions, counted as they pass."""
        for transaction in transactions:
            self._hash.update(canonical.line(canonical.of_transaction(transaction)))
            self.number += 1
            self.unvalued += sum(leg.value is None for leg in transaction.legs)
            self.shortfalls.update(set(self._known.shortfalls(transaction, self._context)))
            self._tell(self.number)
            yield transaction

    def watched_bytes(self, chunks: Iterable[bytes], number: int) -> Generator[bytes]:
        """The same bytes of so many transactions, where no transaction passes by itself."""
        for chunk in chunks:
            self._hash.update(chunk)
            yield chunk
        self.number = number

    @property
    def fingerprint(self) -> str:
        """Of all that was read."""
        return self._hash.hexdigest()
