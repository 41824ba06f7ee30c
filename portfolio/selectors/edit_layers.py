"""Reads transactions as layers, and writes layers down so that they can be read without rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from portfolio.engine import money
from portfolio.engine.edits import Layer, Leg
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.models import Posting, Transaction


def layer(row: Transaction) -> Layer:
    """A stored transaction with its postings, which should be prefetched."""
    return Layer(
        key=row.key,
        kind=TransactionKind(row.kind),
        occurred_at=row.occurred_at,
        legs=tuple(_leg(posting) for posting in ordered(row.postings.all())),
        detail=dict(row.detail),
    )


def ordered(postings: Iterable[Posting]) -> list[Posting]:
    """In an order of their own: amounts first, then fees, each as they were booked."""
    return sorted(postings, key=lambda posting: (posting.role == PostingRole.FEE, posting.pk))


def _leg(posting: Posting) -> Leg:
    return Leg(
        wallet=posting.wallet,
        asset=posting.asset,
        amount=posting.amount,
        role=PostingRole(posting.role),
        occurred_at=posting.occurred_at,
        record=posting.raw_record_id,
    )


def written(layer: Layer) -> dict[str, Any]:
    """A layer as JSON: ``{"kind", "at", "legs": [[wallet, asset, amount, role], ...]}``.

    The same for the same amounts, whatever order they were booked in.
    """
    return {
        "kind": layer.kind.value,
        "at": layer.occurred_at.isoformat(),
        "legs": sorted(
            [leg.wallet, leg.asset, money.plain(leg.amount), leg.role.value] for leg in layer.legs
        ),
    }
