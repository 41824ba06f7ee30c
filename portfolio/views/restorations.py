"""Complete archives that people bring: what is in one, and whether it is to be restored."""

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
from django.views.decorators.http import require_POST, require_safe

from portfolio import tasks
from portfolio.models import Restoration
from portfolio.services import restorations as service
from portfolio.services.import_uploads import Brought, ImportProblem
from portfolio.views.access import Request


def begin(request: Request, files: list[Brought]) -> HttpResponse:
    """Keeps an archive and has it checked. May raise ImportProblem."""
    if len(files) > 1:
        raise ImportProblem(_("Bring a complete archive by itself, without other files."))
    with transaction.atomic():
        job = service.begin(user=request.user, file=files[0])
        _hand_over(job)
    return redirect("portfolio:restoration-detail", job.pk)


def _hand_over(job: Restoration) -> None:
    """Should the broker be away, beat sends it later."""
    transaction.on_commit(partial(tasks.work_restoration.delay, str(job.pk)), robust=True)


def _job(request: Request, archive_id: UUID) -> Restoration:
    job = Restoration.objects.of(request.user).defer("content").filter(pk=archive_id).first()
    if job is None:
        raise Http404
    return job


@login_required
@never_cache
@require_safe
def detail(request: Request, archive_id: UUID) -> HttpResponse:
    """One archive: what is in it, how far it is, what came of it."""
    job = _job(request, archive_id)
    context = {"job": job, "progress": service.progress(job)}
    return render(request, "portfolio/restorations/detail.html", context)


@login_required
@never_cache
@require_safe
def progress(request: Request, archive_id: UUID) -> HttpResponse:
    """How far the worker is; the whole page again once it is done."""
    job = _job(request, archive_id)
    context = {"job": job, "progress": service.progress(job)}
    answer = render(request, "portfolio/restorations/_progress.html", context)
    if not job.is_working:
        answer["HX-Refresh"] = "true"
    return answer


@login_required
@require_POST
def confirm(request: Request, archive_id: UUID) -> HttpResponse:
    """Has the archive restored."""
    try:
        with transaction.atomic():
            job = service.confirm(user=request.user, job_id=archive_id)
            if job.is_working:
                _hand_over(job)
    except Restoration.DoesNotExist:
        raise Http404 from None
    except ImportProblem as error:
        messages.error(request, str(error))
    return redirect("portfolio:restoration-detail", archive_id)


@login_required
@require_POST
def discard(request: Request, archive_id: UUID) -> HttpResponse:
    """Deletes the archive that was brought."""
    try:
        service.discard(user=request.user, job_id=archive_id)
    except Restoration.DoesNotExist:
        raise Http404 from None
    except ImportProblem as error:
        messages.error(request, str(error))
        return redirect("portfolio:restoration-detail", archive_id)
    return redirect("portfolio:import-list")
