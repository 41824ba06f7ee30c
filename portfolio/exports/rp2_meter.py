"""What RP2 makes of amounts: it reads numbers as floats and keeps eleven decimals.

Rows are written so that what it makes of them adds up to what each wallet held, and no wallet falls
below zero by its rounding.
"""

from __future__ import annotations

import math
from decimal import Decimal

from portfolio.engine import money

FINEST = Decimal("1e-11")  # that RP2 tells from nothing

Place = tuple[str, str]  # an asset, and where it is


def as_read(amount: Decimal) -> Decimal:
    """What RP2 makes of a number: a float, of which it takes eleven decimals."""
    return Decimal(f"{float(amount):.11f}")


class Meter:
    """What each wallet holds, and what it holds by what RP2 reads.

    ``came`` and ``went`` tell what to write of an amount: nothing where it is too small, and what
    is owed of it goes into the next row of that wallet.
    """

    def __init__(self) -> None:
        self._true: dict[Place, Decimal] = {}
        self._read: dict[Place, Decimal] = {}

    def held(self, asset: str, wallet: str) -> Decimal:
        """What a wallet truly holds."""
        return self._true.get((asset, wallet), money.ZERO)

    def came(self, asset: str, wallet: str, amount: Decimal) -> Decimal:
        """An amount that came in."""
        place = (asset, wallet)
        off = self._off(place, amount)
        written = as_read(off) if off > 0 else money.ZERO
        self._write(place, written)
        return written

    def went(self, asset: str, wallet: str, amount: Decimal, target: str | None = None) -> Decimal:
        """An amount that went, into another wallet where ``target`` names one."""
        place = (asset, wallet)
        off = self._off(place, money.negate(amount))
        written = self._at_most(place, money.negate(off)) if off < 0 else money.ZERO
        self._write(place, money.negate(written))
        if target is not None:
            self._off((asset, target), amount)
            self._write((asset, target), written)
        return written

    def _off(self, place: Place, change: Decimal) -> Decimal:
        """What RP2 is off by once this has happened, above zero where it has too little."""
        self._true[place] = money.add(self._true.get(place, money.ZERO), change)
        return money.add(self._true[place], money.negate(self._read.get(place, money.ZERO)))

    def _at_most(self, place: Place, wanted: Decimal) -> Decimal:
        written, there = as_read(wanted), self._read.get(place, money.ZERO)
        if written > there and self._true[place] >= 0:  # by its rounding, more than there is
            return as_read(Decimal(math.nextafter(float(wanted), 0)))
        return written

    def _write(self, place: Place, change: Decimal) -> None:
        self._read[place] = money.add(self._read.get(place, money.ZERO), change)
