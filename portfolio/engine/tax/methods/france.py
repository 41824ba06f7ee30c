"""France: gains of the whole portfolio at each sale for money (CGI art. 150 VH bis III, form 2086).

The gain is the price less the total acquisition price times price through portfolio value; the
total acquisition price then falls by the part used. Coin for coin is no event, and neither is a
coin spent on a fee. The fraction goes by the price before fees (lines 212, 217 of the form), the
gain by what is left of it after them (line 218).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from portfolio.engine.money import EXACT
from portfolio.engine.tax.lots import share
from portfolio.engine.tax.method import Method
from portfolio.engine.tax.operations import Acquire, BadEvent, Dispose, Operation, Vanish
from portfolio.engine.tax.settings import Oversell, Settings
from portfolio.engine.tax.types import (
    Disposal,
    InsufficientHoldings,
    Match,
    Outcome,
    Remaining,
    Shortfall,
)

PORTFOLIO = "*portfolio*"
_ZERO = Decimal(0)


class _Portfolio:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._held: dict[str, Decimal] = {}
        self._price = _ZERO  # the total acquisition price still unused
        self._rows: list[Disposal] = []
        self._short: list[Shortfall] = []

    def run(self, rows: Sequence[Operation]) -> Outcome:
        swapped = _swapped(rows)
        for row in rows:
            if type(row) is Acquire:
                self._held[row.asset] = EXACT.add(self._held.get(row.asset, _ZERO), row.amount)
                if row.event not in swapped:
                    self._price = EXACT.add(self._price, row.cost)
            elif type(row) is Dispose or type(row) is Vanish:
                self._go(row.event, row.asset, row.amount)
            if type(row) is Dispose and row.portfolio_value is not None:
                self._sell(row, row.portfolio_value)
            elif type(row) is Dispose and row.event not in swapped and not row.is_fee:
                raise BadEvent(row.event, "the value of the whole portfolio is not known")
        return Outcome(tuple(self._rows), (), self._remaining(), tuple(self._short))

    def _go(self, event: int, asset: str, amount: Decimal) -> None:
        held = self._held.get(asset, _ZERO)
        missing = EXACT.subtract(amount, held)
        if missing > 0:
            if self._settings.oversell is Oversell.ERROR:
                raise InsufficientHoldings(event, asset, missing)
            self._short.append(Shortfall(event, asset, missing))
        self._held[asset] = max(EXACT.subtract(held, amount), _ZERO)

    def _sell(self, row: Dispose, value: Decimal) -> None:
        if value < row.gross or not value:
            raise BadEvent(row.event, "the whole portfolio is worth less than what was sold of it")
        used = share(self._price, row.gross, value)
        self._price = EXACT.subtract(self._price, used)
        on = self._settings.local_date(row.time)
        self._rows.append(
            Disposal(
                *(row.event, row.time, on, row.asset, "", row.amount),
                *(row.proceeds, EXACT.add(used, row.more_cost), Match.PORTFOLIO),
            )
        )

    def _remaining(self) -> tuple[Remaining, ...]:
        left = _ZERO
        for amount in self._held.values():
            left = EXACT.add(left, amount)
        return (Remaining(PORTFOLIO, left, self._price),) if left or self._price else ()


def _swapped(rows: Sequence[Operation]) -> set[int]:
    """The events in which coin was given for coin."""
    got = {row.event for row in rows if type(row) is Acquire}
    return got & {row.event for row in rows if type(row) is Dispose and not row.is_fee}


def _run(settings: Settings, rows: Sequence[Operation]) -> Outcome:
    return _Portfolio(settings).run(rows)


METHODS = (Method("fr_portfolio", "Whole portfolio (France)", _run),)
