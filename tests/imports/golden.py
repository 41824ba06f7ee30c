"""Samples of files and what they must tell: beside each file a text with its events as lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from portfolio.imports.format import Entry, NotUnderstood, Reading
from tests.imports import reading
from tests.imports.reading import SAMPLES

# What a person would say of these files.
READINGS: Mapping[str, Reading] = {
    "cointracking/german.csv": Reading(zone="Europe/Berlin", decimal_comma=True),
}


def samples(*tools: str) -> list[str]:
    """The sample files of these tools, by their path below the samples."""
    found = (path for tool in tools for path in sorted((SAMPLES / tool).iterdir()))
    return [str(path.relative_to(SAMPLES)) for path in found if path.suffix != ".txt"]


def told(name: str) -> list[str]:
    """What a sample tells: by account its events, then rows left out and rows not understood."""
    known, lines, place = reading.known_as((SAMPLES / name).read_text(encoding="utf-8"))
    given = READINGS.get(name, Reading())
    made = Reading(given.zone, given.day_first, given.decimal_comma, tuple(lines[place]))
    events, others = [], []
    for found in known.entries(reading.rows_of(known, lines, place), made):
        first = found.rows[0].line
        if not isinstance(found, Entry):
            others.append(f"left out, line {first}: {found.reason}")
            continue
        try:
            line = reading.line(known.event(found, made))
            events.append(f"{found.account or '-'}: {line}")
        except NotUnderstood as error:
            others.append(f"not understood, line {error.line}: {error}")
    return [f"format: {known.id}", *sorted(events), *others]


def expected(name: str) -> list[str]:
    """What must be told of a sample."""
    return (SAMPLES / name).with_suffix(".txt").read_text(encoding="utf-8").splitlines()


def path(name: str) -> Path:
    """Where a sample is."""
    return SAMPLES / name
