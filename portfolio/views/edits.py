"""What a user changes of the ledger: one transaction, many at once, and taking it back."""

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
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio import tasks
from portfolio.engine.types import TransactionKind
from portfolio.forms_edits import (
    MOST_PARTS,
    AddForm,
    EditFilterForm,
    NoteForm,
    ReclassifyForm,
    SplitForm,
    TagsForm,
)
from portfolio.models import Connection, Edit, EditPart, Transaction
from portfolio.selectors import edits as selector
from portfolio.selectors.edit_layers import layer
from portfolio.services import edit_marks, edit_reverts, edits
from portfolio.services.edit_reverts import Reverted
from portfolio.services.edits import EditProblem
from portfolio.views.access import Request

T = TypeVar("T")
LIST = "portfolio:edit-list"
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


def _owned(request: Request, transaction_id: int) -> Transaction:
    return get_object_or_404(Transaction.objects.of(request.user), pk=transaction_id)


def _tell_errors(request: Request, form: Form) -> None:
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        for error in errors:
            messages.error(request, f"{label}: {error}" if label else str(error))


# --- One transaction --------------------------------------------------------------------------


@login_required
@require_POST
def reclassify(request: Request, transaction_id: int) -> HttpResponse:
    """Makes it of another kind."""
    row = _owned(request, transaction_id)
    form = ReclassifyForm(request.POST)
    if not form.is_valid():
        _tell_errors(request, form)
        return redirect(DETAIL, row.pk)
    kind, reason = TransactionKind(form.cleaned_data["kind"]), form.cleaned_data["reason"]
    done = attempt(
        request, lambda: edits.reclassify(user=request.user, ids=[row.pk], kind=kind, reason=reason)
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
    if not form.is_valid():
        _tell_errors(request, form)
        return redirect(DETAIL, row.pk)
    text = form.cleaned_data["note"]

    def write() -> bool:
        edit_marks.note(user=request.user, transaction_id=row.pk, text=text)
        return True

    if attempt(request, write):
        messages.success(request, _("Note kept."))
    return redirect(DETAIL, row.pk)


@login_required
@require_POST
def retag(request: Request, transaction_id: int) -> HttpResponse:
    """Gives it exactly these tags."""
    row = _owned(request, transaction_id)
    form = TagsForm(request.POST)
    if not form.is_valid():
        _tell_errors(request, form)
        return redirect(DETAIL, row.pk)
    names = form.names()
    done = attempt(
        request, lambda: edit_marks.retag(user=request.user, transaction_id=row.pk, names=names)
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
    context = {"form": form, "row": row, "parts": parts, "most": MOST_PARTS}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "portfolio/edits/split.html", context, status=status)


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
    context = {"form": form, "connection": connection, "legs": legs, "most": edits.MOST_LEGS}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "portfolio/edits/add.html", context, status=status)


@login_required
@require_safe
def choose(request: Request) -> HttpResponse:
    """Asks of which connection a transaction is to be added."""
    rows = Connection.objects.of(request.user).order_by("label", "created_at")
    return render(request, "portfolio/edits/choose.html", {"connections": rows})


# --- All edits --------------------------------------------------------------------------------


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
        older_than=_mark(request, "older"),
        newer_than=_mark(request, "newer"),
    )
    context = {
        "form": form,
        "filters": filters,
        "is_filtered": filters != selector.Filters(),
        "page": page,
        "standing": selector.standing(request.user),
        "newer_url": _page_url(request, "newer", page.newer),
        "older_url": _page_url(request, "older", page.older),
    }
    return render(request, "portfolio/edits/index.html", context)


def _mark(request: Request, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _page_url(request: Request, name: str, mark: int | None) -> str:
    if mark is None:
        return ""
    query = request.GET.copy()
    for key in [key for key in query if key in ("newer", "older") or not query[key]]:
        del query[key]
    query[name] = str(mark)
    return f"?{query.urlencode()}"


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
