"""The local date of many moments: a number of days, found once for each quarter of an hour."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta, tzinfo

from portfolio.engine.tax.whole import EPOCH_ORDINAL, moment_of

_DAY = 86_400_000_000
# No zone changes its clocks, or has them ahead, by less since there are crypto assets.
_QUARTER = 900_000_000
_MICROSECOND = timedelta(microseconds=1)


class Days:
    """Local days as ordinals (``date.toordinal``) of moments in microseconds since 1970."""

    def __init__(self, zone: tzinfo | None) -> None:
        self._zone = zone
        self._ahead: dict[int, int] = {}

    def of(self, at: int) -> int:
        """The day of one moment."""
        if self._zone is None:
            return at // _DAY + EPOCH_ORDINAL
        quarter = at // _QUARTER
        ahead = self._ahead.get(quarter)
        if ahead is None:
            ahead = self._ahead[quarter] = _ahead(quarter, self._zone)
        return (at + ahead) // _DAY + EPOCH_ORDINAL

    def all(self, moments: Iterable[int]) -> list[int]:
        """The days of many moments."""
        if self._zone is None:
            return [at // _DAY + EPOCH_ORDINAL for at in moments]
        of = self.of
        return [of(at) for at in moments]


def _ahead(quarter: int, zone: tzinfo) -> int:
    offset = moment_of(quarter * _QUARTER).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // _MICROSECOND


def day_of(ordinal: int) -> date:
    """The date of an ordinal."""
    return date.fromordinal(ordinal)
