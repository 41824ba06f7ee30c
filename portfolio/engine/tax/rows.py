"""What a method found, kept as whole numbers and told as rows when somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar, overload

Told = TypeVar("Told")
Row = TypeVar("Row")


class Rows(Sequence[Told]):
    """A sequence whose entries are made of ``rows`` by ``tell`` each time they are asked for.

    A history of a million events has as many rows; as numbers they are a third of the size, and
    most are never looked at. ``sums`` may add them up without making them.
    """

    def __init__(self, rows: list[Any], tell: Callable[[Any], Told]) -> None:
        self._rows = rows
        self._tell = tell

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> Told: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Told]: ...
    def __getitem__(self, place: int | slice) -> Told | Sequence[Told]:
        if isinstance(place, slice):
            return Rows(self._rows[place], self._tell)
        return self._tell(self._rows[place])

    def __iter__(self) -> Iterator[Told]:
        return map(self._tell, self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))
