"""How the lines of a tax report are told, for templates."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from urllib.parse import urlencode

from django import template
from django.urls import reverse

from portfolio.engine import money
from portfolio.engine.tax.place import Without
from portfolio.models import TaxLine, TaxReport
from portfolio.selectors import tax_pages, tax_unpriced, tax_words

register = template.Library()
register.filter("match_words", tax_words.match)
register.filter("term_words", tax_words.term)
register.filter("assumed_words", tax_words.assumed)
register.filter("mended_words", tax_words.mended)
register.filter("subkind_words", tax_words.subkind)
register.filter("place_words", tax_words.place)
register.filter("placing_words", tax_words.placing)
register.filter("cause_words", tax_words.cause)
register.filter("method_words", tax_words.method)
register.filter("covered_words", tax_words.covered)
register.filter("in_doubt", tax_words.is_in_doubt)
register.filter("setting_words", tax_words.setting)
register.filter("chosen_words", tax_words.chosen)
register.filter("changed_words", tax_words.changed)
register.filter("finding_words", tax_words.finding)


@register.filter
def gain_of(line: TaxLine) -> Decimal | None:
    """Proceeds less cost, with what is denied of a loss; None where one is not known."""
    return tax_pages.gain_of(line)


@register.filter
def open_gain(line: TaxLine) -> Decimal | None:
    """What a lot was worth more than it had cost; None where one is not known."""
    if line.value is None or line.cost is None:
        return None
    return money.add(line.value, money.negate(line.cost))


@register.simple_tag
def long_from(report: TaxReport, line: TaxLine) -> date | None:
    """The first day on which a lot is long held."""
    return tax_pages.long_from(report, line)


@register.simple_tag
def unpriced_lines(report: TaxReport, without: Without | None) -> str:
    """The address of the lines that a sum leaves out."""
    if without is None:
        return ""
    part = tax_unpriced.part_of(without)
    return f"{reverse('portfolio:tax-lines', args=[report.pk, part])}?unpriced=on"


@register.filter
def without_words(without: Without | None, currency: str) -> str:
    """What stands beside a sum that leaves something out."""
    return tax_unpriced.words(without, currency)


@register.filter
def is_unpriced(line: TaxLine) -> bool:
    """Whether nobody knows what a line was worth."""
    return tax_unpriced.is_unpriced(line)


@register.simple_tag
def price_form(line: TaxLine, report: TaxReport) -> str:
    """The address of the page where a price for a line is given, with what is known filled in."""
    day = line.at or line.on
    told = {"asset": line.asset, "currency": report.currency}
    if day is not None:
        told["first_day"] = f"{day:%Y-%m-%d}"
    return f"{reverse('portfolio:own-price-create')}?{urlencode(told)}"


@register.filter
def exact(text: str | None) -> Decimal | None:
    """A number that was kept as text."""
    return None if text is None else Decimal(text)


@register.filter
def named(labels: dict[str, str], ident: str) -> str:
    """An account by its id."""
    return labels.get(ident, "")
