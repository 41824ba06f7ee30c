"""Fills an account with a synthetic history, quickly and in the shape that syncing leaves.

The records are read by the same normaliser as an exchange's; only the storing is by COPY. Each
chunk is one database transaction, so a seeding that is killed leaves a shorter, consistent history.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import islice

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from psycopg.types.json import Jsonb

from accounts.models import User
from portfolio.engine.types import Event
from portfolio.exchanges import registry
from portfolio.models import Connection, Coverage, Posting, RawRecord, Stream, Transaction
from portfolio.services import bulk, holdings, synthetic
from portfolio.services.synthetic import SyntheticRecord

EXCHANGE = "binance"
LABEL = "Synthetic history"
ACCOUNT = "synthetic-history"  # tells the connection from one of a real key
CHUNK = 10_000


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was added."""

    connection: Connection
    transactions: int
    postings: int


def seed_history(user: User, *, transactions: int, seed: int = 1) -> Seeded:
    """Adds that many transactions to the user's synthetic connection; run again, adds more."""
    connection = _connection(user)
    run = _begin_run(connection)
    streams = {stream.key: stream for stream in connection.streams.all()}
    end = datetime.combine(timezone.now().astimezone(UTC).date(), time(), tzinfo=UTC)
    found = synthetic.records(transactions, seed=seed, run=run, end=end)
    postings = 0
    while chunk := list(islice(found, CHUNK)):
        postings += _store(connection, streams, chunk)
    _finish(connection, end)
    return Seeded(connection, transactions, postings)


def _connection(user: User) -> Connection:
    connection, _ = Connection.objects.get_or_create(
        owner=user,
        exchange=EXCHANGE,
        environment=Connection.Environment.SANDBOX,
        account_uid=ACCOUNT,
        defaults={"label": LABEL, "status": Connection.Status.PAUSED},
    )
    return connection


@transaction.atomic
def _begin_run(connection: Connection) -> int:
    """Makes the streams, and counts this run: it decides the ids of its records."""
    for priority, spec in enumerate(synthetic.STREAMS):
        Stream.objects.get_or_create(
            connection=connection,
            key=spec.key,
            defaults={"kind": spec.kind.value, "scope": spec.scope, "priority": priority},
        )
    first = connection.streams.select_for_update().get(key=synthetic.DEPOSITS.key)
    run = int(first.cursor.get("runs", 0)) + 1
    first.cursor = {"runs": run}
    first.save(update_fields=["cursor"])
    return run


def _finish(connection: Connection, end: datetime) -> None:
    """The history is complete: reported balances equal it, streams are covered and caught up."""
    now = timezone.now()
    start = end - synthetic.YEARS
    connection.streams.update(
        state=Stream.State.CAUGHT_UP, fetched_at=now, caught_up_at=now, progress_at=end
    )
    Coverage.objects.filter(stream__connection=connection).delete()
    Coverage.objects.bulk_create(
        Coverage(stream=stream, state=Coverage.State.FETCHED, start_at=start, end_at=end)
        for stream in connection.streams.all()
    )
    connection.holdings.update(reported=F("quantity"))
    Connection.objects.filter(pk=connection.pk).update(
        balances_at=now, last_synced_at=now, backfilled_at=now
    )


# --- One chunk --------------------------------------------------------------------------------


@transaction.atomic
def _store(
    connection: Connection, streams: dict[str, Stream], chunk: Sequence[SyntheticRecord]
) -> int:
    """Stores records, transactions, postings, holdings and counts; returns the postings."""
    events = [_event(record) for record in chunk]
    transaction_ids = bulk.ids(Transaction, len(chunk))
    raw_ids = bulk.ids(RawRecord, len(chunk))
    _copy_transactions(connection, transaction_ids, events)
    _copy_records(connection, streams, raw_ids, transaction_ids, chunk)
    _copy_postings(connection, raw_ids, transaction_ids, events)
    _count_records(streams, chunk)
    movements = [movement for event in events for movement in event.movements]
    holdings.add_to_holdings(connection, movements, sign=1)
    holdings.mark_stale(connection.owner_id, chunk[0].occurred_at.date())
    return len(movements)


def _copy_transactions(connection: Connection, ids: Sequence[int], events: list[Event]) -> None:
    owner = connection.owner_id
    bulk.copy(
        Transaction,
        ("id", "owner_id", "connection_id", "key", "kind", "occurred_at", "detail"),
        (
            (ident, owner, connection.pk, e.key, e.kind, e.occurred_at, Jsonb(e.detail))
            for ident, e in zip(ids, events, strict=True)
        ),
    )


def _copy_records(
    connection: Connection,
    streams: dict[str, Stream],
    ids: Sequence[int],
    transaction_ids: Sequence[int],
    chunk: Sequence[SyntheticRecord],
) -> None:
    now = timezone.now()
    bulk.copy(
        RawRecord,
        ("id", "connection_id", "stream_id", "external_id", "occurred_at", "body", "endpoint",
         "fetched_at", "transaction_id", "problem"),
        (
            (raw_id, connection.pk, streams[r.stream.key].pk, r.external_id, r.occurred_at, r.body,
             synthetic.ENDPOINTS[r.stream.kind], now, ident, "")
            for raw_id, ident, r in zip(ids, transaction_ids, chunk, strict=True)
        ),
    )  # fmt: skip


def _copy_postings(
    connection: Connection,
    raw_ids: Sequence[int],
    transaction_ids: Sequence[int],
    events: list[Event],
) -> None:
    bulk.copy(
        Posting,
        ("owner_id", "connection_id", "transaction_id", "raw_record_id", "position", "wallet",
         "asset", "amount", "role", "occurred_at"),
        (
            (connection.owner_id, connection.pk, ident, raw_id, position, m.wallet, m.asset,
             m.amount, m.role.value, e.occurred_at)
            for raw_id, ident, e in zip(raw_ids, transaction_ids, events, strict=True)
            for position, m in enumerate(e.movements)
        ),
    )  # fmt: skip


def _event(record: SyntheticRecord) -> Event:
    event = registry.normalise(EXCHANGE, record.stream, record.body)
    if event is None:
        raise ValueError(f"a synthetic record describes nothing: {record.body}")
    return event


def _count_records(streams: dict[str, Stream], chunk: Sequence[SyntheticRecord]) -> None:
    counts: dict[int, int] = defaultdict(int)
    for record in chunk:
        counts[streams[record.stream.key].pk] += 1
    for stream_id, count in counts.items():
        Stream.objects.filter(pk=stream_id).update(record_count=F("record_count") + count)
