"""What all coins are worth just before each sale, as France's form 2086 asks (line 212)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine import money
from portfolio.engine.money import ZERO
from portfolio.engine.tax.types import EventKind, Leg, TaxEvent

Price = Callable[[str, datetime], Decimal | None]


class Unpriced(NamedTuple):
    """A coin that was held when another was sold, and of which nobody knows the price."""

    asset: str
    amount: Decimal


class Holdings:
    """Follows events, oldest first, and adds the portfolio's value to those that need it.

    ``price`` tells what a unit was worth at a moment; it is asked in the order of time. A coin
    without a price counts as nothing, and is named once in ``unpriced``.
    """

    def __init__(self, base_currency: str, price: Price) -> None:
        self._base = base_currency
        self._price = price
        self._held: dict[str, Decimal] = {}
        self._known: set[str] = set()
        self.unpriced: list[Unpriced] = []

    def follow(self, event: TaxEvent) -> TaxEvent:
        """The event, with the value of all that is held before it where it is a sale or a gift."""
        out = event.out
        told = event
        goes = event.kind is EventKind.SELL or event.kind is EventKind.GIFT
        if goes and out is not None and out.asset != self._base:
            told = replace(event, portfolio_value=self._worth(event, out))
        self._count(event)
        return told

    def _worth(self, event: TaxEvent, out: Leg) -> Decimal:
        """What is sold counts at its own price, so that the whole is never less than that."""
        got = event.into or out
        worths = [got.value or ZERO]
        for asset, held in self._held.items():
            rest = money.add(held, money.negate(out.amount)) if asset == out.asset else held
            if rest <= 0:
                continue
            unit = self._price(asset, event.time)
            if unit is not None:
                worths.append(money.multiply(rest, unit))
            elif asset not in self._known:
                self._known.add(asset)
                self.unpriced.append(Unpriced(asset, rest))
        # Where nothing is worth anything, nothing is got: any other number gives the same.
        return money.total(worths) or Decimal(1)

    def _count(self, event: TaxEvent) -> None:
        fee = None if event.kind is EventKind.TRANSFER else event.fee
        for leg, sign in ((event.into, 1), (event.out, -1), (fee, -1)):
            if leg is None or leg.asset == self._base:
                continue
            amount = leg.amount if sign > 0 else money.negate(leg.amount)
            self._held[leg.asset] = max(money.add(self._held.get(leg.asset, ZERO), amount), ZERO)
