"""Whatever the pages, the clusters and the interruptions: nothing is lost, coverage is true."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.exchanges.paging import Answer, IdAscending, Strategy, TimeWindows, from_ms, to_ms
from portfolio.exchanges.paging_backward import BackToKnown, Descending, OffsetFixedEnd, TokenPages
from tests.exchanges.walks import (
    FLOOR,
    FLOOR_MS,
    Record,
    Serve,
    Walk,
    by_id,
    by_newest,
    by_offset,
    by_token,
    by_window,
    descending,
    later,
)

HOUR = timedelta(hours=1)
YEAR_MS = 365 * 24 * 3600 * 1000

# Gaps between neighbours: mostly none at all (one millisecond), sometimes a second, days, months.
GAPS = st.lists(
    st.sampled_from([0, 0, 0, 1, 999, 1000, 60_000, 86_400_000, 30 * 86_400_000]), max_size=60
)
LIMITS = st.integers(2, 9)


def made(gaps: list[int], start: int = FLOOR_MS + 1000) -> list[Record]:
    records, ms = [], start
    for number, gap in enumerate(gaps, start=1):
        ms += gap
        records.append(Record(number, ms))
    return records


def ids(records: list[Record]) -> set[int]:
    return {record.id for record in records}


def windows(limit: int, way: str, **more: Any) -> TimeWindows:
    names: dict[str, dict[str, Any]] = {
        "offset": {"offset_parameter": "offset"},
        "page": {"page_parameter": "page"},
    }
    return TimeWindows(
        "start",
        "end",
        "limit",
        limit,
        timedelta(days=90),
        FLOOR,
        HOUR,
        **names.get(way, {}),
        **more,
    )


CASES = [
    "id",
    "id, exclusive",
    "offset",
    "page",
    "split",
    "fixed end",
    "no count",
    "token",
    "newest",
]
CASES += ["down by id", "down by id, inclusive", "down by time"]
CASES += ["page, from zero", "split, end excluded"]
# Where one millisecond that fills a page cannot be passed without a loss.
ONE_BY_ONE = ("split", "split, end excluded", "down by time")


def case(
    name: str, records: list[Record], limit: int, *, newest_first: bool = True
) -> tuple[Strategy, Serve]:
    if name.startswith("id"):
        strategy: Strategy = IdAscending("from", "limit", limit, FLOOR, HOUR)
        return strategy, by_id(records, limit, inclusive=name == "id")
    if name in ("offset", "page", "split"):
        serve = by_window(records, limit, newest_first=newest_first, inclusive=True)
        return windows(limit, name), serve
    if name == "page, from zero":
        paged = by_window(records, limit, newest_first=newest_first, inclusive=True)

        def from_zero(asked: dict[str, Any]) -> Answer:
            return paged({**asked, "page": asked["page"] + 1})

        return windows(limit, "page", first_page=0), from_zero
    if name == "split, end excluded":
        serve = by_window(records, limit, newest_first=newest_first, inclusive=False)
        return windows(limit, "split", end_excluded=True), serve
    if name == "newest":
        return BackToKnown("after", "limit", limit, FLOOR, HOUR), by_newest(records, limit)
    if name.startswith("down"):
        named, inclusive = "id" in name, name.endswith("inclusive")
        downwards = descending(records, limit, by_id=named, inclusive=inclusive)
        return Descending(limit, FLOOR, HOUR, by_id=named), downwards
    if name == "token":
        return TokenPages("limit", limit, FLOOR, HOUR), by_token(records, limit)
    return OffsetFixedEnd(limit, FLOOR, HOUR), by_offset(
        records, limit, tells_count=name == "fixed end"
    )


def assert_covered_is_true(walk: Walk, records: list[Record]) -> None:
    for begin, end in walk.covered:
        inside = {r.id for r in records if to_ms(begin) <= r.ms < to_ms(end)}
        assert inside <= walk.seen


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=60, deadline=None)
@given(gaps=GAPS, limit=LIMITS, newest_first=st.booleans())
def test_a_walk_sees_every_record(
    name: str, gaps: list[int], limit: int, *, newest_first: bool
) -> None:
    records = made([gap or 1 for gap in gaps] if name in ONE_BY_ONE else gaps)
    strategy, serve = case(name, records, limit, newest_first=newest_first)
    now = from_ms(max([r.ms for r in records], default=FLOOR_MS) + 5000)
    walk = Walk(strategy, serve)
    walk.round(now)
    assert walk.seen == ids(records)
    assert_covered_is_true(walk, records)
    begin, end = walk.covered[-1]
    assert begin == FLOOR
    assert now - end < timedelta(seconds=1)


@settings(max_examples=100, deadline=None)
@given(gaps=GAPS, limit=LIMITS, newest_first=st.booleans())
def test_more_in_a_millisecond_than_a_page_can_hold_is_not_hidden(
    gaps: list[int], limit: int, *, newest_first: bool
) -> None:
    records = made(gaps)
    strategy, serve = case("split", records, limit, newest_first=newest_first)
    walk = Walk(strategy, serve)
    walk.round(from_ms(max([r.ms for r in records], default=FLOOR_MS) + 5000))
    crowded = {r.id for r in records if sum(other.ms == r.ms for other in records) >= limit}
    lost = ids(records) - walk.seen
    assert lost <= crowded
    newest_lost = max((r.ms for r in records if r.id in lost), default=0)
    assert to_ms(walk.covered[-1][0]) > newest_lost  # coverage says: from after that on


@settings(max_examples=100, deadline=None)
@given(gaps=GAPS, limit=LIMITS)
def test_a_crowded_millisecond_is_passed_downwards_and_told(gaps: list[int], limit: int) -> None:
    records = made(gaps)
    serve = descending(records, limit, by_id=False, inclusive=False)
    walk = Walk(Descending(limit, FLOOR, HOUR, by_id=False), serve)
    walk.round(from_ms(max([r.ms for r in records], default=FLOOR_MS) + 5000))
    crowded = {r.id for r in records if sum(other.ms == r.ms for other in records) >= limit}
    lost = ids(records) - walk.seen
    assert lost <= crowded
    newest_lost = max((r.ms for r in records if r.id in lost), default=0)
    assert to_ms(walk.covered[-1][0]) > newest_lost


def test_downwards_only_what_was_promised_is_relied_on() -> None:
    reach = timedelta(days=90)
    now = from_ms(FLOOR_MS + 3 * YEAR_MS)
    records = [Record(1, FLOOR_MS + 5), Record(2, to_ms(now) - 1000)]
    strategy = Descending(5, FLOOR, HOUR, by_id=True, retention=reach)
    walk = Walk(strategy, descending(records, 5, by_id=True, inclusive=False))
    walk.round(now)
    assert walk.seen == {1, 2}  # it was served, and is kept
    assert walk.covered == [(now - reach, now)]
    assert walk.unserved == [(FLOOR, now - reach)]
    walk.round(later(now, days=80))
    assert len(walk.unserved) == 1
    assert walk.covered[-1] == (now - reach, later(now, days=80))
    walk.round(later(now, days=200))  # slept for 120 days: 30 of them are out of reach
    assert walk.covered[-1] == (later(now, days=110), later(now, days=200))
    assert walk.unserved[-1] == (later(now, days=80), later(now, days=110))


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25, deadline=None)
@given(gaps=GAPS, limit=LIMITS, newest_first=st.booleans())
def test_a_walk_may_be_taken_up_at_any_page_and_pages_replayed(
    name: str, gaps: list[int], limit: int, *, newest_first: bool
) -> None:
    records = made([gap or 1 for gap in gaps] if name in ONE_BY_ONE else gaps)
    strategy, serve = case(name, records, limit, newest_first=newest_first)
    now = from_ms(max([r.ms for r in records], default=FLOOR_MS) + 5000)
    walk = Walk(strategy, serve)
    walk.round(now)
    assert walk.seen == ids(records)
    for again in walk.replay(later(now, minutes=1)):
        assert again.seen == ids(records)
    # A kill right after the request, before the cursor was stored: the same page twice.
    twice = Walk(strategy, serve)
    for _ in range(len(walk.cursors)):
        cursor = twice.cursor
        twice.page(now)
        after = twice.cursor
        twice.cursor = cursor
        twice.page(now)
        assert twice.cursor == after
    assert twice.seen == ids(records)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25, deadline=None)
@given(gaps=GAPS, more=GAPS, limit=LIMITS, stop_after=st.integers(0, 6))
def test_what_happens_while_walking_is_seen_by_the_next_round(
    name: str, gaps: list[int], more: list[int], limit: int, stop_after: int
) -> None:
    if name in ONE_BY_ONE:
        gaps, more = [gap or 1 for gap in gaps], [gap or 1 for gap in more]
    first = made(gaps)
    edge = max([r.ms for r in first], default=FLOOR_MS)
    now = from_ms(edge + 5000)
    records = list(first)
    strategy, serve = case(name, records, limit)
    walk = Walk(strategy, serve)
    for _ in range(stop_after):
        walk.page(now)
    added = made(more, start=edge + 5500)
    records.extend(Record(len(first) + r.id, r.ms) for r in added)
    then = from_ms(max(r.ms for r in [*records, Record(0, edge)]) + 7000)
    walk.round(then)
    walk.round(later(then, hours=2))
    assert walk.seen == ids(records)
    assert_covered_is_true(walk, records)
    begin, end = walk.covered[-1]
    assert begin == FLOOR
    assert later(then, hours=2) - end < timedelta(seconds=1)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25, deadline=None)
@given(gaps=GAPS, limit=LIMITS, late=st.integers(0, 3_000_000), rounds=st.integers(1, 3))
def test_a_record_that_comes_late_is_seen_within_the_overlap(
    name: str, gaps: list[int], limit: int, late: int, rounds: int
) -> None:
    records = made([gap or 1 for gap in gaps])
    edge = max([r.ms for r in records], default=FLOOR_MS) + 4_000_000
    records.append(Record(len(records) + 2, edge))  # an id below it is still to come
    strategy, serve = case(name, records, limit)
    walk = Walk(strategy, serve)
    now = from_ms(edge + 10)
    for turn in range(rounds):
        walk.round(later(now, seconds=turn))
    records.append(Record(len(records), max(edge - late, FLOOR_MS)))
    records.sort(key=lambda record: (record.ms, record.id))
    if name.startswith("id"):
        records.sort(key=lambda record: record.id)
    walk.round(later(now, minutes=5))
    assert walk.seen == ids(records)


@settings(max_examples=60, deadline=None)
@given(gaps=GAPS, limit=LIMITS, inclusive=st.booleans(), way=st.sampled_from(["offset", "page"]))
def test_it_does_not_matter_whether_an_end_is_inclusive(
    gaps: list[int], limit: int, way: str, *, inclusive: bool
) -> None:
    records = made(gaps)
    serve = by_window(records, limit, newest_first=True, inclusive=inclusive)
    walk = Walk(windows(limit, way), serve)
    walk.round(from_ms(max([r.ms for r in records], default=FLOOR_MS) + 5000))
    assert walk.seen == ids(records)


def test_windows_keep_within_what_the_exchange_allows() -> None:
    strategy = windows(5, "offset")
    now = from_ms(FLOOR_MS + 3 * YEAR_MS)
    cursor: dict[str, Any] = {}
    asked = []
    for _ in range(100):
        parameters = strategy.parameters(cursor, now)
        asked.append((parameters["start"], parameters["end"]))
        step = strategy.advance(
            cursor, by_window([], 5, newest_first=True, inclusive=True)(parameters), now
        )
        cursor = step.cursor
        if step.is_last:
            break
    assert asked[0][0] == FLOOR_MS
    assert asked[-1][1] == to_ms(now)
    assert all(0 <= end - begin <= 90 * 86_400_000 for begin, end in asked)
    assert all(one[1] == two[0] for one, two in itertools.pairwise(asked))
    assert len(asked) == 13


def test_only_what_was_promised_is_relied_on() -> None:
    reach = timedelta(days=180)
    now = from_ms(FLOOR_MS + 3 * YEAR_MS)
    old = Record(1, FLOOR_MS + 5)
    serve = by_window([old], 5, newest_first=True, inclusive=True)
    walk = Walk(windows(5, "page", retention=reach, asks_beyond=True), serve)
    walk.round(now)
    assert walk.seen == {1}  # it was served, and is kept
    assert {begin for begin, _ in walk.covered} == {now - reach}
    careful = Walk(windows(5, "page", retention=reach), serve)
    careful.round(now)
    assert careful.seen == set()
    assert careful.covered[-1] == (now - reach, now)


@given(gaps=GAPS, limit=LIMITS, beyond=st.integers(0, 2000))
@settings(max_examples=40, deadline=None)
def test_what_is_asked_beyond_the_promise_may_have_an_end(
    gaps: list[int], limit: int, beyond: int
) -> None:
    records, reach, more = made(gaps), timedelta(days=180), timedelta(days=beyond)
    now = from_ms(FLOOR_MS + 5 * YEAR_MS)
    serve = by_window(records, limit, newest_first=True, inclusive=True)
    strategy = windows(limit, "page", retention=reach, asks_beyond=True, beyond=more)
    walk = Walk(strategy, serve)
    walk.round(now)
    edge = max(to_ms(now - reach - more), FLOOR_MS)
    assert walk.seen == {record.id for record in records if edge <= record.ms <= to_ms(now)}
    assert {begin for begin, _ in walk.covered} == {now - reach}
    for again in walk.replay(now):
        assert again.seen == walk.seen


def test_ids_that_were_not_promised_are_kept_but_not_relied_on() -> None:
    reach = timedelta(days=90)
    now = from_ms(FLOOR_MS + 3 * YEAR_MS)
    records = [Record(1, FLOOR_MS + 5), Record(2, FLOOR_MS + YEAR_MS), Record(3, to_ms(now) - 7)]
    strategy = IdAscending("from", "limit", 2, FLOOR, HOUR, promised=reach)
    walk = Walk(strategy, by_id(records, 2, inclusive=True))
    first = walk.page(now)
    assert first.covered is None  # a page that ends before what is promised says nothing
    walk.round(now)
    assert walk.seen == {1, 2, 3}
    assert walk.covered[-1] == (now - reach, now)
    assert {begin for begin, _ in walk.covered} == {now - reach}
    newer = later(now, days=1)
    walk.round(newer)
    assert walk.covered[-1] == (newer - reach, newer)


@settings(max_examples=60, deadline=None)
@given(gaps=GAPS, limit=LIMITS, kept=st.integers(1, 400))
def test_windows_whose_bounds_are_ignored_end_and_claim_nothing(
    gaps: list[int], limit: int, kept: int
) -> None:
    records = made([gap or 1 for gap in gaps])
    now = from_ms(max([r.ms for r in records], default=FLOOR_MS) + 400 * 86_400_000)
    edge = to_ms(now) - kept * 86_400_000
    honest = by_window(records, limit, newest_first=True, inclusive=True)

    def serve(asked: dict[str, Any]) -> Answer:
        if asked["start"] >= edge:
            return honest(asked)
        return Answer([r.row for r in reversed(records)][:limit])  # what one did not ask for

    walk = Walk(windows(limit, "halve"), serve)
    walk.round(now)
    served = {r.id for r in records if r.ms >= edge}
    assert served <= walk.seen
    lost = [r.ms for r in records if r.id not in walk.seen]
    for begin, end in walk.covered:
        assert not any(to_ms(begin) <= ms < to_ms(end) for ms in lost)


def test_a_size_that_cannot_be_chosen_is_not_sent() -> None:
    strategy = TimeWindows("start", "end", "", 500, timedelta(days=7), FLOOR, HOUR)
    assert set(strategy.parameters({}, from_ms(FLOOR_MS + YEAR_MS))) == {"start", "end"}


def test_a_refused_stretch_beyond_the_promise_is_passed_over() -> None:
    strategy = windows(5, "page", retention=timedelta(days=180), asks_beyond=True)
    now = from_ms(FLOOR_MS + 3 * YEAR_MS)
    step = strategy.skip({}, now)
    assert step is not None
    assert step.covered is None
    assert step.cursor["from"] == FLOOR_MS + 90 * 86_400_000
    assert strategy.skip({"v": 1, "from": to_ms(now) - 1000}, now) is None


def test_a_stream_that_slept_for_too_long_says_what_it_missed() -> None:
    reach = timedelta(days=180)
    strategy = windows(5, "page", retention=reach)
    start = from_ms(FLOOR_MS + YEAR_MS)
    walk = Walk(strategy, by_window([], 5, newest_first=True, inclusive=True))
    walk.round(start)
    awake = later(start, days=400)
    walk.round(awake)
    assert walk.covered[-1] == (awake - reach, awake)


def test_a_round_that_began_long_ago_is_followed_by_one_for_what_came_since() -> None:
    records = made([1000] * 5)
    strategy, serve = case("fixed end", records, 2)
    walk = Walk(strategy, serve)
    start = from_ms(records[-1].ms + 5000)
    walk.page(start)
    records.append(Record(6, to_ms(later(start, days=2))))
    walk.round(later(start, days=3))
    assert walk.seen == {1, 2, 3, 4, 5, 6}


def test_rows_that_vanish_from_the_count_start_the_walk_anew() -> None:
    records = made([1000] * 9)
    strategy, serve = case("fixed end", records, 3)
    walk = Walk(strategy, serve)
    now = from_ms(records[-1].ms + 5000)
    walk.page(now)
    del records[-1]
    walk.round(now)
    assert ids(records) <= walk.seen


def test_a_cursor_of_another_version_is_refused() -> None:
    for name in CASES:
        strategy, _ = case(name, [], 2)
        with pytest.raises(ValueError, match="version"):
            strategy.parameters({"v": 99}, FLOOR)


def test_a_refused_stretch_across_the_promise_does_not_cover_what_is_promised() -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    promise = timedelta(days=180)
    windows = TimeWindows(
        start_parameter="start",
        end_parameter="end",
        limit_parameter="limit",
        limit=100,
        window=timedelta(days=180),
        floor=now - timedelta(days=270),
        overlap=timedelta(days=1),
        retention=promise,
        asks_beyond=True,
    )
    step = windows.skip({}, now)
    assert step is not None
    assert step.covered is None
    asked = windows.parameters(step.cursor, now)
    assert asked["start"] == to_ms(now - promise)
    # Refused again, a little later: that is an error, not another stretch to pass over.
    assert windows.skip(step.cursor, now + timedelta(minutes=5)) is None
