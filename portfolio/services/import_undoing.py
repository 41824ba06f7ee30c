"""Takes an import back, a batch of its records at a time; it can be killed as booking can.

A record that another import has too stays, and so does what stands on it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from portfolio.models import (
    Connection,
    Import,
    ImportedRecord,
    Posting,
    RawRecord,
    Stream,
)
from portfolio.services import booking, bulk, posting, rebooking, witnesses

BATCH = 1000
State = Import.State


@transaction.atomic
def step(job_id: uuid.UUID) -> Import:
    """One batch, or the end. May raise Import.DoesNotExist."""
    job = Import.objects.select_for_update().get(pk=job_id)
    if job.state != State.UNDOING:
        return job
    links = job.records.filter(raw_record__gt=job.last_id).order_by("raw_record")
    records = list(links.values_list("raw_record", flat=True)[:BATCH])
    if records:
        _take_back(job, records)
        job.records.filter(raw_record__in=records).delete()
        job.last_id = records[-1]
        job.done += len(records)
    else:
        _close(job)
    job.worked_at = timezone.now()
    job.save()
    return job


def _take_back(job: Import, records: Sequence[int]) -> None:
    others = ImportedRecord.objects.filter(raw_record=OuterRef("pk")).exclude(job=job)
    rows = RawRecord.objects.filter(~Exists(others), pk__in=records)
    groups: dict[uuid.UUID, list[RawRecord]] = defaultdict(list)
    for row in rows.select_related("stream"):
        groups[row.connection_id].append(row)
    for pk in sorted(groups):
        connection = Connection.objects.select_for_update(no_key=True).get(pk=pk)
        times = [raw.occurred_at for raw in groups[pk]]
        _forget(connection, groups[pk])
        # What they were the stronger witness of is told by another now.
        witnesses.settle(connection, min(times), max(times))


def _forget(connection: Connection, gone: Sequence[RawRecord]) -> None:
    """Deletes records; what others tell of the same transactions is told by them alone."""
    reopened = {raw.transaction_id for raw in gone if raw.transaction_id is not None}
    ids = [raw.pk for raw in gone]
    beside = RawRecord.objects.filter(transaction__in=reopened).exclude(pk__in=ids)
    siblings = rebooking.with_streams(connection, beside)
    told = posting.read(connection, siblings)
    posting.unbook(connection, [*gone, *siblings])
    booking.assign(connection, told, reopened=reopened)
    bulk.update(siblings, ["transaction", "problem"])
    RawRecord.objects.filter(pk__in=ids).update(transaction=None)
    booking.drop_untold(reopened)
    # An edit that stays keeps its amounts; the record that they came from is gone.
    Posting.objects.filter(raw_record__in=ids, is_edited=True).update(raw_record=None)
    RawRecord.objects.filter(pk__in=ids).delete()
    booking.look_again(told)
    posting.book(connection, told)
    _count(gone)


def _count(gone: Sequence[RawRecord]) -> None:
    counts: dict[int, int] = defaultdict(int)
    for raw in gone:
        counts[raw.stream_id] += 1
    for stream in Stream.objects.filter(pk__in=counts):
        stream.record_count = max(0, stream.record_count - counts[stream.pk])
        stream.save(update_fields=["record_count"])


def _close(job: Import) -> None:
    job.state = State.FAILED if job.failure else State.UNDONE
    job.finished_at = timezone.now()
    job.uploads.all().delete()
    job.lines.all().delete()
    _drop_empty(job)


def _drop_empty(job: Import) -> None:
    """Removes the connections that this import made and that nobody used for anything else."""
    made = job.accounts.filter(is_made=True).values("connection")
    rows = Connection.objects.filter(pk__in=made, kind=Connection.Kind.MANUAL)
    empty = rows.filter(raw_records=None, transactions=None, manual_entries=None)
    for connection in empty.select_for_update(of=("self",)):
        if not connection.holdings.exclude(reported=None).exists():
            connection.delete()
