"""Reading stored records again: from the page, by the workers, and as an operator asks for it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from accounts.models import User
from portfolio import tasks
from portfolio.engine.types import Event, TransactionKind
from portfolio.exchanges import registry
from portfolio.exchanges.types import StreamSpec
from portfolio.models import Connection, Renormalisation, Transaction
from portfolio.services import ledger, renormalising
from tests import factories
from tests.portfolio.conftest import Sent
from tests.portfolio.test_service_renormalising import NOW, entry


@pytest.fixture
def kraken(owner: User) -> Connection:
    made = factories.connection(owner)
    rows = factories.stream(made, "ledger", record_count=0)
    records = [entry(f"L{day}", day, "1", type="deposit") for day in range(5)]
    ledger.store(rows, records, endpoint="POST /0/private/Ledgers", now=NOW)
    return made


@pytest.fixture
def other_rules(kraken: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules for which the second deposit is an airdrop, of after all was booked."""
    of_today = registry.normalise

    def read(exchange: str, stream: StreamSpec, body: str) -> Event | None:
        event = of_today(exchange, stream, body)
        if event is None or event.key != "ledger:R-L1":
            return event
        return replace(event, kind=TransactionKind.AIRDROP)

    monkeypatch.setattr(registry, "normalise", read)


def url(of: Connection, name: str = "connection-read-again") -> str:
    return reverse(f"portfolio:{name}", args=[of.pk])


@pytest.mark.parametrize("is_rebuild", [False, True])
def test_a_reading_is_asked_for_on_the_page(
    page: Client,
    kraken: Connection,
    sent: Sent,
    is_rebuild: bool,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = page.post(url(kraken), {"rebuild": "1"} if is_rebuild else {})
    assert answer.headers["Location"] == url(kraken)
    job = Renormalisation.objects.get()
    assert (job.is_rebuild, job.total) == (is_rebuild, 5)
    assert sent.calls == [("renormalise", (job.pk,))]


def test_the_page_tells_how_far_it_is_and_what_came_of_it(page: Client, kraken: Connection) -> None:
    assert "None yet" in page.get(url(kraken)).content.decode()
    job = renormalising.start(connection=kraken)
    Renormalisation.objects.update(read=2, last_at=NOW, last_id=7)
    for name in ("connection-read-again", "connection-read-again-progress"):
        text = page.get(url(kraken, name)).content.decode()
        assert "2 of 5 records" in text
        assert "every 2s" in text
    Renormalisation.objects.update(read=5, changed=3, finished_at=NOW, failure="Disk full.")
    text = page.get(url(kraken, "connection-read-again-progress")).content.decode()
    assert "every 2s" not in text
    assert "Disk full." in text
    assert job.started_at.strftime("%Y") in text


def test_the_page_takes_few_queries(
    page: Client, kraken: Connection, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(8):
        job = renormalising.start(connection=kraken)
        Renormalisation.objects.filter(pk=job.pk).update(finished_at=NOW)
    renormalising.start(connection=kraken)
    with django_assert_max_num_queries(10):
        text = page.get(url(kraken)).content.decode()
    assert text.count("Done.") == 5


def test_the_connection_s_page_leads_there(page: Client, kraken: Connection) -> None:
    text = page.get(url(kraken, "connection-detail")).content.decode()
    assert url(kraken) in text


@pytest.mark.usefixtures("other_rules")
def test_a_worker_goes_on_until_all_is_read(
    kraken: Connection, sent: Sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renormalising, "BATCH", 2)
    monkeypatch.setattr(tasks, "RENORMALISE_SECONDS", 0.0)
    job = renormalising.start(connection=kraken)
    tasks.renormalise(job.pk)
    assert sent.calls == [("renormalise", (job.pk,))]
    assert Transaction.objects.get(key="ledger:R-L1").kind == "deposit"
    monkeypatch.setattr(tasks, "RENORMALISE_SECONDS", 60.0)
    tasks.renormalise(job.pk)
    owner = kraken.owner_id
    assert sent.calls[1:] == [("revalue", (owner,)), ("match_transfers", (owner,))]
    assert Transaction.objects.get(key="ledger:R-L1").kind == "airdrop"
    tasks.renormalise(job.pk + 1)  # whose connection was deleted meanwhile
    assert len(sent.calls) == 3


def test_beat_sends_a_reading_that_lost_its_worker(kraken: Connection, sent: Sent) -> None:
    job = renormalising.start(connection=kraken)
    tasks.resume_renormalisations()
    assert sent.calls == []
    Renormalisation.objects.update(worked_at=timezone.now() - timedelta(minutes=2))
    tasks.resume_renormalisations()
    assert sent.calls == [("renormalise", (job.pk,))]


def run(*words: str) -> list[dict[str, object]]:
    out = io.StringIO()
    call_command("renormalise", *words, "--json", stdout=out, stderr=io.StringIO())
    found: list[dict[str, object]] = json.loads(out.getvalue())
    return found


@pytest.mark.usefixtures("other_rules")
def test_the_command_counts_and_books(owner: User, kraken: Connection) -> None:
    told = {"connection": str(kraken.pk), "exchange": "kraken", "read": 5}
    one = {**told, "same": 4, "changed": 1, "now_readable": 0, "now_unreadable": 0}
    assert run("--user", owner.email, "--dry-run") == [one]
    assert Transaction.objects.get(key="ledger:R-L1").kind == "deposit"
    assert run("--connection", str(kraken.pk)) == [one]
    assert Transaction.objects.get(key="ledger:R-L1").kind == "airdrop"
    assert run("--rebuild") == [{**one, "same": 5, "changed": 0}]


def test_the_command_goes_on_with_what_was_stopped(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renormalising, "BATCH", 2)
    job = renormalising.start(connection=kraken, is_rebuild=True)
    renormalising._step(job.pk)
    run("--connection", str(kraken.pk), "--rebuild")
    assert Renormalisation.objects.get().read == 5


def test_the_command_says_what_failed(
    kraken: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = renormalising.start(connection=kraken)

    def ended(job_id: int, *, seconds: float) -> None:
        Renormalisation.objects.filter(pk=job_id).update(finished_at=NOW, failure="No disk.")

    monkeypatch.setattr(renormalising, "run_slice", ended)
    with pytest.raises(SystemExit) as stopped:
        call_command("renormalise", "--connection", str(kraken.pk))
    assert stopped.value.code == 1
    assert "No disk." in capsys.readouterr().err
    assert Renormalisation.objects.get().pk == job.pk
