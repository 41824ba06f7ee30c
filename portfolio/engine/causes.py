"""Ranks what may have made a difference: data for pages to put into words.

Each cause has a likelihood between 0 and 100: how telling it is, by judgement, not a probability.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.judging import Entry, same, with_sums
from portfolio.engine.locating import Located, Step, Way

# Fees are up to this part of what they are taken for, and round in this many digits.
DEAREST_FEE = Decimal("0.02")
FEE_DIGITS = 3
# Wrong decimal points, and coins that some exchanges count by the thousand.
FACTORS = tuple(Decimal(10) ** power for power in (-6, -3, -2, -1, 1, 2, 3, 6))
_ONE, _MINUS = Decimal(1), Decimal(-1)
# Kinds of record that only take away, or only add.
_OUT = frozenset({"withdrawals", "liquidations"})
_IN = frozenset({"deposits", "rewards"})


class CauseKind(enum.StrEnum):
    """What may have gone wrong."""

    ROUNDING = "rounding"  # no more than the exchange's own rounding
    LATE = "late"  # it came a short while ago: the record may still come
    MISDATED = "misdated"  # a record is dated elsewhere than where the balance changed
    DOUBLED = "doubled"  # a record counts twice
    SIGN = "sign"  # a record counts the wrong way
    FACTOR = "factor"  # a record is ten, a hundred, a thousand times too large or small
    FEE = "fee"  # the fee of a record is missing
    OTHER_WALLET = "other_wallet"  # the same amount is missing in another wallet, the other way
    UNREADABLE = "unreadable"  # a record could not be read
    HOLE = "hole"  # a stretch that was never asked for
    FAILED = "failed"  # a stretch that could not be fetched
    HORIZON = "horizon"  # the exchange serves nothing of that time any more
    NOT_SERVED = "not_served"  # a kind of record that the exchange does not serve
    BEGINNING = "beginning"  # from before the first checkpoint, which may be long ago
    MISSING = "missing"  # a record of this amount is missing, nothing says why
    LOCKED = "locked"  # the exchange may leave out what is locked in open orders


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of one kind of record that is not in: failed, unavailable, or never asked."""

    kind: str
    state: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known of the connection besides this wallet's entries."""

    gaps: Sequence[Gap] = ()
    unserved: frozenset[str] = frozenset()  # kinds of record that the exchange does not serve
    unreadable: Sequence[tuple[datetime, str]] = ()  # when, and the kind of record
    # Steps of the same asset in the other wallets, by wallet.
    others: Sequence[tuple[str, Step]] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """One likely cause; ``entry`` is the record in question, ``amount`` what it should add."""

    kind: CauseKind
    likelihood: int
    amount: Decimal
    entry: Entry | None = None
    record_kind: str = ""
    start: datetime | None = None
    end: datetime | None = None
    wallet: str = ""
    ratio: Decimal | None = None


def causes(
    step: Step, entries: Sequence[Entry], located: Located, around: Surroundings
) -> tuple[Cause, ...]:
    """The likeliest causes of one step, likeliest first; never empty."""
    if same(step.amount, money.ZERO, located.dust):
        return (Cause(CauseKind.ROUNDING, 100, step.amount),)
    inside = with_sums([entry for entry in entries if step.holds(entry.at)])
    found = [
        *_of_time(step, entries, located.dust),
        *_of_records(step, inside, located.dust),
        *_of_wallets(step, located.dust, around.others),
        *_of_coverage(step, around),
        *_of_last_resort(step),
    ]
    return tuple(sorted(found, key=lambda cause: -cause.likelihood))


def telling_amounts(difference: Decimal) -> list[Decimal]:
    """Amounts of records that would each explain a difference by themselves."""
    half = money.divide(money.negate(difference), Decimal(2))
    scaled = [money.divide(difference, money.add(money.divide(_ONE, f), _MINUS)) for f in FACTORS]
    return [a for a in (money.negate(difference), half, *scaled) if money.fits(a)]


def rounding(located: Located) -> tuple[Cause, ...]:
    """Why there is a difference though nothing went wrong."""
    return (Cause(CauseKind.ROUNDING, 100, located.difference),) if located.difference else ()


# --- By time ----------------------------------------------------------------------------------


def _of_time(step: Step, entries: Sequence[Entry], dust: Decimal) -> Iterator[Cause]:
    if step.is_fresh:
        yield Cause(CauseKind.LATE, 60, step.amount)
    if step.way == Way.PASSING and step.back is not None:
        start, end = step.back
        # The ledger moved where the balance did not: either where it came, or where it went.
        wrong = [e for e in entries if step.holds(e.at) and _cancels(e, step, dust)]
        wrong += [e for e in entries if start <= e.at <= end and same(e.amount, step.amount, dust)]
        entry = wrong[0] if wrong else None
        likelihood = 95 if entry else 50
        yield Cause(CauseKind.MISDATED, likelihood, step.amount, entry, start=start, end=end)


def _cancels(entry: Entry, step: Step, dust: Decimal) -> bool:
    return same(entry.amount, money.negate(step.amount), dust)


# --- By the records of the stretch ------------------------------------------------------------


def _of_records(step: Step, inside: Sequence[Entry], dust: Decimal) -> Iterator[Cause]:
    """A record that, counted once less, the other way or with its fee, mends the difference."""
    if step.way == Way.PASSING:
        return
    yield from _doubled(step, inside, dust)
    half = money.divide(money.negate(step.amount), Decimal(2))
    yield from _best(CauseKind.SIGN, 65, step, [e for e in inside if same(e.amount, half, dust)])
    for factor in FACTORS:
        matching = [e for e in inside if _is_off_by(factor, e, step, dust)]
        yield from _best(CauseKind.FACTOR, 60, step, matching, factor)
    yield from _fees(step, inside)


def _doubled(step: Step, inside: Sequence[Entry], dust: Decimal) -> Iterator[Cause]:
    matching = [entry for entry in inside if _cancels(entry, step, dust)]
    seen = Counter((entry.at, entry.amount, entry.kind) for entry in inside)
    twins = [e for e in matching if seen[(e.at, e.amount, e.kind)] > 1]
    yield from _best(CauseKind.DOUBLED, 90 if twins else 70, step, twins or matching)


def _best(
    kind: CauseKind,
    likelihood: int,
    step: Step,
    matching: Sequence[Entry],
    ratio: Decimal | None = None,
) -> Iterator[Cause]:
    """The last of the matching records stands for all of them; many matches tell less."""
    if matching:
        less = likelihood - min(5 * max(len(matching) - 2, 0), 30)
        yield Cause(kind, less, step.amount, matching[-1], ratio=ratio)


def _is_off_by(factor: Decimal, entry: Entry, step: Step, dust: Decimal) -> bool:
    """Whether the record is ``factor`` times what it should be."""
    if not entry.amount:
        return False
    right = money.multiply(money.add(entry.amount, step.amount), factor)
    return same(right, entry.amount, max(dust, money.multiply(dust, factor)))


def _fees(step: Step, inside: Sequence[Entry]) -> Iterator[Cause]:
    """A small, round part of a record that took no fee so far."""
    if step.amount > 0:
        return
    matching = [(e, ratio) for e in inside if (ratio := _fee_ratio(e, step)) is not None]
    without = [(e, ratio) for e, ratio in matching if not e.has_fee]
    for entry, ratio in (without or matching)[-1:]:
        number = len(without or matching)
        likelihood = (75 if without else 35) - min(5 * (number - 1), 30)
        yield Cause(CauseKind.FEE, likelihood, step.amount, entry, ratio=ratio)


def _fee_ratio(entry: Entry, step: Step) -> Decimal | None:
    if not entry.amount:
        return None
    ratio = money.divide(step.amount.copy_abs(), entry.amount.copy_abs())
    if not 0 < ratio <= DEAREST_FEE:
        return None
    short = _short(ratio)
    off = money.add(ratio, money.negate(short)).copy_abs()
    return short if off <= money.multiply(short, Decimal("0.0001")) else None


def _short(ratio: Decimal) -> Decimal:
    """The ratio in as many digits as fees have."""
    return Decimal(money.plain(ratio.quantize(_last_digit(ratio), context=money.EXACT)))


def _last_digit(ratio: Decimal) -> Decimal:
    return Decimal(1).scaleb(ratio.adjusted() - FEE_DIGITS + 1)


# --- By the other wallets and by coverage -----------------------------------------------------


def _of_wallets(step: Step, dust: Decimal, others: Iterable[tuple[str, Step]]) -> Iterator[Cause]:
    opposite = money.negate(step.amount)
    for wallet, other in others:
        if same(other.amount, opposite, dust) and _overlap(step, other.after, other.until):
            yield Cause(CauseKind.OTHER_WALLET, 88, step.amount, wallet=wallet)


def _of_coverage(step: Step, around: Surroundings) -> Iterator[Cause]:
    unreadable = [kind for at, kind in around.unreadable if step.holds(at)]
    if unreadable:
        yield Cause(CauseKind.UNREADABLE, 85, step.amount, record_kind=unreadable[-1])
    gaps = [gap for gap in around.gaps if _overlap(step, gap.start, gap.end)]
    for gap in gaps:
        kind, likelihood = _GAPS.get(gap.state, (CauseKind.HOLE, 72))
        yield Cause(
            kind,
            likelihood - (20 if _cannot(gap.kind, step) else 0),
            step.amount,
            record_kind=gap.kind,
            start=gap.start,
            end=gap.end,
        )
    for name in sorted(around.unserved - {gap.kind for gap in gaps}):
        likelihood = 30 if _cannot(name, step) else 45
        yield Cause(CauseKind.NOT_SERVED, likelihood, step.amount, record_kind=name)


_GAPS = {
    "failed": (CauseKind.FAILED, 80),
    "unavailable": (CauseKind.HORIZON, 78),
}


def _cannot(record_kind: str, step: Step) -> bool:
    """Whether records of a kind move balances the other way only."""
    return record_kind in (_OUT if step.amount > 0 else _IN)


def _overlap(step: Step, start: datetime | None, end: datetime) -> bool:
    return (step.after is None or end > step.after) and (start is None or start <= step.until)


def _of_last_resort(step: Step) -> Iterator[Cause]:
    if step.way == Way.PASSING:
        return
    if step.after is None:
        yield Cause(CauseKind.BEGINNING, 42, step.amount)
    yield Cause(CauseKind.MISSING, 40, step.amount)
    if step.amount < 0:
        yield Cause(CauseKind.LOCKED, 20, step.amount)
