"""Files for other programs: choose a target, look at the first rows, have it made, keep it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio import tasks
from portfolio.exports import registry
from portfolio.exports.format import Check, ExportFormat, Group
from portfolio.exports.registry import UnknownFormat
from portfolio.forms_exports import ExportForm
from portfolio.models import Export
from portfolio.selectors import assets, connections, export_pages, ledger
from portfolio.selectors import exports as selector
from portfolio.services import export_jobs
from portfolio.services.export_preview import preview as preview_of
from portfolio.services.exports import Asked
from portfolio.views.access import Request


@dataclass(frozen=True, slots=True)
class Lacks:
    """What a target cannot express: what of it there is, in how many transactions, and the rest."""

    met: list[tuple[str, int]]
    others: list[str]


@dataclass(frozen=True, slots=True)
class Target:
    """One format with its words in the reader's language."""

    format: ExportFormat

    @property
    def title(self) -> str:
        return _(self.format.title)

    @property
    def description(self) -> str:
        return _(self.format.description)

    @property
    def is_run(self) -> bool:
        """Whether the tests feed such files to the target's own program."""
        return self.format.check is Check.RUN

    @property
    def is_own(self) -> bool:
        return self.format.check is Check.OWN

    @property
    def extension(self) -> str:
        return "zip" if self.format.files is not None else self.format.extension

    def lacks(self, counts: dict[str, int]) -> Lacks:
        """What the target cannot express, in sentences."""
        told = {code: _(words) for code, words in self.format.lacks.items()}
        met = [(words, counts[code]) for code, words in told.items() if counts.get(code)]
        others = [words for code, words in told.items() if not counts.get(code)]
        return Lacks(sorted(met, key=lambda one: -one[1]), others)


def target(format_id: str) -> Target:
    """The target of an address. May raise Http404."""
    try:
        return Target(registry.by_id(format_id))
    except UnknownFormat:
        raise Http404 from None


@login_required
@never_cache
@require_safe
def index(request: Request) -> HttpResponse:
    """The targets, and the files that were made."""
    targets = [Target(known) for known in registry.formats()]
    titles = {
        Group.TAX: _("Tax software"),
        Group.ACCOUNTING: _("Accounting and portfolios"),
        Group.OWN: _("Coffer’s own"),
    }
    context = {
        "groups": [
            (title, [one for one in targets if one.format.group is group])
            for group, title in titles.items()
        ],
        "connections": selector.connections(request.user),
        "spam": assets.spam_of(request.user),
        "is_fetching": any(card.is_backfilling for card in connections.cards(request.user)),
        "kept": [_Kept(job) for job in export_pages.kept(request.user)],
        "days": settings.EXPORTS_KEPT_DAYS,
    }
    return render(request, "portfolio/exports/index.html", context)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A file that was made, with its target; None where that is no longer offered."""

    job: Export

    @property
    def target(self) -> Target | None:
        try:
            return Target(registry.by_id(self.job.format))
        except UnknownFormat:
            return None

    @property
    def title(self) -> str:
        return self.target.title if self.target else self.job.format

    @property
    def asked(self) -> Asked:
        return Asked.from_json(self.job.asked)

    @property
    def query(self) -> str:
        """The same request for the page that previews it, with its question mark."""
        asked = self.asked.as_json()
        lists = {"connections": "connection", "wallets": "wallet", "kinds": "kind"}
        told = {lists.get(name, name): value for name, value in asked.items() if name != "format"}
        return f"?{urlencode(told, doseq=True)}" if told else ""

    @property
    def lacks(self) -> Lacks:
        """What of it the target could not express, and how often."""
        return self.target.lacks(self.job.shortfalls) if self.target else Lacks([], [])


# --- Asking -----------------------------------------------------------------------------------


# There was nothing to export before the first block.
_YEARS = tuple(range(2009, 2200))


def _form(request: Request, data: QueryDict | None) -> ExportForm:
    """With all that there is to choose."""
    user = request.user
    return ExportForm(
        data,
        years=ledger.years(user),
        connections=selector.connections(user),
        wallets=selector.wallets(user),
        initial={"currency": user.reporting_currency},
    )


def _given(request: Request, data: QueryDict) -> ExportForm:
    """The same to be checked: only what is chosen from is read."""
    return ExportForm(
        data,
        years=_YEARS,
        connections=selector.connections(request.user) if "connection" in data else (),
        wallets=selector.wallets(request.user) if "wallet" in data else (),
    )


@login_required
@require_safe
def form(request: Request, format_id: str) -> HttpResponse:
    """What is to be in the file."""
    return _show_form(request, target(format_id), request.GET if request.GET else None)


def _show_form(
    request: Request, known: Target, data: QueryDict | None, status: int = 200
) -> HttpResponse:
    context = {"target": known, "form": _form(request, data)}
    return render(request, "portfolio/exports/form.html", context, status=status)


@login_required
@never_cache
@require_safe
def preview(request: Request, format_id: str) -> HttpResponse:
    """The first rows, what the target cannot express, and what should be mended before."""
    known, given = target(format_id), _given(request, request.GET)
    if not given.is_valid():
        return _show_form(request, known, request.GET, status=422)
    asked = given.asked(format_id)
    found = preview_of(request.user, asked)
    context = {
        "target": known,
        "asked": asked,
        "labels": given.labels,
        "preview": found,
        "lacks": known.lacks(found.shortfalls),
        "hidden": [(name, value) for name, values in request.GET.lists() for value in values],
        "query": request.GET.urlencode(),
    }
    return render(request, "portfolio/exports/preview.html", context)


@login_required
@require_POST
def make(request: Request, format_id: str) -> HttpResponse:
    """Has the file made."""
    known, given = target(format_id), _given(request, request.POST)
    if not given.is_valid():
        return _show_form(request, known, request.POST, status=422)
    try:
        with transaction.atomic():
            job = export_jobs.ask(user=request.user, asked=given.asked(format_id))
            # Should the broker be away, beat sends it later.
            transaction.on_commit(partial(tasks.make_export.delay, job.pk), robust=True)
    except export_jobs.TooMany:
        messages.error(request, _("Many files are being made already; wait for one of them."))
        return redirect("portfolio:export-list")
    return redirect("portfolio:export-detail", job.pk)


# --- A file that was made ---------------------------------------------------------------------


def _job(request: Request, export_id: int) -> Export:
    try:
        return export_pages.one(request.user, export_id)
    except Export.DoesNotExist:
        raise Http404 from None


@login_required
@never_cache
@require_safe
def detail(request: Request, export_id: int) -> HttpResponse:
    """One file: how far it is, what it holds; htmx gets the live part alone."""
    kept = _Kept(_job(request, export_id))
    template = "_job" if request.htmx else "detail"
    context = {
        "kept": kept,
        "job": kept.job,
        "asked": kept.asked,
        "labels": export_pages.labels(request.user, kept.asked.connections),
        "days": settings.EXPORTS_KEPT_DAYS,
    }
    return render(request, f"portfolio/exports/{template}.html", context)


@login_required
@never_cache
@require_safe
def download(request: Request, export_id: int) -> StreamingHttpResponse:
    """The file, a piece at a time."""
    job = _job(request, export_id)
    if not job.has_file:
        raise Http404
    disposition = content_disposition_header(as_attachment=True, filename=job.file_name)
    return StreamingHttpResponse(
        export_jobs.pieces(job),
        content_type=job.content_type,
        headers={"Content-Disposition": disposition, "Content-Length": str(job.size)},
    )


@login_required
@require_POST
def compare(request: Request, export_id: int) -> HttpResponse:
    """Has it looked at whether the ledger changed since."""
    send: Callable[..., Any] = partial(tasks.compare_export.delay, export_id)
    try:
        with transaction.atomic():
            export_jobs.ask_to_compare(user=request.user, export_id=export_id)
            transaction.on_commit(send, robust=True)
    except Export.DoesNotExist:
        raise Http404 from None
    return redirect("portfolio:export-detail", export_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, export_id: int) -> HttpResponse:
    """Asks once more, then drops the file and what is known of it."""
    kept = _Kept(_job(request, export_id))
    if request.method != "POST":
        return render(request, "portfolio/exports/delete.html", {"kept": kept, "job": kept.job})
    export_jobs.delete(user=request.user, export_id=export_id)
    messages.success(request, _("The file was deleted."))
    return redirect("portfolio:export-list")
