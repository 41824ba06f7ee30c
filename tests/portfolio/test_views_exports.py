"""Exports: targets, forms, first rows, and files that are made, kept and downloaded."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.db import connection as database
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from portfolio import tasks
from portfolio.engine.export import ExportContext, ExportTransaction
from portfolio.exports import registry
from portfolio.models import Export, ExportSymbol, Stream
from portfolio.services import export_jobs, grading
from portfolio.services.exports import Asked
from tests import factories
from tests.portfolio.conftest import Sent

MAX_QUERIES = 15
LIST = reverse("portfolio:export-list")
PREVIEW = reverse("portfolio:export-preview", args=["csv"])
MAKE = reverse("portfolio:export-make", args=["csv"])
DAY = datetime(2024, 5, 2, 11, 30, tzinfo=UTC)


@pytest.fixture
def ledger(owner: User) -> Stream:
    made = factories.stream(factories.connection(owner, label="One"))
    for day in range(1, 4):
        at = DAY.replace(day=day)
        factories.transaction(made, ("-1.5", "EUR"), ("0.1", "BTC"), kind="trade", at=at)
    return made


def made(owner: User, **asked: object) -> Export:
    job = export_jobs.ask(user=owner, asked=Asked("csv", **asked))  # type: ignore[arg-type]
    export_jobs.make(job.pk)
    return Export.objects.get(pk=job.pk)


def detail(job: Export) -> str:
    return reverse("portfolio:export-detail", args=[job.pk])


def text(page: Client, url: str, status: int = 200, **query: str) -> str:
    answer = page.get(url, query)
    assert answer.status_code == status
    return answer.content.decode()


# --- Targets ----------------------------------------------------------------------------------


def test_every_target_is_offered_and_says_how_it_was_checked(page: Client) -> None:
    shown = text(page, LIST)
    for known in registry.formats():
        assert reverse("portfolio:export-form", args=[known.id]) in shown
    assert "nothing to export yet" in shown
    assert "not verified by running: written by documented rules" in shown
    assert "Coffer’s own layout" in shown


def test_a_file_made_during_the_first_sync_is_said_to_be_incomplete(
    page: Client, owner: User
) -> None:
    of = factories.connection(owner, backfilled_at=None)
    factories.transaction(factories.stream(of), ("1", "BTC"))
    assert "not complete" in text(page, LIST)


@pytest.mark.parametrize("name", ["form", "preview", "make", "symbols"])
def test_what_is_no_target_is_not_found(page: Client, name: str) -> None:
    url = reverse(f"portfolio:export-{name}", args=["nothing"])
    assert {page.get(url).status_code, page.post(url).status_code} <= {404, 405}


# --- Asking -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("ledger")
def test_the_form_offers_what_there_is(page: Client, owner: User) -> None:
    factories.holding(owner.connections.get(), wallet="funding")
    shown = text(page, reverse("portfolio:export-form", args=["csv"]), year="2024")
    assert '<option value="2024" selected>' in shown
    assert ">One</span>" in shown
    assert 'value="funding"' in shown
    assert 'value="withdrawal"' in shown


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize(
    "asked",
    [
        {"year": "1999"},
        {"connection": "x"},
        {"wallet": "sofa"},
        {"kind": "birthday"},
        {"currency": "XXX"},
        {"first": "2024-05-03", "last": "2024-05-02"},
        {"year": "2024", "first": "2024-05-03"},
        {"first": "yesterday"},
    ],
)
def test_what_cannot_be_asked_for_is_said_on_the_form(
    page: Client, asked: dict[str, str], sent: Sent
) -> None:
    shown = text(page, PREVIEW, 422, **asked)
    assert 'class="cf-error' in shown or "invalid" in shown
    assert page.post(MAKE, asked).status_code == 422
    assert Export.objects.count() == 0
    assert sent.calls == []


# --- The first rows ---------------------------------------------------------------------------


@pytest.mark.usefixtures("ledger")
def test_the_first_rows_are_shown_as_a_table(page: Client) -> None:
    shown = text(page, PREVIEW, first="2024-05-02")
    assert "The first 4 rows" in shown
    assert "<td>2024-05-02T11:30:00Z</td>" in shown
    assert "2024-05-01" not in shown
    assert '<input type="hidden" name="first" value="2024-05-02">' in shown
    assert Export.objects.count() == 0


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("format_id", [known.id for known in registry.formats()])
def test_every_format_can_be_looked_at(page: Client, format_id: str) -> None:
    shown = text(page, reverse("portfolio:export-preview", args=[format_id]))
    assert any(words in shown for words in ("The first ", "is not text"))
    assert "Make the file" in shown


@pytest.mark.usefixtures("ledger")
def test_what_the_target_cannot_express_is_told_before(
    page: Client, monkeypatch: pytest.MonkeyPatch, owner: User
) -> None:
    def short(told: ExportTransaction, context: ExportContext) -> Iterator[str]:
        yield from ["early"] if told.occurred_at.day < 3 else []

    known = replace(
        registry.by_id("csv"), lacks={"early": "Early ones are left out."}, shortfalls=short
    )
    monkeypatch.setattr(registry, "by_id", lambda ident: known)
    shown = text(page, PREVIEW)
    assert "Early ones are left out." in shown
    assert "2 transactions</span>" in shown
    shown = text(page, detail(made(owner)))
    assert "2 transactions</span>" in shown


def test_open_findings_are_told_before(page: Client, owner: User, ledger: Stream) -> None:
    factories.finding(ledger.connection)
    grading.store(owner, [], timezone.now())
    shown = text(page, PREVIEW)
    assert "?cause=discrepancy" in shown
    assert "What should be looked at first" in shown


@pytest.mark.usefixtures("ledger")
def test_nothing_as_asked_is_told(page: Client) -> None:
    shown = text(page, PREVIEW, kind="airdrop")
    assert "No transaction is as you asked" in shown
    assert "Make the file" not in shown


# --- Made -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("ledger")
def test_a_file_is_made_by_a_worker_and_downloaded(
    page: Client, sent: Sent, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        answer = page.post(MAKE, {"year": "2024", "kind": ["trade"], "currency": "USD"})
    job = Export.objects.get()
    assert sent.calls == [("make_export", (job.pk,))]
    assert answer.headers["Location"] == detail(job)
    shown = text(page, detail(job))
    assert "Waiting for a worker" in shown
    assert "every 2s" in shown
    download = reverse("portfolio:export-download", args=[job.pk])
    assert page.get(download).status_code == 404
    tasks.make_export(job.pk)
    file = page.get(download)
    assert isinstance(file, StreamingHttpResponse)
    assert file.headers["Content-Disposition"] == 'attachment; filename="coffer-csv-2024.csv"'
    content = b"".join(file)
    assert file.headers["Content-Length"] == str(len(content))
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert [row["amount"] for row in rows] == ["-1.5", "0.1"] * 3
    shown = text(page, detail(job))
    for told in (Export.objects.get().fingerprint, Export.objects.get().sha256, "USD", "Trade"):
        assert told in shown
    assert "every 2s" not in shown
    assert download in text(page, LIST)


@pytest.mark.usefixtures("ledger")
def test_the_live_part_comes_alone(page: Client, owner: User) -> None:
    job = made(owner)
    answer = page.get(detail(job), headers={"hx-request": "true"})
    assert answer.content.decode().lstrip().startswith('<div id="export">')


@pytest.mark.usefixtures("ledger")
def test_many_at_once_wait(page: Client, owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_jobs, "MOST_AT_ONCE", 1)
    export_jobs.ask(user=owner, asked=Asked("koinly"))
    answer = page.post(MAKE, follow=True)
    assert "Many files are being made already" in answer.content.decode()
    assert Export.objects.count() == 1


@pytest.mark.usefixtures("ledger")
def test_a_failure_and_a_dropped_file_are_told(page: Client, owner: User) -> None:
    job = made(owner)
    export_jobs.prune(timezone.now() + timezone.timedelta(days=31))  # type: ignore[attr-defined]
    assert "The file was dropped after 30 days" in text(page, detail(job))
    assert page.get(reverse("portfolio:export-download", args=[job.pk])).status_code == 404
    Export.objects.update(state="failed", failure="It went wrong.")
    assert "It went wrong." in text(page, detail(job))
    Export.objects.update(format="gone")
    assert "gone" in text(page, detail(job))
    assert "gone" in text(page, LIST)


def test_whether_the_ledger_changed_is_looked_at_on_asking(
    page: Client,
    owner: User,
    ledger: Stream,
    sent: Sent,
    django_capture_on_commit_callbacks: object,
) -> None:
    job = made(owner)
    factories.transaction(ledger, ("1", "BTC"), kind="reward", at=DAY)
    assert "changed since" not in text(page, detail(job))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        page.post(reverse("portfolio:export-compare", args=[job.pk]))
    assert sent.calls == [("compare_export", (job.pk,))]
    assert "being looked at" in text(page, detail(job))
    tasks.compare_export(job.pk)
    assert "The ledger changed since" in text(page, detail(job))


@pytest.mark.usefixtures("ledger")
def test_a_file_can_be_asked_for_again_and_deleted(page: Client, owner: User) -> None:
    job = made(owner, first=date(2024, 5, 2), wallets=("spot",))
    assert f"{PREVIEW}?first=2024-05-02&amp;wallet=spot" in text(page, detail(job))
    url = reverse("portfolio:export-delete", args=[job.pk])
    assert "can be made again" in text(page, url)
    assert Export.objects.count() == 1
    assert page.post(url).headers["Location"] == LIST
    assert Export.objects.count() == 0


# --- Symbols ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("ledger")
def test_symbols_are_added_changed_and_removed(page: Client, owner: User) -> None:
    factories.holding(owner.connections.get(), "BTC")
    url = reverse("portfolio:export-symbols", args=["csv"])
    assert '<option value="BTC">' in text(page, url)
    for symbol in ("XBT", "BTC2"):
        assert page.post(url, {"asset": "BTC", "symbol": symbol}).headers["Location"] == url
    row = ExportSymbol.objects.get()
    assert (row.owner, row.format, row.asset, row.symbol) == (owner, "csv", "BTC", "BTC2")
    assert "yours, instead of BTC" in text(page, url)
    assert "<td>BTC2</td>" in text(page, PREVIEW)
    answer = page.post(url, {"asset": "BTC", "symbol": "=1+1"})
    assert answer.status_code == 422
    assert "A symbol has letters" in answer.content.decode()
    page.post(reverse("portfolio:export-symbol-forget", args=[row.pk]))
    assert "Every asset is called by its own code" in text(page, url)


# --- Queries ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("ledger")
def test_pages_take_few_queries(page: Client, owner: User) -> None:
    job = made(owner)
    factories.finding(owner.connections.get())
    urls = [
        LIST,
        detail(job),
        *(reverse(f"portfolio:export-{name}", args=["csv"]) for name in ("form", "symbols")),
        f"{PREVIEW}?first=2024-05-02&connection={owner.connections.get().pk}",
    ]
    for url in urls:
        page.get(url)
        with CaptureQueriesContext(database) as queries:
            assert page.get(url).status_code == 200
        statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
        assert len(statements) <= MAX_QUERIES, (url, statements)
