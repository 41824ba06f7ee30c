"""Prices by hand: the list, the form, and taking them back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio import tasks
from portfolio.forms_prices import OwnPriceForm
from portfolio.models import OwnPrice
from portfolio.selectors import own_prices as selector
from portfolio.services import own_prices as service
from portfolio.services.own_prices import PriceProblem, Told
from portfolio.views.access import Request
from portfolio.views.answers import form_page

# What a link may fill in.
_FILLED_IN = ("asset", "currency", "first_day", "minute", "last_day")


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Lists all prices that the user gave."""
    context = {"prices": selector.listed(request.user)}
    return render(request, "portfolio/own_prices/index.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: Request) -> HttpResponse:
    """Takes a new price."""
    initial = {name: request.GET[name] for name in _FILLED_IN if name in request.GET}
    initial.setdefault("currency", request.user.reporting_currency)
    form = OwnPriceForm(request.POST or None, initial=initial)
    return _form(request, form, lambda told: service.give(user=request.user, told=told))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Request, price_id: int) -> HttpResponse:
    """Takes another price in the place of one."""
    price = get_object_or_404(OwnPrice.objects.of(request.user), pk=price_id)
    form = OwnPriceForm(request.POST or None, initial=OwnPriceForm.shown(price))
    save = partial(service.change, user=request.user, price=price)
    return _form(request, form, lambda told: save(told=told))


def _form(request: Request, form: OwnPriceForm, save: Callable[[Told], OwnPrice]) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                save(form.told())
                _revalue_after(request)
        except PriceProblem as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, _("The price is in use; values are being computed anew."))
            return redirect("portfolio:own-price-list")
    return form_page(request, "portfolio/own_prices/form.html", form)


@login_required
@require_POST
def withdraw(request: Request, price_id: int) -> HttpResponse:
    """Leaves a price out from now on."""
    return _act(request, price_id, service.withdraw, _("The price is no longer used."))


@login_required
@require_POST
def put_back(request: Request, price_id: int) -> HttpResponse:
    """Takes a withdrawal back."""
    return _act(request, price_id, service.put_back, _("The price is in use again."))


@transaction.atomic
def _act(
    request: Request, price_id: int, action: Callable[..., OwnPrice], done: str
) -> HttpResponse:
    price = get_object_or_404(OwnPrice.objects.of(request.user), pk=price_id)
    try:
        action(user=request.user, price=price)
    except PriceProblem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, done)
        _revalue_after(request)
    return redirect("portfolio:own-price-list")


def _revalue_after(request: Request) -> None:
    send: Any = partial(tasks.revalue.delay, request.user.pk)
    transaction.on_commit(send, robust=True)
