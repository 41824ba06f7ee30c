"""Sends a stream back in time, so that a stretch of its history is read once more.

Reading again is always safe: records are known by their ids. A way of walking that is not named
here can only be asked from the beginning.
"""

from __future__ import annotations

import functools
from datetime import datetime, timedelta
from typing import Any

from portfolio.exchanges.paging import Cursor, IdAscending, Row, TimeWindows, to_ms
from portfolio.exchanges.paging_backward import BackToKnown, Descending, OffsetFixedEnd, TokenPages
from portfolio.exchanges.paging_forward import TimeAscending
from portfolio.exchanges.paging_windows import NumberedPages, OffsetPages

_MILLISECOND = timedelta(milliseconds=1)
# What is of the page being read now, or says that nothing is to be asked for a while.
_PASSING = (
    "offset",
    "to",
    "token",
    "end",
    "ofs",
    "count",
    "mark",
    "crowd",
    "began",
    "page",
    "skip",
    "before",
)
_RESTS = ("absent", "empty", "promised")


@functools.singledispatch
def rewind(strategy: Any, cursor: Cursor, since: datetime, before: Row | None) -> Cursor | None:
    """Return the cursor from which all since ``since`` is read again; None: only from the start.

    ``before`` is the last record known from before then, where there is one.
    """
    return None


@rewind.register
def _windows(strategy: TimeWindows, cursor: Cursor, since: datetime, before: Row | None) -> Cursor:
    state = _at_rest(cursor)
    if "from" not in state:
        return state
    earliest = max(to_ms(since), to_ms(strategy.floor))
    width = strategy.window // _MILLISECOND
    return {**state, "from": min(state["from"], earliest), "width": width}


@rewind.register
def _ids(strategy: IdAscending, cursor: Cursor, since: datetime, before: Row | None) -> Cursor:
    version = {name: cursor[name] for name in ("v",) if name in cursor}
    if before is None:
        return version
    mark = int(before.external_id)
    return {**version, "next": mark, "back": [[mark, to_ms(before.occurred_at)]]}


@rewind.register
def _offset(
    strategy: OffsetFixedEnd, cursor: Cursor, since: datetime, before: Row | None
) -> Cursor:
    return _lower(cursor, "start", to_ms(since) // 1000)


@rewind.register
def _tokens(strategy: TokenPages, cursor: Cursor, since: datetime, before: Row | None) -> Cursor:
    return _lower(cursor, "start", to_ms(since) // 1000)


@rewind.register
def _known(strategy: BackToKnown, cursor: Cursor, since: datetime, before: Row | None) -> Cursor:
    return _lower(cursor, "down_to", to_ms(since))


@rewind.register
def _descending(
    strategy: Descending, cursor: Cursor, since: datetime, before: Row | None
) -> Cursor:
    return _lower(cursor, "start", to_ms(since))


@rewind.register(NumberedPages)
@rewind.register(OffsetPages)
def _pages(
    strategy: NumberedPages | OffsetPages, cursor: Cursor, since: datetime, before: Row | None
) -> Cursor:
    return _lower(cursor, "until", to_ms(since))


@rewind.register
def _forward(
    strategy: TimeAscending, cursor: Cursor, since: datetime, before: Row | None
) -> Cursor:
    state = {name: value for name, value in cursor.items() if name not in strategy.PASSING}
    return _lower(state, "from", max(to_ms(since), to_ms(strategy.floor)))


def _lower(cursor: Cursor, name: str, mark: int) -> Cursor:
    """A round that goes down to a mark goes down further; one without a mark goes to the end."""
    state = _at_rest(cursor)
    return {**state, name: min(state[name], mark)} if name in state else state


def _at_rest(cursor: Cursor) -> Cursor:
    """The cursor as between two rounds: a walk under way begins its round anew."""
    return {name: value for name, value in cursor.items() if name not in _PASSING + _RESTS}
