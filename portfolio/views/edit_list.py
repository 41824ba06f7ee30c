"""All that a user changed of the ledger, and taking it back."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio.forms_edits import EditFilterForm
from portfolio.models import Edit, EditPart
from portfolio.selectors import edits as selector
from portfolio.services import edit_reverts
from portfolio.services.edit_reverts import Reverted
from portfolio.views.access import Request
from portfolio.views.answers import row_number
from portfolio.views.edits import DETAIL, attempt
from portfolio.views.paging import page_url

LIST = "portfolio:edit-list"


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Shows one page of all edits."""
    form = EditFilterForm(request.GET, connections=selector.connections(request.user))
    form.full_clean()
    asked = {name: value for name, value in form.cleaned_data.items() if value}
    if "connection" in asked:
        asked["connection"] = UUID(asked["connection"])
    filters = selector.Filters(**asked)
    page = selector.page(
        request.user,
        filters,
        older_than=row_number(request.GET.get("older", "")),
        newer_than=row_number(request.GET.get("newer", "")),
    )
    context = {
        "form": form,
        "filters": filters,
        "is_filtered": filters != selector.Filters(),
        "page": page,
        "standing": selector.standing(request.user),
        "newer_url": page_url(request, "newer", page.newer),
        "older_url": page_url(request, "older", page.older),
    }
    return render(request, "portfolio/edits/index.html", context)


# --- Taking back ------------------------------------------------------------------------------


@login_required
@require_POST
def revert(request: Request, edit_id: int) -> HttpResponse:
    """Takes one back, with those upon it where that is asked for."""
    edit = get_object_or_404(Edit.objects.of(request.user), pk=edit_id)
    with_later = "with_later" in request.POST
    done = attempt(
        request,
        lambda: edit_reverts.revert(user=request.user, edit_id=edit.pk, with_later=with_later),
    )
    _tell(request, done)
    return redirect(_after(request, edit))


@login_required
@require_POST
def keep(request: Request, edit_id: int) -> HttpResponse:
    """Keeps one though a record under it changed."""
    edit = get_object_or_404(Edit.objects.of(request.user), pk=edit_id)
    done = attempt(request, lambda: edit_reverts.keep(user=request.user, edit_id=edit.pk))
    if done is not None:
        messages.success(request, _("The edit stays as it is."))
    return redirect(_after(request, edit))


@login_required
@require_POST
def revert_batch(request: Request, batch_id: UUID) -> HttpResponse:
    """Takes all of a batch back."""
    done = attempt(request, lambda: edit_reverts.revert_batch(user=request.user, batch=batch_id))
    _tell(request, done)
    return redirect(_asked(request) or LIST)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def revert_all(request: Request) -> HttpResponse:
    """Takes all back, or those of one connection; asks first."""
    form = EditFilterForm(request.GET, connections=selector.connections(request.user))
    form.full_clean()
    asked = form.cleaned_data.get("connection")
    connection_id = UUID(asked) if asked else None
    if request.method == "POST":
        done = attempt(
            request,
            lambda: edit_reverts.revert_all(user=request.user, connection_id=connection_id),
        )
        _tell(request, done)
        return redirect(LIST)
    number = selector.standing(request.user, connection_id)
    context = {"form": form, "number": number, "is_filtered": connection_id is not None}
    return render(request, "portfolio/edits/revert_all.html", context)


def _tell(request: Request, done: Reverted | None) -> None:
    if done is None:
        return
    text = ngettext("%d edit taken back.", "%d edits taken back.", done.number) % done.number
    messages.success(request, text)
    if done.left:
        left = ngettext(
            "%d stays: a later edit stands on it.", "%d stay: later edits stand on them.", done.left
        )
        messages.warning(request, left % done.left)


def _after(request: Request, edit: Edit) -> str:
    """The list that the button was on, or what the edit was about, if that is there."""
    asked = _asked(request)
    if asked:
        return asked
    about = EditPart.objects.filter(edit=edit, transaction__owner=request.user).order_by("pk")
    first = about.values_list("transaction_id", flat=True).first()
    return reverse(LIST) if first is None else reverse(DETAIL, args=[first])


def _asked(request: Request) -> str:
    asked = request.POST.get("next", "")
    lists = (reverse(LIST), reverse("portfolio:transaction-list"))
    return asked if asked.partition("?")[0] in lists else ""
