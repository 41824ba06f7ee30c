"""Holds reported balances against the sums of a ledger, as exactly as clocks and rounding allow."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal
from itertools import accumulate

from portfolio.engine import money

# The clocks of two computers, and the time that it takes to ask: a balance is known that exactly.
SLACK = timedelta(minutes=2)
# Exchanges round what they report: by this much, by this part of the largest balance, or to the
# last place that they show, if that is no coarser than this.
DUST = Decimal("0.00000001")
ROUNDING = Decimal("0.0000000001")
COARSEST = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the exchange reported at a moment."""

    at: datetime
    reported: Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting: in is positive. ``ref`` names its transaction."""

    at: datetime
    amount: Decimal
    kind: str = ""  # of the transaction
    stream: str = ""  # the kind of record that told of it; "" where the user entered it
    ref: int = 0
    has_fee: bool = False  # the same transaction took a fee, of whatever asset


@dataclass(frozen=True, slots=True)
class Judged:
    """A checkpoint with the ledger's sum at its moment, and the sums a little before and after."""

    at: datetime
    reported: Decimal
    ledger: Decimal
    near: tuple[Decimal, ...] = ()

    @property
    def difference(self) -> Decimal:
        """Reported less ledger."""
        return less(self.reported, self.ledger)

    def may_differ_by(self, amount: Decimal, dust: Decimal) -> bool:
        """Whether the difference is that, at some instant that may have been the moment."""
        sums = (self.ledger, *self.near)
        return any(same(less(self.reported, ledger), amount, dust) for ledger in sums)


def same(left: Decimal, right: Decimal, dust: Decimal) -> bool:
    """Whether two amounts are alike but for rounding."""
    return less(left, right).copy_abs() <= dust


def with_sums(entries: Iterable[Entry]) -> list[Entry]:
    """The entries, and what each transaction moved in all: it may be wrong as a whole."""
    known = list(entries)
    parts: dict[int, list[Entry]] = defaultdict(list)
    for entry in known:
        parts[entry.ref].append(entry)
    sums = [
        replace(several[0], amount=money.total(entry.amount for entry in several))
        for ref, several in parts.items()
        if ref and len(several) > 1
    ]
    return [*known, *sums]


def dust_of(judged: Sequence[Judged]) -> Decimal:
    """The difference that the exchange's own rounding can make."""
    largest = max((point.reported.copy_abs() for point in judged), default=money.ZERO)
    return max(DUST, money.multiply(largest, ROUNDING), _last_place(judged))


def _last_place(judged: Sequence[Judged]) -> Decimal:
    """The last place that balances are shown in, where the ledger shows that they are rounded."""
    unit = min((_unit(point.reported) for point in judged), default=money.ZERO)
    if unit > COARSEST:
        return money.ZERO
    return unit if any(_is_rounded(point, unit) for point in judged) else money.ZERO


def _unit(amount: Decimal) -> Decimal:
    """The last place that an amount is written in, as 0.01; zeros at the end count."""
    exponent = amount.as_tuple().exponent
    return Decimal(1).scaleb(exponent if isinstance(exponent, int) and exponent < 0 else 0)


def _is_rounded(point: Judged, unit: Decimal) -> bool:
    """Whether the ledger has digits that are cut off in what was reported, and only those."""
    ways = (ROUND_DOWN, ROUND_HALF_EVEN)
    cut = {point.ledger.quantize(unit, way, money.EXACT) for way in ways}
    return point.ledger not in cut and point.reported in cut


def judge(checkpoints: Iterable[Checkpoint], entries: Iterable[Entry]) -> tuple[Judged, ...]:
    """Each checkpoint, oldest first, beside the ledger's sum at its moment."""
    ordered = sorted(entries, key=lambda entry: entry.at)
    times = [entry.at for entry in ordered]
    sums = list(accumulate((entry.amount for entry in ordered), money.add, initial=money.ZERO))
    summed = [(point, sums[bisect_right(times, point.at)]) for point in checkpoints]
    return judge_summed(summed, ordered)


def judge_summed(
    summed: Iterable[tuple[Checkpoint, Decimal]], nearby: Iterable[Entry]
) -> tuple[Judged, ...]:
    """The same of checkpoints with their sums; only the entries near to them are needed."""
    ordered = sorted(nearby, key=lambda entry: entry.at)
    times = [entry.at for entry in ordered]
    result = []
    for point, ledger in sorted(summed, key=lambda pair: pair[0].at):
        now = bisect_right(times, point.at)
        low = bisect_left(times, point.at - SLACK)
        high = bisect_right(times, point.at + SLACK)
        back = (money.negate(entry.amount) for entry in reversed(ordered[low:now]))
        on = (entry.amount for entry in ordered[now:high])
        near = [*accumulate(back, money.add, initial=ledger)][1:]
        near += [*accumulate(on, money.add, initial=ledger)][1:]
        result.append(Judged(point.at, point.reported, ledger, tuple(near)))
    return tuple(result)


def less(left: Decimal, right: Decimal) -> Decimal:
    """The exact difference of two amounts."""
    return money.add(left, money.negate(right))
