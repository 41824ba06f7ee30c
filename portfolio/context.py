"""What the header of every page knows of its reader: notices that wait, the grade of the data."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portfolio.selectors import header as selector


def header(request: HttpRequest) -> dict[str, object]:
    """Both in one query; asked for only where a page shows them."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    told = SimpleLazyObject(lambda: selector.header(user))
    return {
        "unread_notices": SimpleLazyObject(lambda: told.unread),
        "data_grade": SimpleLazyObject(lambda: told.grade),
    }
