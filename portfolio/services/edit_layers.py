"""Lays edits over transactions and lifts them off again, for one transaction or thousands.

What is replaced keeps its rows and counts nowhere; what stands instead are ordinary transactions,
which go when the edit is reverted. The callers hold the locks: see ``services.locks``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.utils import timezone

from accounts.models import User
from portfolio.engine.edits import Layer
from portfolio.models import Connection, Edit, EditPart, Posting, Transaction
from portfolio.selectors.edit_layers import layer, written
from portfolio.services import edit_annotations, edit_links, holdings

Role = EditPart.Role


@dataclass(frozen=True, slots=True)
class Step:
    """One edit to be made: the transactions it replaces (postings prefetched), and what by."""

    kind: str
    replaced: Sequence[Transaction]
    made: Sequence[Layer]
    data: dict[str, Any] = field(default_factory=dict)


def apply(
    connection: Connection,
    steps: Sequence[Step],
    *,
    user: User,
    reason: str = "",
    batch: UUID | None = None,
) -> list[Edit]:
    """Makes the edits of one connection, in a fixed number of statements."""
    edits = [_edit(connection, step, user, reason, batch) for step in steps]
    Edit.objects.bulk_create(edits)
    _store_parts(edits, steps)
    gone = _take_out([row for step in steps for row in step.replaced])
    made, come = _store_made(connection, edits, steps)
    holdings.change_by_hand(connection, gone=gone, come=come)
    pairs = list(zip(edits, steps, made, strict=True))
    edit_links.carry_over(user, [(edit, step.replaced, rows) for edit, step, rows in pairs])
    edit_annotations.copy([(step.replaced, rows) for _, step, rows in pairs])
    return edits


def _edit(connection: Connection, step: Step, user: User, reason: str, batch: UUID | None) -> Edit:
    return Edit(
        owner_id=connection.owner_id,
        connection=connection,
        kind=step.kind,
        made_by=user,
        made_at=timezone.now(),
        batch=batch,
        reason=reason,
        data={"before": before(step.replaced), "after": [written(m) for m in step.made]}
        | step.data,
    )


def before(replaced: Iterable[Transaction]) -> list[dict[str, Any]]:
    """What an edit saw of the transactions it replaced, to tell later whether they changed."""
    return [{"id": row.pk, "key": row.key} | written(layer(row)) for row in replaced]


def _store_parts(edits: Sequence[Edit], steps: Sequence[Step]) -> None:
    origins = origins_of([row for step in steps for row in step.replaced])
    parts = []
    for edit, step in zip(edits, steps, strict=True):
        parts += [EditPart(edit=edit, transaction=row, role=Role.REPLACED) for row in step.replaced]
        below = {ident for row in step.replaced for ident in origins.get(row.pk, ())}
        parts += [
            EditPart(edit=edit, transaction_id=ident, role=Role.ORIGIN) for ident in sorted(below)
        ]
    EditPart.objects.bulk_create(parts)


def origins_of(rows: Iterable[Transaction]) -> dict[int, set[int]]:
    """What was told below each of these, where an edit made it."""
    makers = {row.pk: row.edit_id for row in rows if row.edit_id is not None}
    if not makers:
        return {}
    below: dict[int, set[int]] = {}
    parts = EditPart.objects.filter(edit__in=set(makers.values()), transaction__edit=None)
    for edit_id, transaction_id in parts.values_list("edit_id", "transaction_id"):
        below.setdefault(edit_id, set()).add(transaction_id)
    return {pk: below.get(maker, set()) for pk, maker in makers.items()}


def _take_out(rows: Sequence[Transaction]) -> list[Posting]:
    ids = [row.pk for row in rows]
    gone = [posting for row in rows for posting in row.postings.all()]
    Transaction.objects.filter(pk__in=ids).update(is_replaced=True)
    Posting.objects.filter(transaction__in=ids).update(counts=False)
    return gone


def _store_made(
    connection: Connection, edits: Sequence[Edit], steps: Sequence[Step]
) -> tuple[list[list[Transaction]], list[Posting]]:
    rows, postings = [], []
    for edit, step in zip(edits, steps, strict=True):
        made = [_row(connection, edit, told, number) for number, told in enumerate(step.made, 1)]
        rows.append(made)
        for row, told in zip(made, step.made, strict=True):
            postings += _postings(row, told)
    Transaction.objects.bulk_create([row for made in rows for row in made])
    return rows, Posting.objects.bulk_create(postings)


def _row(connection: Connection, edit: Edit, told: Layer, number: int) -> Transaction:
    return Transaction(
        owner_id=connection.owner_id,
        connection=connection,
        edit=edit,
        key=told.key or f"edit:{edit.pk}/{number}",
        kind=told.kind.value,
        occurred_at=told.occurred_at,
        detail=told.detail,
    )


def _postings(row: Transaction, told: Layer) -> list[Posting]:
    return [
        Posting(
            owner_id=row.owner_id,
            connection=row.connection,
            transaction=row,
            raw_record_id=leg.record,
            position=position,
            wallet=leg.wallet,
            asset=leg.asset,
            amount=leg.amount,
            role=leg.role.value,
            occurred_at=leg.occurred_at,
            is_edited=True,
        )
        for position, leg in enumerate(told.legs)
    ]


# --- Lifting off ------------------------------------------------------------------------------


def lift(
    connection: Connection, edits: Sequence[Edit], *, by: User | None, why: str = ""
) -> list[Edit]:
    """Reverts the standing ones of these edits of one connection; returns those reverted.

    Newest first, so that layers come off in turn; one stays where a layer lies on it that is not
    among them.
    """
    edit_annotations.take_back([edit for edit in edits if edit.kind in edit_annotations.KINDS])
    left = {edit.pk: edit for edit in edits}
    done: list[Edit] = []
    while left:
        covered = set(
            Edit.objects.filter(pk__in=left, made__is_replaced=True).values_list("pk", flat=True)
        )
        wave = [edit for pk, edit in left.items() if pk not in covered]
        if not wave:
            break
        _lift(connection, wave, by, why)
        done += wave
        for edit in wave:
            del left[edit.pk]
    return done


def _lift(connection: Connection, edits: Sequence[Edit], by: User | None, why: str) -> None:
    now = timezone.now()
    made = list(_whole(Transaction.objects.filter(edit__in=edits)))
    parts = EditPart.objects.filter(edit__in=edits)
    replaced = list(
        _whole(
            Transaction.objects.filter(edit_parts__edit__in=edits, edit_parts__role=Role.REPLACED)
        )
    )
    _give_back(edits, made, replaced)
    parts.update(is_active=False)
    ids = [row.pk for row in replaced]
    Transaction.objects.filter(pk__in=ids).update(is_replaced=False)
    Posting.objects.filter(transaction__in=ids).update(counts=True)
    holdings.change_by_hand(
        connection,
        gone=[posting for row in made for posting in row.postings.all()],
        come=[posting for row in replaced for posting in row.postings.all()],
    )
    Transaction.objects.filter(pk__in=[row.pk for row in made]).delete()
    edit_links.restore(edits)
    _close(edits, by, why, now)


def _whole(rows: Any) -> Any:
    return rows.prefetch_related(Prefetch("postings", Posting.objects.order_by("id")))


def _give_back(
    edits: Sequence[Edit], made: Sequence[Transaction], replaced: Sequence[Transaction]
) -> None:
    """Links and annotations of what was made go to what stood before."""
    by_pk = {row.pk: row for row in replaced}
    of_edit: dict[int, tuple[list[Transaction], list[Transaction]]] = {
        edit.pk: ([], []) for edit in edits
    }
    for row in made:
        of_edit[row.edit_id or 0][0].append(row)
    parts = EditPart.objects.filter(edit__in=edits, role=Role.REPLACED)
    for edit_id, transaction_id in parts.values_list("edit_id", "transaction_id"):
        of_edit[edit_id][1].append(by_pk[transaction_id])
    edit_links.give_back(list(of_edit.values()))
    edit_annotations.give_back(list(of_edit.values()))


def _close(edits: Sequence[Edit], by: User | None, why: str, now: datetime) -> None:
    Edit.objects.filter(pk__in=[edit.pk for edit in edits]).update(
        reverted_at=now, reverted_by=by, reverted_why=why, record_changed_at=None
    )
