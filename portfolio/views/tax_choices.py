"""Lots chosen by hand for one disposal, and all that were chosen."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction as database
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portfolio import tasks
from portfolio.engine import money
from portfolio.models import LotOffer, Transaction
from portfolio.selectors import tax_choices as selector
from portfolio.services import tax_choices, tax_settings
from portfolio.services.tax_settings import SPECIFIC, TaxProblem
from portfolio.views.access import Request

_PREFIX = "lot-"


@login_required
@never_cache
@require_safe
def index(request: Request) -> HttpResponse:
    """All lots that were chosen, and whether they count."""
    profile = tax_settings.profile_of(request.user)
    place, settings = tax_settings.settings_of(request.user, profile)
    context = {
        "place": place,
        "settings": settings,
        "is_allowed": SPECIFIC in place.methods,
        "rows": selector.all_chosen(request.user, profile),
    }
    return render(request, "portfolio/taxes/choices.html", context)


@login_required
@never_cache
@require_safe
def lots(request: Request, transaction_id: int) -> HttpResponse:
    """The lots that a disposal may come from; htmx gets the live part alone."""
    context = _context(request, transaction_id)
    template = "_choosing" if request.htmx else "choosing"
    return render(request, f"portfolio/taxes/{template}.html", context)


def _sold(request: Request, transaction_id: int) -> Transaction:
    rows = Transaction.objects.of(request.user).current().select_related("connection")
    found = rows.filter(pk=transaction_id).first()
    if found is None:
        raise Http404
    return found


def _context(
    request: Request, transaction_id: int, typed: dict[tuple[int, str], str] | None = None
) -> dict[str, Any]:
    sold = _sold(request, transaction_id)
    profile = tax_settings.profile_of(request.user)
    place, settings = tax_settings.settings_of(request.user, profile)
    offer = selector.offer(request.user, sold)
    is_done = offer is not None and offer.state == LotOffer.State.DONE
    return {
        "sold": sold,
        "place": place,
        "settings": settings,
        "is_allowed": SPECIFIC in place.methods,
        "offer": offer,
        "sections": selector.sections(request.user, profile, offer, typed)
        if offer and is_done
        else [],
        "is_past": sold.occurred_at < timezone.now(),
    }


@login_required
@require_POST
def look(request: Request, transaction_id: int) -> HttpResponse:
    """Has a worker find the lots that were held at that moment."""
    try:
        with database.atomic():
            offer = tax_choices.ask(user=request.user, transaction_id=transaction_id)
            database.on_commit(partial(tasks.find_lots.delay, offer.pk), robust=True)
    except Transaction.DoesNotExist:
        raise Http404 from None
    except TaxProblem as problem:
        messages.error(request, problem.message)
    return redirect("portfolio:tax-lots", transaction_id)


@login_required
@require_POST
def choose(request: Request, transaction_id: int) -> HttpResponse:
    """Keeps how much of which lot is taken."""
    _sold(request, transaction_id)
    asset = request.POST.get("asset", "")
    typed = {
        (int(name.removeprefix(_PREFIX)), asset): value.strip()
        for name, value in request.POST.dict().items()
        if name.startswith(_PREFIX) and name.removeprefix(_PREFIX).isdecimal()
    }
    try:
        amounts = {lot: _amount(text) for (lot, _asset), text in typed.items() if text}
        tax_choices.choose(
            user=request.user, transaction_id=transaction_id, asset=asset, amounts=amounts
        )
    except TaxProblem as problem:
        context = _context(request, transaction_id, typed) | {"problem": problem.message}
        return render(request, "portfolio/taxes/choosing.html", context, status=422)
    messages.success(request, _("Your choice is kept. Reports that were made keep theirs."))
    return redirect("portfolio:tax-lots", transaction_id)


def _amount(text: str) -> Decimal:
    """May raise TaxProblem."""
    try:
        amount = money.parse(text)
    except ValueError:
        amount = None
    if amount is None or not money.fits(amount):
        raise TaxProblem(_("%(text)s is no amount; write 0.5 for a half.") % {"text": text[:40]})
    return amount


@login_required
@require_POST
def undo(request: Request, transaction_id: int) -> HttpResponse:
    """Drops a choice; the transaction may be gone."""
    asset = request.POST.get("asset", "").replace("\x00", "")
    try:
        tax_choices.undo(user=request.user, transaction_id=transaction_id, asset=asset)
    except Transaction.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The choice was undone."))
    to_all = request.POST.get("back") == "all"
    return redirect(
        reverse("portfolio:tax-choices")
        if to_all
        else reverse("portfolio:tax-lots", args=[transaction_id])
    )
