"""How long keys live at exchanges that end them by rule and do not say when; does not load ccxt."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

_DATA = Path(__file__).parent / "data" / "key_rules.json"


@dataclass(frozen=True, slots=True)
class KeyRule:
    """Keys end ``days`` after they were made; those bound to an address may be spared."""

    days: int
    unless_bound: bool
    source: str  # where the exchange says so


@functools.cache
def _rules() -> dict[str, KeyRule]:
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    return {exchange: KeyRule(**row) for exchange, row in data.items()}


def rule_of(exchange: str) -> KeyRule | None:
    """Return the rule of ``exchange``, or None where none is known."""
    return _rules().get(exchange)


def ends_at(
    exchange: str, *, created_at: datetime | None, ip_restricted: bool | None
) -> datetime | None:
    """Return when a key ends by its exchange's rule.

    None where there is no rule, the key is spared, or the exchange does not tell what decides it:
    the day it was made, whether it is bound to an address.
    """
    rule = rule_of(exchange)
    if rule is None or created_at is None:
        return None
    if rule.unless_bound and ip_restricted is not False:
        return None
    return created_at + timedelta(days=rule.days)
