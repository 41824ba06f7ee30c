"""The first page: worth, its course, holdings, and what needs attention."""

from __future__ import annotations

import json

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portfolio.selectors import connections, dashboard
from portfolio.views import charts
from portfolio.views.access import Request


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Shows the whole page, or only the chart when htmx asks for another span."""
    overview = dashboard.overview(request.user, _span(request), now=timezone.now())
    chart = charts.daily(overview.points, overview.worth.currency)
    context = {
        "overview": overview,
        "spans": list(dashboard.Span),
        "chart": chart,
        # In an attribute: htmx is told to take no script elements, and JSON would come in one.
        "chart_json": json.dumps(chart),
        "table": charts.thinned(overview.points),
        "spark": charts.line(overview.spark),
        "line": charts.line([point.value for point in overview.points]),
    }
    template = "_worth" if request.htmx else "index"
    response = render(request, f"portfolio/dashboard/{template}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
@never_cache
@require_safe
def progress(request: Request) -> HttpResponse:
    """The progress of first syncs; loads the whole page again when there is none any more."""
    cards = connections.cards(request.user)
    if not any(card.is_starting for card in cards):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return render(request, "portfolio/dashboard/_first_sync.html", {"cards": cards})


def _span(request: Request) -> dashboard.Span:
    try:
        return dashboard.Span(request.GET.get("range", dashboard.Span.ALL))
    except ValueError:
        return dashboard.Span.ALL
