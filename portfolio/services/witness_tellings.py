"""Loads what the sources of one connection tell, for ``portfolio.engine.witnesses``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection as database

from portfolio.engine import witnesses as engine
from portfolio.engine.types import Event, Movement, PostingRole, RecordKind, TransactionKind
from portfolio.engine.witnesses import Telling
from portfolio.imports import bodies, registry
from portfolio.models import Connection, Posting, RawRecord, Stream, Transaction
from portfolio.services import booking
from portfolio.services.posting import spec

# What may be one event lies so near, deposits and withdrawals aside.
NEAR = timedelta(minutes=2)
FAR = engine.SAME_ID_WITHIN
# The kinds that a deposit or withdrawal may be told as.
_LIKE_MOVED = ("deposit", "withdrawal", "transfer", "other", "unclassified")
_OWN_ANSWERS = frozenset({"exchange"})


class Span(NamedTuple):
    """A stretch of time, both ends included."""

    start: datetime
    end: datetime


def spans(moments: Iterable[datetime], margin: timedelta) -> list[Span]:
    """Stretches of time round these moments, each instant in one of them at most."""
    merged: list[Span] = []
    for at in sorted(moments):
        if merged and at - margin <= merged[-1].end:
            merged[-1] = Span(merged[-1].start, at + margin)
        else:
            merged.append(Span(at - margin, at + margin))
    return merged


class Reach(NamedTuple):
    """Where to look: everything in ``near``, deposits, withdrawals and the like also in ``far``."""

    near: list[Span]
    far: list[Span]

    @classmethod
    def of(cls, near: Iterable[datetime], moved: Iterable[datetime]) -> Reach:
        """Round moments of any events, and round those of deposits and withdrawals."""
        return cls(spans(near, NEAR), spans(moved, FAR))


def file_streams(connection: Connection) -> dict[int, Stream]:
    """The streams of a connection that hold records of files, by id; most have none."""
    rows = connection.streams.filter(kind=RecordKind.IMPORT)
    found = {row.pk: row for row in rows}
    for row in found.values():
        row.connection = connection
    return found


def file_records(
    connection: Connection, streams: Mapping[int, Stream], reach: Reach
) -> list[RawRecord]:
    """The records of files within reach, in the order of their times."""
    ids = _found(_RECORDS_NEAR, connection, streams, reach.near)
    ids |= _found(_RECORDS_FAR, connection, streams, reach.far)
    rows = list(RawRecord.objects.filter(pk__in=ids).order_by("occurred_at", "pk"))
    for row in rows:
        row.stream = streams[row.stream_id]
    return rows


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
            strength=engine.STRONGEST,
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
_RECORDS_FAR = f"SELECT raw.id {_WITHIN} {_OF_MOVED} {_FROM_FILES}"
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


def of_files(raws: Iterable[RawRecord], decided: Mapping[int, Decided]) -> dict[int, Telling]:
    """What records of files tell, by their ids; those that cannot be read are left out."""
    found = {}
    for raw in raws:
        event = _told(raw)
        if event is not None:
            said = decided.get(raw.pk, Decided())
            found[raw.pk] = Telling(
                ref=str(raw.pk),
                key=booking.own_key(raw),
                strength=(1 + rank(raw.stream), raw.stream_id, raw.endpoint),
                event=event,
                sources=frozenset({f"{raw.stream_id} {raw.endpoint}"}),
                span=clock(event.occurred_at),
                content=_content(raw),
                same_as=said.same_as,
                apart=said.apart,
            )
    return found


def _told(raw: RawRecord) -> Event | None:
    try:
        return booking.told(raw.stream.connection.exchange, spec(raw.stream), raw.body)
    except booking.UNREADABLE:
        return None  # booking has marked it; it tells nothing that could be compared


def _content(raw: RawRecord) -> str:
    """The same for rows that are alike to the letter, which are twins if both are stored."""
    _, entry, _ = bodies.decoded(raw.body)
    rows = sorted(sorted(row.cells.items()) for row in entry.rows)
    return f"{raw.stream_id} {entry.part} {rows}"


def rank(stream: Stream) -> int:
    """The rank of a stream's format, the lowest first."""
    try:
        return registry.by_id(stream.key.partition(":")[2]).rank
    except registry.UnknownFormat:
        return 100


def clock(at: datetime) -> timedelta:
    """The step of the clock that gave a time: a minute where no seconds are told."""
    return engine.SECOND if at.second or at.microsecond else engine.MINUTE
