"""Books the lines of a confirmed import, a batch at a time.

A batch is one database transaction that holds the import's row and those of the connections, as
each page of a sync does: how far it is stands in it too, so a worker may be killed at any instant,
and two that work on the same import take turns.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.engine.names import fit
from portfolio.engine.types import RecordKind
from portfolio.exchanges.types import FetchedRecord
from portfolio.models import (
    Connection,
    Import,
    ImportedRecord,
    ImportLine,
    RawRecord,
    Stream,
)
from portfolio.services import ledger
from portfolio.services.import_comparing import known_records, stream_key, with_files

BATCH = 1000
State, Line = Import.State, ImportLine.State
# Of lines that become records. What other sources tell too is kept as a witness of it, and what
# contradicts them as a conflict: portfolio.services.witnesses.
BOOKED = (Line.NEW, Line.UNCLEAR, Line.KNOWN, Line.CONFLICT)
_Group = dict[tuple[uuid.UUID, str, str], list[ImportLine]]


@transaction.atomic
def step(job_id: uuid.UUID) -> Import:
    """One batch, or the end. May raise Import.DoesNotExist."""
    job = Import.objects.select_for_update().get(pk=job_id)
    if job.state != State.IMPORTING:
        return job
    found = _next(job)
    lines = [line for line in found if line.state in BOOKED]
    now = timezone.now()
    if not _are_placed(lines):
        begin_undoing(job, _("A connection was removed while its file was imported."))
        return job
    if found:
        _book(job, lines, now)
        job.last_id = found[-1].pk
        job.done += len(lines)
    else:
        _close(job, now)
    job.worked_at = now
    job.save()
    return job


def begin_undoing(job: Import, failure: str = "") -> None:
    """From here on the import is taken back; the caller holds its row."""
    job.state, job.failure = State.UNDOING, failure
    job.worked_at, job.finished_at = timezone.now(), None
    job.last_id, job.done, job.total = 0, 0, job.records.count()
    job.save()


def _next(job: Import) -> list[ImportLine]:
    # Whatever their state, so that an index gives them in their order.
    lines = with_files(job.lines.filter(pk__gt=job.last_id).order_by("pk")[:BATCH])
    accounts = job.accounts.in_bulk()
    for line in lines:
        line.account = accounts.get(line.account_id)
    return lines


def _are_placed(lines: Sequence[ImportLine]) -> bool:
    return all(line.account is not None and line.account.connection_id for line in lines)


def _book(job: Import, lines: Sequence[ImportLine], now: datetime) -> None:
    known = known_records(job, lines)
    groups: _Group = defaultdict(list)
    for line in lines:
        record = known.get((stream_key(line.file.format), line.external_id))
        if record is not None:
            _remember(job, [record.pk])
            job.found += 1
        elif line.account is not None and line.account.connection_id is not None:
            place = (line.account.connection_id, line.file.format, line.file.name)
            groups[place].append(line)
    connections = _locked({connection for connection, _, _ in groups})
    for (pk, format_id, name), group in sorted(groups.items()):
        _store(job, connections[pk], format_id, name, group, now)


def _locked(ids: set[uuid.UUID]) -> dict[uuid.UUID, Connection]:
    """Waits for whoever writes to these ledgers, and keeps others from them."""
    rows = Connection.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    return {row.pk: row for row in rows}


def _store(
    job: Import,
    connection: Connection,
    format_id: str,
    name: str,
    lines: Sequence[ImportLine],
    now: datetime,
) -> None:
    stream = _stream(connection, format_id)
    records = [
        FetchedRecord(line.external_id, line.occurred_at, line.body)
        for line in lines
        if line.occurred_at is not None
    ]
    stored = ledger.store(stream, records, endpoint=fit(f"file: {name}", 120), now=now)
    stream.record_count += stored.new
    stream.fetched_at = stream.caught_up_at = now
    stream.save()
    told = RawRecord.objects.filter(
        stream=stream, external_id__in=[line.external_id for line in lines]
    )
    _remember(job, told.values_list("pk", flat=True))
    known = sum(line.state == Line.KNOWN for line in lines)
    job.found += known + len(lines) - stored.new
    job.booked += stored.new - known


def _stream(connection: Connection, format_id: str) -> Stream:
    stream, _ = Stream.objects.get_or_create(
        connection=connection,
        key=stream_key(format_id),
        defaults={"kind": RecordKind.IMPORT.value, "state": Stream.State.CAUGHT_UP},
    )
    stream.connection = connection
    return stream


def _remember(job: Import, records: Iterable[int]) -> None:
    rows = [ImportedRecord(job=job, raw_record_id=pk) for pk in records]
    ImportedRecord.objects.bulk_create(rows, ignore_conflicts=True)


def _close(job: Import, now: datetime) -> None:
    """All is booked: the bytes go, and of the lines those that need no look."""
    job.state, job.finished_at = State.DONE, now
    job.uploads.all().delete()
    job.lines.filter(state__in=[Line.NEW, Line.KNOWN]).delete()
    job.lines.update(body="")
