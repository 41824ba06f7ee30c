"""Words for what a search found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django import template
from django.utils.translation import gettext as _

from portfolio.selectors.search import Hit
from portfolio.templatetags.coffer import detail_label

register = template.Library()


@register.filter
def of_pk(hits: Mapping[int, Sequence[Hit]] | str, ident: int) -> Sequence[Hit]:
    """The hits of one row; none on pages without a search."""
    return hits.get(ident, ()) if isinstance(hits, Mapping) else ()


@register.filter
def hit_label(name: str) -> str:
    """What a place where something was found is called."""
    named = {"key": _("Id"), "amount": _("Amount"), "note": _("Note"), "tag": _("Tag")}
    return named.get(name) or detail_label(name)
