"""The running balance of one wallet and asset."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portfolio.models import Holding
from portfolio.selectors import running_balance
from portfolio.views.access import Request
from portfolio.views.paging import mark, page_url
from portfolio.views.reconciliation import place_asked


@login_required
@require_safe
def running(request: Request, connection_id: UUID) -> HttpResponse:
    """Shows each posting of a wallet and asset with the balance after it."""
    try:
        page = running_balance.page(
            request.user,
            connection_id,
            *place_asked(request),
            older_than=mark(request, "older"),
            newer_than=mark(request, "newer"),
        )
    except Holding.DoesNotExist:
        raise Http404 from None
    context = {
        "page": page,
        "holding": page.holding,
        "connection": page.holding.connection,
        "newer_url": page_url(request, "newer", page.newer),
        "older_url": page_url(request, "older", page.older),
    }
    return render(request, "portfolio/balances/running.html", context)
