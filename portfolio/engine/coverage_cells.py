"""Cuts what is known of a stream's time into cells, and says the worst of each.

A cell is told apart by what covers it: no instant is counted twice, and one that was never asked
for never counts as fetched. Times are aware; years, months and days are those of UTC.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from portfolio.engine.coverage import Stretch, without

_NOTHING = timedelta(0)
# Streams are not asked to the very second: less than this is no hole.
SMALLEST_HOLE = timedelta(hours=1)
_MANY_MONTHS = timedelta(days=3 * 366)
_MANY_DAYS = timedelta(days=62)


class Width(enum.StrEnum):
    """How much time a cell holds."""

    YEAR = "year"
    MONTH = "month"
    DAY = "day"


class Word(enum.StrEnum):
    """What is said of a cell, from the worst to the best."""

    FAILED = "failed"
    HOLE = "hole"  # never asked, though it should have been
    UNSERVED = "unavailable"
    FETCHED = "fetched"
    EMPTY = "empty"  # fetched, and there was nothing
    OUTSIDE = "outside"  # before the stream begins, or after it was asked last


RANK = {word: place for place, word in enumerate(Word)}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one stream: stretches that do not overlap, and the time that is to be told.

    ``begins`` and ``ends`` are where a stream is first and last accounted for; time before and
    after is outside of it, and what is between and in no stretch is a hole.
    """

    fetched: tuple[Stretch, ...] = ()
    failed: tuple[Stretch, ...] = ()
    unserved: tuple[Stretch, ...] = ()
    begins: datetime | None = None  # None, with ends: nothing of it is outside
    ends: datetime | None = None

    @classmethod
    def of(
        cls,
        fetched: Iterable[Stretch] = (),
        failed: Iterable[Stretch] = (),
        unserved: Iterable[Stretch] = (),
        *,
        is_complete: bool = True,
    ) -> Known:
        """From stretches; one that was never complete has holes before and after them too."""
        here, missed, gone = (tuple(sorted(part)) for part in (fetched, failed, unserved))
        told = (*here, *missed, *gone)
        if not told or not is_complete:
            return cls(here, missed, gone)
        begins, ends = min(start for start, _ in told), max(end for _, end in told)
        return cls(here, missed, gone, begins, ends)

    def holes(self, span: Stretch) -> list[Stretch]:
        """What was never asked for within a span, though it should have been."""
        start = span[0] if self.begins is None else max(span[0], self.begins)
        end = span[1] if self.ends is None else min(span[1], self.ends)
        told = (*self.fetched, *self.failed, *self.unserved)
        whole = (self.begins or span[0], self.ends or span[1])
        wide = [part for part in _gaps(whole, told) if part[1] - part[0] >= SMALLEST_HOLE]
        return [(max(a, start), min(b, end)) for a, b in wide if max(a, start) < min(b, end)]


def _gaps(span: Stretch, told: Iterable[Stretch]) -> list[Stretch]:
    return without([span], told) if span[0] < span[1] else []


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of a cell is what; together they are the cell."""

    failed: timedelta
    hole: timedelta
    unserved: timedelta
    fetched: timedelta
    outside: timedelta

    def word(self, records: int) -> Word:
        """The worst of it; a cell that is outside in part is told by its other part."""
        if self.failed:
            return Word.FAILED
        if self.hole:
            return Word.HOLE
        if self.unserved:
            return Word.UNSERVED
        if self.fetched:
            return Word.FETCHED if records else Word.EMPTY
        return Word.OUTSIDE


def shares(cells: Sequence[Stretch], known: Known) -> list[Shares]:
    """What each of these cells, which follow each other, holds."""
    if not cells:
        return []
    span = (cells[0][0], cells[-1][1])
    by_word = [
        _per_cell(cells, stretches)
        for stretches in (known.failed, known.holes(span), known.unserved, known.fetched)
    ]
    return [
        Shares(failed, hole, gone, here, (end - start) - failed - hole - gone - here)
        for (start, end), failed, hole, gone, here in zip(cells, *by_word, strict=True)
    ]


def _per_cell(cells: Sequence[Stretch], stretches: Sequence[Stretch]) -> list[timedelta]:
    """How much of each cell the stretches, in order and apart, hold: one walk over both."""
    result = [_NOTHING] * len(cells)
    index = 0
    for start, end in stretches:
        while index < len(cells) and cells[index][1] <= start:
            index += 1
        at = index
        while at < len(cells) and cells[at][0] < end:
            result[at] += min(end, cells[at][1]) - max(start, cells[at][0])
            at += 1
    return result


# --- Cells of many streams --------------------------------------------------------------------


def worst(words: Mapping[Word, int]) -> Word:
    """The worst of what is said of several streams; outside only where nothing else is said."""
    return min((word for word, count in words.items() if count), key=RANK.__getitem__)


def tally(rows: Iterable[Sequence[Word]]) -> list[Counter[Word]]:
    """How many streams say what, cell by cell; all rows are of one length."""
    return [Counter(column) for column in zip(*rows, strict=True)]


# --- Cutting time -----------------------------------------------------------------------------


def width_of(span: Stretch) -> Width:
    """The width that makes a span some ten to sixty cells."""
    length = span[1] - span[0]
    if length > _MANY_MONTHS:
        return Width.YEAR
    return Width.MONTH if length > _MANY_DAYS else Width.DAY


def cut(span: Stretch, width: Width) -> list[Stretch]:
    """The cells of a span: whole years, months or days, the last one ending with the span."""
    return list(_cells(span, width))


def _cells(span: Stretch, width: Width) -> Iterator[Stretch]:
    start = _floor(span[0], width)
    while start < span[1]:
        following = _next(start, width)
        yield start, min(following, span[1])
        start = following


def _floor(moment: datetime, width: Width) -> datetime:
    day = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if width is Width.DAY:
        return day
    return day.replace(day=1) if width is Width.MONTH else day.replace(month=1, day=1)


def _next(start: datetime, width: Width) -> datetime:
    if width is Width.DAY:
        return start + timedelta(days=1)
    if width is Width.YEAR or start.month == 12:
        return start.replace(year=start.year + 1, month=1)
    return start.replace(month=start.month + 1)


def period(name: str) -> Stretch | None:
    """The year, month or day that "2024", "2024-03" or "2024-03-09" names; None where none."""
    for form, width in (("%Y", Width.YEAR), ("%Y-%m", Width.MONTH), ("%Y-%m-%d", Width.DAY)):
        try:
            start = datetime.strptime(name, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        # Not all that can be parsed is written as we write it, and year 9999 has no end.
        if start.year < 9999 and named(start, width) == name:
            return start, _next(start, width)
    return None


def named(start: datetime, width: Width) -> str:
    """What a cell is called in addresses."""
    day = start.astimezone(UTC).date().isoformat()
    return day[: {Width.YEAR: 4, Width.MONTH: 7, Width.DAY: 10}[width]]


# --- In words ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Complete:
    """Since when a stream is known without anything missing but for some stretches."""

    since: datetime | None  # None: nothing was fetched yet
    until: datetime | None
    but_for: tuple[tuple[Word, datetime, datetime], ...]  # failed, never asked, in order


def complete(known: Known, span: Stretch) -> Complete:
    """Since when all that the exchange serves is here, and what is missing since."""
    if not known.fetched:
        return Complete(None, None, ())
    since, until = known.fetched[0][0], known.fetched[-1][1]
    missing = [
        *((Word.FAILED, *part) for part in known.failed if part[1] > since),
        *((Word.HOLE, *part) for part in known.holes(span) if part[1] > since),
    ]
    return Complete(since, until, tuple(sorted(missing, key=lambda part: part[1:])))
