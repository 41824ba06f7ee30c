"""One asset over all wallets."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portfolio.models import Holding
from portfolio.selectors import dashboard, ledger, transfers
from portfolio.views.access import Request

RECENT = 10


@login_required
@require_safe
def detail(request: Request, code: str) -> HttpResponse:
    """Shows the quantity per wallet, and the latest transactions that moved the asset."""
    try:
        asset = dashboard.asset(request.user, code)
    except Holding.DoesNotExist:
        raise Http404 from None
    recent = ledger.page(request.user, ledger.Filters(asset=code), size=RECENT)
    context = {
        "asset": asset,
        "currency": request.user.reporting_currency,
        "recent": recent,
        "transfers": transfers.of_transactions(request.user, [row.pk for row in recent.rows]),
    }
    return render(request, "portfolio/assets/detail.html", context)
