"""Finds the import formats: every module in portfolio/imports/formats with FORMAT or FORMATS."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache, lru_cache

from portfolio.engine.types import Event
from portfolio.imports import bodies
from portfolio.imports import formats as package
from portfolio.imports.format import ImportFormat


class UnknownFormat(LookupError):
    """There is no import format of this name."""


@cache
def formats() -> tuple[ImportFormat, ...]:
    """All formats, by title."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    found: list[ImportFormat] = []
    for module in modules:
        found += getattr(module, "FORMATS", ()) or (module.FORMAT,)
    return tuple(sorted(found, key=lambda known: (known.title, known.id)))


@cache
def _by_id() -> dict[str, ImportFormat]:
    return {known.id: known for known in formats()}


def by_id(ident: str) -> ImportFormat:
    """The format with this id. May raise UnknownFormat."""
    try:
        return _by_id()[ident]
    except KeyError:
        raise UnknownFormat(ident) from None


def normalise(body: str) -> Event:
    """The event that a stored record of an import tells of, from its text alone.

    May raise UnknownFormat or NotUnderstood.
    """
    return _normalised(_by_id, body)


# Whoever books a record reads it several times within moments.
@lru_cache(maxsize=4096)
def _normalised(known: Callable[[], dict[str, ImportFormat]], body: str) -> Event:
    ident, entry, reading = bodies.decoded(body)
    found = known().get(ident)
    if found is None:
        raise UnknownFormat(ident)
    return found.event(entry, reading)
