"""Words of imports: the names of formats, and states with their counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django import template
from django.utils.functional import Promise

from portfolio.imports import bodies, registry
from portfolio.imports.format import Row
from portfolio.models import ImportLine

register = template.Library()


@register.filter
def format_title(ident: str) -> str:
    """The name of a format; its id where it is no more."""
    try:
        return registry.by_id(ident).title
    except registry.UnknownFormat:
        return ident


@dataclass(frozen=True, slots=True)
class Told:
    """A record of a file as its page shows it."""

    format: str
    zone: str
    rows: tuple[Row, ...]


@register.filter
def as_rows(body: str) -> Told:
    """The rows of a file that a record was made of."""
    ident, entry, reading = bodies.decoded(body)
    return Told(ident, reading.zone, entry.rows)


@register.filter
def by_state(counts: Mapping[str, int]) -> list[tuple[str, str | Promise, int]]:
    """States of which there are any lines, with their names and numbers."""
    states = [(state.value, state.label) for state in ImportLine.State]
    return [(state, label, counts[state]) for state, label in states if counts.get(state)]
