"""Logs are dropped, or summed up, when they are old; what pages promise of them stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portfolio.models import Asking, Coverage, Stream, SyncRun, TaxShare, TaxShareOpening
from portfolio.services import pruning
from tests import factories

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_ended_runs_go_but_for_the_latest_of_each_connection(owner: User) -> None:
    busy, quiet = factories.connection(owner), factories.connection(owner)
    for days in range(200):
        at = NOW - days * DAY
        factories.sync_run(busy, started_at=at, finished_at=at)
    for days in range(300, 320):
        at = NOW - days * DAY
        factories.sync_run(quiet, started_at=at, finished_at=at)
    stuck = factories.sync_run(quiet, started_at=NOW - 400 * DAY, finished_at=None)
    assert pruning.prune(NOW) == (200 - 91) + (20 - 8)
    assert busy.sync_runs.count() == 91
    kept = [(NOW - run.started_at).days for run in quiet.sync_runs.exclude(pk=stuck.pk)]
    assert kept == list(range(300, 308))
    assert SyncRun.objects.filter(pk=stuck.pk).exists()
    assert pruning.prune(NOW) == 0


# --- What was asked ---------------------------------------------------------------------------


def asked(stream: Stream, at: datetime, *, days: int = 30, **fields: Any) -> Asking:
    told: dict[str, Any] = {
        "outcome": Coverage.State.FETCHED,
        "start_at": at,
        "end_at": at + days * DAY,
        "first_at": at,
        "last_at": at + days * DAY,
        "endpoint": "GET /rows",
        "pages": 10,
        "records": 1,
    }
    return Asking.objects.create(stream=stream, **told | fields)


def test_months_of_a_year_long_ago_become_one_row(owner: User) -> None:
    stream = factories.stream(factories.connection(owner))
    start = datetime(2024, 1, 2, tzinfo=UTC)
    for month in range(6):
        asked(stream, start + month * 30 * DAY)
    apart = asked(stream, start + 200 * DAY)
    walk = asked(stream, start - 900 * DAY, days=800, first_at=start, last_at=start)
    recent = [asked(stream, datetime(2025, month, 3, tzinfo=UTC)) for month in (2, 3)]
    assert pruning.prune(NOW) == 5
    joined = Asking.objects.exclude(pk__in=[row.pk for row in (apart, walk, *recent)]).get()
    assert (joined.start_at, joined.end_at) == (start, start + 180 * DAY)
    assert (joined.first_at, joined.last_at) == (start, start + 180 * DAY)
    assert (joined.pages, joined.records) == (60, 6)
    assert Asking.objects.count() == 5
    assert pruning.prune(NOW) == 0


def test_what_failed_in_a_year_long_ago_is_one_row_with_its_latest_words(owner: User) -> None:
    stream = factories.stream(factories.connection(owner))
    for month, words in ((3, "too late"), (9, "gone"), (5, "again")):
        at = datetime(2024, month, 1, tzinfo=UTC)
        asked(stream, at, days=1, outcome=Coverage.State.FAILED, message=words)
    pruning.prune(NOW)
    row = Asking.objects.get()
    assert (row.message, row.pages) == ("gone", 30)
    assert row.first_at == datetime(2024, 3, 1, tzinfo=UTC)


def test_rounds_that_brought_no_stretch_join_what_did(owner: User) -> None:
    stream = factories.stream(factories.connection(owner))
    at = datetime(2024, 3, 1, tzinfo=UTC)
    asked(stream, at + 40 * DAY, start_at=None, end_at=None)
    asked(stream, at)
    pruning.prune(NOW)
    row = Asking.objects.get()
    assert (row.start_at, row.end_at, row.pages) == (at, at + 30 * DAY, 20)


# --- What readers opened ----------------------------------------------------------------------


def test_old_openings_of_one_day_are_one_line_that_says_how_often(
    owner: User, page: Client
) -> None:
    share = TaxShare.objects.create(
        owner=owner, way="link", label="Adviser", created_at=NOW, ends_at=NOW, token_sha256="x"
    )
    old = NOW - 401 * DAY

    def opened(at: datetime, name: str) -> None:
        TaxShareOpening.objects.create(share=share, at=at, what="report", name=name, network="n")

    for minutes in range(5):
        opened(old - timedelta(hours=2, minutes=minutes), "2024")
        opened(NOW - timedelta(days=399, minutes=minutes), "2024")
    opened(old - timedelta(hours=1), "2023")
    assert pruning.prune(NOW) == 4
    assert pruning.prune(NOW) == 0
    rows = TaxShareOpening.objects.filter(at__lt=old).order_by("name")
    assert [(row.name, row.times) for row in rows] == [("2023", 1), ("2024", 5)]
    assert TaxShareOpening.objects.count() == 7
    told = page.get(reverse("portfolio:tax-share", args=[share.pk])).content.decode()
    assert told.count("5 times that day") == 1
