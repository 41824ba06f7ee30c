"""Holes in a history are found, one per connection and kind, and close when they are fetched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import Stream
from portfolio.selectors.finders import coverage_hole
from portfolio.services import coverage
from tests import factories
from tests.factories import NOW

DAY = timedelta(days=1)


def holed(owner: User, key: str = "ledger", gap: timedelta = 2 * DAY, **fields: Any) -> Stream:
    """A stream of a connection of its own that lacks a stretch from ten days ago on."""
    made = factories.stream(factories.connection(owner), key, **fields)
    factories.coverage(made, NOW - 90 * DAY, NOW - 10 * DAY)
    factories.coverage(made, NOW - 10 * DAY + gap, NOW)
    return made


def test_a_hole_is_told_and_closes_when_it_is_fetched(owner: User) -> None:
    stream = holed(owner)
    (found,) = coverage_hole.find(owner)
    assert found.connection_id == stream.connection_id
    assert found.url.endswith("/coverage/?kind=ledger")
    assert found.value is None
    assert coverage_hole.line(found.data).endswith("10 Nov 2026, 12:00 – 12 Nov 2026, 12:00")
    coverage.fetched(stream, (NOW - 11 * DAY, NOW - 7 * DAY))
    assert list(coverage_hole.find(owner)) == []


def test_what_failed_or_is_not_served_is_no_hole(owner: User) -> None:
    for state in ("failed", "unavailable"):
        stream = holed(owner)
        factories.coverage(stream, NOW - 10 * DAY, NOW - 8 * DAY, state)
    assert list(coverage_hole.find(owner)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"gap": timedelta(minutes=59)},
        {"caught_up_at": None},
        {"is_hot": False, "record_count": 0},
    ],
)
def test_what_is_left_alone(owner: User, fields: dict[str, Any]) -> None:
    holed(owner, **fields)
    assert list(coverage_hole.find(owner)) == []


def test_a_history_that_is_not_in_yet_and_removed_connections_are_left_alone(owner: User) -> None:
    for fields in ({"backfilled_at": None}, {"status": "removed"}):
        stream = holed(owner)
        type(stream.connection).objects.filter(pk=stream.connection_id).update(**fields)
    assert list(coverage_hole.find(owner)) == []


def test_many_holes_of_a_kind_are_one_finding_in_one_query(
    owner: User, other: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    first = holed(owner, "trades:A")
    for key in ("trades:B", "trades:C"):
        more = factories.stream(first.connection, key)
        factories.coverage(more, NOW - 50 * DAY, NOW - 40 * DAY)
        factories.coverage(more, NOW - 30 * DAY, NOW)
    with django_assert_max_num_queries(1):
        (found,) = coverage_hole.find(owner)
    words = coverage_hole.line(found.data)
    assert "11 Oct 2026" in words
    assert words.endswith("and 2 more")
    assert list(coverage_hole.find(other)) == []
