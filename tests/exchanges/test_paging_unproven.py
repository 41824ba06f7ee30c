"""The careful walk against made-up exchanges that take bounds in every way there is."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.exchanges.paging import Answer, Cursor, Row, Step, from_ms, to_ms
from portfolio.exchanges.paging_unproven import Unproven

NOW = datetime(2026, 11, 21, tzinfo=UTC)
FLOOR = NOW - timedelta(days=400)
DAY = 86_400_000
PAGE = 7
ROWS = list[tuple[int, int]]  # id, milliseconds
Asked = dict[str, Any]


class Refused(Exception):
    """The exchange does not accept what was asked."""


def walk_of(**more: Any) -> Unproven:
    options: dict[str, Any] = {"takes_since": True, "takes_end": True, **more}
    return Unproven(
        limit=PAGE, floor=FLOOR, overlap=timedelta(days=14), window=timedelta(days=30), **options
    )


def _cut(rows: ROWS, *, newest: bool) -> ROWS:
    ordered = sorted(rows, key=lambda row: (row[1], row[0]), reverse=newest)
    return ordered[:PAGE]


def obedient(rows: ROWS, asked: Asked) -> ROWS:
    begin, end = asked.get("since", 0), asked.get("until", 10**15)
    return _cut([row for row in rows if begin <= row[1] <= end], newest=True)


def rising(rows: ROWS, asked: Asked) -> ROWS:
    """Oldest first from a moment on; without one, the newest."""
    begin = asked.get("since")
    return _cut([r for r in rows if begin is None or r[1] >= begin], newest=begin is None)


def deaf_to_ends(rows: ROWS, asked: Asked) -> ROWS:
    return _cut([row for row in rows if row[1] >= asked.get("since", 0)], newest=True)


def deaf(rows: ROWS, asked: Asked) -> ROWS:
    return _cut(rows, newest=True)


def by_number(rows: ROWS, asked: Asked) -> ROWS:
    """Takes the bound for the number of a record: nothing is as high as a moment."""
    return _cut([row for row in rows if row[0] > asked.get("since", 0)], newest=True)


def downwards(rows: ROWS, asked: Asked) -> ROWS:
    return _cut([row for row in rows if row[0] < asked.get("before", 10**15)], newest=True)


def a_week_at_most(rows: ROWS, asked: Asked) -> ROWS:
    if asked.get("until", 0) - asked.get("since", 0) > 7 * DAY:
        raise Refused
    return obedient(rows, asked)


def only_with_bounds(rows: ROWS, asked: Asked) -> ROWS:
    if "since" not in asked:
        raise Refused
    return obedient(rows, asked)


Behaviour = Callable[[ROWS, Asked], ROWS]
# Behaviour, what ccxt sends there, and whether all of it is to be had.
EXCHANGES: dict[str, tuple[Behaviour, dict[str, Any], bool]] = {
    "obedient": (obedient, {}, True),
    "rising": (rising, {"takes_end": False}, True),
    "rising, an end is sent": (rising, {}, True),
    "deaf to ends": (deaf_to_ends, {"takes_end": False}, False),
    "deaf to ends that are sent": (deaf_to_ends, {}, False),
    "deaf": (deaf, {}, False),
    "deaf to a beginning": (deaf, {"takes_end": False}, False),
    "nothing is sent": (deaf, {"takes_since": False, "takes_end": False}, False),
    "by number": (by_number, {}, False),
    "downwards by number": (downwards, {"before": "id"}, True),
    "a week at most": (a_week_at_most, {}, True),
    "only with bounds": (only_with_bounds, {}, True),
}


class Round:
    """What one round of a walk has brought."""

    def __init__(self) -> None:
        self.found: set[int] = set()
        self.covered: list[tuple[datetime, datetime]] = []
        self.unserved: list[tuple[datetime, datetime]] = []

    def take(self, step: Step, answer: Answer) -> None:
        self.found |= {int(row.external_id) for row in answer.rows}
        self.covered += [step.covered] if step.covered else []
        self.unserved += [step.unserved] if step.unserved else []

    def claims(self, moment: int) -> bool:
        return any(begin <= from_ms(moment) < end for begin, end in self.covered)


def run(walk: Unproven, behaviour: Behaviour, rows: ROWS, cursor: Cursor, now: datetime) -> Any:
    done = Round()
    for _ in range(5000):
        asked = walk.parameters(cursor, now)
        try:
            sent = behaviour([row for row in rows if row[1] <= to_ms(now)], asked)
        except Refused:
            skipped = walk.skip(cursor, now)
            assert skipped is not None
            cursor = skipped.cursor
            continue
        answer = Answer([Row(str(i), from_ms(at)) for i, at in sent], total=len(sent))
        step = walk.advance(cursor, answer, now)
        done.take(step, answer)
        cursor = step.cursor
        if step.is_last:
            return done, cursor
    raise AssertionError("the walk does not end")


def life(seed: int, count: int, *, span: int = 380) -> ROWS:
    """Records with some that share a moment, but never a whole page of them."""
    chance, rows = random.Random(seed), list[tuple[int, int]]()
    moment = to_ms(NOW) - span * DAY
    while len(rows) < count:
        moment += chance.randrange(1, max(2, 2 * span * DAY // max(count, 1)))
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            rows.append((100 + len(rows), min(moment, to_ms(NOW) - 1)))
    crowded = {at for _, at in rows if sum(at == other for _, other in rows) > PAGE - 2}
    return [row for row in rows if row[1] not in crowded]


@pytest.mark.parametrize("name", EXCHANGES)
@given(seed=st.integers(0, 10**6), count=st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_nothing_is_claimed_that_was_not_fetched(name: str, seed: int, count: int) -> None:
    behaviour, options, complete = EXCHANGES[name]
    rows, walk = life(seed, count), walk_of(**options)
    first, cursor = run(walk, behaviour, rows, {}, NOW)
    assert all(i in first.found for i, at in rows if first.claims(at))
    if complete:
        assert first.found == {i for i, _ in rows}
        # One page, exactly full, looks the same whichever end it was cut at.
        assert not first.unserved or len(rows) == PAGE

    later = NOW + timedelta(days=20)
    fresh = [(10_000 + n, to_ms(NOW) + n * DAY + 5) for n in range(seed % 20)]
    second, _ = run(walk, behaviour, rows + fresh, cursor, later)
    found = first.found | second.found
    claimed = [i for i, at in rows + fresh if second.claims(at)]
    assert set(claimed) <= found
    if complete:
        assert found == {i for i, _ in rows + fresh}


@pytest.mark.parametrize("name", [n for n, (_, _, complete) in EXCHANGES.items() if complete])
def test_all_of_it_is_claimed_where_all_of_it_came(name: str) -> None:
    behaviour, options, _ = EXCHANGES[name]
    rows = life(7, 50)
    done, _ = run(walk_of(**options), behaviour, rows, {}, NOW)
    assert all(done.claims(at) for _, at in rows)


@pytest.mark.parametrize("name", [n for n, (_, _, complete) in EXCHANGES.items() if not complete])
def test_what_is_out_of_reach_is_not_claimed(name: str) -> None:
    behaviour, options, _ = EXCHANGES[name]
    rows = life(7, 50)
    done, _ = run(walk_of(**options), behaviour, rows, {}, NOW)
    missing = [at for i, at in rows if i not in done.found]
    assert missing
    assert not any(done.claims(at) for at in missing)
    assert any(begin <= from_ms(missing[0]) < end for begin, end in done.unserved)


@pytest.mark.parametrize("name", EXCHANGES)
def test_a_full_moment_is_not_claimed(name: str) -> None:
    """More in one millisecond than a page can hold, some of it never seen."""
    behaviour, options, _ = EXCHANGES[name]
    at = to_ms(NOW) - 100 * DAY
    rows = [(n, at) for n in range(1, 3 * PAGE)] + [(500, at + 5 * DAY)]
    done, _ = run(walk_of(**options), behaviour, rows, {}, NOW)
    assert not done.claims(at) or done.found == {i for i, _ in rows}


@pytest.mark.parametrize("name", ["obedient", "rising", "downwards by number"])
def test_a_stretch_is_read_again_when_sent_back(name: str) -> None:
    behaviour, options, _ = EXCHANGES[name]
    rows, walk = life(3, 60), walk_of(**options)
    _, cursor = run(walk, behaviour, rows, {}, NOW)
    since = from_ms(sorted(at for _, at in rows)[len(rows) // 3])
    recent = {i for i, at in rows if from_ms(at) >= since}
    later = NOW + timedelta(hours=1)
    usual, again = run(walk, behaviour, rows, cursor, later)
    assert not recent <= usual.found
    found, _ = run(walk, behaviour, rows, walk.rewind(again, since), later)
    assert recent <= found.found
    assert len(found.found) < len(rows)


def test_bounds_are_tried_once_there_is_something_to_try_them_on() -> None:
    """An empty account says nothing of how its bounds are taken; the first record does."""
    walk = walk_of()
    _, cursor = run(walk, by_number, [], {}, NOW)
    rows = [(1, to_ms(NOW) + 5)]
    done, _ = run(walk, by_number, rows, cursor, NOW + timedelta(hours=1))
    assert done.found == {1}


def test_a_page_cut_within_its_last_moment_shows_where_it_was_cut() -> None:
    """Eight records, seven a page, the last two of one moment: only the ids tell."""
    at = to_ms(NOW) - 50 * DAY
    rows = [(n, at + min(n, 7) * DAY) for n in range(1, 9)]
    done, _ = run(walk_of(takes_end=False), rising, rows, {}, NOW)
    assert not done.unserved
    assert all(done.claims(moment) for _, moment in rows)
