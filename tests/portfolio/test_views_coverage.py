"""The coverage page: what each cell shows, how close one may look, what a cell opens to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from portfolio.models import Asking, Connection, Stream
from portfolio.selectors.coverage import Cell, Row
from tests import factories

NOW = factories.NOW
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portfolio.views.coverage.timezone.now", lambda: NOW)


@pytest.fixture
def connection(owner: User) -> Connection:
    return factories.connection(owner)


def url(connection: Connection, stream: Stream | None = None, cell: str = "") -> str:
    found = reverse("portfolio:connection-coverage", args=[connection.pk])
    return f"{found}?stream={stream.pk}&cell={cell}" if stream else found


def rows(answer: Any) -> dict[str, Row]:
    return {row.kind: row for row in answer.context["picture"].rows}


def words(row: Row) -> dict[str, str]:
    return {cell.name: cell.word.value for cell in row.cells}


def year(number: int) -> datetime:
    return datetime(number, 1, 1, tzinfo=UTC)


def covered(stream: Stream) -> Stream:
    """2020 not served, then fetched with one failure in 2023 and a hole in 2024."""
    factories.coverage(stream, year(2020), year(2021), "unavailable")
    factories.coverage(stream, year(2021), year(2023))
    factories.coverage(stream, year(2023), year(2023) + DAY, "failed")
    factories.coverage(stream, year(2023) + DAY, year(2024) + 40 * DAY)
    factories.coverage(stream, year(2024) + 50 * DAY, NOW)
    return stream


def test_each_year_shows_the_worst_of_it(page: Client, connection: Connection) -> None:
    stream = covered(factories.stream(connection, "ledger"))
    factories.raw_record(stream, occurred_at=year(2022) + DAY)
    factories.raw_record(stream, occurred_at=year(2022) - timedelta(microseconds=1))
    answer = page.get(url(connection))
    row = rows(answer)["ledger"]
    assert words(row) == {
        "2020": "unavailable",
        "2021": "fetched",
        "2022": "fetched",
        "2023": "failed",
        "2024": "hole",
        "2025": "empty",
        "2026": "empty",
    }
    assert [cell.records for cell in row.cells] == [0, 1, 1, 0, 0, 0, 0]
    text = answer.content.decode()
    for said in ("2021: fetched, 1 record", "2023: failed", "2024: never asked", "1 Jan 2021"):
        assert said in text


@pytest.mark.parametrize(
    ("period", "cell", "word", "number"),
    [("2024", "2024-02", "hole", 12), ("2024-02", "2024-02-15", "hole", 29), ("2026", "", "", 11)],
)
def test_a_closer_look(
    page: Client, connection: Connection, period: str, cell: str, word: str, number: int
) -> None:
    covered(factories.stream(connection, "ledger"))
    row = rows(page.get(url(connection), {"period": period}))["ledger"]
    assert len(row.cells) == number
    if cell:
        assert words(row)[cell] == word
        assert words(row)[min(words(row))] == "empty"


@pytest.mark.parametrize("query", ["period=1999", "period=x", "page=x", "cell=2024", "stream=99"])
def test_what_cannot_be_read_shows_all(page: Client, connection: Connection, query: str) -> None:
    covered(factories.stream(connection, "ledger"))
    answer = page.get(f"{url(connection)}?{query}")
    assert len(rows(answer)["ledger"].cells) == 7
    assert answer.context["opened"] is None


def test_many_streams_of_a_kind_are_one_row_that_opens(
    page: Client, connection: Connection
) -> None:
    for number in range(45):
        pair = factories.stream(connection, f"trades:P{number:02}", record_count=0)
        factories.coverage(pair, year(2024), NOW)
    covered(pair)
    factories.stream(connection, "trades:NEW", state="waiting", caught_up_at=None)
    closed = page.get(url(connection))
    row = rows(closed)["trades"]
    assert (row.streams, row.stream) == (46, None)
    assert words(row)["2025"] == "hole"  # one was never asked
    assert "1 never asked, 45 fetched, empty" in closed.content.decode()
    assert closed.context["picture"].opened is None
    opened = page.get(url(connection), {"kind": "trades"}).context["picture"].opened
    assert (len(opened.rows), opened.pages) == (40, 2)
    assert [part.stream.key for part in opened.rows[:2]] == ["trades:P44", "trades:NEW"]
    last = page.get(url(connection), {"kind": "trades", "page": "99"}).context["picture"].opened
    assert (len(last.rows), last.page) == (6, 2)


def test_a_cell_tells_when_and_how_it_was_asked(page: Client, connection: Connection) -> None:
    stream = covered(factories.stream(connection, "ledger", message="HTTP 502"))
    factories.raw_record(stream, occurred_at=year(2022) + DAY)
    for start, outcome, message in ((2021, "fetched", ""), (2023, "failed", "HTTP 503")):
        Asking.objects.create(
            stream=stream,
            outcome=outcome,
            start_at=year(start),
            end_at=year(start + 1),
            first_at=NOW,
            last_at=NOW,
            endpoint="GET /of-2021",
            pages=4321,
            records=17,
            message=message,
        )
    answer = page.get(url(connection, stream, "2021"))
    text = answer.content.decode()
    assert "GET /of-2021" in text
    assert "4,321" in text
    assert "HTTP 503" not in text
    again = f"{reverse('portfolio:connection-fetch-again', args=[connection.pk])}?kind=ledger"
    assert f"{again}&amp;since=2021-01-01" in text
    failed = page.get(url(connection, stream, "2023")).content.decode()
    assert "HTTP 503" in failed
    records = page.get(url(connection, stream, "2022")).content.decode()
    assert "POST /0/private/Ledgers" in records
    assert "1 record of this time came from" in records
    assert "none of them was for this time" in records
    gone = page.get(url(connection, stream, "2020")).content.decode()
    assert "serves nothing of this any more" in gone


def test_a_cell_of_many_streams_opens_to_them(page: Client, connection: Connection) -> None:
    for number in range(35):
        factories.coverage(factories.stream(connection, f"trades:P{number:02}"), year(2024), NOW)
    bad = covered(factories.stream(connection, "trades:BAD"))
    answer = page.get(url(connection), {"kind": "trades", "cell": "2024"})
    opened = answer.context["opened"]
    assert opened.parts[0].stream == bad
    assert (len(opened.parts), opened.more) == (30, 6)
    assert "And 6 more" in answer.content.decode()


def test_in_words(page: Client, connection: Connection) -> None:
    covered(factories.stream(connection, "ledger"))
    factories.stream(connection, "deposits", state="unavailable")
    text = page.get(url(connection)).content.decode()
    assert "Complete since" in text
    missing = rows(page.get(url(connection)))["ledger"].complete
    assert missing.since == year(2021)
    assert [part[0].value for part in missing.but_for] == ["failed", "hole"]
    cell: Cell = rows(page.get(url(connection)))["deposits"].cells[0]
    assert cell.word == "unavailable"


def test_an_answer_that_proves_nothing_is_no_hole(page: Client, connection: Connection) -> None:
    covered(factories.stream(connection, "trades:A"))
    factories.stream(connection, "trades:B", record_count=0, is_hot=False)
    row = rows(page.get(url(connection)))["trades"]
    assert words(row)["2022"] == "empty"
    assert row.complete.since == year(2021)


def test_nothing_was_asked_yet(page: Client, connection: Connection) -> None:
    assert "Nothing was asked yet" in page.get(url(connection)).content.decode()


def test_htmx_gets_the_picture_alone(page: Client, connection: Connection) -> None:
    covered(factories.stream(connection, "ledger"))
    answer = page.get(url(connection), headers={"HX-Request": "true"})
    assert answer.content.decode().lstrip().startswith('<div id="coverage"')


def test_the_stream_of_another_connection_does_not_open(
    page: Client, connection: Connection, other: User
) -> None:
    covered(factories.stream(connection, "ledger"))
    theirs = covered(factories.stream(factories.connection(other), "ledger"))
    answer = page.get(url(connection, theirs, "2023"))
    assert answer.context["opened"] is None


def test_the_number_of_queries_does_not_grow(
    page: Client, connection: Connection, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(60):
        pair = covered(factories.stream(connection, f"trades:P{number:02}"))
        factories.raw_record(pair, occurred_at=year(2022))
    with django_assert_max_num_queries(13):
        page.get(f"{url(connection, pair, '2022')}&kind=trades")
