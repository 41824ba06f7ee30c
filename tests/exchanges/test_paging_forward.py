"""Walks forward from a moment: nothing lost whatever happens, and what is cut off is said so."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.exchanges.paging import Answer, from_ms, to_ms
from portfolio.exchanges.paging_forward import TimeAscending
from portfolio.exchanges.rewinding import rewind
from tests.exchanges.walks import FLOOR, FLOOR_MS, Record, Serve, Walk, later

HOUR = timedelta(hours=1)
GAPS = st.lists(st.sampled_from([0, 0, 0, 1, 2, 999, 60_000, 86_400_000]), max_size=60)


def made(gaps: list[int], start: int = FLOOR_MS + 1000) -> list[Record]:
    times = itertools.accumulate(gaps, initial=start)
    return [Record(number, ms) for number, ms in enumerate(itertools.islice(times, 1, None), 1)]


def ids(records: list[Record]) -> set[int]:
    return {record.id for record in records}


def forward(
    records: list[Record], limit: int, *, inclusive: bool, newest_first: bool, kept: int = 0
) -> Serve:
    """Serves the oldest from a moment on, in either order; only the newest ``kept`` are there."""

    def serve(asked: dict[str, Any]) -> Answer:
        begin = asked["start"]
        if isinstance(begin, str):
            begin = to_ms(datetime.fromisoformat(begin))
        there = records[-kept:] if kept else records
        page = [r.row for r in there if r.ms >= begin + (not inclusive)][:limit]
        return Answer(page[::-1] if newest_first else page)

    return serve


def ascending(limit: int, **more: Any) -> TimeAscending:
    return TimeAscending("start", "limit", limit, FLOOR, HOUR, **more)


def crowded(records: list[Record], limit: int) -> bool:
    """A page cannot hold a millisecond and the one before it: what is beyond it may be missed."""
    moments = [record.ms for record in records]
    return any(sum(ms - 1 <= other <= ms for other in moments) >= limit for ms in moments)


@settings(max_examples=150, deadline=None)
@given(GAPS, st.integers(4, 9), st.booleans(), st.booleans(), st.booleans())
def test_everything_is_found(
    gaps: list[int], limit: int, inclusive: bool, newest_first: bool, in_iso: bool
) -> None:
    records = made(gaps)
    now = later(from_ms(records[-1].ms if records else FLOOR_MS), hours=2)
    serve = forward(records, limit, inclusive=inclusive, newest_first=newest_first)
    walk = Walk(ascending(limit, in_iso=in_iso), serve)
    walk.round(now)
    if crowded(records, limit):
        return
    assert walk.seen == ids(records)
    assert walk.covered[-1] == (FLOOR, now)
    for again in walk.replay(now):
        assert again.seen == ids(records)


@settings(max_examples=60, deadline=None)
@given(GAPS, GAPS, st.booleans())
def test_the_next_round_finds_what_came_since(
    first: list[int], more: list[int], inclusive: bool
) -> None:
    records = made(first)
    now = later(from_ms(records[-1].ms if records else FLOOR_MS), hours=2)
    serve = forward(records, 80, inclusive=inclusive, newest_first=True)
    walk = Walk(ascending(80), serve)
    walk.round(now)
    since = made(more, start=to_ms(now))
    records.extend(Record(len(records) + r.id, r.ms) for r in since)
    end = later(from_ms(records[-1].ms) if records else now, hours=3)
    walk.round(max(end, now))
    assert walk.seen == ids(records)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=30), st.integers(2, 4))
def test_coverage_never_holds_a_record_that_was_missed(sizes: list[int], limit: int) -> None:
    """Milliseconds too crowded for a page: what is lost there is not covered."""
    records, number = [], itertools.count(1)
    for place, size in enumerate(sizes):
        records += [Record(next(number), FLOOR_MS + 5000 * (place + 1)) for _ in range(size)]
    now = later(from_ms(records[-1].ms), hours=2)
    walk = Walk(ascending(limit), forward(records, limit, inclusive=True, newest_first=False))
    walk.round(now)
    since = walk.covered[-1][0]
    missed = [record for record in records if record.id not in walk.seen]
    assert all(from_ms(record.ms) < since for record in missed)
    assert walk.covered[-1][1] == now


def test_a_crowded_millisecond_does_not_stop_the_walk() -> None:
    records = [Record(n, FLOOR_MS + 7000) for n in range(1, 10)] + [Record(10, FLOOR_MS + 9000)]
    now = later(FLOOR, hours=2)
    walk = Walk(ascending(4), forward(records, 4, inclusive=True, newest_first=True))
    walk.round(now)
    assert 10 in walk.seen
    assert walk.covered[-1] == (from_ms(FLOOR_MS + 7002), now)


def test_what_the_exchange_keeps_no_more_is_said_not_to_be_served() -> None:
    records = made([60_000] * 100)
    now = later(from_ms(records[-1].ms), hours=2)
    whole = Walk(
        ascending(10, horizon=200),
        forward(records, 10, inclusive=True, newest_first=False, kept=200),
    )
    whole.round(now)
    assert whole.unserved == []
    assert whole.covered == [(FLOOR, now)]
    cut = Walk(
        ascending(10, horizon=40), forward(records, 10, inclusive=True, newest_first=False, kept=40)
    )
    cut.round(now)
    oldest = from_ms(records[-40].ms)
    assert cut.seen == ids(records[-40:])
    assert cut.unserved == [(FLOOR, oldest)]
    assert cut.covered == [(oldest, now)]


def test_a_long_sleep_may_miss_what_was_cut_off_meanwhile() -> None:
    records = made([60_000] * 20)
    now = later(from_ms(records[-1].ms), hours=2)
    serve = forward(records, 10, inclusive=True, newest_first=False, kept=40)
    walk = Walk(ascending(10, horizon=40), serve)
    walk.round(now)
    assert walk.unserved == []
    records += [Record(20 + n, to_ms(now) + n * 60_000) for n in range(1, 101)]
    end = later(from_ms(records[-1].ms), hours=1)
    walk.round(end)
    oldest = from_ms(records[-40].ms)
    assert walk.unserved == [(now, oldest)]
    assert walk.covered[-1] == (oldest, end)


def test_a_cursor_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        ascending(5).parameters({"v": 9}, FLOOR)


@settings(max_examples=60, deadline=None)
@given(GAPS, st.integers(0, 100), st.integers(0, 4))
def test_sent_back_it_reads_all_since_a_moment_again(
    gaps: list[int], share: int, stop_after: int
) -> None:
    records = made(gaps)
    if crowded(records, 9):
        return
    edge = records[-1].ms + 5000 if records else FLOOR_MS + 5000
    now = later(from_ms(edge), hours=2)
    strategy = ascending(9)
    walk = Walk(strategy, forward(records, 9, inclusive=False, newest_first=False))
    walk.round(now)
    for _ in range(stop_after):  # the next round may be under way
        walk.page(later(now, minutes=1))
    since = from_ms(FLOOR_MS + (edge - FLOOR_MS) * share // 100)
    cursor = rewind(strategy, walk.cursor, since, None)
    assert cursor is not None
    again = Walk(strategy, walk.serve, cursor)
    again.round(later(now, minutes=2))
    assert {r.id for r in records if from_ms(r.ms) >= since} <= again.seen
