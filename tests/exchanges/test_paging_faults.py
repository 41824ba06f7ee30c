"""Exchanges that answer wrongly now and then, late, or with other words than before."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.exchanges.page_checks import PageRepeated
from portfolio.exchanges.paging import Answer, Step, Strategy, from_ms, to_ms
from portfolio.exchanges.paging_backward import BackToKnown, OffsetFixedEnd, TokenPages
from tests.exchanges import test_paging as plain
from tests.exchanges import test_paging_windows as windowed
from tests.exchanges.walks import FLOOR, FLOOR_MS, Record, Serve, Walk, by_offset, later

GAPS, LIMITS, HOUR = plain.GAPS, plain.LIMITS, plain.HOUR
CASES = [*plain.CASES, "token windows", "numbered"]
# A walk by stretches of time, without pages in them, cannot tell a page given twice from an
# exchange that does not know the stretch: it claims nothing then, but does not ask again. Nor can
# anybody tell that the first page of a stretch was left empty: only the balances can.
REPEATS = [name for name in CASES if not name.startswith("split")]


def case(name: str, records: list[Record], limit: int) -> tuple[Strategy, Serve]:
    if name == "token windows":
        return windowed.windows(limit), windowed.by_token(records, limit)
    if name == "numbered":
        return windowed.numbered(limit), windowed.by_number(records, limit)
    return plain.case(name, records, limit)


def made(name: str, gaps: list[int]) -> list[Record]:
    return plain.made([gap or 1 for gap in gaps] if name in plain.ONE_BY_ONE else gaps)


def end_of(records: list[Record]) -> datetime:
    return from_ms(max([r.ms for r in records], default=FLOOR_MS) + 5000)


class Unreliable:
    """Serves, and now and then the page before once more, an empty one after a full one, rows
    twice or in another order."""

    def __init__(self, serve: Serve, limit: int, troubles: tuple[str, ...], seed: int) -> None:
        self._serve, self._limit = serve, limit
        self._troubles, self._chance = troubles, random.Random(seed)
        self._before: tuple[dict[str, Any], Answer] | None = None
        self._emptied = False

    def begin(self) -> None:
        """A round begins: there is no page before."""
        self._before, self._emptied = None, False

    def __call__(self, asked: dict[str, Any]) -> Answer:
        before, true = self._before, self._serve(asked)
        trouble = self._chance.choice((*self._troubles, ""))
        if trouble == "again" and before and _follows(asked, before[0]):
            return before[1]
        if trouble == "empty" and before and len(before[1].rows) >= self._limit:
            self._emptied = not self._emptied
            if self._emptied:
                return true._replace(rows=[])
        self._emptied = False
        self._before = asked, true
        if trouble == "twice":
            return true._replace(rows=[row for row in true.rows for _ in range(2)])
        if trouble == "shuffled":
            return true._replace(rows=self._chance.sample(true.rows, len(true.rows)))
        return true


def _follows(asked: dict[str, Any], before: dict[str, Any]) -> bool:
    """Whether another page of the same stretch is asked for."""
    stretch = ("start", "end")
    return asked != before and all(asked.get(name) == before.get(name) for name in stretch)


def walk_on(walk: Walk, now: datetime) -> Step:
    """One page, asked for until it may be believed."""
    for _ in range(200):
        cursor = walk.cursor
        try:
            return walk.page(now)
        except PageRepeated:
            assert walk.cursor == cursor
    raise AssertionError("never believed")


def go_round(walk: Walk, now: datetime) -> None:
    if isinstance(walk.serve, Unreliable):
        walk.serve.begin()
    for _ in range(3000):
        if walk_on(walk, now).is_last:
            return
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=40, deadline=None)
@given(gaps=GAPS, limit=LIMITS, seed=st.integers(0, 10_000))
def test_wrong_answers_now_and_then_lose_nothing(
    name: str, gaps: list[int], limit: int, seed: int
) -> None:
    records = made(name, gaps)
    strategy, serve = case(name, records, limit)
    troubles = ("again", "empty", "shuffled") if name in REPEATS else ("empty", "shuffled")
    walk = Walk(strategy, Unreliable(serve, limit, troubles, seed))
    now = end_of(records)
    for hours in range(3):
        go_round(walk, later(now, hours=hours))
        assert walk.seen == plain.ids(records)
        plain.assert_covered_is_true(walk, records)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25, deadline=None)
@given(gaps=GAPS, limit=LIMITS, seed=st.integers(0, 10_000))
def test_rows_that_come_twice_in_a_page_hide_none(
    name: str, gaps: list[int], limit: int, seed: int
) -> None:
    records = made(name, gaps)
    strategy, serve = case(name, records, limit)
    walk = Walk(strategy, Unreliable(serve, limit, ("twice",), seed))
    go_round(walk, end_of(records))
    assert walk.seen >= {r.id for r in records if not _crowded(name, r, records, limit)}
    plain.assert_covered_is_true(walk, records)


def _crowded(name: str, record: Record, records: list[Record], limit: int) -> bool:
    """Twice the rows may fill a page with one moment, which walks by time have to pass."""
    return name in plain.ONE_BY_ONE and 2 * sum(r.ms == record.ms for r in records) >= limit


@pytest.mark.parametrize("name", REPEATS)
@settings(max_examples=25, deadline=None)
@given(gaps=GAPS, limit=LIMITS)
def test_a_page_that_never_ends_is_noticed_and_claims_nothing(
    name: str, gaps: list[int], limit: int
) -> None:
    records = made(name, gaps)
    strategy, serve = case(name, records, limit)
    first: list[Answer] = []

    def stuck(asked: dict[str, Any]) -> Answer:
        if not first and serve(asked).rows:
            first.append(serve(asked))
        return first[0] if first else serve(asked)

    walk, now = Walk(strategy, stuck), end_of(records)
    with suppress(PageRepeated):
        walk.round(now, limit=300)
    plain.assert_covered_is_true(walk, records)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=30, deadline=None)
@given(
    events=st.lists(st.tuples(st.integers(0, 5_000_000), st.integers(0, 3_500_000)), max_size=40),
    limit=LIMITS,
    polls=st.lists(st.integers(1, 9_000_000), min_size=1, max_size=6),
)
def test_records_that_show_late_are_all_seen(
    name: str, events: list[tuple[int, int]], limit: int, polls: list[int]
) -> None:
    """Each event (gap to the one before, delay) shows within the overlap of an hour."""
    ms, everything, shown_at = FLOOR_MS + 1000, [], {}
    for number, (gap, delay) in enumerate(events, start=1):
        ms += max(gap, 1)
        everything.append(Record(number, ms))
        shown_at[number] = ms + delay
    visible: list[Record] = []
    strategy, serve = case(name, visible, limit)
    walk, at = Walk(strategy, serve), FLOOR_MS + 500_000
    for pause in (*polls, max(ms - at, 0) + 4_000_000, 1000):
        at += pause
        visible[:] = [r for r in everything if r.ms <= at and shown_at[r.id] <= at]
        walk.round(from_ms(at))
    assert walk.seen == plain.ids(everything)


class Reading(Walk):
    """A walk that keeps what each record said when it was read last."""

    def __init__(self, strategy: Strategy, serve: Serve, words: dict[int, int]) -> None:
        super().__init__(strategy, self._read)
        self._served, self._words = serve, words
        self.read: dict[int, int] = {}

    def _read(self, asked: dict[str, Any]) -> Answer:
        answer = self._served(asked)
        self.read |= {int(r.external_id): self._words[int(r.external_id)] for r in answer.rows}
        return answer


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=25, deadline=None)
@given(gaps=GAPS, limit=LIMITS, seed=st.integers(0, 10_000))
def test_what_is_corrected_within_the_overlap_is_read_again(
    name: str, gaps: list[int], limit: int, seed: int
) -> None:
    records = made(name, gaps)
    words = dict.fromkeys(plain.ids(records), 0)
    strategy, serve = case(name, records, limit)
    walk, now = Reading(strategy, serve, words), end_of(records)
    walk.round(now)
    chance = random.Random(seed)
    recent = to_ms(now - HOUR + timedelta(minutes=5))
    for record in records:
        if record.ms > recent and chance.random() < 0.5:
            words[record.id] = 1
    walk.round(later(now, minutes=2))
    assert walk.read == words


@settings(max_examples=60, deadline=None)
@given(gaps=GAPS, sizes=st.lists(st.integers(1, 7), min_size=1, max_size=20))
def test_pages_of_any_size_are_followed_where_the_exchange_says_that_there_is_more(
    gaps: list[int], sizes: list[int]
) -> None:
    records = plain.made(gaps)
    turn = iter(range(10_000))

    def size() -> int:
        return sizes[next(turn) % len(sizes)]

    def by_token(asked: dict[str, Any]) -> Answer:
        begin, end = asked["start"] * 1000, asked["end"] * 1000
        found = [r.row for r in reversed(records) if begin <= r.ms <= end]
        at = 0 if asked["cursor"] == "true" else int(asked["cursor"])
        upto = at + size()
        return Answer(found[at:upto], token=str(upto) if upto < len(found) else None)

    def by_newest(asked: dict[str, Any]) -> Answer:
        found = [r.row for r in reversed(records)]
        at = int(asked.get("after", 0))
        upto = at + size()
        return Answer(found[at:upto], token=str(upto) if upto < len(found) else None)

    def counted(asked: dict[str, Any]) -> Answer:
        return by_offset(records, size(), tells_count=True)(asked)

    for strategy, serve in (
        (TokenPages("limit", 7, FLOOR, HOUR), by_token),
        (BackToKnown("after", "limit", 7, FLOOR, HOUR), by_newest),
        (OffsetFixedEnd(7, FLOOR, HOUR), counted),
    ):
        walk = Walk(strategy, serve)
        walk.round(end_of(records))
        assert walk.seen == plain.ids(records)
        plain.assert_covered_is_true(walk, records)


@settings(max_examples=40, deadline=None)
@given(gaps=GAPS, limit=LIMITS, seed=st.integers(0, 10_000))
def test_rows_that_vanish_while_a_counted_walk_is_under_way_hide_none(
    gaps: list[int], limit: int, seed: int
) -> None:
    records, chance = plain.made(gaps), random.Random(seed)
    strategy, serve = case("fixed end", records, limit)
    walk, now = Walk(strategy, serve), end_of(records)
    for _ in range(3000):
        if records and chance.random() < 0.3:
            records.pop(chance.randrange(len(records)))
        if walk.page(now).is_last:
            break
    assert walk.seen >= plain.ids(records)
