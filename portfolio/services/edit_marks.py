"""Notes and tags of a user's, as edits: they can be taken back like all others."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.models import Edit, EditPart, Note, Tagging, Transaction
from portfolio.services import edit_annotations, edit_layers
from portfolio.services.edits import MOST, EditProblem
from portfolio.services.locks import lock_edits

LONGEST_NOTE = 2000
LONGEST_TAG = 40
MOST_TAGS = 20


@transaction.atomic
def note(*, user: User, transaction_id: int, text: str) -> Edit | None:
    """Writes a note on a transaction; an empty one takes it away. None where nothing changes.

    May raise EditProblem, Transaction.DoesNotExist.
    """
    (row,) = _taken(user, [transaction_id])
    words = text.strip().replace("\r\n", "\n").replace("\x00", "")
    if len(words) > LONGEST_NOTE:
        raise EditProblem(_("A note has at most {most} characters.").format(most=LONGEST_NOTE))
    found = Note.objects.filter(transaction=row).first()
    known = found.text if found else ""
    if words == known:
        return None
    edit_annotations.set_note([row.pk], words)
    (edit,) = _store(user, Edit.Kind.NOTE, [(row, {"before": known, "after": words})], None)
    audit.note(user=user, action=gettext_noop("note written"), edit=str(edit.pk))
    return edit


@transaction.atomic
def tag(
    *, user: User, ids: Sequence[int], add: Sequence[str] = (), remove: Sequence[str] = ()
) -> tuple[Edit, ...]:
    """Puts tags on transactions and takes others off; one batch. Empty where nothing changes.

    May raise EditProblem, Transaction.DoesNotExist.
    """
    wanted, unwanted = cleaned(add), set(cleaned(remove))
    rows = _taken(user, ids)
    known = _known(rows)
    changes = []
    for row in rows:
        added = [name for name in wanted if name not in known[row.pk]]
        removed = sorted(unwanted & known[row.pk] - set(wanted))
        if added or removed:
            changes.append((row, {"added": added, "removed": removed}))
    if any(len(known[row.pk]) + len(told["added"]) > MOST_TAGS for row, told in changes):
        raise EditProblem(_("A transaction has at most {most} tags.").format(most=MOST_TAGS))
    if not changes:
        return ()
    edit_annotations.take(user.pk, [row.pk for row, _told in changes], unwanted - set(wanted))
    edit_annotations.put(
        user.pk, [(row.pk, name) for row, told in changes for name in told["added"]]
    )
    batch = uuid.uuid4() if len(rows) > 1 else None
    edits = _store(user, Edit.Kind.TAG, changes, batch)
    audit.note(user=user, action=gettext_noop("tags changed"), number=str(len(edits)))
    return tuple(edits)


def retag(*, user: User, transaction_id: int, names: Sequence[str]) -> tuple[Edit, ...]:
    """Gives one transaction exactly these tags. May raise EditProblem, Transaction.DoesNotExist."""
    known = _known(Transaction.objects.of(user).filter(pk=transaction_id))
    gone = known.get(transaction_id, set()) - set(cleaned(names))
    return tag(user=user, ids=[transaction_id], add=names, remove=sorted(gone))


def cleaned(names: Sequence[str]) -> list[str]:
    """Tags as they are kept: one space between words, each once. May raise EditProblem."""
    words = [" ".join(name.replace("\x00", "").split()) for name in names]
    if any(len(word) > LONGEST_TAG for word in words):
        raise EditProblem(_("A tag has at most {most} characters.").format(most=LONGEST_TAG))
    return list(dict.fromkeys(word for word in words if word))


def _known(rows: Any) -> dict[int, set[str]]:
    found: dict[int, set[str]] = {row.pk: set() for row in rows}
    taggings = Tagging.objects.filter(transaction__in=found)
    for pk, name in taggings.values_list("transaction_id", "tag__name"):
        found[pk].add(name)
    return found


def _taken(user: User, ids: Sequence[int]) -> list[Transaction]:
    wanted = set(ids)
    if not wanted:
        raise EditProblem(_("Choose at least one transaction."))
    if len(wanted) > MOST:
        raise EditProblem(_("At most {most} can be edited at once.").format(most=MOST))
    owned = Transaction.objects.of(user).filter(pk__in=wanted).order_by("occurred_at", "pk")
    lock_edits(user.pk, list(owned.values_list("connection", flat=True).distinct().order_by()))
    rows = list(owned)
    if len(rows) != len(wanted):
        raise Transaction.DoesNotExist
    return rows


def _store(
    user: User,
    kind: str,
    changes: Sequence[tuple[Transaction, dict[str, Any]]],
    batch: UUID | None,
) -> list[Edit]:
    edits = [
        Edit(
            owner=user,
            connection_id=row.connection_id,
            kind=kind,
            made_by=user,
            made_at=timezone.now(),
            batch=batch,
            data=told,
        )
        for row, told in changes
    ]
    Edit.objects.bulk_create(edits)
    origins = edit_layers.origins_of([row for row, _told in changes])
    parts = []
    for edit, (row, _told) in zip(edits, changes, strict=True):
        parts.append(EditPart(edit=edit, transaction=row, role=EditPart.Role.MARKED))
        parts += [
            EditPart(edit=edit, transaction_id=pk, role=EditPart.Role.ORIGIN)
            for pk in sorted(origins.get(row.pk, ()))
        ]
    EditPart.objects.bulk_create(parts)
    return edits
