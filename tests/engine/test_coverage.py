"""Coverage claims each moment once, never more than was fetched, and heals where it was mended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine.coverage import Stretch, join, mark, without

START = datetime(2025, 1, 1, tzinfo=UTC)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


def stretch(begin: int, end: int) -> Stretch:
    return at(begin), at(end)


STRETCHES = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda p: (p[0], p[0] + p[1]))
NOTES = st.lists(st.tuples(st.sampled_from(["fetched", "failed", "unavailable"]), STRETCHES))


def hours(stretches: list[Stretch]) -> set[int]:
    """The whole hours that stretches hold."""
    return {h for start, end in stretches for h in range(24) if start <= at(h) < end}


@given(st.lists(STRETCHES), STRETCHES)
def test_joined_stretches_hold_the_same_time_and_do_not_touch(
    known: list[tuple[int, int]], more: tuple[int, int]
) -> None:
    joined: list[Stretch] = []
    for one in [*known, more]:
        joined = join(joined, stretch(*one))
    assert hours(joined) == hours([stretch(*one) for one in [*known, more]])
    ends = [moment for pair in joined for moment in pair]
    assert ends == sorted(set(ends))


@given(st.lists(STRETCHES), st.lists(STRETCHES))
def test_what_is_taken_is_gone_and_nothing_else(
    known: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    left = without([stretch(*k) for k in known], [stretch(*t) for t in taken])
    before = hours([stretch(*k) for k in known])
    assert hours(left) == before - hours([stretch(*t) for t in taken])


@given(NOTES)
def test_every_hour_is_as_the_notes_say(notes: list[tuple[str, tuple[int, int]]]) -> None:
    known: dict[str, list[Stretch]] = {}
    expected: dict[int, str] = {}
    for state, (begin, end) in notes:
        known = mark(known, state, stretch(begin, end), fetched="fetched")
        for hour in range(begin, end):
            if state == "fetched" or expected.get(hour) != "fetched":
                expected[hour] = state
    found = {hour: state for state, parts in known.items() for hour in hours(parts)}
    assert found == expected
    assert sum(len(hours(parts)) for parts in known.values()) == len(expected)  # no overlap


def test_failing_again_makes_one_row_longer() -> None:
    known: dict[str, list[Stretch]] = {"fetched": [stretch(0, 4)]}
    for now in (6, 7, 8, 9):
        known = mark(known, "failed", stretch(4, now), fetched="fetched")
    assert known == {"fetched": [stretch(0, 4)], "failed": [stretch(4, 9)]}


def test_a_fetched_part_heals_only_itself() -> None:
    known = {"fetched": [stretch(0, 4)], "failed": [stretch(4, 9)]}
    mended = mark(known, "fetched", stretch(3, 6), fetched="fetched")
    assert mended == {"fetched": [stretch(0, 6)], "failed": [stretch(6, 9)]}
