"""What a worker does for an import, by its state; all it needs to go on is in the database."""

from __future__ import annotations

import time
import traceback
import uuid
from collections.abc import Callable
from typing import NamedTuple

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.models import Import, ImportLine
from portfolio.services import (
    import_accounts,
    import_booking,
    import_claims,
    import_comparing,
    import_inspection,
    import_reading,
    import_undoing,
)

log = structlog.get_logger(__name__)

State = Import.State


class Progress(NamedTuple):
    """How a slice ended: whether there is more to do at once, and whether the ledger changed."""

    goes_on: bool
    has_booked: bool
    owner_id: int


def run_slice(job_id: uuid.UUID, *, seconds: float) -> Progress | None:
    """Works on one import for about ``seconds``; None where there is nothing to do for it."""
    stop_at = time.monotonic() + seconds
    job = Import.objects.filter(pk=job_id).first()
    if job is None or not job.is_working:
        return None
    if job.state == State.READING:
        return _read(job_id)
    step = import_booking.step if job.state == State.IMPORTING else import_undoing.step
    while job.is_working and time.monotonic() < stop_at:
        try:
            job = step(job_id)
        except Import.DoesNotExist:
            return None
        except Exception as error:
            _stumble(job_id, error)
            raise
    return Progress(job.is_working, has_booked=True, owner_id=job.owner_id)


def _stumble(job_id: uuid.UUID, error: Exception) -> None:
    """What Coffer cannot book is taken back whole; what it cannot take back waits for a person."""
    # The place only: the text of such an error may quote a record.
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("import failed", job=str(job_id), kind=type(error).__name__, at=str(place))
    failure = _("Coffer itself failed ({kind}); its log says why. Nothing was kept of the files.")
    with transaction.atomic():
        job = Import.objects.select_for_update().filter(pk=job_id).first()
        if job is not None and job.state == State.IMPORTING:
            import_booking.begin_undoing(job, failure.format(kind=type(error).__name__))


# --- Reading a draft --------------------------------------------------------------------------


def _read(job_id: uuid.UUID) -> Progress | None:
    job = import_claims.claim(job_id)
    if job is None:
        return None
    try:
        _draft(job)
    except import_claims.ClaimLost:
        return None
    except Exception as error:
        _give_up(job, error)
        raise
    return Progress(goes_on=False, has_booked=False, owner_id=job.owner_id)


def _give_up(job: Import, error: Exception) -> None:
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("reading failed", job=str(job.pk), kind=type(error).__name__, at=str(place))
    failure = _("Coffer itself failed ({kind}); its log says why.")
    told = failure.format(kind=type(error).__name__)
    rows = Import.objects.filter(pk=job.pk, holder=job.holder, state=State.READING)
    rows.update(state=State.FAILED, failure=told, holder="", finished_at=timezone.now())


def _draft(job: Import) -> None:
    """Everything up to the preview, as far as the answers that are there allow."""
    import_inspection.unpack(job)
    _each(job, "inspected_at", import_inspection.inspect)
    if not any(import_inspection.unanswered(table) for table in job.files.all()):
        _each(job, "read_at", import_reading.read)
    import_reading.count_accounts(job)
    import_accounts.propose(job)
    for account in job.accounts.filter(is_compared=False).select_related("connection"):
        import_comparing.compare(job, account)
    import_claims.release(job, _state(job))


def _each(job: Import, done: str, work: Callable[..., None]) -> None:
    rows = job.files.filter(is_left_out=False, refusal="", wrong=0, **{f"{done}__isnull": True})
    for table in rows.select_related("upload"):
        work(job, table)


def _state(job: Import) -> str:
    """What follows the reading."""
    files = list(job.files.all())
    if any(import_inspection.unanswered(table) for table in files):
        return State.ASKED
    if not any(not table.is_refused and not table.is_left_out for table in files):
        return State.FAILED
    if job.accounts.filter(is_decided=False).exists():
        return State.ASKED
    if not job.lines.exclude(state=ImportLine.State.LEFT_OUT).exists():
        return State.FAILED
    return State.READY
