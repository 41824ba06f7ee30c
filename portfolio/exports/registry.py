"""Finds the export formats: modules in portfolio/exports/formats with ``FORMAT`` or ``FORMATS``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from types import ModuleType

from portfolio.exports import formats as package
from portfolio.exports.format import ExportFormat
from portfolio.exports.halves import with_halves


class UnknownFormat(LookupError):
    """There is no export format of this name."""


@cache
def formats() -> tuple[ExportFormat, ...]:
    """All formats, by title."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    found = [with_halves(known) for module in modules for known in _of(module)]
    return tuple(sorted(found, key=lambda known: (known.title.casefold(), known.id)))


def _of(module: ModuleType) -> Iterable[ExportFormat]:
    several: Iterable[ExportFormat] | None = getattr(module, "FORMATS", None)
    return (module.FORMAT,) if several is None else several


def by_id(ident: str) -> ExportFormat:
    """The format with this id. May raise UnknownFormat."""
    for known in formats():
        if known.id == ident:
            return known
    raise UnknownFormat(ident)
