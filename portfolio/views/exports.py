"""Files for other programs: choosing a format, and the download as a stream."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portfolio.exports.format import ExportFormat
from portfolio.exports.registry import UnknownFormat
from portfolio.forms import ExportForm
from portfolio.selectors import assets, connections, ledger
from portfolio.selectors import exports as selector
from portfolio.services import exports
from portfolio.views.access import Request


@dataclass(frozen=True, slots=True)
class Offered:
    """One format with its words in the reader's language, and the form to ask for it."""

    format: ExportFormat
    form: ExportForm

    @property
    def title(self) -> str:
        return gettext(self.format.title)

    @property
    def description(self) -> str:
        return gettext(self.format.description)


@login_required
@require_safe
def index(request: Request) -> HttpResponse:
    """Lists the formats."""
    years, found = ledger.years(request.user), selector.connections(request.user)
    context = {
        "formats": [
            Offered(known, ExportForm(years=years, connections=found, auto_id=f"{known.id}_%s"))
            for known in exports.formats()
        ],
        "connections": found,
        "spam": assets.spam_of(request.user),
        "is_fetching": any(card.is_backfilling for card in connections.cards(request.user)),
    }
    return render(request, "portfolio/exports/index.html", context)


@login_required
@never_cache
@require_safe
def download(request: Request, format_id: str) -> StreamingHttpResponse:
    """Streams one file; what is not there to be exported is not found."""
    form = ExportForm(
        request.GET,
        years=ledger.years(request.user),
        connections=selector.connections(request.user),
    )
    if not form.is_valid():
        raise Http404
    try:
        file = exports.open_file(request.user, form.asked(format_id))
    except UnknownFormat:
        raise Http404 from None
    return StreamingHttpResponse(
        file.chunks,
        content_type=file.content_type,
        headers={
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=file.name
            )
        },
    )
