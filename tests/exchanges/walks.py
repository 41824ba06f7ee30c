"""Made-up exchanges in memory, one per way of paging, and walks over them with interruptions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from portfolio.exchanges import page_checks
from portfolio.exchanges.paging import Answer, Cursor, Row, Step, Strategy, from_ms, to_ms

FLOOR = datetime(2020, 1, 1, tzinfo=UTC)
FLOOR_MS = to_ms(FLOOR)

Serve = Callable[[dict[str, Any]], Answer]


@dataclass(frozen=True)
class Record:
    """One record of a made-up exchange; ids rise with time, as the exchange gives them out."""

    id: int
    ms: int

    @property
    def row(self) -> Row:
        """What a strategy sees of it."""
        return Row(str(self.id), from_ms(self.ms))


def by_id(records: list[Record], limit: int, *, inclusive: bool) -> Serve:
    """Serves rising ids from an id on, which is among them or not."""

    def serve(asked: dict[str, Any]) -> Answer:
        first = asked["from"] if inclusive else asked["from"] + 1
        found = [r.row for r in records if r.id >= max(first, 1)]
        return Answer(found[:limit])

    return serve


def by_window(records: list[Record], limit: int, *, newest_first: bool, inclusive: bool) -> Serve:
    """Serves a stretch of time by offset or page, or its first (or last) rows where it has none."""

    def serve(asked: dict[str, Any]) -> Answer:
        begin, end = asked["start"], asked["end"]
        found = [r.row for r in records if begin <= r.ms <= end - (not inclusive)]
        if newest_first:
            found.reverse()
        offset = asked.get("offset", (asked.get("page", 1) - 1) * limit)
        return Answer(found[offset : offset + limit], total=len(found))

    return serve


def by_offset(records: list[Record], limit: int, *, tells_count: bool) -> Serve:
    """Serves newest first by offset under an end in whole seconds, as Kraken does."""

    def serve(asked: dict[str, Any]) -> Answer:
        start = asked.get("start", -1) * 1000
        found = [r.row for r in reversed(records) if start < r.ms <= asked["end"] * 1000]
        page = found[asked["ofs"] : asked["ofs"] + limit]
        return Answer(page, total=len(found) if tells_count else None)

    return serve


def by_token(records: list[Record], limit: int) -> Serve:
    """Serves newest first; each page names where the next begins."""

    def serve(asked: dict[str, Any]) -> Answer:
        begin, end = asked["start"] * 1000, asked["end"] * 1000
        found = [r.row for r in reversed(records) if begin <= r.ms <= end]
        at = 0 if asked["cursor"] == "true" else int(asked["cursor"])
        more = at + limit < len(found)
        return Answer(found[at : at + limit], token=str(at + limit) if more else None)

    return serve


def by_newest(records: list[Record], limit: int) -> Serve:
    """Serves newest first from the record after a named one on; it knows no times."""

    def serve(asked: dict[str, Any]) -> Answer:
        found = [r.row for r in reversed(records)]
        names = [row.external_id for row in found]
        at = names.index(asked["after"]) + 1 if "after" in asked else 0
        page = found[at : at + limit]
        return Answer(page, token=page[-1].external_id if at + limit < len(found) else None)

    return serve


def descending(records: list[Record], limit: int, *, by_id: bool, inclusive: bool) -> Serve:
    """Serves newest first what is earlier than a mark, or up to it."""

    def serve(asked: dict[str, Any]) -> Answer:
        ordered = sorted(records, key=lambda r: r.id if by_id else (r.ms, r.id), reverse=True)
        mark = asked.get("after")
        found = [
            r.row
            for r in ordered
            if mark is None or (r.id if by_id else r.ms) < mark + int(inclusive)
        ]
        return Answer(found[:limit])

    return serve


class Walk:
    """Follows a strategy page by page, and keeps what a sync engine would keep."""

    def __init__(self, strategy: Strategy, serve: Serve, cursor: Cursor | None = None) -> None:
        self.strategy = strategy
        self.serve = serve
        self.cursor: Cursor = cursor or {}
        self.seen: set[int] = set()
        self.cursors: list[Cursor] = []
        self.covered: list[tuple[datetime, datetime]] = []
        self.unserved: list[tuple[datetime, datetime]] = []
        self.restarts = 0

    def page(self, now: datetime) -> Step:
        """Ask for one page, store it, move the cursor (through JSON, as the database does)."""
        self.cursors.append(self.cursor)
        answer = self.serve(self.strategy.parameters(page_checks.bare(self.cursor), now))
        step = page_checks.advance(self.strategy, self.cursor, answer, now)
        self.seen |= {int(row.external_id) for row in answer.rows}
        self.cursor = json.loads(json.dumps(step.cursor))
        if step.covered is not None:
            assert step.covered[0] <= step.covered[1] <= now
            self.covered.append(step.covered)
        if step.unserved is not None:
            self.unserved.append(step.unserved)
        return step

    def round(self, now: datetime, *, limit: int = 3000) -> None:
        """Go on until the stream is up to date."""
        for _ in range(limit):
            if self._page_or_anew(now):
                return
        raise AssertionError("the walk does not end")

    def _page_or_anew(self, now: datetime) -> bool:
        """One page; a walk that meets the same page twice begins its stretch anew, three times."""
        try:
            return self.page(now).is_last
        except page_checks.PageRepeated:
            self.restarts += 1
            if self.restarts > 3:
                raise
            self.cursor = page_checks.restarted(self.cursor)
        return False

    def replay(self, now: datetime) -> Iterator[Walk]:
        """A walk from each cursor that was ever stored, as after a kill at that page."""
        for cursor in self.cursors:
            again = Walk(self.strategy, self.serve, json.loads(json.dumps(cursor)))
            again.seen = set(self.seen)
            again.round(now)
            yield again


def later(now: datetime, **span: float) -> datetime:
    """A moment after ``now``."""
    return now + timedelta(**span)
