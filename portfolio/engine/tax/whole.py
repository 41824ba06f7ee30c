"""Amounts and values as whole numbers, so that adding and sharing are exact and quick.

Values have a fixed number of digits after the point; a share that does not end is cut there and
the rest keeps what is left over, so that shares and rest are together the whole.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation, Overflow
from typing import Final

VALUE_DIGITS: Final = 36
_PRECISION = 200
_EXACT = Context(prec=_PRECISION, traps=[Inexact, InvalidOperation, Overflow])
_ROUND = Context(prec=_PRECISION, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation, Overflow])
_VALUE_UNIT = 10**VALUE_DIGITS
_UNITS = [10**digits for digits in range(VALUE_DIGITS)]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
EPOCH_ORDINAL: Final = _EPOCH.toordinal()


class TooFine(ArithmeticError):
    """An amount has more digits after the point than were asked for."""


def units(amount: Decimal, digits: int) -> int:
    """An amount in units of its ``digits``-th digit. May raise TooFine."""
    try:
        return int(_EXACT.to_integral_exact(_EXACT.scaleb(amount, digits)))
    except Inexact:
        raise TooFine(f"{amount} has more than {digits} digits") from None


def digits_of(amount: Decimal) -> int:
    """How many digits an amount has after the point."""
    exponent = amount.as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def value(worth: Decimal) -> int:
    """A value in units of its last kept digit; beyond that a worked-out worth is rounded."""
    return int(_ROUND.to_integral_value(_ROUND.scaleb(worth, VALUE_DIGITS)))


def amount_of(number: int, digits: int) -> Decimal:
    """The amount that ``number`` units are, without needless zeros."""
    # Shifting the point takes half the time of a division; but of 100 it makes 1E+2.
    unit = _UNITS[digits] if digits < len(_UNITS) else 10**digits
    if number % unit:
        return _EXACT.normalize(_EXACT.scaleb(Decimal(number), -digits))
    return Decimal(number // unit)


def value_of(number: int) -> Decimal:
    """The value that ``number`` units are, without needless zeros."""
    if number % _VALUE_UNIT:
        return _EXACT.normalize(_EXACT.scaleb(Decimal(number), -VALUE_DIGITS))
    return Decimal(number // _VALUE_UNIT)


def of_text(text: str, digits: int) -> int:
    """What a text as "12.50" is in units of its ``digits``-th digit.

    May raise ValueError: also for what is written otherwise, is below zero or has more digits.
    """
    before, point, after = text.partition(".")
    if point:
        if len(after) > digits or not after.isdecimal():
            raise ValueError(text)
        before += after.ljust(digits, "0")
        number = int(before)
    else:
        number = int(before) * 10**digits
    if number < 0:
        raise ValueError(text)
    return number


def text_of(number: int, digits: int) -> str:
    """So many units as text, without exponent and needless zeros; ``digits`` is not zero."""
    if number < 0:
        return f"-{text_of(-number, digits)}"
    text = str(number)
    if len(text) <= digits:
        text = text.rjust(digits + 1, "0")
    before, after = text[:-digits], text[-digits:].rstrip("0")
    return f"{before}.{after}" if after else before


def micros(moment: datetime) -> int:
    """A moment in microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(number: int) -> datetime:
    """The moment, in UTC, that is so many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=number)
