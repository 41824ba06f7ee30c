"""Sent back in time, every way of walking reads all of the stretch again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portfolio.exchanges.paging import Row, from_ms
from portfolio.exchanges.rewinding import rewind
from tests.exchanges.test_paging import CASES, GAPS, LIMITS, ONE_BY_ONE, case, made
from tests.exchanges.walks import FLOOR_MS, Walk, later


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=40, deadline=None)
@given(gaps=GAPS, limit=LIMITS, share=st.integers(0, 100), stop_after=st.integers(0, 5))
def test_all_since_a_moment_is_read_again(
    name: str, gaps: list[int], limit: int, share: int, stop_after: int
) -> None:
    records = made([gap or 1 for gap in gaps] if name in ONE_BY_ONE else gaps)
    strategy, serve = case(name, records, limit)
    edge = max([r.ms for r in records], default=FLOOR_MS) + 5000
    now = later(from_ms(edge), hours=2)
    walk = Walk(strategy, serve)
    walk.round(now)
    for _ in range(stop_after):  # the next round may be under way
        walk.page(later(now, minutes=1))
    since = from_ms(FLOOR_MS + (edge - FLOOR_MS) * share // 100)
    before = max((r.row for r in records if r.row.occurred_at < since), default=None, key=_order)
    cursor = rewind(strategy, walk.cursor, since, before)
    assert cursor is not None
    again = Walk(strategy, serve, cursor)
    again.round(later(now, minutes=2))
    assert {r.id for r in records if from_ms(r.ms) >= since} <= again.seen
    again.seen.clear()
    again.round(later(now, minutes=3))  # the rounds after it are short again
    edge_of_overlap = later(now, minutes=-120)
    older = {r.id for r in records if from_ms(r.ms) < edge_of_overlap - timedelta(days=200)}
    if len(older) > 2 * limit:
        assert older - again.seen


def _order(row: Row) -> tuple[object, int]:
    return row.occurred_at, int(row.external_id)


def test_an_unknown_way_of_walking_begins_anew() -> None:
    assert rewind(object(), {"v": 1}, from_ms(0), None) is None
