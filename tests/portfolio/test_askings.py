"""The log of askings tells when and where each stretch was asked, and stays small."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from portfolio.exchanges.errors import StreamUnavailable, TryAgain
from portfolio.exchanges.types import StreamSpec
from portfolio.models import Asking, Connection, Stream
from portfolio.services import askings, coverage, sync
from portfolio.services.askings import Page
from tests import factories
from tests.portfolio.exchange import Exchange, last_page
from tests.portfolio.test_service_sync import DEPOSITS, active, record, run  # noqa: F401

DAY = timedelta(days=1)
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def stream(owner: User) -> Stream:
    return factories.stream(factories.connection(owner))


def walk(stream: Stream, start: datetime, *, now: datetime, pages: int = 5, days: int = 30) -> None:
    """Pages of so many days each, a second apart, one new record on each."""
    for number in range(pages):
        at = start + number * days * DAY
        page = Page("GET /rows", (at, at + days * DAY), 1, number == pages - 1)
        askings.fetched(stream, page, now=now + number * timedelta(seconds=1))


def poll(stream: Stream, now: datetime, *, new: int = 0) -> None:
    page = Page("GET /rows", (now - 2 * DAY, now), new, is_last=True)
    askings.fetched(stream, page, now=now)


def test_a_walk_through_history_is_one_row(stream: Stream) -> None:
    walk(stream, MARCH - 150 * DAY, now=MARCH)
    row = stream.askings.get()
    assert (row.start_at, row.end_at) == (MARCH - 150 * DAY, MARCH)
    assert (row.first_at, row.last_at) == (MARCH, MARCH + timedelta(seconds=4))
    assert (row.pages, row.records, row.endpoint, row.is_open) == (5, 5, "GET /rows", False)


def test_polling_for_a_year_leaves_a_row_a_month(stream: Stream) -> None:
    walk(stream, MARCH - 150 * DAY, now=MARCH)
    hours = 365 * 24 // 3
    for number in range(1, hours + 1):
        poll(stream, MARCH + number * timedelta(hours=3), new=number % 2)
        if number % 50 == 0:
            missing = (MARCH, MARCH + number * timedelta(hours=3))
            at = missing[1] + timedelta(minutes=1)
            askings.refused(stream, "failed", missing, f"HTTP {500 + number}", now=at)
    fetched = stream.askings.filter(outcome="fetched")
    assert fetched.count() <= 14  # the walk, and the 13 months that a year meets
    assert stream.askings.filter(outcome="failed").count() <= 13
    assert sum(row.pages for row in fetched) == 5 + hours
    assert sum(row.records for row in fetched) == 5 + hours // 2
    assert fetched.order_by("first_at")[0].records == 5


def test_pages_that_prove_the_whole_history_each_time_are_told_by_what_they_add(
    stream: Stream,
) -> None:
    begins = MARCH - 900 * DAY
    for number in range(60):
        now = MARCH + number * timedelta(minutes=15)
        askings.fetched(stream, Page("GET /rows", (begins, now), 1, is_last=True), now=now)
        coverage.fetched(stream, (begins, now))
        again = Page("GET /rows", (begins, now), 0, is_last=True)
        askings.fetched(stream, again, now=now)
    walked, polled = stream.askings.order_by("first_at", "id")
    assert (walked.start_at, walked.end_at, walked.pages) == (begins, MARCH, 1)
    assert polled.start_at == MARCH
    assert (polled.end_at, polled.pages, polled.records) == (now, 119, 59)


def test_stretches_that_do_not_touch_are_told_apart(stream: Stream) -> None:
    poll(stream, MARCH)
    poll(stream, MARCH + 4 * DAY)
    assert stream.askings.count() == 2
    poll(stream, MARCH + 2 * DAY)  # between the two
    (row,) = stream.askings.all()
    assert (row.start_at, row.end_at, row.pages) == (MARCH - 2 * DAY, MARCH + 4 * DAY, 3)


def test_what_is_fetched_again_is_a_row_of_its_own(stream: Stream) -> None:
    page = Page("GET /rows", (MARCH - 400 * DAY, MARCH - 370 * DAY), 3, is_last=False)
    askings.fetched(stream, page, now=MARCH)
    # Sent back to another time while it walked.
    walk(stream, MARCH - 150 * DAY, now=MARCH + DAY)
    rows = stream.askings.order_by("first_at")
    assert [(row.start_at, row.pages) for row in rows] == [
        (MARCH - 400 * DAY, 1),
        (MARCH - 150 * DAY, 5),
    ]
    assert not any(row.is_open for row in rows)


def test_a_walk_that_can_say_at_its_end_only_has_no_stretch_before(stream: Stream) -> None:
    for number in range(3):
        askings.fetched(stream, Page("GET /rows", None, 7, is_last=False), now=MARCH)
        row = stream.askings.get()
        assert (row.start_at, row.pages, row.is_open) == (None, number + 1, True)
    askings.fetched(stream, Page("GET /rows", (MARCH - 300 * DAY, MARCH), 0, True), now=MARCH)
    row = stream.askings.get()
    assert (row.start_at, row.end_at) == (MARCH - 300 * DAY, MARCH)
    assert (row.pages, row.records) == (4, 21)


def test_failures_of_a_month_are_one_row_with_the_latest_message(stream: Stream) -> None:
    for number in range(4):
        now = MARCH + number * 10 * DAY
        askings.refused(stream, "failed", (MARCH - DAY, now), f"HTTP 50{number}", now=now)
    march, april = stream.askings.order_by("first_at")
    assert (march.pages, march.message, march.end_at) == (3, "HTTP 502", MARCH + 20 * DAY)
    assert (april.pages, april.message) == (1, "HTTP 503")


def test_a_sync_writes_the_log_with_the_page(active: Connection, exchange: Exchange) -> None:  # noqa: F811
    now = timezone.now()
    answers = {
        "ledger": last_page(now, record("L1"), record("L2"), covered=(now - 90 * DAY, now)),
        "deposits": TryAgain("HTTP 502"),
        "gone": StreamUnavailable("Not for this account."),
    }
    exchange.streams = [DEPOSITS, StreamSpec("ledger", DEPOSITS.kind)]
    exchange.streams.append(StreamSpec("gone", DEPOSITS.kind))
    exchange.pages = lambda spec, cursor, now: answers[spec.key]
    for _ in range(sync.GIVE_UP_AFTER):
        Connection.objects.update(next_sync_at=timezone.now())
        run(active)
    rows = {row.stream.key: row for row in Asking.objects.select_related("stream")}
    assert len(rows) == 3
    assert (rows["ledger"].endpoint, rows["ledger"].records) == ("GET /records", 2)
    assert (rows["ledger"].start_at, rows["ledger"].end_at) == (now - 90 * DAY, now)
    assert (rows["deposits"].outcome, rows["deposits"].message) == ("failed", "HTTP 502")
    assert rows["gone"].outcome == "unavailable"
    assert rows["gone"].message == "Not for this account."


def test_a_page_that_cannot_be_stored_leaves_no_word_of_it(
    active: Connection,  # noqa: F811
    exchange: Exchange,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = timezone.now()
    exchange.streams = [DEPOSITS]
    exchange.pages = lambda spec, cursor, at: last_page(now, covered=(now - DAY, now))

    def fail(*_: object, **__: object) -> None:
        raise ValueError

    monkeypatch.setattr(sync, "_log_page", fail)
    run(active)
    assert [row.outcome for row in Asking.objects.all()] == ["failed"]
    stream = Stream.objects.get()
    assert stream.cursor == {}
    assert [part.state for part in stream.coverage.all()] == ["failed"]
