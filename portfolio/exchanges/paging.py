"""How a stream's history is walked, page by page, so that nothing is lost whatever happens.

A strategy owns its cursor: a small JSON dict that holds all that is needed to go on after a kill
at any page. Asking for the same page twice is always safe. ``parameters`` says what to ask next,
``advance`` takes the answer and says where the stream stands then; ``skip`` says where to go on
when the exchange refuses what was asked, None where that is an error. All are pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

Cursor = dict[str, Any]
VERSION = 1


class Row(NamedTuple):
    """What a strategy needs to know of one record."""

    external_id: str
    occurred_at: datetime


class Answer(NamedTuple):
    """What a strategy needs to know of one page: its rows, and what the exchange says of the rest.

    ``total`` counts all records that match, ``token`` opens the next page.
    """

    rows: Sequence[Row]
    total: int | None = None
    token: str | None = None


class Step(NamedTuple):
    """Where a stream stands after a page (see ``types.Page``)."""

    cursor: Cursor
    is_last: bool
    covered: tuple[datetime, datetime] | None
    progress: datetime | None
    unserved: tuple[datetime, datetime] | None = None  # the exchange serves nothing of it


class Strategy(Protocol):
    """One way of walking a history."""

    @property
    def limit(self) -> int:
        """How many rows a page holds at most."""

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]: ...
    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step: ...
    def skip(self, cursor: Cursor, now: datetime) -> Step | None: ...


def to_ms(moment: datetime) -> int:
    """Return milliseconds since 1970, exactly (floats would round)."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    """Return the aware UTC moment of ``ms`` since 1970."""
    return _EPOCH + timedelta(milliseconds=ms)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def begun(cursor: Cursor, **defaults: Any) -> Cursor:
    """Return the cursor with what it lacks at its beginning. May raise ValueError."""
    if cursor.get("v", VERSION) != VERSION:
        raise ValueError("cursor of an unknown version")
    return {"v": VERSION, **defaults, **cursor}


@dataclass(frozen=True, slots=True)
class IdAscending:
    """Whole history by rising ids: ask from an id on, go on at the last one seen.

    Deterministic: no windows, no edges, records of one millisecond are told apart by their ids.
    Going on at the last id, not after it, reads one record twice and is right whether the exchange
    takes the id as inclusive or not (Binance's documentation says both). A finished round ends by
    stepping back to the last id before the ``overlap``, so that the next one reads the recent past
    again.
    """

    id_parameter: str
    limit_parameter: str
    limit: int  # at least 2
    floor: datetime
    overlap: timedelta
    promised: timedelta | None = None  # older ones are kept, but not relied on to be complete
    first: int = 0  # the id to begin with

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        state = begun(cursor, next=self.first)
        return {self.id_parameter: state["next"], self.limit_parameter: self.limit}

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        state = begun(cursor, next=self.first, back=[])
        rows = sorted(answer.rows, key=lambda row: int(row.external_id))
        back = self._before_overlap(state["back"], rows) if rows else state["back"]
        newest = rows[-1].occurred_at if rows else None
        if len(rows) < self.limit:
            again = {"v": VERSION, "next": back[0][0] if back else self.first, "back": back}
            return Step(again, True, self._covered(now, now), newest)
        onward = {"v": VERSION, "next": int(rows[-1].external_id), "back": back}
        return Step(onward, False, self._covered(rows[-1].occurred_at, now), newest)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """A refusal is an error here."""
        return None

    def _covered(self, until: datetime, now: datetime) -> tuple[datetime, datetime] | None:
        since = self.floor if self.promised is None else max(self.floor, now - self.promised)
        return (since, until) if until > since else None

    def _before_overlap(self, back: list[list[int]], rows: list[Row]) -> list[list[int]]:
        """Return [id, ms] of the last record that is older than the overlap; none if all are young.

        What turns up late within the overlap has an id above that one.
        """
        edge = to_ms(rows[-1].occurred_at - self.overlap)
        here = [[int(row.external_id), to_ms(row.occurred_at)] for row in rows]
        older = [mark for mark in [*back, *here] if mark[1] < edge]
        return [max(older)] if older else []


@dataclass(frozen=True, slots=True)
class TimeWindows:
    """Stretches of time, oldest first, from a floor up to now.

    A window that holds more than a page is walked by ``offset_parameter`` or ``page_parameter``;
    where the exchange has neither it is halved until it fits (its rows are kept all the same).
    Rows of which none is of the window do not fill it, and coverage starts after it: there are
    exchanges that answer with their newest rows when asked for a time that they no longer keep.
    A millisecond that alone fills a page cannot be split: coverage then starts after it.
    Neighbouring windows share their edge, so it does not matter which ends are inclusive (only
    a window of one millisecond must include it, for the halving to come to an end).
    """

    start_parameter: str
    end_parameter: str
    limit_parameter: str  # "" where the page's size cannot be chosen
    limit: int
    window: timedelta
    floor: datetime
    overlap: timedelta
    offset_parameter: str = ""
    page_parameter: str = ""
    retention: timedelta | None = None  # the exchange promises nothing older than this
    asks_beyond: bool = False  # ask for older ones all the same; they are kept, not relied on
    beyond: timedelta | None = None  # how much older; None: as old as the floor
    full_sizes: frozenset[int] = frozenset()  # counts that smell of a page cut off
    in_seconds: bool = False  # times go out as whole seconds, the end rounded up
    first_page: int = 1
    end_excluded: bool = False  # what is at the end itself is not in the answer

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        state, begin, end = self._window(cursor, now)
        asked = {
            self.start_parameter: begin // 1000 if self.in_seconds else begin,
            self.end_parameter: -(-end // 1000) if self.in_seconds else end + self.end_excluded,
        }
        if self.limit_parameter:
            asked[self.limit_parameter] = self.limit
        if self.offset_parameter:
            asked[self.offset_parameter] = state["offset"]
        if self.page_parameter:
            asked[self.page_parameter] = state["offset"] // self.limit + self.first_page
        return asked

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        state, begin, end = self._window(cursor, now)
        count = len(answer.rows)
        paged = bool(self.offset_parameter or self.page_parameter)
        if not paged and self.is_foreign(cursor, answer, now):
            return self.pass_over(cursor, now)
        if count >= self.limit or count in self.full_sizes:
            if paged:
                return self._next_page(state, begin, end)
            if end - begin >= self._unit:
                return self._half(state, begin, end)
            state = {**state, "since": end + 1}  # more in one millisecond than a page can hold
        return self._next_window(state, begin, end, now)

    def is_foreign(self, cursor: Cursor, answer: Answer, now: datetime) -> bool:
        """Whether rows came of which none is of the stretch."""
        _, begin, end = self._window(cursor, now)
        return bool(answer.rows) and not _any_within(answer.rows, begin, end)

    def pass_over(self, cursor: Cursor, now: datetime) -> Step:
        """Return where to go on after a stretch of which nothing is known, and claim none of it."""
        state, begin, end = self._window(cursor, now)
        return self._next_window({**state, "since": max(end, begin + 1)}, begin, end, now)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """Return where to go on when a stretch beyond the promise was refused: after it."""
        state, begin, end = self._window(cursor, now)
        reach = self._oldest(now)
        # The promise moves on with the clock: what was asked for by it a moment ago is not skipped.
        if not self.asks_beyond or begin >= reach or "promised" in cursor:
            return None
        if end <= reach:
            return self._next_window(state, begin, end, now)
        # The refused stretch lies across the promise: what is promised of it is asked for anew.
        onward = {"v": VERSION, "since": reach, "from": reach, "width": state["width"]}
        return Step({**onward, "promised": True}, False, None, from_ms(reach))

    @property
    def _unit(self) -> int:
        """The shortest stretch that can be told apart, in milliseconds."""
        return 1000 if self.in_seconds else 1

    def _window(self, cursor: Cursor, now: datetime) -> tuple[Cursor, int, int]:
        state = begun(cursor, offset=0, width=self.window // timedelta(milliseconds=1))
        begin = state.get("from", self._first(now))
        state = {"since": begin, **state}
        reach = self._oldest(now)
        if not state["offset"] and begin < reach:  # fell out of reach, or was never within it
            state["since"] = reach
            begin = begin if self.asks_beyond else reach
        end = state.get("to", min(begin + state["width"], to_ms(now)))
        return state, begin, max(begin, end)

    def _first(self, now: datetime) -> int:
        if not self.asks_beyond:
            return self._oldest(now)
        floor = to_ms(self.floor)
        return floor if self.beyond is None else max(floor, self._oldest(now - self.beyond))

    def _oldest(self, now: datetime) -> int:
        floor = to_ms(self.floor)
        return floor if self.retention is None else max(floor, to_ms(now - self.retention))

    def _next_page(self, state: Cursor, begin: int, end: int) -> Step:
        onward = {**state, "from": begin, "to": end, "offset": state["offset"] + self.limit}
        return Step(onward, False, self._covered(state, begin), from_ms(begin))

    def _half(self, state: Cursor, begin: int, end: int) -> Step:
        width = (end - begin) // 2 // self._unit * self._unit
        onward = {**state, "from": begin, "to": begin + width, "width": width}
        return Step(onward, False, self._covered(state, begin), from_ms(begin))

    def _next_window(self, state: Cursor, begin: int, end: int, now: datetime) -> Step:
        done = end >= to_ms(now)
        full = self.window // timedelta(milliseconds=1)
        following = end if end > begin else end + 1
        onward = {
            "v": VERSION,
            "since": state["since"],
            "from": to_ms(from_ms(end) - self.overlap) if done else following,
            "offset": 0,
            "width": full if done else min(full, max(2 * state["width"], self._unit)),
        }
        if done:
            onward["from"] = max(onward["from"], to_ms(self.floor))
        return Step(onward, done, self._covered(state, end), from_ms(end))

    def _covered(self, state: Cursor, until: int) -> tuple[datetime, datetime] | None:
        return (from_ms(state["since"]), from_ms(until)) if until > state["since"] else None


def _any_within(rows: Sequence[Row], begin: int, end: int) -> bool:
    near = min(end - begin, 1000)  # some exchanges cut times to whole seconds
    first, last = from_ms(begin - near), from_ms(end + near)
    return any(first <= row.occurred_at <= last for row in rows)
