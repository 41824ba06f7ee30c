"""Reads one cell of the coverage page: when and how it was asked, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q

from portfolio.engine import coverage_cells as engine
from portfolio.engine.coverage import Stretch, without
from portfolio.engine.coverage_cells import Known, Word
from portfolio.models import Asking, RawRecord, Stream
from portfolio.selectors import coverage
from portfolio.selectors.coverage import Asked, Axis, Cell, Picture

ASKINGS_SHOWN = 30
STREAMS_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a cell of which one thing is known."""

    word: Word
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Arrived:
    """Records of a cell that came from one endpoint."""

    endpoint: str
    number: int
    first_at: datetime  # when they were fetched
    last_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One stream of a cell of many."""

    stream: Stream
    cell: Cell


@dataclass(frozen=True, slots=True)
class Opened:
    """A cell that was opened: of one stream, or of all of a kind."""

    cell: Cell
    kind: str
    stream: Stream | None
    pieces: tuple[Piece, ...] = ()
    askings: tuple[Asking, ...] = ()
    arrived: tuple[Arrived, ...] = ()
    logged_since: datetime | None = None  # what was asked before is told by the records alone
    parts: tuple[Part, ...] = ()  # those that are worst first
    more: int = 0

    @property
    def fetch_from(self) -> datetime:
        """From when on to ask once more: from the first part that is missing."""
        missing = (p.start for p in self.pieces if p.word in (Word.FAILED, Word.HOLE))
        return next(missing, self.cell.start)

    @property
    def needs_fetching(self) -> bool:
        """Whether something could be had by asking once more."""
        return self.cell.word in (Word.FAILED, Word.HOLE)


def opened(picture: Picture, asked: Asked) -> Opened | None:
    """The cell that was asked for, in at most five queries; None where there is none."""
    axis = picture.axis
    if axis is None or asked.cell not in axis.names:
        return None
    at = axis.names.index(asked.cell)
    if asked.stream is None:
        row = next((row for row in picture.rows if row.kind == asked.kind), None)
        return None if row is None or row.stream else _of_kind(picture, row.cells[at], row.kind, at)
    stream = picture.connection.streams.filter(pk=asked.stream).first()
    return None if stream is None else _of_stream(axis, stream, at)


def _of_stream(axis: Axis, stream: Stream, at: int) -> Opened:
    span = axis.cells[at]
    rows = stream.coverage.order_by().values_list("state", "start_at", "end_at")
    told: dict[str, list[Stretch]] = {}
    for state, start, end in rows:
        told.setdefault(state, []).append((start, end))
    known = coverage.known_of(stream, told, axis.whole)
    arrived = _arrived(stream, span)
    number = sum(part.number for part in arrived)
    (share,) = engine.shares([span], known)
    word = share.word(number)
    log = stream.askings.aggregate(first=Min("first_at"))
    return Opened(
        cell=Cell(axis.names[at], *span, word, {word: 1}, number),
        kind=stream.kind,
        stream=stream,
        pieces=tuple(_pieces(known, span, word)),
        askings=_askings(stream, span),
        arrived=arrived,
        logged_since=log["first"],
    )


def _pieces(known: Known, span: Stretch, word: Word) -> Iterable[Piece]:
    """The cell in order of time; each part with the one thing known of it."""
    fetched = Word.EMPTY if word is Word.EMPTY else Word.FETCHED
    told: list[tuple[Stretch, Word]] = [
        (_within(part, span), name)
        for parts, name in (
            (known.fetched, fetched),
            (known.failed, Word.FAILED),
            (known.unserved, Word.UNSERVED),
            (known.holes(span), Word.HOLE),
        )
        for part in parts
    ]
    inside = [(part, name) for part, name in told if part[0] < part[1]]
    left = without([span], [part for part, _ in inside])
    inside += [(part, Word.OUTSIDE) for part in left if part[1] - part[0] >= engine.SMALLEST_HOLE]
    return (Piece(name, *part) for part, name in sorted(inside))


def _within(part: Stretch, span: Stretch) -> Stretch:
    return max(part[0], span[0]), min(part[1], span[1])


def _askings(stream: Stream, span: Stretch) -> tuple[Asking, ...]:
    of_it = Q(start_at__lt=span[1], end_at__gt=span[0]) | Q(start_at__isnull=True)
    return tuple(stream.askings.filter(of_it)[:ASKINGS_SHOWN])


def _arrived(stream: Stream, span: Stretch) -> tuple[Arrived, ...]:
    rows = (
        RawRecord.objects.filter(stream=stream, occurred_at__gte=span[0], occurred_at__lt=span[1])
        .order_by()
        .values_list("endpoint")
        .annotate(number=Count("id"), first=Min("fetched_at"), last=Max("fetched_at"))
    )
    return tuple(Arrived(*row) for row in rows)


def _of_kind(picture: Picture, cell: Cell, kind: str, at: int) -> Opened:
    parts = [Part(row.stream, row.cells[at]) for row in picture.streams[kind] if row.stream]
    parts.sort(key=lambda part: engine.RANK[part.cell.word])
    return Opened(
        cell=cell,
        kind=kind,
        stream=None,
        parts=tuple(parts[:STREAMS_SHOWN]),
        more=max(len(parts) - STREAMS_SHOWN, 0),
    )
