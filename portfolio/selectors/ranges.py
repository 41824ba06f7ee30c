"""Ranges of days to look at: a few by name, or any two days."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, timedelta

DAY = timedelta(days=1)


class Preset(enum.StrEnum):
    """A range by name, up to today."""

    MONTH = "1m"
    QUARTER = "3m"
    THIS_YEAR = "ytd"
    YEAR = "1y"
    ALL = "all"

    def first(self, today: date) -> date | None:
        """The first day of the range; None for all there is."""
        if self is Preset.THIS_YEAR:
            return date(today.year, 1, 1)
        days = {Preset.MONTH: 31, Preset.QUARTER: 92, Preset.YEAR: 366}.get(self)
        return None if days is None else today - timedelta(days=days - 1)


@dataclass(frozen=True, slots=True)
class Range:
    """Days from ``first`` to ``last``, both included; first None: from the first record on."""

    first: date | None
    last: date
    preset: Preset | None = None

    @classmethod
    def named(cls, preset: Preset, today: date) -> Range:
        return cls(preset.first(today), today, preset)

    @property
    def base(self) -> date | None:
        """The day at whose end the range starts."""
        return None if self.first is None else self.first - DAY

    @property
    def query(self) -> str:
        """The range as it stands in an address."""
        if self.preset is not None:
            return f"range={self.preset}"
        first = "" if self.first is None else self.first.isoformat()
        return f"from={first}&to={self.last.isoformat()}"
