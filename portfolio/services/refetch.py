"""Reads history once more: a stretch that somebody asks for, and the last weeks now and then.

Nothing is doubled by it: records are known by their ids, and one that was changed is revised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portfolio.engine.types import RecordKind
from portfolio.exchanges import registry
from portfolio.models import Connection, RawRecord, Stream
from portfolio.services import ledger
from portfolio.services.connections import ConnectionProblem

State = Stream.State
RESCAN_EVERY = timedelta(days=7)
RESCAN_REACH = timedelta(days=30)
_Mark = tuple[str, datetime]


@transaction.atomic
def fetch_again(*, connection: Connection, kind: str = "", since: datetime | None = None) -> int:
    """Sends the streams of a kind (or all) back to ``since``; returns how many they are.

    Whoever works on the connection loses it: its page is rolled back, and the next slice begins
    where the streams are sent now. Without ``since``, or where the exchange cannot be asked for a
    stretch of time, a stream begins anew. May raise ConnectionProblem.
    """
    current = Connection.objects.select_for_update().get(pk=connection.pk)
    if current.status != Connection.Status.ACTIVE or current.is_by_hand:
        raise ConnectionProblem(_("Only an active connection can be synced."))
    asked = current.streams.exclude(kind=RecordKind.IMPORT.value)
    chosen = asked.filter(kind=kind) if kind else asked
    streams = list(chosen)
    if not streams:
        raise ConnectionProblem(_("Nothing of this kind is fetched from this exchange."))
    before = _last_before(streams, since)
    for stream in streams:
        stream.cursor = _sent_back(current, stream, since, before) or {}
        stream.state, stream.failures, stream.message = State.WAITING, 0, ""
    Stream.objects.bulk_update(streams, ["cursor", "state", "failures", "message"])
    now = timezone.now()
    Connection.objects.filter(pk=current.pk).update(
        lease_holder="", lease_until=None, next_sync_at=now
    )
    return len(streams)


def rescan(connection: Connection, now: datetime) -> None:
    """Sends streams back by some weeks whose last such round is a week old; call it under lease.

    Exchanges deliver some records days late, beyond what every round reads again. Streams that can
    only be read from the beginning are left alone.
    """
    asked = connection.streams.exclude(kind=RecordKind.IMPORT.value)
    streams = list(asked.filter(state=State.CAUGHT_UP, record_count__gt=0))
    due = [s for s in streams if s.rescanned_at and now - s.rescanned_at >= RESCAN_EVERY]
    since = now - RESCAN_REACH
    before = _last_before(due, since)
    for stream in due:
        stream.cursor = _sent_back(connection, stream, since, before) or stream.cursor
    for stream in streams:
        if stream.rescanned_at is None or stream in due:
            stream.rescanned_at = now
    Stream.objects.bulk_update(streams, ["cursor", "rescanned_at"])


def _sent_back(
    connection: Connection,
    stream: Stream,
    since: datetime | None,
    before: Mapping[int, _Mark],
) -> dict[str, Any] | None:
    if since is None:
        return None
    return registry.rewind(
        connection.exchange,
        ledger.spec(stream),
        stream.cursor,
        since=since,
        before=before.get(stream.pk),
    )


def _last_before(streams: Iterable[Stream], since: datetime | None) -> dict[int, _Mark]:
    """The last record of each stream from before then, in one query."""
    if since is None:
        return {}
    rows = RawRecord.objects.filter(stream__in=streams, occurred_at__lt=since)
    latest = rows.order_by("stream_id", "-occurred_at", "-id").distinct("stream_id")
    found = latest.values_list("stream_id", "external_id", "occurred_at")
    return {stream: (ident, at) for stream, ident, at in found}
