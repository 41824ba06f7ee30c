"""The streams of a connection for its page: what each covers, and how far they are together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from portfolio.engine.types import RecordKind
from portfolio.models import Coverage, Stream

# Streams may say "from the beginning": no exchange has records from before this day.
FIRST_DAY = datetime(2010, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the streams of a connection are."""

    total: int = 0
    done: int = 0  # up to date, or known not to be served
    running: int = 0
    failed: int = 0
    unavailable: int = 0
    records: int = 0

    @property
    def percent(self) -> int:
        """Whole percent of streams that are done, rounded down."""
        return self.done * 100 // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class Tally:
    """Streams that are alike; a complete one was up to date at least once."""

    state: str
    is_complete: bool
    number: int
    records: int

    @property
    def is_done(self) -> bool:
        """What waits for its next turn is done all the same; what failed is not."""
        if self.state == Stream.State.UNAVAILABLE:
            return True
        return self.is_complete and self.state != Stream.State.FAILED


def added_up(tallies: Sequence[Tally]) -> Progress:
    """How far they are together."""

    def number(state: str) -> int:
        return sum(tally.number for tally in tallies if tally.state == state)

    return Progress(
        total=sum(tally.number for tally in tallies),
        done=sum(tally.number for tally in tallies if tally.is_done),
        running=number(Stream.State.RUNNING),
        failed=number(Stream.State.FAILED),
        unavailable=number(Stream.State.UNAVAILABLE),
        records=sum(tally.records for tally in tallies),
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time of one stream, placed on the connection's time axis (0 to 1000)."""

    state: str
    label: str
    start_at: datetime
    end_at: datetime
    left: int
    width: int


@dataclass(frozen=True, slots=True)
class StreamRow:
    """One stream with what it covers."""

    stream: Stream
    stretches: tuple[Stretch, ...]

    @property
    def first(self) -> Stretch | None:
        """The earliest stretch that was fetched."""
        return next((s for s in self.stretches if s.state == Coverage.State.FETCHED), None)


@dataclass(frozen=True, slots=True)
class StreamGroup:
    """The streams of one kind of record."""

    kind: str
    rows: tuple[StreamRow, ...]
    hidden: int  # streams asked for completeness' sake only that brought nothing: not in rows
    progress: Progress

    @property
    def total(self) -> int:
        """All streams of this kind."""
        return self.progress.total


def axis_of(streams: Iterable[Stream], now: datetime) -> tuple[datetime, datetime] | None:
    """The time that all bars of a connection share: from the first known stretch to now."""
    starts = [c.start_at for stream in streams for c in stream.coverage.all()]
    if not starts:
        return None
    first = max(min(starts), FIRST_DAY)
    return (first, now) if first < now else None


def groups_of(
    streams: Sequence[Stream], axis: tuple[datetime, datetime] | None
) -> tuple[StreamGroup, ...]:
    """The streams by kind of record, in the order of the kinds."""
    by_kind: dict[str, list[Stream]] = defaultdict(list)
    for stream in streams:
        by_kind[stream.kind].append(stream)
    order = [kind.value for kind in RecordKind]
    kinds = sorted(by_kind, key=lambda kind: order.index(kind) if kind in order else len(order))
    return tuple(_group(kind, by_kind[kind], axis) for kind in kinds)


def _group(
    kind: str, streams: Sequence[Stream], axis: tuple[datetime, datetime] | None
) -> StreamGroup:
    tallies = [Tally(s.state, s.caught_up_at is not None, 1, s.record_count) for s in streams]
    shown = [stream for stream in streams if _is_telling(stream)]
    return StreamGroup(
        kind=kind,
        rows=tuple(StreamRow(stream, _stretches(stream, axis)) for stream in shown),
        hidden=len(streams) - len(shown),
        progress=added_up(tallies),
    )


def _is_telling(stream: Stream) -> bool:
    """Whether there is more to say of a stream than that it is asked for completeness' sake."""
    quiet = (Stream.State.CAUGHT_UP, Stream.State.WAITING)
    return stream.is_hot or stream.record_count > 0 or stream.state not in quiet


def _stretches(stream: Stream, axis: tuple[datetime, datetime] | None) -> tuple[Stretch, ...]:
    if axis is None:
        return ()
    first, last = axis
    span = last - first
    result = []
    if stream.state == Stream.State.UNAVAILABLE and not stream.coverage.all():
        label = str(Coverage.State.UNAVAILABLE.label)
        return (Stretch(Coverage.State.UNAVAILABLE, label, first, last, 0, 1000),)
    for part in stream.coverage.all():
        if part.end_at < first:
            continue
        start, end = max(part.start_at, first), min(part.end_at, last)
        left = int((start - first) * 1000 / span)
        right = int((end - first) * 1000 / span)
        result.append(
            Stretch(
                state=part.state,
                label=str(Coverage.State(part.state).label),
                start_at=start,
                end_at=part.end_at,
                left=min(left, 996),
                width=max(right - left, 4),  # the shortest stretch can still be seen
            )
        )
    return tuple(result)
