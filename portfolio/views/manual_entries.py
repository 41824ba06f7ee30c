"""Opening balances and adjustments by hand: the form, and taking them back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portfolio import tasks
from portfolio.forms import ManualEntryForm
from portfolio.models import Connection, ManualEntry
from portfolio.services import manual_entries as service
from portfolio.services.manual_entries import EntryProblem, Told
from portfolio.views.access import Request
from portfolio.views.answers import form_page
from portfolio.views.reconciliation import place_asked

# What a link may fill in.
_FILLED_IN = ("kind", "amount", "occurred_at", "note")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: Request, connection_id: UUID) -> HttpResponse:
    """Takes a new entry for one wallet and asset of a connection."""
    connection = get_object_or_404(Connection.objects.of(request.user), pk=connection_id)
    wallet, asset = place_asked(request)
    holding = get_object_or_404(connection.holdings, wallet=wallet, asset=asset)
    initial = {name: request.GET[name] for name in _FILLED_IN if name in request.GET}
    initial.setdefault("kind", str(ManualEntry.Kind.ADJUSTMENT))
    form = ManualEntryForm(request.POST or None, initial=initial, currency=_currency(request))

    def save(told: Told) -> None:
        service.enter(
            user=request.user,
            connection=connection,
            wallet=holding.wallet,
            asset=holding.asset,
            told=told,
        )

    return _form(request, form, holding.wallet, holding.asset, connection, save)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Request, entry_id: int) -> HttpResponse:
    """Takes a new version of an entry."""
    entry = _owned(request, entry_id)
    initial = {name: getattr(entry, name) for name in (*_FILLED_IN, "cost")}
    currency = entry.cost_currency or _currency(request)
    form = ManualEntryForm(request.POST or None, initial=initial, currency=currency)

    def save(told: Told) -> None:
        service.change(user=request.user, entry=entry, told=told)

    return _form(request, form, entry.wallet, entry.asset, entry.connection, save)


def _form(
    request: Request,
    form: ManualEntryForm,
    wallet: str,
    asset: str,
    connection: Connection,
    save: Callable[[Told], None],
) -> HttpResponse:
    back = place_url(connection, wallet, asset)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                save(form.told())
                _revalue_after(request)
        except EntryProblem as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, _("The entry is in the ledger."))
            return redirect(back)
    context = {
        "wallet": wallet,
        "asset": asset,
        "connection": connection,
        "back": back,
    }
    return form_page(request, "portfolio/reconciliation/entry.html", form, context)


@login_required
@require_POST
def withdraw(request: Request, entry_id: int) -> HttpResponse:
    """Takes an entry out of the ledger."""
    return _act(request, entry_id, service.withdraw, _("The entry is out of the ledger."))


@login_required
@require_POST
def undo(request: Request, entry_id: int) -> HttpResponse:
    """Takes back what was done to an entry last."""
    return _act(request, entry_id, service.undo, _("Undone."))


@transaction.atomic
def _act(
    request: Request, entry_id: int, action: Callable[..., ManualEntry], done: str
) -> HttpResponse:
    entry = _owned(request, entry_id)
    try:
        action(user=request.user, entry=entry)
    except EntryProblem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, done)
        _revalue_after(request)
    return redirect(place_url(entry.connection, entry.wallet, entry.asset))


def _owned(request: Request, entry_id: int) -> ManualEntry:
    rows = ManualEntry.objects.of(request.user).select_related("connection")
    return get_object_or_404(rows, pk=entry_id)


def _currency(request: Request) -> str:
    return request.user.reporting_currency


def _revalue_after(request: Request) -> None:
    send: Any = partial(tasks.revalue.delay, request.user.pk)
    transaction.on_commit(send, robust=True)


def place_url(connection: Connection, wallet: str, asset: str) -> str:
    """The page of one wallet and asset."""
    url = reverse("portfolio:proof-place", args=[connection.pk])
    return f"{url}?{urlencode({'wallet': wallet, 'asset': asset})}"
