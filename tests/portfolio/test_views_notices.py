"""The bell, the list of notices, and which of them go by mail."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from accounts.models import User
from portfolio.models import Notice, NoticeSettings
from portfolio.services import notices
from tests import factories

LIST = reverse("portfolio:notice-list")
SETTINGS = reverse("portfolio:notice-settings")


def test_the_bell_counts_what_is_unread_on_every_page(page: Client, owner: User) -> None:
    made = [factories.notice(factories.connection(owner)) for _ in range(3)]
    for path in ("/", "/connections/", "/settings/"):
        assert 'aria-label="Notices: 3 unread"' in page.get(path).content.decode()
    page.post(reverse("portfolio:notice-read", args=[made[0].pk]))
    assert 'aria-label="Notices: 2 unread"' in page.get("/").content.decode()
    page.post(reverse("portfolio:notice-read-all"))
    text = page.get(LIST).content.decode()
    assert 'aria-label="Notices"' in text
    assert "Mark as read" not in text
    assert not Notice.objects.unread().exists()


def test_reading_one_owners_leaves_anothers_alone(page: Client, owner: User, other: User) -> None:
    theirs = factories.notice(factories.connection(other))
    page.post(reverse("portfolio:notice-read-all"))
    assert page.post(reverse("portfolio:notice-read", args=[theirs.pk])).status_code == 404
    assert Notice.objects.unread().count() == 1
    assert theirs.message not in page.get(LIST).content.decode()


def test_the_list_is_latest_first_and_paged(page: Client, owner: User) -> None:
    connection = factories.connection(owner)
    for number in range(55):
        factories.notice(connection, message=f"told {number:03d}")
    first = page.get(LIST)
    text = first.content.decode()
    assert text.index("told 054") < text.index("told 053")
    assert "told 004" not in text
    older = page.get(first.context["older_url"]).content.decode()
    assert "told 004" in older
    assert "told 005" not in older
    assert page.get(LIST, {"before": "x"}).status_code == 404


def test_a_notice_leads_to_its_connection(page: Client, owner: User) -> None:
    made = factories.notice(factories.connection(owner), kind="balance")
    text = page.get(LIST).content.decode()
    assert f'/connections/{made.connection_id}/#balances"' in text


def test_an_empty_list_says_what_will_be_here(page: Client) -> None:
    assert "Nothing to tell" in page.get(LIST).content.decode()


def test_the_kinds_that_are_mailed_are_chosen(page: Client, owner: User) -> None:
    text = page.get(SETTINGS).content.decode()
    assert text.count(" checked>") == len(Notice.Kind.values)
    answer = page.post(SETTINGS, {"mailed": ["broken", "expires"]}, follow=True)
    assert "Your notifications are saved." in answer.content.decode()
    assert answer.content.decode().count(" checked>") == 2
    assert notices.is_mailed(owner.pk, "broken")
    assert not notices.is_mailed(owner.pk, "replaced")
    page.post(SETTINGS, {})
    assert set(NoticeSettings.objects.get().not_mailed) == set(Notice.Kind.values)
    assert page.post(SETTINGS, {"mailed": ["nonsense"]}).status_code == 200
    assert len(NoticeSettings.objects.get().not_mailed) == len(Notice.Kind.values)
