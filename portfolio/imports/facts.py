"""What a whole file tells of how it is to be read: its zone, the order of dates, decimal signs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from portfolio.imports.format import Row

_ZONE = re.compile(r"\b(?:UTC|GMT)\s*([+-]\s*\d{1,2}(?::?\d{2})?)?(?![\w])", re.IGNORECASE)
_DATE = re.compile(r"^(\d{1,2})([/.-])(\d{1,2})\2(?:\d{4}|\d{2})\b", re.ASCII)
_NUMBER = r"^[+-]?{}$"
_COMMA = re.compile(
    _NUMBER.format(r"(?:\d+,(?:\d{1,2}|\d{4,})|0,\d+|\d{1,3}(?:\.\d{3})+,\d+)"), re.ASCII
)
_POINT = re.compile(
    _NUMBER.format(r"(?:\d+\.(?:\d{1,2}|\d{4,})|0\.\d+|\d{1,3}(?:,\d{3})+\.\d+)"), re.ASCII
)
_EITHER = re.compile(_NUMBER.format(r"\d{1,3},\d{3}"), re.ASCII)


@dataclass(slots=True)
class Facts:
    """Of each question: the answer that the cells give, and whether it arises at all.

    None where they leave it open; a question that does not arise needs no answer.
    """

    zone: str = ""
    has_dates: bool = False
    _day_first: set[bool] = field(default_factory=set)
    has_commas: bool = False
    _decimal_comma: set[bool] = field(default_factory=set)

    @property
    def day_first(self) -> bool | None:
        return next(iter(self._day_first)) if len(self._day_first) == 1 else None

    @property
    def decimal_comma(self) -> bool | None:
        return next(iter(self._decimal_comma)) if len(self._decimal_comma) == 1 else None

    def look(self, row: Row) -> None:
        """Takes in one row."""
        for cell in row.cells.values():
            if cell and (cell[0].isdigit() or cell[0] in "+-"):
                self._date(cell)
                self._amount(cell)

    def _date(self, cell: str) -> None:
        found = _DATE.match(cell)
        if found is None:
            return
        first, sign, second = int(found[1]), found[2], int(found[3])
        self.has_dates = True
        # With points the day is always first: 31.12.2024.
        if sign == "." or (first > 12 >= second):
            self._day_first.add(True)
        elif second > 12 >= first:
            self._day_first.add(False)

    def _amount(self, cell: str) -> None:
        if _COMMA.match(cell):
            self._decimal_comma.add(True)
        elif _POINT.match(cell):
            self._decimal_comma.add(False)
        elif _EITHER.match(cell):
            self.has_commas = True


def gathered(heading: Iterable[str], preamble: str, rows: Iterable[Row]) -> Facts:
    """What the heading, the text above it and all cells tell. May raise NotUnderstood."""
    facts = Facts(zone=_zone([*heading, preamble]))
    for row in rows:
        facts.look(row)
    return facts


def _zone(texts: Iterable[str]) -> str:
    """The zone that a heading names, as Date(UTC+8); "" where none does."""
    for text in texts:
        if found := _ZONE.search(text.replace("_", " ")):
            return _offset(found[1])
    return ""


def _offset(told: str | None) -> str:
    plain = re.sub(r"[\s:]", "", told or "")
    if not plain:
        return "UTC"
    digits = plain[1:]
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "00")
    return f"{plain[0]}{int(hours):02}:{minutes}"
