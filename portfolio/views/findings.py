"""The review queue: what a person should look at, put aside with a reason, and taken back."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from portfolio.forms import DismissForm
from portfolio.forms_filters import FindingFilterForm
from portfolio.selectors import findings as selector
from portfolio.selectors import header
from portfolio.selectors.findings import Filters
from portfolio.services import findings as service
from portfolio.views.access import Request
from portfolio.views.answers import row_numbers

LIST = "portfolio:finding-list"


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Shows one tab of the review; htmx gets it without its frame."""
    form = FindingFilterForm(request.GET, connections=selector.connections(request.user))
    filters = form.filters()
    grade = header.header(request.user).grade
    page = selector.page(request.user, filters, grade)
    context = {
        "form": form,
        "filters": filters,
        "page": page,
        "grade": grade,
        "grade_lines": selector.grade_lines(grade),
        "failing": selector.failing(grade),
        "counts": selector.counts(request.user),
        "dismiss_form": DismissForm(),
        "before_url": _page_url(filters, filters.page - 1) if page.has_before else "",
        "after_url": _page_url(filters, filters.page + 1) if page.has_after else "",
    }
    template = "_list" if request.htmx else "index"
    response = render(request, f"portfolio/findings/{template}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _page_url(filters: Filters, page: int) -> str:
    asked = {"tab": filters.tab, "cause": filters.cause, "connection": filters.connection or ""}
    told = {name: value for name, value in asked.items() if value}
    return f"{reverse(LIST)}?{urlencode(told | {'page': page})}"


@login_required
@require_POST
def dismiss(request: Request) -> HttpResponse:
    """Puts the ticked findings aside, the one whose button was used, or all of a cause."""
    form = DismissForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(_errors(form)))
        return redirect(_back(request))
    ids = _ids(request) or _whole(request)
    count = service.dismiss(user=request.user, ids=ids, reason=form.reason())
    return _done(request, count, _dismissed(count))


@login_required
@require_POST
def restore(request: Request) -> HttpResponse:
    """Takes dismissals back."""
    count = service.restore(user=request.user, ids=_ids(request))
    words = ngettext("{number} is open again.", "{number} are open again.", count)
    return _done(request, count, words.format(number=count))


def _dismissed(count: int) -> str:
    words = ngettext(
        "{number} dismissed. It comes back if it grows; you can undo it under Dismissed.",
        "{number} dismissed. They come back if they grow; you can undo it under Dismissed.",
        count,
    )
    return words.format(number=count)


def _done(request: Request, count: int, words: str) -> HttpResponse:
    if count:
        messages.success(request, words)
    else:
        messages.error(request, _("Nothing was ticked, or it has changed meanwhile."))
    return redirect(_back(request))


def _errors(form: DismissForm) -> Iterable[str]:
    return (str(error) for errors in form.errors.values() for error in errors)


def _ids(request: Request) -> list[int]:
    """The finding of the button, else those that are ticked."""
    only = request.POST.get("only", "")
    asked = [only] if only else [] if "whole" in request.POST else request.POST.getlist("ids")
    return row_numbers(asked)


def _whole(request: Request) -> list[int]:
    """All open findings of a cause, as far as they are of the connection that is looked at."""
    cause = request.POST.get("whole", "")
    if not cause:
        return []
    asked = {"cause": cause, "connection": request.POST.get("connection", "")}
    form = FindingFilterForm(asked, connections=selector.connections(request.user))
    filters = form.filters()
    return selector.open_ids(request.user, filters) if filters.cause else []


def _back(request: Request) -> str:
    """The page that the button was on."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if asked.startswith("/") and is_ours else LIST
