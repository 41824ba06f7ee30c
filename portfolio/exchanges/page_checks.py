"""Answers that contradict the one before: a page given twice, an empty one after a full one.

A strategy believes what it is told; here is what it must not be told. What is needed of the page
before is kept in the cursor, so that it survives a kill, and goes when a round ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from portfolio.exchanges.paging import Answer, Cursor, Row, Step, Strategy, TimeWindows
from portfolio.exchanges.paging_backward import Descending

_KEPT = "before"
# Where a cursor says that the request goes on from the page before.
_ONWARD = ("token", "mark", "ofs", "offset", "next", "page", "skip")
# Of these, what counts pages or rows from the first: such a place moves when records come in.
_COUNTED = ("token", "ofs", "offset", "page", "skip")


class PageRepeated(Exception):
    """The exchange gave the page before once more: what lies between is not known."""


def bare(cursor: Cursor) -> Cursor:
    """Return the cursor as its strategy knows it."""
    return {name: value for name, value in cursor.items() if name != _KEPT}


def restarted(cursor: Cursor) -> Cursor:
    """Return the cursor at the first page of its stretch, for a walk that cannot go on.

    Records that come in while pages are counted from the newest may push a whole page down: it
    is then the page before once more, however often it is asked for.
    """
    if not any(name in cursor for name in _COUNTED):
        return cursor
    return {name: value for name, value in bare(cursor).items() if name not in _COUNTED}


def advance(strategy: Strategy, cursor: Cursor, answer: Answer, now: datetime) -> Step:
    """Return where the stream stands after a page that may be believed. May raise PageRepeated.

    An empty page after a full one is asked for once more: exchanges under load answer with nothing.
    Of a stretch of time that is answered with the rows of another nothing is claimed.
    """
    before, state = cursor.get(_KEPT, {}), bare(cursor)
    same = before.get("rows") == _fingerprint(answer.rows)
    more = before.get("full") or "token" in state
    if same and more and _goes_on(state) and not _may_repeat(strategy, answer):
        raise PageRepeated
    if not answer.rows and before.get("full") and not before.get("doubted"):
        return Step({**state, _KEPT: {**before, "doubted": True}}, False, None, None)
    if same and isinstance(strategy, TimeWindows) and strategy.is_foreign(state, answer, now):
        step = strategy.pass_over(state, now)
    else:
        step = strategy.advance(state, answer, now)
    if step.is_last or not answer.rows:
        return step
    seen = {"rows": _fingerprint(answer.rows), "full": len(answer.rows) >= strategy.limit}
    return step._replace(cursor={**step.cursor, _KEPT: seen})


def _goes_on(state: Cursor) -> bool:
    """Whether the page asked for follows another; the first of a round may be like the last one."""
    return any(state.get(name) not in (None, 0, 1) for name in _ONWARD)


def _may_repeat(strategy: Strategy, answer: Answer) -> bool:
    """Whether the same page may rightly come twice.

    The record at an inclusive mark comes alone once more; a walk by moments sees a page of one
    moment twice.
    """
    if len(answer.rows) == 1:
        return True
    by_moment = isinstance(strategy, Descending) and not strategy.by_id
    return by_moment and len({row.occurred_at for row in answer.rows}) == 1


def _fingerprint(rows: Sequence[Row]) -> str:
    names = "\n".join(sorted(row.external_id for row in rows))
    return hashlib.sha256(names.encode()).hexdigest()[:16]
