"""Where Coffer's rules meet django-allauth."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Registration is open or closed as the operator says."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.REGISTRATION == "open")

    def populate_username(self, request: HttpRequest, user: Any) -> None:
        """There is no user name: people sign in by e-mail."""
