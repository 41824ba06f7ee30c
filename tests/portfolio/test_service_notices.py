"""Owners are told of what happens to their connections: once, on the page and by mail."""

from __future__ import annotations

from datetime import timedelta
from smtplib import SMTPServerDisconnected
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from portfolio import tasks
from portfolio.exchanges.errors import KeyBroken
from portfolio.exchanges.types import Verdict
from portfolio.models import Connection, Notice, SyncRun
from portfolio.services import connections, leases, notice_mail, notices, runs
from tests import factories
from tests.portfolio.exchange import Exchange, audit
from tests.portfolio.test_service_connections import KEY, NEW, fresh, key_of, register


@pytest.fixture
def active(owner: User, exchange: Exchange) -> Connection:
    made = register(owner)
    connections.check(made)
    return fresh(made)


def kinds(connection: Connection) -> list[str]:
    """What was told of a connection, in order."""
    return list(connection.notices.order_by("id").values_list("kind", flat=True))


# --- What is told -----------------------------------------------------------------------------


def test_a_key_that_starts_well_is_no_news(active: Connection) -> None:
    connections.check(active)
    assert kinds(active) == []


def test_a_first_key_that_does_not_work_is_said_on_its_page_only(
    owner: User, exchange: Exchange
) -> None:
    made = register(owner)
    exchange.permissions = KeyBroken("No such key.")
    connections.check(made)
    assert fresh(made).status == "broken"
    assert kinds(made) == []


def test_breaking_and_recovering_are_told_once_each(active: Connection, exchange: Exchange) -> None:
    exchange.permissions = KeyBroken("Expired.")
    connections.check(active)
    connections.resume(connection=fresh(active))
    connections.check(fresh(active))  # still broken: nothing new
    exchange.permissions = audit()
    connections.resume(connection=fresh(active))
    connections.check(fresh(active))
    connections.check(fresh(active))
    assert kinds(active) == ["broken", "recovered"]
    broken = active.notices.get(kind="broken")
    assert broken.message == "Expired."
    assert broken.over_at is not None
    exchange.permissions = KeyBroken("Expired.")
    connections.check(fresh(active))
    assert kinds(active) == ["broken", "recovered", "broken"]


def test_a_key_that_breaks_while_it_is_used_is_told(active: Connection) -> None:
    holder = leases.new_holder()
    leases.claim(active.pk, holder)
    run = runs.open_run(active, holder)
    runs.stop(active, holder, run, KeyBroken("Deleted."))
    assert kinds(active) == ["broken"]


def test_rights_that_widen_stop_the_connection_and_are_told(
    active: Connection, exchange: Exchange
) -> None:
    exchange.permissions = audit(Verdict.CAN_WITHDRAW)
    connections.check(active)
    assert (fresh(active).status, key_of(active)) == ("refused", None)
    notice = active.notices.get()
    assert notice.kind == "rights"
    assert "may do more than read (withdraw)" in notice.message
    exchange.permissions = audit()
    connections.replace_credentials(connection=fresh(active), credentials=NEW)
    connections.check(fresh(active))
    assert kinds(active) == ["rights", "recovered"]


def test_an_account_that_is_another_now_is_told_as_that(
    active: Connection, exchange: Exchange
) -> None:
    exchange.permissions = audit(uid="uid-2")
    connections.check(active)
    notice = active.notices.get()
    assert notice.kind == "broken"
    assert "another account" in notice.message


def test_allowed_rights_that_widen_are_told_and_nothing_stops(
    active: Connection, exchange: Exchange, settings: Settings
) -> None:
    settings.ALLOW_TRADE_KEYS = True
    exchange.permissions = audit(Verdict.CAN_TRADE)
    for _ in range(3):
        connections.check(fresh(active))
    assert fresh(active).status == "active"
    assert kinds(active) == ["rights"]
    assert "trade" in active.notices.get().message


def test_a_replaced_key_is_told_and_ends_what_was_broken(
    active: Connection, exchange: Exchange
) -> None:
    exchange.permissions = KeyBroken("Expired.")
    connections.check(active)
    exchange.permissions = audit()
    connections.replace_credentials(connection=fresh(active), credentials=NEW)
    connections.check(fresh(active))
    assert kinds(active) == ["broken", "replaced"]
    assert not active.notices.filter(kind="broken", over_at=None).exists()
    assert "does not tell which account" not in active.notices.get(kind="replaced").message


def test_a_replacement_of_unknown_account_says_so(owner: User, exchange: Exchange) -> None:
    exchange.permissions = audit(uid="")
    made = register(owner)
    connections.check(made)
    connections.replace_credentials(connection=fresh(made), credentials=NEW)
    connections.check(fresh(made))
    assert "does not tell which account" in made.notices.get().message


def test_a_new_key_that_is_turned_away_leaves_the_passport_of_the_old_one(
    active: Connection, exchange: Exchange
) -> None:
    for answer in (audit(Verdict.CAN_WITHDRAW), KeyBroken("No such key.")):
        connections.replace_credentials(connection=fresh(active), credentials=NEW)
        exchange.permissions = answer
        connections.check(fresh(active))
    assert kinds(active) == []
    own = active.audits.filter(turned_away=False)
    assert [a.verdict for a in own] == ["read_only"]
    assert active.audits.filter(turned_away=True).count() == 2


def test_removing_a_broken_connection_is_no_recovery(
    active: Connection, exchange: Exchange
) -> None:
    exchange.permissions = KeyBroken("Expired.")
    connections.check(active)
    connections.remove(connection=fresh(active), with_history=False)
    assert kinds(active) == ["broken"]
    assert not active.notices.filter(over_at=None).exists()


def test_a_complete_run_ends_a_long_silence(active: Connection) -> None:
    notices.outage(active, Notice.Kind.STALE, "Nothing for a day.")
    holder = leases.new_holder()
    leases.claim(active.pk, holder)
    run = runs.open_run(active, holder)
    failed = factories.stream(active, state="failed")
    runs.finish(active, holder, run)
    assert kinds(active) == ["stale"], "it is not over while a part fails"
    failed.delete()
    leases.claim(active.pk, holder)
    runs.finish(
        active, holder, SyncRun.objects.create(connection=active, started_at=run.started_at)
    )
    assert kinds(active) == ["stale", "recovered"]


def test_the_same_is_not_told_twice(active: Connection) -> None:
    for _ in range(2):
        notices.tell(active, Notice.Kind.EXPIRES, "Soon.", key="expires:1")
        notices.outage(active, Notice.Kind.STALE, "Behind.")
    assert kinds(active) == ["expires", "stale"]


# --- By mail ----------------------------------------------------------------------------------


@pytest.fixture
def notice(active: Connection) -> Notice:
    notices.tell(active, Notice.Kind.EXPIRES, "It expires soon.", key="expires:1")
    return Notice.objects.get()


def test_a_notice_is_mailed_once(notice: Notice, owner: User) -> None:
    assert [tasks.mail_notices() for _ in range(3)] == [1, 0, 0]
    (sent,) = mail.outbox
    assert sent.to == [owner.email]
    assert sent.subject == "[Coffer] Kraken: The key expires soon"
    assert "It expires soon." in sent.body
    assert KEY["secret"] not in sent.body
    notice.refresh_from_db()
    assert notice.mailed_at is not None
    assert notice.mail_due_at is None


def test_a_mail_that_cannot_be_sent_is_tried_again_later(
    notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()

    def fail(self: EmailMessage, **_: Any) -> int:
        raise SMTPServerDisconnected("gone")

    with monkeypatch.context() as patched:
        patched.setattr(EmailMessage, "send", fail)
        assert notice_mail.send_due(now) == 0
    notice.refresh_from_db()
    assert notice.mail_due_at is not None
    assert (notice.mailed_at, notice.mail_failures) == (None, 1)
    assert notice_mail.send_due(now) == 0, "not at once"
    assert notice_mail.send_due(now + timedelta(minutes=3)) == 1
    assert len(mail.outbox) == 1


def test_a_worker_that_dies_between_sending_and_marking_sends_the_same_mail(
    notice: Notice, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[EmailMessage] = []

    def die(self: EmailMessage, **_: Any) -> int:
        sent.append(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(EmailMessage, "send", die)
        with pytest.raises(KeyboardInterrupt):
            notice_mail.send_due(timezone.now())
    notice_mail.send_due(timezone.now())
    ids = {m.extra_headers["Message-ID"] for m in [*sent, *mail.outbox]}
    assert len(sent) == len(mail.outbox) == len(ids) == 1


def test_mails_nobody_wants_are_not_sent(active: Connection, owner: User) -> None:
    notices.tell(active, Notice.Kind.REPLACED, "Before the choice.", key="replaced:1")
    notices.save_settings(user=owner, mailed=["broken"])
    notices.tell(active, Notice.Kind.EXPIRES, "After it.", key="expires:1")
    notices.tell(active, Notice.Kind.BROKEN, "Wanted.", key="broken:1")
    assert notice_mail.send_due(timezone.now()) == 1
    assert "Wanted." in mail.outbox[0].body
    assert Notice.objects.count() == 3, "all of them are on the page"


def test_nobody_is_mailed_who_may_not_sign_in(notice: Notice, owner: User) -> None:
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert notice_mail.send_due(timezone.now()) == 0
    assert mail.outbox == []


def test_a_label_with_a_line_break_makes_no_header(active: Connection) -> None:
    Connection.objects.filter(pk=active.pk).update(label="Mine\nBcc: x@example.org")
    notices.tell(fresh(active), Notice.Kind.EXPIRES, "Soon.", key="expires:1")
    assert notice_mail.send_due(timezone.now()) == 1
    assert mail.outbox[0].recipients() == ["owner@example.org"]
