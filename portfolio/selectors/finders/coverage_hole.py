"""Stretches of a history that were never asked for, between others that were."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import F, Q, Window
from django.db.models.functions import Lead
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import User
from portfolio.engine.coverage_cells import SMALLEST_HOLE
from portfolio.models import Connection, Coverage
from portfolio.models.sync import RECORD_LABELS
from portfolio.selectors.finder import Found, in_time

CAUSE = "coverage_hole"
TITLE = gettext_lazy("Part of a history was never asked for")
WORDS = gettext_lazy(
    "Between stretches of time that were fetched lies one that was not asked for. What happened "
    "then is not among the records. How much money that concerns nobody knows."
)
FIX = gettext_lazy("See the coverage")
WEIGHT = Decimal("0.5")

Status = Connection.Status


@dataclass(frozen=True, slots=True)
class _Hole:
    connection: UUID
    kind: str
    stream: int
    start: datetime
    end: datetime


def find(user: User) -> Iterable[Found]:
    """One finding per connection and kind of record, of its first hole; one query."""
    by_place: dict[tuple[UUID, str], list[_Hole]] = {}
    for hole in _holes(user):
        by_place.setdefault((hole.connection, hole.kind), []).append(hole)
    return [_found(holes) for holes in by_place.values()]


def _holes(user: User) -> Iterable[_Hole]:
    """Between two stretches of a stream, in order of time; histories that are not in yet left out.

    Stretches of one stream never overlap, so that the following one is the one to compare with.
    """
    told = Coverage.objects.filter(
        Q(stream__is_hot=True) | Q(stream__record_count__gt=0),
        stream__connection__owner=user,
        stream__connection__status__in=(Status.ACTIVE, Status.PAUSED, Status.BROKEN),
        stream__connection__backfilled_at__isnull=False,
        stream__caught_up_at__isnull=False,
    )
    following = Window(Lead("start_at"), partition_by=F("stream"), order_by="start_at")
    rows = told.annotate(following=following).filter(following__gte=F("end_at") + SMALLEST_HOLE)
    names = ("stream__connection_id", "stream__kind", "stream_id", "end_at", "following")
    for connection, kind, stream, start, end in rows.order_by("end_at", "pk").values_list(*names):
        yield _Hole(connection, kind, stream, start, end)


def _found(holes: list[_Hole]) -> Found:
    first = holes[0]
    page = reverse("portfolio:connection-coverage", args=[first.connection])
    return Found(
        subject=f"{first.connection}:{first.kind}",
        url=f"{page}?{urlencode({'kind': first.kind})}",
        connection_id=first.connection,
        data={
            "kind": first.kind,
            "start": first.start.isoformat(),
            "end": first.end.isoformat(),
            "more": str(len(holes) - 1),
        },
    )


def line(data: Mapping[str, str]) -> str:
    """The first hole, and how many there are besides."""
    kind = RECORD_LABELS.get(data["kind"], data["kind"])
    start, end = in_time(data["start"]), in_time(data["end"])
    words = f"{kind}, {start} – {end}"
    more = int(data["more"])
    if not more:
        return words
    return words + " " + ngettext("and {number} more", "and {number} more", more).format(
        number=more
    )  # fmt: skip
