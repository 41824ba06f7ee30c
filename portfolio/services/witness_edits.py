"""Keeps what a user did to a transaction that becomes a witness of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.db.models import Prefetch

from portfolio.engine.told_amounts import Agreement, Amounts, agreement
from portfolio.engine.types import Movement, PostingRole
from portfolio.models import Connection, Edit, EditPart, Posting, RawRecord, Transaction
from portfolio.selectors.edit_layers import layer, written

_WHOLE = (Agreement.EXACT, Agreement.FEES_INSIDE)
_PARKED = "handing over {pk}"


class HandedOver(NamedTuple):
    """The rows that live on, and those whose records go to them."""

    kept: tuple[int, ...] = ()
    left: tuple[int, ...] = ()


def hand_over(connection: Connection, raws: Sequence[RawRecord]) -> HandedOver:
    """Lets the row that a user edited live on under the key of the event's stronger telling.

    Edits name rows, so the rows change their keys with each other before their records are booked
    anew. Only where both have the same amounts and nothing was done to the other; elsewhere the
    edit is taken back, with words, as for any record that is no longer told. Notes, tags and
    transfers follow by themselves. The records of both are to be booked anew.
    """
    edited = {raw.transaction_id: raw for raw in raws if raw.same_as and raw.transaction_id}
    rows = _whole(Transaction.objects.filter(pk__in=edited, is_replaced=True, edit=None))
    if not rows:
        return HandedOver()
    alone = Counter(raw.same_as for raw in raws)
    keys = {edited[row.pk].same_as for row in rows}
    heirs = {
        row.key: row for row in _whole(connection.transactions.filter(edit=None, key__in=keys))
    }
    kept, left = [], []
    for row in rows:
        key = edited[row.pk].same_as
        heir = heirs.get(key)
        if heir is not None and alone[key] == 1 and _may_swap(row, heir):
            _swap_keys(row, heir)
            kept.append(row.pk)
            left.append(heir.pk)
    return HandedOver(tuple(kept), tuple(left))


def _whole(rows: Iterable[Transaction]) -> list[Transaction]:
    told = Posting.objects.filter(is_edited=False).order_by("id")
    return list(rows.prefetch_related(Prefetch("postings", told)))  # type: ignore[attr-defined]


def _may_swap(row: Transaction, heir: Transaction) -> bool:
    same = agreement(_amounts(row), _amounts(heir)) in _WHOLE
    return same and not heir.is_replaced and row.raw_records.count() == 1


def _amounts(row: Transaction) -> Amounts:
    rows = row.postings.all()
    return Amounts(tuple(Movement(p.wallet, p.asset, p.amount, PostingRole(p.role)) for p in rows))


def _swap_keys(row: Transaction, heir: Transaction) -> None:
    row_key, heir_key = row.key, heir.key
    for one, key in ((heir, _PARKED.format(pk=heir.pk)), (row, heir_key), (heir, row_key)):
        one.key = key
        one.save(update_fields=["key"])


def confirm(ids: Sequence[int]) -> None:
    """What the user saw is what is told still, if only the clock is a finer one."""
    edits = Edit.objects.filter(
        parts__transaction__in=ids, parts__role=EditPart.Role.REPLACED, parts__is_active=True
    )
    for edit in edits.distinct() if ids else ():
        rows = {row.pk: row for row in _whole(Transaction.objects.filter(edit_parts__edit=edit))}
        edit.data["before"] = [
            _seen(seen, rows.get(int(seen["id"]))) for seen in edit.data["before"]
        ]
        edit.record_changed_at = None
        edit.save(update_fields=["data", "record_changed_at"])


def _seen(seen: dict[str, object], row: Transaction | None) -> dict[str, object]:
    return seen if row is None else {"id": row.pk, "key": row.key} | written(layer(row))
