"""What a user changes of one transaction, and those they add."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.forms import Form
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio import tasks
from portfolio.engine.types import TransactionKind
from portfolio.forms_edits import (
    MOST_PARTS,
    AddForm,
    NoteForm,
    ReclassifyForm,
    SplitForm,
    TagsForm,
)
from portfolio.models import Connection, Edit, Transaction
from portfolio.selectors.edit_layers import layer
from portfolio.services import edit_marks, edits
from portfolio.services.edits import EditProblem
from portfolio.views.access import Request
from portfolio.views.answers import form_page

T = TypeVar("T")
DETAIL = "portfolio:transaction-detail"


def recount_after(request: Request) -> None:
    """Once stored, worth and transfers are looked at anew."""
    for task in (tasks.revalue, tasks.match_transfers):
        send: Any = partial(task.delay, request.user.pk)
        transaction.on_commit(send, robust=True)


def attempt(request: Request, action: Callable[[], T]) -> T | None:
    """Does it, or tells why it cannot be done; None then, with nothing changed."""
    try:
        with transaction.atomic():
            done = action()
            recount_after(request)
    except (Transaction.DoesNotExist, Edit.DoesNotExist, Connection.DoesNotExist):
        raise Http404 from None
    except EditProblem as problem:
        messages.error(request, problem.message)
        return None
    return done


def _attempt_of(request: Request, form: Form, action: Callable[[], T]) -> T | None:
    """The same for what a form asks for; what is wrong with the form is told too."""
    if form.is_valid():
        return attempt(request, action)
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        for error in errors:
            messages.error(request, f"{label}: {error}" if label else str(error))
    return None


def _owned(request: Request, transaction_id: int) -> Transaction:
    return get_object_or_404(Transaction.objects.of(request.user), pk=transaction_id)


# --- One transaction --------------------------------------------------------------------------


@login_required
@require_POST
def reclassify(request: Request, transaction_id: int) -> HttpResponse:
    """Makes it of another kind."""
    row = _owned(request, transaction_id)
    form = ReclassifyForm(request.POST)
    done = _attempt_of(
        request,
        form,
        lambda: edits.reclassify(
            user=request.user,
            ids=[row.pk],
            kind=TransactionKind(form.cleaned_data["kind"]),
            reason=form.cleaned_data["reason"],
        ),
    )
    if done is None:
        return redirect(DETAIL, row.pk)
    messages.success(request, _("It is of another kind now; the original stays below it."))
    return redirect(DETAIL, done.edits[0].made.get().pk)


@login_required
@require_POST
def hide(request: Request, transaction_id: int) -> HttpResponse:
    """Leaves it out of everything."""
    row = _owned(request, transaction_id)
    if attempt(request, lambda: edits.hide(user=request.user, ids=[row.pk])) is not None:
        messages.success(request, _("Hidden: it counts nowhere. It can be taken back below."))
    return redirect(DETAIL, row.pk)


@login_required
@require_POST
def note(request: Request, transaction_id: int) -> HttpResponse:
    """Writes a note on it."""
    row = _owned(request, transaction_id)
    form = NoteForm(request.POST)

    def write() -> bool:
        text = form.cleaned_data["note"]
        edit_marks.note(user=request.user, transaction_id=row.pk, text=text)
        return True

    if _attempt_of(request, form, write):
        messages.success(request, _("Note kept."))
    return redirect(DETAIL, row.pk)


@login_required
@require_POST
def retag(request: Request, transaction_id: int) -> HttpResponse:
    """Gives it exactly these tags."""
    row = _owned(request, transaction_id)
    form = TagsForm(request.POST)
    done = _attempt_of(
        request,
        form,
        lambda: edit_marks.retag(user=request.user, transaction_id=row.pk, names=form.names()),
    )
    if done is not None:
        messages.success(request, _("Tags kept."))
    return redirect(DETAIL, row.pk)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def split(request: Request, transaction_id: int) -> HttpResponse:
    """Makes several of one; asks for one part more where that is wanted."""
    rows = Transaction.objects.of(request.user).prefetch_related("postings")
    row = get_object_or_404(rows.select_related("connection"), pk=transaction_id)
    parts = _number(request.POST.get("parts"), 2, MOST_PARTS)
    is_more = "more" in request.POST
    parts = min(parts + is_more, MOST_PARTS)
    data = request.POST if request.method == "POST" and not is_more else None
    kept = {name: request.POST[name] for name in request.POST} if is_more else {}
    form = SplitForm(data, whole=layer(row), parts=parts, initial=kept)
    if form.is_bound and form.is_valid():
        reason, told = form.cleaned_data["reason"], form.told()
        done = _attempt_in(
            request,
            form,
            lambda: edits.split(
                user=request.user, transaction_id=row.pk, parts=told, reason=reason
            ),
        )
        if done is not None:
            messages.success(request, _("Split; the original stays below the parts."))
            return redirect(DETAIL, row.pk)
    context = {"row": row, "parts": parts, "most": MOST_PARTS}
    return form_page(request, "portfolio/edits/split.html", form, context)


def _number(text: str | None, least: int, most: int) -> int:
    return min(max(int(text), least), most) if text and text.isdecimal() else least


def _attempt_in(request: Request, form: Form, action: Callable[[], T]) -> T | None:
    """The same as ``attempt``, with what is wrong told in the form."""
    try:
        with transaction.atomic():
            done = action()
            recount_after(request)
    except EditProblem as problem:
        form.add_error(None, problem.message)
        return None
    return done


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: Request, connection_id: UUID) -> HttpResponse:
    """Takes a transaction that no exchange tells of."""
    connection = get_object_or_404(Connection.objects.of(request.user), pk=connection_id)
    is_more = "more" in request.POST
    legs = _number(request.POST.get("legs"), 3, edits.MOST_LEGS) + 2 * is_more
    data = request.POST if request.method == "POST" and not is_more else None
    kept = {name: request.POST[name] for name in request.POST} if is_more else {}
    wallets = edits.wallets_of(connection)
    form = AddForm(data, wallets=wallets, legs=legs, initial=kept)
    if form.is_bound and form.is_valid():
        told = form.told()
        done = _attempt_in(
            request,
            form,
            lambda: edits.add(user=request.user, connection_id=connection.pk, told=told),
        )
        if done is not None:
            messages.success(request, _("The transaction is in the ledger."))
            return redirect(DETAIL, done.made.get().pk)
    context = {"connection": connection, "legs": legs, "most": edits.MOST_LEGS}
    return form_page(request, "portfolio/edits/add.html", form, context)


@login_required
@require_safe
def choose(request: Request) -> HttpResponse:
    """Asks of which connection a transaction is to be added."""
    rows = Connection.objects.of(request.user).order_by("label", "created_at")
    return render(request, "portfolio/edits/choose.html", {"connections": rows})
