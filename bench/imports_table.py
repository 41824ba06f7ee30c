"""Writes the table of files in docs/imports.md: python -m bench.imports_table DIRECTORY."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

from portfolio.imports import detection, facts, reading, registry, tables
from portfolio.imports.format import LeftOut, NotUnderstood, Reading
from portfolio.imports.limits import Limits
from portfolio.imports.reading import Source, Tally
from portfolio.imports.tables import Table

PAGE = Path(__file__).parent.parent / "docs" / "imports.md"
LIMITS = Limits()
_PLACE = r"(<!-- files -->\n).*?(<!-- /files -->)"
_HEAD = "| file | format | rows | events | of an unknown kind | left out | refused |"
_LINE = "| --- | --- | ---: | ---: | ---: | ---: | --- |"


def main() -> int:
    """Reads every file of the directory and brings the page up to date."""
    page = PAGE.read_text(encoding="utf-8")
    found = sorted(path for path in Path(sys.argv[1]).rglob("*.csv"))
    rows = [_row(path, Path(sys.argv[1])) for path in found]
    page = _between(page, "\n".join([_HEAD, _LINE, *rows]))
    PAGE.write_text(page, encoding="utf-8")
    return 0


def _between(page: str, text: str) -> str:
    return re.sub(_PLACE, lambda found: f"{found[1]}{text}\n{found[2]}", page, flags=re.DOTALL)


def _row(path: Path, within: Path) -> str:
    name = str(path.relative_to(within))
    with path.open("rb") as file:
        try:
            (place,) = tables.places(file, LIMITS)
            with tables.opened(file, place, LIMITS) as table:
                return f"| {name} | {_read(table)} |"
        except NotUnderstood as error:
            return f"| {name} | | | | | | {error} |"


def _read(table: Table) -> str:
    found = detection.detect(table, registry.formats())
    if not found.formats:
        return "none: its columns are explained by hand | | | | |"
    known, heading = registry.by_id(found.formats[0]), found.layout.heading
    rows = tables.rows(table, found.layout, known, LIMITS, [])
    told = facts.gathered(heading, found.preamble, rows)
    how = Reading(
        zone=told.zone or "UTC",
        day_first=bool(told.day_first),
        decimal_comma=bool(told.decimal_comma),
        heading=heading,
        settings={name: "EUR" for name in known.asks if name not in Reading.__slots__},
    )
    tally = Tally()
    source = Source(table, found.layout, known, how, LIMITS)
    parts = list(reading.read(source, tally, now=datetime.now(UTC)))
    out = sum(len(part.rows) for part in parts if isinstance(part, LeftOut))
    events = [part for part in parts if not isinstance(part, LeftOut)]
    unclear = sum(not event.is_classified for event in events)
    why = "; ".join(f"line {problem.line}: {problem}" for problem in tally.problems[:3])
    return f"{known.title} | {tally.rows} | {len(events)} | {unclear} | {out} | {why}"


if __name__ == "__main__":
    sys.exit(main())
