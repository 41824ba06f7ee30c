"""Applies the rules of today to the records that are stored, without asking an exchange.

A reading goes through a connection's records, oldest first, a batch at a time. Each batch is one
database transaction that holds the connection's row, as each page of a sync does: they take turns.
Where it is stands in that transaction too, so it may be killed at any instant, and gone on with by
anybody. What is fetched meanwhile is booked by the rules of today already.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.engine import money
from portfolio.models import Connection, Holding, Posting, RawRecord, Renormalisation
from portfolio.services import ledger, rebooking, witnesses
from portfolio.services.rebooking import Counts

log = structlog.get_logger(__name__)

BATCH = 500
# A reading on which nobody worked for so long lost its worker.
LEFT_AFTER = timedelta(seconds=60)
_Mark = tuple[datetime | None, int]


class Progress(NamedTuple):
    """How a slice ended."""

    is_finished: bool
    owner_id: int


# --- Beginning --------------------------------------------------------------------------------


@transaction.atomic
def start(*, connection: Connection, is_rebuild: bool = False) -> Renormalisation:
    """The reading that is under way, or a new one; one that was to do less begins anew."""
    _lock(connection)
    job = Renormalisation.objects.filter(connection=connection, finished_at=None).first()
    if job is not None and (job.is_rebuild or not is_rebuild):
        return job
    now = timezone.now()
    if job is not None:
        _end(job, _("A whole rebuild took its place."))
    total = connection.raw_records.count()
    return Renormalisation.objects.create(
        connection=connection, is_rebuild=is_rebuild, started_at=now, worked_at=now, total=total
    )


def left_alone(now: datetime) -> list[int]:
    """The readings that nobody works on any more."""
    waiting = Renormalisation.objects.filter(finished_at__isnull=True)
    return list(waiting.filter(worked_at__lt=now - LEFT_AFTER).values_list("pk", flat=True))


def _lock(connection: Connection) -> None:
    """Waits for whoever writes to the connection's ledger, and keeps others from it."""
    Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)


# --- Going on ---------------------------------------------------------------------------------


def run_slice(job_id: int, *, seconds: float) -> Progress | None:
    """Reads on for about ``seconds``; None where there is no such reading any more."""
    stop_at = time.monotonic() + seconds
    job = Renormalisation.objects.select_related("connection").filter(pk=job_id).first()
    if job is None:
        return None
    owner_id = job.connection.owner_id
    while not job.is_finished and time.monotonic() < stop_at:
        try:
            job = _step(job_id)
        except (Renormalisation.DoesNotExist, Connection.DoesNotExist):
            return None  # the connection was removed meanwhile, with its history
        except Exception as error:
            _stumble(job, error)
            raise
    return Progress(job.is_finished, owner_id)


@transaction.atomic
def _step(job_id: int) -> Renormalisation:
    """One batch, or the end. May raise DoesNotExist, of the reading or its connection."""
    job = Renormalisation.objects.select_related("connection").get(pk=job_id)
    _lock(job.connection)
    job.refresh_from_db()  # another worker may have gone on with it
    if job.is_finished:
        return job
    batch = _after(job.connection, (job.last_at, job.last_id))
    if batch:
        found = rebooking.reread(job.connection, batch)
        counts = rebooking.count(found, batch, ahead=True)
        rebooking.rebook(found, whole=job.is_rebuild)
        witnesses.settle_page(
            job.connection, (raw for raw in found.raws if raw.pk in found.differing), ()
        )
        _advance(job, batch[-1], counts)
    else:
        _close(job)
    return job


def _after(connection: Connection, mark: _Mark) -> list[RawRecord]:
    """The next batch of records, in the order of their times."""
    rows: QuerySet[RawRecord] = connection.raw_records.order_by("occurred_at", "id")
    at, ident = mark
    if at is not None:
        later = Q(occurred_at__gt=at) | Q(occurred_at=at, id__gt=ident)
        rows = rows.filter(later, occurred_at__gte=at)
    return rebooking.with_streams(connection, rows[:BATCH])


def _advance(job: Renormalisation, last: RawRecord, counts: Counts) -> None:
    job.last_at, job.last_id, job.worked_at = last.occurred_at, last.pk, timezone.now()
    job.read += counts.read
    job.changed += counts.changed
    job.now_readable += counts.now_readable
    job.now_unreadable += counts.now_unreadable
    job.save()


def _stumble(job: Renormalisation, error: Exception) -> None:
    # The place only: the text of such an error may quote a record.
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("reading failed", reading=job.pk, kind=type(error).__name__, at=str(place))
    fresh = Renormalisation.objects.filter(pk=job.pk, finished_at__isnull=True).first()
    if fresh is not None:
        kind = type(error).__name__
        _end(fresh, _("Coffer itself failed ({kind}); its log says why.").format(kind=kind))


def _end(job: Renormalisation, failure: str = "") -> None:
    job.finished_at = job.worked_at = timezone.now()
    job.failure = failure
    job.save()


# --- The end ----------------------------------------------------------------------------------


def _close(job: Renormalisation) -> None:
    """What no record tells of goes, holdings equal the postings, and the reading is over."""
    connection = job.connection
    if job.is_rebuild:
        _drop_orphans(connection)
        ledger.mark_stale_for_connection(connection)
    _right_holdings(connection)
    _end(job)


def _drop_orphans(connection: Connection) -> None:
    """Deletes transactions of which there is no record, no entry by hand and no edit."""
    orphans = connection.transactions.filter(
        raw_records__isnull=True, manual_entry__isnull=True, edit=None
    )
    if orphans.exists():
        ledger.mark_stale_for_connection(connection)
        orphans.delete()


def _right_holdings(connection: Connection) -> None:
    """Sets holdings that are not the sums of their postings. The caller has the row locked."""
    sums = _sums(connection)
    for holding in connection.holdings.all():
        right = sums.pop((holding.wallet, holding.asset), money.ZERO)
        if right != holding.quantity:
            Holding.objects.filter(pk=holding.pk).update(quantity=right)
    Holding.objects.bulk_create(
        Holding(
            owner_id=connection.owner_id,
            connection=connection,
            wallet=wallet,
            asset=asset,
            quantity=quantity,
        )
        for (wallet, asset), quantity in sums.items()
    )


def _sums(connection: Connection) -> dict[tuple[str, str], Decimal]:
    rows = Posting.objects.filter(connection=connection, counts=True).values("wallet", "asset")
    return {(r["wallet"], r["asset"]): r["total"] for r in rows.annotate(total=Sum("amount"))}


# --- Only looking -----------------------------------------------------------------------------


def preview(connection: Connection) -> Iterator[Counts]:
    """What a reading would find, batch after batch; nothing is written."""
    mark: _Mark = (None, 0)
    while batch := _after(connection, mark):
        yield rebooking.count(rebooking.reread(connection, batch), batch, ahead=False)
        mark = (batch[-1].occurred_at, batch[-1].pk)
