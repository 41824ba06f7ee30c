"""Puts the locating of errors to the test on simulated lives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portfolio.engine.causes import Cause, CauseKind, Surroundings, causes
from portfolio.engine.judging import SLACK, Entry, judge
from portfolio.engine.locating import Located, Step, Way, locate, transitions
from tests.engine.lives import (
    Fault,
    Life,
    Place,
    Record,
    as_checkpoints,
    checkpoints,
    entries,
    keeping,
)

# What should be named as the cause; an altered record may have been altered in several ways.
NAMED = {
    "deleted": {CauseKind.MISSING, CauseKind.FEE, CauseKind.OTHER_WALLET},
    "doubled": {CauseKind.DOUBLED},
    "shifted": {CauseKind.MISDATED},
    "altered": {CauseKind.SIGN, CauseKind.FACTOR, CauseKind.FEE},
}


@dataclass(frozen=True, slots=True)
class Trial:
    """How one fault was located; ``cause_place`` is 1 where the right cause is the likeliest."""

    is_right_place: bool
    is_right_stretch: bool
    widths: tuple[timedelta, ...]
    cause_place: int


def located(told: Life, stored: Sequence[Record], place: Place) -> tuple[Located, list[Entry]]:
    """As the product does it: only the entries of the transitions are looked at."""
    known = entries(stored, place)
    judged = judge(checkpoints(told, stored, place), known)
    spans = transitions(judged)
    near = [
        entry
        for entry in known
        if any((a is None or entry.at >= a - SLACK) and entry.at <= b + SLACK for a, b in spans)
    ]
    found = locate(judged, near)
    assert found is not None
    return found, near


def try_fault(told: Life, fault: Fault) -> Trial:
    """Locates one fault in all wallets and assets of a life."""
    found = {place: located(told, fault.stored, place) for place in told.places}
    flagged = {place for place, (result, _) in found.items() if result.alarms}
    hits = [(result, near) for place, (result, near) in found.items() if place in fault.places]
    steps = [(result, near, step) for result, near in hits for step in result.alarms]
    return Trial(
        is_right_place=flagged == fault.places,
        is_right_stretch=all(_is_right(result.alarms, fault) for result, _ in hits),
        widths=tuple(s.until - s.after for _, _, s in steps if s.after is not None),
        cause_place=max((_place(_causes(*found), fault) for found in steps), default=0),
    )


def _causes(result: Located, near: Sequence[Entry], step: Step) -> tuple[Cause, ...]:
    return causes(step, near, result, Surroundings())


def _place(found: Sequence[Cause], fault: Fault) -> int:
    """Which place the right cause has, from 1; 99 where it is not named."""
    for place, cause in enumerate(found, start=1):
        is_it = cause.entry is None or cause.entry.at in {
            r.at for r in (fault.record, *_new(fault))
        }
        if cause.kind in NAMED[fault.kind] and is_it:
            return place
    return 99


def _new(fault: Fault) -> list[Record]:
    return [record for record in fault.stored if record.ref == fault.record.ref]


def _is_right(alarms: Sequence[Step], fault: Fault) -> bool:
    """Whether the stretches hold the record: where it belongs, and where it was put."""
    if fault.kind == "shifted":
        (moved,) = _new(fault)
        times = {fault.record.effect_at, moved.at}
        return any(step.way == Way.PASSING and _spans(step, times) for step in alarms)
    times = {fault.record.effect_at, fault.record.at}
    return bool(alarms) and all(any(step.holds(at) for at in times) for step in alarms)


def _spans(step: Step, times: set[datetime]) -> bool:
    if step.back is None:
        return False
    back = Step(step.amount, *step.back)
    first, last = min(times), max(times)
    return step.holds(first) and back.holds(last)


def false_alarms(told: Life) -> list[bool]:
    """Per day of a life in which nothing went wrong: whether anything was an alarm that day."""
    per_place = [_alarms(told, place) for place in told.places]
    return [any(day) for day in zip(*per_place, strict=True)]


def _alarms(told: Life, place: Place) -> list[bool]:
    """The same of one place; each day is looked at with what was known at its last run."""
    known = [(record.in_at, entries([record], place)) for record in told.records]
    runs = list(told.runs)
    days = []
    for (at, kept), following in zip(
        keeping(told, told.records, place), [*runs[1:], None], strict=True
    ):
        if following is None or following.date() != at.date():
            by_then = [entry for in_at, parts in known if in_at <= at for entry in parts]
            found = locate(judge(as_checkpoints(kept), by_then), by_then)
            days.append(found is not None and bool(found.alarms))
    return days
