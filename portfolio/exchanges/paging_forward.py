"""Walks of exchanges that serve the oldest records from a moment on, and know no end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from portfolio.exchanges.paging import Answer, Cursor, Step, from_ms, to_ms

_VERSION = 1
_FRESH = timedelta(minutes=5)  # a round that began earlier is followed by one for what came since


@dataclass(frozen=True, slots=True)
class TimeAscending:
    """From a moment on, as many of the oldest records as fit; then from the newest of them on.

    The last millisecond is asked for once more, and the one before it too, so that records of one
    moment are not cut apart and it does not matter whether the moment itself is included. A
    millisecond that alone fills a page is passed, and coverage starts after it. Within an answer
    the order is of no account. With ``horizon`` the exchange keeps only that many of the newest
    records: a first round that finds as many covers nothing older than the oldest of them.
    """

    start_parameter: str
    limit_parameter: str  # "" where the page's size cannot be chosen
    limit: int  # at least 2
    floor: datetime
    overlap: timedelta
    in_iso: bool = False  # else milliseconds
    horizon: int = 0

    PASSING: ClassVar = ("begun", "oldest", "count")  # what a cursor holds of the round under way

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        begin = self._state(cursor, now)["from"] - 1
        asked: dict[str, Any] = {self.start_parameter: _iso(begin) if self.in_iso else begin}
        if self.limit_parameter:
            asked[self.limit_parameter] = self.limit
        return asked

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        state = self._state(cursor, now)
        moments = [to_ms(row.occurred_at) for row in answer.rows]
        state = self._counted(state, moments)
        if len(moments) < self.limit:
            return self._finish(state, now)
        newest = max(moments)
        if newest <= state["from"]:  # more in one millisecond than a page can hold
            onward = {**state, "from": state["from"] + 1, "since": state["from"] + 1}
            return Step(onward, False, None, from_ms(newest))
        onward = {**state, "from": newest}
        return Step(onward, False, self._covered(state, newest - 1), from_ms(newest))

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """A refusal is an error here."""
        return None

    def _state(self, cursor: Cursor, now: datetime) -> Cursor:
        if cursor.get("v", _VERSION) != _VERSION:
            raise ValueError("cursor of an unknown version")
        floor = to_ms(self.floor)
        return {"v": _VERSION, "from": floor, "since": floor, "begun": to_ms(now), **cursor}

    def _counted(self, state: Cursor, moments: list[int]) -> Cursor:
        """Count what a round finds, to see whether the exchange has cut off its beginning."""
        if not self.horizon or not moments:
            return state
        count = state.get("count", 0) + sum(ms > state["from"] for ms in moments)
        return {**state, "oldest": min(*moments, state.get("oldest", moments[0])), "count": count}

    def _finish(self, state: Cursor, now: datetime) -> Step:
        begun, since, unserved = state["begun"], state["since"], None
        known = state.get("until", to_ms(self.floor))
        if self._is_cut_off(state) and state["oldest"] > known:
            since = state["oldest"]
            unserved = (from_ms(known), from_ms(since))
        again = max(begun - self.overlap // timedelta(milliseconds=1), to_ms(self.floor))
        onward = {"v": _VERSION, "since": since, "from": again, "until": begun}
        covered = (from_ms(since), from_ms(begun)) if begun > since else None
        return Step(onward, now - from_ms(begun) <= _FRESH, covered, from_ms(begun), unserved)

    def _is_cut_off(self, state: Cursor) -> bool:
        """As many as the exchange keeps, but for a few that were cut within one millisecond."""
        return bool(self.horizon) and state.get("count", 0) + self.limit // 20 >= self.horizon

    def _covered(self, state: Cursor, until: int) -> tuple[datetime, datetime] | None:
        if self.horizon or until <= state["since"]:
            return None
        return from_ms(state["since"]), from_ms(until)


def _iso(ms: int) -> str:
    return from_ms(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class AllAtOnce:
    """One answer has everything since the floor, whenever it is asked for."""

    floor: datetime
    limit: ClassVar[int] = 1_000_000_000  # no answer is cut off

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        return {}

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        return Step({"v": _VERSION}, True, (self.floor, now), now)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """A refusal is an error here."""
        return None
