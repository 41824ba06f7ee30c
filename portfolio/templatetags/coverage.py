"""How the coverage page words its cells, and where they lead."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, ngettext

from portfolio.engine.coverage_cells import RANK, Width, Word
from portfolio.selectors.coverage import Asked, Cell, Row
from portfolio.templatetags.coffer import grouped

register = template.Library()

_WORDS = {
    Word.FAILED: gettext_lazy("failed"),
    Word.HOLE: gettext_lazy("never asked"),
    Word.UNSERVED: gettext_lazy("not served"),
    Word.FETCHED: gettext_lazy("fetched"),
    Word.EMPTY: gettext_lazy("fetched, empty"),
    Word.OUTSIDE: gettext_lazy("nothing known: not asked yet, or outside of what was asked"),
}
_SIGNS = {Word.FAILED: "×", Word.HOLE: "?", Word.UNSERVED: "–", Word.EMPTY: "○"}
_SHORT = {Width.YEAR: "Y", Width.MONTH: "M", Width.DAY: "j"}
_LONG = {Width.YEAR: "Y", Width.MONTH: "F Y", Width.DAY: "j F Y"}


@register.filter
def cover_word(word: str) -> str:
    """What a cell says, in words."""
    return str(_WORDS[Word(word)])


@register.filter
def cover_sign(word: str) -> str:
    """The letter that says it where colours do not."""
    return _SIGNS.get(Word(word), "")


@register.filter
def cover_words(words: Mapping[Word, int]) -> str:
    """What several streams say, the worst first: "3 failed, 409 fetched"."""
    ordered = sorted(words.items(), key=lambda item: RANK[item[0]])
    return ", ".join(f"{number} {_WORDS[word]}" for word, number in ordered if number)


@register.filter
def short_time(start: datetime, width: str) -> str:
    """The head of a column; what it holds begins with the unit, in UTC."""
    return date_format(start.astimezone(UTC), _SHORT[Width(width)])


@register.filter
def long_time(start: datetime, width: str) -> str:
    """The same, whole."""
    return date_format(start.astimezone(UTC), _LONG[Width(width)])


@register.simple_tag
def cover_url(asked: Asked, **changes: object) -> str:
    """The address of this page with something else asked for."""
    values: dict[str, object] = {
        "period": asked.period,
        "kind": asked.kind,
        "page": asked.page if asked.page > 1 else "",
        "cell": "",
        "stream": "",
    }
    values |= changes
    kept = {name: value for name, value in values.items() if value not in ("", None)}
    return f"?{urlencode(kept)}"


@register.simple_tag
def cover_cell(here: str, row: Row, cell: Cell, width: str) -> SafeString:
    """One cell: a link to what is behind it, said in words to those who do not see it.

    Written here, not in a template: a page has some thousand of them.
    """
    name = row.stream.pk if row.stream else row.kind
    # Of a name that is given twice the last one counts: the open group may be another.
    which = ("stream", row.stream.pk) if row.stream else ("kind", row.kind)
    told = cover_word(cell.word) if row.stream else cover_words(cell.words)
    return format_html(
        '<a class="pf-cell pf-cell-{}" id="c{}-{}" href="{}&amp;{}#cell"><span aria-hidden="true">'
        '{}</span><span class="visually-hidden">{}: {}{}</span></a>',
        cell.word.value,
        name,
        cell.name,
        here,
        urlencode({which[0]: which[1], "cell": cell.name}),
        cover_sign(cell.word),
        long_time(cell.start, width),
        told,
        _records(cell.records),
    )


def _records(number: int) -> str:
    if not number:
        return ""
    words = ngettext("{number} record", "{number} records", number)
    return ", " + words.format(number=grouped(number))


@register.filter
def utc_day(moment: datetime) -> str:
    """The day in UTC as forms take it."""
    return moment.astimezone(UTC).date().isoformat()
