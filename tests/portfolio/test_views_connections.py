"""Adding a key, what becomes of it, and what may be done with a connection."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from accounts.models import User
from portfolio.models import Connection, Stream, Transaction
from portfolio.services import credentials, findings
from portfolio.views import access
from tests import factories
from tests.portfolio.conftest import Browser, Sent

NEW_KRAKEN = reverse("portfolio:connection-create", args=["sandbox", "kraken"])
NEW_COINBASE = reverse("portfolio:connection-create", args=["live", "coinbase"])
SECRET = "cGxhbnRlZC1zZWNyZXQtdGhhdC1tdXN0LW5vdC1sZWFr"
PEM = f"-----BEGIN EC PRIVATE KEY-----\n{'MHcC' * 16}\noAoGCCqG\n-----END EC PRIVATE KEY-----\n"
NAME = "organizations/0f/apiKeys/1a"


def _url(name: str, connection: Connection) -> str:
    return reverse(f"portfolio:connection-{name}", args=[connection.pk])


# --- Choosing an exchange ---------------------------------------------------------------------


def test_every_exchange_is_listed_with_what_can_be_fetched(page: Client) -> None:
    text = page.get(reverse("portfolio:connection-add")).content.decode()
    assert "All 104 exchanges" in text
    assert NEW_COINBASE in text
    assert "balances, ledger, trades, deposits, withdrawals, transfers, rewards" in text


def test_the_search_narrows_the_list_without_script(page: Client) -> None:
    text = page.get(reverse("portfolio:connection-add"), {"q": "coinb adv"}).content.decode()
    assert "1 exchange found" in text
    assert NEW_COINBASE in text
    assert NEW_KRAKEN not in text


def test_htmx_gets_the_list_alone(page: Client) -> None:
    url = reverse("portfolio:connection-add")
    text = page.get(url, {"q": "kraken"}, headers={"HX-Request": "true"}).content.decode()
    assert text.lstrip().startswith('<div id="exchanges">')


def test_sandbox_exchanges_are_offered_only_where_they_are_switched_on(
    page: Client, settings: Settings
) -> None:
    assert NEW_KRAKEN in page.get(reverse("portfolio:connection-add")).content.decode()
    settings.SANDBOX = False
    assert NEW_KRAKEN not in page.get(reverse("portfolio:connection-add")).content.decode()
    assert page.get(NEW_KRAKEN).status_code == 404


@pytest.mark.parametrize("where", [("live", "nowhere"), ("moon", "kraken"), ("sandbox", "lbank")])
def test_an_exchange_that_is_not_there_is_not_found(page: Client, where: tuple[str, str]) -> None:
    assert page.get(reverse("portfolio:connection-create", args=where)).status_code == 404


# --- The key ----------------------------------------------------------------------------------


def test_the_form_needs_the_password_again(owner: User, browser: Browser) -> None:
    answer = browser(owner, confirmed=False).get(NEW_KRAKEN)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))


def test_the_page_says_which_permissions_to_give_and_asks_for_exactly_the_fields(
    page: Client,
) -> None:
    answer = page.get(NEW_KRAKEN)
    text = answer.content.decode()
    assert "Query ledger entries" in text
    assert "Do not give" in text
    assert list(answer.context["form"].fields) == ["label", "apiKey", "secret"]
    assert text.count('autocomplete="off"') >= 3
    assert 'type="password" name="secret"' in text
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_key_is_stored_sealed_and_a_worker_is_asked_to_check_it(
    page: Client,
    owner: User,
    sent: Sent,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    page.get(NEW_KRAKEN)
    with django_capture_on_commit_callbacks(execute=True):
        answer = page.post(NEW_KRAKEN, {"label": "Mine", "apiKey": "key", "secret": SECRET})
    connection = Connection.objects.of(owner).get()
    assert answer.headers["Location"] == _url("detail", connection)
    assert (connection.status, connection.environment) == ("pending", "sandbox")
    assert str(connection) == "Mine"
    assert SECRET.encode() not in bytes(connection.sealed_candidate or b"")
    assert sent.calls == [("check_connection", (str(connection.pk),))]


def test_the_lines_of_a_pem_key_survive_pasting(page: Client, owner: User, sent: Sent) -> None:
    page.get(NEW_COINBASE)
    page.post(NEW_COINBASE, {"apiKey": NAME, "secret": PEM.replace("\n", "\r\n")})
    connection = Connection.objects.of(owner).get()
    opened = credentials.open_sealed(connection.sealed_candidate or b"", row=connection.pk)
    assert opened == {"apiKey": NAME, "secret": PEM}


def test_an_error_stands_beside_its_field_and_nothing_pasted_comes_back(
    page: Client, owner: User
) -> None:
    page.get(NEW_KRAKEN)
    answer = page.post(NEW_KRAKEN, {"label": "Mine", "apiKey": "PLANTED", "secret": SECRET + "x"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert answer.context["form"].errors["secret"] == [
        "Kraken's private key is longer: it seems to be cut off."
    ]
    assert 'aria-describedby="id_secret_helptext id_secret_error"' in text
    assert SECRET not in text
    assert "PLANTED" not in text
    assert not Connection.objects.of(owner).exists()


def test_a_missing_field_is_named(page: Client) -> None:
    page.get(NEW_KRAKEN)
    answer = page.post(NEW_KRAKEN, {"apiKey": "key"})
    assert list(answer.context["form"].errors) == ["secret"]
    assert "nothing was saved" in answer.content.decode().lower()


def test_a_key_posted_too_late_is_dropped_and_kept_nowhere(page: Client, owner: User) -> None:
    page.get(NEW_KRAKEN)
    session = page.session
    session[access.STAMP] -= access.SAVING_SECONDS + 60
    session.save()
    answer = page.post(NEW_KRAKEN, {"apiKey": "key", "secret": SECRET})
    assert answer.headers["Location"] == NEW_KRAKEN
    assert not Connection.objects.of(owner).exists()
    assert all(SECRET not in str(row.get_decoded()) for row in Session.objects.all())


def test_a_key_posted_without_opening_the_form_is_dropped(page: Client, owner: User) -> None:
    page.post(NEW_KRAKEN, {"apiKey": "key", "secret": SECRET})
    assert not Connection.objects.of(owner).exists()


def test_a_form_from_elsewhere_is_refused(owner: User, browser: Browser) -> None:
    client = browser(owner, enforce_csrf_checks=True)
    connection = factories.connection(owner)
    assert client.post(NEW_KRAKEN, {"apiKey": "key", "secret": SECRET}).status_code == 403
    assert client.post(_url("pause", connection)).status_code == 403


def test_a_new_key_waits_beside_the_old_one(
    page: Client,
    owner: User,
    sent: Sent,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    connection = factories.connection(owner)
    page.get(_url("replace", connection))
    with django_capture_on_commit_callbacks(execute=True):
        page.post(_url("replace", connection), {"apiKey": "key", "secret": SECRET})
    connection.refresh_from_db()
    assert bytes(connection.sealed_credentials or b"") == b"sealed"
    assert connection.sealed_candidate is not None
    assert sent.calls == [("check_connection", (str(connection.pk),))]


def test_a_problem_of_the_service_is_shown_in_its_own_words(page: Client, owner: User) -> None:
    factories.connection(owner, account_uid="one")
    connection = factories.connection(
        owner,
        account_uid="one",
        status=Connection.Status.REFUSED,
        sealed_credentials=None,
    )
    page.get(_url("replace", connection))
    answer = page.post(_url("replace", connection), {"apiKey": "key", "secret": SECRET})
    assert answer.status_code == 422
    assert "already connected here" in answer.content.decode()


def test_a_removed_connection_takes_a_key_again(page: Client, owner: User) -> None:
    connection = factories.connection(
        owner, status=Connection.Status.REMOVED, sealed_credentials=None
    )
    assert "Add a key again" in page.get(_url("detail", connection)).content.decode()
    page.get(_url("replace", connection))
    page.post(_url("replace", connection), {"apiKey": "key", "secret": SECRET})
    connection.refresh_from_db()
    assert connection.status == "pending"
    assert connection.sealed_candidate is not None


# --- What may be done -------------------------------------------------------------------------


@pytest.mark.parametrize("action", ["pause", "resume", "sync"])
def test_changes_need_a_post(page: Client, owner: User, action: str) -> None:
    assert page.get(_url(action, factories.connection(owner))).status_code == 405


def test_pause_and_resume(
    page: Client,
    owner: User,
    sent: Sent,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    connection = factories.connection(owner)
    page.post(_url("pause", connection))
    connection.refresh_from_db()
    assert connection.status == Connection.Status.PAUSED
    with django_capture_on_commit_callbacks(execute=True):
        page.post(_url("resume", connection))
    connection.refresh_from_db()
    assert connection.status == Connection.Status.ACTIVE
    assert sent.calls == [("check_connection", (str(connection.pk),))]


def test_what_cannot_be_done_is_said_and_sends_nothing(
    page: Client,
    owner: User,
    sent: Sent,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    connection = factories.connection(owner, status=Connection.Status.PAUSED)
    with django_capture_on_commit_callbacks(execute=True):
        answer = page.post(_url("sync", connection), follow=True)
    assert "Only an active connection can be synced." in answer.content.decode()
    assert sent.calls == []


@pytest.mark.parametrize(("history", "kept"), [("keep", True), ("delete", False)])
def test_removal_with_or_without_the_history(
    page: Client, owner: User, sent: Sent, history: str, kept: bool
) -> None:
    connection = factories.connection(owner)
    factories.transaction(factories.stream(connection), ("1", "BTC"))
    page.post(_url("remove", connection), {"history": history})
    assert Transaction.objects.of(owner).exists() is kept
    assert Connection.objects.filter(sealed_credentials__isnull=False).exists() is False


def test_removal_asks_first(page: Client, owner: User) -> None:
    connection = factories.connection(owner)
    text = page.get(_url("remove", connection)).content.decode()
    assert "What happens to its history?" in text
    page.post(_url("remove", connection), {})
    connection.refresh_from_db()
    assert connection.status == Connection.Status.ACTIVE


# --- What is shown ----------------------------------------------------------------------------


def test_a_refused_key_shows_the_reason_and_what_it_may_do(page: Client, owner: User) -> None:
    connection = factories.connection(
        owner, status=Connection.Status.REFUSED, status_reason="Refused: may withdraw."
    )
    factories.audit(
        connection,
        verdict="can_withdraw",
        permissions=["Query Funds", "Withdraw Funds"],
        dangerous=["Withdraw Funds"],
        ip_restricted=True,
        ip_allowlist=["203.0.113.7"],
        warnings=["Sees only part of the history."],
    )
    text = page.get(_url("detail", connection)).content.decode()
    for words in (
        "Refused: may withdraw.",
        "Withdraw Funds",
        "May withdraw or move funds",
        "203.0.113.7",
        "Sees only part of the history.",
    ):
        assert words in text


def test_the_live_part_asks_often_while_something_happens_and_seldom_else(
    page: Client, owner: User
) -> None:
    pending = factories.connection(owner, status=Connection.Status.PENDING)
    quiet = factories.connection(owner)
    backfilling = factories.connection(owner, backfilled_at=None)
    fetching = factories.connection(owner)
    factories.sync_run(fetching, finished_at=None, outcome="running")
    for connection, often in ((pending, 1), (backfilling, 1), (fetching, 1), (quiet, 0)):
        text = page.get(_url("status", connection)).content.decode()
        assert ("every 2s" in text) is bool(often)


def test_a_change_of_state_is_said_aloud_once(page: Client, owner: User) -> None:
    connection = factories.connection(owner)
    url = _url("status", connection)
    assert "hx-swap-oob" in page.get(url, {"seen": "pending"}).content.decode()
    assert "hx-swap-oob" not in page.get(url, {"seen": "active"}).content.decode()


def test_progress_is_told_in_parts_records_and_how_far_back(page: Client, owner: User) -> None:
    now = timezone.now()
    connection = factories.connection(owner, backfilled_at=None)
    factories.stream(connection, "trades:BTCEUR", record_count=1500)
    factories.stream(
        connection,
        "trades:ETHEUR",
        state=Stream.State.RUNNING,
        caught_up_at=None,
        record_count=20,
    )
    factories.transaction(factories.stream(connection), ("1", "BTC"), at=now - timedelta(days=365))
    factories.sync_run(connection, finished_at=None, outcome="waiting", message="Wait 40 s.")
    text = page.get(_url("detail", connection)).content.decode()
    assert "2 of 3 parts" in text
    assert "1,532" in text
    assert str((now - timedelta(days=365)).year) in text
    assert "Wait 40 s." in text
    assert "trades:ETHEUR" in text


def test_a_stream_that_waits_for_its_next_turn_counts_as_done(page: Client, owner: User) -> None:
    connection = factories.connection(owner)
    factories.stream(connection, state=Stream.State.WAITING)
    assert "1 of 1 part<" in page.get(_url("detail", connection)).content.decode()


def test_coverage_is_drawn_and_told(page: Client, owner: User) -> None:
    now = timezone.now()
    stream = factories.stream(factories.connection(owner), "deposits", state=Stream.State.FAILED)
    factories.coverage(stream, now - timedelta(days=100), now - timedelta(days=25))
    factories.coverage(stream, now - timedelta(days=25), now, "failed")
    text = page.get(_url("detail", stream.connection)).content.decode()
    assert 'class="pf-cover-fetched" x="0" width="7' in text
    assert 'class="pf-cover-failed" x="7' in text
    assert "Failed:" in text
    assert "style=" not in text


def test_records_that_could_not_be_read_are_shown_and_called_out(page: Client, owner: User) -> None:
    stream = factories.stream(factories.connection(owner))
    factories.raw_record(stream, '{"odd": 1.50}', problem="KeyError: 'asset'")
    factories.raw_record(stream)
    text = page.get(_url("detail", stream.connection)).content.decode()
    assert "1 record could not be read" in text
    assert "&quot;odd&quot;: 1.50" in text
    findings.refresh(owner.pk)
    assert "Records that could not be read" in page.get("/").content.decode()


def test_differences_come_first_and_are_exact(page: Client, owner: User) -> None:
    connection = factories.connection(owner)
    factories.holding(connection, "AAA", "1")
    factories.holding(connection, "ZZZ", "1.000000000000000001", reported="1")
    answer = page.get(_url("detail", connection))
    assert [row.holding.asset for row in answer.context["detail"].balances] == ["ZZZ", "AAA"]
    assert "0000000000001" in answer.content.decode()
    assert str(answer.context["detail"].balances[0].difference) == "-1E-18"


def test_the_number_of_queries_does_not_grow(
    page: Client, owner: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    connection = factories.full_account(owner)["binance"]
    for number in range(40):
        stream = factories.stream(connection, f"trades:P{number}")
        factories.coverage(stream, factories.NOW - timedelta(days=9), factories.NOW)
    with django_assert_max_num_queries(15):
        page.get(_url("detail", connection))
    with django_assert_max_num_queries(10):
        page.get(reverse("portfolio:connection-list"))
