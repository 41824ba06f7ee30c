"""JSON without loss: numbers stay the digits that were sent, records stay the text that was sent.

ccxt's own parser turns unquoted numbers into floats. Here every unquoted fraction stays a string,
and a record is cut out of the answer rather than written anew, so that what is stored is what the
exchange sent: names, order, spacing, numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

_DECODER = json.JSONDecoder(parse_float=str)
_SPACE = re.compile(r"[ \t\n\r]*")


class Slice(NamedTuple):
    """One element of an answer: its name (in an object), its value and its own text."""

    name: str
    value: Any
    text: str


def loads(text: str) -> Any:
    """Parse ``text``; fractions come out as strings of their digits. May raise ValueError."""
    if text[:1] in ("{", "["):  # nearly always, and quicker without a look at the spaces around
        value, end = _DECODER.raw_decode(text)
        if end == len(text):
            return value
    return _DECODER.decode(text)


def elements(text: str, *path: str) -> list[Slice]:
    """Return the members of the array or object at ``path``, each with its text as received.

    An absent or null container has no members. May raise ValueError on anything that is not JSON.
    """
    start = _descend(text, _skip(text, 0), path)
    if start is None or text.startswith("null", start):
        return []
    if text[start : start + 1] not in ("[", "{"):
        raise ValueError("expected a list or an object")
    return list(_members(text, start))


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _descend(text: str, start: int, path: tuple[str, ...]) -> int | None:
    for name in path:
        if text[start : start + 1] != "{":
            raise ValueError("expected an object")
        found = _find(text, start, name)
        if found is None:
            return None
        start = found
    return start


def _find(text: str, start: int, name: str) -> int | None:
    """Return where the value of member ``name`` begins in the object that opens at ``start``."""
    at = _skip(text, start + 1)
    while text[at : at + 1] != "}":
        key, at = _DECODER.raw_decode(text, at)
        at = _expect(text, _skip(text, at), ":")
        if key == name:
            return at
        at = _skip(text, _DECODER.raw_decode(text, at)[1])
        if text[at : at + 1] != "}":
            at = _expect(text, at, ",")
    return None


def _members(text: str, start: int) -> Iterator[Slice]:
    """Yield every member of the container that opens at ``start``."""
    closing = "}" if text[start] == "{" else "]"
    at = _skip(text, start + 1)
    while text[at : at + 1] != closing:
        name = ""
        if closing == "}":
            name, at = _DECODER.raw_decode(text, at)
            at = _expect(text, _skip(text, at), ":")
        value, end = _DECODER.raw_decode(text, at)
        yield Slice(name, value, text[at:end])
        at = _skip(text, end)
        if text[at : at + 1] != closing:
            at = _expect(text, at, ",")


def _expect(text: str, at: int, sign: str) -> int:
    if text[at : at + 1] != sign:
        raise ValueError(f"expected {sign!r} at position {at}")
    return _skip(text, at + 1)


def dumps(value: Any, unquoted: frozenset[int] = frozenset()) -> str:
    """Write ``value`` as JSON; strings whose ``id`` is in ``unquoted`` are numbers and stay bare.

    For records that reach us as parsed objects (through ccxt's unified calls).
    """
    if isinstance(value, str):
        return value if id(value) in unquoted else json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        members = (f"{json.dumps(str(k))}: {dumps(v, unquoted)}" for k, v in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(dumps(item, unquoted) for item in value) + "]"
    if isinstance(value, float):
        raise TypeError("a float has already lost digits")
    return json.dumps(value)
