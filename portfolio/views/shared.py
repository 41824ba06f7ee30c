"""What a reader of shared tax years sees. The only views that a share opens.

Each is wrapped by ``_shared``, which lets in whom the share is for and hands on a scope; nothing
here takes an owner or a row from the request. Addresses carry no secret.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec
from uuid import UUID
from zoneinfo import ZoneInfo

from allauth.core.internal import ratelimit
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.adapter import client_ip
from portfolio.engine.tax import place as places
from portfolio.engine.tax.place import UnknownPlace
from portfolio.exports.workbooks import CONTENT_TYPE
from portfolio.forms_shares import OpenForm
from portfolio.models import TaxLine, TaxReport, TaxShare, TaxShareOpening
from portfolio.selectors import tax_pages, tax_words
from portfolio.selectors import tax_shared as selector
from portfolio.selectors.tax_pages import Report
from portfolio.selectors.tax_shared import OutOfScope, Scope
from portfolio.services import tax_documents
from portfolio.services import tax_shares as service
from portfolio.services.networks import neighbourhood
from portfolio.services.tax_shares import Answer
from portfolio.views.access import Request
from portfolio.views.taxes import download

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, Scope, P], HttpResponseBase]
What = TaxShareOpening.What

COOKIE = "coffer_shared"
# Tries of codes from one address.
_RATES = {"shared_open": "20/10m/ip"}
_NOT_THERE = (
    *(Http404, OutOfScope),
    *(TaxReport.DoesNotExist, TaxLine.DoesNotExist),
)


def _private(answer: HttpResponseBase, *, has_form: bool = False) -> HttpResponseBase:
    """Kept by no cache, found by no search, told to no other site.

    Browsers send forms of a page without any referrer as if from nowhere, which the protection
    against forged requests refuses: pages with a form keep the site's own policy, which tells
    other sites nothing either.
    """
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    if not has_form:
        answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _shared(*, has_form: bool = False) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """Lets a browser in by its visit, or by the account that a share is for; nobody else."""

    def wrap(view: View[P]) -> Callable[..., HttpResponseBase]:
        @require_safe
        @never_cache
        @functools.wraps(view)
        def wrapper(
            request: HttpRequest, share_id: UUID, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            now = timezone.now()
            key = service.digest(request.COOKIES.get(COOKIE, ""))
            share = selector.admitted(share_id, key_sha256=key, user=request.user, now=now)
            if share is None:
                return _private(render(request, "portfolio/shared/closed.html", status=404))
            if service.is_over(share, now):
                _note(request, share, What.CLOSED)
                return _ended(request, share)
            return _private(_answered(request, share, view, *args, **kwargs), has_form=has_form)

        return wrapper

    return wrap


def _ended(request: HttpRequest, share: TaxShare) -> HttpResponseBase:
    return _private(render(request, "portfolio/shared/ended.html", {"share": share}, status=410))


def _answered(
    request: HttpRequest, share: TaxShare, view: View[P], *args: P.args, **kwargs: P.kwargs
) -> HttpResponseBase:
    """The page; what is out of scope is not there, whether it exists or not."""
    with timezone.override(ZoneInfo(share.time_zone)):
        try:
            return view(request, Scope.of(share), *args, **kwargs)
        except _NOT_THERE:
            context = {"share": share}
            return render(request, "portfolio/shared/nothing.html", context, status=404)


def _note(
    request: HttpRequest,
    share: TaxShare,
    what: TaxShareOpening.What,
    name: str = "",
    report: TaxReport | None = None,
) -> None:
    network = neighbourhood(client_ip(request))
    service.note(share, what, name, report=report, network=network)


# --- The way in and out -----------------------------------------------------------------------


@sensitive_post_parameters("code", "passphrase")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def enter(request: HttpRequest) -> HttpResponseBase:
    """Takes the code of a link for a cookie that opens its share, and nothing else."""
    form = OpenForm(request.POST or None)
    if not form.is_bound or not form.is_valid():
        return _asked(request, form, 422 if form.is_bound else 200)
    if not ratelimit.consume(request, app="coffer", action="shared_open", config=_RATES):
        form.add_error(None, _("Too many tries. Please wait a while."))
        return _asked(request, form, 429)
    network = neighbourhood(client_ip(request))
    entry = service.enter(
        token=form.token(), passphrase=form.cleaned_data["passphrase"], network=network
    )
    if entry.share is None:
        form.add_error(None, _refused(entry.answer))
        return _asked(request, form, 429 if entry.answer is Answer.WAIT else 422)
    return _let_in(entry.share, entry.key) if entry.key else _ended(request, entry.share)


def _asked(request: HttpRequest, form: OpenForm, status: int) -> HttpResponseBase:
    answer = render(request, "portfolio/shared/open.html", {"form": form}, status=status)
    return _private(answer, has_form=True)


def _refused(answer: Answer) -> str:
    if answer is Answer.PASSPHRASE:
        return _("This link needs the passphrase too. Ask whoever gave you the link for it.")
    if answer is Answer.WRONG:
        return _("The passphrase is not the right one.")
    if answer is Answer.WAIT:
        return _("The passphrase was wrong too often. Please wait an hour, then try again.")
    return _("This link opens nothing. Perhaps a part of it is missing, or it was deleted.")


def _let_in(share: TaxShare, key: str) -> HttpResponseBase:
    here = reverse("portfolio:shared-years", args=[share.pk])
    answer = redirect(here)
    answer.set_cookie(
        COOKIE,
        key,
        max_age=service.VISIT,
        path=here,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return _private(answer)


@never_cache
@require_POST
def leave(request: HttpRequest, share_id: UUID) -> HttpResponseBase:
    """Forgets the visit of this browser."""
    service.leave(share_id=share_id, key=request.COOKIES.get(COOKIE, ""))
    answer = redirect("portfolio:shared-open")
    answer.delete_cookie(
        COOKIE, path=reverse("portfolio:shared-years", args=[share_id]), samesite="Strict"
    )
    return _private(answer)


@login_required
@never_cache
@require_safe
def with_me(request: Request) -> HttpResponseBase:
    """What others share with this person's account."""
    now = timezone.now()
    rows = [(share, service.is_over(share, now)) for share in selector.shared_with(request.user)]
    return _private(render(request, "portfolio/shared/with_me.html", {"shares": rows}))


# --- Reports ----------------------------------------------------------------------------------


def _about(scope: Scope, report: Report) -> dict[str, Any]:
    try:
        place = places.by_id(report.row.place)
    except UnknownPlace:
        place = None
    row = report.row
    return {"share": scope.share, "scope": scope, "report": report, "row": row, "place": place}


def _named(report: Report, *more: str) -> str:
    row = report.row
    return ", ".join([f"{tax_words.place(row.place)} {row.year_name} #{row.pk}", *more])


def _start(request: HttpRequest) -> int:
    start = request.GET.get("from", "0")
    return int(start) if start.isascii() and start.isdecimal() and len(start) < 10 else 0


@_shared(has_form=True)
def years(request: HttpRequest, scope: Scope) -> HttpResponseBase:
    """The reports that can be opened."""
    _note(request, scope.share, What.YEARS)
    context = {"share": scope.share, "scope": scope, "reports": selector.reports(scope)}
    return render(request, "portfolio/shared/years.html", context)


@_shared()
def report(request: HttpRequest, scope: Scope, report_id: int) -> HttpResponseBase:
    """One report: its figures where it is whole, its lines, and what they stand on."""
    found = selector.report(scope, report_id)
    _note(request, scope.share, What.REPORT, _named(found), found.row)
    context = _about(scope, found) | {
        "assets": selector.by_asset(scope, found.row) if scope.shows_amounts else [],
        "assumed": selector.assumed(scope, found.row),
        "parts": selector.counts(scope, found.row),
        "evidence": selector.evidence(scope, found.row),
        "boxes": selector.boxes(scope, found.row),
    }
    return render(request, "portfolio/shared/report.html", context)


@_shared()
def lines(request: HttpRequest, scope: Scope, report_id: int, part: str) -> HttpResponseBase:
    """The lines of one part, a page at a time."""
    found = selector.report(scope, report_id)
    if part not in TaxLine.Part.values:
        raise Http404
    title = str(TaxLine.Part(part).label)
    _note(request, scope.share, What.LINES, _named(found, title), found.row)
    context = _about(scope, found) | {
        "part": part,
        "title": title,
        "page": selector.lines(scope, found.row, part, start=_start(request)),
        "labels": tax_pages.labels_of(found.row),
    }
    return render(request, "portfolio/shared/lines.html", context)


@_shared()
def figure(request: HttpRequest, scope: Scope, report_id: int, number: int) -> HttpResponseBase:
    """How one figure comes about, and the lines it is the sum of, where the report is whole."""
    found = selector.report(scope, report_id)
    letter, start = request.GET.get("of", ""), _start(request)
    opened = selector.figure(scope, found, number, letter=letter, start=start)
    _note(request, scope.share, What.LINES, _named(found, _(opened.figure.title)), found.row)
    context = _about(scope, found) | {
        "opened": opened,
        "part": opened.part,
        "page": opened.page,
        "labels": tax_pages.labels_of(found.row),
    }
    return render(request, "portfolio/shared/figure.html", context)


@_shared()
def box(request: HttpRequest, scope: Scope, report_id: int, letter: str) -> HttpResponseBase:
    """One box of Form 8949, and the lines behind it, where the report is whole."""
    found = selector.report(scope, report_id)
    opened = selector.box(scope, found.row, letter, start=_start(request))
    name = _named(found, _("Form 8949, box"), letter)
    _note(request, scope.share, What.LINES, name, found.row)
    context = _about(scope, found) | {
        "opened": opened,
        "part": TaxLine.Part.DISPOSAL.value,
        "page": opened.page,
        "labels": tax_pages.labels_of(found.row),
    }
    return render(request, "portfolio/shared/box.html", context)


@_shared()
def disposal(request: HttpRequest, scope: Scope, report_id: int, position: int) -> HttpResponseBase:
    """How one part of a disposal was worked out."""
    found = selector.report(scope, report_id)
    told = selector.explanation(scope, found.row, position)
    name = _named(found, told.line.asset, f"{told.line.on}")
    _note(request, scope.share, What.DISPOSAL, name, found.row)
    context = _about(scope, found) | {"told": told, "line": told.line, "part": "disposal"}
    return render(request, "portfolio/shared/disposal.html", context)


@_shared()
def event(
    request: HttpRequest, scope: Scope, report_id: int, part: str, position: int, which: str
) -> HttpResponseBase:
    """The transaction of a line, or of its lot, down to the raw record."""
    found = selector.report(scope, report_id)
    line = selector.line(scope, found.row, part, position)
    told = selector.event(scope, line.lot_transaction if which == "lot" else line.transaction)
    name = _named(found, line.asset, f"{told.transaction.occurred_at:%Y-%m-%d %H:%M:%S} UTC")
    _note(request, scope.share, What.TRANSACTION, name, found.row)
    context = _about(scope, found) | {"told": told, "line": line, "part": part}
    return render(request, "portfolio/shared/event.html", context)


@_shared()
def stood_on(request: HttpRequest, scope: Scope, report_id: int, what: str) -> HttpResponseBase:
    """What was fetched of the accounts, or what they held, when the report was made."""
    found = selector.report(scope, report_id)
    rows = selector.stood_on(scope, found.row, what)
    title = tax_words.evidence(what)
    _note(request, scope.share, What.EVIDENCE, _named(found, title), found.row)
    context = _about(scope, found) | {
        "frame": "portfolio/shared/base.html",
        "back": reverse("portfolio:shared-report", args=[scope.share.pk, report_id]),
        "title": title,
        "page": tax_pages.rows(rows, start=_start(request)),
        "names": tax_pages.labels_of(found.row),
    }
    return render(request, f"portfolio/shared/{what}.html", context)


@_shared()
def document(request: HttpRequest, scope: Scope, report_id: int, name: str) -> HttpResponseBase:
    """A report to take along, as far as it is shared."""
    found = selector.report(scope, report_id)
    row = found.row
    if not scope.has_documents:
        raise Http404
    stem, _dot, extension = name.rpartition(".")
    answer: HttpResponseBase | None = None
    if extension == "csv" and stem in TaxLine.Part.values:
        pieces = tax_documents.csv(row, stem, selector.rows(scope, row, stem))
        answer = download(pieces, "text/csv; charset=utf-8", row, f"-{stem}.csv")
    elif name == "report.xlsx" and scope.has_whole_reports:
        answer = download(tax_documents.xlsx(row), CONTENT_TYPE, row, ".xlsx")
    elif name == "report.pdf" and scope.has_whole_reports:
        drawn = tax_pages.document(row)
        if drawn is not None:
            answer = download(iter([drawn]), "application/pdf", row, ".pdf")
    if answer is None:
        raise Http404
    _note(request, scope.share, What.DOCUMENT, _named(found, name), row)
    return answer
