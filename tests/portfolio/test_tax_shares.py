"""Sharing tax years: what is made, who is let in, what is noted, and how it ends."""

from __future__ import annotations

import json
import logging
from datetime import date, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.serializers import serialize
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AuditEvent, User
from portfolio.models import (
    TaxReport,
    TaxShare,
    TaxShareOpening,
    TaxShareVisit,
    TaxShareYear,
)
from portfolio.services import networks
from portfolio.services import tax_shares as service
from portfolio.services.tax_shares import Answer, Made, ShareProblem, Told
from portfolio.views import shared as shared_views
from tests import factories
from tests.portfolio.conftest import Browser
from tests.portfolio.test_tax_reports import lived
from tests.portfolio.test_tax_reports import made as reported

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unhurried")]
OPEN = reverse("portfolio:shared-open")


@pytest.fixture
def report(owner: User) -> TaxReport:
    kraken = factories.stream(factories.connection(owner, label="One"))
    lived(kraken, factories.stream(factories.connection(owner, exchange="binance", label="Two")))
    return reported(owner)


def told(**fields: Any) -> Told:
    values: dict[str, Any] = {
        "label": "Adviser",
        "way": "link",
        "years": [("neutral", 2024)],
        "ends_on": timezone.localdate() + timedelta(days=30),
    }
    return Told(**values | fields)


def shared(owner: User, **fields: Any) -> Made:
    return service.make(user=owner, told=told(**fields))


def entered(token: str, passphrase: str = "", network: str = "") -> service.Entry:
    return service.enter(token=token, passphrase=passphrase, network=network)


# --- Made -------------------------------------------------------------------------------------


def test_only_a_hash_of_the_link_is_kept(owner: User, report: TaxReport) -> None:
    made = shared(owner, has_passphrase=True)
    entry = entered(made.token, made.passphrase)
    assert len(made.token) >= 40
    rows = [*TaxShare.objects.all(), *TaxShareVisit.objects.all(), *TaxShareYear.objects.all()]
    kept = serialize("json", [*rows, *TaxShareOpening.objects.all(), *AuditEvent.objects.all()])
    for secret in (made.token, made.passphrase, entry.key):
        assert secret
        assert secret not in kept


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"years": []}, "at least one tax year"),
        ({"years": [("neutral", 2023)]}, "Only years with a report"),
        ({"years": [("uk", 2024)]}, "Only years with a report"),
        ({"connections": []}, "at least one connection"),
        ({"way": "account"}, "e-mail address"),
        ({"ends_on": date(2020, 1, 1)}, "It can end between"),
        ({"ends_on": timezone.localdate() + timedelta(days=400)}, "It can end between"),
    ],
)
def test_what_cannot_be_shared_is_refused(
    owner: User, report: TaxReport, fields: dict[str, Any], why: str
) -> None:
    with pytest.raises(ShareProblem, match=why):
        shared(owner, **fields)
    assert not TaxShare.objects.exists()


def test_connections_of_others_cannot_be_shared(
    owner: User, other: User, report: TaxReport
) -> None:
    theirs = factories.connection(other)
    with pytest.raises(ShareProblem):
        shared(owner, connections=[theirs.pk])
    mine = owner.connections.first()
    assert mine is not None
    with pytest.raises(ShareProblem):
        shared(owner, connections=[mine.pk, theirs.pk])


def test_it_lasts_through_its_last_day(owner: User, report: TaxReport) -> None:
    today = timezone.localdate()
    share = shared(owner, ends_on=today).share
    assert share.ends_at.date() == today + timedelta(days=1)


# --- Let in -----------------------------------------------------------------------------------


def test_a_link_lets_in_and_no_other(owner: User, report: TaxReport) -> None:
    made = shared(owner)
    assert entered(made.token).answer is Answer.OPENED
    for wrong in ("", "x", made.token[:-1], made.token + "x", str(made.share.token_sha256)):
        assert entered(wrong).answer is Answer.UNKNOWN


def test_a_passphrase_is_asked_for_and_guesses_wait(owner: User, report: TaxReport) -> None:
    made = shared(owner, has_passphrase=True)
    assert entered(made.token).answer is Answer.PASSPHRASE
    for _try in range(service.MOST_TRIES):
        assert entered(made.token, "wrong").answer is Answer.WRONG
    assert entered(made.token, made.passphrase).answer is Answer.WAIT
    TaxShare.objects.update(tried_at=timezone.now() - timedelta(hours=2))
    assert entered(made.token, f" {made.passphrase.upper()} ").answer is Answer.OPENED
    assert TaxShareOpening.objects.filter(what="wrong").count() == service.MOST_TRIES


def test_what_ended_is_told_so(owner: User, report: TaxReport) -> None:
    first, second = shared(owner), shared(owner)
    service.revoke(user=owner, share_id=first.share.pk)
    TaxShare.objects.filter(pk=second.share.pk).update(ends_at=timezone.now())
    for made in (first, second):
        assert entered(made.token).answer is Answer.ENDED
    assert not TaxShareVisit.objects.exists()
    assert TaxShareOpening.objects.filter(what="closed").count() == 2


def test_the_owner_shut_out_shuts_out_the_reader(owner: User, report: TaxReport) -> None:
    made = shared(owner)
    owner.is_active = False
    owner.save()
    assert entered(made.token).answer is Answer.UNKNOWN


def test_the_log_points_to_a_neighbourhood() -> None:
    assert networks.neighbourhood("203.0.113.77") == "203.0.113.0/24"
    assert networks.neighbourhood("::ffff:203.0.113.77") == "203.0.113.0/24"
    assert networks.neighbourhood("2001:db8:1:2::7") == "2001:db8:1::/48"
    assert networks.neighbourhood(None) == networks.neighbourhood("proxy") == ""


def test_the_same_again_at_once_is_one_line(owner: User, report: TaxReport) -> None:
    share = shared(owner).share
    for name in ("one", "one", "two"):
        service.note(share, TaxShareOpening.What.LINES, name, report=report, network="n")
    assert [row.name for row in TaxShareOpening.objects.all()] == ["two", "one"]
    TaxShareOpening.objects.update(at=timezone.now() - timedelta(minutes=2))
    service.note(share, TaxShareOpening.What.LINES, "one", report=report, network="n")
    assert TaxShareOpening.objects.count() == 3


def test_deleting_leaves_nothing_of_it(owner: User, report: TaxReport) -> None:
    made = shared(owner, connections=[row.pk for row in owner.connections.all()])
    entered(made.token)
    service.note(made.share, TaxShareOpening.What.REPORT, "it", report=report)
    report.delete()
    assert TaxShareOpening.objects.get(what="report").report is None
    service.delete(user=owner, share_id=made.share.pk)
    assert not TaxShareOpening.objects.exists()
    assert not TaxShareVisit.objects.exists()
    again = shared_again(owner)
    entered(again.token)
    owner.delete()
    for model in (TaxShare, TaxShareYear, TaxShareVisit, TaxShareOpening):
        assert not model.objects.exists()


def shared_again(owner: User) -> Made:
    reported(owner)
    return shared(owner)


# --- The owner's pages ------------------------------------------------------------------------


def asked(**fields: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "label": "Adviser",
        "way": "link",
        "years": ["neutral:2024"],
        "accounts": "all",
        "shows_amounts": "on",
        "ends_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
    }
    return values | fields


ADD = reverse("portfolio:tax-share-add")


def test_an_owner_shares_by_a_link_that_is_shown_once(
    page: Client, owner: User, report: TaxReport
) -> None:
    shown = page.get(ADD).content.decode()
    assert "No particular place 2024" in shown
    answer = page.post(ADD, asked(has_passphrase="on", sender="Me"))
    share = TaxShare.objects.get()
    token, passphrase = answer.context["link"].rpartition("#")[2], answer.context["passphrase"]
    assert answer.context["link"] == f"http://testserver{OPEN}#{token}"
    assert token in answer.content.decode()
    assert passphrase in answer.content.decode()
    assert "no-store" in answer.headers["Cache-Control"]
    for name, *more in (("tax-share-list",), ("tax-share", share.pk)):
        told = page.get(reverse(f"portfolio:{name}", args=more)).content.decode()
        assert "Adviser" in told
        assert token not in told
    actions = list(AuditEvent.objects.filter(user=owner).values_list("action", flat=True))
    assert "tax years shared" in actions


def test_the_password_is_asked_for_first(browser: Browser, owner: User, report: TaxReport) -> None:
    client = browser(owner, confirmed=False)
    for answer in (client.get(ADD), client.post(ADD, asked())):
        assert "/reauthenticate/" in answer.headers["Location"]
    assert not TaxShare.objects.exists()


def test_a_form_that_is_wrong_says_so(page: Client, report: TaxReport) -> None:
    wrong: list[dict[str, Any]] = [
        *({"years": []}, {"ends_on": ""}),
        *({"accounts": "chosen"}, {"way": "account"}),
    ]
    for fields in wrong:
        answer = page.post(ADD, asked(**fields))
        assert answer.status_code == 422
    assert not TaxShare.objects.exists()


def test_without_a_report_it_says_what_to_do(page: Client) -> None:
    assert "Make the report of a tax year first" in page.get(ADD).content.decode()
    index = page.get(reverse("portfolio:tax-share-list")).content.decode()
    assert "Nothing is shared" in index


def test_an_owner_revokes_and_deletes(page: Client, owner: User, report: TaxReport) -> None:
    share = shared(owner).share
    page.post(reverse("portfolio:tax-share-revoke", args=[share.pk]))
    shown = page.get(reverse("portfolio:tax-share", args=[share.pk])).content.decode()
    assert "revoked" in shown
    delete = reverse("portfolio:tax-share-delete", args=[share.pk])
    assert "the log of what was opened goes" in page.get(delete).content.decode()
    page.post(delete)
    assert not TaxShare.objects.exists()


# --- The way in -------------------------------------------------------------------------------


def let_in(token: str, **options: Any) -> Client:
    """The browser of a reader who opened a link."""
    client = Client(**options)
    answer = client.post(OPEN, {"code": token})
    assert answer.status_code == 302, answer.status_code
    return client


def test_the_code_is_taken_for_a_cookie_of_its_own(owner: User, report: TaxReport) -> None:
    made = shared(owner)
    client = Client()
    answer = client.post(OPEN, {"code": f"http://testserver{OPEN}#{made.token}"})
    start = reverse("portfolio:shared-years", args=[made.share.pk])
    assert answer.headers["Location"] == start
    cookie = answer.cookies["coffer_shared"]
    assert (cookie["path"], cookie["samesite"]) == (start, "Strict")
    assert cookie["httponly"]
    assert made.token not in cookie.value
    assert "sessionid" not in answer.cookies
    assert made.token not in client.get(start).content.decode()


def test_a_cookie_from_before_is_not_kept(owner: User, report: TaxReport) -> None:
    made = shared(owner)
    client = Client()
    client.cookies["coffer_shared"] = "chosen-by-somebody-else"
    client.post(OPEN, {"code": made.token})
    assert client.cookies["coffer_shared"].value != "chosen-by-somebody-else"
    client.cookies["coffer_shared"] = made.token  # the link itself is no cookie
    assert client.get(reverse("portfolio:shared-years", args=[made.share.pk])).status_code == 404


def test_forms_from_elsewhere_are_refused(owner: User, report: TaxReport) -> None:
    made = shared(owner)
    client = Client(enforce_csrf_checks=True)
    assert client.post(OPEN, {"code": made.token}).status_code == 403
    leave = reverse("portfolio:shared-leave", args=[made.share.pk])
    assert client.post(leave).status_code == 403


def test_tries_are_counted(
    owner: User,
    report: TaxReport,
    unhurried: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shared_views, "_RATES", unhurried)
    client = Client(REMOTE_ADDR="198.51.100.9")
    codes = [client.post(OPEN, {"code": f"wrong-{n}"}).status_code for n in range(22)]
    assert codes[:20] == [422] * 20
    assert codes[20:] == [429, 429]


def test_no_log_line_has_the_token(
    owner: User, report: TaxReport, caplog: pytest.LogCaptureFixture
) -> None:
    made = shared(owner)
    with caplog.at_level(logging.DEBUG):
        client = let_in(made.token)
        client.get(reverse("portfolio:shared-years", args=[made.share.pk]))
        client.post(OPEN, {"code": made.token[:-1]})
    told = json.dumps(
        [record.getMessage() for record in caplog.records if "sql" not in vars(record)]
    )
    assert made.token[:-1] not in told


def test_leaving_ends_the_visit(owner: User, report: TaxReport) -> None:
    made = shared(owner)
    client = let_in(made.token)
    start = reverse("portfolio:shared-years", args=[made.share.pk])
    key = client.cookies["coffer_shared"].value
    assert client.post(reverse("portfolio:shared-leave", args=[made.share.pk])).status_code == 302
    client.cookies["coffer_shared"] = key
    assert client.get(start).status_code == 404


def test_a_visit_ends_by_itself(owner: User, report: TaxReport) -> None:
    made = shared(owner)
    client = let_in(made.token)
    TaxShareVisit.objects.update(ends_at=timezone.now())
    answer = client.get(reverse("portfolio:shared-years", args=[made.share.pk]))
    assert answer.status_code == 404
    assert "Open the link that you were given once more" in answer.content.decode()


def test_revoked_or_expired_the_next_click_says_so(owner: User, report: TaxReport) -> None:
    for end, words in (("revoke", "The owner ended this access"), ("expire", "has expired")):
        made = shared(owner)
        client = let_in(made.token)
        url = reverse("portfolio:shared-report", args=[made.share.pk, report.pk])
        assert client.get(url).status_code == 200
        if end == "revoke":
            service.revoke(user=owner, share_id=made.share.pk)
        else:
            TaxShare.objects.filter(pk=made.share.pk).update(ends_at=timezone.now())
        answer = client.get(url)
        assert answer.status_code == 410
        assert words in answer.content.decode()
        assert "BTC" not in answer.content.decode()
        assert words in client.post(OPEN, {"code": made.token}).content.decode()


# --- By account -------------------------------------------------------------------------------


def test_an_account_finds_what_is_shared_with_its_address(
    browser: Browser, owner: User, other: User, report: TaxReport
) -> None:
    made = shared(owner, way="account", email="Other@Example.org", sender="Me")
    assert not made.token
    client = browser(other)
    mine = reverse("portfolio:shared-with-me")
    start = reverse("portfolio:shared-years", args=[made.share.pk])
    assert start in client.get(mine).content.decode()
    assert client.get(start).status_code == 200
    assert "Shared with me" in client.get(reverse("portfolio:tax-list")).content.decode()
    EmailAddress.objects.filter(user=other).update(verified=False)
    assert client.get(start).status_code == 404
    assert start not in client.get(mine).content.decode()


def test_nobody_else_finds_it(
    browser: Browser, owner: User, other: User, client: Client, report: TaxReport
) -> None:
    share = shared(owner, way="account", email="third@example.org").share
    start = reverse("portfolio:shared-years", args=[share.pk])
    for reader in (client, browser(other), browser(owner)):
        assert reader.get(start).status_code == 404


def test_a_share_by_link_is_nothing_to_an_account(
    browser: Browser, owner: User, other: User, report: TaxReport
) -> None:
    share = shared(owner, email="other@example.org").share
    client = browser(other)
    assert client.get(reverse("portfolio:shared-years", args=[share.pk])).status_code == 404
