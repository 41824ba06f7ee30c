"""Holds the lines of a draft against the ledger: what is new, what is known, what contradicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db import transaction

from portfolio.engine.types import Event
from portfolio.imports import registry
from portfolio.models import (
    Connection,
    Import,
    ImportAccount,
    ImportFile,
    ImportLine,
    RawRecord,
)
from portfolio.services import bulk, import_claims, witnesses

BATCH = 2000
State = ImportLine.State
# States that a comparison may change; what is left out stays so.
COMPARED = (State.NEW, State.KNOWN, State.CONFLICT, State.UNCLEAR)


def stream_key(format_id: str) -> str:
    """The stream of a connection that holds the records of one format."""
    return f"import:{format_id}"


def compare(job: Import, account: ImportAccount) -> None:
    """Gives each line of an account its state. May raise ClaimLost."""
    last = 0
    while found := _next(account, last):
        last = found[-1].pk
        batch = [line for line in found if line.state in COMPARED]
        before = {line.pk: _told(line) for line in batch}
        _compare(job, account, batch)
        changed = [line for line in batch if _told(line) != before[line.pk]]
        with transaction.atomic():
            import_claims.keep(job)
            bulk.update(changed, ["state", "text", "transaction"])
    with transaction.atomic():
        import_claims.keep(job)
        ImportAccount.objects.filter(pk=account.pk).update(is_compared=True)


def _told(line: ImportLine) -> tuple[str, str, int | None]:
    return line.state, line.text, line.transaction_id


def _next(account: ImportAccount, last: int) -> list[ImportLine]:
    # Whatever their state, so that an index gives them in their order.
    return with_files(account.lines.filter(pk__gt=last).order_by("pk")[:BATCH])


def with_files(lines: Iterable[ImportLine]) -> list[ImportLine]:
    """Lines with the files they stand in, of which there are few and each is read once."""
    found = list(lines)
    files = ImportFile.objects.in_bulk({line.file_id for line in found})
    for line in found:
        line.file = files[line.file_id]
    return found


def _compare(job: Import, account: ImportAccount, batch: Sequence[ImportLine]) -> None:
    kept = known_records(job, batch)
    for line in batch:
        line.transaction = None
        if line.state in (State.KNOWN, State.CONFLICT):
            line.text = ""
        line.state = State.UNCLEAR if line.is_unclassified else State.NEW
        if (record := kept.get(_mark(line))) is not None:
            line.state, line.transaction_id = State.KNOWN, record.transaction_id
    if account.connection is not None:
        _ask_ledger(account.connection, [line for line in batch if line.state != State.KNOWN])


def known_records(job: Import, lines: Sequence[ImportLine]) -> dict[tuple[str, str], RawRecord]:
    """The records that the owner has of these entries already, in whatever connection."""
    rows = RawRecord.objects.filter(
        connection__owner=job.owner_id,
        stream__key__in={stream_key(line.file.format) for line in lines},
        external_id__in={line.external_id for line in lines},
    )
    found = rows.select_related("stream").defer("body")
    return {(record.stream.key, record.external_id): record for record in found}


def _mark(line: ImportLine) -> tuple[str, str]:
    return stream_key(line.file.format), line.external_id


def _ask_ledger(connection: Connection, lines: Sequence[ImportLine]) -> None:
    """Lets other witnesses of the same events speak: the exchange's answers, other files."""
    told = witnesses.compare(connection, [event(line) for line in lines])
    for line, known in zip(lines, told, strict=True):
        if known.state == "new":
            continue
        line.state = State.KNOWN if known.state == "known" else State.CONFLICT
        line.transaction_id, line.text = known.transaction_id, known.text


def event(line: ImportLine) -> Event:
    """The event of a line, with the key that its record would give it."""
    told = registry.normalise(line.body)
    return replace(told, key=told.key or f"{stream_key(line.file.format)}:{line.external_id}")
