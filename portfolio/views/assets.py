"""One asset over all wallets: its course, lots, and transactions."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from portfolio.models import Holding
from portfolio.selectors import asset_course, asset_page, ledger, lots, transfers
from portfolio.selectors.asset_course import Course
from portfolio.selectors.asset_places import AssetPlaces, asset_places
from portfolio.selectors.dashboard import Span
from portfolio.selectors.lot_costs import lot_costs
from portfolio.views import charts
from portfolio.views.access import Request
from portfolio.views.paging import mark, page_url

RECENT = 15


@login_required
@require_safe
def detail(request: Request, code: str) -> HttpResponse:
    """Shows all of an asset; htmx asks for another span, or another page of transactions."""
    if request.htmx.target == "course":
        context, template = (
            _span(request) | {"code": _places(request, code).asset},
            "assets/_course",
        )
    elif request.htmx.target == "transactions":
        context, template = _transactions(request, _places(request, code)), "transactions/_list"
    else:
        context, template = _whole(request, code), "assets/detail"
    response = render(request, f"portfolio/{template}.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def _places(request: Request, code: str) -> AssetPlaces:
    try:
        return asset_places(request.user, code)
    except Holding.DoesNotExist:
        raise Http404 from None


def _whole(request: Request, code: str) -> dict[str, Any]:
    try:
        page = asset_page.asset_page(request.user, code)
    except Holding.DoesNotExist:
        raise Http404 from None
    shared = {
        "asset_page": page,
        "asset": page.row,
        "code": page.row.asset,
        "currency": request.user.reporting_currency,
    }
    return shared | _span(request) | _transactions(request, page.places)


def _span(request: Request) -> dict[str, Any]:
    return {"spans": list(Span), "span": span(request)}


def _transactions(request: Request, places: AssetPlaces) -> dict[str, Any]:
    page = ledger.page(
        request.user,
        ledger.Filters(places=places.pairs),
        older_than=mark(request, "older"),
        newer_than=mark(request, "newer"),
        size=RECENT,
    )
    return {
        "page": page,
        "is_filtered": True,
        "transfers": transfers.of_transactions(request.user, [row.pk for row in page.rows]),
        "newer_url": page_url(request, "newer", page.newer),
        "older_url": page_url(request, "older", page.older),
    }


@login_required
@require_safe
def chart(request: Request, code: str) -> HttpResponse:
    """What a script draws: price, purchases and sales, quantity; a fixed number of points."""
    return JsonResponse(charts.course(_course(request, code)))


@login_required
@require_safe
def days(request: Request, code: str) -> HttpResponse:
    """The same as a table."""
    course = _course(request, code)
    context = {"code": code, "course": course, "points": course.points[::-1], "span": span(request)}
    return render(request, "portfolio/assets/days.html", context)


@login_required
@require_safe
def open_lots(request: Request, code: str) -> HttpResponse:
    """Shows what is left of what was bought, newest first."""
    places = _places(request, code)
    page = lots.page(places, older_than=mark(request, "older"))
    currency = request.user.reporting_currency
    price = asset_page.row(places, currency).price
    context = {
        "code": places.asset,
        "name": places.name,
        "page": page,
        "costs": lot_costs(places, page.lots, currency, price),
        "currency": currency,
        "older_url": page_url(request, "older", page.older),
    }
    return render(request, "portfolio/assets/lots.html", context)


def span(request: Request) -> Span:
    """The span an address asks for; all there is where it asks for none that is known."""
    try:
        return Span(request.GET.get("range", Span.ALL))
    except ValueError:
        return Span.ALL


def _course(request: Request, code: str) -> Course:
    try:
        return asset_course.course(request.user, code, span(request), now=timezone.now())
    except Holding.DoesNotExist:
        raise Http404 from None
