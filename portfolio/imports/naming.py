"""Headings made comparable, and the names under which the cells of a row are kept."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from portfolio.imports.format import ImportFormat

_SPACES = re.compile(r"[\s\u00a0\u202f\u200b\ufeff]+")


@lru_cache(maxsize=4096)
def folded(name: str) -> str:
    """A heading without case, odd spaces and byte order mark."""
    return _SPACES.sub(" ", name).strip().casefold()


def numbered(names: Iterable[str]) -> tuple[str, ...]:
    """Names of which none is twice: of equal ones the second is "Cur. 2", the third "Cur. 3"."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        plain = folded(name)
        seen[plain] = seen.get(plain, 0) + 1
        result.append(name if seen[plain] == 1 else f"{name} {seen[plain]}")
    return tuple(result)


def named(heading: Iterable[str], known: ImportFormat) -> tuple[str, ...]:
    """The names of a file's columns: the format's where it has one, else the file's own."""
    own: dict[str, str] = {}
    for expected in known.headings:
        for name in numbered(expected):
            own.setdefault(folded(name), name)
    return tuple(own.get(folded(name), name) for name in numbered(heading))


def extents(heading: tuple[str, ...], formats: Iterable[ImportFormat]) -> dict[str, int]:
    """How much of a heading each format explains, in columns; without those that do not know it.

    One that has just these columns explains more than one that looks at some of them.
    """
    there = frozenset(folded(name) for name in numbered(heading))
    sizes = ((known.id, _extent(heading, there, known)) for known in formats)
    return {ident: size for ident, size in sizes if size}


def _extent(heading: tuple[str, ...], there: frozenset[str], known: ImportFormat) -> int:
    if known.recognise is not None:
        return len(heading) if known.recognise(heading) else 0
    fitting = [wanted for wanted in _wanted(known.headings) if wanted <= there]
    return max((len(wanted) + (len(wanted) == len(there)) for wanted in fitting), default=0)


@lru_cache(maxsize=1024)
def _wanted(headings: tuple[tuple[str, ...], ...]) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(folded(name) for name in numbered(each)) for each in headings)
