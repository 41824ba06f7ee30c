"""What became of each asset at each exchange over a range of days, as a table that adds up.

    at the end = at the start + net flows + realised + unrealised + income - fees + contracts

Net flows are what was put in less what was taken out, what was got for other assets less what was
given for them, and cost that came along from own accounts; over all assets the latter two cancel
out. Figures are rounded so that each row and each column adds up as shown. Where a price or a cost
is not known the gain is not known either (None), and the row is partial.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.average_cost import Place, Pool, Sums
from portfolio.engine.rounding import apportioned

_TOLD = ("start", "flows", "realised", "income", "fees", "derivatives", "end")


@dataclass(frozen=True, slots=True)
class Cell:
    """One asset at one exchange: as the range began, what happened in it, and as it ended.

    Prices are those of the two ends, None where unknown.
    """

    place: Place
    opening: Pool
    closing: Pool
    sums: Sums
    start_price: Decimal | None
    end_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Line:
    """Figures of a range in the reporting currency; None where not known.

    A line over several cells adds up what is known of them; ``is_partial`` says that something is
    left out of it.
    """

    start: Decimal | None
    flows: Decimal | None
    realised: Decimal | None
    unrealised: Decimal | None
    income: Decimal | None
    fees: Decimal | None
    derivatives: Decimal | None
    end: Decimal | None
    is_partial: bool
    is_short: bool = False  # more left than was there: a debt, or a record is missing

    @property
    def gain(self) -> Decimal | None:
        """All that was won: what the worth changed by, but for flows."""
        if self.realised is None or self.unrealised is None:
            return None
        known = (self.realised, self.unrealised, self.income, _negated(self.fees), self.derivatives)
        return money.total(amount for amount in known if amount is not None)


def lines(cells: Sequence[Cell], step: Decimal) -> dict[Place, Line]:
    """The line of each cell, rounded to ``step`` so that columns and rows add up."""
    exact = [_exact(cell) for cell in cells]
    columns = {name: apportioned([getattr(line, name) for line in exact], step) for name in _TOLD}
    made = {}
    for place, (cell, line) in enumerate(zip(cells, exact, strict=True)):
        figures: dict[str, Any] = {name: columns[name][place] for name in _TOLD}
        shown = replace(line, **figures)
        is_known = shown.unrealised is not None
        made[cell.place] = replace(shown, unrealised=_rest(shown) if is_known else None)
    return made


def _exact(cell: Cell) -> Line:
    start = _worth(cell.opening, cell.start_price)
    end = _worth(cell.closing, cell.end_price)
    before, after = _unrealised(start, cell.opening), _unrealised(end, cell.closing)
    is_known = not cell.sums.gaps and before is not None and after is not None
    return Line(
        start=start,
        flows=cell.sums.net_flows,
        realised=None if cell.sums.gaps else cell.sums.realised,
        unrealised=money.ZERO if is_known else None,
        income=cell.sums.income,
        fees=cell.sums.fees,
        derivatives=cell.sums.derivatives,
        end=end,
        is_partial=not is_known,
        is_short=cell.closing.quantity < 0,
    )


def _worth(pool: Pool, price: Decimal | None) -> Decimal | None:
    if not pool.quantity:
        return money.ZERO
    return None if price is None else money.multiply(pool.quantity, price)


def _unrealised(worth: Decimal | None, pool: Pool) -> Decimal | None:
    return None if worth is None or pool.cost is None else money.add(worth, money.negate(pool.cost))


def _rest(line: Line) -> Decimal:
    """The unrealised gain: what the end is more than all else says."""
    known = (line.end, _negated(line.start), _negated(line.flows), _negated(line.realised))
    more = (_negated(line.income), line.fees, _negated(line.derivatives))
    return money.total(amount for amount in (*known, *more) if amount is not None)


def _negated(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else money.negate(amount)


def total(parts: Iterable[Line]) -> Line:
    """The sum of lines: of what is known of them."""
    lines = list(parts)
    names = (*_TOLD, "unrealised")
    sums: dict[str, Any] = {name: _sum(getattr(line, name) for line in lines) for name in names}
    return Line(**sums, is_partial=any(line.is_partial for line in lines))


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what is known, None where nothing is."""
    every = list(amounts)
    known = [amount for amount in every if amount is not None]
    return money.total(known) if known or not every else None


def grouped(made: dict[Place, Line], key: Callable[[Place], str]) -> dict[str, Line]:
    """Lines added up by asset or by exchange, those worth most at the end first."""
    groups: dict[str, list[Line]] = {}
    for place, line in made.items():
        groups.setdefault(key(place), []).append(line)
    found = {
        name: replace(total(parts), is_short=any(line.is_short for line in parts))
        for name, parts in groups.items()
    }
    return dict(sorted(found.items(), key=lambda item: (-(item[1].end or money.ZERO), item[0])))
