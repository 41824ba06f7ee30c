"""The meaning of columns that no format knows: said by a person, remembered as a profile."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portfolio.forms_imports import ColumnsForm, ProfileForm
from portfolio.imports.format import NotUnderstood
from portfolio.imports.guessing import guessed
from portfolio.models import Import, ImportFile, ImportProfile
from portfolio.selectors import imports as selector
from portfolio.services import import_columns
from portfolio.services import imports as service
from portfolio.views.access import Request
from portfolio.views.imports import decide


def _table(request: Request, job_id: UUID, file_id: int) -> ImportFile:
    try:
        return selector.file_of(request.user, job_id, file_id)
    except (Import.DoesNotExist, ImportFile.DoesNotExist):
        raise Http404 from None


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def columns(request: Request, job_id: UUID, file_id: int) -> HttpResponse:
    """Asks what each column means, and shows what the first rows would tell."""
    table = _table(request, job_id, file_id)
    job = table.job
    if not (job.is_draft or job.takes_answers) or not table.layout or table.upload is None:
        raise Http404
    try:
        sample = import_columns.sample(table)
        initial = table.settings or guessed(sample.headings)
        kind = request.POST.get("kind", "") if request.method == "POST" else initial.get("kind", "")
        words = import_columns.words(table, kind if kind in sample.headings else "")
        form = ColumnsForm(
            request.POST or None,
            headings=sample.headings,
            words=words,
            initial={"name": table.name[:80], **initial},
        )
        if form.is_valid() and "save" in request.POST:
            return _save(request, table, form)
        tried = import_columns.tried(table, _settings(form, initial))
    except NotUnderstood as error:
        messages.error(request, str(error))
        return redirect("portfolio:import-detail", job_id)
    context = {"table": table, "job": table.job, "form": form, "sample": sample, "tried": tried}
    name = "_tried" if request.htmx else "columns"
    return render(request, f"portfolio/imports/{name}.html", context)


def _settings(form: ColumnsForm, initial: dict[str, str]) -> dict[str, str]:
    """What is said so far, also where it is not enough to be saved."""
    return form.settings() if form.is_bound and hasattr(form, "cleaned_data") else initial


def _save(request: Request, table: ImportFile, form: ColumnsForm) -> HttpResponse:
    settings = form.settings()
    if name := form.cleaned_data["name"].strip():
        import_columns.remember(user=request.user, table=table, name=name, settings=settings)
    return decide(
        request,
        table.job_id,
        lambda: service.map_columns(
            user=request.user, job_id=table.job_id, file_id=table.pk, settings=settings
        ),
    )


@login_required
@require_POST
def rename(request: Request, profile_id: int) -> HttpResponse:
    """Gives a profile another name."""
    form = ProfileForm(request.POST)
    try:
        if form.is_valid():
            name = form.cleaned_data["name"]
            import_columns.rename(user=request.user, profile_id=profile_id, name=name)
        else:
            ImportProfile.objects.get(owner=request.user, pk=profile_id)
            messages.error(request, _("A profile needs a name."))
    except ImportProfile.DoesNotExist:
        raise Http404 from None
    return redirect("portfolio:import-list")


@login_required
@require_POST
def forget(request: Request, profile_id: int) -> HttpResponse:
    """Deletes a profile; what was read with it stays."""
    try:
        import_columns.forget(user=request.user, profile_id=profile_id)
    except ImportProfile.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("The profile is forgotten; what was imported with it stays."))
    return redirect("portfolio:import-list")
