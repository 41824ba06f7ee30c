"""What of a report can be followed by a reader of shared years, for templates."""

from __future__ import annotations

from django import template

from portfolio.models import Transaction
from portfolio.selectors.tax_shared import Scope

register = template.Library()


@register.filter
def may_be_read(row: Transaction | None, scope: Scope) -> bool:
    """Whether a transaction is there and of a shared account."""
    return row is not None and scope.holds(row.connection_id)
