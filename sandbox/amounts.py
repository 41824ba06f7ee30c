"""Exact decimals: how amounts are rounded, multiplied and written."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext

ZERO = Decimal(0)
# The largest balances have about 12 digits before and 18 after the point; products need twice that.
PRECISION = 60


@contextmanager
def exact() -> Iterator[None]:
    """Enough digits that no sum or product of amounts is ever rounded by the context."""
    with localcontext() as context:
        context.prec = PRECISION
        yield


def down(value: Decimal, places: int) -> Decimal:
    """Cut to so many decimals, never more than was there (amounts, fees)."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN)


def near(value: Decimal, places: int) -> Decimal:
    """Round to so many decimals (prices)."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def fixed(value: Decimal, places: int) -> str:
    """Write with exactly so many decimals, as exchanges do; more only if the value has more."""
    digits = -int(value.normalize().as_tuple().exponent)
    return f"{value:.{max(places, digits)}f}"


def plain(value: Decimal) -> str:
    """Write without exponent or trailing zeros; zero is ``0``."""
    return f"{value.normalize():f}" if value else "0"
