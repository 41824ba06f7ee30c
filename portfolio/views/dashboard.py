"""The first page: worth, its course, holdings, and what needs attention."""

from __future__ import annotations

import json
from datetime import UTC

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portfolio.forms_range import PRESETS, RangeForm
from portfolio.selectors import connections, dashboard
from portfolio.views import charts
from portfolio.views.access import Request


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Shows the whole page, or only the chart when htmx asks for another span."""
    now = timezone.now()
    form = RangeForm(request.GET, today=now.astimezone(UTC).date())
    overview = dashboard.overview(request.user, form.range(), now=now)
    course = overview.course
    chart = charts.daily(course.points, overview.worth.currency)
    chart |= charts.compared(course, overview.worth.currency) if chart["days"] else {}
    context = {
        "overview": overview,
        "course": course,
        "form": form,
        "presets": PRESETS,
        "asked": overview.asked,
        "chart": chart,
        # In an attribute: htmx is told to take no script elements, and JSON would come in one.
        "chart_json": json.dumps(chart),
        "table": charts.thinned(charts.beside(course)),
        "spark": charts.line(overview.spark),
        "line": charts.line([point.value for point in course.points]),
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
