"""All assets ever held, and what their owner decides on them: merge, rename, spam, undo."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portfolio import tasks
from portfolio.engine import money
from portfolio.engine.identities import looks_like
from portfolio.forms_assets import AssetMergeForm, AssetNameForm, AssetSpamForm
from portfolio.models import AssetRule
from portfolio.selectors import asset_list
from portfolio.selectors.asset_list import AssetLine, AssetList, State
from portfolio.services import assets as service
from portfolio.services.assets import AssetProblem
from portfolio.views.access import Request


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Lists every asset that the ledger knows."""
    context = {"assets": asset_list.assets_of(request.user)}
    return render(request, "portfolio/assets/index.html", context)


@login_required
@require_safe
def codes(request: Request, code: str) -> HttpResponse:
    """Shows which codes are one asset, and offers what can be decided on them."""
    found = asset_list.assets_of(request.user)
    return _page(request, found, _line(found, code))


@login_required
@require_POST
def merge(request: Request, code: str) -> HttpResponse:
    """Takes a code for an asset, or keeps it apart."""

    def save(form: forms.Form, _line: AssetLine) -> str:
        source, own = form.cleaned_data["place"]
        target = service.Target(form.cleaned_data["asset"], form.cleaned_data["factor"])
        service.merge(user=request.user, source=source, code=own, target=target)
        return _("{code} is {asset} from now on.").format(code=own, asset=target.asset)

    return _decide(request, code, "merge", save)


@login_required
@require_POST
def rename(request: Request, code: str) -> HttpResponse:
    """Shows an asset by another name."""

    def save(form: forms.Form, line: AssetLine) -> str:
        name = form.cleaned_data["name"]
        service.rename(user=request.user, asset=line.asset, name=name)
        return _("{code} is shown as {name} from now on.").format(code=line.asset, name=name)

    return _decide(request, code, "name", save)


@login_required
@require_POST
def spam(request: Request, code: str) -> HttpResponse:
    """Leaves a code, or the whole asset, out of every sum."""

    def save(form: forms.Form, _line: AssetLine) -> str:
        source, own = form.cleaned_data["place"]
        service.mark_spam(user=request.user, source=source, code=own)
        return _("{code} is not counted any more.").format(code=own)

    return _decide(request, code, "spam", save)


@login_required
@require_POST
@transaction.atomic
def undo(request: Request, rule_id: int) -> HttpResponse:
    """Takes a decision back."""
    rule = get_object_or_404(AssetRule.objects.of(request.user), pk=rule_id)
    try:
        with transaction.atomic():
            service.undo(user=request.user, rule=rule)
    except AssetProblem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, _("Undone."))
        _recompute_after(request)
    return _to(request, rule.code)


def _line(found: AssetList, code: str) -> AssetLine:
    line = found.line(code)
    if line is None:
        raise Http404
    return line


def _forms(line: AssetLine, found: AssetList, data: Any = None, which: str = "") -> dict[str, Any]:
    """The forms of the page by name; ``which`` of them was sent."""
    names = sorted({told.asset for told in (*found.counted, *found.spam)})

    def sent(name: str) -> Any:
        return data if name == which else None

    return {
        "merge": AssetMergeForm(
            sent("merge"), line=line, assets=names, auto_id="merge_%s", initial=_offered(line)
        ),
        "name": AssetNameForm(sent("name"), initial={"name": line.name}),
        "spam": AssetSpamForm(sent("spam"), line=line, auto_id="spam_%s"),
    }


def _offered(line: AssetLine) -> dict[str, str]:
    """What an unknown code may be, by its look."""
    found = looks_like(line.asset) if State.UNKNOWN in line.states else None
    return {"asset": found.asset, "factor": money.plain(found.factor)} if found else {}


def _decide(
    request: Request, code: str, which: str, save: Callable[[forms.Form, AssetLine], str]
) -> HttpResponse:
    found = asset_list.assets_of(request.user)
    line = _line(found, code)
    made = _forms(line, found, request.POST, which)
    form = made[which]
    if form.is_valid():
        try:
            with transaction.atomic():
                done = save(form, line)
                _recompute_after(request)
        except AssetProblem as problem:
            form.add_error(None, problem.message)
        else:
            messages.success(request, done)
            return _to(request, form.cleaned_data.get("asset") or line.asset)
    return _page(request, found, line, made, status=422)


def _to(request: Request, code: str) -> HttpResponse:
    """The page of the asset that a code is now; the list where it is none."""
    line = asset_list.assets_of(request.user).line(code)
    if line is None:
        return redirect("portfolio:asset-list")
    return redirect("portfolio:asset-codes", line.asset)


def _page(
    request: Request,
    found: AssetList,
    line: AssetLine,
    made: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {
        "line": line,
        "currency": found.currency,
        "forms": made or _forms(line, found),
    }
    return render(request, "portfolio/assets/codes.html", context, status=status)


def _recompute_after(request: Request) -> None:
    """Daily values and transfers rest on what codes stand for."""
    for task in (tasks.revalue, tasks.match_transfers):
        send: Any = partial(task.delay, request.user.pk)
        transaction.on_commit(send, robust=True)
