"""How far figures can be relied on: a letter, by a rule that a person can work out on paper.

Each cause of findings puts a share of the worth in doubt: the money that its open findings put at
risk, over the worth, plus one hundredth for each whose money is unknown, at most 1. The share
counts as much as the cause weighs (0 to 1). The sum over all causes, at most 1, decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from portfolio.engine import money

ONE = Decimal(1)
# What a finding of unknown money counts as: this part of the worth.
UNKNOWN = Decimal("0.01")
# The most doubt that a letter stands for; what is above the last is E.
LIMITS = (
    ("A", Decimal("0.001")),
    ("B", Decimal("0.01")),
    ("C", Decimal("0.05")),
    ("D", Decimal("0.2")),
)
WORST = "E"
_STEP = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Part:
    """The open findings of one cause: how many, how many of them of unknown money, the rest's."""

    cause: str
    number: int
    unknown: int
    value: Decimal
    weight: Decimal

    def share(self, worth: Decimal) -> Decimal:
        """The part of the worth that it puts in doubt, 0 to 1 in millionths, not weighed."""
        counted = money.multiply(UNKNOWN, Decimal(self.unknown))
        if worth > 0:
            counted = money.add(counted, money.divide(self.value, worth))
        elif self.value > 0:
            return ONE
        return min(ONE, counted).quantize(_STEP, context=money.EXACT)


@dataclass(frozen=True, slots=True)
class Grade:
    """The letter, and the doubt that it comes from, 0 to 1 in steps of a millionth."""

    letter: str
    doubt: Decimal


def grade(parts: Iterable[Part], worth: Decimal) -> Grade:
    """The grade of figures that add up to ``worth``; a worth below zero counts as none."""
    weighed = (money.multiply(part.weight, part.share(worth)) for part in parts)
    doubt = min(ONE, money.total(weighed)).quantize(_STEP, context=money.EXACT)
    letter = next((name for name, most in LIMITS if doubt <= most), WORST)
    return Grade(letter, doubt)
