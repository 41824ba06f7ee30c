"""Stretches of time and how they join: the arithmetic behind the coverage map."""

from __future__ import annotations

from collections.abc import Iterable
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
