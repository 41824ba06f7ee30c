"""Opening balances and adjustments by hand: entered, changed, withdrawn, and each of it undone.

What an exchange sent is never touched. An entry books one transaction of one posting; a change
makes a new version and withdraws the former, so that every step can be taken back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.engine import money
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.models import Connection, Holding, ManualEntry, Posting, Transaction
from portfolio.services import holdings

Kind = ManualEntry.Kind


class EntryProblem(Exception):
    """The entry cannot be made so; ``message`` says why, in words for the owner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Told:
    """What a user says of an entry; an unknown cost is None."""

    kind: str
    amount: Decimal
    occurred_at: datetime
    cost: Decimal | None = None
    cost_currency: str = ""
    note: str = ""


@transaction.atomic
def enter(
    *, user: User, connection: Connection, wallet: str, asset: str, told: Told
) -> ManualEntry:
    """Books a new entry. May raise EntryProblem, Connection.DoesNotExist for another's."""
    locked = _locked(user, connection)
    if not Holding.objects.filter(connection=locked, wallet=wallet, asset=asset).exists():
        raise EntryProblem(_("This connection has no such wallet and asset."))
    entry = _made(locked, wallet, asset, told)
    _note(entry, gettext_noop("entry made by hand"))
    return entry


@transaction.atomic
def change(*, user: User, entry: ManualEntry, told: Told) -> ManualEntry:
    """Books a new version in the place of an entry. May raise EntryProblem."""
    current = _current(user, entry)
    if current.is_withdrawn:
        raise EntryProblem(_("This entry was withdrawn; undo that first."))
    _unbook(current)
    made = _made(current.connection, current.wallet, current.asset, told, replaces=current)
    _note(made, gettext_noop("entry by hand changed"))
    return made


@transaction.atomic
def withdraw(*, user: User, entry: ManualEntry) -> ManualEntry:
    """Takes an entry back. May raise EntryProblem."""
    current = _current(user, entry)
    if current.is_withdrawn:
        raise EntryProblem(_("This entry is withdrawn already."))
    _unbook(current)
    _note(current, gettext_noop("entry by hand withdrawn"))
    return current


@transaction.atomic
def undo(*, user: User, entry: ManualEntry) -> ManualEntry:
    """Takes back what was done to an entry last; returns the version that holds now.

    A withdrawn entry is booked again; a changed one is as it was before. May raise EntryProblem.
    """
    current = _current(user, entry)
    if current.is_withdrawn:
        _book(current)
        back = current
    elif current.replaces is not None:
        _unbook(current)
        back = current.replaces
        current.delete()  # the log keeps what it was
        _book(back)
    else:
        raise EntryProblem(_("There is nothing to undo: withdraw it instead."))
    _note(back, gettext_noop("change of an entry by hand undone"))
    return back


def _locked(user: User, connection: Connection) -> Connection:
    """The connection's row, so that no history is deleted meanwhile."""
    rows = Connection.objects.select_for_update(no_key=True)  # as in locks.lock_edits
    return rows.get(pk=connection.pk, owner=user)


def _current(user: User, entry: ManualEntry) -> ManualEntry:
    """The entry as it is now, if it is the latest version. May raise EntryProblem."""
    _locked(user, entry.connection)
    current = ManualEntry.objects.of(user).select_related("connection", "replaces").get(pk=entry.pk)
    if ManualEntry.objects.filter(replaces=current).exists():
        raise EntryProblem(_("This entry was changed meanwhile; look at it again."))
    return current


def _made(
    connection: Connection,
    wallet: str,
    asset: str,
    told: Told,
    *,
    replaces: ManualEntry | None = None,
) -> ManualEntry:
    _check(told)
    entry = ManualEntry.objects.create(
        owner_id=connection.owner_id,
        connection=connection,
        wallet=wallet,
        asset=asset,
        kind=told.kind,
        amount=told.amount,
        occurred_at=told.occurred_at,
        cost=told.cost,  # type: ignore[misc]  # the field may be null
        cost_currency=told.cost_currency if told.cost is not None else "",
        note=told.note,
        made_at=timezone.now(),
        replaces=replaces,
    )
    _book(entry)
    return entry


def _check(told: Told) -> None:
    if not told.amount or not money.fits(told.amount):
        raise EntryProblem(_("An amount other than zero is needed."))
    if told.kind == Kind.OPENING and told.amount < 0:
        raise EntryProblem(_("An opening balance is more than zero; enter an adjustment."))
    if told.kind == Kind.ADJUSTMENT and not told.note.strip():
        raise EntryProblem(_("Say in a note what the adjustment is for."))
    if told.occurred_at > timezone.now():
        raise EntryProblem(_("Choose a time that has already come."))


# --- Booking ----------------------------------------------------------------------------------


def _book(entry: ManualEntry) -> None:
    booked = Transaction.objects.create(
        owner_id=entry.owner_id,
        connection=entry.connection,
        key=f"manual:{entry.pk}",
        kind=TransactionKind.ADJUSTMENT.value,
        occurred_at=entry.occurred_at,
        detail={"type": str(entry.kind), "description": entry.note},
    )
    posting = Posting.objects.create(
        owner_id=entry.owner_id,
        connection=entry.connection,
        transaction=booked,
        position=0,
        wallet=entry.wallet,
        asset=entry.asset,
        amount=entry.amount,
        role=PostingRole.PRINCIPAL.value,
        occurred_at=entry.occurred_at,
    )
    holdings.change_by_hand(entry.connection, gone=[], come=[posting])
    entry.transaction, entry.withdrawn_at = booked, None
    entry.save(update_fields=["transaction", "withdrawn_at"])


def _unbook(entry: ManualEntry) -> None:
    booked = entry.transaction
    if booked is not None:
        holdings.change_by_hand(entry.connection, gone=booked.postings.all(), come=[])
        booked.delete()
    entry.transaction, entry.withdrawn_at = None, timezone.now()
    entry.save(update_fields=["transaction", "withdrawn_at"])


def _note(entry: ManualEntry, action: str) -> None:
    audit.note(
        user=entry.owner,
        action=action,
        connection=str(entry.connection_id),
        entry=str(entry.pk),
        wallet=entry.wallet,
        amount=f"{money.plain(entry.amount)} {entry.asset}",
        dated=entry.occurred_at.isoformat(timespec="minutes"),
    )
