"""France: gains of the whole portfolio at each sale for money (CGI art. 150 VH bis III, form 2086).

The gain is the price less the total acquisition price times price through portfolio value; the
total acquisition price then falls by the part used. Coin for coin is no event, and neither is a
coin spent on a fee. The fraction goes by the price before fees (lines 212, 217 of the form), the
gain by what is left of it after them (line 218). A sale of a price that nobody knows uses nothing.
"""

from __future__ import annotations

from portfolio.engine.tax.days import day_of
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import ACQUIRE, DISPOSE, MOVE, BadEvent, Operations
from portfolio.engine.tax.rows import Rows
from portfolio.engine.tax.telling import Teller
from portfolio.engine.tax.types import Disposal, Match, Outcome, Remaining, Shortfall
from portfolio.engine.tax.whole import value_of

PORTFOLIO = "*portfolio*"


class _Portfolio:
    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._tell = Teller(operations)
        self._held = [0] * len(operations.history.assets)
        self._price = 0  # the total acquisition price still unused
        self._parts: list[tuple[int, int]] = []  # operation, what of the price it uses
        self._short: list[Shortfall] = []

    def run(self) -> Outcome:
        operations = self._operations
        swapped = _swapped(operations)
        for number, kind in enumerate(operations.kinds):
            event, coin = operations.events[number], operations.coins[number]
            if kind == ACQUIRE:
                self._held[coin] += operations.units[number]
                if event not in swapped:
                    self._price += operations.money[number]
            elif kind != MOVE:
                self._go(number, coin)
            if kind == DISPOSE:
                self._sell(number, is_swap=event in swapped)
        disposals: Rows[Disposal] = Rows(
            self._parts, self._disposal, lambda row: self._tell.day(row[0])
        )
        return Outcome(disposals, (), self._remaining(), tuple(self._short))

    def _go(self, number: int, coin: int) -> None:
        left = self._held[coin] - self._operations.units[number]
        if left < 0:
            self._short.append(self._tell.shortfall(number, -left))
        self._held[coin] = max(left, 0)

    def _sell(self, number: int, *, is_swap: bool) -> None:
        special, price = self._operations.of_event(number), self._operations.values[number]
        event = self._operations.events[number]
        if special.portfolio_value is None:
            if is_swap or special.is_fee:
                return
            raise BadEvent(event, "the value of the whole portfolio is not known")
        if special.portfolio_value < price or not special.portfolio_value:
            raise BadEvent(event, "the whole portfolio is worth less than what was sold of it")
        used = self._price * price // special.portfolio_value
        self._price -= used
        self._parts.append((number, used + special.more_cost))

    def _disposal(self, part: tuple[int, int]) -> Disposal:
        number, cost = part
        operations, tell = self._operations, self._tell
        return Disposal(
            *(operations.events[number], tell.at(number), day_of(tell.day(number))),
            *(tell.asset(number), "", tell.amount(operations.units[number])),
            *(tell.proceeds(number, operations.money[number]), value_of(cost), Match.PORTFOLIO),
        )

    def _remaining(self) -> tuple[Remaining, ...]:
        left = sum(self._held)
        if not left and not self._price:
            return ()
        return (Remaining(PORTFOLIO, self._tell.amount(left), value_of(self._price)),)


def _swapped(operations: Operations) -> set[int]:
    """The events in which coin was given for coin."""
    got = {e for k, e in zip(operations.kinds, operations.events, strict=True) if k == ACQUIRE}
    return got & {
        event
        for number, (kind, event) in enumerate(
            zip(operations.kinds, operations.events, strict=True)
        )
        if kind == DISPOSE and not operations.of_event(number).is_fee
    }


def _run(operations: Operations) -> Outcome:
    return _Portfolio(operations).run()


METHODS = (Method("fr_portfolio", "Whole portfolio (France)", _run),)
