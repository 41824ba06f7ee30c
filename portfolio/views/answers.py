"""What pages answer to forms, and the numbers that forms and addresses name rows by."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def form_page(
    request: HttpRequest, template: str, form: Form, context: dict[str, Any] | None = None
) -> HttpResponse:
    """The page of a form; where the form was not taken its status says so."""
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **(context or {})}, status=status)


def row_number(text: str) -> int | None:
    """The number of a row; None where the text is none that a row can have."""
    return int(text) if text.isdecimal() and len(text) < 19 else None


def row_numbers(texts: Iterable[str]) -> list[int]:
    """The numbers of rows; what is none is left out."""
    return [number for number in map(row_number, texts) if number is not None]
