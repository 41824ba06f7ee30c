"""Takes complete archives that are brought on a page: checked first, then restored by a worker.

The rules are those of ``portfolio.services.restoring``. What is restored and the word that it is
stand in one database transaction: a worker that is killed leaves nothing, and another begins anew.
"""

from __future__ import annotations

import io
import shlex
import traceback
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import BinaryIO, NamedTuple, cast

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from portfolio.engine.archive import ArchiveProblem
from portfolio.imports import archives
from portfolio.imports.limits import MEGABYTE
from portfolio.models import Restoration
from portfolio.services import import_uploads, locks, restoring
from portfolio.services.import_uploads import Brought, ImportProblem

log = structlog.get_logger(__name__)

State = Restoration.State
KEPT = timedelta(hours=24)
LEFT_AFTER = timedelta(seconds=60)
MOST_ATTEMPTS = 5
_TOLD_FOR = 3600  # seconds


# --- What a person does -----------------------------------------------------------------------


def is_archive(file: Brought) -> bool:
    """Whether a file that is brought is a complete archive, by its list of files."""
    return archives.is_archive(cast(BinaryIO, file))


def command(user: User, name: str) -> str:
    """What restores an archive of any size, for whoever runs this installation."""
    return shlex.join(["manage.py", "restore", user.email, name])


def begin(*, user: User, file: Brought) -> Restoration:
    """Keeps an archive for a worker to check; nothing of it is stored. May raise ImportProblem."""
    size = file.size or 0
    if size > settings.IMPORT_MAX_MB * MEGABYTE:
        text = _(
            "{name} has {size} MB; at most {most} MB are taken here. Whoever runs this Coffer "
            "restores larger archives with: {command}"
        )
        name = import_uploads.plain_name(file.name or "")
        told = {"name": name, "size": -(-size // MEGABYTE), "most": settings.IMPORT_MAX_MB}
        raise ImportProblem(text.format(**told, command=command(user, name)))
    now = timezone.now()
    return Restoration.objects.create(
        owner=user,
        created_at=now,
        worked_at=now,
        name=import_uploads.plain_name(file.name or ""),
        size=size,
        content=b"".join(file.chunks()),
    )


@transaction.atomic
def confirm(*, user: User, job_id: uuid.UUID) -> Restoration:
    """Hands a checked archive to the worker that restores it; asked twice, it is restored once.

    May raise ImportProblem, Restoration.DoesNotExist.
    """
    job = Restoration.objects.of(user).select_for_update().defer("content").get(pk=job_id)
    if job.state in (State.RESTORING, State.DONE):
        return job
    if job.state != State.READY:
        raise ImportProblem(_("This archive is not ready to be restored."))
    job.state, job.attempt, job.worked_at = State.RESTORING, 0, timezone.now()
    job.save(update_fields=["state", "attempt", "worked_at"])
    return job


@transaction.atomic
def discard(*, user: User, job_id: uuid.UUID) -> None:
    """Deletes what was brought and not restored. May raise ImportProblem, DoesNotExist."""
    job = Restoration.objects.of(user).select_for_update().defer("content").get(pk=job_id)
    if job.state in (State.RESTORING, State.DONE):
        raise ImportProblem(_("This archive is restored, or about to be."))
    job.delete()


def expire(now: datetime) -> int:
    """Deletes archives that nobody confirmed within a day; returns how many."""
    states = (State.CHECKING, State.READY, State.FAILED)
    old = Restoration.objects.filter(state__in=states, created_at__lt=now - KEPT)
    return old.delete()[0]


# --- What a worker does -----------------------------------------------------------------------


def left_alone(now: datetime) -> list[uuid.UUID]:
    """Archives with work to be done that perhaps nobody does."""
    working = Q(state__in=(State.CHECKING, State.RESTORING), worked_at__lt=now - LEFT_AFTER)
    return list(Restoration.objects.filter(working).values_list("pk", flat=True))


def work(job_id: uuid.UUID) -> Restoration | None:
    """Checks an archive, or restores it; None where there is nothing to do, or another does it."""
    owners = Restoration.objects.filter(pk=job_id).values_list("owner_id", flat=True)
    for owner_id in owners:
        with locks.restoring(owner_id) as is_mine:
            job = _begun(job_id) if is_mine else None
            if job is not None:
                _work(job)
                return job
    return None


def _begun(job_id: uuid.UUID) -> Restoration | None:
    job = Restoration.objects.select_related("owner").filter(pk=job_id).first()
    if job is None or not job.is_working:
        return None
    if job.attempt >= MOST_ATTEMPTS:
        _refuse(job, _("It was begun several times and never came to its end."))
        return None
    job.attempt += 1
    Restoration.objects.filter(pk=job.pk).update(attempt=job.attempt, worked_at=timezone.now())
    return job


def _work(job: Restoration) -> None:
    try:
        if job.state == State.CHECKING:
            _check(job)
        else:
            _restore(job)
    except ArchiveProblem as problem:
        _refuse(job, _(problem.template).format(**problem.values))
    except DatabaseError:
        raise  # perhaps it is away for a moment; beat sends the archive again
    except Exception as error:
        # The place only: the text of such an error may quote a record.
        place = traceback.extract_tb(error.__traceback__)[-1]
        kind = type(error).__name__
        log.error("restoring failed", job=str(job.pk), kind=kind, at=str(place))
        told = _("Coffer itself failed ({kind}); its log says why. Nothing was stored.")
        _refuse(job, told.format(kind=kind))
        raise


def _check(job: Restoration) -> None:
    told = restoring.preview_for(job.owner, _file(job))
    job.state, job.summary = State.READY, _summary(told)
    job.worked_at = timezone.now()
    job.save(update_fields=["state", "summary", "worked_at"])


def _summary(told: restoring.Summary) -> dict[str, object]:
    return {
        "app": told.manifest.app,
        "connections": list(told.connections),
        "currency": told.currency,
        "zone": told.time_zone,
        "rows": {each.name: each.rows for each in told.manifest.members if each.rows},
    }


def _restore(job: Restoration) -> None:
    with transaction.atomic():
        restoring.restore(job.owner, _file(job), tell=_teller(job))
        job.state, job.content = State.DONE, None
        job.worked_at = job.finished_at = timezone.now()
        job.save(update_fields=["state", "content", "worked_at", "finished_at"])


def _file(job: Restoration) -> BinaryIO:
    return io.BytesIO(job.content or b"")


def _refuse(job: Restoration, why: str) -> None:
    job.state, job.failure, job.content = State.FAILED, why, None
    job.worked_at = job.finished_at = timezone.now()
    job.save(update_fields=["state", "failure", "content", "worked_at", "finished_at"])


# --- How far it is: told beside the database, where nothing shows before all is stored ----------


class Progress(NamedTuple):
    """Steps that are done, of how many; a table is two: stored, and held against the archive."""

    done: int
    total: int


def _teller(job: Restoration) -> Callable[[int, int], None]:
    def tell(done: int, total: int) -> None:
        cache.set(_key(job), (done, total), _TOLD_FOR)

    return tell


def progress(job: Restoration) -> Progress | None:
    """How far a restoration is; None where that is not known."""
    told = cache.get(_key(job)) if job.state == State.RESTORING else None
    return Progress(*told) if told else None


def _key(job: Restoration) -> str:
    return f"restoration:{job.pk}"
