"""Taxes: where they are paid and by which settings, the years, and asking for their reports."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio import tasks
from portfolio.engine.tax import place as places
from portfolio.engine.tax.place import Place, UnknownPlace
from portfolio.forms_tax import PlaceForm, TaxForm
from portfolio.selectors import tax_pages as selector
from portfolio.selectors import tax_shared
from portfolio.services import tax_reports, tax_settings
from portfolio.services.tax_settings import TaxProblem
from portfolio.views.access import Request
from portfolio.views.answers import form_page

# There was nothing to tax before the first block.
_YEARS = range(2009, 2200)


@login_required
@never_cache
@require_safe
def index(request: Request) -> HttpResponse:
    """Where taxes are paid, and the years."""
    profile = tax_settings.profile_of(request.user)
    place, settings = tax_settings.settings_of(request.user, profile)
    context = {
        "profile": profile,
        "is_chosen": profile.pk is not None,
        "place": place,
        "settings": settings,
        "years": selector.years(request.user, place, settings, timezone.now()),
        "others": [r for r in selector.reports(request.user) if r.row.place != place.id],
        "is_reader": bool(tax_shared.shared_with(request.user)),
    }
    return render(request, "portfolio/taxes/index.html", context)


@login_required
@require_safe
def choose(request: Request) -> HttpResponse:
    """Where taxes are paid."""
    if "place" in request.GET:
        form = PlaceForm(request.GET)
        if form.is_valid():
            return redirect("portfolio:tax-settings", form.cleaned_data["place"])
    else:
        profile = tax_settings.profile_of(request.user)
        form = PlaceForm(initial={"place": profile.place})
    return render(request, "portfolio/taxes/choose.html", {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: Request, place_id: str) -> HttpResponse:
    """What the place covers, what it does not, and what is left to choose."""
    place = _place(place_id)
    profile = tax_settings.profile_of(request.user)
    same = profile.place == place.id
    initial = {
        "method": profile.method if same else place.methods[0],
        "rest": profile.choices.get("rest") or "fifo",
        "placing": profile.choices.get("placing") or "",
        "currency": profile.currency or request.user.reporting_currency,
        "time_zone": profile.time_zone,
    }
    by_year = profile.method_by_year if same else {}
    form = TaxForm(
        request.POST or None,
        place=place,
        by_year=by_year,
        accounts=selector.taxed_accounts(request.user) if place.given else {},
        order=profile.choices.get("account_order", ()) if same else (),
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        try:
            tax_settings.choose(user=request.user, told=form.told())
        except TaxProblem as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, _("Your tax settings were saved. Reports keep theirs."))
            return redirect("portfolio:tax-list")
    return form_page(request, "portfolio/taxes/settings.html", form, {"place": place})


def _place(place_id: str) -> Place:
    try:
        return places.by_id(place_id)
    except UnknownPlace:
        raise Http404 from None


@login_required
@require_POST
def make(request: Request, year: int) -> HttpResponse:
    """Has the report of a year made."""
    if year not in _YEARS:
        raise Http404
    try:
        with transaction.atomic():
            report = tax_reports.ask(user=request.user, year=year)
            # Should the broker be away, beat sends it later.
            transaction.on_commit(partial(tasks.make_tax_report.delay, report.pk), robust=True)
    except TaxProblem as problem:
        messages.error(request, problem.message)
        return redirect("portfolio:tax-list")
    return redirect("portfolio:tax-report", report.pk)
