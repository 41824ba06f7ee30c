"""Editing many transactions of the list at once, and the way back right after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from portfolio.engine.types import TransactionKind
from portfolio.forms_edits import BulkForm
from portfolio.forms_filters import TransactionFilterForm
from portfolio.models import Edit
from portfolio.selectors import ledger
from portfolio.services import edit_marks, edits
from portfolio.services.edits import MOST, Done
from portfolio.views.access import Request
from portfolio.views.answers import row_numbers
from portfolio.views.edits import attempt

UNDO = "undo_edit"  # in the session: the address that takes the last bulk edit back


@dataclass(frozen=True, slots=True)
class _Made:
    edits: Sequence[Edit]
    done: Done | None = None


@login_required
@require_POST
def apply(request: Request) -> HttpResponse:
    """Does one thing to all chosen transactions, as one batch."""
    query = QueryDict(request.POST.get("query", ""))
    back = reverse("portfolio:transaction-list")
    back += f"?{urlencode(list(query.lists()), doseq=True)}" if query else ""
    form = BulkForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            for error in errors:
                messages.error(request, str(error))
        return redirect(back)
    ids = _chosen(request, query)
    made = None if ids is None else attempt(request, lambda: _action(request, form)(ids))
    if made is not None:
        _tell(request, made)
    return redirect(back)


def _chosen(request: Request, query: QueryDict) -> list[int] | None:
    """The rows that were ticked, or all that the filters find; None where those are too many."""
    if "everything" not in request.POST:
        return row_numbers(request.POST.getlist("row"))
    form = TransactionFilterForm(query, choices=ledger.choices(request.user))
    ids = ledger.ids(request.user, form.filters(), most=MOST + 1)
    if len(ids) > MOST:
        text = _("More than {most} match: narrow the filters, then try again.")
        messages.error(request, text.format(most=MOST))
        return None
    return ids


def _action(request: Request, form: BulkForm) -> Callable[[Sequence[int]], _Made]:
    user, asked = request.user, form.cleaned_data

    def reclassify(ids: Sequence[int]) -> _Made:
        done = edits.reclassify(user=user, ids=ids, kind=TransactionKind(asked["kind"]))
        return _Made(done.edits, done)

    def merge(ids: Sequence[int]) -> _Made:
        return _Made([edits.merge(user=user, ids=ids, kind=TransactionKind(asked["kind"]))])

    def hide(ids: Sequence[int]) -> _Made:
        done = edits.hide(user=user, ids=ids)
        return _Made(done.edits, done)

    def tag(ids: Sequence[int]) -> _Made:
        return _Made(edit_marks.tag(user=user, ids=ids, add=form.names()))

    def untag(ids: Sequence[int]) -> _Made:
        return _Made(edit_marks.tag(user=user, ids=ids, remove=form.names()))

    return {
        form.RECLASSIFY: reclassify,
        form.MERGE: merge,
        form.HIDE: hide,
        form.TAG: tag,
        form.UNTAG: untag,
    }[asked["action"]]


def _tell(request: Request, made: _Made) -> None:
    number = len(made.edits)
    if not number:
        messages.info(request, _("Nothing to change: they were like that already."))
        return
    messages.success(request, ngettext("%d edit made.", "%d edits made.", number) % number)
    for why, count in made.done.left_out.items() if made.done else ():
        left = ngettext("%(count)d left out: %(why)s", "%(count)d left out: %(why)s", count)
        messages.warning(request, left % {"count": count, "why": why})
    first = made.edits[0]
    request.session[UNDO] = (
        reverse("portfolio:edit-revert-batch", args=[first.batch])
        if first.batch
        else reverse("portfolio:edit-revert", args=[first.pk])
    )
