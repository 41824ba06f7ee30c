"""Reads one raw record and what rests on it."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import User
from portfolio.models import Posting, RawRecord


@dataclass(frozen=True, slots=True)
class Record:
    """A raw record and the postings that were booked from it."""

    record: RawRecord
    postings: tuple[Posting, ...]


def record(user: User, record_id: int) -> Record:
    """One raw record, in three queries. May raise RawRecord.DoesNotExist."""
    rows = RawRecord.objects.filter(connection__owner=user)
    row = (
        rows.select_related("connection", "stream", "transaction", "conflict")
        .prefetch_related("revisions")
        .get(pk=record_id)
    )
    return Record(row, tuple(row.postings.order_by("-role", "amount", "id")))
