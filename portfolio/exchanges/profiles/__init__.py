"""The exchanges Coffer knows by heart; all others go by ccxt's own capability flags.

A module here that is called like one of ccxt's exchanges holds its ``PROFILE``; adding one touches
nothing else. It is loaded when it is asked for, so that more exchanges make no slower start.
"""

from __future__ import annotations

import functools
import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from portfolio.exchanges.profile import Profile

_CATALOGUE = Path(__file__).parent.parent / "data" / "catalogue.json"


@functools.cache
def _ids() -> tuple[str, ...]:
    known = json.loads(_CATALOGUE.read_text(encoding="utf-8"))["exchanges"]
    return tuple(m.name for m in pkgutil.iter_modules(__path__) if m.name in known)


class _Profiles(Mapping[str, Profile]):
    """Profiles by exchange, each loaded when it is first looked at."""

    def __getitem__(self, exchange: str) -> Profile:
        if exchange not in _ids():
            raise KeyError(exchange)
        found: Profile = importlib.import_module(f"{__name__}.{exchange}").PROFILE
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_ids())

    def __len__(self) -> int:
        return len(_ids())

    def __contains__(self, exchange: object) -> bool:
        return exchange in _ids()


PROFILES: Mapping[str, Profile] = _Profiles()
