"""Exact decimal arithmetic: Python's default context would round after 28 digits."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import reduce

# 100 digits hold any product of two amounts of 18 decimals. Only a quotient may lose digits, and
# what is worked out from one.
EXACT = Context(prec=100, traps=[DivisionByZero, InvalidOperation, Overflow])
# Amounts have at most 50 digits on either side of the point (``fits``), worths a few more: a sum of
# any number of them fits in here whole.
_SUM = Context(prec=250, traps=[InvalidOperation, Overflow])
_DIGITS = 50
ZERO = Decimal(0)


def parse(text: str) -> Decimal:
    """Reads an exchange's number ("4.00000100", "1e-8") exactly. May raise ValueError."""
    if not isinstance(text, str):
        raise ValueError(f"a number must come as text, not as {type(text).__name__}")
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        raise ValueError(f"not a number: {text!r}") from None
    if not value.is_finite():
        raise ValueError(f"not a finite number: {text!r}")
    return value


def add(left: Decimal, right: Decimal) -> Decimal:
    """The exact sum of two amounts."""
    return _SUM.add(left, right)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum of any number of amounts."""
    return reduce(_SUM.add, amounts, ZERO)


def negate(amount: Decimal) -> Decimal:
    """The same amount the other way; unlike ``-amount`` it rounds nothing."""
    return amount.copy_negate()


def fits(amount: Decimal) -> bool:
    """Whether an amount is within what is kept and summed: 50 digits on each side of the point."""
    exponent = amount.as_tuple().exponent
    if not amount:
        return True
    return isinstance(exponent, int) and exponent >= -_DIGITS and amount.adjusted() < _DIGITS


def multiply(left: Decimal, right: Decimal) -> Decimal:
    """The product of an amount and a price."""
    return EXACT.multiply(left, right)


def divide(left: Decimal, right: Decimal) -> Decimal:
    """The quotient of two amounts, to 100 digits. May raise ZeroDivisionError."""
    if not right:
        raise ZeroDivisionError("an amount divided by nothing")
    return EXACT.divide(left, right)


def plain(value: Decimal) -> str:
    """Writes an amount without exponent and without trailing zeros: "0.00000001", "0"."""
    if not value:
        return "0"
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
