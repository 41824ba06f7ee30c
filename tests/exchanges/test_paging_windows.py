"""Windows whose pages open by token, and numbered pages: nothing lost whatever happens."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from portfolio.exchanges.paging import Answer, TimeWindows, from_ms, to_ms
from portfolio.exchanges.paging_windows import NumberedPages, OffsetPages, TokenWindows, days
from portfolio.exchanges.rewinding import rewind
from tests.exchanges.walks import FLOOR, FLOOR_MS, Record, Serve, Walk, by_window, later

HOUR = timedelta(hours=1)
WEEK = timedelta(days=7)
GAPS = st.lists(
    st.sampled_from([0, 0, 0, 1, 999, 1000, 60_000, 86_400_000, 9 * 86_400_000]), max_size=60
)
LIMITS = st.integers(2, 9)


def made(gaps: list[int], start: int = FLOOR_MS + 1000) -> list[Record]:
    times = itertools.accumulate(gaps, initial=start)
    return [Record(number, ms) for number, ms in enumerate(itertools.islice(times, 1, None), 1)]


def ids(records: list[Record]) -> set[int]:
    return {record.id for record in records}


def by_token(
    records: list[Record], limit: int, *, seconds: bool = False, last_too: bool = True
) -> Serve:
    """Newest first within a stretch; the token names the last id. The last page may have one."""

    def serve(asked: dict[str, Any]) -> Answer:
        scale = 1000 if seconds else 1
        begin, end = asked["start"] * scale, asked["end"] * scale
        found = [r for r in reversed(records) if begin <= r.ms <= end]
        token = asked.get("token")
        rest = [r for r in found if token is None or r.id < int(token)]
        page = rest[:limit]
        more = last_too or len(rest) > limit
        return Answer([r.row for r in page], token=str(page[-1].id) if page and more else None)

    return serve


def by_number(records: list[Record], limit: int) -> Serve:
    def serve(asked: dict[str, Any]) -> Answer:
        found = [r.row for r in reversed(records)]
        start = (asked["page"] - 1) * limit
        return Answer(found[start : start + limit])

    return serve


def by_offset(records: list[Record], limit: int, deepest: int) -> Serve:
    def serve(asked: dict[str, Any]) -> Answer:
        assert asked["skip"] <= deepest
        found = [r.row for r in reversed(records)]
        return Answer(found[asked["skip"] : asked["skip"] + limit])

    return serve


def windows(limit: int, **more: Any) -> TokenWindows:
    return TokenWindows(
        start_parameter="start",
        end_parameter="end",
        limit_parameter="limit",
        limit=limit,
        window=WEEK,
        floor=FLOOR,
        overlap=HOUR,
        token_parameter="token",
        **more,
    )


def skipping(limit: int, deepest: int = 10_000) -> OffsetPages:
    return OffsetPages("skip", "limit", limit, FLOOR, HOUR, deepest)


def numbered(limit: int) -> NumberedPages:
    return NumberedPages("page", "limit", limit, FLOOR, HOUR)


@settings(max_examples=60, deadline=None)
@given(GAPS, LIMITS, st.booleans(), st.booleans())
def test_token_windows_find_everything(
    gaps: list[int], limit: int, seconds: bool, last_too: bool
) -> None:
    records = made(gaps)
    now = later(from_ms(records[-1].ms if records else FLOOR_MS), hours=2)
    serve = by_token(records, limit, seconds=seconds, last_too=last_too)
    walk = Walk(windows(limit, in_seconds=seconds), serve)
    walk.round(now)
    assert walk.seen == ids(records)
    assert walk.covered[-1] == (FLOOR, now)
    for again in walk.replay(now):
        assert again.seen == ids(records)


@settings(max_examples=60, deadline=None)
@given(GAPS, LIMITS, st.sampled_from(["offset", "page"]), st.booleans())
def test_pages_of_windows_in_seconds_find_everything(
    gaps: list[int], limit: int, way: str, newest_first: bool
) -> None:
    records = made(gaps)
    now = later(from_ms(records[-1].ms if records else FLOOR_MS), hours=2)
    inner = by_window(records, limit, newest_first=newest_first, inclusive=True)

    def serve(asked: dict[str, Any]) -> Answer:
        begin, end = asked["start"] * 1000, asked["end"] * 1000 + 999
        return inner({**asked, "start": begin, "end": end})

    names: dict[str, Any] = {f"{way}_parameter": way, "in_seconds": True}
    strategy = TimeWindows("start", "end", "limit", limit, WEEK, FLOOR, HOUR, **names)
    walk = Walk(strategy, serve)
    walk.round(now)
    assert walk.seen == ids(records)
    assert walk.covered[-1] == (FLOOR, now)
    for again in walk.replay(now):
        assert again.seen == ids(records)


@settings(max_examples=40, deadline=None)
@given(GAPS, GAPS, LIMITS)
def test_the_next_round_finds_what_came_since(
    first: list[int], more: list[int], limit: int
) -> None:
    records = made(first)
    now = later(from_ms(records[-1].ms if records else FLOOR_MS), hours=2)
    for strategy, serve in (
        (windows(limit), by_token(records, limit)),
        (numbered(limit), by_number(records, limit)),
        (skipping(limit), by_offset(records, limit, 10_000)),
    ):
        kept = list(records)
        walk = Walk(strategy, serve)
        walk.round(now)
        since = made(more, start=int(now.timestamp() * 1000))
        fresh = [Record(len(kept) + r.id, r.ms) for r in since]
        records.extend(fresh)
        end = later(from_ms(records[-1].ms) if records else now, hours=3)
        walk.round(max(end, now))
        assert walk.seen == ids(records)
        del records[len(kept) :]


@settings(max_examples=60, deadline=None)
@given(GAPS, LIMITS)
def test_numbered_pages_find_everything(gaps: list[int], limit: int) -> None:
    records = made(gaps)
    now = later(from_ms(records[-1].ms if records else FLOOR_MS), hours=2)
    walk = Walk(numbered(limit), by_number(records, limit))
    walk.round(now)
    assert walk.seen == ids(records)
    assert walk.covered == [(FLOOR, now)]
    for again in walk.replay(now):
        assert again.seen == ids(records)


def test_numbered_pages_lose_nothing_when_records_come_in_between() -> None:
    records = made([1000] * 20)
    now = later(from_ms(records[-1].ms), hours=1)
    walk = Walk(numbered(5), by_number(records, 5))
    for number in range(3):
        walk.page(now)
        records.append(Record(21 + number, records[-1].ms + 1))
    walk.round(now)
    walk.round(later(now, hours=2))
    assert walk.seen == ids(records)


def test_numbered_pages_stop_where_the_last_round_began() -> None:
    records = made([HOUR // timedelta(milliseconds=1)] * 50)
    now = later(from_ms(records[-1].ms), minutes=1)
    walk = Walk(numbered(5), by_number(records, 5))
    walk.round(now)
    pages = len(walk.cursors)
    walk.round(later(now, minutes=1))
    assert len(walk.cursors) == pages + 1


def test_a_refused_token_begins_its_stretch_anew() -> None:
    strategy = windows(5)
    cursor = {"v": 1, "since": 1, "from": 5, "to": 9, "offset": 0, "width": 3, "token": "x"}
    step = strategy.skip(cursor, FLOOR)
    assert step is not None
    assert step.cursor == {name: value for name, value in cursor.items() if name != "token"}
    assert strategy.skip(step.cursor, FLOOR) is None


def test_what_is_promised_of_a_refused_stretch_is_asked_for_anew() -> None:
    promise = timedelta(days=100)
    strategy = windows(5, retention=promise, asks_beyond=True)
    now = FLOOR + timedelta(days=150)
    oldest = now - promise
    cursor: dict[str, Any] = {}
    asked: list[int] = []
    for _ in range(40):
        begin = strategy.parameters(cursor, now)["start"]
        asked.append(begin)
        refused = from_ms(begin) < oldest
        skipped = strategy.skip(cursor, now)
        assert (skipped is not None) is refused
        step = skipped or strategy.advance(cursor, Answer([]), now)
        assert (step.covered is None) is refused
        assert step.covered is None or step.covered[0] == oldest
        cursor = step.cursor
        if step.is_last:
            break
    assert step.is_last
    assert min(from_ms(begin) for begin in asked) == FLOOR
    assert oldest in {from_ms(begin) for begin in asked}
    assert step.covered == (oldest, now)


@pytest.mark.parametrize("strategy", [windows(5), numbered(5)])
def test_a_cursor_of_another_version_is_refused(strategy: Any) -> None:
    with pytest.raises(ValueError, match="version"):
        strategy.parameters({"v": 9}, FLOOR)


def test_a_window_is_less_than_so_many_days() -> None:
    assert timedelta(days=30) - days(30) == timedelta(seconds=2)


@settings(max_examples=80, deadline=None)
@given(GAPS, LIMITS, st.integers(0, 30))
def test_pages_by_offset_find_all_that_lies_within_reach(
    gaps: list[int], limit: int, deepest: int
) -> None:
    records = made(gaps)
    now = later(from_ms(records[-1].ms if records else FLOOR_MS), hours=2)
    walk = Walk(skipping(limit, deepest), by_offset(records, limit, deepest))
    walk.round(now)
    since, until = walk.covered[-1]
    assert until == now
    assert {r.id for r in records if since <= from_ms(r.ms) <= until} <= walk.seen
    if len(records) < limit + deepest // limit * limit:
        assert (walk.seen, since, walk.unserved) == (ids(records), FLOOR, [])
    elif since > FLOOR:
        assert walk.unserved[0][0] == FLOOR
        assert walk.unserved[0][1] <= since
    for again in walk.replay(now):
        assert again.seen == walk.seen


@settings(max_examples=60, deadline=None)
@given(GAPS, LIMITS, st.booleans())
def test_windows_in_whole_seconds_find_everything(
    gaps: list[int], limit: int, by_page: bool
) -> None:
    records = made([gap // 1000 * 1000 for gap in gaps], start=FLOOR_MS + 1000)
    seconds = Counter(record.ms // 1000 for record in records)
    crowd = max((count + seconds[at + 1] for at, count in list(seconds.items())), default=0)
    assume(by_page or crowd < limit)  # else more than a page can hold
    now = later(from_ms(records[-1].ms if records else FLOOR_MS), hours=2)

    def serve(asked: dict[str, Any]) -> Answer:
        begin, end = asked["start"] * 1000, asked["end"] * 1000
        found = [r.row for r in records if begin <= r.ms <= end]
        offset = asked.get("offset", 0)
        return Answer(found[offset : offset + limit])

    strategy = TimeWindows("start", "end", "limit", limit, WEEK, FLOOR, HOUR, in_seconds=True,
                           offset_parameter="offset" if by_page else "")  # fmt: skip
    walk = Walk(strategy, serve)
    walk.round(now)
    assert walk.seen == ids(records)
    assert walk.covered[-1][1] == now


@settings(max_examples=60, deadline=None)
@given(GAPS, LIMITS, st.integers(0, 100), st.integers(0, 3), st.booleans())
def test_pages_sent_back_in_time_read_all_since_then_again(
    gaps: list[int], limit: int, share: int, stop_after: int, by_number_of_page: bool
) -> None:
    records = made(gaps)
    now = later(from_ms(records[-1].ms if records else FLOOR_MS), hours=2)
    strategy = numbered(limit) if by_number_of_page else skipping(limit)
    serve = by_number(records, limit) if by_number_of_page else by_offset(records, limit, 10_000)
    walk = Walk(strategy, serve)
    walk.round(now)
    for _ in range(stop_after):  # the next round may be under way
        walk.page(now)
    since = FLOOR_MS + (to_ms(now) - FLOOR_MS) * share // 100
    cursor = rewind(strategy, walk.cursor, from_ms(since), None)
    assert cursor is not None
    again = Walk(strategy, serve, cursor)
    again.round(now)
    assert {r.id for r in records if r.ms >= since} <= again.seen
