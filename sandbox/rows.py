"""Troubles in the rows of an answer, whatever exchange it is of: found in the JSON, not asked for.

The rows are the first list of objects in the answer, else the deepest object of objects (which is
how Kraken writes a list).
"""

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from sandbox.faults import Fault
from sandbox.http import Request, Response

Rows = list[Any] | dict[str, Any]
KINDS = ("empty_page", "unordered_rows", "doubled_rows", "altered_rows")


class RowTroubles:
    """Spoils rows; remembers the answers to be repeated, and which pages were full."""

    def __init__(self) -> None:
        self._before: dict[tuple[int, str, str], bytes] = {}
        self._full: dict[tuple[str, str], bool] = {}

    def spoil(self, request: Request, response: Response, faults: Mapping[str, Fault]) -> None:
        """Change the answer as the faults say."""
        if response.status != 200 or response.drop:
            return
        place = request.path, _asked_by(request)
        if "repeated_page" in faults:
            first = (faults["repeated_page"].id, *place)
            response.body = self._before.setdefault(first, response.body)
        wanted = [kind for kind in KINDS if kind in faults]
        if wanted:
            self._change(place, response, {kind: faults[kind] for kind in wanted})
        else:
            self._full.pop(place, None)

    def _change(
        self, place: tuple[str, str], response: Response, faults: Mapping[str, Fault]
    ) -> None:
        answer = json.loads(response.body, parse_float=_Digits)
        for kind, fault in faults.items():
            if kind == "empty_page" and not self._empties(place, answer, fault):
                continue
            answer = _replaced(answer, partial(_CHANGES[kind], fault=fault))
        response.body = _written(answer).encode()

    def _empties(self, place: tuple[str, str], answer: Any, fault: Fault) -> bool:
        """Whether this page is to be empty: any, or only the page after one with so many rows."""
        wanted = fault.option("after_full", 0)
        followed = self._full.get(place, False)
        self._full[place] = any(len(rows) >= wanted for rows in _found(answer))
        return followed if wanted else True


class _Digits(float):
    """A fraction that is written again as it was read."""

    def __new__(cls, digits: str) -> "_Digits":
        made = super().__new__(cls, digits)
        made.digits = digits
        return made

    digits: str


def _asked_by(request: Request) -> str:
    """Whose request it is and for what (a pair, a coin), without where the page begins."""
    names = sorted(name for name in request.headers if name.endswith("key"))
    # A body of JSON may hold lists and objects beside the words.
    asked = [value for _, value in sorted(request.params.items()) if isinstance(value, str)]
    words = [value for value in asked if _WORD.fullmatch(value)]
    return " ".join([*(request.headers[name] for name in names), *words])


_WORD = re.compile(r"[A-Za-z_-]{2,16}")


def _found(answer: Any) -> Iterator[Rows]:
    """The rows of an answer, if it has any."""
    found: list[Rows] = []
    _replaced(answer, lambda rows: found.append(rows) or rows)  # type: ignore[func-returns-value]
    yield from found


def _replaced(answer: Any, change: Callable[[Rows], Rows]) -> Any:
    """The answer with its rows changed."""
    path = _path_of_list(answer)
    if path is None:
        path = _path_of_objects(answer)
    return answer if path is None else _at(answer, path, change)


def _at(value: Any, path: list[str], change: Callable[[Rows], Rows]) -> Any:
    if not path:
        return change(value)
    return {**value, path[0]: _at(value[path[0]], path[1:], change)}


def _path_of_list(value: Any) -> list[str] | None:
    """Where the first list of objects is; only objects are gone into."""
    if isinstance(value, list):
        return [] if value and all(isinstance(row, dict) for row in value) else None
    if not isinstance(value, dict):
        return None
    for name, inner in value.items():
        path = _path_of_list(inner)
        if path is not None:
            return [name, *path]
    return None


def _path_of_objects(value: Any) -> list[str] | None:
    """Where the deepest object is that has only objects in it."""
    if not isinstance(value, dict) or not value:
        return None
    for name, inner in value.items():
        path = _path_of_objects(inner)
        if path is not None:
            return [name, *path]
    return [] if all(isinstance(inner, dict) for inner in value.values()) else None


# --- What is done to them -----------------------------------------------------------------------


def _none(rows: Rows, fault: Fault) -> Rows:
    return [] if isinstance(rows, list) else {}


def _unordered(rows: Rows, fault: Fault) -> Rows:
    def place(row: Any) -> int:
        return zlib.crc32(_written(row).encode())

    if isinstance(rows, list):
        return sorted(rows, key=place)
    return dict(sorted(rows.items(), key=place))


def _doubled(rows: Rows, fault: Fault) -> Rows:
    # An object cannot hold a name twice and stay readable by everybody, so those stay as they are.
    return [row for row in rows for _ in range(2)] if isinstance(rows, list) else rows


def _altered(rows: Rows, fault: Fault) -> Rows:
    every = max(fault.option("every_record", 1), 1)

    def altered(row: Any) -> Any:
        hit = zlib.crc32(_written(row).encode()) % every == 0
        return _with(row, fault.text("field").split("."), fault.text("value")) if hit else row

    if isinstance(rows, list):
        return [altered(row) for row in rows]
    return {name: altered(row) for name, row in rows.items()}


def _with(row: Any, path: list[str], value: str) -> Any:
    """The row with one member of another value, or without it."""
    name, *rest = path
    if rest:
        inner = row.get(name)
        return {**row, name: _with(inner, rest, value)} if isinstance(inner, dict) else row
    left = {known: inner for known, inner in row.items() if known != name}
    return {**left, name: _Literal(value)} if value else left


class _Literal(str):
    """A text that is written into the JSON as it is."""

    __slots__ = ()


_CHANGES: Mapping[str, Callable[..., Rows]] = {
    "empty_page": _none,
    "unordered_rows": _unordered,
    "doubled_rows": _doubled,
    "altered_rows": _altered,
}


def _written(value: Any) -> str:
    """JSON in which literals and fractions stand as they are."""
    if isinstance(value, _Literal):
        return str(value)
    if isinstance(value, _Digits):
        return value.digits
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(k)}:{_written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value)
