"""What the same flows would be worth elsewhere: left in the currency, or in bitcoin.

Both start with the worth at the start of the range; what is put in later is exchanged at the end of
its day, what is taken out likewise. Where a price is needed and not known the line is unknown from
there on (None), never zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.average_cost import rounded


@dataclass(frozen=True, slots=True)
class CourseDay:
    """Worth at the end of a day, what was put in and taken out on it, and a bitcoin's price."""

    on: date
    value: Decimal
    put_in: Decimal = money.ZERO
    taken_out: Decimal = money.ZERO
    bitcoin: Decimal | None = None

    @property
    def net_flow(self) -> Decimal:
        return money.add(self.put_in, money.negate(self.taken_out))


def untouched(days: Sequence[CourseDay]) -> list[Decimal]:
    """The worth of the first day and all later flows, left in the currency."""
    worth = days[0].value if days else money.ZERO
    made = [worth][: len(days)]
    for day in days[1:]:
        worth = money.add(worth, day.net_flow)
        made.append(worth)
    return made


def in_bitcoin(days: Sequence[CourseDay]) -> list[Decimal | None]:
    """The same in bitcoin; None on days without a price, and from a flow without one on."""
    return list(_in_bitcoin(days))


def _in_bitcoin(days: Sequence[CourseDay]) -> Iterator[Decimal | None]:
    units: Decimal | None = money.ZERO
    for place, day in enumerate(days):
        amount = day.net_flow if place else day.value
        if amount and units is not None:
            bought = rounded(money.divide(amount, day.bitcoin)) if day.bitcoin else None
            units = None if bought is None else money.add(units, bought)
        known = units is not None and (day.bitcoin is not None or not units)
        yield money.multiply(units or money.ZERO, day.bitcoin or money.ZERO) if known else None
