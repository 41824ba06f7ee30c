"""Numbers told as people read them: dates, names, decimals."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from portfolio.engine.tax import whole
from portfolio.engine.tax.days import Days, day_of
from portfolio.engine.tax.operations import Operations
from portfolio.engine.tax.settings import LongTerm, Oversell, Scope, anniversary
from portfolio.engine.tax.types import (
    Disposal,
    InsufficientHoldings,
    Match,
    Remaining,
    Shortfall,
    Term,
)
from portfolio.engine.tax.whole import value_of

# Operation, lot's origin (NOTHING: none), units, proceeds, cost.
Part = tuple[int, int, int, int, int]
NOTHING = -1


class Teller:
    """Makes rows of what one computation found as whole numbers."""

    def __init__(self, operations: Operations) -> None:
        self.operations = operations
        self.history = operations.history
        self.settings = operations.settings
        self.days = Days(self.settings.zone)
        self.by_wallet = self.settings.scope is Scope.PER_WALLET
        self._unpriced = operations.unpriced
        self._long_from: dict[int, date] = {}

    def at(self, number: int) -> datetime:
        """When an operation was."""
        return whole.moment_of(self.history.at[self.operations.events[number]])

    def day(self, number: int) -> int:
        """The local day of an operation, as an ordinal."""
        return self.days.of(self.history.at[self.operations.events[number]])

    def day_of_part(self, part: Part) -> int:
        """The local day of a part of a disposal, as an ordinal."""
        return self.days.of(self.history.at[self.operations.events[part[0]]])

    def all_days(self) -> list[int]:
        """The local days of all operations."""
        at = self.history.at
        return self.days.all([at[event] for event in self.operations.events])

    def asset(self, number: int) -> str:
        """The asset of an operation."""
        return self.history.assets[self.operations.coins[number]]

    def wallet(self, number: int) -> str:
        """The wallet of an operation; "" where wallets do not matter."""
        return self.history.wallets[self.operations.wallets[number]] if self.by_wallet else ""

    def amount(self, units: int) -> Decimal:
        """An amount of a coin."""
        return whole.amount_of(units, self.history.digits)

    def proceeds(self, number: int, price: int) -> Decimal | None:
        """What an operation brought; None where nobody knows."""
        return None if number in self._unpriced else value_of(price)

    def lot_part(self, part: Part) -> Disposal:
        """A part of a disposal that was met by one lot, or by nothing."""
        number, origin, units, proceeds, cost = part
        event, at, on = self.operations.events[number], self.at(number), day_of(self.day(number))
        matched = (self.amount(units), self.proceeds(number, proceeds), value_of(cost))
        where = (event, at, on, self.asset(number), self.wallet(number))
        if origin == NOTHING:
            return Disposal(*where, *matched, Match.NONE)
        acquired = self.at(origin)
        term = self.term(origin, acquired, at, on)
        lot = self.operations.events[origin]
        return Disposal(*where, *matched, Match.LOT, acquired, term, lot=lot)

    def pool_part(self, part: Part) -> Disposal:
        """A disposal that was met by a pool, or by nothing; the second number is what is denied."""
        number, denied, units, proceeds, cost = part
        return Disposal(
            *(self.operations.events[number], self.at(number), day_of(self.day(number))),
            *(self.asset(number), self.wallet(number), self.amount(units)),
            *(self.proceeds(number, proceeds), value_of(cost)),
            Match.POOL if denied != NOTHING else Match.NONE,
            denied=value_of(max(denied, 0)),
        )

    def term(self, origin: int, acquired: datetime, at: datetime, on: date) -> Term | None:
        """Whether units of an acquisition were long held when they went."""
        settings = self.settings
        if settings.long_term is not LongTerm.CALENDAR_YEAR:
            return settings.term(acquired, at, on)
        first = self._long_from.get(origin)
        if first is None:
            first = self._long_from[origin] = anniversary(day_of(self.day(origin)))
        return Term.LONG if on > first else Term.SHORT

    def lot(self, origin: int, units: int, cost: int, wallet: int) -> Remaining:
        """A lot that is left."""
        return Remaining(
            *(self.asset(origin), self.amount(units), value_of(cost), self.at(origin)),
            self.history.wallets[wallet] if self.by_wallet else "",
            self.operations.events[origin],
        )

    def insufficient(self, number: int, units: int) -> InsufficientHoldings:
        """The error of an operation that takes more than is held."""
        event = self.operations.events[number]
        return InsufficientHoldings(event, self.asset(number), self.amount(units))

    def shortfall(self, number: int, units: int) -> Shortfall:
        """What was not held, where that is allowed. May raise InsufficientHoldings."""
        if self.settings.oversell is Oversell.ERROR:
            raise self.insufficient(number, units)
        event = self.operations.events[number]
        return Shortfall(event, self.asset(number), self.amount(units))
