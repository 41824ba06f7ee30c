"""The passport of a key, checking and replacing it, and forgetting all keys."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from portfolio.exchanges.types import Verdict
from portfolio.models import Connection, OutboundAddress
from portfolio.services import connections
from tests import factories
from tests.factories import NOW
from tests.portfolio.conftest import Browser, Sent
from tests.portfolio.exchange import Exchange, audit
from tests.portfolio.test_service_connections import NEW, fresh, is_erased, register

FORGET = reverse("portfolio:keys-forget")
SECRET = "cGxhbnRlZC1zZWNyZXQtdGhhdC1tdXN0LW5vdC1sZWFr"


def url(name: str, connection: Connection) -> str:
    return reverse(f"portfolio:connection-{name}", args=[connection.pk])


def passport(page: Client, connection: Connection) -> str:
    return page.get(url("key", connection)).content.decode()


@pytest.fixture
def connection(owner: User) -> Connection:
    return factories.connection(owner, account_uid="AA11-BB22")


# --- The passport -----------------------------------------------------------------------------


def test_it_shows_what_the_exchange_says(page: Client, connection: Connection) -> None:
    factories.audit(
        connection,
        permissions=["Query Funds", "Withdraw Funds"],
        dangerous=["Withdraw Funds"],
        verdict="can_withdraw",
        ip_restricted=True,
        ip_allowlist=["203.0.113.7"],
        key_created_at=NOW - timedelta(days=10),
        key_expires_at=NOW + timedelta(days=80),
        raw='{"permissions": "raw words"}',
    )
    text = passport(page, connection)
    assert 'cf-badge cf-badge-bad">Withdraw Funds<span class="visually-hidden">' in text
    for words in ("203.0.113.7", "10 Nov 2026", "8 Feb 2027", "AA11-BB22", "20 Nov 2026"):
        assert words in text
    assert "raw words" in text
    assert "sealed" not in text


def test_what_cannot_be_proved_is_said(page: Client, owner: User) -> None:
    made = factories.connection(owner, exchange="lbank", account_uid="")
    factories.audit(made, verdict="unproved", permissions=[], ip_restricted=None)
    text = passport(page, made)
    assert "cannot be proved" in text
    assert text.count("the exchange does not say") == 3
    assert "Coffer sends no request but those that read" in text


def test_the_history_says_what_changed(page: Client, connection: Connection) -> None:
    for days, words in ((2, ["read"]), (1, ["read", "trade"]), (0, ["read"])):
        factories.audit(connection, at=NOW - timedelta(days=days), permissions=words)
    factories.audit(connection, at=NOW - timedelta(hours=30), verdict="failed", message="HTTP 502")
    text = passport(page, connection)
    assert text.count("more: trade") == 1
    assert text.count("less: trade") == 1
    assert "HTTP 502" in text


def test_a_failed_check_leaves_the_last_answer_to_be_seen(
    page: Client, connection: Connection
) -> None:
    factories.audit(connection, at=NOW - timedelta(days=1), permissions=["Query Funds"])
    factories.audit(connection, verdict="failed", permissions=[], message="Expired, it says.")
    text = passport(page, connection)
    assert "The latest check failed" in text
    assert "Query Funds" in text.split('id="history"')[0]


@pytest.mark.parametrize(
    ("exchange", "shown"),
    [("gate", "ends keys 90 days after they were made, unless they are bound"), ("kraken", "")],
)
def test_a_rule_of_the_exchange_is_told(
    page: Client, owner: User, exchange: str, shown: str
) -> None:
    made = factories.connection(owner, exchange=exchange)
    factories.audit(made, ip_restricted=None)
    text = passport(page, made)
    assert ("days after they were made" in text) is bool(shown)
    assert shown in text
    assert ("not enough to know when it ends" in text) is bool(shown)


# --- This server's address --------------------------------------------------------------------


def test_an_unknown_address_is_said_to_be_unknown(page: Client, connection: Connection) -> None:
    assert "nothing to bind a demo key to" in passport(page, connection)
    Connection.objects.filter(pk=connection.pk).update(environment="live")
    text = passport(page, connection)
    assert "Not known" in text
    assert "OUTBOUND_ADDRESSES" in text


@pytest.mark.parametrize(
    ("listed", "words"),
    [(["203.0.113.7"], "This key is bound to it"), (["198.51.100.1"], "has none of these")],
)
def test_a_known_address_is_held_against_the_keys_list(
    page: Client, connection: Connection, listed: list[str], words: str
) -> None:
    OutboundAddress.objects.create(
        environment="sandbox",
        address="203.0.113.7",
        exchange="okx",
        source="named",
        seen_at=timezone.now(),
    )
    factories.audit(connection, ip_restricted=True, ip_allowlist=listed)
    text = passport(page, connection)
    assert words in text
    assert "OKX: named by the exchange" in text
    for place in ("replace",):
        assert "203.0.113.7" in page.get(url(place, connection)).content.decode()


# --- Checking now -----------------------------------------------------------------------------


def test_a_check_on_demand_is_sent_and_watched(
    page: Client,
    connection: Connection,
    sent: Sent,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    assert "hx-trigger" not in passport(page, connection).split('id="passport"')[1][:80]
    with django_capture_on_commit_callbacks(execute=True):
        answer = page.post(url("check", connection))
    assert answer.headers["Location"] == url("key", connection)
    assert sent.calls == [("check_connection", (str(connection.pk),))]
    text = passport(page, connection)
    assert "The exchange is being asked" in text
    assert 'hx-trigger="every 2s"' in text
    part = page.get(url("key", connection), headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="passport"')


def test_without_a_key_there_is_nothing_to_check(page: Client, owner: User, sent: Sent) -> None:
    made = factories.connection(owner, status="removed", sealed_credentials=None)
    text = page.post(url("check", made), follow=True).content.decode()
    assert "There is no key to check" in text
    assert sent.calls == []
    assert "No key is stored here any more." in text
    assert 'id="check-button"' not in text


# --- Replacing --------------------------------------------------------------------------------


@pytest.fixture
def active(owner: User, exchange: Exchange) -> Connection:
    made = register(owner)
    connections.check(made)
    return fresh(made)


def test_replacing_leads_from_step_to_step(
    page: Client, active: Connection, exchange: Exchange, sent: Sent
) -> None:
    form = page.get(url("replace", active)).content.decode()
    for words in ("1. Make a key at Kraken", "2. Paste the new key", "3. What happens then"):
        assert words in form
    assert "uid-1" in form
    answer = page.post(url("replace", active), {"apiKey": "new", "secret": SECRET})
    assert answer.headers["Location"] == url("key", active)
    text = passport(page, active)
    assert "The former key goes on meanwhile." in text
    assert "A new key is being checked" in page.get(url("detail", active)).content.decode()
    assert SECRET not in text

    exchange.permissions = audit(uid="uid-2")
    connections.check(fresh(active))
    text = passport(page, active)
    assert "It was not taken, and is erased. The former key goes on." in text
    assert "belongs to another account" in text
    assert "a new key, not taken" in text

    exchange.permissions = audit()
    connections.replace_credentials(connection=fresh(active), credentials=NEW)
    connections.check(fresh(active))
    text = passport(page, active)
    assert "It has taken over." in text
    assert "Delete the former key at the exchange." in text
    assert "It was not taken" not in text


def test_a_dangerous_new_key_does_not_stain_the_passport_of_the_old_one(
    page: Client, active: Connection, exchange: Exchange
) -> None:
    connections.replace_credentials(connection=active, credentials=NEW)
    exchange.permissions = audit(Verdict.CAN_WITHDRAW)
    connections.check(fresh(active))
    text = passport(page, active)
    facts = text.split('id="key"')[1].split('id="addresses"')[0]
    assert "Read-only, proved by the exchange" in facts
    assert "May withdraw" not in facts


# --- Forgetting all keys ----------------------------------------------------------------------


def test_forgetting_asks_for_the_password_first(
    owner: User, browser: Browser, active: Connection
) -> None:
    client = browser(owner, confirmed=False)
    for answer in (client.get(FORGET), client.post(FORGET)):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not is_erased(active)


def test_forgetting_says_what_it_does_and_does_it(
    page: Client, active: Connection, other: User
) -> None:
    foreign = register(other)
    text = page.get(FORGET).content.decode()
    for words in ("erased at once", "Kraken", "cannot be undone", "delete them there", "Backups"):
        assert words in text
    assert not is_erased(active)
    text = page.post(FORGET, follow=True).content.decode()
    assert "1 connection has no key any more." in text
    assert is_erased(active)
    assert not is_erased(foreign)
    assert "No key of yours is stored here." in page.get(FORGET).content.decode()


def test_the_list_leads_there(page: Client, active: Connection) -> None:
    assert FORGET in page.get(reverse("portfolio:connection-list")).content.decode()


# --- Exchanges that cannot be connected -------------------------------------------------------


def test_closed_exchanges_are_listed_and_cannot_be_chosen(page: Client) -> None:
    listed = reverse("portfolio:connection-add")
    text = page.get(listed, {"q": "bitmex"}).content.decode()
    assert "BitMEX" in text
    assert "23 Sep 2026" in text
    assert "enter its history by hand" in text
    assert "No exchange has that name" not in text
    assert page.get(f"{listed}live/bitmex/").status_code == 404
    assert "BitMart" in page.get(listed).content.decode()
    assert "BitMEX" not in page.get(listed, {"q": "kraken"}).content.decode()
