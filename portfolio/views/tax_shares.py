"""Sharing tax years with an accountant: to whom, until when, what was opened, and the end of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.adapter import client_ip
from portfolio.forms_shares import ShareForm
from portfolio.models import Connection, TaxShare
from portfolio.selectors import tax_shares as selector
from portfolio.services import tax_shares as service
from portfolio.services.tax_shares import ShareProblem
from portfolio.views.access import Request, confirmed

_LONGEST_NUMBER = 18


@login_required
@never_cache
@require_safe
def index(request: Request) -> HttpResponse:
    """All shares, with who opened anything last."""
    context = {"shares": selector.shares(request.user, timezone.now())}
    return render(request, "portfolio/shares/index.html", context)


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@confirmed
def create(request: Request) -> HttpResponse:
    """Asks what to share; then shows the link, this once."""
    years = selector.years_to_share(request.user)
    form = ShareForm(
        request.POST or None,
        today=timezone.localdate(),
        years=years,
        connections=list(Connection.objects.of(request.user).order_by("label", "created_at")),
    )
    if form.is_bound and form.is_valid():
        try:
            made = service.make(user=request.user, told=form.told(), ip_address=client_ip(request))
        except ShareProblem as problem:
            form.add_error(None, problem.message)
        else:
            return render(request, "portfolio/shares/made.html", _told(request, made))
    context = {"form": form, "years": years, "is_chosen": form["accounts"].value() == "chosen"}
    status = 422 if form.is_bound else 200
    return render(request, "portfolio/shares/form.html", context, status=status)


def _told(request: Request, made: service.Made) -> dict[str, Any]:
    """The token stands behind a "#": browsers keep that part of an address to themselves."""
    name = "portfolio:shared-open" if made.token else "portfolio:shared-with-me"
    address = request.build_absolute_uri(reverse(name))
    link = f"{address}#{made.token}" if made.token else address
    return {"share": made.share, "link": link, "passphrase": made.passphrase}


def _share(request: Request, share_id: UUID) -> selector.Shared:
    try:
        return selector.share(request.user, share_id, timezone.now())
    except TaxShare.DoesNotExist:
        raise Http404 from None


@login_required
@never_cache
@require_safe
def detail(request: Request, share_id: UUID) -> HttpResponse:
    """One share, and what was opened of it, latest first."""
    shared = _share(request, share_id)
    before = request.GET.get("before", "")
    is_number = before.isascii() and before.isdigit() and len(before) <= _LONGEST_NUMBER
    log = selector.log(shared.row, before=int(before) if is_number else None)
    context = {"shared": shared, "share": shared.row, "log": log}
    return render(request, "portfolio/shares/detail.html", context)


@login_required
@require_POST
def revoke(request: Request, share_id: UUID) -> HttpResponse:
    """Ends a share at once."""
    try:
        service.revoke(user=request.user, share_id=share_id, ip_address=client_ip(request))
    except TaxShare.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Nothing of it can be opened any more."))
    return redirect("portfolio:tax-share", share_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, share_id: UUID) -> HttpResponse:
    """Asks once more, then drops a share with its log."""
    shared = _share(request, share_id)
    if request.method != "POST":
        return render(request, "portfolio/shares/delete.html", {"share": shared.row})
    service.delete(user=request.user, share_id=share_id, ip_address=client_ip(request))
    messages.success(request, _("The share and its log were deleted."))
    return redirect("portfolio:tax-share-list")
