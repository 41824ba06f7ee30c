"""Sums that the forms of several places ask for; what nobody knows the price of is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from portfolio.engine import money
from portfolio.engine.tax.from_ledger import ContractLine
from portfolio.engine.tax.types import Disposal, IncomeLine, Remaining

CENT = Decimal("0.01")
_HALF = Decimal("0.5")


def proceeds(rows: Iterable[Disposal]) -> Decimal:
    """What was got."""
    return money.total(row.proceeds for row in rows if row.proceeds is not None)


def costs(rows: Iterable[Disposal]) -> Decimal:
    """What that had cost."""
    return money.total(row.cost_basis for row in rows if row.proceeds is not None)


def gains(rows: Iterable[Disposal]) -> Decimal:
    """Gains alone: losses are left out."""
    return money.total(gain for gain in _gains(rows) if gain > 0)


def losses(rows: Iterable[Disposal]) -> Decimal:
    """Losses alone, above zero."""
    return money.negate(money.total(gain for gain in _gains(rows) if gain < 0))


def net(rows: Iterable[Disposal]) -> Decimal:
    """Gains less losses."""
    return money.total(_gains(rows))


def _gains(rows: Iterable[Disposal]) -> Iterator[Decimal]:
    return (gain for row in rows if (gain := row.gain) is not None)


def denied(rows: Iterable[Disposal]) -> Decimal:
    """What the law does not let count of losses."""
    return money.total(row.denied for row in rows)


def income(lines: Iterable[IncomeLine]) -> Decimal:
    """What was received, at its value then."""
    return money.total(line.value for line in lines if line.value is not None)


def in_money(lines: Iterable[IncomeLine], currency: str) -> Decimal:
    """What of income came as money, which is no income from coins."""
    return income(line for line in lines if line.asset == currency)


def in_coins(lines: Iterable[IncomeLine], currency: str) -> Decimal:
    """What of income came as coins, at their value then."""
    return income(line for line in lines if line.asset != currency)


def contracts(lines: Iterable[ContractLine]) -> Decimal:
    """What contracts brought, less what they took."""
    return money.total(line.value for line in lines if line.value is not None)


def worth(
    rows: Sequence[Remaining], value: Callable[[str, Decimal], Decimal | None]
) -> Decimal | None:
    """What is held was worth; None where that of one asset is not known."""
    known = [found for row in rows if (found := value(row.asset, row.amount)) is not None]
    return money.total(known) if len(known) == len(rows) else None


def half(amount: Decimal) -> Decimal:
    """One of two equal parts, exact."""
    return money.multiply(amount, _HALF)


def cents(amount: Decimal) -> Decimal:
    """Rounded to cents, the half up, as forms in cents want it."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP, context=money.EXACT)


def whole(amount: Decimal) -> Decimal:
    """Rounded to whole units, the half up, as forms in whole money want it."""
    return amount.quantize(Decimal(1), rounding=ROUND_HALF_UP, context=money.EXACT)


def cut(amount: Decimal) -> Decimal:
    """Whole units, what is behind the point left out, as forms that know no cents want it."""
    return amount.quantize(Decimal(1), rounding=ROUND_DOWN, context=money.EXACT)


def down(amount: Decimal) -> Decimal:
    """Whole units, rounded down."""
    return amount.quantize(Decimal(1), rounding=ROUND_FLOOR, context=money.EXACT)
