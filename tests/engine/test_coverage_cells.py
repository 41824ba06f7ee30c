"""Cells hold each instant once, and say of no hole that it was fetched."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portfolio.engine import coverage_cells as engine
from portfolio.engine.coverage import Stretch, mark
from portfolio.engine.coverage_cells import Complete, Known, Width, Word

START = datetime(2023, 11, 20, 5, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = 24 * 80
SPAN = (START, START + HOURS * HOUR)


def at(hour: int) -> datetime:
    return START + hour * HOUR


STRETCHES = st.tuples(st.integers(0, HOURS - 1), st.integers(1, 400)).map(
    lambda pair: (at(pair[0]), min(at(pair[0] + pair[1]), SPAN[1]))
)
NOTES = st.lists(st.tuples(st.sampled_from(["fetched", "failed", "unavailable"]), STRETCHES))
WIDTHS = st.sampled_from(Width)


def known_of(notes: list[tuple[str, Stretch]], *, is_complete: bool) -> Known:
    """What the coverage map holds after these notes."""
    found: dict[str, list[Stretch]] = {}
    for state, stretch in notes:
        found = mark(found, state, stretch, fetched="fetched")
    return Known.of(
        found.get("fetched", ()),
        found.get("failed", ()),
        found.get("unavailable", ()),
        is_complete=is_complete,
    )


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=130 * 365)).map(lambda since: EPOCH + since)


@given(MOMENTS, st.timedeltas(HOUR, timedelta(days=2000)), WIDTHS)
def test_cells_follow_each_other_and_hold_the_span(
    start: datetime, length: timedelta, width: Width
) -> None:
    cells = engine.cut((start, start + length), width)
    assert cells[0][0] <= start < cells[0][1]
    assert cells[-1][1] == start + length
    assert all(one[1] == two[0] for one, two in pairwise(cells))
    assert all(begin < end for begin, end in cells)
    for begin, _ in cells:
        period = engine.period(engine.named(begin, width))
        assert period is not None
        assert period[0] == begin


@given(NOTES, st.booleans(), WIDTHS)
def test_every_instant_of_a_cell_is_told_once(
    notes: list[tuple[str, Stretch]], is_complete: bool, width: Width
) -> None:
    cells = engine.cut(SPAN, width)
    known = known_of(notes, is_complete=is_complete)
    for (start, end), shares in zip(cells, engine.shares(cells, known), strict=True):
        parts = (shares.failed, shares.hole, shares.unserved, shares.fetched, shares.outside)
        assert sum(parts, timedelta()) == end - start
        assert min(parts) >= timedelta()


@given(NOTES, st.booleans(), WIDTHS)
def test_a_hole_is_never_shown_as_fetched(
    notes: list[tuple[str, Stretch]], is_complete: bool, width: Width
) -> None:
    cells = engine.cut(SPAN, width)
    known = known_of(notes, is_complete=is_complete)
    told = [stretch for _, stretch in notes]
    inner = (
        (min(s for s, _ in told), max(e for _, e in told))
        if told and is_complete
        else (cells[0][0], SPAN[1])
    )
    for (start, end), shares in zip(cells, engine.shares(cells, known), strict=True):
        hours = int((end - start) / HOUR)
        for moment in (start + n * HOUR for n in range(hours)):
            if not inner[0] <= moment < inner[1] or moment + HOUR > end:
                continue
            if not any(s < moment + HOUR and moment < e for s, e in told):
                assert shares.word(1) in (Word.HOLE, Word.FAILED)


@given(NOTES, STRETCHES)
def test_what_failed_shows_wherever_it_was_not_fetched(
    notes: list[tuple[str, Stretch]], failed: Stretch
) -> None:
    notes = [note for note in notes if note[0] != "failed"]
    known = known_of([*notes, ("failed", failed)], is_complete=True)
    left = sum((end - start for start, end in known.failed), timedelta())
    cells = engine.cut(SPAN, Width.DAY)
    shares = engine.shares(cells, known)
    assert sum((s.failed for s in shares), timedelta()) == left
    for share in shares:
        assert (share.word(0) is Word.FAILED) == bool(share.failed)


def test_words_of_a_cell() -> None:
    known = Known.of(
        fetched=[(at(24), at(48)), (at(72), at(96)), (at(96), at(120))],
        failed=[(at(130), at(131))],
        unserved=[(at(0), at(24))],
    )
    days = [(at(24 * n), at(24 * n + 24)) for n in range(8)]
    expected = ["unavailable", "fetched", "hole", "fetched", "fetched", "failed", *2 * ["outside"]]
    assert [s.word(1) for s in engine.shares(days, known)] == expected
    assert [s.word(0) for s in engine.shares(days, known)][3] is Word.EMPTY


def test_less_than_an_hour_between_two_rounds_is_no_hole_wherever_cells_end() -> None:
    cut_at = datetime(2024, 1, 1, tzinfo=UTC)
    short, long = timedelta(minutes=40), timedelta(minutes=70)
    for gap, expected in ((short, Word.FETCHED), (long, Word.HOLE)):
        parts = [(cut_at - 9 * HOUR, cut_at - gap / 2), (cut_at + gap / 2, cut_at + 9 * HOUR)]
        cells = engine.cut((cut_at - 9 * HOUR, cut_at + 9 * HOUR), Width.DAY)
        words = {s.word(1) for s in engine.shares(cells, Known.of(parts))}
        assert words == {expected}


def test_a_stream_that_was_never_complete_has_holes_before_and_after() -> None:
    days = [(at(24 * n), at(24 * n + 24)) for n in range(3)]
    begun = Known.of([(at(24), at(48))], is_complete=False)
    assert [s.word(1) for s in engine.shares(days, begun)] == ["hole", "fetched", "hole"]
    assert [s.word(0) for s in engine.shares(days, Known())] == ["hole"] * 3


def test_the_worst_of_several_streams() -> None:
    rows = [[Word.FETCHED, Word.EMPTY, Word.OUTSIDE], [Word.HOLE, Word.FETCHED, Word.OUTSIDE]]
    told = engine.tally(rows)
    assert [engine.worst(words) for words in told] == ["hole", "fetched", "outside"]
    assert told[0] == {Word.FETCHED: 1, Word.HOLE: 1}


def test_complete_since_but_for() -> None:
    known = Known.of(
        fetched=[(at(24), at(48)), (at(72), at(120))], unserved=[(at(0), at(24))],
        failed=[(at(120), at(121))],
    )  # fmt: skip
    assert engine.complete(known, SPAN) == Complete(
        at(24), at(120), ((Word.HOLE, at(48), at(72)), (Word.FAILED, at(120), at(121)))
    )
    assert engine.complete(Known(failed=((at(0), at(1)),)), SPAN).since is None


@pytest.mark.parametrize(
    ("days", "width"), [(20, Width.DAY), (62, Width.DAY), (63, Width.MONTH), (1099, Width.YEAR)]
)
def test_the_width_follows_the_span(days: int, width: Width) -> None:
    assert engine.width_of((START, START + timedelta(days=days))) is width


@pytest.mark.parametrize(
    "name", ["", "24", "2024-13", "2024-3", "2024-02-30", "9999", "0", "x" * 99, "２０２４"]
)
def test_what_names_no_period(name: str) -> None:
    assert engine.period(name) is None


def test_periods() -> None:
    assert engine.period("2024-12") == (
        datetime(2024, 12, 1, tzinfo=UTC),
        datetime(2025, 1, 1, tzinfo=UTC),
    )
