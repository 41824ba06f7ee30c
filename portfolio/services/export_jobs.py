"""Makes files for other programs in a worker, and keeps them for a while.

A file is written in one pass and stored in pieces as it grows; each piece is stored for good. A
worker that dies leaves the row behind, without a sign of life: then it is begun anew, under the
next attempt, and nothing of the former one is ever read. The same request on the same ledger gives
the same bytes.
"""

from __future__ import annotations

import hashlib
import time
import traceback
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit
from portfolio.exports import registry
from portfolio.models import Export, ExportChunk
from portfolio.services import exports
from portfolio.services.exports import Asked, ExportFile

log = structlog.get_logger(__name__)

PIECE = 256 * 1024  # bytes of a stored piece, about
TELL_EVERY = 2.0  # seconds between signs of life
# A file on which nobody worked for so long lost its worker.
LEFT_AFTER = timedelta(seconds=60)
MOST_ATTEMPTS = 5
# Files of one user that may be waiting or in the making at a time.
MOST_AT_ONCE = 10


class TooMany(Exception):
    """So many files of this user are being made that another must wait."""


class _Overtaken(Exception):
    """Another worker began the file anew, or it was deleted."""


# --- Asking -----------------------------------------------------------------------------------


@transaction.atomic
def ask(*, user: User, asked: Asked) -> Export:
    """A file to be made, or the one that is being made of the same request.

    May raise UnknownFormat, TooMany.
    """
    known = registry.by_id(asked.format)
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    waiting = Export.objects.of(user).unfinished()
    same = waiting.filter(asked=asked.as_json()).first()
    if same is not None:
        return same
    if waiting.count() >= MOST_AT_ONCE:
        raise TooMany
    now = timezone.now()
    audit.note(user=user, action=gettext_noop("export asked for"), format=known.id)
    return Export.objects.create(
        owner=user,
        format=known.id,
        version=known.version,
        asked=asked.as_json(),
        asked_at=now,
        worked_at=now,
    )


def left_alone(now: datetime) -> list[int]:
    """The files that nobody works on any more, or never began."""
    waiting = Export.objects.unfinished().filter(worked_at__lt=now - LEFT_AFTER)
    return list(waiting.order_by("worked_at").values_list("pk", flat=True))


def delete(*, user: User, export_id: int) -> None:
    """Drops a file and all that is known of it. May raise Export.DoesNotExist."""
    Export.objects.of(user).get(pk=export_id).delete()


# --- Making -----------------------------------------------------------------------------------


def make(export_id: int) -> bool:
    """Makes a file; False where there is nothing to do, or another worker does it."""
    job = _begun(export_id)
    if job is None:
        return False
    try:
        _write(job)
    except _Overtaken:
        return False
    except Exception as error:
        _stumble(job, error)
        raise
    return True


@transaction.atomic
def _begun(export_id: int) -> Export | None:
    """Takes a file over, unless it is made, or somebody shows signs of life."""
    job = Export.objects.select_for_update().filter(pk=export_id).first()
    now = timezone.now()
    if job is None or job.is_finished:
        return None
    if job.state == Export.State.RUNNING and job.worked_at >= now - LEFT_AFTER:
        return None
    job.chunks.all().delete()
    if job.attempt >= MOST_ATTEMPTS:
        _fail(job, _("It was begun several times and never came to its end."))
        return None
    job.attempt += 1
    job.state, job.worked_at, job.done = Export.State.RUNNING, now, 0
    job.save()
    return job


def _write(job: Export) -> None:
    asked = Asked.from_json(job.asked)
    _update(job, total=exports.count(job.owner, asked))
    file = exports.open_file(job.owner, asked, tell=_Pulse(job).tell)
    try:
        digest, size = _stored(job, file.chunks)
    finally:
        file.chunks.close()
    _finish(job, file, digest, size)


def _stored(job: Export, chunks: Iterable[bytes]) -> tuple[str, int]:
    """Stores a file in pieces; its SHA-256 and its size in bytes."""
    digest, size = hashlib.sha256(), 0
    for position, piece in enumerate(_pieces(chunks)):
        digest.update(piece)
        size += len(piece)
        _update(job)
        ExportChunk.objects.create(export=job, attempt=job.attempt, position=position, data=piece)
    return digest.hexdigest(), size


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    kept = bytearray()
    for chunk in chunks:
        kept += chunk
        if len(kept) >= PIECE:
            yield bytes(kept)
            kept.clear()
    if kept:
        yield bytes(kept)


class _Pulse:
    """Tells how far a worker is, now and then."""

    def __init__(self, job: Export) -> None:
        self._job, self._told_at = job, time.monotonic()

    def tell(self, number: int) -> None:
        now = time.monotonic()
        if now - self._told_at >= TELL_EVERY:
            self._told_at = now
            _update(self._job, done=number)


def _update(job: Export, **values: int) -> None:
    """Stores how far it is. May raise _Overtaken."""
    mine = Export.objects.filter(pk=job.pk, attempt=job.attempt, state=Export.State.RUNNING)
    if not mine.update(worked_at=timezone.now(), **values):
        raise _Overtaken


@transaction.atomic
def _finish(job: Export, file: ExportFile, digest: str, size: int) -> None:
    _update(job, done=file.tally.number, total=file.tally.number)
    now = timezone.now()
    Export.objects.filter(pk=job.pk).update(
        state=Export.State.DONE,
        finished_at=now,
        shortfalls=dict(sorted(file.tally.shortfalls.items())),
        unvalued=file.tally.unvalued,
        fingerprint=file.tally.fingerprint,
        sha256=digest,
        size=size,
        file_name=file.name,
        content_type=file.content_type,
        has_file=True,
        compared_at=now,
        is_changed=False,
    )


def _stumble(job: Export, error: Exception) -> None:
    # The place only: the text of such an error may quote a record.
    place = traceback.extract_tb(error.__traceback__)[-1]
    kind = type(error).__name__
    log.error("export failed", export=job.pk, kind=kind, at=str(place))
    fresh = Export.objects.filter(pk=job.pk, attempt=job.attempt).first()
    if fresh is not None:
        fresh.chunks.all().delete()
        _fail(fresh, _("Coffer itself failed ({kind}); its log says why.").format(kind=kind))


def _fail(job: Export, why: str) -> None:
    job.state, job.failure = Export.State.FAILED, why
    job.finished_at = job.worked_at = timezone.now()
    job.save()


# --- The kept file ----------------------------------------------------------------------------


def pieces(job: Export) -> Iterator[bytes]:
    """A kept file piece by piece, a query each: no more than one of them is in memory.

    Ends early where the file is dropped meanwhile.
    """
    mine = ExportChunk.objects.filter(export=job, attempt=job.attempt)
    position = 0
    while (
        data := mine.filter(position=position).values_list("data", flat=True).first()
    ) is not None:
        yield bytes(data)
        position += 1


def ask_to_compare(*, user: User, export_id: int) -> Export:
    """A file to be compared with the ledger of now. May raise Export.DoesNotExist."""
    job = Export.objects.of(user).get(pk=export_id, state=Export.State.DONE)
    Export.objects.filter(pk=job.pk).update(is_changed=None, worked_at=timezone.now())
    return job


def left_uncompared(now: datetime) -> list[int]:
    """The files that are to be compared, and nobody did."""
    waiting = Export.objects.filter(is_changed=None, worked_at__lt=now - LEFT_AFTER)
    return list(waiting.order_by("worked_at").values_list("pk", flat=True))


def compare(export_id: int) -> None:
    """Looks whether the same request would be made of the same transactions now."""
    job = Export.objects.select_related("owner").filter(pk=export_id).first()
    if job is None or job.state != Export.State.DONE:
        return
    found = exports.fingerprint(job.owner, Asked.from_json(job.asked))
    Export.objects.filter(pk=job.pk).update(
        compared_at=timezone.now(), is_changed=found != job.fingerprint
    )


def prune(now: datetime) -> int:
    """Drops files whose time is over, and how many that were; what is known of them stays."""
    over = now - timedelta(days=settings.EXPORTS_KEPT_DAYS)
    jobs = Export.objects.filter(has_file=True, finished_at__lt=over)
    idents = list(jobs.values_list("pk", flat=True))
    for ident in idents:
        with transaction.atomic():
            ExportChunk.objects.filter(export=ident).delete()
            Export.objects.filter(pk=ident).update(has_file=False)
    return len(idents)
