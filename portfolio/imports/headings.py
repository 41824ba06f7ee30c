"""Headings as files write them, made comparable: one spelling for many."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from portfolio.imports import naming, values
from portfolio.imports.format import Row

# What vendors add to a heading for whoever fills the form.
_ADDED = re.compile(r"\s*\((?:optional|read-only|or tag)\)")

Recognise = Callable[[tuple[str, ...]], bool]


@lru_cache(maxsize=4096)
def fold(name: str) -> str:
    """A heading without case, odd spaces and "(optional)"."""
    return _ADDED.sub("", naming.folded(name)).strip()


class Cells:
    """The cells of a row by folded heading; of alternatives ("label|tag") the first filled."""

    def __init__(self, row: Row) -> None:
        self._cells: Mapping[str, str] = {fold(name): text for name, text in row.cells.items()}

    def get(self, names: str) -> str:
        """The cell under the first of the headings that is not empty; "" where there is none."""
        return next((found for name in names.split("|") if (found := self._cells.get(name))), "")

    def starting(self, start: str) -> tuple[str, str]:
        """The first heading that starts so and has an amount under it, and the amount."""
        for name, cell in self._cells.items():
            if name.startswith(start) and not values.is_nothing(cell):
                return name, cell
        return "", ""


def having(*names: str, lacking: Iterable[str] = ()) -> Recognise:
    """Recognises headings with all of ``names`` (folded) and none of ``lacking``."""
    needed, barred = frozenset(names), frozenset(lacking)

    def recognise(heading: tuple[str, ...]) -> bool:
        found = {fold(name) for name in heading}
        return needed <= found and not barred & found

    return recognise


def numbered(heading: Iterable[str]) -> tuple[str, ...]:
    """Folded headings, equal ones numbered as the cells of a row are."""
    return tuple(map(fold, naming.numbered(heading)))
