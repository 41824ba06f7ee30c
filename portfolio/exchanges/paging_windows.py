"""Walks of exchanges that open the next page by a token within a window, or by a page's number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portfolio.exchanges.paging import Answer, Cursor, Step, TimeWindows, from_ms, to_ms

_VERSION = 1


@dataclass(frozen=True, slots=True)
class TokenWindows(TimeWindows):
    """Stretches of time, oldest first; each answer names the token of the next page.

    A token may come with the last page too: then the page it opens is empty. When the exchange
    refuses a token, the same stretch begins anew.
    """

    token_parameter: str = "cursor"  # noqa: S105

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        asked = TimeWindows.parameters(self, cursor, now)
        if "token" in cursor:
            asked[self.token_parameter] = cursor["token"]
        return asked

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        state, begin, end = self._window(cursor, now)
        if answer.rows and answer.token and answer.token != cursor.get("token"):
            onward = {**state, "from": begin, "to": end, "token": answer.token}
            return Step(onward, False, self._covered(state, begin), from_ms(begin))
        return self._next_window(state, begin, end, now)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        if "token" in cursor:
            anew = {name: value for name, value in cursor.items() if name != "token"}
            return Step(anew, False, None, None)
        return TimeWindows.skip(self, cursor, now)


@dataclass(frozen=True, slots=True)
class NumberedPages:
    """Newest first by the number of the page, with nothing that bounds the time.

    A record that comes in meanwhile pushes the others to later pages: rows are seen twice, never
    missed. The next round ends at the first page that reaches back beyond the beginning of the
    one before, less the overlap.
    """

    page_parameter: str
    limit_parameter: str
    limit: int
    floor: datetime
    overlap: timedelta

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        page = self._state(cursor, now)["page"]
        return {self.page_parameter: page, self.limit_parameter: self.limit}

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        state = self._state(cursor, now)
        oldest = min((row.occurred_at for row in answer.rows), default=None)
        reached = oldest is None or to_ms(oldest) < state.get("until", 0)
        if not reached and len(answer.rows) >= self.limit:
            return Step({**state, "page": state["page"] + 1}, False, None, oldest)
        begun = from_ms(state["begun"])
        onward = {"v": _VERSION, "until": to_ms(begun - self.overlap)}
        return Step(onward, True, (self.floor, begun), oldest)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """A refusal is an error here."""
        return None

    def _state(self, cursor: Cursor, now: datetime) -> Cursor:
        if cursor.get("v", _VERSION) != _VERSION:
            raise ValueError("cursor of an unknown version")
        return {"v": _VERSION, "page": 1, "begun": to_ms(now), **cursor}


@dataclass(frozen=True, slots=True)
class OffsetPages:
    """Newest first by how many rows to skip, with nothing that bounds the time.

    Like ``NumberedPages``: new rows only push the others on, the next round ends at the first page
    that reaches back beyond the beginning of the one before, less the overlap. What lies deeper
    than ``deepest`` cannot be had: coverage then starts after the last row seen.
    """

    offset_parameter: str
    limit_parameter: str
    limit: int
    floor: datetime
    overlap: timedelta
    deepest: int  # the largest offset that may be asked for

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        state = self._state(cursor, now)
        return {self.offset_parameter: state["skip"], self.limit_parameter: self.limit}

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        state = self._state(cursor, now)
        oldest = min((row.occurred_at for row in answer.rows), default=None)
        known = oldest is None or to_ms(oldest) < state.get("until", 0)
        following = state["skip"] + self.limit
        more = not known and len(answer.rows) >= self.limit
        if more and following <= self.deepest:
            return Step({**state, "skip": following}, False, None, oldest)
        begun, since = from_ms(state["begun"]), from_ms(state.get("since", to_ms(self.floor)))
        if more and oldest is not None:  # rows of the same second may lie below
            gap, since = (since, oldest), max(since, oldest + timedelta(seconds=1))
        else:
            gap = None
        until = to_ms(begun - self.overlap)
        onward = {"v": _VERSION, "until": until, "since": to_ms(since)}
        covered = (since, begun) if since < begun else None
        return Step(onward, True, covered, oldest, gap)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """A refusal is an error here."""
        return None

    def _state(self, cursor: Cursor, now: datetime) -> Cursor:
        if cursor.get("v", _VERSION) != _VERSION:
            raise ValueError("cursor of an unknown version")
        return {"v": _VERSION, "skip": 0, "begun": to_ms(now), **cursor}


def days(count: int) -> timedelta:
    """A window of so many days less two seconds: some exchanges want less than so many."""
    return timedelta(days=count, seconds=-2)
