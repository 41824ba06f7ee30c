"""What every template may know of the installation."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def installation(request: HttpRequest) -> dict[str, object]:
    """Whether people may register, and whether sandbox exchanges are offered."""
    return {
        "registration_is_open": settings.REGISTRATION == "open",
        "registration_is_by_invitation": settings.REGISTRATION == "invite",
        "sandbox_is_on": settings.SANDBOX,
    }
