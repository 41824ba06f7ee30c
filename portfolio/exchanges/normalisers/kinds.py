"""From an exchange's own words to kinds of transaction: each profile has its table of them."""

from __future__ import annotations

from collections.abc import Mapping

from portfolio.engine.types import TransactionKind


def kind_of(word: object, kinds: Mapping[str, TransactionKind]) -> TransactionKind:
    """Return the kind that the table has for ``word``.

    A word that it does not have is *unclassified*: the amounts are booked as they are told, and a
    person is shown what is not understood. It is never an error, and never passed over.
    """
    return kinds.get(str(word), TransactionKind.UNCLASSIFIED)


def known(kind: TransactionKind | None) -> TransactionKind:
    """Return the kind that a table of another shape gave, unclassified where it gave none."""
    return TransactionKind.UNCLASSIFIED if kind is None else kind
