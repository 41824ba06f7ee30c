"""Finds the export formats: every module in portfolio/exports/formats with a ``FORMAT``."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from portfolio.exports import formats as package
from portfolio.exports.format import ExportFormat


class UnknownFormat(LookupError):
    """There is no export format of this name."""


@cache
def formats() -> tuple[ExportFormat, ...]:
    """All formats, by title."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    found: list[ExportFormat] = [module.FORMAT for module in modules]
    return tuple(sorted(found, key=lambda known: known.title))


def by_id(ident: str) -> ExportFormat:
    """The format with this id. May raise UnknownFormat."""
    for known in formats():
        if known.id == ident:
            return known
    raise UnknownFormat(ident)
