"""Stores raw records and books what they say: transactions, postings, holdings.

Everything here runs inside the caller's database transaction, so that records, postings, holdings
and the stream's cursor change together or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import connection as database
from django.db.models import Min
from django.utils import timezone

from portfolio.engine import money
from portfolio.engine.merging import merge
from portfolio.engine.types import Event, Movement, RecordKind, TransactionKind
from portfolio.exchanges import registry
from portfolio.exchanges.types import FetchedRecord, StreamSpec
from portfolio.models import (
    Connection,
    Posting,
    RawRecord,
    RawRevision,
    Stream,
    Transaction,
)


@dataclass(frozen=True, slots=True)
class Stored:
    """What one page changed."""

    new: int
    changed: int
    earliest: date | None


def spec(stream: Stream) -> StreamSpec:
    """The gateway's name for a stored stream; a pair that turned out likely is swept no more."""
    scope = {n: v for n, v in stream.scope.items() if n != "sweep" or not stream.is_hot}
    return StreamSpec(key=stream.key, kind=RecordKind(stream.kind), scope=scope)


def store(
    stream: Stream, records: Iterable[FetchedRecord], *, endpoint: str, now: datetime
) -> Stored:
    """Keeps one page of records and books them; storing a page again changes nothing."""
    by_id = {record.external_id: record for record in records}
    known = {raw.external_id: raw for raw in stream.raw_records.filter(external_id__in=by_id)}
    changed = [
        _revise(known[ident], record, endpoint, now)
        for ident, record in by_id.items()
        if ident in known and known[ident].body != record.body
    ]
    if changed:
        _unbook(changed)
        RawRecord.objects.bulk_update(changed, ["body", "occurred_at", "endpoint", "fetched_at"])
    new = RawRecord.objects.bulk_create(
        _raw(stream, record, endpoint, now) for ident, record in by_id.items() if ident not in known
    )
    earliest = book(stream, [*new, *changed])
    return Stored(new=len(new), changed=len(changed), earliest=earliest)


def _raw(stream: Stream, record: FetchedRecord, endpoint: str, now: datetime) -> RawRecord:
    return RawRecord(
        connection_id=stream.connection_id,
        stream=stream,
        external_id=record.external_id,
        occurred_at=record.occurred_at,
        body=record.body,
        endpoint=endpoint,
        fetched_at=now,
    )


def _revise(raw: RawRecord, record: FetchedRecord, endpoint: str, now: datetime) -> RawRecord:
    """Keeps the former text of a record that the exchange changed."""
    RawRevision.objects.create(
        raw_record=raw, body=raw.body, fetched_at=raw.fetched_at, replaced_at=now
    )
    raw.body, raw.occurred_at = record.body, record.occurred_at
    raw.endpoint, raw.fetched_at = endpoint, now
    return raw


def _unbook(raws: Sequence[RawRecord]) -> None:
    """Takes back what these records had booked, before they are booked anew."""
    postings = list(Posting.objects.filter(raw_record__in=raws))
    if not postings:
        return
    add_to_holdings(raws[0].connection, postings, sign=-1)
    mark_stale(raws[0].connection.owner_id, min(p.occurred_at for p in postings).date())
    Posting.objects.filter(pk__in=[posting.pk for posting in postings]).delete()


def book(stream: Stream, raws: Sequence[RawRecord]) -> date | None:
    """Reads raw records and stores the transactions and postings they describe.

    A record that cannot be read is kept and marked with the problem; the others go on.
    Returns the earliest day whose holdings changed.
    """
    connection = stream.connection
    told = [(raw, event) for raw in raws if (event := _read(stream, raw)) is not None]
    if told:
        transactions = _transactions(connection, told)
        for raw, event in told:
            raw.transaction = transactions[event.key]
    if raws:
        RawRecord.objects.bulk_update(raws, ["transaction", "problem"])
    postings = [p for raw, event in told for p in _postings(connection, raw, event)]
    if not postings:
        return None
    Posting.objects.bulk_create(postings)
    add_to_holdings(connection, postings, sign=1)
    earliest = min(posting.occurred_at for posting in postings).date()
    mark_stale(connection.owner_id, earliest)
    return earliest


def _read(stream: Stream, raw: RawRecord) -> Event | None:
    try:
        event = registry.normalise(stream.connection.exchange, spec(stream), raw.body)
    except (ValueError, KeyError, TypeError, IndexError, ArithmeticError) as error:
        raw.problem = f"{type(error).__name__}: {error}"[:500]
        return None
    raw.problem = ""
    return event


def _transactions(
    connection: Connection, told: Sequence[tuple[RawRecord, Event]]
) -> dict[str, Transaction]:
    """One transaction per event key: found and enriched, or made."""
    keys = {event.key for _, event in told}
    rows = {row.key: row for row in connection.transactions.filter(key__in=keys)}
    booked = set(
        Posting.objects.filter(transaction__in=list(rows.values())).values_list(
            "transaction__key", flat=True
        )
    )
    fresh: list[Transaction] = []
    touched: dict[str, Transaction] = {}
    for _, event in told:
        row = rows.get(event.key)
        if row is None:
            row = rows[event.key] = _new_transaction(connection, event)
            fresh.append(row)
        else:
            _enrich(row, event, is_booked=event.key in booked)
            touched[event.key] = row
        if event.movements:
            booked.add(event.key)
    Transaction.objects.bulk_create(fresh)
    stored = [row for key, row in touched.items() if row not in fresh]
    Transaction.objects.bulk_update(stored, ["kind", "occurred_at", "detail"])
    return rows


def _new_transaction(connection: Connection, event: Event) -> Transaction:
    return Transaction(
        owner_id=connection.owner_id,
        connection=connection,
        key=event.key,
        kind=event.kind.value,
        occurred_at=event.occurred_at,
        detail=event.detail,
    )


def _enrich(row: Transaction, event: Event, *, is_booked: bool) -> None:
    known = Event(row.key, TransactionKind(row.kind), row.occurred_at, detail=row.detail)
    merged = merge(known, known_has_movements=is_booked, more=event)
    row.kind, row.occurred_at, row.detail = merged.kind.value, merged.occurred_at, merged.detail


def _postings(connection: Connection, raw: RawRecord, event: Event) -> list[Posting]:
    return [
        Posting(
            owner_id=connection.owner_id,
            connection=connection,
            transaction=raw.transaction,
            raw_record=raw,
            position=position,
            wallet=movement.wallet,
            asset=movement.asset,
            amount=movement.amount,
            role=movement.role.value,
            occurred_at=event.occurred_at,
        )
        for position, movement in enumerate(event.movements)
    ]


def add_to_holdings(
    connection: Connection, postings: Iterable[Posting | Movement], *, sign: int
) -> None:
    """Adds amounts to the quantities held (sign 1), or takes them back (sign -1)."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: money.ZERO)
    for posting in postings:
        place = (posting.wallet, posting.asset)
        amount = posting.amount if sign > 0 else posting.amount.copy_negate()
        sums[place] = money.add(sums[place], amount)
    with database.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO portfolio_holding (owner_id, connection_id, wallet, asset, quantity)
            VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (connection_id, wallet, asset)
            DO UPDATE SET quantity = portfolio_holding.quantity + EXCLUDED.quantity
            """,
            [
                (connection.owner_id, connection.pk, wallet, asset, amount)
                for (wallet, asset), amount in sorted(sums.items())
            ],
        )


def mark_stale(owner_id: int, day: date) -> None:
    """Says that daily holdings and values from this day on must be computed again."""
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO portfolio_valuationstate (owner_id, stale_from, currency)
            VALUES (%s, %s, '')
            ON CONFLICT (owner_id) DO UPDATE
            SET stale_from = LEAST(portfolio_valuationstate.stale_from, EXCLUDED.stale_from)
            """,
            [owner_id, day],
        )


def mark_stale_for_connection(connection: Connection) -> None:
    """The same from the connection's first posting on, before its history goes."""
    first = connection.postings.aggregate(first=Min("occurred_at"))["first"]
    mark_stale(connection.owner_id, (first or timezone.now()).date())
