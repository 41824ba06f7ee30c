"""The exchanges Coffer knows by heart; all others go by ccxt's own capability flags.

A module here that has a ``PROFILE`` is one exchange; adding it touches nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

from portfolio.exchanges.profile import Profile


def _found() -> Iterator[Profile]:
    for module in pkgutil.iter_modules(__path__):
        profile = getattr(importlib.import_module(f"{__name__}.{module.name}"), "PROFILE", None)
        if isinstance(profile, Profile):
            yield profile


PROFILES: dict[str, Profile] = {profile.exchange: profile for profile in _found()}
