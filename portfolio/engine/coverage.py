"""Stretches of time and how they join: the arithmetic behind the coverage map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

Stretch = tuple[datetime, datetime]


def join(known: Iterable[Stretch], more: Stretch) -> list[Stretch]:
    """The known stretches and one more, touching and overlapping ones made one, in order."""
    joined: list[Stretch] = []
    for start, end in sorted([*known, more]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def without(known: Iterable[Stretch], taken: Iterable[Stretch]) -> list[Stretch]:
    """What is left of the known stretches outside of those taken, in order; empty ones go."""
    left = sorted(known)
    for begin, finish in taken:
        left = [
            part
            for start, end in left
            for part in ((start, min(end, begin)), (max(start, finish), end))
            if part[0] < part[1]
        ]
    return left


def mark(
    known: Mapping[str, Iterable[Stretch]], state: str, more: Stretch, *, fetched: str
) -> dict[str, list[Stretch]]:
    """The stretches by state after one more is known; no two states claim the same time.

    What was fetched stays fetched whatever happens later; otherwise the latest word counts.
    """
    had = list(known.get(fetched, ()))
    told = [more] if state == fetched else without([more], had)
    result = {name: without(stretches, told) for name, stretches in known.items()}
    kept = list(known.get(state, ()))
    for stretch in told:
        kept = join(kept, stretch)
    result[state] = kept
    result[fetched] = kept if state == fetched else had
    return {name: stretches for name, stretches in result.items() if stretches}
