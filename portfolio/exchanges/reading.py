"""What is shared in asking: answers understood or refused, markets loaded once."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import TypeVar

from portfolio.exchanges import failures
from portfolio.exchanges.errors import TryAgain
from portfolio.exchanges.gateway import Gateway
from portfolio.exchanges.markets import MarketCache
from portfolio.exchanges.profile import MarketRow, Profile
from portfolio.exchanges.types import PermissionAudit

_Read = TypeVar("_Read")
_Told = TypeVar("_Told")


def load_markets(
    gateway: Gateway, profile: Profile, cache: MarketCache, cache_key: str, *, anew: bool = False
) -> list[MarketRow]:
    """Return the exchange's markets, asked for once and shared. May raise any GatewayError."""
    text = None if anew else cache.get(cache_key)
    if text is None:
        rule = profile.markets
        answer = gateway.ask(rule.list_call, rule.list_parameters)
        rows = understand(rule.read_list, answer, profile.exchange)
        text = json.dumps([[m.symbol, m.base, m.quote, m.trading] for m in rows])
        cache.set(cache_key, text)
    return [MarketRow(*row) for row in json.loads(text)]


def understand(read: Callable[[_Told], _Read], text: _Told, name: str) -> _Read:
    """Return what ``read`` makes of an answer. May raise TryAgain where it makes nothing of it."""
    try:
        return read(text)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        pass  # raised below, so that the answer's text is not in the chain
    raise failures.unreadable(name)


def unproved(name: str) -> PermissionAudit:
    """Return what is known of a key that works, where the exchange does not tell what it may do."""
    return PermissionAudit.unproved(f"Coffer cannot see what a key of {name} may do.")


def twice(ask: Callable[[], _Read]) -> _Read:
    """Return what ``ask`` answers, asked again where the first time met a passing fault."""
    with contextlib.suppress(TryAgain):
        return ask()
    return ask()
