"""Exports: what is offered, and files that stream."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests import factories

CSV = reverse("portfolio:export-download", args=["csv"])


def _rows(page: Client, url: str = CSV, **query: str | int) -> list[dict[str, str]]:
    answer = page.get(url, query)
    assert isinstance(answer, StreamingHttpResponse)
    text = b"".join(answer).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_every_format_is_offered_with_its_words(page: Client) -> None:
    text = page.get(reverse("portfolio:export-list")).content.decode()
    assert CSV in text
    assert reverse("portfolio:export-download", args=["koinly"]) in text
    assert "nothing to export yet" in text


def test_a_file_streams_with_a_name(page: Client, owner: User) -> None:
    stream = factories.stream(factories.connection(owner))
    factories.transaction(stream, ("-1.5", "EUR"), ("0.1", "BTC"))
    answer = page.get(CSV)
    assert answer.streaming
    assert answer.headers["Content-Disposition"] == 'attachment; filename="coffer-csv.csv"'
    assert [row["amount"] for row in _rows(page)] == ["-1.5", "0.1"]


def test_a_year_and_a_connection_narrow_the_file(page: Client, owner: User) -> None:
    one = factories.stream(factories.connection(owner, label="One"))
    two = factories.stream(factories.connection(owner, label="Two"))
    factories.transaction(one, ("1", "BTC"), at=datetime(2024, 5, 1, tzinfo=UTC))
    factories.transaction(two, ("2", "BTC"), at=datetime(2026, 5, 1, tzinfo=UTC))
    assert [row["amount"] for row in _rows(page, year=2024)] == ["1"]
    assert [row["amount"] for row in _rows(page, connection=str(two.connection_id))] == ["2"]
    offered = page.get(reverse("portfolio:export-list")).content.decode()
    for year in (2024, 2025, 2026):
        assert f'<option value="{year}">' in offered


def test_what_cannot_be_exported_is_not_found(page: Client, owner: User) -> None:
    assert page.get(reverse("portfolio:export-download", args=["nothing"])).status_code == 404
    assert page.get(CSV, {"year": "1999"}).status_code == 404
    assert page.get(CSV, {"connection": "x"}).status_code == 404


def test_a_file_made_during_the_first_sync_is_said_to_be_incomplete(
    page: Client, owner: User
) -> None:
    factories.transaction(
        factories.stream(factories.connection(owner, backfilled_at=None)), ("1", "BTC")
    )
    assert "not complete" in page.get(reverse("portfolio:export-list")).content.decode()
