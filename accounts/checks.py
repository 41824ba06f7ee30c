"""Says at start what is wrong with the settings of accounts."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

REGISTRATION = ("open", "invite", "closed")


@register()
def registration(**_: Any) -> list[CheckMessage]:
    """Who may register must be one of the words that are known."""
    if settings.REGISTRATION in REGISTRATION:
        return []
    return [
        Error(
            f"REGISTRATION is {settings.REGISTRATION!r}.",
            hint=f"It can be {', '.join(REGISTRATION)}.",
            id="accounts.E001",
        )
    ]
