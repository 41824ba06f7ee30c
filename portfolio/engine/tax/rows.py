"""What a method found, kept as whole numbers and told as rows when somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property
from itertools import chain
from typing import Any, TypeVar, overload

from portfolio.engine.tax.types import Disposal

Told = TypeVar("Told")
Row = TypeVar("Row")


class _Told(Sequence[Told]):
    """Equal to what has the same entries."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


class Rows(_Told[Told]):
    """A sequence whose entries are made of ``rows`` by ``tell`` each time they are asked for.

    A history of a million events has as many rows; as numbers they are a third of the size, and
    most are never looked at. ``day`` tells a row's local day, as an ordinal, without it.
    """

    def __init__(
        self,
        rows: list[Any],
        tell: Callable[[Any], Told],
        day: Callable[[Any], int] | None = None,
        lines: Callable[[Iterable[Any]], Iterator[str]] | None = None,
    ) -> None:
        self._rows = rows
        self._tell = tell
        self._day = day
        self._lines = lines

    def lines(self) -> Iterator[str] | None:
        """The entries as lines of CSV; None where that is no quicker than writing each."""
        return None if self._lines is None else self._lines(self._rows)

    def within(self, first: int, last: int) -> Rows[Told] | None:
        """Those of the days from ``first`` to ``last``; None where only their entries know."""
        day = self._day
        if day is None:
            return None
        return Rows(
            [row for row in self._rows if first <= day(row) <= last], self._tell, day, self._lines
        )

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Told: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Told]: ...
    def __getitem__(self, place: int | slice) -> Told | Sequence[Told]:
        if isinstance(place, slice):
            return Rows(self._rows[place], self._tell, self._day, self._lines)
        return self._tell(self._rows[place])

    def __iter__(self) -> Iterator[Told]:
        return map(self._tell, self._rows)


class Joined(_Told[Told]):
    """Sequences, one after the other."""

    def __init__(self, *parts: Sequence[Told]) -> None:
        self.parts = parts

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    @overload
    def __getitem__(self, place: int) -> Told: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Told]: ...
    def __getitem__(self, place: int | slice) -> Told | Sequence[Told]:
        if isinstance(place, slice) or place < 0:
            return tuple(self)[place]
        for part in self.parts:
            if place < len(part):
                return part[place]
            place -= len(part)
        raise IndexError

    def __iter__(self) -> Iterator[Told]:
        return chain.from_iterable(self.parts)


class Later(_Told[Told]):
    """What is computed when somebody first looks."""

    def __init__(self, make: Callable[[], Sequence[Told]]) -> None:
        self._make = make

    @cached_property
    def _rows(self) -> Sequence[Told]:
        return self._make()

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Told: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Told]: ...
    def __getitem__(self, place: int | slice) -> Told | Sequence[Told]:
        return self._rows[place]

    def __iter__(self) -> Iterator[Told]:
        return iter(self._rows)


def of_days(rows: Sequence[Disposal], first: date, last: date) -> Sequence[Disposal]:
    """The disposals of some local days, both included; others are not made."""
    if isinstance(rows, Joined):
        return [row for part in rows.parts for row in of_days(part, first, last)]
    found = rows.within(first.toordinal(), last.toordinal()) if isinstance(rows, Rows) else None
    return [row for row in rows if first <= row.on <= last] if found is None else list(found)
