"""What a figure is made of: sums of lines, amounts of the law, and arithmetic on them.

A place declares an origin for each of its figures beside the code that works the figures out; pages
open the sums to their lines and redo the arithmetic step by step. Amounts are exact until a step
rounds them; None is unknown, and what is worked out of it is unknown too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import NamedTuple, TypeAlias

from portfolio.engine import money
from portfolio.engine.tax import figures as sums


def gettext_noop(text: str) -> str:
    """Marks words that pages translate; this engine knows no language."""
    return text


@dataclass(frozen=True, slots=True)
class Lines:
    """The sum of one column over the lines of a part of a report.

    ``column``: proceeds, cost, gain, denied or value; "number" counts them. ``sign``: 1 those above
    zero alone, -1 those below. ``by``: lines that are alike in these columns count as one, for sign
    and number. Of ``subkinds`` alone, or with ``is_other`` of all but them.
    """

    part: str
    column: str
    is_long: bool | None = None
    sign: int = 0
    by: tuple[str, ...] = ()
    subkinds: frozenset[str] | None = None
    is_other: bool = False
    is_money: bool | None = None  # received in the report's own currency
    since: date | None = None
    before: date | None = None


@dataclass(frozen=True, slots=True)
class Law:
    """An amount that a law names; None where it is not known, or names none."""

    words: str
    amount: Decimal | None


@dataclass(frozen=True, slots=True)
class Worked:
    """Worked out of others. ``formula`` has their names in its braces."""

    words: str
    formula: str
    of: tuple[Origin, ...]
    work: Callable[..., Decimal]


Origin: TypeAlias = "Lines | Law | Worked"
Origins = Mapping[str, Origin]  # by the title of the figure


class Step(NamedTuple):
    """One step on the way to a figure; ``of`` are the places of the steps that it takes."""

    origin: Origin
    of: tuple[int, ...]
    amount: Decimal | None


def steps(origin: Origin, total: Callable[[Lines], Decimal | None]) -> list[Step]:
    """All steps to a figure, which is the last; each takes only steps before it."""
    found: list[Step] = []
    _step(origin, total, found)
    return found


def _step(origin: Origin, total: Callable[[Lines], Decimal | None], found: list[Step]) -> int:
    for place, step in enumerate(found):
        if step.origin == origin:
            return place
    of: tuple[int, ...] = ()
    if isinstance(origin, Worked):
        of = tuple(_step(one, total, found) for one in origin.of)
        known = [amount for place in of if (amount := found[place].amount) is not None]
        amount = origin.work(*known) if len(known) == len(of) else None
    else:
        amount = total(origin) if isinstance(origin, Lines) else origin.amount
    found.append(Step(origin, of, amount))
    return len(found) - 1


def lines_of(origin: Origin) -> list[Lines]:
    """The sums of lines that a figure is made of, in the order of its steps."""
    told = (step.origin for step in steps(origin, lambda _lines: None))
    return [one for one in told if isinstance(one, Lines)]


# --- Sums that many places have ---------------------------------------------------------------

PROCEEDS = Lines("disposal", "proceeds")
COSTS = Lines("disposal", "cost")
NET = Lines("disposal", "gain")
DENIED = Lines("disposal", "denied")
GAINS = replace(NET, sign=1)
LOSSES = replace(NET, sign=-1)
INCOME = Lines("income", "value")
IN_MONEY = replace(INCOME, is_money=True)
IN_COINS = replace(INCOME, is_money=False)
CONTRACTS = Lines("contract", "value")
OPENING = Lines("opening", "value")
CLOSING = Lines("closing", "value")


# --- Steps ------------------------------------------------------------------------------------

_ZERO = Decimal(0)


def cents(of: Origin) -> Worked:
    """Rounded as ``figures.cents``."""
    return Worked(gettext_noop("Rounded to cents, half a cent up"), "{}", (of,), sums.cents)


def whole(of: Origin) -> Worked:
    """Rounded as ``figures.whole``."""
    return Worked(gettext_noop("Rounded to whole money, the half up"), "{}", (of,), sums.whole)


def cut(of: Origin) -> Worked:
    """Rounded as ``figures.cut``."""
    return Worked(gettext_noop("Cut to whole money"), "{}", (of,), sums.cut)


def down(of: Origin) -> Worked:
    """Rounded as ``figures.down``."""
    return Worked(gettext_noop("Rounded down to whole money"), "{}", (of,), sums.down)


def up(of: Origin) -> Worked:
    """The whole number not below."""
    return Worked(gettext_noop("Rounded up to whole money"), "{}", (of,), _up)


def half(of: Origin) -> Worked:
    """One of two equal parts."""
    return Worked(gettext_noop("Half of it"), "{} ÷ 2", (of,), sums.half)


def share(of: Origin, part: Decimal) -> Worked:
    """A part of it, from 0 to 1."""
    words = gettext_noop("The part that counts")
    return Worked(words, f"{part} × {{}}", (of,), _Times(part))


def negative(of: Origin) -> Worked:
    """Losses are told above zero."""
    return Worked(gettext_noop("Told above zero"), "−{}", (of,), money.negate)


def above_zero(of: Origin, words: str = "") -> Worked:
    """Nothing where it is below zero."""
    words = words or gettext_noop("Nothing where it is below zero")
    return Worked(words, gettext_noop("{}, at least 0"), (of,), _above_zero)


def plus(left: Origin, right: Origin, words: str) -> Worked:
    """Both together."""
    return Worked(words, "{} + {}", (left, right), money.add)


def less(left: Origin, right: Origin, words: str) -> Worked:
    """The first without the second."""
    return Worked(words, "{} − {}", (left, right), _less)


def beyond(left: Origin, right: Origin, words: str) -> Worked:
    """What the first has above the second; nothing where it has not."""
    return Worked(words, gettext_noop("{} − {}, at least 0"), (left, right), _beyond)


def at_most(of: Origin, most: Law) -> Worked:
    """Not more than the law lets count."""
    words = gettext_noop("Not more than the law lets count")
    return Worked(words, gettext_noop("{}, at most {}"), (of, most), min)


def from_limit(of: Origin, limit: Law) -> Worked:
    """All of it where it reaches the limit, nothing below; a loss stays one."""
    words = gettext_noop("All of it from the limit on, nothing below; a loss stays")
    return Worked(words, gettext_noop("{}, or 0 below {}"), (of, limit), _from_limit)


def if_more(of: Origin, measured: Origin, limit: Law) -> Worked:
    """All of it where something else is above the limit, else nothing."""
    words = gettext_noop("Nothing where the limit is not exceeded")
    formula = gettext_noop("{}, or 0 unless {} is above {}")
    return Worked(words, formula, (of, measured, limit), _if_more)


@dataclass(frozen=True, slots=True)
class _Times:
    part: Decimal

    def __call__(self, amount: Decimal) -> Decimal:
        return money.multiply(amount, self.part)


def _up(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), rounding=ROUND_CEILING, context=money.EXACT)


def _above_zero(amount: Decimal) -> Decimal:
    return max(amount, _ZERO)


def _less(left: Decimal, right: Decimal) -> Decimal:
    return money.add(left, money.negate(right))


def _beyond(left: Decimal, right: Decimal) -> Decimal:
    return max(_less(left, right), _ZERO)


def _from_limit(amount: Decimal, limit: Decimal) -> Decimal:
    return amount if amount >= limit else min(amount, _ZERO)


def _if_more(amount: Decimal, measured: Decimal, limit: Decimal) -> Decimal:
    return amount if measured > limit else _ZERO
