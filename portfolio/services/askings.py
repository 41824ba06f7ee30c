"""Keeps the log of askings, in the database transaction that stores what came of them.

The table does not grow with polling. Per stream and calendar month of asking it gains at most one
row for what failed, one for what is not served, one for each fetched stretch that touches no other
of that month, and one for each walk over more than ``LONG``. Of long ago, years take the place of
months.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Count, F, Q
from django.db.models.functions import ExtractYear

from portfolio.engine.coverage import Stretch, without
from portfolio.models import Asking, Coverage, Stream

State = Coverage.State
# A round over more than this is a walk through history, told by itself.
LONG = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class Page:
    """One answer as the log tells it."""

    endpoint: str
    stretch: Stretch | None
    new: int
    is_last: bool


def fetched(stream: Stream, page: Page, *, now: datetime) -> None:
    """Notes a page; the pages of one round are one row, and rounds of a month join.

    To be called before the coverage map takes the page: of a stretch that is proved anew with each
    page, only what a page adds is told.
    """
    page = replace(page, stretch=_added(stream, page))
    row = stream.askings.filter(is_open=True).first()
    if row is not None and not _goes_on(row, page):
        _close(row)
        row = None
    if row is None:
        row = _new(stream, State.FETCHED, now, endpoint=page.endpoint, is_open=True)
    _add(row, page.stretch, pages=1, records=page.new, now=now)
    if page.is_last:
        _close(row)
    else:
        row.save()


def _added(stream: Stream, page: Page) -> Stretch | None:
    """What a page adds to what was fetched; where that is nothing, what it read once more.

    A round of one page that adds nothing has no stretch: it may have asked for no more than news.
    """
    if page.stretch is None:
        return None
    known = stream.coverage.filter(state=State.FETCHED).values_list("start_at", "end_at")
    added = without([page.stretch], known)
    if added:
        return added[0][0], added[-1][1]
    is_single = page.is_last and not stream.askings.filter(is_open=True).exists()
    return None if is_single else page.stretch


def refused(stream: Stream, outcome: str, stretch: Stretch, message: str, *, now: datetime) -> None:
    """Notes what failed or is not served: one row a month for each, with the latest message."""
    rows = stream.askings.filter(outcome=outcome, first_at__gte=_month(now))
    row = rows.first() or _new(stream, outcome, now)
    _add(row, stretch, pages=1, records=0, now=now)
    row.message = message
    row.save()


def _new(
    stream: Stream, outcome: str, now: datetime, *, endpoint: str = "", is_open: bool = False
) -> Asking:
    return Asking(
        stream=stream,
        outcome=outcome,
        first_at=now,
        last_at=now,
        endpoint=endpoint,
        is_open=is_open,
    )


def _month(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _of(row: Asking) -> Stretch | None:
    return None if row.start_at is None or row.end_at is None else (row.start_at, row.end_at)


def _touch(one: Stretch | None, other: Stretch | None) -> bool:
    """Whether two stretches make one; what is not known yet may belong to anything."""
    if one is None or other is None:
        return True
    return one[0] <= other[1] and other[0] <= one[1]


def _goes_on(row: Asking, page: Page) -> bool:
    return row.endpoint == page.endpoint and _touch(_of(row), page.stretch)


def _add(row: Asking, stretch: Stretch | None, *, pages: int, records: int, now: datetime) -> None:
    known = _of(row)
    if stretch is not None:
        row.start_at = min(stretch[0], known[0]) if known else stretch[0]
        row.end_at = max(stretch[1], known[1]) if known else stretch[1]
    row.pages += pages
    row.records += records
    row.last_at = now


def _close(row: Asking) -> None:
    """Ends a round; a short one goes into a row of its month that it touches."""
    row.is_open = False
    found = [] if _is_long(row) else [o for o in _alike(row) if _touch(_of(row), _of(o))]
    if not found:
        row.save()
        return
    kept, *others = found
    for other in (row, *others):
        _add(kept, _of(other), pages=other.pages, records=other.records, now=row.last_at)
        kept.first_at = min(kept.first_at, other.first_at)
        if other.pk is not None:
            other.delete()
    kept.save()


def _alike(row: Asking) -> list[Asking]:
    """The ended short rounds of the same month."""
    rows = Asking.objects.filter(
        stream=row.stream_id,
        outcome=row.outcome,
        endpoint=row.endpoint,
        is_open=False,
        first_at__gte=_month(row.first_at),
    )
    return [other for other in rows.exclude(pk=row.pk) if not _is_long(other)]


# --- Long ago ---------------------------------------------------------------------------------


def join_years(before: datetime) -> int:
    """Joins the rows of months in each calendar year that was over then; how many rows went.

    Walks through history stay rows of their own, and so do stretches that do not touch.
    """
    first = _month(before).replace(month=1)
    is_short = Q(start_at=None) | Q(end_at__lte=F("start_at") + LONG)
    rows = Asking.objects.filter(is_short, is_open=False, last_at__lt=first)
    rows = rows.annotate(year=ExtractYear("first_at", tzinfo=UTC))
    names = ("stream", "outcome", "endpoint", "year")
    several = rows.order_by().values_list(*names).annotate(number=Count("pk")).filter(number__gt=1)
    gone = 0
    for *group, _ in list(several):
        with transaction.atomic():
            gone += _join(list(rows.filter(**dict(zip(names, group, strict=True)))))
    return gone


def _join(rows: list[Asking]) -> int:
    """Rows of one year and outcome become one for each stretch without a gap."""
    kept: list[Asking] = []
    rows.sort(key=lambda row: (row.start_at is not None, row.start_at, row.first_at))
    for row in rows:
        is_one = row.outcome != State.FETCHED or (kept and _touch(_of(kept[-1]), _of(row)))
        if kept and is_one:
            _take_in(kept[-1], row)
            row.delete()
        else:
            kept.append(row)
    for row in kept:
        row.save()
    return len(rows) - len(kept)


def _take_in(kept: Asking, row: Asking) -> None:
    kept.message = row.message if row.last_at > kept.last_at else kept.message
    kept.first_at = min(kept.first_at, row.first_at)
    last = max(kept.last_at, row.last_at)
    _add(kept, _of(row), pages=row.pages, records=row.records, now=last)


def _is_long(row: Asking) -> bool:
    stretch = _of(row)
    return stretch is not None and stretch[1] - stretch[0] > LONG
