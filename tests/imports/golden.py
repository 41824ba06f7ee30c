"""Samples of files and what they must tell: beside each file a text with its events as lines."""

from __future__ import annotations

import io
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from portfolio.imports import registry, tables
from portfolio.imports.detection import detect
from portfolio.imports.format import Entry, ImportFormat, LeftOut, NotUnderstood, Reading, Row
from portfolio.imports.limits import Limits
from tests.imports import reading
from tests.imports.reading import SAMPLES

# What a person would say of these files.
READINGS: Mapping[str, Reading] = {
    "cointracking/german.csv": Reading(zone="Europe/Berlin", decimal_comma=True),
}
_LIMITS = Limits()


@dataclass(frozen=True)
class Sheet:
    """A table of a file, as its format reads it."""

    known: ImportFormat
    rows: list[Row]
    reading: Reading

    def found(self) -> list[Entry | LeftOut]:
        return list(self.known.entries(self.rows, self.reading))

    def entries(self) -> list[Entry]:
        return [found for found in self.found() if isinstance(found, Entry)]

    def shuffled(self, seed: int) -> Sheet:
        rows = list(self.rows)
        random.Random(seed).shuffle(rows)
        return replace(self, rows=rows)


def samples(*tools: str) -> list[str]:
    """The sample files of these tools, by their path below the samples."""
    found = (path for tool in tools for path in sorted((SAMPLES / tool).iterdir()))
    return [str(path.relative_to(SAMPLES)) for path in found if path.suffix != ".txt"]


def sheets(name: str) -> list[Sheet]:
    """The tables of a sample, each known by one format."""
    return sheets_of(path(name).read_bytes(), READINGS.get(name, Reading()))


def sheets_of(content: bytes, given: Reading) -> list[Sheet]:
    """The tables of a file. Fails where not exactly one format knows one, or a row is none."""
    file = io.BytesIO(content)
    found = []
    for place in tables.places(file, _LIMITS):
        with tables.opened(file, place, _LIMITS) as table:
            detected = detect(table, registry.formats())
            assert len(detected.formats) == 1, (detected.formats, detected.layout.heading)
            known = registry.by_id(detected.formats[0])
            misfits: list[NotUnderstood] = []
            rows = list(tables.rows(table, detected.layout, known, _LIMITS, misfits))
            assert not misfits
            made = replace(given, heading=detected.layout.heading)
            found.append(Sheet(known, rows, made))
    return found


def told(name: str) -> list[str]:
    """What a sample tells: its events by account, then rows left out and not understood."""
    return [line for sheet in sheets(name) for line in lines(sheet)]


def lines(sheet: Sheet) -> list[str]:
    """What a table tells, in an order that is not that of its rows."""
    events, others = [], []
    for found in sheet.found():
        first = min(row.line for row in found.rows)
        if isinstance(found, LeftOut):
            others.append(f"left out, line {first}: {found.reason}")
            continue
        try:
            line = reading.line(sheet.known.event(found, sheet.reading))
            events.append(f"{found.account or '-'}: {line}")
        except NotUnderstood as error:
            others.append(f"not understood, line {error.line}: {error}")
    return [f"format: {sheet.known.id}", *sorted(events), *sorted(others)]


def expected(name: str) -> list[str]:
    """What must be told of a sample."""
    return path(name).with_suffix(".txt").read_text(encoding="utf-8").splitlines()


def path(name: str) -> Path:
    """Where a sample is."""
    return SAMPLES / name
