"""Codes that an exchange gave to another coin: before a day they name the former one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from portfolio.engine.exchange_codes import REUSED, asset_on
from portfolio.engine.types import Event


def of_its_time(exchange: str, event: Event) -> Event:
    """The event with the coins that its codes named when it happened."""
    on = event.occurred_at.date()
    moved = tuple(
        replace(movement, asset=asset_on(exchange, movement.asset, on))
        for movement in event.movements
    )
    return event if moved == event.movements else replace(event, movements=moved)


def begins(exchange: str, code: str) -> date:
    """The first day on which a code names the coin that it names now."""
    reused = REUSED.get((exchange, code))
    return reused.before if reused else date.min


def former(exchange: str, asset: str) -> tuple[str, date] | None:
    """The code that a coin had before a day, and that is another's now; None for most."""
    rows = (
        (code, r.before) for (at, code), r in REUSED.items() if (at, r.asset) == (exchange, asset)
    )
    return next(rows, None)
