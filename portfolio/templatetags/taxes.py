"""How the lines of a tax report are told, for templates."""

from __future__ import annotations

from decimal import Decimal

from django import template

from portfolio.models import TaxLine
from portfolio.selectors import tax_pages, tax_words

register = template.Library()
register.filter("match_words", tax_words.match)
register.filter("term_words", tax_words.term)
register.filter("assumed_words", tax_words.assumed)
register.filter("mended_words", tax_words.mended)
register.filter("subkind_words", tax_words.subkind)
register.filter("place_words", tax_words.place)
register.filter("method_words", tax_words.method)


@register.filter
def gain_of(line: TaxLine) -> Decimal | None:
    """Proceeds less cost, with what is denied of a loss; None where one is not known."""
    return tax_pages.gain_of(line)


@register.filter
def named(labels: dict[str, str], ident: str) -> str:
    """An account by its id."""
    return labels.get(ident, "")
