"""A complete archive that is brought on the page: checked, restored whole, or refused."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.db import connection as database
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from portfolio import tasks
from portfolio.models import Connection, Import, Posting, Restoration
from portfolio.selectors import archive as selector
from portfolio.services import locks, restorations, restored_rows
from portfolio.services.import_uploads import ImportProblem
from tests import factories
from tests.portfolio.archived_life import live
from tests.portfolio.conftest import Browser, Sent
from tests.portfolio.test_archive import archived

pytestmark = pytest.mark.django_db
State = Restoration.State


@pytest.fixture
def full(owner: User) -> User:
    live(owner)
    return owner


def brought(client: Client, *files: tuple[str, bytes]) -> Any:
    uploads = [SimpleUploadedFile(name, data) for name, data in files]
    return client.post(reverse("portfolio:import-list"), {"brought": uploads}, follow=True)


def checked(user: User, data: bytes) -> Restoration:
    """An archive that was brought, as a worker finds it."""
    job = restorations.begin(user=user, file=SimpleUploadedFile("a.zip", data))
    restorations.work(job.pk)
    job.refresh_from_db()
    return job


def test_the_page_takes_it_and_a_worker_restores_the_same_bytes(
    full: User,
    other: User,
    browser: Browser,
    sent: Sent,
    django_capture_on_commit_callbacks: Any,
) -> None:
    data, client = archived(full), browser(other)
    with django_capture_on_commit_callbacks(execute=True):
        brought(client, ("coffer-archive.zip", data))
    job = Restoration.objects.of(other).get()
    assert not Import.objects.of(other).exists()
    assert ("work_restoration", (str(job.pk),)) in sent.calls
    url = reverse("portfolio:restoration-detail", args=[job.pk])
    assert "Restore all of it" not in client.get(url).content.decode()
    tasks.work_restoration(str(job.pk))
    shown = client.get(url).content.decode()
    assert "Restore all of it" in shown
    assert "Kraken" in shown
    assert not Connection.objects.of(other).exists()
    for _ in range(2):  # the button pressed twice
        client.post(reverse("portfolio:restoration-confirm", args=[job.pk]))
    tasks.work_restoration(str(job.pk))
    tasks.work_restoration(str(job.pk))  # a message that comes twice
    job.refresh_from_db()
    assert (job.state, job.failure, job.content) == (State.DONE, "", None)
    assert archived(other) == data
    assert ("revalue", (other.pk,)) in sent.calls
    assert "agrees with the archive" in client.get(url).content.decode()
    assert "HX-Refresh" in client.get(f"{url}progress/").headers
    listed = client.get(reverse("portfolio:import-list")).content.decode()
    assert "Complete archives" in listed


def test_it_says_how_far_it_is(full: User, other: User) -> None:
    job = checked(other, archived(full))
    assert restorations.progress(job) is None
    job = restorations.confirm(user=other, job_id=job.pk)
    restorations.work(job.pk)
    told = restorations.progress(job)  # as the page had read it before
    assert told is not None
    assert told.done == told.total - 1 == 2 * len(selector.NAMES) - 1


def test_prices_are_never_taken_from_a_page(
    full: User, other: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = checked(other, archived(full))
    loaded: list[str] = []
    load = restored_rows._load

    def note(archive: Any, table: Any) -> None:
        loaded.append(table.name)
        load(archive, table)

    monkeypatch.setattr(restored_rows, "_load", note)
    restorations.confirm(user=other, job_id=job.pk)
    restorations.work(job.pk)
    assert "postings" in loaded
    assert not {"daily_prices", "moment_prices"} & set(loaded)


# --- What is refused --------------------------------------------------------------------------


def _damaged(data: bytes) -> bytes:
    info = zipfile.ZipFile(io.BytesIO(data)).getinfo("postings.jsonl")
    found = bytearray(data)
    found[info.header_offset + 200] ^= 255
    return bytes(found)


def _foreign(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for name in ("transactions.jsonl", "postings.jsonl", "manifest.json"):
            made.writestr(name, b"{}")
    return out.getvalue()


def _bomb(data: bytes) -> bytes:
    packed = zipfile.ZipFile(io.BytesIO(data))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in packed.namelist():
            made.writestr(name, b"0" * 80_000_000 if name == "notes.jsonl" else packed.read(name))
    return out.getvalue()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (_damaged, "postings is not as it was written"),
        (lambda data: data[: len(data) // 2], "it is cut off"),
        (_foreign, "not an archive of Coffer"),
        (_bomb, "notes"),
    ],
    ids=["damaged", "cut off", "foreign", "bomb"],
)
def test_what_is_no_whole_archive_is_refused_in_words(
    full: User, other: User, browser: Browser, sent: Sent, change: Any, why: str
) -> None:
    before = selector.lines(other)
    client = browser(other)
    brought(client, ("coffer-archive.zip", change(archived(full))))
    job = Restoration.objects.of(other).get()
    tasks.work_restoration(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.content) == (State.FAILED, None)
    assert why in job.failure
    url = reverse("portfolio:restoration-detail", args=[job.pk])
    assert why in client.get(url).content.decode()
    client.post(reverse("portfolio:restoration-confirm", args=[job.pk]))
    tasks.work_restoration(str(job.pk))
    assert selector.lines(other) == before


def test_an_account_that_has_something_is_refused_before_anybody_confirms(full: User) -> None:
    data, before = archived(full), selector.lines(full)
    job = checked(full, data)
    assert job.state == State.FAILED
    assert "here already" in job.failure
    assert selector.lines(full) == before


def test_what_comes_between_check_and_restoring_is_kept(full: User, other: User) -> None:
    job = checked(other, archived(full))
    mine = factories.connection(other, label="Mine")
    restorations.confirm(user=other, job_id=job.pk)
    restorations.work(job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert "Mine" in job.failure
    assert list(Connection.objects.of(other)) == [mine]


def test_it_is_brought_alone_and_not_too_large(
    full: User, other: User, browser: Browser, sent: Sent, settings: Settings
) -> None:
    data, client = archived(full), browser(other)
    shown = brought(client, ("a.zip", data), ("b.csv", b"a,b\n")).content.decode()
    assert "by itself" in shown
    settings.IMPORT_MAX_MB = 0
    command = f"manage.py restore {other.email} FILE"
    assert command in client.get("/imports/").content.decode()
    with pytest.raises(ImportProblem, match=f"manage.py restore {other.email} a.zip"):
        restorations.begin(user=other, file=SimpleUploadedFile("a.zip", data))
    assert not Restoration.objects.exists()


# --- Left alone -------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_killed_half_way_another_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    owner, other = factories.user(), factories.user()
    live(owner)
    data, insert = archived(owner), restored_rows._insert
    job = checked(other, data)
    restorations.confirm(user=other, job_id=job.pk)

    def kill(table: Any, user: User) -> None:
        insert(table, user)
        if table.name == "postings":
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(restored_rows, "_insert", kill)
    with pytest.raises(OperationalError):
        restorations.work(job.pk)
    database.close()
    assert not Posting.objects.filter(owner=other).exists()
    job.refresh_from_db()
    assert job.state == State.RESTORING
    later = job.worked_at + timedelta(minutes=2)
    assert restorations.left_alone(later) == [job.pk]
    monkeypatch.setattr(restored_rows, "_insert", insert)
    restorations.work(job.pk)
    assert archived(other) == data


@pytest.mark.django_db(transaction=True)
def test_two_workers_take_turns(full: User, other: User) -> None:
    job = checked(other, archived(full))
    restorations.confirm(user=other, job_id=job.pk)
    mine = database.copy()
    try:
        with mine.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s, %s)", [locks._RESTORES, other.pk])
        assert restorations.work(job.pk) is None
    finally:
        mine.close()
    assert not Connection.objects.of(other).exists()


def test_one_that_always_fails_is_given_up(full: User, other: User) -> None:
    job = checked(other, archived(full))
    restorations.confirm(user=other, job_id=job.pk)
    Restoration.objects.update(attempt=restorations.MOST_ATTEMPTS)
    assert restorations.work(job.pk) is None
    job.refresh_from_db()
    assert job.state == State.FAILED


def test_drafts_are_dropped_after_a_day(other: User) -> None:
    waiting = factories.restoration(other)
    done = factories.restoration(other, state=State.DONE)
    later = factories.NOW + restorations.KEPT + timedelta(minutes=1)
    assert restorations.expire(later) == 1
    assert list(Restoration.objects.all()) == [done]
    with pytest.raises(ImportProblem):
        restorations.discard(user=other, job_id=done.pk)
    with pytest.raises(Restoration.DoesNotExist):
        restorations.discard(user=other, job_id=waiting.pk)
