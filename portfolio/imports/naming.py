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


def extent(heading: tuple[str, ...], known: ImportFormat) -> int:
    """How much of a heading a format explains, in columns; 0 where it does not recognise it.

    One that has just these columns explains more than one that looks at some of them.
    """
    if known.recognise is not None:
        return len(heading) if known.recognise(heading) else 0
    found = {folded(name) for name in numbered(heading)}
    best = 0
    for expected in known.headings:
        wanted = {folded(name) for name in numbered(expected)}
        if wanted <= found:
            best = max(best, len(wanted) + (len(wanted) == len(found)))
    return best
