"""A pool: units of one asset that all cost the same on average."""

from __future__ import annotations

from decimal import Decimal

from portfolio.engine.money import EXACT
from portfolio.engine.tax.lots import share

_ZERO = Decimal(0)


class Pool:
    """Units and what they cost together."""

    __slots__ = ("amount", "cost")

    def __init__(self) -> None:
        self.amount = _ZERO
        self.cost = _ZERO

    def add(self, amount: Decimal, cost: Decimal) -> None:
        """Put units in."""
        self.amount = EXACT.add(self.amount, amount)
        self.cost = EXACT.add(self.cost, cost)

    def take(self, amount: Decimal) -> Decimal:
        """Take units out, at most those that are in; return their share of the cost."""
        cost = share(self.cost, amount, self.amount) if amount else _ZERO
        self.amount = EXACT.subtract(self.amount, amount)
        self.cost = EXACT.subtract(self.cost, cost)
        return cost
