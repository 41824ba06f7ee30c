"""JSON as tables: Coffer's own lines, and documents that hold a list of flat objects.

A file of lines has one column, the lines as they stand, so that nothing of them is lost. Of a
document the names of its objects are the heading, which is nowhere in the file: line 0.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NoReturn

from portfolio.imports.decoding import Line
from portfolio.imports.format import NotUnderstood
from portfolio.imports.limits import MEGABYTE, Limits

LINES = "coffer-jsonl"
_LIST = "activities"  # Ghostfolio's
_DOCUMENT = 20 * MEGABYTE  # a document is held as a whole
_LONGEST = MEGABYTE  # of one line
_BLANK = b"\xef\xbb\xbf \t\r\n"


def is_json(file: BinaryIO) -> bool:
    """Whether a text file begins as JSON does."""
    file.seek(0)
    return file.read(1024).lstrip(_BLANK)[:1] in (b"{", b"[")


def lines(file: BinaryIO, limits: Limits) -> Iterator[Line]:
    """The heading and the rows. May raise NotUnderstood."""
    file.seek(0)
    if f'"format":"{LINES}"'.encode() in file.readline(_LONGEST):
        yield from _of_lines(file)
    else:
        yield from _of_document(file, limits)


def _of_lines(file: BinaryIO) -> Iterator[Line]:
    file.seek(0)
    yield 0, [LINES]
    number = 0
    while found := file.readline(_LONGEST):
        number += 1
        if len(found) == _LONGEST:
            raise NotUnderstood(f"a line of more than {_LONGEST:,} bytes", line=number)
        try:
            yield number, [found.decode("utf-8-sig").strip()]
        except UnicodeDecodeError:
            raise NotUnderstood("the text breaks off or is damaged", line=number) from None


def _of_document(file: BinaryIO, limits: Limits) -> Iterator[Line]:
    objects = _objects(_document(file))
    names = list(dict.fromkeys(name for found in objects for name in found))
    limits.check_columns(len(names), 0)
    yield 0, names
    for number, found in enumerate(objects, start=1):
        cells = [_cell(found.get(name)) for name in names]
        for cell in cells:
            limits.check_cell(cell, number)
        yield number, cells


def _document(file: BinaryIO) -> Any:
    if file.seek(0, io.SEEK_END) > _DOCUMENT:
        raise NotUnderstood(f"a JSON document of more than {_DOCUMENT >> 20} MB")
    file.seek(0)
    try:
        text = file.read().decode("utf-8-sig")
        # Numbers stay as they are written.
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise NotUnderstood("it begins as JSON does, and is none that is whole") from None


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number")


def _objects(document: Any) -> list[dict[str, Any]]:
    """The list of objects, with the names of accounts in place of their ids."""
    found = document.get(_LIST) if isinstance(document, dict) else document
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise NotUnderstood(f"a JSON document without a list of {_LIST}")
    accounts = document.get("accounts") if isinstance(document, dict) else None
    names = {
        each.get("id"): each.get("name")
        for each in (accounts if isinstance(accounts, list) else ())
        if isinstance(each, dict) and isinstance(each.get("id"), str)
    }
    if names:
        for each in found:
            ident = each.get("accountId")
            each["accountId"] = (names.get(ident) if isinstance(ident, str) else None) or ident
    return found


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
