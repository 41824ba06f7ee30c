"""What a method of computing gains is: a name and a function; found in ``methods``."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from portfolio.engine.tax import methods as package
from portfolio.engine.tax.operations import Operations
from portfolio.engine.tax.types import Outcome


@dataclass(frozen=True, slots=True)
class Method:
    """One way of matching disposals; ``run`` may raise InsufficientHoldings.

    ``run`` takes operations in the order in which they count; the income is added afterwards.
    """

    id: str
    title: str
    run: Callable[[Operations], Outcome]


class UnknownMethod(LookupError):
    """There is no method of this name."""


@cache
def methods() -> dict[str, Method]:
    """All methods by name."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    modules = (importlib.import_module(f"{package.__name__}.{name}") for name in names)
    return {known.id: known for module in modules for known in module.METHODS}


def by_id(ident: str) -> Method:
    """The method of this name. May raise UnknownMethod."""
    known = methods().get(ident)
    if known is None:
        raise UnknownMethod(ident)
    return known
