"""Finds out what a ccxt class does with the bounds it is given, by asking it and sending nothing.

For the generator only. Every call that comes as far as a request is noted with its parameters and
answered with nothing; the parameters tell whether, where and how a bound goes out.
"""

from __future__ import annotations

import base64
import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import ccxt

_SINCE, _UNTIL = 1_600_000_000_000, 1_600_086_400_000
_KINDS = {
    "trades": "fetch_my_trades",
    "deposits": "fetch_deposits",
    "withdrawals": "fetch_withdrawals",
    "ledger": "fetch_ledger",
}
# Others of the same class whose parameters show how its bounds are called.
_TELLING = ("fetch_ohlcv", "fetch_trades", "fetch_orders", "fetch_closed_orders")
_OPPOSITES = (("start", "end"), ("Start", "End"), ("begin", "end"), ("Begin", "End"))
_FORMS = ("ms", "s", "iso")
_CREDENTIALS = {
    "apiKey": "account-" + "a" * 56,
    "secret": base64.b64encode(b"s" * 32).decode(),
    "password": "p",
    "uid": "1000",
    "login": "someone",
    "token": "token",
    "accountId": "1",
    "walletAddress": "0x" + "12" * 20,
    "privateKey": "0x" + "11" * 32,
}


def walks(
    cls: type[Any], kinds: Mapping[str, bool], *, documented: str = ""
) -> dict[str, dict[str, Any]]:
    """Return per kind whether the earlier bound goes out, and how the later one does.

    ``end`` is ``until`` where ccxt takes it, ``name form`` (``ms``, ``s`` or ``iso``) where it
    does not but its other calls, or the name of the earlier bound, show what it would be; else "".
    ``documented`` is the name that the exchange's own documentation gives it, where ccxt and its
    table differ. ``kinds`` tells which need a symbol. A kind of which nothing was to be found out
    is left out.
    """
    pairs = dict(_pairs(cls))
    found = {}
    for kind, by_symbol in kinds.items():
        asked = _asked(cls, _KINDS[kind], by_symbol=by_symbol)
        if asked is not None:
            found[kind] = _walk(asked, pairs, documented)
    return found


def can_ask(cls: type[Any], kind: str, *, by_symbol: bool) -> bool:
    """Tell whether ccxt comes as far as a request; some kinds want a coin or an account named."""
    try:
        _ask(cls, _KINDS[kind], by_symbol=by_symbol)
    except (ccxt.ArgumentsRequired, ccxt.NotSupported):
        return False
    except Exception:  # whatever ccxt makes of an answer with nothing in it
        return True
    return True


def has_funding_wallet(cls: type[Any]) -> bool:
    """Tell whether what was deposited may lie in a wallet beside that of trading."""
    if "funding" not in (cls().options.get("accountsByType") or {}):
        return False
    asked = [_balance_asked(cls, params) for params in ({}, {"type": "funding"})]
    return asked[1] is not None and asked[0] != asked[1]


def _balance_asked(cls: type[Any], params: Mapping[str, Any]) -> tuple[str, str] | None:
    instance, seen = _instance(cls), list[tuple[str, str]]()

    def fetch2(
        path: str, api: Any = "", method: str = "GET", params: Any = None, config: Any = None
    ) -> Any:
        told = {name: value for name, value in (params or {}).items() if name != "type"}
        seen.append((path, str(told)))
        raise _Asked(told)

    instance.fetch2 = fetch2
    with contextlib.suppress(Exception):  # whatever comes of no answer
        instance.fetch_balance(dict(params))
    return seen[0] if seen else None


def _walk(asked: Mapping[str, Any], pairs: Mapping[str, str], documented: str) -> dict[str, Any]:
    start = _bound(asked, _SINCE)
    own = {name: value for name, value in asked.items() if name != "until"}
    if _bound(own, _UNTIL):
        return {"since": start is not None, "end": "until"}
    if start is None:
        return {"since": False, "end": ""}
    name, form = start
    end = documented or pairs.get(name) or _opposite(name)
    return {"since": True, "end": f"{end} {form}" if end and form in _FORMS else ""}


def _opposite(name: str) -> str:
    for one, other in _OPPOSITES:
        if name.startswith(one):
            return other + name[len(one) :]
    whole = {"from": "to"}.get(name, "")
    return whole or (name[:-4] + "To" if name.endswith("From") else "")


def _bound(asked: Mapping[str, Any], moment: int) -> tuple[str, str] | None:
    """Return the parameter that holds ``moment`` and the form it has there."""
    iso = datetime.fromtimestamp(moment // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    for name, value in asked.items():
        text = str(value)
        if text == str(moment):
            return name, "ms"
        if text == str(moment // 1000):
            return name, "s"
        if text.startswith(iso):
            return name, "iso"
        if re.match(rf"{moment // 1000}\d+$|{iso[:10]}", text):
            return name, "other"
    return None


def _pairs(cls: type[Any]) -> Iterator[tuple[str, str]]:
    for method in (*_TELLING, *_KINDS.values()):
        asked = _asked(cls, method, by_symbol=True) or {}
        own = {name: value for name, value in asked.items() if name != "until"}
        start, end = _bound(own, _SINCE), _bound(own, _UNTIL)
        if start and end:
            yield start[0], end[0]


class _Asked(Exception):
    """A request came as far as this."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        super().__init__()
        self.parameters = dict(parameters)


def _asked(cls: type[Any], method: str, *, by_symbol: bool) -> dict[str, Any] | None:
    """Return the parameters of the first request that tells of a bound, or of the last at all."""
    try:
        return _ask(cls, method, by_symbol=by_symbol)
    except Exception:  # whatever ccxt makes of being asked so
        return None


def _ask(cls: type[Any], method: str, *, by_symbol: bool) -> dict[str, Any] | None:
    """May raise whatever ccxt raises before it comes to a request."""
    instance, seen = _instance(cls), list[dict[str, Any]]()

    def fetch2(
        path: str, api: Any = "", method: str = "GET", params: Any = None, config: Any = None
    ) -> Any:
        seen.append(dict(params or {}))
        if _bound(seen[-1], _SINCE) or _bound(seen[-1], _UNTIL):
            raise _Asked(seen[-1])
        return {}

    instance.fetch2 = fetch2
    symbol = "BTC/USDT" if by_symbol else None
    try:
        frame = ["1d"] if method == "fetch_ohlcv" else []
        getattr(instance, method)(symbol, *frame, _SINCE, 50, {"until": _UNTIL})
    except _Asked as told:
        return told.parameters
    except Exception:  # of an answer with nothing in it, where there was a request
        if not seen:
            raise
    return seen[-1] if seen else None


def _instance(cls: type[Any]) -> Any:
    instance = cls({**_CREDENTIALS, "number": str, "enableRateLimit": False})
    currencies: dict[str, Any] = {
        code: {"id": code, "code": code, "info": {}} for code in ("BTC", "USDT")
    }
    instance.set_markets([_market(instance)], currencies)
    instance.accounts = [{"id": "1", "type": "spot", "code": None, "info": {}}]
    instance.accountsById = {"1": instance.accounts[0]}
    return instance


def _market(instance: Any) -> Any:
    names = {"id": "BTCUSDT", "symbol": "BTC/USDT", "baseId": "BTC", "quoteId": "USDT"}
    flags = {"type": "spot", "spot": True, "active": True}
    more = {"base": "BTC", "quote": "USDT", "info": {}}
    return instance.extend(instance.safe_market_structure(), {**names, **flags, **more})
