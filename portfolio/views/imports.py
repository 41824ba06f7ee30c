"""Files that people bring: the upload, the preview, and what they decide of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio import tasks
from portfolio.forms_imports import AnswersForm, UploadForm
from portfolio.models import Connection, Import
from portfolio.selectors import imports as selector
from portfolio.selectors.imports import Preview
from portfolio.services import import_uploads, restorations
from portfolio.services import imports as service
from portfolio.services.import_inspection import may_be_read_otherwise, unanswered
from portfolio.services.import_uploads import ImportProblem
from portfolio.views.access import Request
from portfolio.views.restorations import begin as begin_restoration


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: Request) -> HttpResponse:
    """Takes files, and lists the imports so far."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _begin(request, form)
        except ImportProblem as error:
            form.add_error("brought", str(error))
    listing = selector.listing(request.user, page=_number(request, "page"))
    context = {
        "form": form,
        "listing": listing,
        "limits": import_uploads.limits(),
        "command": restorations.command(request.user, "FILE"),
    }
    return render(request, "portfolio/imports/index.html", context)


def _begin(request: Request, form: UploadForm) -> HttpResponse:
    files = form.cleaned_data["brought"]
    if any(restorations.is_archive(file) for file in files):
        return begin_restoration(request, files)
    job = service.begin(user=request.user, files=files)
    _hand_over(job)
    return redirect("portfolio:import-detail", job.pk)


def _hand_over(job: Import) -> None:
    """Should the broker be away, beat sends it later."""
    transaction.on_commit(partial(tasks.work_import.delay, str(job.pk)), robust=True)


def _number(request: Request, name: str) -> int:
    text = request.GET.get(name, "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else 1


def _preview(request: Request, job_id: UUID) -> Preview:
    state, page = request.GET.get("state", ""), _number(request, "page")
    try:
        return selector.preview(request.user, job_id, state=state, page=page)
    except Import.DoesNotExist:
        raise Http404 from None


@login_required
@never_cache
@require_safe
def detail(request: Request, job_id: UUID) -> HttpResponse:
    """One import: what is asked, what would come of it, how far it is, what came of it."""
    return render(request, "portfolio/imports/detail.html", _context(request, job_id))


@login_required
@never_cache
@require_safe
def progress(request: Request, job_id: UUID) -> HttpResponse:
    """How far the worker is; the whole page again once it is done."""
    try:
        job = selector.one(request.user, job_id)
    except Import.DoesNotExist:
        raise Http404 from None
    answer = render(request, "portfolio/imports/_progress.html", {"job": job})
    if not job.is_working:
        answer["HX-Refresh"] = "true"
    return answer


def _context(request: Request, job_id: UUID) -> dict[str, object]:
    preview = _preview(request, job_id)
    zone = request.user.time_zone
    forms = {
        table.pk: AnswersForm(table=table, zone=zone)
        for table in preview.files
        if preview.job.takes_answers and (unanswered(table) or may_be_read_otherwise(table))
    }
    return {
        "preview": preview,
        "job": preview.job,
        "files": [
            {"table": table, "form": forms.get(table.pk), "asks": unanswered(table)}
            for table in preview.files
        ],
    }


# --- Decisions --------------------------------------------------------------------------------


def decide(
    request: Request, job_id: UUID, change: Callable[[], object], *, then: str = ""
) -> HttpResponse:
    """Makes a change, hands the import to a worker, and shows it again."""
    try:
        with transaction.atomic():
            change()
            job = Import.objects.filter(pk=job_id).first()
            if job is not None and job.is_working:
                _hand_over(job)
    except (Import.DoesNotExist, Connection.DoesNotExist):
        raise Http404 from None
    except ImportProblem as error:
        messages.error(request, str(error))
    return redirect("portfolio:import-list") if then else redirect(_page(job_id))


def _page(job_id: UUID) -> str:
    return reverse("portfolio:import-detail", args=[job_id])


@login_required
@require_POST
def answer(request: Request, job_id: UUID, file_id: int) -> HttpResponse:
    """Takes the answers about one file."""
    preview = _preview(request, job_id)
    table = next((table for table in preview.files if table.pk == file_id), None)
    if table is None:
        raise Http404
    form = AnswersForm(request.POST, table=table, zone=request.user.time_zone)
    if not form.is_valid():
        messages.error(request, _("Please answer each question."))
        return redirect(_page(job_id))
    return decide(
        request,
        job_id,
        lambda: service.answer(
            user=request.user, job_id=job_id, file_id=file_id, answers=form.answers()
        ),
    )


@login_required
@require_POST
def leave_out(request: Request, job_id: UUID, file_id: int) -> HttpResponse:
    """Leaves one file out, or takes it in again."""
    is_left_out = request.POST.get("leave") == "1"
    return decide(
        request,
        job_id,
        lambda: service.leave_out(
            user=request.user, job_id=job_id, file_id=file_id, is_left_out=is_left_out
        ),
    )


@login_required
@require_POST
def place(request: Request, job_id: UUID) -> HttpResponse:
    """Takes the connections that the accounts of the files go into."""
    preview = _preview(request, job_id)
    known = {str(connection.pk) for connection in preview.connections} | {"new"}
    choices = {}
    for account in preview.accounts:
        chosen = request.POST.get(f"account{account.pk}", "")
        if chosen in known:
            choices[account.pk] = (chosen, request.POST.get(f"label{account.pk}", ""))
    return decide(
        request,
        job_id,
        lambda: service.place(user=request.user, job_id=job_id, choices=choices),
    )


@login_required
@require_POST
def confirm(request: Request, job_id: UUID) -> HttpResponse:
    """Has the draft booked."""
    return decide(request, job_id, lambda: service.confirm(user=request.user, job_id=job_id))


@login_required
@require_POST
def discard(request: Request, job_id: UUID) -> HttpResponse:
    """Deletes the draft and its files."""
    return decide(
        request, job_id, lambda: service.discard(user=request.user, job_id=job_id), then="list"
    )


@login_required
@require_POST
def undo(request: Request, job_id: UUID) -> HttpResponse:
    """Has the whole import taken back."""
    return decide(request, job_id, lambda: service.undo(user=request.user, job_id=job_id))
