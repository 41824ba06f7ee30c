"""What becomes of edits when the records below them are told anew.

Runs inside the database transaction that books, which holds the connection's row.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.models import Edit, EditPart, Posting, Transaction
from portfolio.selectors.edit_layers import layer, written
from portfolio.services import edit_layers

Role = EditPart.Role


def compare(told: Iterable[Transaction | None]) -> None:
    """Marks the edits whose ground is not what their user saw, and clears those where it is again.

    ``told`` are transactions that were booked anew; most are under no edit and cost nothing.
    """
    replaced = {row.pk for row in told if row is not None and row.is_replaced}
    if not replaced:
        return
    edits = list(Edit.objects.filter(parts__in=_replacing(replaced)).distinct())
    found = ground(edits)
    for edit in edits:
        is_changed = any(is_changed_since(seen, found) for seen in edit.data["before"])
        edit.record_changed_at = (edit.record_changed_at or timezone.now()) if is_changed else None
    Edit.objects.bulk_update(edits, ["record_changed_at"])


def _replacing(ids: Iterable[int]) -> QuerySet[EditPart]:
    return EditPart.objects.filter(transaction__in=ids, role=Role.REPLACED, is_active=True)


def ground(edits: Iterable[Edit]) -> dict[int, Transaction]:
    """What these edits replaced, as it is now, with all postings."""
    rows = Transaction.objects.filter(
        edit_parts__edit__in=list(edits), edit_parts__role=Role.REPLACED
    )
    whole = rows.prefetch_related(Prefetch("postings", Posting.objects.order_by("id")))
    return {row.pk: row for row in whole}


def is_changed_since(seen: dict[str, object], found: dict[int, Transaction]) -> bool:
    """Whether a transaction is otherwise than an edit saw it."""
    row = found.get(int(str(seen["id"])))
    if row is None:
        return True
    now = written(layer(row))
    return any(seen[name] != value for name, value in now.items())


def lift_from(untold: QuerySet[Transaction]) -> None:
    """Takes back the edits of transactions that no record tells of any more, and all upon them."""
    edits = with_later(
        Edit.objects.filter(parts__in=_replacing(untold.values_list("pk", flat=True)))
    )
    if edits:
        why = _("The exchange no longer tells of what this was made of.")
        edit_layers.lift(edits[0].connection, edits, by=None, why=why)


def with_later(edits: Iterable[Edit]) -> list[Edit]:
    """The edits, and those that stand upon what they made."""
    found = {edit.pk: edit for edit in edits}
    fresh = list(found)
    while fresh:
        above = EditPart.objects.filter(
            transaction__edit__in=fresh, role=Role.REPLACED, is_active=True
        )
        upon = Edit.objects.filter(parts__in=above).exclude(pk__in=found).distinct()
        fresh = [edit.pk for edit in upon]
        found |= {edit.pk: edit for edit in upon}
    return list(found.values())
