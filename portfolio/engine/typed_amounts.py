"""Reads an amount as people type it to search for, and the amounts that begin with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from portfolio.engine import money

_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d{1,3}(\.\d{3})+,\d+", re.ASCII)
_PLAIN = re.compile(r"\d+([.,]\d*)?|[.,]\d+", re.ASCII)
_FORM = re.compile(r"(?P<exact>=?)(?P<sign>[+\-−]?)(?P<number>[\d.,]+)(\s+(?P<asset>\S{1,40}))?")
_MOST_DIGITS = 60


@dataclass(frozen=True, slots=True)
class Typed:
    """Amounts from ``low`` on and below ``high``, without their sign; exactly ``low`` if None."""

    low: Decimal
    high: Decimal | None
    sign: int  # -1, 1, or 0 for both
    asset: str = ""  # as it was typed; "" for any

    def means(self, amount: Decimal) -> bool:
        """Whether an amount, with its sign, is among those."""
        size = amount.copy_abs()
        is_in = size == self.low if self.high is None else self.low <= size < self.high
        return is_in and (not self.sign or (amount < 0) == (self.sign < 0))


def read(text: str) -> Typed | None:
    """What "0.0123", "-1,250.5", "=0.5 BTC" ask for; None where the text is no amount.

    An amount begins with what was typed when its whole part and all typed decimals are the same.
    """
    form = _FORM.fullmatch(text.strip())
    digits = _digits(form["number"]) if form else None
    if form is None or digits is None:
        return None
    low = Decimal(digits)
    fraction = digits.partition(".")[2]
    step = Decimal(1).scaleb(-len(fraction))
    return Typed(
        low=low,
        high=None if form["exact"] else money.add(low, step),
        sign={"": 0, "+": 1}.get(form["sign"], -1),
        asset=form["asset"] or "",
    )


def _digits(number: str) -> str | None:
    """The number with a point and no groups; "1,250" is grouped, "1,25" has a comma for a point."""
    if len(number) > _MOST_DIGITS:
        return None
    if _GROUPED.fullmatch(number):
        point = max(number.rfind("."), number.rfind(","))
        whole, fraction = number, ""
        if number[point] == "." or (number.count(",") == 1 and "." in number):
            whole, fraction = number[:point], number[point + 1 :]
        whole = whole.replace(",", "").replace(".", "")
        return f"{whole}.{fraction}" if fraction else whole
    return number.replace(",", ".") if _PLAIN.fullmatch(number) else None
