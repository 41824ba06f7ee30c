"""Exchanges that people look for and that cannot be connected; does not load ccxt."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

_DATA = Path(__file__).parent / "data" / "closed.json"


@dataclass(frozen=True, slots=True)
class ClosedExchange:
    """One of them; ``closed_on`` is None where it is open, but ccxt has no client for it."""

    id: str
    name: str
    closed_on: date | None


# Of accounts by hand that are at no exchange.
NONE = "other"


def name_of(exchange: str) -> str:
    """Return the name of one of them; "" where it is none."""
    return next((known.name for known in all_closed() if known.id == exchange), "")


@functools.cache
def all_closed() -> tuple[ClosedExchange, ...]:
    """Return them, those that are closed first, then by name."""
    data = json.loads(_DATA.read_text(encoding="utf-8"))
    found = [
        ClosedExchange(
            ident,
            row["name"],
            date.fromisoformat(row["closed_on"]) if "closed_on" in row else None,
        )
        for ident, row in data.items()
    ]
    return tuple(sorted(found, key=lambda x: (x.closed_on is None, x.name.casefold())))
