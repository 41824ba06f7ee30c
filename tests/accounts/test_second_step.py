"""Authenticator app and recovery codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.apps import apps
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import AuditEvent, User
from accounts.services import factors
from tests import factories
from tests.accounts.conftest import confirm, sign_in


@pytest.fixture(autouse=True)
def _a_code_has_just_begun() -> Iterator[None]:
    """No code of an app ends between the moment it is read and the moment it is given."""
    with time_machine.travel(factories.DAY_AFTER, tick=True):
        yield


def code_for(secret: str) -> str:
    """What an authenticator app would show now."""
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def enrol(client: Client) -> str:
    """Sets up an authenticator app; returns its secret."""
    confirm(client)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'id="authenticator_secret">([A-Z2-7]+)<', page)
    assert found is not None
    answer = client.post("/accounts/2fa/totp/activate/", {"code": code_for(found[1])})
    assert answer.headers["Location"] == "/accounts/2fa/recovery-codes/"
    return found[1]


def test_setting_up_asks_who_is_there(signed_in: Client) -> None:
    answer = signed_in.get("/accounts/2fa/totp/activate/")
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/?next=")


def test_a_wrong_code_switches_nothing_on(signed_in: Client, ada: User) -> None:
    confirm(signed_in)
    signed_in.get("/accounts/2fa/totp/activate/")
    answer = signed_in.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert answer.context["form"].errors
    assert not Authenticator.objects.filter(user=ada).exists()


@pytest.mark.django_db(transaction=True)  # both wait for the commit
def test_setting_up_is_noted_and_told_by_mail(signed_in: Client, ada: User) -> None:
    enrol(signed_in)
    events = AuditEvent.objects.filter(user=ada, action="second step added")
    kinds = {event.detail["kind"] for event in events}
    assert kinds == {"authenticator app", "recovery codes"}
    assert "Authenticator app activated" in str(mail.outbox[-1].body)


def test_sign_in_with_an_app_needs_its_code(signed_in: Client, ada: User) -> None:
    secret = enrol(signed_in)
    browser = Client()
    form = {"login": ada.email, "password": factories.PASSWORD}
    assert (
        browser.post("/accounts/login/", form).headers["Location"] == "/accounts/2fa/authenticate/"
    )
    assert browser.get("/settings/").status_code == 302, "the password alone opens nothing"
    page = browser.get("/accounts/2fa/authenticate/").content.decode()
    assert "Use a passkey" not in page, "there is none"
    answer = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert answer.context["form"].errors
    assert AuditEvent.objects.filter(user=ada).latest("id").action == "second step failed"
    answer = browser.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})
    assert answer.headers["Location"] == "/"
    assert browser.get("/settings/").status_code == 200


def test_secrets_are_sealed_in_the_database(signed_in: Client, ada: User) -> None:
    secret = enrol(signed_in)
    signed_in.get("/accounts/2fa/recovery-codes/")
    kept = {row.type: row.data for row in Authenticator.objects.filter(user=ada)}
    assert secret not in str(kept)
    assert factors.opened_data(kept["totp"]) == {"secret": secret}
    assert re.fullmatch("[0-9a-f]{80}", factors.opened_data(kept["recovery_codes"])["seed"])
    assert factors.seal(kept["totp"]["secret"]) == kept["totp"]["secret"], "sealed once"
    assert factors.seal(secret) != factors.seal(secret)


def test_another_key_opens_nothing(signed_in: Client, ada: User, settings: Settings) -> None:
    secret = enrol(signed_in)
    settings.CREDENTIALS_KEY = "another key, as long as keys have to be at least"
    kept = Authenticator.objects.get(user=ada, type="totp").data
    with pytest.raises(factors.FactorUnreadable) as error:
        factors.opened_data(kept)
    assert secret not in str(error.value)
    browser = Client(raise_request_exception=False)
    sign_in(browser)
    answer = browser.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})
    assert answer.status_code == 500, "nobody is let in without the second step"
    assert browser.get("/settings/").status_code == 302


def test_secrets_from_before_are_sealed_and_work_on(signed_in: Client, ada: User) -> None:
    secret = enrol(signed_in)
    rows = Authenticator.objects.filter(user=ada)
    migration = import_module("accounts.migrations.0002_seal_second_factors")
    migration.unseal(apps, None)
    assert {"secret": secret} in [row.data for row in rows.all()]
    migration.seal(apps, None)
    migration.seal(apps, None)
    assert secret not in str([row.data for row in rows.all()])
    browser = Client()
    sign_in(browser)
    answer = browser.post("/accounts/2fa/authenticate/", {"code": code_for(secret)})
    assert answer.headers["Location"] == "/"


def test_each_recovery_code_opens_once(signed_in: Client, ada: User) -> None:
    enrol(signed_in)
    page = signed_in.get("/accounts/2fa/recovery-codes/").content.decode()
    codes = re.findall(r"<li>([0-9a-f]{4,}[^<]*)</li>", page)
    assert len(codes) == 10

    for expected in (302, 200):
        browser = Client()
        sign_in(browser)
        answer = browser.post("/accounts/2fa/authenticate/", {"code": codes[0].strip()})
        assert answer.status_code == expected
    download = signed_in.get("/accounts/2fa/recovery-codes/download/").content.decode()
    assert codes[1].strip() in download
    assert codes[0].strip() not in download


def test_switching_off_is_confirmed_and_noted(signed_in: Client, ada: User) -> None:
    enrol(signed_in)
    assert "Switch off" in signed_in.get("/accounts/2fa/totp/deactivate/").content.decode()
    signed_in.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.filter(user=ada).exists()
    last = AuditEvent.objects.filter(user=ada).latest("id")
    assert last.action == "second step removed"
