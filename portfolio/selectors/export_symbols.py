"""Reads what targets call assets, by what users say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import User
from portfolio.models import ExportSymbol
from portfolio.selectors import assets


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a target calls one asset; ``row`` is the user's own word, ``usual`` the format's."""

    asset: str
    symbol: str
    usual: str
    row: ExportSymbol | None


def of(user: User, format_id: str) -> dict[str, str]:
    """The user's own words for one target, by asset; one query."""
    rows = ExportSymbol.objects.of(user).filter(format=format_id)
    return dict(rows.values_list("asset", "symbol"))


def listed(user: User, format_id: str, usual: Mapping[str, str]) -> list[Symbol]:
    """What differs from the asset's own code, by asset; ``usual`` are the format's words."""
    rows = {row.asset: row for row in ExportSymbol.objects.of(user).filter(format=format_id)}
    names = sorted({*usual, *rows})
    return [_symbol(asset, rows.get(asset), usual) for asset in names]


def _symbol(asset: str, row: ExportSymbol | None, usual: Mapping[str, str]) -> Symbol:
    word = usual.get(asset, asset)
    return Symbol(asset, row.symbol if row else word, word, row)


def held(user: User) -> list[str]:
    """The assets that the user ever held, by code; in two queries."""
    known = assets.identities(user)
    return sorted({known.of(*place) for place in assets.sources(user)})
