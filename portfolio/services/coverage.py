"""Keeps the coverage map: which stretches of time of a stream were fetched, failed, not served."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Min

from portfolio.engine.coverage import Stretch, mark
from portfolio.models import Coverage, Stream

State = Coverage.State


def fetched(stream: Stream, stretch: Stretch) -> None:
    """Notes a stretch that was fetched; it heals what had failed there, and only there."""
    _note(stream, State.FETCHED, stretch)


def unserved(stream: Stream, stretch: Stretch) -> None:
    """Notes a stretch of which the exchange serves nothing; what was fetched of it stays so."""
    _note(stream, State.UNAVAILABLE, stretch)


def missed(stream: Stream, state: str, *, now: datetime) -> Stretch:
    """Notes that a stream could not be had now: all since what was fetched last is missing.

    Of a stream that was never fetched everything is missing, back to where the connection's other
    streams begin. Returns what is missing.
    """
    last = stream.coverage.filter(state=State.FETCHED).order_by("-end_at").first()
    start = last.end_at if last else _beginning(stream)
    # Whole seconds, as some exchanges are asked: what is fetched a moment later covers it all.
    end = now.replace(microsecond=0)
    stretch = (min(start, end - timedelta(seconds=1)), end)
    _note(stream, state, stretch)
    return stretch


def _beginning(stream: Stream) -> datetime:
    rows = Coverage.objects.filter(stream__connection=stream.connection_id)
    first: datetime | None = rows.aggregate(first=Min("start_at"))["first"]
    return first or stream.connection.created_at


def _note(stream: Stream, state: str, stretch: Stretch) -> None:
    """Writes what differs from before; a row says one thing of one stretch, and no two overlap."""
    rows = {(row.state, row.start_at, row.end_at): row.pk for row in stream.coverage.all()}
    known: dict[str, list[Stretch]] = {}
    for name, start, end in rows:
        known.setdefault(name, []).append((start, end))
    wanted = {
        (name, start, end)
        for name, stretches in mark(known, state, stretch, fetched=State.FETCHED).items()
        for start, end in stretches
    }
    gone = [pk for row, pk in rows.items() if row not in wanted]
    if gone:
        Coverage.objects.filter(pk__in=gone).delete()
    Coverage.objects.bulk_create(
        Coverage(stream=stream, state=name, start_at=start, end_at=end)
        for name, start, end in sorted(wanted - rows.keys())
    )
