"""A walk of exchanges of which nothing is known but what ccxt would send: it proves as it goes.

A bound that ccxt sends need not be one: some exchanges take it for a record's number, some do not
look at it at all, some answer with their newest rows whatever was asked. So the newest records
are asked for without bounds first, and then again by their own time; where that does not bring
them, times mean nothing there. A page that may have been cut off proves nothing by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from portfolio.exchanges.paging import Answer, Cursor, Row, Step, TimeWindows, from_ms, to_ms
from portfolio.exchanges.paging_backward import Descending
from portfolio.exchanges.paging_windows import days

_VERSION = 1
_NARROWER = (7, 1)  # days to ask for where more are refused at once
_NEAR = 60_000  # milliseconds around the record that a bound is tried on
_ROUNDED = 1_000  # some exchanges cut times to whole seconds
_REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class _CountedWindows(TimeWindows):
    """Windows that are full by what the exchange sent, not by what was left of it."""

    def is_full(self, answer: Answer) -> bool:
        count = len(answer.rows) if answer.total is None else answer.total
        return count >= self.limit or count in self.full_sizes

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        if len(answer.rows) >= self.limit or not self.is_full(answer):
            return TimeWindows.advance(self, cursor, answer, now)
        state, begin, end = self._window(cursor, now)
        if end > begin:
            return self._half(state, begin, end)
        return self._next_window({**state, "since": end + 1}, begin, end, now)


@dataclass(frozen=True, slots=True)
class Unproven:
    """The careful walk. ``Answer.total`` is how many rows the exchange sent in one list at most.

    ``look`` asks without bounds, ``test`` once more by time. Then ``windows`` has both bounds,
    ``onward`` the earlier one only, ``back`` goes down from record to record, and ``last`` is
    where nothing but the newest page is to be had. What is out of reach is told as not served.
    """

    limit: int
    floor: datetime
    overlap: timedelta
    window: timedelta
    takes_since: bool
    takes_end: bool
    before: str = ""  # "id" or "moment": a page can be asked for that is earlier than that
    retention: timedelta | None = None
    full_sizes: frozenset[int] = frozenset()

    def parameters(self, cursor: Cursor, now: datetime) -> dict[str, Any]:
        """Return what to ask for: ``since`` and ``until`` in milliseconds, or ``before``."""
        way, at = self._way(cursor), cursor.get("at", {})
        if way == "test":
            bounds = {"since": cursor["newest"] - _NEAR, "until": cursor["newest"] + _NEAR}
            return bounds if self.takes_end else {"since": bounds["since"]}
        if way == "windows":
            return self._windows(cursor).parameters(at, now)
        if way == "onward":
            return {"since": self._from(at, now)}
        return self._down().parameters(at, now) if way == "back" else {}

    def advance(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        """Return where the stream stands after an answer."""
        ways = {"look": self._look, "test": self._test, "windows": self._by_windows}
        others = {"onward": self._onward, "back": self._back, "last": self._last}
        return {**ways, **others}[self._way(cursor)](_known_version(cursor), answer, now)

    def skip(self, cursor: Cursor, now: datetime) -> Step | None:
        """Return where to go on when what was asked is refused; None where that is an error."""
        way = self._way(cursor)
        if way == "look":  # an exchange that insists on bounds: they cannot be tried
            return _to({**cursor, "way": self._main(), "proved": True})
        if way == "test":
            return _to({"v": _VERSION, "way": "last"})
        narrower = [n for n in _NARROWER if days(n) < self._windows(cursor).window]
        if way != "windows" or not narrower:
            return None
        passing = ("to", "width")
        at = {name: value for name, value in cursor.get("at", {}).items() if name not in passing}
        return _to({**cursor, "way": way, "days": narrower[0], "at": at})

    def rewind(self, cursor: Cursor, since: datetime) -> Cursor:
        """Return the cursor from which all since then is read again."""
        at, way = dict(cursor.get("at", {})), self._way(cursor)
        mark = max(to_ms(since), to_ms(self.floor))
        if way == "back":
            passing = ("mark", "crowd", "end")
            rest = {name: value for name, value in at.items() if name not in passing}
            lower = {"start": min(at["start"], mark)} if "start" in at else {}
            return {**cursor, "at": {**rest, **lower}}
        kept = {name: at[name] for name in ("v", "since", "order") if name in at}
        begin = {"from": min(at["from"], mark)} if "from" in at else {}
        return cursor if way in ("last", "test") else {**cursor, "at": {**kept, **begin}}

    # --- finding out -----------------------------------------------------------------------------

    def _way(self, cursor: Mapping[str, Any]) -> str:
        first = "back" if self.before else "look" if self.takes_since else "last"
        return str(cursor.get("way", first))

    def _main(self) -> str:
        return "windows" if self.takes_end else "onward"

    def _look(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        if not answer.rows:  # nothing that a bound could be tried on, for now
            return _to({**cursor, "way": self._main()})
        rows = sorted(answer.rows, key=lambda row: row.occurred_at)[-_REMEMBERED:]
        newest = to_ms(rows[-1].occurred_at)
        known = [r.external_id for r in rows if to_ms(r.occurred_at) >= newest - _NEAR]
        return _to({**cursor, "way": "test", "newest": newest, "known": known})

    def _test(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        if {row.external_id for row in answer.rows}.isdisjoint(cursor["known"]):
            return _to({"v": _VERSION, "way": "last"})
        kept = {n: value for n, value in cursor.items() if n not in ("known", "newest")}
        return _to({**kept, "way": self._main(), "proved": True})

    def _again(self, cursor: Cursor, step: Step, way: str) -> Step:
        """Wrap a step; a round that ends without proof is followed by one that looks again."""
        at_end = step.is_last and not cursor.get("proved")
        onward = {**cursor, "way": "look" if at_end else way, "at": step.cursor}
        return step._replace(cursor=onward)

    # --- walking ---------------------------------------------------------------------------------

    def _windows(self, cursor: Mapping[str, Any]) -> _CountedWindows:
        limited = days(cursor["days"]) if "days" in cursor else self.window
        return _CountedWindows(
            start_parameter="since",
            end_parameter="until",
            limit_parameter="",
            limit=self.limit,
            window=min(limited, self.window),
            floor=self.floor,
            overlap=self.overlap,
            retention=self.retention,
            full_sizes=self.full_sizes,
        )

    def _by_windows(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        windows, at = self._windows(cursor), cursor.get("at", {})
        asked = windows.parameters(at, now)
        if windows.is_full(answer):
            times = [to_ms(row.occurred_at) for row in answer.rows]
            if any(time < asked["since"] - _ROUNDED for time in times):
                return _to({"v": _VERSION, "way": "last"})
            if any(time > asked["until"] + _ROUNDED for time in times):
                since = at.get("since", asked["since"])
                begin = {"v": _VERSION, "since": since, "from": asked["since"]}
                return self._take_up(cursor, begin)
        return self._again(cursor, windows.advance(at, answer, now), "windows")

    def _take_up(self, cursor: Cursor, at: Cursor) -> Step:
        """The later bound means nothing there: go on with the earlier one alone."""
        return _to({**cursor, "way": "onward", "at": at})

    def _from(self, at: Mapping[str, Any], now: datetime) -> int:
        return int(at.get("from", self._oldest(now)))

    def _oldest(self, now: datetime) -> int:
        floor = to_ms(self.floor)
        return floor if self.retention is None else max(floor, to_ms(now - self.retention))

    def _onward(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        at = {"since": self._from(cursor.get("at", {}), now), **cursor.get("at", {})}
        begin = self._from(at, now)
        rows = [row for row in answer.rows if to_ms(row.occurred_at) >= begin]
        rising = at.get("order") == "rising" or _has_beyond(at, rows)
        if "edge" in at and not rising:
            return self._again(cursor, self._only_newest(at, now), "onward")
        if rising:
            at["order"] = "rising"
        if not self._windows(cursor).is_full(answer) or not rows:
            return self._again(cursor, self._up_to_now(at, now), "onward")
        return self._again(cursor, self._next_page(at, begin, rows, now), "onward")

    def _next_page(self, at: Cursor, begin: int, rows: list[Row], now: datetime) -> Step:
        times = sorted(to_ms(row.occurred_at) for row in rows)
        edge, since = times[-1], at["since"]
        follows = edge - 1  # whether the exchange takes it as inclusive or not
        if follows <= begin:  # more in one millisecond than a page can hold
            follows = since = edge + 1
        there = [row.external_id for row in rows if to_ms(row.occurred_at) == edge]
        page = {"oldest": times[0], "edge": edge, "there": there, "asked": to_ms(now)}
        onward = {**at, **page, "since": since, "from": follows}
        sure = at.get("order") == "rising" and follows > since
        covered = (from_ms(since), from_ms(follows)) if sure else None
        return Step(onward, False, covered, from_ms(edge))

    def _up_to_now(self, at: Cursor, now: datetime) -> Step:
        covered = (from_ms(at["since"]), now) if to_ms(now) > at["since"] else None
        return Step(self._rest(at, at["since"], now), True, covered, now)

    def _only_newest(self, at: Cursor, now: datetime) -> Step:
        reach = at["oldest"] + 1  # of its own millisecond there may be more
        unserved = (from_ms(at["since"]), from_ms(reach)) if reach > at["since"] else None
        return Step(self._rest(at, reach, now), True, (from_ms(reach), now), now, unserved)

    def _rest(self, at: Cursor, since: int, now: datetime) -> Cursor:
        begin = max(to_ms(now - self.overlap), self._oldest(now))
        order = {name: at[name] for name in ("order",) if name in at}
        return {"v": _VERSION, "since": since, "from": begin, **order}

    def _down(self) -> Descending:
        return Descending(
            limit=self.limit,
            floor=self.floor,
            overlap=self.overlap,
            by_id=self.before == "id",
            mark_parameter="before",
            limit_parameter="limit",
            retention=self.retention,
        )

    def _back(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        step = self._down().advance(cursor.get("at", {}), answer, now)
        return step._replace(cursor={"v": _VERSION, "way": "back", "at": step.cursor})

    def _last(self, cursor: Cursor, answer: Answer, now: datetime) -> Step:
        at = cursor.get("at", {})
        since, until = at.get("since", self._oldest(now)), at.get("until", self._oldest(now))
        oldest = min((to_ms(row.occurred_at) for row in answer.rows), default=to_ms(now))
        missed = self._windows(cursor).is_full(answer) and oldest >= until
        reach = oldest + 1 if missed else since
        onward = {"v": _VERSION, "since": reach, "until": to_ms(now)}
        unserved = (from_ms(until), from_ms(reach)) if missed and reach > until else None
        covered = (from_ms(reach), now) if to_ms(now) > reach else None
        return Step({**cursor, "way": "last", "at": onward}, True, covered, now, unserved)


def _has_beyond(at: Mapping[str, Any], rows: Sequence[Row]) -> bool:
    """Tell whether rows came that the full page before should have had, were it the newest.

    Then it was cut at its newer end. Else it was, or may have been, cut at its older one.
    """
    if "edge" not in at:
        return False
    until = at["asked"] - _NEAR  # what came in between says nothing
    later = [row for row in rows if at["edge"] <= to_ms(row.occurred_at) <= until]
    return any(
        to_ms(row.occurred_at) > at["edge"]
        or (row.external_id not in at["there"] and at["oldest"] < at["edge"])
        for row in later
    )


def _to(cursor: Cursor) -> Step:
    """Go on so; nothing is sure yet."""
    return Step({"v": _VERSION, **cursor}, False, None, None)


def _known_version(cursor: Cursor) -> Cursor:
    if cursor.get("v", _VERSION) != _VERSION:
        raise ValueError("cursor of an unknown version")
    return {**cursor, "v": _VERSION}
