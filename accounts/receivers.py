"""Writes down, for its owner to read, what django-allauth says has happened to an account."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext_noop

from accounts.adapter import client_ip
from accounts.models import User
from accounts.services import audit
from accounts.services.devices import describe

FACTORS = {
    Authenticator.Type.TOTP: gettext_noop("authenticator app"),
    Authenticator.Type.WEBAUTHN: gettext_noop("passkey"),
    Authenticator.Type.RECOVERY_CODES: gettext_noop("recovery codes"),
}


def _note(request: HttpRequest, user: User, action: str, **detail: str) -> None:
    audit.note(user=user, action=action, ip_address=client_ip(request), **detail)


@receiver(account.user_signed_up)
def signed_up(request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, user, gettext_noop("account created"))


@receiver(account.user_logged_in)
def signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    browser = describe(request.headers.get("user-agent", ""))
    _note(request, user, gettext_noop("signed in"), browser=browser)


@receiver(user_logged_out)
def signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        _note(request, user, gettext_noop("signed out"))


@receiver([account.password_changed, account.password_set])
def password_changed(request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, user, gettext_noop("password changed"))


@receiver(account.password_reset)
def password_reset(request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, user, gettext_noop("password reset by e-mail"))


@receiver(account.email_confirmed)
def email_confirmed(request: HttpRequest, email_address: Any, **_: Any) -> None:
    action = gettext_noop("e-mail address confirmed")
    _note(request, email_address.user, action, address=email_address.email)


@receiver(account.email_added)
def email_added(request: HttpRequest, user: User, email_address: Any, **_: Any) -> None:
    _note(request, user, gettext_noop("e-mail address added"), address=email_address.email)


@receiver(account.email_removed)
def email_removed(request: HttpRequest, user: User, email_address: Any, **_: Any) -> None:
    _note(request, user, gettext_noop("e-mail address removed"), address=email_address.email)


@receiver(account.email_changed)
def email_changed(request: HttpRequest, user: User, to_email_address: Any, **_: Any) -> None:
    action = gettext_noop("primary e-mail address changed")
    _note(request, user, action, address=to_email_address.email)


@receiver(mfa.authenticator_added)
def factor_added(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _note(request, user, gettext_noop("second step added"), kind=FACTORS[authenticator.type])


@receiver(mfa.authenticator_removed)
def factor_removed(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _note(request, user, gettext_noop("second step removed"), kind=FACTORS[authenticator.type])


@receiver(mfa.authenticator_reset)
def factor_renewed(request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    _note(request, user, gettext_noop("new codes made"), kind=FACTORS[authenticator.type])


@receiver(mfa.authentication_failed)
def factor_failed(request: HttpRequest, user: User, **_: Any) -> None:
    _note(request, user, gettext_noop("second step failed"))
