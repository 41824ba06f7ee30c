"""What a person does with imports: bring files, answer, confirm, discard, undo."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.imports import registry
from portfolio.models import Import, ImportFile
from portfolio.services import (
    import_accounts,
    import_booking,
    import_inspection,
    import_uploads,
)
from portfolio.services.import_uploads import Brought, ImportProblem

__all__ = ["DRAFTS_KEPT", "Brought", "ImportProblem"]

State = Import.State
DRAFTS_KEPT = timedelta(hours=24)
_CHANGEABLE = (State.READING, State.ASKED, State.READY, State.FAILED)


@transaction.atomic
def begin(*, user: User, files: list[Brought]) -> Import:
    """Keeps files for a worker to read, apart from the ledger. May raise ImportProblem."""
    import_uploads.check(files)
    now = timezone.now()
    job = Import.objects.create(owner=user, created_at=now, worked_at=now)
    import_uploads.keep(job, files)
    return job


def _locked(user: User, job_id: uuid.UUID) -> Import:
    """May raise Import.DoesNotExist."""
    return Import.objects.select_for_update().get(pk=job_id, owner=user)


def _draft(user: User, job_id: uuid.UUID) -> Import:
    """May raise ImportProblem: it is being read, confirmed already, or over."""
    job = _locked(user, job_id)
    if job.state == State.READING:
        raise ImportProblem(_("The files are being read just now; change it when that is done."))
    if not job.takes_answers or not job.uploads.exists():
        raise ImportProblem(_("This import cannot be changed any more."))
    return job


def _read_again(job: Import) -> None:
    job.state, job.holder, job.worked_at = State.READING, "", timezone.now()
    job.failure, job.finished_at = "", None
    job.save()


@transaction.atomic
def answer(*, user: User, job_id: uuid.UUID, file_id: int, answers: Mapping[str, object]) -> None:
    """Takes answers about a file, or others than before; it is read with them.

    Of another format than before the rest is asked anew. May raise ImportProblem.
    """
    job = _draft(user, job_id)
    table = _file(job, file_id)
    told = dict(answers)
    named = str(told.pop(import_inspection.FORMAT, "") or table.format)
    if named != table.format:
        _take_for(table, named)
    else:
        table.answers = table.answers | told
    table.read_at = None
    _change(job, table)


def _take_for(table: ImportFile, format_id: str) -> None:
    """A table is of this format by its owner's word."""
    if format_id != import_inspection.GENERIC:
        registry.by_id(format_id)
    table.format, table.settings, table.inspected_at = format_id, {}, None
    table.answers = {import_inspection.FORMAT: format_id}


@transaction.atomic
def map_columns(*, user: User, job_id: uuid.UUID, file_id: int, settings: dict[str, str]) -> None:
    """Takes what the columns of a file mean; it is read with that. May raise ImportProblem."""
    job = _draft(user, job_id)
    table = _file(job, file_id)
    table.format, table.settings = import_inspection.GENERIC, settings
    table.answers = {import_inspection.FORMAT: import_inspection.GENERIC}
    table.inspected_at = table.read_at = None
    _change(job, table)


@transaction.atomic
def leave_out(*, user: User, job_id: uuid.UUID, file_id: int, is_left_out: bool) -> None:
    """Leaves a file of the draft out, or takes it in again. May raise ImportProblem."""
    job = _draft(user, job_id)
    table = _file(job, file_id)
    table.is_left_out, table.read_at = is_left_out, None
    _change(job, table)


def _file(job: Import, file_id: int) -> ImportFile:
    table = job.files.filter(pk=file_id).first()
    if table is None:
        raise ImportProblem(_("This file is not part of the import."))
    return table


def _change(job: Import, table: ImportFile) -> None:
    """What was read of a file is read anew."""
    table.lines.all().delete()
    table.refusal, table.wrong, table.problems, table.rows = "", 0, [], 0
    table.save()
    job.accounts.update(is_compared=False)
    _read_again(job)


@transaction.atomic
def place(*, user: User, job_id: uuid.UUID, choices: Mapping[int, tuple[str, str]]) -> None:
    """Takes the connection of each account: its id or "new", with a label. May raise ImportProblem.

    May raise Connection.DoesNotExist for another's.
    """
    job = _draft(user, job_id)
    changed = [
        import_accounts.choose(job, account, *choices[account.pk])
        for account in job.accounts.filter(pk__in=choices)
    ]
    if any(changed):
        _read_again(job)


@transaction.atomic
def confirm(*, user: User, job_id: uuid.UUID) -> Import:
    """Hands the draft to the worker that books it; asked twice, it is booked once.

    What contradicts the ledger is kept as a conflict, and books nothing before it is decided.
    May raise ImportProblem.
    """
    job = _locked(user, job_id)
    if job.state in (State.IMPORTING, State.DONE):
        return job
    if job.state != State.READY:
        raise ImportProblem(_("This import is not ready to be confirmed."))
    import_accounts.make(job)
    job.state, job.worked_at = State.IMPORTING, timezone.now()
    job.done, job.last_id = 0, 0
    job.total = job.lines.filter(state__in=import_booking.BOOKED).count()
    job.save()
    audit.note(user=user, action=gettext_noop("files imported"), **{"import": str(job.pk)})
    return job


@transaction.atomic
def discard(*, user: User, job_id: uuid.UUID) -> None:
    """Deletes a draft, or a refused one, with the files. May raise ImportProblem."""
    job = _locked(user, job_id)
    if job.state not in _CHANGEABLE:
        raise ImportProblem(_("This import is not a draft any more; it can be undone."))
    if not job.records.exists():
        job.delete()


@transaction.atomic
def undo(*, user: User, job_id: uuid.UUID) -> Import:
    """Hands an import to the worker that takes it back. May raise ImportProblem."""
    job = _locked(user, job_id)
    if job.state in (State.UNDOING, State.UNDONE):
        return job
    if job.state not in (State.DONE, State.IMPORTING):
        raise ImportProblem(_("Nothing of this import is in the ledger."))
    import_booking.begin_undoing(job)
    audit.note(user=user, action=gettext_noop("import undone"), **{"import": str(job.pk)})
    return job


def expire(now: datetime) -> int:
    """Deletes drafts that nobody confirmed within a day; returns how many."""
    states = (State.READING, State.ASKED, State.READY, State.FAILED)
    old = Import.objects.filter(state__in=states, created_at__lt=now - DRAFTS_KEPT)
    found = old.filter(records=None)
    number = found.count()
    found.delete()
    return number
