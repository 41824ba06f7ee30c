"""System checks: a bad deployment says so at start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def credentials_key_is_set(**kwargs: Any) -> list[CheckMessage]:
    """Refuses the built-in keys outside DEBUG: anybody could read the credentials."""
    if settings.DEBUG:
        return []
    return [
        Error(
            f"{name} is not set, or too short.",
            hint=f"Set {name} to a long random value in the environment or in .env.",
            id=f"coffer.E00{number}",
        )
        for number, name in enumerate(("SECRET_KEY", "CREDENTIALS_KEY"), start=1)
        if getattr(settings, name) == settings.UNSAFE_KEY or len(getattr(settings, name)) < 32
    ]


@register(Tags.security)
def keys_differ(**kwargs: Any) -> list[CheckMessage]:
    """Refuses one key for both purposes: a leaked session key must not open credentials."""
    if settings.DEBUG or settings.CREDENTIALS_KEY != settings.SECRET_KEY:
        return []
    return [
        Error(
            "CREDENTIALS_KEY is the same as SECRET_KEY.",
            hint="Give CREDENTIALS_KEY a random value of its own.",
            id="coffer.E003",
        )
    ]
