"""Where two sources contradict each other: both shown, and one decision each, which comes off."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from portfolio.models import WitnessConflict
from portfolio.selectors import conflicts as selector
from portfolio.services import conflicts as service
from portfolio.services.conflicts import ConflictProblem
from portfolio.views.access import Request
from portfolio.views.edits import recount_after

LIST = "portfolio:conflict-list"


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Lists the conflicts that wait, and those that were decided."""
    context = {"conflicts": selector.conflicts(request.user)}
    return render(request, "portfolio/conflicts/index.html", context)


@login_required
@require_POST
def decide(request: Request, conflict_id: int) -> HttpResponse:
    """Says that both are one event, or two."""
    decision = request.POST.get("decision", "")

    def action() -> None:
        service.decide(user=request.user, conflict_id=conflict_id, decision=decision)

    return _done(request, action, _("Decided. You can take it back below."))


@login_required
@require_POST
def undo(request: Request, conflict_id: int) -> HttpResponse:
    """Takes a decision back."""

    def action() -> None:
        service.undo(user=request.user, conflict_id=conflict_id)

    return _done(request, action, _("Taken back: it waits for you again."))


def _done(request: Request, action: Callable[[], None], words: str) -> HttpResponse:
    try:
        with transaction.atomic():
            action()
            recount_after(request)
    except WitnessConflict.DoesNotExist:
        raise Http404 from None
    except ConflictProblem as problem:
        messages.error(request, problem.message)
    else:
        messages.success(request, words)
    return redirect(LIST)
