"""One package per simulated exchange; adding one touches nothing else.

Each package has ``exchange.py``, which names its class (see ``base.Exchange``) ``EXCHANGE``.
Where keys look different from the usual it has ``keys.py`` with ``credentials(purpose, text)``,
and there ``PURPOSES`` where it has keys for more accounts than the others.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from typing import Any


def ids() -> tuple[str, ...]:
    """The ids of all exchanges, without loading them."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(__path__) if found.ispkg))


def classes() -> tuple[Any, ...]:
    """The exchanges' classes."""
    return tuple(importlib.import_module(f"{__name__}.{name}.exchange").EXCHANGE for name in ids())


def key_maker(name: str) -> Any:
    """The function that makes an exchange's demo credentials, or None for the usual form."""
    return getattr(_keys(name), "credentials", None)


def more_purposes(name: str) -> dict[str, Any]:
    """The purposes of keys that only this exchange has: account and rights by purpose."""
    found: dict[str, Any] = getattr(_keys(name), "PURPOSES", {})
    return found


def _keys(name: str) -> Any:
    place = f"{__name__}.{name}.keys"
    return importlib.import_module(place) if importlib.util.find_spec(place) else None
