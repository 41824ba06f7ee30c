"""From nothing to a confirmed account, and the ways that are closed."""

from __future__ import annotations

import io
import re
from datetime import timedelta

import pytest
from django.core import mail
from django.core.checks import run_checks
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import AuditEvent, User
from tests import factories

FORM = {
    "email": "Bea@Example.org",
    "password1": factories.PASSWORD,
    "password2": factories.PASSWORD,
}


@pytest.mark.django_db
def test_a_new_person_confirms_the_address_and_lands_on_the_dashboard(client: Client) -> None:
    answer = client.post("/accounts/signup/", FORM)
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    assert client.get("/settings/").status_code == 302, "not signed in before the address is known"

    (message,) = mail.outbox
    assert message.to == ["bea@example.org"]
    found = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(message.body))
    assert found is not None
    assert client.get(found[1]).status_code == 200
    answer = client.post(found[1])
    assert answer.headers["Location"] == "/"
    user = User.objects.get(email="bea@example.org")
    assert client.session["_auth_user_id"] == str(user.pk)
    actions = set(AuditEvent.objects.filter(user=user).values_list("action", flat=True))
    assert actions == {"account created", "e-mail address confirmed", "signed in"}


@pytest.mark.django_db
def test_an_unconfirmed_address_does_not_open_the_account(client: Client) -> None:
    client.post("/accounts/signup/", FORM)
    form = {"login": "bea@example.org", "password": factories.PASSWORD}
    answer = Client().post("/accounts/login/", form)
    assert answer.headers["Location"] == "/accounts/confirm-email/"


@pytest.mark.django_db
def test_an_address_that_is_taken_is_not_given_away(client: Client) -> None:
    factories.user("bea@example.org")
    answer = client.post("/accounts/signup/", FORM)
    assert answer.headers["Location"] == "/accounts/confirm-email/", "as for a new address"
    assert "already exists" in str(mail.outbox[0].body)
    assert User.objects.filter(email="bea@example.org").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("password", ["short", "password123", "1234567890123"])
def test_a_weak_password_is_refused(client: Client, password: str) -> None:
    answer = client.post("/accounts/signup/", FORM | {"password1": password, "password2": password})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not User.objects.exists()


@pytest.mark.django_db
def test_registration_can_be_closed(client: Client, settings: Settings) -> None:
    settings.REGISTRATION = "closed"
    assert "Registration is closed" in client.get("/accounts/signup/").content.decode()
    assert "Registration is closed" in client.post("/accounts/signup/", FORM).content.decode()
    assert "Create an account" not in client.get("/accounts/login/").content.decode()
    assert not User.objects.exists()


def invitation(email: str) -> str:
    out = io.StringIO()
    call_command("invite", email, stdout=out)
    return out.getvalue().strip().removeprefix("http://localhost:8000")


@pytest.mark.django_db
def test_an_invitation_opens_registration_for_one_address(
    client: Client, settings: Settings
) -> None:
    settings.REGISTRATION, settings.PORT = "invite", 8000
    assert "by invitation" in client.get("/accounts/signup/").content.decode()
    assert "by invitation" in client.post("/accounts/signup/", FORM).content.decode()

    link = invitation("Bea@example.org")
    assert 'value="bea@example.org"' in client.get(link).content.decode()
    answer = client.post("/accounts/signup/", FORM | {"email": "other@example.org"})
    assert "The invitation is for bea@example.org." in answer.content.decode()
    answer = client.post("/accounts/signup/", FORM)
    assert answer.headers["Location"] == "/accounts/confirm-email/"
    assert "by invitation" in Client().get(link).content.decode(), "it is used up"
    with pytest.raises(CommandError, match="already") as caught:
        invitation("bea@example.org")
    assert caught.value.returncode == 2


@pytest.mark.django_db
def test_an_invitation_that_is_forged_or_old_opens_nothing(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REGISTRATION, settings.PORT = "invite", 8000
    link = invitation("bea@example.org")
    assert "by invitation" in client.get(link[:-2]).content.decode()
    monkeypatch.setattr("accounts.services.invitations.VALID_FOR", timedelta(seconds=-1))
    assert "by invitation" in client.get(link).content.decode()


@pytest.mark.django_db
def test_an_invitation_does_not_open_what_is_closed(client: Client, settings: Settings) -> None:
    settings.REGISTRATION, settings.PORT = "closed", 8000
    page = client.get(invitation("bea@example.org")).content.decode()
    assert "Registration is closed" in page


def test_an_unknown_word_for_registration_stops_the_start(settings: Settings) -> None:
    settings.REGISTRATION = "Open"
    assert "accounts.E001" in {message.id for message in run_checks()}
    settings.REGISTRATION = "closed"
    assert "accounts.E001" not in {message.id for message in run_checks()}
