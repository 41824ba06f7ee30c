"""Reads connections for their pages: health, progress, what is covered, what agrees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from portfolio.engine.reconcile import discrepancy
from portfolio.engine.types import RecordKind
from portfolio.models import (
    Connection,
    Coverage,
    Holding,
    Notice,
    PermissionAudit,
    Position,
    RawRecord,
    Stream,
    SyncRun,
)
from portfolio.selectors import keys, positions

RUNS_SHOWN = 8  # of a connection, on its page

UNREADABLE_SHOWN = 10
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
class Card:
    """One connection at a glance."""

    connection: Connection
    progress: Progress
    audit: PermissionAudit | None
    last_run: SyncRun | None
    discrepancies: int
    holdings: int
    unreadable: int  # raw records that are kept but could not be read, so nothing is booked

    @property
    def is_backfilling(self) -> bool:
        """Whether the history has not been fetched to its end yet."""
        return (
            self.connection.status == Connection.Status.ACTIVE
            and self.connection.backfilled_at is None
        )

    @property
    def is_starting(self) -> bool:
        """Whether its first check or its first sync is under way."""
        return self.connection.status == Connection.Status.PENDING or self.is_backfilling

    @property
    def is_fetching(self) -> bool:
        """Whether a run is under way, be it waiting or working."""
        return (
            self.connection.status == Connection.Status.ACTIVE
            and self.last_run is not None
            and self.last_run.finished_at is None
        )


# Per connection: holdings that differ from what was reported, and all holdings.
Agreement = Mapping[UUID, tuple[int, int]]


def cards(user: User, agreement: Agreement | None = None) -> tuple[Card, ...]:
    """All connections of a user, in five queries; four where the agreement is known."""
    connections = sorted(
        _counted(user), key=lambda c: (c.status == Connection.Status.REMOVED, c.created_at)
    )
    return _cards(connections, agreement)


def _cards(connections: Sequence[Connection], known: Agreement | None = None) -> tuple[Card, ...]:
    ids = [connection.pk for connection in connections]
    progress = _progress(ids)
    audits = keys.latest_audits(ids)
    runs = {
        run.connection_id: run
        for run in SyncRun.objects.filter(connection__in=ids)
        .order_by("connection_id", "-started_at")
        .distinct("connection_id")
    }
    agreement = _agreement(ids) if known is None else known
    return tuple(
        Card(
            connection=connection,
            progress=progress.get(connection.pk, Progress()),
            audit=audits.get(connection.pk),
            last_run=runs.get(connection.pk),
            discrepancies=agreement.get(connection.pk, (0, 0))[0],
            holdings=agreement.get(connection.pk, (0, 0))[1],
            unreadable=connection.unreadable,  # type: ignore[attr-defined]  # see _counted
        )
        for connection in connections
    )


def _counted(user: User) -> QuerySet[Connection]:
    """A user's connections, each with the number of its raw records that could not be read."""
    rows = RawRecord.objects.filter(connection=OuterRef("pk")).exclude(problem="").order_by()
    counts = rows.values("connection_id").annotate(number=Count("id")).values("number")
    return Connection.objects.of(user).annotate(unreadable=Coalesce(Subquery(counts), 0))


def _progress(ids: Sequence[UUID]) -> dict[UUID, Progress]:
    counts = (
        Stream.objects.filter(connection__in=ids)
        .order_by()
        .values("connection_id", "state", is_complete=Q(caught_up_at__isnull=False))
        .annotate(number=Count("id"), records=Sum("record_count"))
    )
    by_connection: dict[UUID, list[_Tally]] = defaultdict(list)
    for row in counts:
        tally = _Tally(row["state"], row["is_complete"], row["number"], row["records"])
        by_connection[row["connection_id"]].append(tally)
    return {ident: _added_up(tallies) for ident, tallies in by_connection.items()}


@dataclass(frozen=True, slots=True)
class _Tally:
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


def _added_up(tallies: Sequence[_Tally]) -> Progress:
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


def _agreement(ids: Sequence[UUID]) -> Agreement:
    differing = (
        Holding.objects.filter(connection__in=ids)
        .exclude(quantity=0, reported__isnull=True)
        .order_by()
        .values_list("connection_id", "quantity", "reported")
    )
    result: dict[UUID, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for ident, quantity, reported in differing:
        wrong, number = result[ident]
        result[ident] = (wrong + (reported is not None and reported != quantity), number + 1)
    return result


# --- One connection ---------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Balance:
    """A holding by the ledger beside what the exchange reports."""

    holding: Holding
    difference: Decimal | None  # reported less ledger; None until the exchange was asked

    @property
    def agrees(self) -> bool | None:
        """None until the exchange was asked."""
        return None if self.difference is None else not self.difference


@dataclass(frozen=True, slots=True)
class Status:
    """What the live part of a connection's page shows."""

    card: Card
    running: tuple[Stream, ...]
    problems: tuple[Stream, ...]
    reaches_back_to: datetime | None  # the oldest transaction so far
    next_at: datetime | None  # None: at once, or not at all
    last_complete_at: datetime | None  # when nothing was missing yet; None where nothing is
    is_busy: bool

    @property
    def failed(self) -> tuple[Stream, ...]:
        """The streams that could not be had, each with its reason."""
        return tuple(s for s in self.problems if s.state == Stream.State.FAILED)

    @property
    def headline(self) -> str:
        """Names the state; a change of it is worth saying aloud."""
        status = self.card.connection.status
        if status != Connection.Status.ACTIVE:
            return status
        if self.card.is_backfilling:
            return "backfilling"
        if self.card.is_fetching:
            return "fetching"
        if self.card.progress.failed:
            return "gaps"
        return "unreadable" if self.card.unreadable else "active"


@dataclass(frozen=True, slots=True)
class Detail:
    """One connection whole."""

    status: Status
    groups: tuple[StreamGroup, ...]
    axis: tuple[datetime, datetime] | None
    runs: tuple[SyncRun, ...]
    balances: tuple[Balance, ...]
    unreadable: tuple[RawRecord, ...]  # the latest of them
    twins: tuple[Notice, ...]  # other connections of the same account
    positions: tuple[Position, ...]


def get(user: User, connection_id: UUID) -> Connection:
    """One connection of this user. May raise Connection.DoesNotExist."""
    return Connection.objects.of(user).get(pk=connection_id)


def detail(user: User, connection_id: UUID, *, now: datetime) -> Detail:
    """All of one connection, in a fixed number of queries. May raise Connection.DoesNotExist."""
    connection = _counted(user).get(pk=connection_id)
    (card,) = _cards([connection])
    streams = list(connection.streams.prefetch_related("coverage"))
    axis = _axis(streams, now)
    return Detail(
        status=_status(card, streams, now),
        groups=_groups(streams, axis),
        axis=axis,
        runs=tuple(connection.sync_runs.order_by("-started_at")[:RUNS_SHOWN]),
        balances=_balances(connection),
        unreadable=_unreadable_records(connection) if card.unreadable else (),
        # Where the exchange names the account, a second connection of it is refused.
        twins=() if connection.account_uid else keys.twins(connection),
        positions=positions.of_connection(connection) if connection.positions_at else (),
    )


def _status(card: Card, streams: Sequence[Stream], now: datetime) -> Status:
    connection = card.connection
    oldest = connection.raw_records.aggregate(at=Min("occurred_at"))["at"]
    is_put_off = card.last_run is not None and card.last_run.outcome == SyncRun.Outcome.WAITING
    is_idle = connection.status == Connection.Status.ACTIVE and (is_put_off or not card.is_fetching)
    due = connection.next_sync_at if is_idle else None
    return Status(
        card=card,
        running=tuple(s for s in streams if s.state == Stream.State.RUNNING),
        problems=tuple(
            s for s in streams if s.state in (Stream.State.FAILED, Stream.State.UNAVAILABLE)
        ),
        reaches_back_to=oldest,
        next_at=due if due is not None and due > now else None,
        last_complete_at=_last_complete(streams),
        is_busy=connection.status == Connection.Status.PENDING
        or card.is_backfilling
        or card.is_fetching
        or connection.sealed_candidate is not None,
    )


def _last_complete(streams: Iterable[Stream]) -> datetime | None:
    """When the first of the streams that fail now was up to date last; None if one never was."""
    failed = [s.caught_up_at for s in streams if s.state == Stream.State.FAILED]
    known = [at for at in failed if at is not None]
    return min(known) if known and len(known) == len(failed) else None


def _axis(streams: Iterable[Stream], now: datetime) -> tuple[datetime, datetime] | None:
    """The time that all bars of a connection share: from the first known stretch to now."""
    starts = [c.start_at for stream in streams for c in stream.coverage.all()]
    if not starts:
        return None
    first = max(min(starts), FIRST_DAY)
    return (first, now) if first < now else None


def _groups(
    streams: Sequence[Stream], axis: tuple[datetime, datetime] | None
) -> tuple[StreamGroup, ...]:
    by_kind: dict[str, list[Stream]] = defaultdict(list)
    for stream in streams:
        by_kind[stream.kind].append(stream)
    order = [kind.value for kind in RecordKind]
    kinds = sorted(by_kind, key=lambda kind: order.index(kind) if kind in order else len(order))
    return tuple(_group(kind, by_kind[kind], axis) for kind in kinds)


def _group(
    kind: str, streams: Sequence[Stream], axis: tuple[datetime, datetime] | None
) -> StreamGroup:
    tallies = [_Tally(s.state, s.caught_up_at is not None, 1, s.record_count) for s in streams]
    shown = [stream for stream in streams if _is_telling(stream)]
    return StreamGroup(
        kind=kind,
        rows=tuple(StreamRow(stream, _stretches(stream, axis)) for stream in shown),
        hidden=len(streams) - len(shown),
        progress=_added_up(tallies),
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


def _unreadable_records(connection: Connection) -> tuple[RawRecord, ...]:
    rows = connection.raw_records.exclude(problem="").select_related("stream")
    return tuple(rows.prefetch_related("revisions").order_by("-id")[:UNREADABLE_SHOWN])


def _balances(connection: Connection) -> tuple[Balance, ...]:
    rows = connection.holdings.exclude(quantity=0, reported__isnull=True).exclude(
        quantity=0, reported=0
    )
    balances = [_balance(holding) for holding in rows]
    return tuple(
        sorted(balances, key=lambda b: (b.agrees is not False, b.holding.asset, b.holding.wallet))
    )


def _balance(holding: Holding) -> Balance:
    return Balance(holding, discrepancy(holding.quantity, holding.reported))
