"""Reads connections for their pages: health, progress, what is covered, what agrees."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from portfolio.engine.reconcile import discrepancy
from portfolio.models import (
    Connection,
    Holding,
    Notice,
    PermissionAudit,
    Position,
    RawRecord,
    Stream,
    SyncRun,
)
from portfolio.selectors import keys, positions
from portfolio.selectors.connection_streams import (
    Progress,
    StreamGroup,
    Tally,
    added_up,
    axis_of,
    groups_of,
)

RUNS_SHOWN = 8  # of a connection, on its page

UNREADABLE_SHOWN = 10


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
    by_connection: dict[UUID, list[Tally]] = defaultdict(list)
    for row in counts:
        tally = Tally(row["state"], row["is_complete"], row["number"], row["records"])
        by_connection[row["connection_id"]].append(tally)
    return {ident: added_up(tallies) for ident, tallies in by_connection.items()}


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
    axis = axis_of(streams, now)
    return Detail(
        status=_status(card, streams, now),
        groups=groups_of(streams, axis),
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
