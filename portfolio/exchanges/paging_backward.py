"""Strategies that walk a history from its newest record downwards (see ``paging``)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portfolio.exchanges.paging import VERSION, Answer, Cursor, Row, Step, begun, from_ms, to_ms

_ROUNDED_UP = 1  # whole seconds leave out what happened in the present one; coverage claims none
_FRESH = timedelta(minutes=5)  # a round that began earlier is followed by one for what came since


@dataclass(frozen=True, slots=True)
class OffsetFixedEnd:
    """Newest first by offset under an end that stays where it is, so that pages cannot slide.

    A record that turns up late below the end only shifts rows down (seen twice, never missed);
    should the exchange's count shrink, rows have moved up, and the walk steps back by as many.
    The next round asks for what is newer than the last end less the overlap. Times go out as whole
    seconds: ``start`` is taken as exclusive and ``end`` as inclusive.
    """

    limit: int
    floor: datetime
    overlap: timedelta

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        state = self._state(cursor, now)
        asked = {"end": state["end"], "ofs": state["ofs"]}
        if "start" in state:
            asked["start"] = state["start"]
        return asked

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        state = self._state(cursor, now)
        gone = 0 if answer.total is None else state.get("count", 0) - answer.total
        if gone > 0 and state["ofs"]:
            back = {**state, "ofs": max(state["ofs"] - gone, 0), "count": answer.total}
            return Step(back, False, None, None)
        reached = state["ofs"] + len({row.external_id for row in answer.rows})
        oldest = min((row.occurred_at for row in answer.rows), default=None)
        if not self._finished(answer, reached):
            count = {} if answer.total is None else {"count": answer.total}
            return Step({**state, "ofs": reached, **count}, False, None, oldest)
        return self._finish(state, now, oldest)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """A refusal is an error here."""
        return None

    def _finished(self, answer: Answer, reached: int) -> bool:
        if not answer.rows:
            return True
        if answer.total is not None:
            return reached >= answer.total
        return len(answer.rows) < self.limit

    def _finish(self, state: Cursor, now: datetime, oldest: datetime | None) -> Step:
        end = from_ms((state["end"] - _ROUNDED_UP) * 1000)
        since = state.get("since", to_ms(self.floor))
        start = to_ms(end - self.overlap) // 1000
        fresh = now - end <= _FRESH
        return Step(
            {"v": VERSION, "since": since, "start": start},
            fresh,
            (from_ms(since), end),
            oldest,
        )

    def _state(self, cursor: Cursor, now: datetime) -> Cursor:
        return {"end": to_ms(now) // 1000 + _ROUNDED_UP, **begun(cursor, ofs=0)}


@dataclass(frozen=True, slots=True)
class TokenPages:
    """Newest first by a token that each answer gives for the next, under a fixed end.

    A token may die with time: when the exchange refuses one, the cursor without ``token`` starts
    the same stretch anew.
    """

    limit_parameter: str
    limit: int
    floor: datetime
    overlap: timedelta

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        state = self._state(cursor, now)
        return {
            "start": state.get("start", to_ms(self.floor) // 1000),
            "end": state["end"],
            self.limit_parameter: self.limit,
            "cursor": state.get("token", "true"),
        }

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        state = self._state(cursor, now)
        oldest = min((row.occurred_at for row in answer.rows), default=None)
        if answer.token and answer.token != state.get("token") and answer.rows:
            return Step({**state, "token": answer.token}, False, None, oldest)
        end = from_ms((state["end"] - _ROUNDED_UP) * 1000)
        since = state.get("since", to_ms(self.floor))
        start = max(to_ms(end - self.overlap), to_ms(self.floor)) // 1000
        fresh = now - end <= _FRESH
        onward = {"v": VERSION, "since": since, "start": start}
        return Step(onward, fresh, (from_ms(since), end), oldest)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """Return where to go on when a token was refused: the same stretch from its beginning."""
        if "token" not in cursor:
            return None
        anew = {name: value for name, value in cursor.items() if name != "token"}
        return Step(anew, False, None, None)

    def _state(self, cursor: Cursor, now: datetime) -> Cursor:
        return {"end": to_ms(now) // 1000 + _ROUNDED_UP, **begun(cursor)}


@dataclass(frozen=True, slots=True)
class BackToKnown:
    """Newest first by a token, where the exchange cannot be asked for a stretch of time.

    A round begins at the newest record and goes down until it meets what is older than the last
    round's beginning less the overlap, or the end. What happens while it walks is above its first
    page: nothing slides, and the next round sees it. A refused token starts the round anew.
    """

    token_parameter: str
    limit_parameter: str
    limit: int
    floor: datetime
    overlap: timedelta

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        state = self._state(cursor, now)
        asked: dict[str, Any] = {self.limit_parameter: self.limit}
        if "token" in state:
            asked[self.token_parameter] = state["token"]
        return asked

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        state = self._state(cursor, now)
        oldest = min((row.occurred_at for row in answer.rows), default=None)
        known = oldest is not None and to_ms(oldest) < state.get("down_to", to_ms(self.floor))
        if answer.token and answer.token != state.get("token") and not known:
            return Step({**state, "token": answer.token}, False, None, oldest)
        began = from_ms(state["began"])
        onward = {"v": VERSION, "down_to": to_ms(began - self.overlap)}
        return Step(onward, now - began <= _FRESH, (self.floor, began), oldest)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """Return where to go on when a token was refused: the same round from its beginning."""
        if "token" not in cursor:
            return None
        anew = {name: value for name, value in cursor.items() if name not in ("token", "began")}
        return Step(anew, False, None, None)

    def _state(self, cursor: Cursor, now: datetime) -> Cursor:
        return {"began": to_ms(now), **begun(cursor)}


@dataclass(frozen=True, slots=True)
class Descending:
    """Newest first; each page asks for what is earlier than the oldest record of the one before.

    Earlier by id (rising with time) or, where ``by_id`` is off, by moment: then the page begins
    with the last millisecond once more, so that records of one moment are not cut apart. A
    millisecond that alone fills a page is passed, and coverage starts after it. New records come
    above where the walk began and cannot shift it. Nothing bounds it below: what is served beyond
    the promise (``retention``) is kept, not relied on. The next round ends where a page reaches
    below the last end less the overlap.
    """

    limit: int  # at least 2
    floor: datetime
    overlap: timedelta
    by_id: bool
    mark_parameter: str = "after"
    limit_parameter: str = "limit"
    retention: timedelta | None = None

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        state = self._state(cursor, now)
        asked: dict[str, Any] = {self.limit_parameter: self.limit}
        if "mark" in state:
            asked[self.mark_parameter] = state["mark"]
        return asked

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        state = self._state(cursor, now)
        marked = "mark" in state
        older = [r for r in answer.rows if not marked or self._place(r) < state["mark"]]
        if not older:
            return self._finish(state, now)
        oldest = min(map(self._place, older))
        reached = min(row.occurred_at for row in older)
        if "start" in state and to_ms(reached) < state["start"]:
            return self._finish(state, now)
        if self.by_id:
            return Step({**state, "mark": oldest}, False, None, reached)
        if marked and oldest == state["mark"] - 1:
            if len(answer.rows) < self.limit:
                return self._finish(state, now)
            crowd = max(state.get("crowd", 0), oldest + 1)
            return Step({**state, "mark": oldest, "crowd": crowd}, False, None, reached)
        return Step({**state, "mark": oldest + 1}, False, None, reached)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """A refusal is an error here."""
        return None

    def _place(self, row: Row) -> int:
        return int(row.external_id) if self.by_id else to_ms(row.occurred_at)

    def _finish(self, state: Cursor, now: datetime) -> Step:
        end = from_ms(state["end"])
        beyond = self._beyond(state)
        since = max(state.get("since", to_ms(self.floor)), state.get("crowd", 0), *beyond)
        start = max(to_ms(end - self.overlap), to_ms(self.floor))
        onward = {"v": VERSION, "since": since, "until": state["end"], "start": start}
        covered = (from_ms(since), end) if since <= state["end"] else None
        unserved = (from_ms(beyond[0]), from_ms(beyond[1])) if beyond else None
        return Step(onward, now - end <= _FRESH, covered, from_ms(since), unserved)

    def _beyond(self, state: Cursor) -> tuple[int, int] | tuple[()]:
        """The stretch out of reach: before the first round, or what a long sleep has missed."""
        if self.retention is None:
            return ()
        known = state.get("until", to_ms(self.floor))
        reach = state["end"] - self.retention // timedelta(milliseconds=1)
        return (known, reach) if known < reach else ()

    def _state(self, cursor: Cursor, now: datetime) -> Cursor:
        return {"end": to_ms(now), **begun(cursor)}
