"""Which of the assets held now moved most in price over a range; one query."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.identities import Identities
from portfolio.engine.own_prices import OwnPrices
from portfolio.selectors.assets import source_name
from portfolio.selectors.end_prices import EndPrices
from portfolio.selectors.valuation import HoldingRow

MOST = 3


@dataclass(frozen=True, slots=True)
class Mover:
    """An asset's price then and now, and what the change makes of the quantity held now."""

    asset: str
    name: str
    before: Decimal
    price: Decimal
    change: Decimal  # a ratio
    effect: Decimal


@dataclass(frozen=True, slots=True)
class Movers:
    """Those that rose most and those that fell most; ``unknown`` had no price at one end."""

    up: tuple[Mover, ...]
    down: tuple[Mover, ...]
    unknown: tuple[str, ...]


def between(
    first: date, last: date | None, rows: Iterable[HoldingRow], *, currency: str, known: Identities
) -> Movers:
    """The movers among what is held, from the end of a day to that of another, or to now."""
    held = [row for row in rows if row.quantity and row.asset != currency]
    ends = EndPrices(
        {row.asset for row in held},
        [first] if last is None else [first, last],
        currency=currency,
        known=known,
        own=OwnPrices(),
    )
    own: dict[str, set[str]] = {}
    for row in held:
        own.setdefault(row.environment, set()).add(_source(row))
    found: dict[str, Mover] = {}
    unknown = set()
    for row in held:
        trusted = (frozenset([_source(row)]), frozenset(own[row.environment]))
        before, price = (
            row.price if day is None else ends.price(row.asset, day, row.environment, trusted)
            for day in (first, last)
        )
        if price is None or not before:
            unknown.add(row.asset)
            continue
        found[row.asset] = _mover(row, price, before, found.get(row.asset))
    return _sorted(found, unknown)


def _source(row: HoldingRow) -> str:
    return source_name(row.exchange, row.environment)


def _mover(row: HoldingRow, price: Decimal, before: Decimal, former: Mover | None) -> Mover:
    """The asset's price is that of its first row, the largest; effects add up."""
    moved = money.add(price, money.negate(before))
    effect = money.multiply(row.quantity, moved)
    if former is not None:
        total = money.add(former.effect, effect)
        return Mover(row.asset, row.name, former.before, former.price, former.change, total)
    return Mover(row.asset, row.name, before, price, money.divide(moved, before), effect)


def _sorted(found: dict[str, Mover], unknown: set[str]) -> Movers:
    movers = sorted(found.values(), key=lambda mover: (mover.change.copy_negate(), mover.asset))
    return Movers(
        up=tuple([mover for mover in movers if mover.change > 0][:MOST]),
        down=tuple([mover for mover in reversed(movers) if mover.change < 0][:MOST]),
        unknown=tuple(sorted(unknown - found.keys())),
    )
