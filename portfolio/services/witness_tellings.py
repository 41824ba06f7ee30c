"""Loads what the sources of one connection tell, for ``portfolio.engine.witnesses``."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection as database

from portfolio.engine.tellings import DAY, MINUTE, MOVED, SAME_ID_WITHIN, SECOND, STRONGEST, Telling
from portfolio.engine.types import Event, Movement, PostingRole, RecordKind, TransactionKind
from portfolio.imports import bodies, registry, values
from portfolio.imports.format import Entry, Reading
from portfolio.models import (
    Connection,
    Import,
    ImportedRecord,
    Posting,
    RawRecord,
    Stream,
    Transaction,
)
from portfolio.services import booking
from portfolio.services.posting import spec

# What may be one event lies so near, deposits and withdrawals aside.
NEAR = timedelta(minutes=2)
FAR = SAME_ID_WITHIN
DAYS = "days"  # in the scope of a stream
# The kinds that a deposit or withdrawal may be told as.
_LIKE_MOVED = ("deposit", "withdrawal", "transfer", "other", "unclassified")
# Of a clock, or seconds since 1970.
_TIME = re.compile(r"\d[:h]\d\d|T\d\d|^\d{9,13}(?:\.\d+)?$")
_OWN_ANSWERS = frozenset({"exchange"})


class Span(NamedTuple):
    """A stretch of time, both ends included."""

    start: datetime
    end: datetime


def spans(moments: Iterable[tuple[datetime, timedelta]]) -> list[Span]:
    """Stretches of time so far round moments; each instant is in one of them at most."""
    merged: list[Span] = []
    for start, end in sorted((at - margin, at + margin) for at, margin in moments):
        if merged and start <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, max(end, merged[-1].end))
        else:
            merged.append(Span(start, end))
    return merged


class Reach(NamedTuple):
    """Where to look: everything in ``near``, deposits, withdrawals and the like also in ``far``."""

    near: list[Span]
    far: list[Span]

    @classmethod
    def of(
        cls, near: Iterable[datetime], moved: Iterable[datetime], *, margin: timedelta = NEAR
    ) -> Reach:
        """Round moments of any events, and round those of deposits and withdrawals."""
        return cls(spans((at, margin) for at in near), spans((at, FAR) for at in moved))

    @classmethod
    def round(cls, tellings: Iterable[Telling]) -> Reach:
        """Where others may tell of the same events as these."""
        each = list(tellings)
        moved = [(told.at, FAR) for told in each if told.event.kind in MOVED]
        return cls(spans((told.at, max(NEAR, told.span + NEAR)) for told in each), spans(moved))

    @classmethod
    def between(cls, since: datetime, until: datetime) -> Reach:
        """From one moment to another, and round both."""
        return cls([Span(since - NEAR, until + NEAR)], [Span(since - FAR, until + FAR)])


def file_streams(connection: Connection) -> dict[int, Stream]:
    """The streams of a connection that hold records of files, by id; most have none."""
    rows = connection.streams.filter(kind=RecordKind.IMPORT)
    found = {row.pk: row for row in rows}
    for row in found.values():
        row.connection = connection
    return found


def is_alone(connection: Connection, streams: Mapping[int, Stream]) -> bool:
    """Whether all that is told comes from one import of one format: rows of one are never one."""
    if len(streams) > 1:
        return False
    others = connection.streams.exclude(pk__in=streams)
    if RawRecord.objects.filter(stream__in=others).exists():
        return False
    began = Import.objects.exclude(state__in=_DRAFTS)
    return began.filter(accounts__connection=connection).distinct().count() <= 1


_DRAFTS = (Import.State.READING, Import.State.ASKED, Import.State.READY, Import.State.FAILED)


def margin(streams: Mapping[int, Stream]) -> timedelta:
    """How far off a file may tell of an event: a day where some of them tell days alone."""
    has_days = any(stream.scope.get(DAYS) for stream in streams.values())
    return DAY + NEAR if has_days else NEAR


def note_days(streams: Mapping[int, Stream], told: Mapping[int, Telling]) -> None:
    """Remembers of which streams some records tell the day alone."""
    days = {int(t.strength[2]) for t in told.values() if t.span >= DAY}
    for stream in (streams[pk] for pk in days):
        if not stream.scope.get(DAYS):
            stream.scope = {**stream.scope, DAYS: True}
            stream.save(update_fields=["scope"])


def file_records(
    connection: Connection, streams: Mapping[int, Stream], reach: Reach
) -> list[RawRecord]:
    """The records of files within reach, in the order of their times."""
    near = _found(_RECORDS_NEAR, connection, streams, reach.near)
    far = _found(_RECORDS_FAR, connection, streams, reach.far)
    rows = list(RawRecord.objects.filter(pk__in=near | far).order_by("occurred_at", "pk"))
    for row in rows:
        row.stream = streams[row.stream_id]
    return [row for row in rows if row.pk in near or is_booked(row) or kind_of(row) in _LIKE_MOVED]


def is_booked(raw: RawRecord) -> bool:
    """Whether a record was read already: it has a transaction, or a problem that says why not."""
    return raw.transaction_id is not None or bool(raw.problem)


def kind_of(raw: RawRecord) -> str:
    """The kind that a record is booked as, or would be; "" where it cannot be read."""
    if raw.transaction is not None:
        return raw.transaction.kind
    if is_booked(raw) or raw.stream.kind != RecordKind.IMPORT:
        return ""
    told = _told(raw)
    return told.kind.value if told else ""


def own_answers(
    connection: Connection, streams: Mapping[int, Stream], reach: Reach
) -> list[Telling]:
    """What the exchange itself tells within reach and moves amounts."""
    ids = _found(_ANSWERS_NEAR, connection, streams, reach.near)
    ids |= _found(_ANSWERS_FAR, connection, streams, reach.far)
    rows = Transaction.objects.in_bulk(ids)
    moved = _movements(rows, streams)
    return [
        Telling(
            ref=f"transaction {pk}",
            key=row.key,
            strength=STRONGEST,
            event=_event(row, moved[pk]),
            sources=_OWN_ANSWERS,
        )
        for pk, row in rows.items()
        if pk in moved
    ]


def _found(
    statement: str, connection: Connection, streams: Collection[int], within: Sequence[Span]
) -> set[int]:
    if not within:
        return set()
    asked: dict[str, Any] = {
        "connection": connection.pk,
        "streams": list(streams),
        "starts": [span.start for span in within],
        "ends": [span.end for span in within],
        "moved": list(_LIKE_MOVED),
    }
    with database.cursor() as cursor:
        cursor.execute(statement, asked)
        return {row[0] for row in cursor.fetchall()}


# Each stretch is one look into the index of a connection's records by time: the cost is that of
# what lies within reach, however long the history is.
_WITHIN = """
    FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS span(start_at, end_at)
    CROSS JOIN LATERAL (
        SELECT id, stream_id, transaction_id FROM portfolio_rawrecord
        WHERE connection_id = %(connection)s
          AND occurred_at BETWEEN span.start_at AND span.end_at
        OFFSET 0
    ) raw
"""
_OF_MOVED = "JOIN portfolio_transaction t ON t.id = raw.transaction_id AND t.kind = ANY(%(moved)s)"
_FROM_FILES = "WHERE raw.stream_id = ANY(%(streams)s)"
_NOT_FROM_FILES = "WHERE raw.stream_id <> ALL(%(streams)s) AND raw.transaction_id IS NOT NULL"
_RECORDS_NEAR = f"SELECT raw.id {_WITHIN} {_FROM_FILES}"
# Of what is not booked yet nobody knows the kind before it is read.
_RECORDS_FAR = f"""
    SELECT raw.id {_WITHIN} LEFT JOIN portfolio_transaction t ON t.id = raw.transaction_id
    {_FROM_FILES} AND (t.kind = ANY(%(moved)s) OR raw.transaction_id IS NULL)
"""
_ANSWERS_NEAR = f"SELECT raw.transaction_id {_WITHIN} {_NOT_FROM_FILES}"
_ANSWERS_FAR = f"SELECT raw.transaction_id {_WITHIN} {_OF_MOVED} {_NOT_FROM_FILES}"


def _movements(
    transactions: Collection[int], streams: Collection[int]
) -> dict[int, tuple[Movement, ...]]:
    """What the exchange's own records moved, as told: edits left out."""
    rows = Posting.objects.filter(
        transaction__in=transactions, is_edited=False, raw_record__isnull=False
    ).exclude(raw_record__stream__in=streams)
    found: dict[int, list[Movement]] = defaultdict(list)
    for row in rows.order_by("id"):
        moved = Movement(row.wallet, row.asset, row.amount, PostingRole(row.role))
        found[row.transaction_id].append(moved)
    return {pk: tuple(moved) for pk, moved in found.items()}


def _event(row: Transaction, moved: tuple[Movement, ...]) -> Event:
    return Event(row.key, TransactionKind(row.kind), row.occurred_at, moved, row.detail)


# --- Files --------------------------------------------------------------------------------------


class Decided(NamedTuple):
    """What a person said of one record."""

    same_as: str = ""
    apart: frozenset[str] = frozenset()


class _Import(NamedTuple):
    """An import that a record stands in, in the order of their beginnings."""

    began: int  # microseconds
    ident: str


def of_files(raws: Sequence[RawRecord], decided: Mapping[int, Decided]) -> dict[int, Telling]:
    """What records of files tell, by their ids; those that cannot be read are left out."""
    found = {}
    imports = _imports(raws)
    for raw in raws:
        event = _told(raw)
        if event is not None:
            _, entry, reading = bodies.decoded(raw.body)
            said = decided.get(raw.pk, Decided())
            # Rows of one format that came in one import may be of one file.
            sources = frozenset(f"{raw.stream_id} {job.ident}" for job in imports[raw.pk])
            found[raw.pk] = Telling(
                ref=str(raw.pk),
                key=booking.own_key(raw),
                strength=(1 + rank(raw.stream), min(imports[raw.pk]).began, str(raw.stream_id)),
                event=event,
                sources=sources,
                span=clock(event.occurred_at, entry, reading),
                content=_content(raw.stream_id, entry),
                same_as=said.same_as,
                apart=said.apart,
            )
    return found


def _imports(raws: Sequence[RawRecord]) -> dict[int, list[_Import]]:
    """The imports that each record stands in; one that is being stored stands in those at work."""
    found: dict[int, list[_Import]] = {raw.pk: [] for raw in raws}
    rows = ImportedRecord.objects.filter(raw_record__in=found)
    for pk, began, job in rows.values_list("raw_record", "job__created_at", "job"):
        found[pk].append(_import(began, str(job)))
    fresh = [raw for raw in raws if not found[raw.pk]]
    at_work = _at_work(fresh[0].connection_id) if fresh else []
    for raw in fresh:
        found[raw.pk] = at_work or [_import(raw.fetched_at, raw.endpoint)]
    return found


def _at_work(connection_id: UUID) -> list[_Import]:
    rows = Import.objects.filter(
        state=Import.State.IMPORTING, accounts__connection=connection_id
    ).distinct()
    return [_import(job.created_at, str(job.pk)) for job in rows]


def _import(began: datetime, ident: str) -> _Import:
    return _Import(int(began.timestamp() * 1_000_000), ident)


def _told(raw: RawRecord) -> Event | None:
    try:
        return booking.told(raw.stream.connection.exchange, spec(raw.stream), raw.body)
    except booking.UNREADABLE:
        return None  # booking has marked it; it tells nothing that could be compared


def _content(stream_id: int, entry: Entry) -> str:
    """The same for rows that are alike to the letter, which are twins if both are stored."""
    rows = sorted(sorted(row.cells.items()) for row in entry.rows)
    return f"{stream_id} {entry.account} {entry.part} {rows}"


def rank(stream: Stream) -> int:
    """The rank of a stream's format, the lowest first."""
    try:
        return registry.by_id(stream.key.partition(":")[2]).rank
    except registry.UnknownFormat:
        return 100


def clock(at: datetime, entry: Entry | None = None, reading: Reading | None = None) -> timedelta:
    """The step of the clock that gave a time: a second; a minute or a day where no more is told."""
    if at.second or at.microsecond:
        return SECOND
    if entry is not None and reading is not None and not _has_time(entry):
        local = at.astimezone(values.zone(reading.zone))
        return DAY if not (local.hour or local.minute) else MINUTE
    return MINUTE


def _has_time(entry: Entry) -> bool:
    return any(_TIME.search(cell) for row in entry.rows for cell in row.cells.values())
