"""Signing in, wrong passwords, reset, change."""

from __future__ import annotations

import re

import pytest
from django.core import mail
from django.test import Client

from accounts.models import AuditEvent, User
from tests import factories
from tests.accounts.conftest import sign_in


def actions(user: User) -> list[str]:
    return list(AuditEvent.objects.filter(user=user).values_list("action", flat=True))


def test_sign_in_is_noted_with_browser_and_address(client: Client, ada: User) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    form = {"login": "ADA@example.org", "password": factories.PASSWORD}
    answer = client.post(
        "/accounts/login/", form, headers={"user-agent": agent}, REMOTE_ADDR="192.0.2.7"
    )
    assert answer.headers["Location"] == "/"
    event = AuditEvent.objects.get(user=ada)
    assert (event.action, event.ip_address) == ("signed in", "192.0.2.7")
    assert event.detail == {"browser": "Firefox on Linux"}


def test_a_wrong_password_opens_nothing_and_is_noted(client: Client, ada: User) -> None:
    answer = client.post("/accounts/login/", {"login": ada.email, "password": "not-it"})
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session
    assert actions(ada) == ["sign-in with a wrong password"]


def test_an_unknown_address_answers_as_a_wrong_password_does(client: Client, ada: User) -> None:
    said = []
    for address in (ada.email, "who@example.org"):
        answer = client.post("/accounts/login/", {"login": address, "password": "not-it"})
        said.append(list(answer.context["form"].non_field_errors()))
    assert said[0] == said[1]
    assert said[0]


def test_guessing_is_stopped(client: Client, ada: User) -> None:
    for _ in range(5):
        client.post("/accounts/login/", {"login": ada.email, "password": "not-it"})
    form = {"login": ada.email, "password": factories.PASSWORD}
    answer = client.post("/accounts/login/", form)
    assert answer.status_code == 200
    assert "Too many" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_many_requests_get_the_page_that_says_so(client: Client, ada: User) -> None:
    for _ in range(31):
        answer = client.post("/accounts/login/", {"login": "", "password": ""})
    assert answer.status_code == 429
    assert "Too many tries" in answer.content.decode()


def test_sign_out_needs_a_post(signed_in: Client, ada: User) -> None:
    assert signed_in.get("/accounts/logout/").status_code == 200
    assert "_auth_user_id" in signed_in.session
    signed_in.post("/accounts/logout/")
    assert "_auth_user_id" not in signed_in.session
    assert actions(ada)[0] == "signed out"


def test_a_forgotten_password_is_chosen_anew_by_mail(client: Client, ada: User) -> None:
    answer = client.post("/accounts/password/reset/", {"email": ada.email})
    assert answer.headers["Location"] == "/accounts/password/reset/done/"
    found = re.search(
        r"http://testserver(/accounts/password/reset/key/\S+)", str(mail.outbox[0].body)
    )
    assert found is not None
    page = client.get(found[1], follow=True)
    new = "another-horse-another-battery"
    url = page.redirect_chain[-1][0]
    assert client.post(url, {"password1": new, "password2": new}).status_code == 302
    ada.refresh_from_db()
    assert ada.check_password(new)
    assert "password reset by e-mail" in actions(ada)
    assert "does not work" in Client().get(found[1], follow=True).content.decode(), "used once"


def test_a_changed_password_ends_other_sessions_and_is_told_by_mail(
    signed_in: Client, ada: User
) -> None:
    other = Client()
    sign_in(other)
    new = "another-horse-another-battery"
    form = {"oldpassword": factories.PASSWORD, "password1": new, "password2": new}
    signed_in.post("/accounts/password/change/", form)
    assert "password changed" in actions(ada)
    assert "password has been changed" in str(mail.outbox[-1].body)
    assert signed_in.get("/settings/").status_code == 200
    assert other.get("/settings/").status_code == 302


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/settings/", "/settings/audit/", "/accounts/sessions/"])
def test_own_pages_ask_to_sign_in_first(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["Location"] == f"/accounts/login/?next={path}"
