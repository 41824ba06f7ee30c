"""The proof sheet of a connection, and each wallet and asset with where it came apart."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portfolio.exchanges import catalogue
from portfolio.models import Connection, Holding
from portfolio.selectors import locating
from portfolio.selectors import reconciliation as selector
from portfolio.views.access import Request


@login_required
@require_safe
def sheet(request: Request, connection_id: UUID) -> HttpResponse:
    """Shows every wallet and asset: opening, sum of each kind, ledger, reported, difference."""
    try:
        proof = selector.proof(request.user, connection_id)
    except Connection.DoesNotExist:
        raise Http404 from None
    context = {"proof": proof, "connection": proof.connection}
    return render(request, "portfolio/reconciliation/sheet.html", context)


@login_required
@require_safe
def place(request: Request, connection_id: UUID) -> HttpResponse:
    """Shows one wallet and asset: where the difference arose, likely causes, and what to do."""
    try:
        found = locating.place(
            request.user,
            connection_id,
            *place_asked(request),
            unserved=catalogue.unserved(_exchange(request, connection_id)),
        )
    except Holding.DoesNotExist:
        raise Http404 from None
    context = {"place": found, "holding": found.holding, "connection": found.holding.connection}
    return render(request, "portfolio/reconciliation/place.html", context)


def place_asked(request: Request) -> tuple[str, str]:
    """The wallet and asset that an address names."""
    wallet, asset = request.GET.get("wallet", ""), request.GET.get("asset", "")
    # PostgreSQL's text has no NUL.
    return wallet.replace("\x00", ""), asset.replace("\x00", "")


def _exchange(request: Request, connection_id: UUID) -> str:
    """The exchange of a connection. May raise Http404."""
    rows = Connection.objects.of(request.user).filter(pk=connection_id)
    exchange = rows.values_list("exchange", flat=True).first()
    if exchange is None:
        raise Http404
    return exchange
