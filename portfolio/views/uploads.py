"""Refuses requests that are larger than any upload may be, before anything reads them."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from portfolio.imports.limits import MEGABYTE

Handler = Callable[[HttpRequest], HttpResponse]


class UploadSizeMiddleware:
    """Answers 413 in words; stands before whatever reads a request's body."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Several files at once may have twice the size of the largest.
        most = (2 * settings.IMPORT_MAX_MB + 1) * MEGABYTE
        length = request.headers.get("Content-Length", "")
        if length.isascii() and length.isdigit() and int(length[:20]) > most:
            context = {"most": settings.IMPORT_MAX_MB}
            return render(request, "413.html", context, status=413)
        return self.get_response(request)
