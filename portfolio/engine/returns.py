"""Returns over a range of days: time-weighted, money-weighted, simple; and the deepest fall.

Amounts are exact decimals in one currency. What is put in on a day counts from its start, what is
taken out leaves at its end, so that no day's return is over less than was at work:

    day's return      = (worth at the end + taken out) / (worth at the end before + put in) - 1
    time-weighted     = product of (1 + day's return) - 1
    money-weighted    = the yearly rate at which all flows, and the worths at both ends, cancel out
    simple            = (worth at the end + taken out - put in - worth at the start)
                        / (worth at the start + put in)

Chain linking by day is what the GIPS standards ask for where there are large flows; the rate is
Excel's XIRR, over 365 days a year. A day whose ends cannot be compared, since an asset had a price
at one of them only or a flow is worth an unknown amount, is left out and named: the result is
partial then, and unknown (None) where no day is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from itertools import pairwise

import pyxirr

from portfolio.engine import money

ONE = Decimal(1)
_RATE = Decimal("1e-8")  # what a rate out of floats is good for
_MOST = 1e12
# Ratios are quotients: they have no end, and are kept to these digits.
_TRAPS = [DivisionByZero, InvalidOperation, Overflow]
_DIGITS = Context(prec=40, traps=_TRAPS)
_SHOWN = Context(prec=20, traps=_TRAPS)


@dataclass(frozen=True, slots=True)
class Day:
    """Worth at the end of a day and what was put in and taken out on it, both above zero.

    ``unpriced`` are the assets left out of ``value``; ``gaps`` counts flows of unknown worth.
    """

    on: date
    value: Decimal
    put_in: Decimal = money.ZERO
    taken_out: Decimal = money.ZERO
    unpriced: tuple[str, ...] = ()
    gaps: int = 0

    @property
    def has_flow(self) -> bool:
        return bool(self.put_in or self.taken_out or self.gaps)


@dataclass(frozen=True, slots=True)
class Link:
    """The return of one day; None where its ends cannot be compared."""

    day: Day
    start: Decimal
    ratio: Decimal | None  # the day's return


@dataclass(frozen=True, slots=True)
class Rate:
    """A return as a ratio (0.1 is ten percent), and whether something was left out of it."""

    ratio: Decimal | None
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall of the time-weighted course: a ratio below zero, and its days.

    ``recovered`` is the first day that was as high as the peak again, None if there is none yet.
    """

    depth: Decimal
    peak: date
    trough: date
    recovered: date | None


@dataclass(frozen=True, slots=True)
class Mark:
    """The course at the end of a day: 1 at the start, and how far it is below its peak."""

    on: date
    index: Decimal
    below: Decimal  # a ratio, zero or less


def chain(days: Sequence[Day]) -> list[Link]:
    """The return of each day after the first, whose end is where the range starts."""
    return [_link(before, day) for before, day in pairwise(days)]


def _link(before: Day, day: Day) -> Link:
    base = money.add(before.value, day.put_in)
    end = money.add(day.value, day.taken_out)
    if day.gaps or day.unpriced != before.unpriced:
        return Link(day, before.value, None)
    if not base and not end:
        return Link(day, before.value, money.ZERO)
    if base <= 0:
        return Link(day, before.value, None)
    return Link(day, before.value, _rounded(money.divide(_minus(end, base), base)))


def time_weighted(links: Sequence[Link]) -> Rate:
    """The days' returns linked; partial where a day is left out or an asset has no price."""
    known = [link.ratio for link in links if link.ratio is not None]
    is_partial = len(known) < len(links) or any(link.day.unpriced for link in links)
    if not known:
        return Rate(None, is_partial)
    return Rate(_minus(_product(known), ONE), is_partial)


def _product(ratios: Iterable[Decimal]) -> Decimal:
    index = ONE
    for ratio in ratios:
        index = _rounded(money.multiply(index, money.add(ONE, ratio)))
    return index


def simple(days: Sequence[Day]) -> Rate:
    """The gain over all that was at work: the worth at the start and what was put in."""
    base = money.add(days[0].value, money.total(day.put_in for day in days[1:]))
    is_partial = _is_partial(days)
    if base <= 0:
        return Rate(None, is_partial)
    return Rate(_rounded(money.divide(gain(days), base)), is_partial)


def gain(days: Sequence[Day]) -> Decimal:
    """What was won from the end of the first day to the end of the last."""
    put_in = money.total(day.put_in for day in days[1:])
    out = money.total(day.taken_out for day in days[1:])
    ends = _minus(days[-1].value, days[0].value)
    return money.add(ends, _minus(out, put_in))


def money_weighted(days: Sequence[Day]) -> Rate:
    """The yearly rate by which the flows and both ends cancel out; None where there is none.

    pyxirr reckons in floats: amounts become floats at its door and only the rate comes back,
    to eight decimals.
    """
    flows = [(day.on, _minus(day.taken_out, day.put_in)) for day in days[1:]]
    flows = [(days[0].on, money.negate(days[0].value)), *flows, (days[-1].on, days[-1].value)]
    flows = [(on, amount) for on, amount in flows if amount]
    is_partial = _is_partial(days)
    if len({amount > 0 for _, amount in flows}) < 2:
        return Rate(None, is_partial)
    rate = pyxirr.xirr([on for on, _ in flows], [float(a) for _, a in flows], silent=True)
    if rate is None or not -_MOST < rate < _MOST:
        return Rate(None, is_partial)
    return Rate(Decimal(repr(rate)).quantize(_RATE, context=money.EXACT), is_partial)


def _is_partial(days: Sequence[Day]) -> bool:
    """Whether an end lacks an asset or a flow its worth."""
    ends = days[0].unpriced or days[-1].unpriced
    return bool(ends) or any(day.gaps for day in days[1:])


def course(first: Day, links: Sequence[Link]) -> list[Mark]:
    """The time-weighted course by day, from 1; a day without a return leaves it where it was."""
    marks = [Mark(first.on, ONE, money.ZERO)]
    index = peak = ONE
    for link in links:
        index = _rounded(money.multiply(index, money.add(ONE, link.ratio or money.ZERO)))
        # Fewer digits: what fell by a third and rose by half again is where it was.
        shown = _SHOWN.plus(index)
        peak = max(peak, shown)
        below = _rounded(money.divide(_minus(shown, peak), peak)) if peak else money.ZERO
        marks.append(Mark(link.day.on, shown, below))
    return marks


def drawdown(marks: Sequence[Mark]) -> Drawdown | None:
    """The deepest fall from a peak; None where the course never fell."""
    trough = min(range(len(marks)), key=lambda place: marks[place].below, default=None)
    if trough is None or not marks[trough].below:
        return None
    height = max(mark.index for mark in marks[: trough + 1])
    # The last day at the height before the fall.
    peak = max(place for place in range(trough + 1) if marks[place].index == height)
    after = (mark.on for mark in marks[trough:] if mark.index >= height)
    return Drawdown(
        marks[trough].below, marks[peak].on, marks[trough].on, recovered=next(after, None)
    )


def _minus(left: Decimal, right: Decimal) -> Decimal:
    return money.add(left, money.negate(right))


def _rounded(ratio: Decimal) -> Decimal:
    return _DIGITS.plus(ratio)
