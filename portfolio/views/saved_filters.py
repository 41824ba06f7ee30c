"""Saved filters of the list of transactions: saving one, and the page that keeps them in order."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portfolio.forms_filters import FilterNameForm, TransactionFilterForm
from portfolio.models import SavedFilter
from portfolio.services import saved_filters as service
from portfolio.services.saved_filters import FilterProblem
from portfolio.views.access import Request

_LONGEST = SavedFilter._meta.get_field("query").max_length or 0


def query_of(values: QueryDict) -> str:
    """The part of an address that filters, without a place in the list and what is empty."""
    kept = QueryDict(mutable=True)
    for name in TransactionFilterForm.base_fields:
        value = values.get(name)
        if isinstance(value, str) and value:
            kept[name] = value
    return kept.urlencode()


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Lists the saved filters, each with what can be done with it."""
    context = {"filters": SavedFilter.objects.of(request.user)}
    return render(request, "portfolio/transactions/filters.html", context)


@login_required
@require_POST
def save(request: Request) -> HttpResponse:
    """Saves what the list is asked for."""
    query = query_of(QueryDict(request.POST.get("query", "")))
    form = FilterNameForm(request.POST)
    if not form.is_valid() or not query or len(query) > _LONGEST:
        messages.error(request, _("Give the filter a name, and filter by something."))
    else:
        try:
            service.save(user=request.user, name=form.cleaned_data["name"], query=query)
        except FilterProblem as problem:
            messages.error(request, problem.message)
        else:
            messages.success(request, _("The filter is saved."))
    return redirect(f"{reverse('portfolio:transaction-list')}?{query or 'all=1'}")


def _owned(request: Request, filter_id: int) -> SavedFilter:
    return get_object_or_404(SavedFilter.objects.of(request.user), pk=filter_id)


@login_required
@require_POST
def rename(request: Request, filter_id: int) -> HttpResponse:
    """Gives a filter another name."""
    kept, form = _owned(request, filter_id), FilterNameForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give the filter a name."))
    else:
        try:
            service.rename(kept=kept, name=form.cleaned_data["name"])
        except FilterProblem as problem:
            messages.error(request, problem.message)
    return redirect("portfolio:filter-list")


@login_required
@require_POST
def set_default(request: Request, filter_id: int) -> HttpResponse:
    """Makes a filter the one that the list begins with, or no longer."""
    kept = _owned(request, filter_id)
    service.set_default(kept=kept, is_default=not kept.is_default)
    return redirect("portfolio:filter-list")


@login_required
@require_POST
def delete(request: Request, filter_id: int) -> HttpResponse:
    """Forgets a filter."""
    service.delete(kept=_owned(request, filter_id))
    messages.success(request, _("The filter is deleted."))
    return redirect("portfolio:filter-list")
