"""Pairs that an exchange lists no more, made after those of its pairs that it still lists.

A former pair is taken to be named, and to be charged for, as a listed pair in the same currency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_Market = dict[str, Any]


def by_id(
    markets: Mapping[str, _Market] | None, currencies: Mapping[str, Any] | None, name: str
) -> _Market | None:
    """Return the market that an exchange calls ``name``; None where that is not to be told.

    The name must come apart into a coin and a currency in one way only; coins that the exchange
    knows go before any others.
    """
    codes = {row["id"]: code for code, row in (currencies or {}).items() if row.get("id")}
    found = {(like["quote"], base): like for like, base in _readings(markets, name)}
    known = {key: like for key, like in found.items() if key[1] in codes}
    for choice in (known, found):
        if len(choice) == 1:
            ((_, base), like) = next(iter(choice.items()))
            return _made(like, name, base, codes.get(base, base.upper()))
    return None


def by_symbol(markets: Mapping[str, _Market] | None, symbol: str) -> _Market | None:
    """Return the market ``BASE/QUOTE`` as the exchange would have called it; None if unknown."""
    base, quote = symbol.split("/")
    for like in _spot(markets):
        name, own = str(like["id"]), str(like["baseId"])
        if like["quote"] == quote and name.count(own) == 1:
            ident = base.lower() if own.islower() else base
            return _made(like, name.replace(own, ident), ident, base)
    return None


def _spot(markets: Mapping[str, _Market] | None) -> Iterator[_Market]:
    for market in (markets or {}).values():
        if market.get("spot") and market.get("baseId") and market.get("quoteId"):
            yield market


def _readings(markets: Mapping[str, _Market] | None, name: str) -> Iterator[tuple[_Market, str]]:
    """Yield the ways to read ``name``: a listed market like it, and the coin in its place."""
    for like in _spot(markets):
        begin, own, end = str(like["id"]).partition(str(like["baseId"]))
        inner = name[len(begin) : len(name) - len(end)]
        if own and inner and end and name.startswith(begin) and name.endswith(end):
            yield like, inner


def _made(like: _Market, name: str, base_id: str, base: str) -> _Market:
    info = like.get("info")
    told = info if isinstance(info, dict) else {}
    own = {key: base_id if value == like["baseId"] else value for key, value in told.items()}
    names = {"id": name, "symbol": f"{base}/{like['quote']}", "baseId": base_id, "base": base}
    return {**like, **names, "active": False, "info": own}
