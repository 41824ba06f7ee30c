"""What if I sold now: the questions, and their answers as a worker gives them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from portfolio import tasks
from portfolio.engine.tax import place as places
from portfolio.engine.tax.place import UnknownPlace
from portfolio.engine.tax.settings import LongTerm
from portfolio.forms_what_if import SaleForm
from portfolio.models import WhatIf, WhatIfLine
from portfolio.selectors import what_ifs as selector
from portfolio.services import tax_settings, what_ifs
from portfolio.services.tax_settings import TaxProblem
from portfolio.views.access import Request


@login_required
@never_cache
@require_safe
def index(request: Request) -> HttpResponse:
    """What can be asked, and what was asked."""
    return _index(request, None)


def _index(request: Request, data: Any) -> HttpResponse:
    profile = tax_settings.profile_of(request.user)
    place, settings = tax_settings.settings_of(request.user, profile)
    offer = selector.offer(request.user)
    form = SaleForm(
        data,
        offer=offer,
        currency=settings.base_currency,
        by_account=place.has_lots_by_account,
        initial={"asset": request.GET.get("asset", "")},
    )
    context = {
        "form": form,
        "is_chosen": profile.pk is not None,
        "place": place,
        "settings": settings,
        "offer": offer,
        "can_wait": settings.long_term is not LongTerm.NONE,
        "answers": selector.answers(request.user),
    }
    status = 422 if form.is_bound else 200
    return render(request, "portfolio/what_ifs/index.html", context, status=status)


@login_required
@require_POST
def sell(request: Request) -> HttpResponse:
    """Has it worked out what a sale now would give."""
    user = request.user
    place, settings = tax_settings.settings_of(user, tax_settings.profile_of(user))
    form = SaleForm(
        request.POST,
        offer=selector.offer(user),
        currency=settings.base_currency,
        by_account=place.has_lots_by_account,
    )
    if not form.is_valid():
        return _index(request, request.POST)
    return _ask(request, lambda: what_ifs.ask_sale(user=user, asked=form.asked()))


@login_required
@require_POST
def today(request: Request) -> HttpResponse:
    """Has it worked out which lots wait, and which are at a loss."""
    return _ask(request, lambda: what_ifs.ask_today(user=request.user))


def _ask(request: Request, ask: Any) -> HttpResponse:
    try:
        with transaction.atomic():
            row: WhatIf = ask()
            # Should the broker be away, beat sends it later.
            transaction.on_commit(partial(tasks.make_what_if.delay, row.pk), robust=True)
    except TaxProblem as problem:
        messages.error(request, problem.message)
        return redirect("portfolio:what-if-list")
    return redirect("portfolio:what-if", row.pk)


# --- An answer --------------------------------------------------------------------------------


def _answer(request: Request, answer_id: int) -> WhatIf:
    try:
        return selector.answer(request.user, answer_id)
    except WhatIf.DoesNotExist:
        raise Http404 from None


@login_required
@never_cache
@require_safe
def detail(request: Request, answer_id: int) -> HttpResponse:
    """One answer: how far it is, what came out; htmx gets the live part alone."""
    row = _answer(request, answer_id)
    context: dict[str, Any] = {"row": row, "place": _place(row), "asked": row.asked}
    if row.state == WhatIf.State.DONE:
        is_sale = row.kind == WhatIf.Kind.SALE
        context |= _sale(request, row) if is_sale else _today(request, row)
        context |= {
            "labels": selector.labels(request.user),
            "has_other_settings": what_ifs.has_other_settings(request.user, row),
        }
    template = "_answer" if request.htmx else "detail"
    return render(request, f"portfolio/what_ifs/{template}.html", context)


def _place(row: WhatIf) -> places.Place | None:
    try:
        return places.by_id(row.place)
    except UnknownPlace:
        return None  # an answer outlives the place it was made by


def _sale(request: Request, row: WhatIf) -> dict[str, Any]:
    told = selector.sale_answer(row)
    method = told.method(request.GET.get("method"))
    page = selector.lots(row, method.name, method.lots, start=_start(request))
    return {"sale": told, "method": method, "page": page, "kept": f"method={method.name}&"}


def _today(request: Request, row: WhatIf) -> dict[str, Any]:
    told = selector.today_answer(row)
    at_loss = request.GET.get("lots") == WhatIfLine.LOSS
    part, total = (WhatIfLine.LOSS, told.losses) if at_loss else (WhatIfLine.WAITING, told.waiting)
    page = selector.lots(row, part, total, start=_start(request))
    can_wait = row.settings["engine"]["long_term"] != LongTerm.NONE
    return {
        "today": told,
        "part": part,
        "page": page,
        "kept": f"lots={part}&",
        "can_wait": can_wait,
    }


def _start(request: Request) -> int:
    start = request.GET.get("from", "0")
    return int(start) if start.isdecimal() and len(start) < 10 else 0


@login_required
@require_POST
def delete(request: Request, answer_id: int) -> HttpResponse:
    """Drops a question with its answer."""
    try:
        what_ifs.delete(user=request.user, answer_id=answer_id)
    except WhatIf.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The answer was deleted."))
    return redirect("portfolio:what-if-list")
