"""Cells of a row by heading: what cannot be read is refused with its line and its heading."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from portfolio.engine import money
from portfolio.imports import values
from portfolio.imports.format import NotUnderstood, Reading, Row

_WITH_UNIT = re.compile(
    r"^(?P<open>\(?)(?P<amount>[+-]?[\d.,]+(?:[eE][+-]?\d+)?)\s*(?P<unit>[^\s\d.,()][^\s()]*)\)?$"
)


def text(row: Row, *headings: str) -> str:
    """The first of these cells that has something in it; "" where none has."""
    return next((cell for name in headings if (cell := row.cells.get(name, "").strip())), "")


def needed(row: Row, *headings: str) -> str:
    """The same, where there must be something. May raise NotUnderstood."""
    found = text(row, *headings)
    if not found:
        raise NotUnderstood(f"{headings[0]} is empty", line=row.line)
    return found


def optional(row: Row, reading: Reading, *headings: str) -> Decimal | None:
    """The amount in the first cell that has one; None where none has. May raise NotUnderstood."""
    found = text(row, *headings)
    try:
        return values.amount(found, reading)
    except NotUnderstood as error:
        raise NotUnderstood(f"{headings[0]}: {error}", line=row.line) from None


def amount(row: Row, reading: Reading, *headings: str) -> Decimal:
    """An amount that must be there. May raise NotUnderstood."""
    found = optional(row, reading, *headings)
    if found is None:
        raise NotUnderstood(f"{headings[0]} is empty", line=row.line)
    return found


def or_zero(row: Row, reading: Reading, *headings: str) -> Decimal:
    """An amount that counts as none where its cell is empty: a fee. May raise NotUnderstood."""
    return optional(row, reading, *headings) or money.ZERO


def with_unit(row: Row, reading: Reading, heading: str) -> tuple[Decimal, str] | None:
    """The amount and the asset of a cell such as ``0.5BTC``, ``12.30 EUR`` or ``(0.1 BTC)``.

    None for an empty cell. May raise NotUnderstood.
    """
    cell = text(row, heading)
    if cell.lower() in ("", "-", "--"):
        return None
    found = _WITH_UNIT.match(cell)
    if found is None:
        raise NotUnderstood(
            f"{heading}: “{cell[:40]}” is not an amount with its unit", line=row.line
        )
    number = Row(row.line, {heading: found["amount"]})
    told = amount(number, reading, heading)
    return (money.negate(told) if found["open"] else told), found["unit"]


def when(row: Row, reading: Reading, heading: str, *layouts: str) -> datetime:
    """The time in a cell, in UTC; see values.moment. May raise NotUnderstood."""
    return at(row, needed(row, heading), heading, reading, *layouts)


def at(row: Row, cell: str, heading: str, reading: Reading, *layouts: str) -> datetime:
    """The time that ``cell`` tells, put together by the caller. May raise NotUnderstood."""
    try:
        return values.moment(cell, reading, *layouts)
    except NotUnderstood as error:
        raise NotUnderstood(f"{heading}: {error}", line=row.line) from None


def is_empty(row: Row) -> bool:
    """Whether nothing stands in the whole row."""
    return not any(cell.strip() for cell in row.cells.values())


# --- headings that name their zone -------------------------------------------------------------

_ZONE = re.compile(r"\s*\(((?:UTC|GMT)[^()]*|[A-Za-z_]+/[A-Za-z_/+-]+)\)$", re.IGNORECASE)


def without_zone(heading: str) -> str:
    """The name of a column such as ``Time(UTC+8)`` or ``Date (UTC)``: Time, Date."""
    return _ZONE.sub("", heading.strip())


def headed(*alternatives: tuple[str, ...]) -> Callable[[tuple[str, ...]], bool]:
    """Returns what knows headings with all columns of one alternative, whatever zone they name."""
    wanted = [{_folded(name) for name in names} for names in alternatives]

    def recognise(heading: tuple[str, ...]) -> bool:
        there = {_folded(name) for name in heading}
        return any(names <= there for names in wanted)

    return recognise


@lru_cache(maxsize=4096)
def _folded(name: str) -> str:
    return " ".join(without_zone(name.strip().lstrip("\ufeff")).split()).casefold()


def zoned(row: Row, reading: Reading, heading: str, *layouts: str) -> datetime:
    """The time of a column whose heading may name the zone, else in the reading's.

    May raise NotUnderstood.
    """
    for name in row.cells:
        if _folded(name) == _folded(heading) and row.cells[name].strip():
            told = _ZONE.search(name)
            own = replace(reading, zone=told[1].strip()) if told else reading
            return when(row, own, name, *layouts)
    raise NotUnderstood(f"{heading} is empty", line=row.line)
