"""What is in and what is not, per stream of a connection, as data for scripts."""

from __future__ import annotations

from typing import Any

from django.db.models import Count

from portfolio.models import Connection, RawRecord, Stream


def of(connection: Connection) -> dict[str, Any]:
    """Counts and coverage of one connection: its last run, each stream, records by kind."""
    current = Connection.objects.get(pk=connection.pk)
    run = current.sync_runs.first()
    streams = current.streams.prefetch_related("coverage")
    return {
        "connection": str(current.pk),
        "exchange": current.exchange,
        "environment": current.environment,
        "status": current.status,
        "outcome": run.outcome if run else "",
        "message": (run.message if run else "") or current.status_reason,
        "pages": run.pages if run else 0,
        "new_records": run.new_records if run else 0,
        "records": records_by_kind(current),
        "unreadable": RawRecord.objects.filter(connection=current).exclude(problem="").count(),
        "streams": [_stream(stream) for stream in streams],
    }


def records_by_kind(connection: Connection) -> dict[str, int]:
    """How many raw records of each kind are stored."""
    counts = (
        RawRecord.objects.filter(connection=connection)
        .values("stream__kind")
        .annotate(count=Count("pk"))
        .order_by("stream__kind")
    )
    return {row["stream__kind"]: row["count"] for row in counts}


def _stream(stream: Stream) -> dict[str, Any]:
    return {
        "key": stream.key,
        "kind": stream.kind,
        "state": stream.state,
        "records": stream.record_count,
        "message": stream.message,
        "coverage": [
            {
                "state": stretch.state,
                "from": stretch.start_at.isoformat(),
                "to": stretch.end_at.isoformat(),
            }
            for stretch in stream.coverage.all()
        ],
    }
