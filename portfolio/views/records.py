"""One raw record: where every figure ends."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portfolio.models import RawRecord
from portfolio.selectors import records
from portfolio.views.access import Request


@login_required
@require_safe
def detail(request: Request, record_id: int) -> HttpResponse:
    """Shows when and how a record was fetched, what rests on it, and its text as received."""
    try:
        found = records.record(request.user, record_id)
    except RawRecord.DoesNotExist:
        raise Http404 from None
    return render(request, "portfolio/records/detail.html", {"found": found})
