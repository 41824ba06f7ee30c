"""The coverage page of a connection: what was fetched of its history, and how it was asked."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from portfolio.engine.coverage_cells import Word
from portfolio.models import Connection
from portfolio.selectors import coverage as selector
from portfolio.selectors import coverage_cell
from portfolio.selectors.coverage import Asked
from portfolio.views.access import Request

_LONGEST_NUMBER = 12


@login_required
@require_safe
def index(request: Request, connection_id: UUID) -> HttpResponse:
    """Shows the picture, and one cell of it opened; htmx gets them without their frame."""
    asked = _asked(request)
    try:
        picture = selector.picture(request.user, connection_id, asked, now=timezone.now())
    except Connection.DoesNotExist:
        raise Http404 from None
    context = {
        "picture": picture,
        "connection": picture.connection,
        "asked": asked,
        "opened": coverage_cell.opened(picture, asked),
        "legend": list(Word),
    }
    template = "_picture" if request.htmx else "index"
    response = render(request, f"portfolio/coverage/{template}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _asked(request: Request) -> Asked:
    return Asked(
        period=request.GET.get("period", ""),
        kind=request.GET.get("kind", ""),
        page=_number(request, "page") or 1,
        cell=request.GET.get("cell", ""),
        stream=_number(request, "stream"),
    )


def _number(request: Request, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else None
