"""Performance over a range: returns, falls, gains by asset and exchange, and the rows behind."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import User
from portfolio.engine import returns
from portfolio.forms_range import PRESETS, RangeForm
from portfolio.selectors import performance
from portfolio.selectors.assets import identities
from portfolio.selectors.closes import today
from portfolio.selectors.ranges import Range
from portfolio.templatetags.coffer import source_words
from portfolio.views import charts
from portfolio.views.access import Request

PAGE_SIZE = 100


@login_required
@never_cache
@require_safe
def index(request: Request) -> HttpResponse:
    """Shows the whole page, or what depends on the range when htmx asks for another."""
    form = RangeForm(request.GET, today=today())
    asked = form.range()
    found = performance.of_range(request.user, asked)
    context: dict[str, Any] = {"form": form, "presets": PRESETS, "asked": asked, "found": found}
    if found is not None:
        chart = charts.falls(found.marks)
        context |= {
            "chart_json": json.dumps(chart),
            "table": charts.thinned(found.marks),
            "line": charts.line([mark.below for mark in found.marks]),
        }
    template = "_range" if request.htmx else "index"
    response = render(request, f"portfolio/performance/{template}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
@never_cache
@require_safe
def days(request: Request) -> HttpResponse:
    """The days behind the returns, newest first; only those with flows where asked."""
    form = RangeForm(request.GET, today=today())
    asked = form.range()
    links = returns.chain(performance.stored_days(request.user, asked))
    is_flows = bool(request.GET.get("flows"))
    rows = [link for link in reversed(links) if link.day.has_flow or not is_flows]
    context = {
        "asked": asked,
        "page": Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page")),
        "is_flows": is_flows,
        "query": _query(asked, flows="1" if is_flows else ""),
        "currency": request.user.reporting_currency,
    }
    return render(request, "portfolio/performance/days.html", context)


@login_required
@never_cache
@require_safe
def sums(request: Request) -> HttpResponse:
    """The sums by day behind one line of a table: of an asset, of an exchange, or both."""
    form = RangeForm(request.GET, today=today())
    asked = form.range()
    asset, source = (_clean(request.GET.get(name, "")) for name in ("asset", "source"))
    rows = performance.sums_by_day(request.user, asked, asset=asset, source=source)
    page: Page[Any] = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "asked": asked,
        "page": page,
        "what": _what(request.user, asset, source),
        "query": _query(asked, asset=asset, source=source),
        "currency": request.user.reporting_currency,
    }
    return render(request, "portfolio/performance/sums.html", context)


def _what(user: User, asset: str, source: str) -> str:
    """What the sums are of, in words."""
    name = identities(user).name(asset) if asset else ""
    return ", ".join(filter(None, [name, source_words(source) if source else ""])) or _("All")


def _clean(text: str) -> str:
    """What PostgreSQL takes as text."""
    return text.replace("\x00", "")


def _query(asked: Range, **more: str) -> str:
    """The range and what else was asked for, as it stands in an address."""
    query = QueryDict(asked.query, mutable=True)
    query.update({name: value for name, value in more.items() if value})
    return query.urlencode()
