"""Findings and the grade of the data on pages.

``{% load findings %}{% data_grade %}`` says in one line how far sums can be relied on, with a link
to the review; it costs no query of its own (portfolio.context). ``base.html`` has it on every page
that ``SUMS`` names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import template
from django.utils import formats, timezone

from portfolio.models import Finding
from portfolio.selectors import findings as selector
from portfolio.selectors.finders import connections
from portfolio.selectors.findings import GradeLine

register = template.Library()

# The pages that show sums, by the name of their address.
SUMS = frozenset(
    f"portfolio:{name}"
    for name in (
        *("dashboard", "asset-detail", "transaction-list", "export-list"),
        *("proof-sheet", "proof-place", "connection-detail", "running-balance", "asset-lots"),
        *("asset-days", "asset-list", "export-preview", "export-detail", "tax-list", "tax-report"),
    )
)


@register.inclusion_tag("components/data_grade.html", takes_context=True)
def data_grade(context: template.Context, *, link: bool = True) -> dict[str, Any]:
    """The line; nothing where there is no grade yet."""
    return {"grade": context.get("data_grade"), "link": link}


@register.simple_tag(takes_context=True)
def shows_sums(context: template.Context) -> bool:
    """Whether this page does."""
    match = getattr(context.get("request"), "resolver_match", None)
    return match is not None and match.view_name in SUMS


@register.simple_tag(takes_context=True)
def causes_found(context: template.Context) -> list[GradeLine]:
    """The causes with open findings, but those that the dashboard tells by connection."""
    grade = context.get("data_grade")
    if not grade:
        return []
    lines = selector.grade_lines(grade)
    return [line for line in lines if line.number and line.cause != connections.CAUSE]


@register.filter
def called(finding: Finding) -> str:
    """A finding in a few words, for who hears the page."""
    names = [str(finding.connection or ""), finding.asset, finding.subject]
    return ", ".join([name for name in names[:2] if name] or names[2:])


@register.filter
def as_of(moment: datetime) -> str:
    """A moment in the reader's zone, inside a sentence."""
    return formats.date_format(timezone.localtime(moment), "j M Y, H:i")
