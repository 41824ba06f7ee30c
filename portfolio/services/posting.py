"""Books what raw records say into postings and holdings, and takes it back.

Everything here runs inside the caller's database transaction, which holds the connection's row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portfolio.engine.types import RecordKind
from portfolio.exchanges.types import StreamSpec
from portfolio.models import Connection, Posting, RawRecord, Stream
from portfolio.services import booking, bulk, edit_upkeep
from portfolio.services.booking import Told
from portfolio.services.holdings import add_to_holdings, mark_stale


def spec(stream: Stream) -> StreamSpec:
    """The gateway's name for a stored stream."""
    return StreamSpec(key=stream.key, kind=RecordKind(stream.kind), scope=dict(stream.scope))


def read(connection: Connection, raws: Iterable[RawRecord]) -> list[Told]:
    """What records say by the rules of today; those that say nothing are left out."""
    specs: dict[int, StreamSpec] = {}
    told = []
    for raw in raws:
        if raw.stream_id not in specs:
            specs[raw.stream_id] = spec(raw.stream)
        event = booking.read(connection.exchange, specs[raw.stream_id], raw)
        if event is not None:
            told.append(Told(raw, event))
    return told


def book(connection: Connection, told: Sequence[Told]) -> None:
    """Stores the postings of records whose transactions are stored."""
    postings = booking.postings(connection, told)
    if postings:
        bulk.create(postings)
        add_to_holdings(connection, [p for p in postings if p.counts], sign=1)
        mark_stale(connection.owner_id, min(p.occurred_at for p in postings).date())
    edit_upkeep.compare(raw.transaction for raw, _ in told)


def unbook(connection: Connection, raws: Sequence[RawRecord]) -> None:
    """Takes back what these records had booked, before they are booked anew."""
    told = Posting.objects.filter(is_edited=False, raw_record__in=raws)
    postings = list(told) if raws else []
    if postings:
        add_to_holdings(connection, [p for p in postings if p.counts], sign=-1)
        mark_stale(connection.owner_id, min(p.occurred_at for p in postings).date())
        Posting.objects.filter(pk__in=[posting.pk for posting in postings]).delete()
