"""Where Coffer's rules meet django-allauth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.internal.httpkit import get_client_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.services import audit, factors, invitations
from accounts.services.devices import describe

INVITATION = "invitation"


def client_ip(request: HttpRequest) -> str | None:
    """Where a request came from, as far as the configured proxies can be believed."""
    ip: str | None = get_client_ip(request)
    return ip


def _invited(request: HttpRequest) -> str | None:
    """The address that may register with this browser, where registration is by invitation."""
    if settings.REGISTRATION != "invite":
        return None
    token = request.GET.get("invitation")
    if token and invitations.read(token):
        request.session[INVITATION] = token
    return invitations.read(request.session.get(INVITATION, ""))


def _is_signing_up(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.url_name == "account_signup"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Registration is open as far as the operator says; failed sign-ins are noted."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return settings.REGISTRATION == "open" or _invited(request) is not None

    def clean_email(self, email: str) -> str:
        """An invitation is for one address."""
        cleaned: str = super().clean_email(email)
        invited = _invited(context.request) if _is_signing_up(context.request) else None
        if invited is not None and cleaned.lower() != invited:
            raise ValidationError(_("The invitation is for %(address)s.") % {"address": invited})
        return cleaned

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There is no user name: people sign in by e-mail."""

    def get_reauthentication_methods(self, user: User) -> list[dict[str, str]]:
        """The ways to confirm who one is, in the words of our pages."""
        words = {
            "reauthenticate": _("Use the password"),
            "mfa_reauthenticate": _("Use a code"),
            "mfa_reauthenticate:webauthn": _("Use a passkey"),
        }
        found: list[dict[str, str]] = super().get_reauthentication_methods(user)
        return [way | {"description": words.get(way["id"], way["description"])} for way in found]

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Notes a wrong password for the owner of the address; an unknown address has none."""
        user = User.objects.filter(email__iexact=credentials.get("email") or "").first()
        if user is None:
            return
        action = (
            gettext_noop("confirmation with a wrong password")
            if request.user.is_authenticated
            else gettext_noop("sign-in with a wrong password")
        )
        audit.note(user=user, action=action, ip_address=client_ip(request))


class MFAAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Secrets are sealed at rest; passkeys are filed under the product's name."""

    def encrypt(self, text: str) -> str:
        """For the database."""
        return factors.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """From the database. May raise FactorUnreadable."""
        return factors.opened(encrypted_text)

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": "Coffer"}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:
        """What a new passkey is called until its owner says better."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey") if number == 1 else f"{_('Passkey')} {number}"


class UserSessionsAdapter(DefaultUserSessionsAdapter):  # type: ignore[misc]
    """Sessions that their owner ends are noted."""

    def end_sessions(self, sessions: Iterable[UserSession]) -> None:
        ended = list(sessions)
        super().end_sessions(ended)
        for session in ended:
            audit.note(
                user=session.user,
                action=gettext_noop("session ended"),
                ip_address=client_ip(context.request),
                browser=describe(session.user_agent),
                address=session.ip,
            )
