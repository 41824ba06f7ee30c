"""What is collected from the XML of a workbook, element by element."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Protocol

from portfolio.imports.decoding import Line
from portfolio.imports.format import NotUnderstood
from portfolio.imports.limits import Limits

_Attributes = dict[str, str]
_COLUMN = re.compile(r"^([A-Z]{1,3})(\d{1,7})$")
_LITERALS = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_BUILT_IN_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_DIGITS = 17  # that a binary fraction is written with at most


class Collector(Protocol):
    """Takes elements of XML and gives the rows that are complete."""

    def start(self, name: str, attributes: _Attributes) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, text: str) -> None: ...

    def take(self) -> list[Line]: ...


class _Silent:
    """Collects no rows."""

    def start(self, name: str, attributes: _Attributes) -> None:
        """Nothing of it is wanted."""

    def end(self, name: str) -> None:
        """Nothing of it is wanted."""

    def text(self, text: str) -> None:
        """Nothing of it is wanted."""

    def take(self) -> list[Line]:
        return []


class Pairs(_Silent):
    """Two attributes of each element of one name."""

    def __init__(self, element: str, first: str, second: str) -> None:
        self._wanted = (element, first, second)
        self.pairs: list[tuple[str, str]] = []

    def start(self, name: str, attributes: _Attributes) -> None:
        element, first, second = self._wanted
        if name.rpartition(":")[2] == element and first in attributes:
            self.pairs.append((attributes[first], attributes.get(second, "")))


class Names(_Silent):
    """One attribute of each element of one name."""

    def __init__(self, element: str, attribute: str) -> None:
        self._element, self._attribute = element, attribute
        self.names: list[str] = []

    def start(self, name: str, attributes: _Attributes) -> None:
        if name == self._element:
            self.names.append(attributes.get(self._attribute, ""))


class Strings(_Silent):
    """The texts that cells of XLSX refer to by number."""

    def __init__(self, limits: Limits) -> None:
        self.texts: list[str] = []
        self._limits = limits
        self._parts: list[str] = []
        self._inside, self._phonetic = False, False

    def start(self, name: str, attributes: _Attributes) -> None:
        local = name.rpartition(":")[2]
        self._inside = local == "t" and not self._phonetic
        self._phonetic = self._phonetic or local == "rPh"
        if local == "si":
            self._parts = []

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        self._inside = False
        if local == "rPh":
            self._phonetic = False
        if local == "si":
            text = "".join(self._parts)
            self._limits.check_cell(text, 0)
            self.texts.append(text)

    def text(self, text: str) -> None:
        if self._inside:
            self._parts.append(text)


class Styles(_Silent):
    """The numbers of the cell styles that show a date or a time."""

    def __init__(self) -> None:
        self.dates: set[int] = set()
        self._formats: set[str] = {str(number) for number in _BUILT_IN_DATES}
        self._in_cells = False
        self._count = 0

    def start(self, name: str, attributes: _Attributes) -> None:
        local = name.rpartition(":")[2]
        if local == "numFmt" and _is_date(attributes.get("formatCode", "")):
            self._formats.add(attributes.get("numFmtId", ""))
        elif local == "cellXfs":
            self._in_cells = True
        elif local == "xf" and self._in_cells:
            if attributes.get("numFmtId") in self._formats:
                self.dates.add(self._count)
            self._count += 1

    def end(self, name: str) -> None:
        if name.rpartition(":")[2] == "cellXfs":
            self._in_cells = False


def _is_date(code: str) -> bool:
    return any(letter in _LITERALS.sub("", code).lower() for letter in "ymdh")


class _Rows:
    """Rows of cells that are complete, bounded in number, width and length."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._done: list[Line] = []
        self._cells: list[str] = []
        self._line = 0
        self._count = 0
        self._parts: list[str] = []
        self._length = 0
        self._inside = False

    def take(self) -> list[Line]:
        done, self._done = self._done, []
        return done

    def text(self, text: str) -> None:
        if self._inside:
            self._length += len(text)
            if self._length > self._limits.cell:
                raise NotUnderstood(
                    f"a cell of more than {self._limits.cell:,} characters", line=self._line
                )
            self._parts.append(text)

    def _put(self, column: int, text: str) -> None:
        self._limits.check_columns(column + 1, self._line)
        self._cells += [""] * (column + 1 - len(self._cells))
        self._cells[column] = text

    def _finish(self) -> None:
        if any(self._cells):
            self._count += 1
            # The heading and what stands above it are not rows yet.
            self._limits.check_rows(self._count - 50)
            self._done.append((self._line, self._cells))
        self._cells = []

    def _forget(self) -> None:
        self._parts, self._length = [], 0


class XlsxRows(_Rows):
    """The rows of one sheet of an XLSX workbook; formulas by the value last worked out."""

    def __init__(
        self, strings: list[str], dates: set[int], limits: Limits, *, is_1904: bool
    ) -> None:
        super().__init__(limits)
        self._strings, self._dates = strings, dates
        self._epoch = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001
        self._column, self._type, self._style = -1, "", 0

    def start(self, name: str, attributes: _Attributes) -> None:
        local = name.rpartition(":")[2]
        if local == "row":
            self._line = _number(attributes.get("r", "")) or self._line + 1
            self._column = -1
        elif local == "c":
            place = _COLUMN.match(attributes.get("r", ""))
            self._column = _column(place[1]) if place else self._column + 1
            self._type = attributes.get("t", "n")
            self._style = _number(attributes.get("s", "")) or 0
            self._forget()
        self._inside = local in ("v", "t")

    def end(self, name: str) -> None:
        local = name.rpartition(":")[2]
        self._inside = False
        if local == "c" and self._parts:
            self._put(self._column, self._value("".join(self._parts)))
            self._forget()
        elif local == "row":
            self._finish()

    def _value(self, text: str) -> str:
        if self._type == "s":
            place = _number(text)
            if place is None or place >= len(self._strings):
                raise NotUnderstood("the workbook is damaged: a text is missing", line=self._line)
            return self._strings[place]
        if self._type == "b":
            return "TRUE" if text.strip() == "1" else "FALSE"
        if self._type == "d":
            return text.replace("T", " ")
        if self._type != "n":
            return text
        return self._date(text) if self._style in self._dates else number_text(text)

    def _date(self, text: str) -> str:
        try:
            days = Decimal(text)
            milliseconds = int((days * 86_400_000).to_integral_value())
            at = self._epoch + timedelta(milliseconds=milliseconds)
        except (InvalidOperation, ValueError, OverflowError):
            raise NotUnderstood(f"“{text[:40]}” is not a day", line=self._line) from None
        is_midnight = not milliseconds % 86_400_000
        return at.date().isoformat() if is_midnight else at.isoformat(" ")


class OdsRows(_Rows):
    """The rows of one sheet of an ODS workbook."""

    def __init__(self, sheet: str, limits: Limits) -> None:
        super().__init__(limits)
        self._sheet, self._is_here = sheet, False
        self._attributes: _Attributes = {}
        self._column, self._repeat = 0, 1

    def start(self, name: str, attributes: _Attributes) -> None:
        if name == "table:table":
            self._is_here = attributes.get("table:name", "") == self._sheet
            self._line = 0
        elif name == "table:table-row":
            self._line += 1
            self._repeat = _number(attributes.get("table:number-rows-repeated", "")) or 1
            self._column = 0
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._attributes = attributes
            self._forget()
        elif name == "text:p":
            if self._parts:
                self._parts.append("\n")
            self._inside = True
        elif name == "text:s" and self._inside:
            self._parts.append(" " * min(_number(attributes.get("text:c", "")) or 1, 1000))

    def end(self, name: str) -> None:
        if name == "text:p":
            self._inside = False
        elif not self._is_here:
            return
        elif name in ("table:table-cell", "table:covered-table-cell"):
            self._place()
        elif name == "table:table-row":
            self._finish_repeated()

    def _place(self) -> None:
        text = self._value()
        times = _number(self._attributes.get("table:number-columns-repeated", "")) or 1
        if text:
            self._limits.check_columns(self._column + times, self._line)
            for place in range(times):
                self._put(self._column + place, text)
        self._column += times

    def _finish_repeated(self) -> None:
        cells, first = self._cells, self._line
        self._line += self._repeat - 1
        if any(cells):
            self._limits.check_rows(self._count + self._repeat - 50)
            last = self._line
            for line in range(first, last + 1):
                self._line, self._cells = line, list(cells)
                self._finish()
        self._cells = []

    def _value(self) -> str:
        kind = self._attributes.get("office:value-type", "")
        if kind in ("float", "currency", "percentage"):
            return number_text(self._attributes.get("office:value", ""))
        if kind == "date":
            return self._attributes.get("office:date-value", "").replace("T", " ")
        if kind == "boolean":
            return self._attributes.get("office:boolean-value", "").upper()
        return "".join(self._parts)


def number_text(text: str) -> str:
    """A number as a person typed it: workbooks write 0.1 as 0.10000000000000001.

    Only where fewer digits name the very same binary fraction; more digits than one has were
    written as text by a program that is exact, and stay.
    """
    digits = len(re.sub(r"[^0-9]", "", text.lower().partition("e")[0]).strip("0"))
    if not _DIGITS - 2 < digits <= _DIGITS:
        return text
    try:
        short = repr(float(text))
    except ValueError:
        return text
    length = len(re.sub(r"[^0-9]", "", short.partition("e")[0]).strip("0"))
    return short if length <= digits - 2 else text


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _column(letters: str) -> int:
    """ "A" is 0, "AA" is 26."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - 64
    return place - 1
