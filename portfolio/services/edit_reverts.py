"""Takes edits back: one, one with all that lie on it, a batch, a connection's, or all."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.models import Edit
from portfolio.services import edit_layers, edit_upkeep
from portfolio.services.edits import EditProblem
from portfolio.services.locks import lock_edits


@dataclass(frozen=True, slots=True)
class Reverted:
    """How many edits were taken back, and how many stay because later ones lie on them."""

    number: int
    left: int


@transaction.atomic
def revert(*, user: User, edit_id: int, with_later: bool = False) -> Reverted:
    """Takes one edit back. May raise EditProblem, Edit.DoesNotExist.

    One with later edits upon it is refused, or taken back with them.
    """
    edit = Edit.objects.of(user).get(pk=edit_id)
    lock_edits(user.pk, [edit.connection_id])
    edit.refresh_from_db()
    if edit.is_reverted:
        raise EditProblem(_("This edit is taken back already."))
    edits = edit_upkeep.with_later([edit])
    if len(edits) > 1 and not with_later:
        raise EditProblem(
            _("A later edit stands on this one: take that back first, or both together.")
        )
    _require_last_note(edit)
    done = edit_layers.lift(edit.connection, edits, by=user)
    audit.note(user=user, action=gettext_noop("edit taken back"), edit=str(edit.pk))
    return Reverted(len(done), 0)


def _require_last_note(edit: Edit) -> None:
    if edit.kind != Edit.Kind.NOTE:
        return
    parts = edit.parts.values_list("transaction", flat=True)
    later = Edit.objects.standing().filter(
        kind=Edit.Kind.NOTE, parts__transaction__in=parts, pk__gt=edit.pk
    )
    if later.exists():
        raise EditProblem(_("The note was changed since: take the later change back first."))


def revert_batch(*, user: User, batch: UUID) -> Reverted:
    """Takes all of a batch back. May raise EditProblem, Edit.DoesNotExist where there is none."""
    edits = Edit.objects.of(user).filter(batch=batch)
    if not edits.exists():
        raise Edit.DoesNotExist
    return _revert_many(user, edits, gettext_noop("edits of a batch taken back"))


def revert_all(*, user: User, connection_id: UUID | None = None) -> Reverted:
    """Takes all edits back, of everything or of one connection. May raise EditProblem."""
    edits = Edit.objects.of(user)
    if connection_id is not None:
        edits = edits.filter(connection=connection_id)
    return _revert_many(user, edits, gettext_noop("all edits taken back"))


@transaction.atomic
def _revert_many(user: User, rows: QuerySet[Edit], action: str) -> Reverted:
    standing = rows.filter(reverted_at__isnull=True)
    connections = list(standing.order_by().values_list("connection", flat=True).distinct())
    locked = lock_edits(user.pk, connections)
    by_connection: dict[UUID, list[Edit]] = defaultdict(list)
    for edit in standing.order_by("pk"):
        by_connection[edit.connection_id].append(edit)
    asked = sum(map(len, by_connection.values()))
    done = sum(
        len(edit_layers.lift(locked[pk], edits, by=user)) for pk, edits in by_connection.items()
    )
    _require_some(asked, done)
    audit.note(user=user, action=action, number=str(done))
    return Reverted(done, asked - done)


def _require_some(asked: int, done: int) -> None:
    if not asked:
        raise EditProblem(_("There is nothing to take back."))
    if not done:
        raise EditProblem(_("Later edits stand on all of these: take those back first."))


@transaction.atomic
def keep(*, user: User, edit_id: int) -> Edit:
    """Keeps an edit though a record under it changed. May raise EditProblem, Edit.DoesNotExist."""
    edit = Edit.objects.of(user).get(pk=edit_id)
    lock_edits(user.pk, [edit.connection_id])
    edit.refresh_from_db()
    if edit.record_changed_at is None or edit.is_reverted:
        raise EditProblem(_("No record under this edit has changed."))
    edit.data["before"] = edit_layers.before(edit_upkeep.ground([edit]).values())
    edit.record_changed_at = None
    edit.save(update_fields=["data", "record_changed_at"])
    audit.note(user=user, action=gettext_noop("edit kept, its record changed"), edit=str(edit.pk))
    return edit
