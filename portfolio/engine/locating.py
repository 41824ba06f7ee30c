"""Finds the stretch of time in which a wallet's ledger and its reported balance came apart.

What an exchange reported at a moment (a checkpoint) stays true; the ledger may learn more later.
So checkpoints are always judged by the ledger of today: the sum of the entries up to their moment.
Where that difference changes from one checkpoint to the next, something happened in between that
the ledger has wrong. One wallet and asset at a time; amounts are exact, times are aware.
"""

from __future__ import annotations

import enum
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.judging import (
    SLACK,
    Entry,
    Judged,
    dust_of,
    less,
    same,
    with_sums,
)

# An exchange may date a record some hours before or after it changes the balance.
DELAY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Level:
    """Checkpoints in a row with one difference."""

    difference: Decimal
    first_at: datetime
    last_at: datetime


class Way(enum.StrEnum):
    """How a difference shows."""

    LASTING = "lasting"  # it came and stayed
    PASSING = "passing"  # it came and went: a record is in the wrong place in time


@dataclass(frozen=True, slots=True)
class Step:
    """The difference changed by ``amount`` after one checkpoint and by the next.

    ``after`` is None before the first checkpoint: the beginning of the history. ``back`` is the
    stretch in which a passing difference went again.
    """

    amount: Decimal
    after: datetime | None
    until: datetime
    way: Way = Way.LASTING
    back: tuple[datetime, datetime] | None = None
    is_fresh: bool = False  # its record may still come

    def holds(self, at: datetime) -> bool:
        """Whether a time is in the stretch, the clocks' slack included."""
        return (self.after is None or at >= self.after - SLACK) and at <= self.until + SLACK


@dataclass(frozen=True, slots=True)
class Located:
    """Where the difference of one wallet and asset arose, oldest step first."""

    difference: Decimal  # at the last checkpoint
    dust: Decimal
    agreed_at: datetime | None  # the last checkpoint at which all agreed
    steps: tuple[Step, ...]

    @property
    def is_dust(self) -> bool:
        """Whether what is left is no more than the exchange's rounding."""
        return same(self.difference, money.ZERO, self.dust)

    @property
    def alarms(self) -> tuple[Step, ...]:
        """The steps that will not settle by themselves."""
        return tuple(step for step in self.steps if not step.is_fresh)


def levels(judged: Sequence[Judged], dust: Decimal) -> tuple[Level, ...]:
    """The differences in the order of time; checkpoints that may have the same one are joined."""
    result: list[Level] = []
    for place, point in enumerate(judged):
        last = result[-1] if result else None
        now = last.difference if last else money.ZERO
        if not point.may_differ_by(now, dust):
            following = judged[place + 1] if place + 1 < len(judged) else None
            now = _new_difference(point, following, dust)
        if last is not None and now == last.difference:
            result[-1] = Level(now, last.first_at, point.at)
        else:
            result.append(Level(now, point.at, point.at))
    return tuple(result)


def _new_difference(point: Judged, following: Judged | None, dust: Decimal) -> Decimal:
    """Of the differences that a checkpoint may have, one that the next may have too."""
    possible = [point.difference, *(less(point.reported, ledger) for ledger in point.near)]
    if following is None:
        return possible[0]
    lasting = (amount for amount in possible if following.may_differ_by(amount, dust))
    return next(lasting, possible[0])


def transitions(judged: Sequence[Judged]) -> tuple[tuple[datetime | None, datetime], ...]:
    """The stretches in which the difference changed at all: their entries tell why."""
    found = levels(judged, dust_of(judged))
    starts: list[datetime | None] = [None, *(level.last_at for level in found)]
    return tuple(
        (start, level.first_at)
        for start, level in zip(starts, found, strict=False)
        if start is not None or level.difference
    )


def locate(judged: Sequence[Judged], entries: Sequence[Entry]) -> Located | None:
    """Where a wallet's difference arose; None where there is no checkpoint.

    ``entries`` are those of ``transitions(judged)`` at least.
    """
    if not judged:
        return None
    dust = dust_of(judged)
    ordered = tuple(sorted(with_sums(entries), key=lambda entry: entry.at))
    found = _Walk(dust, ordered, _settled(levels(judged, dust), ordered, dust))
    agreed = [level.last_at for level in found.levels if same(level.difference, money.ZERO, dust)]
    return Located(
        difference=judged[-1].difference,
        dust=dust,
        agreed_at=agreed[-1] if agreed else None,
        steps=found.steps(),
    )


# --- What comes and goes ----------------------------------------------------------------------


def _settled(found: Sequence[Level], entries: Sequence[Entry], dust: Decimal) -> tuple[Level, ...]:
    """The levels without those that were an ordinary delay between a record and the balance."""
    kept: list[Level] = []
    place = 0
    while place < len(found):
        level = found[place]
        if kept and same(kept[-1].difference, level.difference, dust):
            kept[-1] = Level(kept[-1].difference, kept[-1].first_at, level.last_at)
            place += 1
            continue
        base = kept[-1] if kept else Level(money.ZERO, level.first_at, level.first_at)
        if same(level.difference, base.difference, dust):
            kept.append(level)  # the first, which agrees
            place += 1
            continue
        back = _returns(found, place, base, entries, dust)
        if back is not None:
            place = back
            continue
        if not _is_halfway(found, place, base, entries, dust):
            kept.append(level)
        place += 1
    return tuple(kept)


def _is_halfway(
    found: Sequence[Level], place: int, base: Level, entries: Sequence[Entry], dust: Decimal
) -> bool:
    """Whether a level lasted only as long as a record dated before it was not in the balance yet.

    So it is where something else went wrong in the same stretch.
    """
    level = found[place]
    if place + 1 == len(found) or level.last_at - level.first_at > DELAY:
        return False
    after = found[place + 1]
    amount = less(after.difference, level.difference)
    dated = _dated(entries, amount, base.last_at, level.first_at, dust)
    return dated is not None and level.last_at - dated <= DELAY


def _returns(
    found: Sequence[Level],
    place: int,
    base: Level,
    entries: Sequence[Entry],
    dust: Decimal,
) -> int | None:
    """The place of the level that is back at the base soon enough; None where there is none."""
    for back in range(place + 1, len(found)):
        if found[back - 1].last_at - found[place].first_at > DELAY:
            return None
        if same(found[back].difference, base.difference, dust):
            is_one = back == place + 1
            lag = _lag(base, found[place], found[back], entries, dust) if is_one else None
            return back if lag is None or lag <= DELAY else None
    return None


def _lag(
    base: Level, level: Level, back: Level, entries: Sequence[Entry], dust: Decimal
) -> timedelta | None:
    """The time between a record's date and the change of the balance, at the least."""
    amount = less(level.difference, base.difference)
    early = _dated(entries, money.negate(amount), base.last_at, level.first_at, dust)
    if early is not None:
        return max(level.last_at - early, timedelta(0))
    late = _dated(entries, amount, level.last_at, back.first_at, dust)
    return None if late is None else max(late - level.first_at, timedelta(0))


def _dated(
    entries: Sequence[Entry], amount: Decimal, start: datetime, end: datetime, dust: Decimal
) -> datetime | None:
    low = bisect_left(entries, start - SLACK, key=lambda entry: entry.at)
    high = bisect_right(entries, end + SLACK, key=lambda entry: entry.at)
    found = (entry.at for entry in entries[low:high] if same(entry.amount, amount, dust))
    return next(found, None)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Steps between levels, opposite ones paired."""

    dust: Decimal
    entries: Sequence[Entry]
    levels: tuple[Level, ...]

    def steps(self) -> tuple[Step, ...]:
        """One step per change; two that undo each other are one that passed."""
        open_steps: list[Step] = []
        for step in self._changes():
            undone = self._undone(open_steps, step)
            if undone is None:
                open_steps.append(step)
            else:
                place = open_steps.index(undone)
                back = (step.after or step.until, step.until)
                open_steps[place] = Step(
                    undone.amount, undone.after, undone.until, Way.PASSING, back
                )
        return tuple(open_steps)

    def _undone(self, known: Iterable[Step], step: Step) -> Step | None:
        opposite = money.negate(step.amount)
        lasting = [s for s in known if s.way == Way.LASTING]
        return next((s for s in reversed(lasting) if same(s.amount, opposite, self.dust)), None)

    def _changes(self) -> Iterable[Step]:
        end = self.levels[-1].last_at
        before, after = money.ZERO, None
        for level in self.levels:
            amount = less(level.difference, before)
            if not same(amount, money.ZERO, self.dust):
                is_fresh = after is not None and end - level.first_at < DELAY
                yield Step(amount, after, level.first_at, is_fresh=is_fresh)
                before = level.difference
            after = level.last_at
