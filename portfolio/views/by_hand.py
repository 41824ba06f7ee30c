"""Accounts by hand: made, named anew, and the balances that their owner types in."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from portfolio import tasks
from portfolio.exchanges import closed
from portfolio.forms_by_hand import ByHandForm, ReportedForm, WalletsForm
from portfolio.models import Checkpoint, Connection
from portfolio.selectors import by_hand as selector
from portfolio.services import by_hand as service
from portfolio.services.by_hand import ByHandProblem
from portfolio.views.access import Request
from portfolio.views.answers import form_page

DETAIL = "portfolio:connection-detail"
REPORTED = "portfolio:by-hand-reported"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def create(request: Request) -> HttpResponse:
    """Makes an account that nothing is asked for."""
    asked = request.GET.get("exchange", closed.NONE)
    form = ByHandForm(request.POST or None, initial={"exchange": asked})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        made = _try(
            form,
            lambda: service.create(
                user=request.user,
                label=values["label"],
                exchange=values["exchange"],
                wallets=form.names(),
            ),
        )
        if made is not None:
            messages.success(request, _("Added. Bring its history by file, or enter it by hand."))
            return redirect(DETAIL, made.pk)
    return _form(request, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Request, connection_id: UUID) -> HttpResponse:
    """Names it and its wallets anew."""
    connection = _owned(request, connection_id)
    initial = {"label": connection.label, "wallets": ", ".join(connection.wallets)}
    form = WalletsForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():

        def save() -> bool:
            service.change(
                user=request.user,
                connection_id=connection.pk,
                label=form.cleaned_data["label"],
                wallets=form.names(),
            )
            return True

        if _try(form, save):
            messages.success(request, _("Changed."))
            return redirect(DETAIL, connection.pk)
    return _form(request, form, connection)


def _form(request: Request, form: Form, connection: Connection | None = None) -> HttpResponse:
    return form_page(request, "portfolio/by_hand/form.html", form, {"connection": connection})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reported(request: Request, connection_id: UUID) -> HttpResponse:
    """Takes balances, and lists those that were typed in."""
    connection = _owned(request, connection_id)
    initial = {name: request.GET[name] for name in ("wallet", "asset") if name in request.GET}
    initial.setdefault("at", timezone.localtime().replace(second=0, microsecond=0))  # type: ignore[arg-type]
    names = selector.wallets(connection)
    form = ReportedForm(request.POST or None, wallets=names, initial=initial)
    if request.method == "POST" and form.is_valid():
        told = form.told()

        def save() -> Checkpoint:
            point = service.report(user=request.user, connection_id=connection.pk, told=told)
            _revalue_after(request)
            return point

        if _try(form, save) is not None:
            messages.success(request, _("Kept, and held against the ledger."))
            return redirect(REPORTED, connection.pk)
    context = {"connection": connection, "points": selector.reported(connection)}
    return form_page(request, "portfolio/by_hand/reported.html", form, context)


@login_required
@require_POST
def withdraw(request: Request, connection_id: UUID, checkpoint_id: int) -> HttpResponse:
    """Takes a balance back."""
    connection = _owned(request, connection_id)
    try:
        with transaction.atomic():
            service.withdraw_report(
                user=request.user, connection_id=connection.pk, checkpoint_id=checkpoint_id
            )
            _revalue_after(request)
    except Checkpoint.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("Taken back."))
    return redirect(REPORTED, connection.pk)


def _owned(request: Request, connection_id: UUID) -> Connection:
    rows = Connection.objects.of(request.user).filter(kind=Connection.Kind.MANUAL)
    return get_object_or_404(rows, pk=connection_id)


def _try(form: Form, action: Callable[[], Any]) -> Any:
    """What it gives; None where it cannot be done, told in the form."""
    try:
        with transaction.atomic():
            return action()
    except ByHandProblem as problem:
        form.add_error(None, problem.message)
        return None


def _revalue_after(request: Request) -> None:
    send: Any = partial(tasks.revalue.delay, request.user.pk)
    transaction.on_commit(send, robust=True)
