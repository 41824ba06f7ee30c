"""Reading stored records again: asked for here, done by a worker, told while it goes on."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from portfolio import tasks
from portfolio.forms import ReadAgainForm
from portfolio.models import Connection
from portfolio.selectors import renormalisations as selector
from portfolio.selectors.renormalisations import Readings
from portfolio.services import renormalising
from portfolio.views.access import Request


def _readings(request: Request, connection_id: UUID) -> Readings:
    try:
        return selector.of(request.user, connection_id)
    except Connection.DoesNotExist:
        raise Http404 from None


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def read_again(request: Request, connection_id: UUID) -> HttpResponse:
    """Says what a reading does, begins one, and shows those that were."""
    readings = _readings(request, connection_id)
    form = ReadAgainForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            job = renormalising.start(
                connection=readings.connection, is_rebuild=form.cleaned_data["rebuild"]
            )
            # Should the broker be away, beat sends it later.
            transaction.on_commit(partial(tasks.renormalise.delay, job.pk), robust=True)
        messages.success(request, _("The stored records are being read. You can leave this page."))
        return redirect("portfolio:connection-read-again", connection_id)
    template = "portfolio/renormalisations/index.html"
    return render(request, template, {"readings": readings, "form": form})


@login_required
@never_cache
@require_safe
def progress(request: Request, connection_id: UUID) -> HttpResponse:
    """The live part of the page."""
    readings = _readings(request, connection_id)
    return render(request, "portfolio/renormalisations/_readings.html", {"readings": readings})
