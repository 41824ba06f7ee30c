"""Transfers between own accounts: what to review, what was decided, and linking by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio import tasks
from portfolio.forms import LinkForm
from portfolio.forms_filters import TransferFilterForm
from portfolio.models import Transaction, TransferLink
from portfolio.selectors import transfers as selector
from portfolio.selectors.ledger import Mark
from portfolio.services import transfers as service
from portfolio.services.transfers import TransferProblem
from portfolio.views.access import Request
from portfolio.views.answers import form_page
from portfolio.views.paging import page_url

LIST = "portfolio:transfer-list"


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Shows one page of the list; htmx gets it without its frame."""
    form = TransferFilterForm(request.GET, choices=selector.choices(request.user))
    filters = form.filters()
    page = selector.page(
        request.user,
        filters,
        older_than=Mark.parse(request.GET.get("older", "")),
        newer_than=Mark.parse(request.GET.get("newer", "")),
    )
    context = {
        "form": form,
        "filters": filters,
        "counts": selector.counts(request.user),
        "is_filtered": bool(filters.asset or filters.connection),
        "page": page,
        "newer_url": page_url(request, "newer", page.newer),
        "older_url": page_url(request, "older", page.older),
    }
    template = "_list" if request.htmx else "index"
    response = render(request, f"portfolio/transfers/{template}.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


@login_required
@require_POST
def accept(request: Request, link_id: int) -> HttpResponse:
    """Takes a proposal for a transfer."""
    return _decide(request, link_id, service.accept, _("Accepted as a transfer."))


@login_required
@require_POST
def refuse(request: Request, link_id: int) -> HttpResponse:
    """Says that a proposal is none; it is not made again."""
    return _decide(request, link_id, service.refuse, _("Refused. It is not proposed again."))


@login_required
@require_POST
def undo(request: Request, link_id: int) -> HttpResponse:
    """Takes a decision back."""
    return _decide(request, link_id, service.undo, _("Undone."))


def _decide(request: Request, link_id: int, decide: Callable[..., None], done: str) -> HttpResponse:
    try:
        with transaction.atomic():
            decide(user=request.user, link_id=link_id)
            _match_again(request)
    except TransferLink.DoesNotExist:
        raise Http404 from None
    except TransferProblem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, done)
    return redirect(_back(request))


def _match_again(request: Request) -> None:
    """What was freed or taken changes what else is likely; the next sync looks too."""
    send = partial(tasks.match_transfers.delay, request.user.pk)
    transaction.on_commit(send, robust=True)


def _back(request: Request) -> str:
    """The page that the button was on."""
    asked = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(asked, allowed_hosts=None)
    return asked if asked.startswith("/") and is_ours else LIST


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: Request, transaction_id: int) -> HttpResponse:
    """Links a withdrawal to the deposits it became, one or several."""
    try:
        found = selector.linking(request.user, transaction_id)
    except Transaction.DoesNotExist:
        raise Http404 from None
    form = LinkForm(request.POST if request.method == "POST" else None, linking=found)
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                service.link_by_hand(user=request.user, outgoing=found.outgoing, parts=form.parts())
                _match_again(request)
        except TransferProblem as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, _("Linked as a transfer."))
            return redirect("portfolio:transaction-detail", transaction_id)
    return form_page(request, "portfolio/transfers/link.html", form, {"found": found})
