"""Files of exchanges read by their formats, as tests want to see them."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import Event
from portfolio.imports import registry, tables
from portfolio.imports.detection import detect
from portfolio.imports.format import Entry, ImportFormat, LeftOut, NotUnderstood, Reading, Row
from portfolio.imports.limits import Limits
from portfolio.imports.tables import Layout, Place

SAMPLES = Path(__file__).parent.parent / "data" / "imports"
_LIMITS = Limits()
SHARED = Path(__file__).parent.parent.parent.parent / "shared" / "data" / "imports"


@dataclass
class Told:
    """What a file told: events, rows left out with their reason, rows not understood."""

    rows: int = 0
    events: list[Event] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    in_entries: int = 0
    misfits: int = 0  # rows that are none: too many cells


def table_of(text: str) -> tuple[ImportFormat, Layout, list[Row], list[NotUnderstood]]:
    """The one format that knows the text, its heading, its rows and what is no row."""
    file = io.BytesIO(text.encode())
    with tables.opened(file, Place(), _LIMITS) as table:
        detected = detect(table, registry.formats())
        assert len(detected.formats) == 1, (detected.formats, detected.layout.heading)
        known = registry.by_id(detected.formats[0])
        misfits: list[NotUnderstood] = []
        rows = list(tables.rows(table, detected.layout, known, _LIMITS, misfits))
    return known, detected.layout, rows, misfits


def told(text: str, **reading: Any) -> Told:
    """What a file's text tells."""
    return _told(table_of(text), **reading)


def _told(
    table: tuple[ImportFormat, Layout, list[Row], list[NotUnderstood]],
    *,
    shuffled: int | None = None,
    **reading: Any,
) -> Told:
    """What a table tells; ``shuffled`` is the seed of another order of its rows."""
    known, layout, rows, misfits = table
    if shuffled is not None:
        rows = list(rows)
        random.Random(shuffled).shuffle(rows)
    found = of_rows(known, rows, replace(Reading(heading=layout.heading), **reading))
    found.rows += len(misfits)
    found.misfits = len(misfits)
    found.problems += [(error.line or 0, str(error)) for error in misfits]
    return found


def of_rows(known: ImportFormat, rows: Sequence[Row], reading: Reading) -> Told:
    """What rows tell to a format."""
    found = Told(rows=len(rows))
    lines: set[int] = set()  # a transfer of two accounts is two entries of one row
    for part in known.entries(rows, reading):
        if isinstance(part, LeftOut):
            found.left_out += [(row.line, part.reason) for row in part.rows]
            continue
        lines.update(row.line for row in part.rows)
        found.in_entries = len(lines)
        _read(known, part, reading, found)
    return found


def _read(known: ImportFormat, entry: Entry, reading: Reading, found: Told) -> None:
    try:
        found.events.append(known.event(entry, reading))
    except NotUnderstood as error:
        line = error.line if error.line is not None else entry.rows[0].line
        found.problems.append((line, str(error)))


def lines(events: Iterable[Event]) -> list[str]:
    """Events as lines: time, kind, amounts by wallet, fees in brackets, key."""
    return sorted(line(event) for event in events)


def line(event: Event) -> str:
    """One event as a line."""
    moved = sorted(
        f"{'fee ' if m.role == 'fee' else ''}{_signed(m.amount)} {m.asset} {m.wallet}"
        for m in event.movements
    )
    told = f"{event.occurred_at:%Y-%m-%d %H:%M:%S} {event.kind} | {', '.join(moved)}".rstrip()
    return f"{told} | {event.key}" if event.key else told


def _signed(amount: Decimal) -> str:
    return f"{'+' if amount > 0 else ''}{money.plain(amount)}"


def same_however_sorted(text: str, **reading: Any) -> None:
    """Asserts that no order of the rows makes other events, and that no row is lost."""
    table = table_of(text)
    plain = _told(table, **reading)
    assert plain.in_entries + len(plain.left_out) + plain.misfits == plain.rows
    for seed in range(3):
        other = _told(table, shuffled=seed, **reading)
        assert lines(other.events) == lines(plain.events)
        assert sorted(other.problems) == sorted(plain.problems)
        assert sorted(other.left_out) == sorted(plain.left_out)


def account(found: Told) -> str:
    """All that a file told, as text: events, then what is left out, then what is not understood."""
    parts = lines(found.events)
    parts += [f"line {line} left out: {reason}" for line, reason in sorted(found.left_out)]
    parts += [f"line {line} not understood: {text}" for line, text in sorted(found.problems)]
    return "\n".join(parts)


def tells(exchange: str, name: str, expected: str, **reading: Any) -> Told:
    """Asserts what one of our own samples tells, however its rows are sorted."""
    text = (SAMPLES / exchange / name).read_text("utf-8-sig")
    same_however_sorted(text, **reading)
    found = told(text, **reading)
    wanted = "\n".join(line.strip() for line in expected.strip().splitlines())
    assert account(found) == wanted
    return found
