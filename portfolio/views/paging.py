"""Addresses of pages that go on from a place in a list."""

from __future__ import annotations

from portfolio.selectors.ledger import Mark
from portfolio.views.access import Request


def mark(request: Request, name: str) -> Mark | None:
    """The place that an address names; None where it names none."""
    return Mark.parse(request.GET.get(name, ""))


def page_url(request: Request, name: str, mark: Mark | int | None) -> str:
    """The address of the next page, with the filters as they are; "" where there is none."""
    if mark is None:
        return ""
    query = request.GET.copy()
    for key in [key for key in query if key in ("newer", "older") or not query[key]]:
        del query[key]
    query[name] = str(mark)
    return f"?{query.urlencode()}"
