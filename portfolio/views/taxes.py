"""Tax reports, down to how one disposal was worked out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portfolio.engine.tax import place as places
from portfolio.engine.tax.place import Place, UnknownPlace
from portfolio.exports.workbooks import CONTENT_TYPE
from portfolio.models import TaxLine, TaxReport
from portfolio.selectors import (
    tax_boxes,
    tax_changes,
    tax_figures,
    tax_origins,
    tax_sums,
    tax_unpriced,
    tax_words,
)
from portfolio.selectors import tax_pages as selector
from portfolio.services import tax_documents, tax_reports
from portfolio.services.tax_settings import SPECIFIC, TaxProblem
from portfolio.views.access import Request


def _report(request: Request, report_id: int) -> selector.Report:
    try:
        return selector.report(request.user, report_id)
    except TaxReport.DoesNotExist:
        raise Http404 from None


def _made(request: Request, report_id: int) -> selector.Report:
    """One that is made: of others some of the lines may be there."""
    report = _report(request, report_id)
    if report.row.state != TaxReport.State.DONE:
        raise Http404
    return report


def _about(report: selector.Report) -> dict[str, Any]:
    try:
        place: Place | None = places.by_id(report.row.place)
    except UnknownPlace:
        place = None  # a report outlives the place it was made by
    return {"report": report, "row": report.row, "place": place}


@login_required
@never_cache
@require_safe
def detail(request: Request, report_id: int) -> HttpResponse:
    """One report: how far it is, its figures, what they stand on; htmx gets the live part alone."""
    report = _report(request, report_id)
    context = _about(report)
    if report.row.state == TaxReport.State.DONE:
        context |= {
            "assets": tax_sums.by_asset(report.row),
            "assumed": tax_sums.assumed(report.row),
            "changed": tax_reports.changed_since(report.row),
            "changes": tax_changes.of_report(report.row),
        }
        if tax_boxes.has_boxes(report.row):
            context["boxes"] = tax_boxes.boxes(request.user, report.row)
    template = "_report" if request.htmx else "report"
    return render(request, f"portfolio/taxes/{template}.html", context)


@login_required
@never_cache
@require_safe
def lines(request: Request, report_id: int, part: str) -> HttpResponse:
    """The lines of one part, a page at a time."""
    report = _made(request, report_id)
    if part not in TaxLine.Part.values:
        raise Http404
    if part == TaxLine.Part.GIVEN:
        accounts, asset = tax_sums.given(report.row), request.GET.get("asset", "")
        if asset not in {one.asset for one in accounts}:
            asset = accounts[0].asset if accounts else ""
        context = _about(report) | {
            "title": TaxLine.Part.GIVEN.label,
            "accounts": accounts,
            "asset": asset,
            "lots": tax_sums.given_lots(report.row, asset),
            "labels": selector.labels(request.user),
            "order": report.row.settings["engine"].get("wallet_order", []),
            "placing": report.row.settings["engine"].get("placing", "oldest"),
        }
        return render(request, "portfolio/taxes/given.html", context)
    first = _first(request)
    at_loss = part == TaxLine.Part.CLOSING and "loss" in request.GET
    if "unpriced" in request.GET:
        return _unpriced(request, report, part)
    context = _about(report) | {
        "part": part,
        "title": _("Lots at a loss") if at_loss else TaxLine.Part(part).label,
        "at_loss": at_loss,
        "sums": tax_figures.sums(TaxLine.objects.filter(report=report.row, part=part)),
        "without": tax_unpriced.of_lines(report.row, part),
        "page": _lines(report.row, part, first, at_loss=at_loss),
        "labels": selector.labels(request.user),
    }
    return render(request, "portfolio/taxes/lines.html", context)


def _unpriced(request: Request, report: selector.Report, part: str) -> HttpResponse:
    """The lines of a part that are in no sum, as nobody knows their price."""
    context = _about(report) | {
        "part": part,
        "title": _("Without a known price: %(part)s") % {"part": TaxLine.Part(part).label},
        "unpriced": True,
        "without": tax_unpriced.of_lines(report.row, part),
        "page": selector.lines_unpriced(report.row, part, start=_first(request)),
        "labels": selector.labels(request.user),
    }
    return render(request, "portfolio/taxes/lines.html", context)


def _lines(row: TaxReport, part: str, first: int, *, at_loss: bool) -> selector.LinePage:
    if at_loss:
        return selector.lots_at_a_loss(row, start=first)
    return selector.lines(row, part, start=first)


@login_required
@never_cache
@require_safe
def figure(request: Request, report_id: int, number: int) -> HttpResponse:
    """How one figure comes about, step by step, and the lines it is the sum of."""
    report = _made(request, report_id)
    try:
        found = tax_origins.opened(
            report, number, letter=request.GET.get("of", ""), start=_first(request)
        )
    except IndexError:
        raise Http404 from None
    context = _about(report) | {
        "opened": found,
        "part": found.part,
        "page": found.page,
        "labels": selector.labels(request.user),
    }
    return render(request, "portfolio/taxes/figure.html", context)


@login_required
@never_cache
@require_safe
def box(request: Request, report_id: int, letter: str) -> HttpResponse:
    """One box of Form 8949, and the lines behind it."""
    report = _made(request, report_id)
    if not tax_boxes.has_boxes(report.row):
        raise Http404
    try:
        found = tax_boxes.opened(request.user, report.row, letter, start=_first(request))
    except KeyError:
        raise Http404 from None
    context = _about(report) | {
        "opened": found,
        "part": TaxLine.Part.DISPOSAL.value,
        "page": found.page,
        "labels": selector.labels(request.user),
    }
    return render(request, "portfolio/taxes/box.html", context)


@login_required
@never_cache
@require_safe
def coverage(request: Request, report_id: int) -> HttpResponse:
    """What was fetched of each account, within the year and before it."""
    return _stood_on(request, report_id, "coverage")


@login_required
@never_cache
@require_safe
def balances(request: Request, report_id: int) -> HttpResponse:
    """The ledger beside what exchanges reported, when the report was made."""
    return _stood_on(request, report_id, "balances")


@login_required
@never_cache
@require_safe
def findings(request: Request, report_id: int) -> HttpResponse:
    """What was open when the report was made, with the money it could change."""
    return _stood_on(request, report_id, "findings")


@login_required
@never_cache
@require_safe
def changes(request: Request, report_id: int) -> HttpResponse:
    """How a report that was made again differs from the former one."""
    report = _report(request, report_id)
    found = tax_changes.of_report(report.row)
    if found is None:
        raise Http404
    context = _about(report) | {
        "changes": found,
        "figures": tax_changes.figures(found),
        "ledger": tax_changes.transactions(request.user, found),
        "page": tax_changes.lines(found, start=_first(request)),
        "labels": selector.labels_of(report.row),
        "parts": dict(TaxLine.Part.choices),
    }
    return render(request, "portfolio/taxes/changes.html", context)


def _stood_on(request: Request, report_id: int, what: str) -> HttpResponse:
    """One table of what is kept of the ledger with a report, a page at a time."""
    report = _made(request, report_id)
    rows = report.row.evidence.get(what)
    if rows is None:
        raise Http404  # of a report that is not made, or kept nothing of it
    context = _about(report) | {
        "frame": "base.html",
        "back": reverse("portfolio:tax-report", args=[report_id]),
        "title": tax_words.evidence(what),
        "page": selector.rows(rows, start=_first(request)),
        "names": selector.labels_of(report.row),
        "begin": report.begin,
        "meanings": tax_words.meanings(row["cause"] for row in rows) if what == "findings" else [],
    }
    return render(request, f"portfolio/taxes/{what}.html", context)


def _first(request: Request) -> int:
    """The place that a page begins at."""
    start = request.GET.get("from", "0")
    return int(start) if start.isdecimal() and len(start) < 10 else 0


@login_required
@never_cache
@require_safe
def disposal(request: Request, report_id: int, position: int) -> HttpResponse:
    """How one part of a disposal was worked out, in words and numbers."""
    report = _made(request, report_id)
    try:
        found = selector.explanation(request.user, report.row, position)
    except TaxLine.DoesNotExist:
        raise Http404 from None
    context = _about(report) | {
        "counted_in": tax_figures.counted_in(report.row, found.line, report.figures),
        "told": found,
        "line": found.line,
    }
    context["can_choose"] = context["place"] and SPECIFIC in context["place"].methods
    return render(request, "portfolio/taxes/disposal.html", context)


@login_required
@never_cache
@require_safe
def document(request: Request, report_id: int, name: str) -> HttpResponseBase:
    """A report to take along: the whole as PDF or XLSX, a part as CSV."""
    row = _made(request, report_id).row
    stem, _dot, extension = name.rpartition(".")
    if extension == "csv" and stem in TaxLine.Part.values:
        return download(
            tax_documents.csv(row, stem), "text/csv; charset=utf-8", row, f"-{stem}.csv"
        )
    if name == "report.xlsx":
        return download(tax_documents.xlsx(row), CONTENT_TYPE, row, ".xlsx")
    if name == "report.pdf":
        drawn = selector.document(row)
        if drawn is not None:
            return download(iter([drawn]), "application/pdf", row, ".pdf")
    raise Http404


def download(
    pieces: Iterator[bytes], content_type: str, row: TaxReport, ending: str
) -> StreamingHttpResponse:
    """A document of a report, piece by piece."""
    name = f"coffer-taxes-{row.place}-{row.year_name}{ending}"
    disposition = content_disposition_header(as_attachment=True, filename=name)
    return StreamingHttpResponse(
        pieces, content_type=content_type, headers={"Content-Disposition": disposition}
    )


@login_required
@require_POST
def lock(request: Request, report_id: int) -> HttpResponse:
    """Keeps a report from being deleted, or no longer."""
    is_locked = request.POST.get("locked") == "yes"
    try:
        tax_reports.lock(user=request.user, report_id=report_id, is_locked=is_locked)
    except TaxReport.DoesNotExist:
        raise Http404 from None
    except TaxProblem as problem:
        messages.error(request, problem.message)
    return redirect("portfolio:tax-report", report_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: Request, report_id: int) -> HttpResponse:
    """Asks once more, then drops a report."""
    report = _report(request, report_id)
    if request.method != "POST":
        return render(request, "portfolio/taxes/delete.html", _about(report))
    try:
        tax_reports.delete(user=request.user, report_id=report_id)
    except TaxProblem as problem:
        messages.error(request, problem.message)
        return redirect("portfolio:tax-report", report_id)
    messages.success(request, _("The report was deleted."))
    return redirect("portfolio:tax-list")
