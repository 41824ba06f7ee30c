"""Every exchange that can be registered, as pages show it; does not load ccxt."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portfolio.engine.types import RecordKind
from portfolio.exchanges import credentials, guides
from portfolio.exchanges.credentials import BadCredential, CredentialField
from portfolio.exchanges.profiles import PROFILES

__all__ = [
    "BadCredential",
    "Capability",
    "CredentialField",
    "ExchangeInfo",
    "UnknownExchange",
    "all_exchanges",
    "clean_credentials",
    "get",
]

_BY_PAIR = "pair by pair, of assets that are held or were deposited, withdrawn or traded before"
_NEWEST = "the newest page only: it cannot be asked for by time"
_DATA = Path(__file__).parent / "data" / "catalogue.json"


class UnknownExchange(KeyError):
    """There is no such exchange; ``exchange`` is what was asked for."""

    def __init__(self, exchange: str) -> None:
        super().__init__(exchange)
        self.exchange = exchange

    def __str__(self) -> str:
        return f"There is no exchange called {self.exchange!r}."


@dataclass(frozen=True, slots=True)
class Capability:
    """What can be fetched of one kind of record; ``reach`` and ``note`` are plain words."""

    kind: str  # "balances" or a RecordKind
    available: bool
    reach: str = ""  # how far back, where it is known
    note: str = ""


@dataclass(frozen=True, slots=True)
class ExchangeInfo:
    """One exchange: what to enter, what comes of it, how to make a key that can only read."""

    id: str
    name: str
    has_profile: bool  # its history is walked by rules made and tested for it
    has_sandbox: bool
    credentials: tuple[CredentialField, ...]
    capabilities: tuple[Capability, ...]
    can_prove_permissions: bool  # the exchange tells what a key may do
    permissions_to_give: tuple[str, ...]
    permissions_not_to_give: tuple[str, ...]
    steps: tuple[str, ...]  # how to make such a key
    notes: tuple[str, ...] = ()
    family: str = ""  # the exchange that shows all of an account of which this one shows a part
    unavailable: str = ""  # why it cannot be registered at all; "" where it can


@functools.cache
def all_exchanges() -> tuple[ExchangeInfo, ...]:
    """Return every exchange, those with a profile first, then by name."""
    infos = [_info(exchange) for exchange in _rows()]
    return tuple(sorted(infos, key=lambda info: (not info.has_profile, info.name.casefold())))


def get(exchange: str) -> ExchangeInfo:
    """Return one exchange. May raise UnknownExchange (a KeyError)."""
    if exchange not in _rows():
        raise UnknownExchange(exchange)
    return _info(exchange)


def is_known(exchange: str) -> bool:
    """Return whether there is such an exchange to ask."""
    return exchange in _rows()


def clean_credentials(exchange: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return what was pasted, fit for use. May raise UnknownExchange, BadCredential (ValueError).

    A BadCredential's text names the field and never holds what was entered.
    """
    return credentials.clean(exchange, get(exchange).credentials, values)


@functools.cache
def _rows() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads(_DATA.read_text(encoding="utf-8"))["exchanges"]
    return found


@functools.cache
def _info(exchange: str) -> ExchangeInfo:
    row = _rows()[exchange]
    profile = PROFILES.get(exchange)
    guide = (profile and profile.guide) or guides.of(exchange, row["name"])
    refused = exchange in credentials.WALLET_KEYED
    return ExchangeInfo(
        id=exchange,
        name=row["name"],
        has_profile=profile is not None,
        has_sandbox=profile is not None and profile.has_sandbox,
        credentials=credentials.fields_of(exchange, tuple(row["credentials"])),
        capabilities=guide.capabilities_of(Capability) or _from_flags(row),
        can_prove_permissions=profile is not None and profile.tells_permissions,
        permissions_to_give=guide.give,
        permissions_not_to_give=guide.keep,
        steps=guide.steps,
        notes=guide.notes,
        family=(profile and profile.family) or exchange,
        unavailable=credentials.NO_WALLET_KEYS if refused else "",
    )


def _reach_note(row: Mapping[str, Any], kind: str) -> str:
    """Return what is known of a list that cannot be asked for by time or number."""
    walk = row["walks"].get(kind) if kind in row["kinds"] else None
    bounded = walk is None or walk["since"] or walk["end"] or "before" in walk
    return "" if bounded else _NEWEST


def _from_flags(row: dict[str, Any]) -> tuple[Capability, ...]:
    """Return what ccxt's own table says of an exchange that has no profile."""
    days = row["days_back"]
    reach = f"at most {days} days" if days else "not known"
    found = [Capability("balances", available=True)]
    for kind in ("trades", "deposits", "withdrawals", "ledger"):
        served = kind in row["kinds"]
        if kind == "trades" and served and row["trades_need_symbol"]:
            by_ledger = "ledger" in row["kinds"]
            note = "the ledger books them" if by_ledger else _BY_PAIR
            found.append(Capability(kind, not by_ledger, "" if by_ledger else reach, note))
        else:
            found.append(Capability(kind, served, reach if served else "", _reach_note(row, kind)))
    rest = (RecordKind.TRANSFERS, RecordKind.REWARDS)
    found += [Capability(kind.value, available=False) for kind in rest]
    return tuple(found)


def unserved(exchange: str) -> frozenset[str]:
    """The kinds of record that an exchange is known not to serve.

    Empty where it has a ledger, which tells of all kinds, and where the exchange is not known.
    """
    try:
        capabilities = get(exchange).capabilities
    except UnknownExchange:
        return frozenset()
    served = {capability.kind for capability in capabilities if capability.available}
    named = {capability.kind for capability in capabilities} - {"balances"}
    return frozenset() if RecordKind.LEDGER in served else frozenset(named - served)
