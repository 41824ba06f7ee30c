"""What a person decides where two sources contradict each other: one event, or two."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.models import WitnessConflict
from portfolio.services import witnesses
from portfolio.services.locks import lock_edits

Decision = WitnessConflict.Decision


class ConflictProblem(Exception):
    """It cannot be decided so; ``message`` says why, in words for the owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@transaction.atomic
def decide(*, user: User, conflict_id: int, decision: str) -> None:
    """Says that both are one event, or two. May raise ConflictProblem, DoesNotExist."""
    row = _locked(user, conflict_id)
    if row.decision:
        raise ConflictProblem(_("This is decided already; take that back first."))
    if decision not in (Decision.SAME, Decision.APART):
        raise ConflictProblem(_("Choose whether it is one event or two."))
    row.decision, row.decided_at, row.decided_by = decision, timezone.now(), user
    _follow(row, gettext_noop("conflict of two sources decided"))


@transaction.atomic
def undo(*, user: User, conflict_id: int) -> None:
    """Takes a decision back. May raise ConflictProblem, WitnessConflict.DoesNotExist."""
    row = _locked(user, conflict_id)
    if not row.decision:
        raise ConflictProblem(_("Nothing was decided on this yet."))
    action = gettext_noop("decision on a conflict of two sources taken back")
    row.decision, row.decided_at, row.decided_by = Decision.OPEN, None, None
    _follow(row, action)


def _locked(user: User, conflict_id: int) -> WitnessConflict:
    """The conflict, with its connection's row held. May raise WitnessConflict.DoesNotExist."""
    place = WitnessConflict.objects.of(user).values_list("connection", flat=True)
    locked = lock_edits(user.pk, [place.get(pk=conflict_id)])
    rows = WitnessConflict.objects.of(user).select_related("raw_record")
    row = rows.get(pk=conflict_id)
    row.connection = locked[row.connection_id]
    return row


def _follow(row: WitnessConflict, action: str) -> None:
    row.save()
    witnesses.settle(row.connection, row.raw_record.occurred_at, row.raw_record.occurred_at)
    audit.note(
        user=row.owner,
        action=action,
        connection=str(row.connection_id),
        record=str(row.raw_record_id),
        decision=str(row.get_decision_display()),
    )
