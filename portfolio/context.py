"""What the header of every page knows of its reader's connections."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portfolio.selectors import notices


def header(request: HttpRequest) -> dict[str, object]:
    """How many notices wait to be read; asked for only where a page shows it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"unread_notices": SimpleLazyObject(lambda: notices.unread(user))}
