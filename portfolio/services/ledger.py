"""Stores raw records and books what they say: transactions, postings, holdings.

Everything here runs inside the caller's database transaction, so that records, postings, holdings
and the stream's cursor change together or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection as database
from django.db.models import Min
from django.utils import timezone

from portfolio.engine.names import fit
from portfolio.exchanges.types import FetchedRecord
from portfolio.models import Connection, RawRecord, RawRevision, Stream
from portfolio.services import booking, bulk, witnesses
from portfolio.services.holdings import add_to_holdings as add_to_holdings
from portfolio.services.holdings import mark_stale as mark_stale
from portfolio.services.posting import book as book
from portfolio.services.posting import read as read
from portfolio.services.posting import spec as spec
from portfolio.services.posting import unbook as unbook

_IDENT = 200  # as the column


@dataclass(frozen=True, slots=True)
class Stored:
    """What one page changed."""

    new: int
    changed: int


def store(
    stream: Stream, records: Iterable[FetchedRecord], *, endpoint: str, now: datetime
) -> Stored:
    """Keeps one page of records and books them; storing a page again changes nothing."""
    by_id = {fit(record.external_id, _IDENT): record for record in records}
    known = {raw.external_id: raw for raw in stream.raw_records.filter(external_id__in=by_id)}
    changed = [
        (raw, record)
        for ident, record in by_id.items()
        if (raw := known.get(ident)) is not None and raw.body != record.body
    ]
    new = [
        _raw(stream, ident, record, endpoint, now)
        for ident, record in by_id.items()
        if ident not in known
    ]
    moments = {raw.occurred_at for raw, _ in changed}
    if changed:
        _revise(changed, endpoint, now)
    if new or changed:
        raws = [*new, *(raw for raw, _ in changed)]
        if witnesses.decide_first(stream):
            bulk.create(new)
            _book(stream, [], [raw for raw, _ in changed])
        else:
            _book(stream, new, [raw for raw, _ in changed])
        witnesses.settle_page(stream.connection, raws, moments)
    return Stored(new=len(new), changed=len(changed))


def _raw(
    stream: Stream, ident: str, record: FetchedRecord, endpoint: str, now: datetime
) -> RawRecord:
    return RawRecord(
        connection_id=stream.connection_id,
        stream=stream,
        external_id=ident,
        occurred_at=record.occurred_at,
        body=record.body,
        endpoint=endpoint,
        fetched_at=now,
    )


def _revise(
    changed: Sequence[tuple[RawRecord, FetchedRecord]], endpoint: str, now: datetime
) -> None:
    """Keeps the former texts of records that the exchange changed, and takes the new ones."""
    RawRevision.objects.bulk_create(
        RawRevision(raw_record=raw, body=raw.body, fetched_at=raw.fetched_at, replaced_at=now)
        for raw, _ in changed
    )
    for raw, record in changed:
        raw.body, raw.occurred_at = record.body, record.occurred_at
        raw.endpoint, raw.fetched_at = endpoint, now


def _book(stream: Stream, new: Sequence[RawRecord], changed: Sequence[RawRecord]) -> None:
    """Books new records; what changed ones told of is told anew by all records of it.

    Otherwise a status or a time that has passed would stay, kept by the former text.
    """
    connection = stream.connection
    reopened = {raw.transaction_id for raw in changed if raw.transaction_id is not None}
    again = [*changed, *_siblings(stream, changed, reopened)]
    told = read(connection, [*again, *new])
    unbook(connection, again)
    booking.assign(connection, told, reopened=reopened)
    bulk.create(new)
    if again:
        columns = ["body", "occurred_at", "endpoint", "fetched_at", "transaction", "problem"]
        bulk.update(again, columns)
        booking.drop_untold(reopened)
        booking.look_again(told)
    book(connection, told)


def _siblings(
    stream: Stream, changed: Sequence[RawRecord], reopened: Iterable[int]
) -> Sequence[RawRecord]:
    """The other records of the same transactions, in whatever stream they came."""
    for raw in changed:
        raw.stream = stream
    rows = RawRecord.objects.filter(transaction__in=reopened).select_related("stream")
    return list(rows.exclude(pk__in=[raw.pk for raw in changed])) if reopened else []


def mark_stale_for_connection(connection: Connection) -> None:
    """The same from the connection's first posting on, before its history goes."""
    first = connection.postings.aggregate(first=Min("occurred_at"))["first"]
    mark_stale(connection.owner_id, (first or timezone.now()).date())


def forget(connection: Connection) -> None:
    """Deletes a connection's records and all they booked, without loading any of it.

    The caller holds the connection's row, so that no worker stores more meanwhile.
    """
    mark_stale_for_connection(connection)
    with database.cursor() as cursor:
        for statement in _FORGET:
            cursor.execute(statement, [connection.pk])


_FORGET = (
    "DELETE FROM portfolio_manualentry WHERE connection_id = %s",
    "DELETE FROM portfolio_dailytotal WHERE connection_id = %s",
    """
    DELETE FROM portfolio_note beside USING portfolio_transaction t
    WHERE beside.transaction_id = t.id AND t.connection_id = %s
    """,
    """
    DELETE FROM portfolio_tagging beside USING portfolio_transaction t
    WHERE beside.transaction_id = t.id AND t.connection_id = %s
    """,
    """
    DELETE FROM portfolio_editpart beside USING portfolio_transaction t
    WHERE beside.transaction_id = t.id AND t.connection_id = %s
    """,
    """
    DELETE FROM portfolio_checkpoint checkpoint USING portfolio_holding holding
    WHERE checkpoint.holding_id = holding.id AND holding.connection_id = %s
    """,
    "DELETE FROM portfolio_posting WHERE connection_id = %s",
    "DELETE FROM portfolio_witnessconflict WHERE connection_id = %s",
    """
    DELETE FROM portfolio_rawrevision revision USING portfolio_rawrecord raw
    WHERE revision.raw_record_id = raw.id AND raw.connection_id = %s
    """,
    "DELETE FROM portfolio_rawrecord WHERE connection_id = %s",
    """
    DELETE FROM portfolio_transferlink link USING portfolio_transaction t
    WHERE t.id IN (link.outgoing_id, link.incoming_id) AND t.connection_id = %s
    """,
    "DELETE FROM portfolio_transaction WHERE connection_id = %s",
    "DELETE FROM portfolio_edit WHERE connection_id = %s",
)
