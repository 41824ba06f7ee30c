"""Finds the incoming legs that may belong to an outgoing one without trying all."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from portfolio.engine import transfer_rules as rules
from portfolio.engine.transfer_types import Spelled

# Of so many equal amounts within one window, the nearest in time are looked at.
MOST = 24

K = TypeVar("K", bound=Hashable)
_Place = tuple[str, str]  # environment and asset


@dataclass(slots=True)
class _Line:
    """Legs in the order of time."""

    times: list[datetime] = field(default_factory=list)
    legs: list[Spelled] = field(default_factory=list)

    def add(self, leg: Spelled) -> None:
        self.times.append(leg.leg.occurred_at)
        self.legs.append(leg)

    def near(self, moment: datetime, before: timedelta, after: timedelta) -> Sequence[Spelled]:
        """At most ``MOST`` legs between the two bounds, the nearest to the moment."""
        first = bisect_left(self.times, moment - before)
        last = bisect_right(self.times, moment + after)
        if last - first > MOST:
            middle = bisect_left(self.times, moment, first, last)
            first = max(first, min(middle - MOST // 4, last - MOST))
            last = first + MOST
        return self.legs[first:last]


class Index:
    """Incoming legs by transaction id, by reference, by amount, and by about how much and when."""

    def __init__(self, incoming: Iterable[Spelled]) -> None:
        """``incoming`` must be in the order of time."""
        self._txid: dict[tuple[str, ...], _Line] = defaultdict(_Line)
        self._reference: dict[tuple[str, ...], _Line] = defaultdict(_Line)
        self._amount: dict[tuple[_Place, Decimal], _Line] = defaultdict(_Line)
        self._about: dict[tuple[_Place, date, tuple[int, int]], _Line] = defaultdict(_Line)
        for leg in incoming:
            self._add(leg)

    def _add(self, leg: Spelled) -> None:
        place = (leg.leg.environment, leg.leg.asset)
        if leg.txid:
            self._txid[*place, leg.txid].add(leg)
        if leg.reference[1]:
            self._reference[*place, *leg.reference].add(leg)
        for amount in rules.credits(leg.leg):
            self._amount[place, amount].add(leg)
            self._about[place, leg.leg.occurred_at.date(), _size(amount)].add(leg)

    def near(self, out: Spelled) -> list[Spelled]:
        """The legs that an outgoing one may have become, each once."""
        found = {id(leg): leg for leg in self._named(out)}
        exact = {id(leg): leg for leg in self._of_amount(out)}
        if not found and not exact and out.leg.fee is None:
            exact = {id(leg): leg for leg in self._of_about(out)}
        return list((found | exact).values())

    def same_transaction(self, out: Spelled) -> Sequence[Spelled]:
        """The legs with the outgoing one's transaction id."""
        line = self._txid.get((out.leg.environment, out.leg.asset, out.txid)) if out.txid else None
        return line.near(out.leg.occurred_at, rules.LONGEST, rules.LONGEST) if line else ()

    def _named(self, out: Spelled) -> Iterator[Spelled]:
        yield from self.same_transaction(out)
        key = (out.leg.environment, out.leg.asset, *out.reference)
        if out.reference[1] and key in self._reference:
            line = self._reference[key]
            yield from line.near(out.leg.occurred_at, rules.LONGEST, rules.LONGEST)

    def _of_amount(self, out: Spelled) -> Iterator[Spelled]:
        place, after = (out.leg.environment, out.leg.asset), rules.window(out) * rules.FAR
        for amount in rules.arrivals(out.leg):
            line = self._amount.get((place, amount))
            if line is not None:
                yield from line.near(out.leg.occurred_at, rules.SLACK, after)

    def _of_about(self, out: Spelled) -> Iterator[Spelled]:
        """A little less, within the usual time: a fee was taken that nobody told."""
        place, after = (out.leg.environment, out.leg.asset), rules.window(out)
        sizes = _sizes(rules.least(out.leg), out.leg.amount)
        day, last = (out.leg.occurred_at - rules.SLACK).date(), (out.leg.occurred_at + after).date()
        while day <= last:
            for size in sizes:
                line = self._about.get((place, day, size))
                if line is not None:
                    yield from line.near(out.leg.occurred_at, rules.SLACK, after)
            day += timedelta(days=1)


def _size(amount: Decimal) -> tuple[int, int]:
    """About how much: the power of ten and the first two digits."""
    digits = (*amount.as_tuple().digits, 0)
    return amount.adjusted(), digits[0] * 10 + digits[1]


def _sizes(least: Decimal, most: Decimal) -> list[tuple[int, int]]:
    """All sizes from the least to the most; within a few percent they are few."""
    power, lead = _size(least)
    last = _size(most)
    found = []
    while (power, lead) <= last:
        found.append((power, lead))
        power, lead = (power, lead + 1) if lead < 99 else (power + 1, 10)
    return found
