"""Reads the coverage page: streams down, time across, and what is known of each cell."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection as database

from accounts.models import User
from portfolio.engine import coverage_cells as engine
from portfolio.engine.coverage import Stretch
from portfolio.engine.coverage_cells import Complete, Known, Width, Word
from portfolio.engine.types import RecordKind
from portfolio.models import Connection, Coverage, Stream
from portfolio.selectors.connection_streams import FIRST_DAY

STREAMS_SHOWN = 40
Counts = Mapping[tuple[int, int], int]  # records by stream and cell


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asked to see; what cannot be read asks for nothing."""

    period: str = ""  # "2024", "2024-03": all time where empty
    kind: str = ""  # the group that is open
    page: int = 1  # of its streams
    cell: str = ""
    stream: int | None = None  # the row of the cell; without it, that of ``kind``


@dataclass(frozen=True, slots=True)
class Axis:
    """The time across."""

    whole: Stretch  # of the connection
    span: Stretch  # that is shown
    width: Width
    cells: tuple[Stretch, ...]
    period: str

    @property
    def names(self) -> list[str]:
        """What the cells are called in addresses."""
        return [engine.named(start, self.width) for start, _ in self.cells]

    @property
    def columns(self) -> list[tuple[str, datetime]]:
        """The cells' names with their beginnings."""
        return [(name, start) for name, (start, _) in zip(self.names, self.cells, strict=True)]

    @property
    def wider(self) -> str | None:
        """The period around this one: "" for all time; None where all is shown."""
        return self.period.rpartition("-")[0] if self.period else None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of one row."""

    name: str
    start: datetime
    end: datetime
    word: Word  # the worst of it
    words: Mapping[Word, int]  # how many streams say what
    records: int


@dataclass(frozen=True, slots=True)
class Row:
    """A stream, or all streams of a kind."""

    kind: str
    stream: Stream | None
    streams: int
    records: int  # in the span
    cells: tuple[Cell, ...]
    complete: Complete

    @property
    def worst(self) -> int:
        """To sort by: the rank of the worst cell."""
        return min((engine.RANK[cell.word] for cell in self.cells), default=0)


@dataclass(frozen=True, slots=True)
class Opened:
    """The streams of one kind, a page of them, those that miss something first."""

    kind: str
    rows: tuple[Row, ...]
    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What one connection's history is known to hold."""

    connection: Connection
    axis: Axis | None  # None while nothing was asked yet
    rows: tuple[Row, ...]  # a row a kind
    streams: Mapping[str, Sequence[Row]]  # those behind it
    opened: Opened | None

    @property
    def as_of(self) -> datetime | None:
        """Up to when anything is told."""
        return self.axis.whole[1] if self.axis else None


def picture(user: User, connection_id: UUID, asked: Asked, *, now: datetime) -> Picture:
    """The coverage of a connection, in four queries. May raise Connection.DoesNotExist."""
    connection = Connection.objects.of(user).get(pk=connection_id)
    streams = {stream.pk: stream for stream in connection.streams.order_by("priority", "key")}
    known = stretches(connection.pk)
    axis = _axis(known.values(), asked.period, now)
    if axis is None:
        return Picture(connection, None, (), {}, None)
    rows = _rows(streams.values(), known, axis)
    by_kind: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    groups = tuple(_group(kind, by_kind[kind]) for kind in sorted(by_kind, key=_order))
    return Picture(connection, axis, groups, by_kind, _opened(by_kind, asked))


def stretches(connection_id: UUID) -> dict[int, dict[str, list[Stretch]]]:
    """What is told of a connection's streams, by stream and state."""
    found: dict[int, dict[str, list[Stretch]]] = defaultdict(lambda: defaultdict(list))
    rows = Coverage.objects.filter(stream__connection=connection_id).order_by()
    for stream, state, start, end in rows.values_list("stream_id", "state", "start_at", "end_at"):
        found[stream][state].append((start, end))
    return found


def known_of(stream: Stream, told: Mapping[str, Sequence[Stretch]], whole: Stretch) -> Known:
    """What is known of one stream, over the time of its connection."""
    if not told and stream.state == Stream.State.UNAVAILABLE:
        return Known(unserved=(whole,))
    if not told and stream.caught_up_at is not None:
        # Asked, with an answer that proves nothing of any time.
        return Known(begins=whole[1], ends=whole[1])
    return Known.of(
        told.get(Coverage.State.FETCHED, ()),
        told.get(Coverage.State.FAILED, ()),
        told.get(Coverage.State.UNAVAILABLE, ()),
        is_complete=stream.caught_up_at is not None,
    )


def _order(kind: str) -> int:
    order = [known.value for known in RecordKind]
    return order.index(kind) if kind in order else len(order)


def _axis(
    known: Iterable[Mapping[str, Sequence[Stretch]]], name: str, now: datetime
) -> Axis | None:
    told = [part for states in known for parts in states.values() for part in parts]
    if not told:
        return None
    start = max(min(start for start, _ in told), FIRST_DAY)
    whole = (start, min(max(end for _, end in told), now))
    if whole[0] >= whole[1]:
        return None
    span, period = _span(whole, name)
    width = _width(period, span)
    return Axis(whole, span, width, tuple(engine.cut(span, width)), period)


def _span(whole: Stretch, name: str) -> tuple[Stretch, str]:
    """The part of the time that a period names; all of it where it names none of it."""
    found = engine.period(name) if name.count("-") < 2 else None
    if found is None or found[0] >= whole[1] or found[1] <= whole[0]:
        return whole, ""
    return (max(found[0], whole[0]), min(found[1], whole[1])), name


def _width(period: str, span: Stretch) -> Width:
    if not period:
        return engine.width_of(span)
    return Width.DAY if "-" in period else Width.MONTH


# --- Rows -------------------------------------------------------------------------------------


def _rows(
    streams: Iterable[Stream], known: Mapping[int, Mapping[str, Sequence[Stretch]]], axis: Axis
) -> list[Row]:
    streams = list(streams)
    counts = record_counts([s.pk for s in streams if s.record_count], axis.cells)
    names = axis.names
    return [_row(stream, known.get(stream.pk, {}), axis, names, counts) for stream in streams]


def _row(
    stream: Stream,
    told: Mapping[str, Sequence[Stretch]],
    axis: Axis,
    names: Sequence[str],
    counts: Counts,
) -> Row:
    known = known_of(stream, told, axis.whole)
    numbers = [counts.get((stream.pk, index), 0) for index in range(len(axis.cells))]
    words = [
        share.word(number)
        for share, number in zip(engine.shares(axis.cells, known), numbers, strict=True)
    ]
    return Row(
        kind=stream.kind,
        stream=stream,
        streams=1,
        records=sum(numbers),
        cells=tuple(
            Cell(name, start, end, word, {word: 1}, number)
            for name, (start, end), word, number in zip(
                names, axis.cells, words, numbers, strict=True
            )
        ),
        complete=engine.complete(known, axis.whole),
    )


def record_counts(streams: Sequence[int], cells: Sequence[Stretch]) -> Counts:
    """How many records each stream has in each cell, in one query."""
    if not streams:
        return {}
    with database.cursor() as cursor:
        cursor.execute(
            _COUNTS, [[start for start, _ in cells], list(streams), cells[0][0], cells[-1][1]]
        )
        return {(stream, cell - 1): number for stream, cell, number in cursor.fetchall()}


_COUNTS = """
    SELECT stream_id, width_bucket(occurred_at, %s::timestamptz[]) AS cell, COUNT(*)
    FROM portfolio_rawrecord
    WHERE stream_id = ANY(%s) AND occurred_at >= %s AND occurred_at < %s
    GROUP BY stream_id, cell
"""


def _group(kind: str, rows: Sequence[Row]) -> Row:
    """The streams of a kind as one row; a single one stays itself."""
    if len(rows) == 1:
        return rows[0]
    columns = list(zip(*(row.cells for row in rows), strict=True))
    return Row(
        kind=kind,
        stream=None,
        streams=len(rows),
        records=sum(row.records for row in rows),
        cells=tuple(_together(column) for column in columns),
        complete=_complete(rows),
    )


def _together(column: Sequence[Cell]) -> Cell:
    words = Counter(cell.word for cell in column)
    first = column[0]
    records = sum(cell.records for cell in column)
    return Cell(first.name, first.start, first.end, engine.worst(words), words, records)


def _complete(rows: Sequence[Row]) -> Complete:
    """Of several streams: since the last of them begins; None where one has nothing yet."""
    parts = [row.complete for row in rows if not _says_nothing(row)]
    missing = tuple(part for one in parts for part in one.but_for)
    since = [part.since for part in parts if part.since is not None]
    until = [part.until for part in parts if part.until is not None]
    if not since or not until or len(since) < len(parts):
        return Complete(None, None, missing)
    return Complete(max(since), min(until), missing)


def _says_nothing(row: Row) -> bool:
    """Whether a stream is not served, or was asked without an answer that proves anything."""
    stream = row.stream
    if stream is None or row.complete.since is not None:
        return False
    return stream.state == Stream.State.UNAVAILABLE or stream.caught_up_at is not None


def _opened(by_kind: Mapping[str, Sequence[Row]], asked: Asked) -> Opened | None:
    rows = by_kind.get(asked.kind, ())
    if len(rows) < 2:
        return None
    ordered = sorted(rows, key=lambda row: row.worst)
    pages = -(-len(ordered) // STREAMS_SHOWN)
    page = min(max(asked.page, 1), pages)
    first = (page - 1) * STREAMS_SHOWN
    return Opened(asked.kind, tuple(ordered[first : first + STREAMS_SHOWN]), page, pages)
