"""Sums that the forms of several places ask for."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from portfolio.engine import money
from portfolio.engine.tax.types import Disposal, IncomeLine

CENT = Decimal("0.01")


def proceeds(rows: Iterable[Disposal]) -> Decimal:
    """What was got."""
    return money.total(row.proceeds for row in rows)


def costs(rows: Iterable[Disposal]) -> Decimal:
    """What that had cost."""
    return money.total(row.cost_basis for row in rows)


def gains(rows: Iterable[Disposal]) -> Decimal:
    """Gains alone: losses are left out."""
    return money.total(row.gain for row in rows if row.gain > 0)


def losses(rows: Iterable[Disposal]) -> Decimal:
    """Losses alone, above zero."""
    return money.negate(money.total(row.gain for row in rows if row.gain < 0))


def net(rows: Iterable[Disposal]) -> Decimal:
    """Gains less losses."""
    return money.total(row.gain for row in rows)


def income(lines: Iterable[IncomeLine]) -> Decimal:
    """What was received, at its value then."""
    return money.total(line.value for line in lines)


def cents(amount: Decimal) -> Decimal:
    """Rounded to cents, the half up, as forms in cents want it."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP, context=money.EXACT)


def whole(amount: Decimal) -> Decimal:
    """Rounded to whole units, the half up, as forms in whole money want it."""
    return amount.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=money.EXACT)
