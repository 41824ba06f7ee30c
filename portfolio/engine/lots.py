"""What is left of what was bought: the first in is the first out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money


@dataclass(frozen=True, slots=True)
class Lot:
    """An amount of one asset that came in at one time, and what of it is still there."""

    ref: int  # of whatever brought it in
    acquired_at: datetime
    quantity: Decimal  # above zero
    left: Decimal


def arrived(ref: int, at: datetime, quantity: Decimal) -> Lot:
    """A lot of which nothing has gone yet."""
    return Lot(ref, at, quantity, quantity)


def open_lots(held: Decimal, lots: Iterable[Lot]) -> Iterator[Lot]:
    """The lots that make up what is held, newest first, as they are left.

    ``lots`` are all that ever came in, newest first. Where the first in is always the first out,
    what is left is the newest of them, up to what is held: nothing that went out need be known,
    and no more is read than is yielded. It holds as well where more went out than was there, if
    what comes in later makes that good first.
    """
    coming = iter(lots)
    while held > 0 and (lot := next(coming, None)) is not None:
        left = min(lot.quantity, held)
        yield replace(lot, left=left)
        held = money.add(held, money.negate(left))


def share(amount: Decimal, lot: Lot) -> Decimal:
    """What of an amount paid for a whole lot falls on what is left of it."""
    if lot.left == lot.quantity:
        return amount
    return money.divide(money.multiply(amount, lot.left), lot.quantity)
