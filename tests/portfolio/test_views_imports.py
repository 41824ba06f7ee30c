"""Pages of imports: bring files, answer, look, import, undo; never more than a few queries."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from portfolio import tasks
from portfolio.imports.format import ImportFormat
from portfolio.models import Import, ImportProfile, RawRecord
from tests import factories
from tests.imports.small_format import add, made, small, text
from tests.portfolio.test_service_imports import ROWS, brought, confirmed, worked

__all__ = ["small"]

pytestmark = pytest.mark.django_db
LIST = "/imports/"
State = Import.State


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The imports that workers were asked to work on."""
    found: list[str] = []
    monkeypatch.setattr(tasks.work_import, "delay", found.append)
    return found


def url(name: str, job: Import, **parts: object) -> str:
    return reverse(f"portfolio:import-{name}", kwargs={"job_id": job.pk, **parts})


def upload(page: Client, *files: tuple[str, str]) -> Any:
    sent = [SimpleUploadedFile(name, data.encode()) for name, data in files]
    return page.post(LIST, {"brought": sent})


def test_an_empty_list_says_what_to_bring(page: Client) -> None:
    answer = page.get(LIST)
    assert "Nothing was imported yet" in answer.content.decode()


def test_files_are_kept_and_handed_to_a_worker_that_reads_them(
    page: Client,
    owner: User,
    small: ImportFormat,
    sent: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = upload(page, ("a.csv", text(*ROWS)), ("b.csv", text(ROWS[0])))
    job = Import.objects.get()
    assert answer["Location"] == url("detail", job)
    assert sent == [str(job.pk)]
    assert not job.files.exists()  # the page itself read nothing
    assert "Being read" in page.get(url("detail", job)).content.decode()
    worked(job)
    content = page.get(url("detail", job)).content.decode()
    assert "It is called “sorcery”" in content
    assert "Ready to be confirmed" in content


def test_too_large_a_file_is_refused_on_the_page(page: Client, settings: Settings) -> None:
    settings.IMPORT_MAX_MB = 0
    answer = upload(page, ("a.csv", "x"))
    assert "a.csv has 1 MB; at most 0 MB are read." in answer.content.decode()
    assert not Import.objects.exists()


def test_a_request_larger_than_any_upload_is_not_read(page: Client, settings: Settings) -> None:
    settings.IMPORT_MAX_MB = 0
    answer = upload(page, ("a.csv", "x" * 1_100_000))
    assert answer.status_code == 413
    assert "Files of at most 0 MB are read." in answer.content.decode()
    assert "manage.py restore EMAIL FILE" in answer.content.decode()


def test_lines_are_shown_by_state_fifty_at_a_time(
    page: Client, owner: User, small: ImportFormat
) -> None:
    rows = [f"2024-01-01T10:00:00,deposit,{n},BTC,Wallet,a{n}" for n in range(1, 121)]
    job = brought(owner, ("a.csv", text(*rows, ROWS[4])))
    content = page.get(url("detail", job), {"page": "3"}).content.decode()
    assert "Page 3 of 3" in content
    assert content.count("<tr>") == 21 + 2 + 1  # lines, headings, one account
    left_out = page.get(url("detail", job), {"state": "left_out"}).content.decode()
    assert "it was cancelled" in left_out


def test_a_draft_is_confirmed_and_undone(
    page: Client, owner: User, small: ImportFormat, sent: list[str]
) -> None:
    job = brought(owner, ("a.csv", text(*ROWS)))
    for _ in range(2):  # a double click
        page.post(url("confirm", job))
    assert Import.objects.get().state == State.IMPORTING
    assert "0 of 5 records" in page.get(url("progress", job)).content.decode()
    worked(job)
    answer = page.get(url("progress", job))
    assert answer["HX-Refresh"] == "true"
    content = page.get(url("detail", job)).content.decode()
    assert "Transactions of Wallet" in content
    page.post(url("undo", job))
    assert worked(job).state == State.UNDONE
    assert not RawRecord.objects.exists()
    assert "is taken back" in page.get(url("detail", job)).content.decode()


def test_a_draft_is_discarded(page: Client, owner: User, small: ImportFormat) -> None:
    job = brought(owner, ("a.csv", text(*ROWS)))
    assert page.post(url("discard", job))["Location"] == LIST
    assert not Import.objects.exists()


def test_what_was_imported_is_not_discarded(page: Client, owner: User, small: ImportFormat) -> None:
    job = confirmed(owner, brought(owner, ("a.csv", text(*ROWS))))
    answer = page.post(url("discard", job), follow=True)
    assert "it can be undone" in answer.content.decode()
    assert Import.objects.get().state == State.DONE


def test_questions_are_answered_on_the_page(
    page: Client, owner: User, monkeypatch: pytest.MonkeyPatch, sent: list[str]
) -> None:
    add(monkeypatch, made(asks=("zone", "day_first")))
    job = brought(owner, ("a.csv", text("03/04/2024,deposit,1,BTC,Wallet,a1")))
    table = job.files.get()
    content = page.get(url("detail", job)).content.decode()
    assert "Day first: 31/12/2024" in content
    prefix = f"file{table.pk}-"
    page.post(
        url("answer", job, file_id=table.pk),
        {f"{prefix}zone": "Europe/Berlin", f"{prefix}day_first": "yes"},
    )
    job = worked(job)
    assert job.state == State.READY
    line = job.lines.get()
    assert line.occurred_at is not None
    assert line.occurred_at.isoformat() == "2024-04-02T22:00:00+00:00"


def test_answers_are_changed_on_the_page_before_all_is_confirmed(
    page: Client, owner: User, monkeypatch: pytest.MonkeyPatch, sent: list[str]
) -> None:
    add(monkeypatch, made(asks=("zone", "day_first")))
    job = brought(owner, ("a.csv", text("03/04/2024,deposit,1,BTC,Wallet,a1")))
    table = job.files.get()
    address, prefix = url("answer", job, file_id=table.pk), f"file{table.pk}-"
    for zone, day_first, state in (
        ("Europe/Berlin", "no", "Refused"),  # the format knows no month first
        ("Asia/Tokyo", "yes", "Ready to be confirmed"),
    ):
        told = {f"{prefix}zone": zone, f"{prefix}day_first": day_first}
        page.post(address, told | {f"{prefix}format": "small"})
        worked(job)
        content = page.get(url("detail", job)).content.decode()
        assert state in content
        assert "Read it otherwise" in content
        assert f'<option value="{zone}" selected>' in content
    line = job.lines.get()
    assert line.occurred_at is not None
    assert line.occurred_at.isoformat() == "2024-04-02T15:00:00+00:00"
    page.post(url("confirm", job))
    worked(job)
    assert "Read it otherwise" not in page.get(url("detail", job)).content.decode()


def test_what_a_format_knows_can_be_explained_by_hand_instead(
    page: Client, owner: User, small: ImportFormat, sent: list[str]
) -> None:
    job = brought(owner, ("a.csv", text(*ROWS[:2])))
    table = job.files.get()
    page.post(url("answer", job, file_id=table.pk), {f"file{table.pk}-format": "generic"})
    assert worked(job).state == State.ASKED
    assert not job.lines.exists()
    assert "Explain its columns" in page.get(url("detail", job)).content.decode()


def test_an_unanswered_question_stays(
    page: Client, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(monkeypatch, made(asks=("day_first",)))
    job = brought(owner, ("a.csv", text("03/04/2024,deposit,1,BTC,Wallet,a1")))
    table = job.files.get()
    answer = page.post(url("answer", job, file_id=table.pk), {}, follow=True)
    assert "Please answer each question." in answer.content.decode()
    assert Import.objects.get().state == State.ASKED


def test_an_account_is_sent_where_its_owner_says(
    page: Client, owner: User, other: User, small: ImportFormat
) -> None:
    mine, foreign = factories.connection(owner), factories.connection(other)
    job = brought(owner, ("a.csv", text(*ROWS)))
    account = job.accounts.get()
    page.post(url("place", job), {f"account{account.pk}": str(foreign.pk)})
    assert job.accounts.get().connection is None
    page.post(url("place", job), {f"account{account.pk}": str(mine.pk)})
    assert job.accounts.get().connection == mine


def test_a_refused_file_names_its_lines(page: Client, owner: User, small: ImportFormat) -> None:
    job = brought(owner, ("a.csv", text("never,deposit,1,BTC,Wallet,b1")))
    content = page.get(url("detail", job)).content.decode()
    assert "Line 2:" in content
    assert "“never” is not a time" in content


# --- A table that no format knows -------------------------------------------------------------

UNKNOWN = "When,What,How much,Of\n2024-01-02 10:00,got,1.5,btc\n2024-01-03 10:00,gave,-0.5,btc\n"
MEANT = {"date": "When", "kind": "What", "amount": "How much", "code": "Of"}


def test_columns_are_explained_once_and_remembered(
    page: Client, owner: User, sent: list[str]
) -> None:
    job = brought(owner, ("mine.csv", UNKNOWN))
    table = job.files.get()
    content = page.get(url("detail", job)).content.decode()
    assert "When · What · How much · Of" in content
    columns = url("columns", job, file_id=table.pk)
    assert "2024-01-02 10:00" in page.get(columns).content.decode()
    looked = page.post(columns, MEANT, headers={"HX-Request": "true"}).content.decode()
    assert "Unclassified" in looked
    page.post(columns, {**MEANT, "word0": "deposit", "save": "1", "name": "My bank"})
    job = worked(job)
    assert job.state == State.ASKED
    prefix = f"file{table.pk}-"
    page.post(url("answer", job, file_id=table.pk), {f"{prefix}zone": "UTC"})
    account = worked(job).accounts.get()
    page.post(url("place", job), {f"account{account.pk}": "new", f"label{account.pk}": "Bank"})
    job = worked(job)
    kinds = list(job.lines.order_by("line").values_list("kind", "state"))
    assert kinds == [("deposit", "new"), ("unclassified", "unclear")]
    again = brought(owner, ("next.csv", UNKNOWN))
    assert again.files.get().settings["date"] == "When"
    assert ImportProfile.objects.get().name == "My bank"


def test_a_column_without_what_it_needs_is_asked_for(page: Client, owner: User) -> None:
    job = brought(owner, ("mine.csv", UNKNOWN))
    columns = url("columns", job, file_id=job.files.get().pk)
    no_asset = page.post(columns, {"date": "When", "amount": "How much", "save": "1"})
    assert "names the asset" in no_asset.content.decode()
    nothing = page.post(columns, {"date": "When", "save": "1"})
    assert "Say which column has an amount." in nothing.content.decode()


def test_a_profile_is_renamed_and_forgotten(page: Client, owner: User) -> None:
    profile = factories.import_profile(owner)
    page.post(f"/import-profiles/{profile.pk}/rename/", {"name": "Another"})
    assert ImportProfile.objects.get().name == "Another"
    assert "Another" in page.get(LIST).content.decode()
    page.post(f"/import-profiles/{profile.pk}/forget/")
    assert not ImportProfile.objects.exists()


# --- What pages cost --------------------------------------------------------------------------


def test_pages_ask_the_database_a_few_times(
    page: Client, owner: User, small: ImportFormat, django_assert_max_num_queries: Any
) -> None:
    job = brought(owner, ("a.csv", text(*ROWS)), ("b.csv", text(*ROWS[:2])))
    confirmed(owner, brought(owner, ("c.csv", text(*ROWS[:3]))))
    for address in (LIST, url("detail", job), url("progress", job)):
        page.get(address)
        with django_assert_max_num_queries(15):
            page.get(address)


def test_a_record_of_a_file_shows_its_rows(page: Client, owner: User, small: ImportFormat) -> None:
    confirmed(owner, brought(owner, ("a.csv", text(*ROWS))))
    record = RawRecord.objects.get(external_id="Wallet|a2")
    content = page.get(reverse("portfolio:record-detail", args=[record.pk])).content.decode()
    assert "file: a.csv" in content
    assert "<dt>Line</dt><dd>3</dd>" in content
    assert "<dt>Amount</dt><dd>-0.5</dd>" in content


def test_an_archive_says_how_it_is_read_back(page: Client, owner: User) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("transactions.jsonl", "postings.jsonl", "manifest.json"):
            archive.writestr(name, "{}")
    job = brought(owner, ("coffer.zip", packed.getvalue()))
    content = page.get(url("detail", job)).content.decode()
    assert "This is a complete archive of Coffer." in content
