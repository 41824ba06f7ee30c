"""Reads a table with a format: entries with the events they tell of, and all that is wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portfolio.engine import money
from portfolio.engine.types import Event, TransactionKind
from portfolio.imports import bodies
from portfolio.imports.format import Entry, ImportFormat, LeftOut, NotUnderstood, Reading, Row
from portfolio.imports.limits import Limits
from portfolio.imports.tables import Layout, Table, rows

NAMED_PROBLEMS = 100
# Clocks differ, and some programs write the end of a day.
_AHEAD = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Told:
    """One entry of a file: what identifies it in its format, its record's text and its event."""

    entry: Entry
    external_id: str
    body: str
    event: Event

    @property
    def is_classified(self) -> bool:
        return self.event.kind is not TransactionKind.UNCLASSIFIED


@dataclass(slots=True)
class Tally:
    """What was read: rows, and every line of which something is wrong, the first of them named."""

    rows: int = 0
    problems: list[NotUnderstood] = field(default_factory=list)
    wrong: int = 0
    told: set[int] = field(default_factory=set)  # lines of which something came
    _lines: set[int] = field(default_factory=set)

    def add(self, problem: NotUnderstood, line: int | None = None) -> None:
        """Counts a problem; names it while there are few."""
        self.wrong += 1
        if problem.line is None:
            problem.line = line
        if len(self.problems) < NAMED_PROBLEMS:
            self.problems.append(problem)

    def seen(self, row: Row) -> Row:
        """Counts a row."""
        self.rows += 1
        self._lines.add(row.line)
        return row

    @property
    def lost(self) -> list[int]:
        """Lines that were read and of which nothing came: a format must account for each."""
        return sorted(self._lines - self.told)


@dataclass(frozen=True, slots=True)
class Source:
    """A table with all that is needed to read it."""

    table: Table
    layout: Layout
    known: ImportFormat
    reading: Reading
    limits: Limits


def read(source: Source, tally: Tally, *, now: datetime) -> Iterator[Told | LeftOut]:
    """What the rows tell, in the order in which the format completes it; streams.

    What cannot be read is added to the tally, and the rest is read on. ``now``: what lies in the
    future is a misread date. Never raises NotUnderstood.
    """
    ordinals: Counter[str] = Counter()
    try:
        for found in source.known.entries(_rows(source, tally), source.reading):
            tally.told.update(row.line for row in found.rows)
            if isinstance(found, LeftOut):
                yield found
            elif (told := _told(source, found, ordinals, tally, now)) is not None:
                yield told
    except NotUnderstood as error:
        tally.add(error)
    else:
        for line in tally.lost if not tally.wrong else ():
            tally.add(NotUnderstood("the format has no word for this row", line=line))


def _rows(source: Source, tally: Tally) -> Iterator[Row]:
    misfits: list[NotUnderstood] = []
    for row in rows(source.table, source.layout, source.known, source.limits, misfits):
        while misfits:
            tally.add(misfits.pop())
        yield tally.seen(row)
    while misfits:
        tally.add(misfits.pop())


def _told(
    source: Source, entry: Entry, ordinals: Counter[str], tally: Tally, now: datetime
) -> Told | None:
    try:
        event = source.known.event(entry, source.reading)
        _check(event, now)
    except NotUnderstood as error:
        tally.add(error, entry.rows[0].line if entry.rows else None)
        return None
    body = bodies.encoded(source.known, entry, source.reading)
    return Told(entry, _ident(source.known, entry, ordinals), body, event)


def _check(event: Event, now: datetime) -> None:
    if event.occurred_at > now + _AHEAD:
        raise NotUnderstood(f"{event.occurred_at:%Y-%m-%d} lies in the future")
    if not all(money.fits(movement.amount) for movement in event.movements):
        raise NotUnderstood("an amount of more digits than any coin has")
    if not all(movement.asset.strip() for movement in event.movements):
        raise NotUnderstood("an amount without its asset")


def _ident(known: ImportFormat, entry: Entry, ordinals: Counter[str]) -> str:
    """The vendor's id with account and part; else the content, with its place among its twins."""
    if entry.ident:
        return "|".join(part for part in (entry.account, entry.ident, entry.part) if part)
    content = bodies.fingerprint(known, entry)
    ordinals[content] += 1
    number = ordinals[content]
    return content if number == 1 else f"{content}-{number}"
