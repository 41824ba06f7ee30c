"""A format for tests of what is around formats: rows with and without ids, of several accounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from portfolio.engine.types import Event, Movement, TransactionKind
from portfolio.imports import registry, values
from portfolio.imports.format import Entry, ImportFormat, LeftOut, NotUnderstood, Reading, Row

HEADING = ("Date", "What", "Amount", "Coin", "Account", "Id")
KINDS = {kind.value: kind for kind in TransactionKind}


def _entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    for row in rows:
        if row.cells["What"] == "cancelled":
            yield LeftOut((row,), "it was cancelled")
        else:
            yield Entry((row,), account=row.cells["Account"], ident=row.cells["Id"])


def _event(entry: Entry, reading: Reading) -> Event:
    cells = entry.rows[0].cells
    amount = values.amount(cells["Amount"], reading)
    if amount is None:
        raise NotUnderstood("Amount is empty", line=entry.rows[0].line)
    at = values.moment(cells["Date"], reading, *(["%d/%m/%Y"] if reading.day_first else []))
    kind = KINDS.get(cells["What"], TransactionKind.UNCLASSIFIED)
    detail = {"type": cells["What"]}
    return Event("", kind, at, (Movement("main", cells["Coin"], amount),), detail)


def made(**changes: Any) -> ImportFormat:
    """The format, with what a test wants otherwise."""
    fields: dict[str, Any] = {
        "id": "small",
        "title": "Small",
        "description": "For tests.",
        "headings": (HEADING,),
        "entries": _entries,
        "event": _event,
    }
    return ImportFormat(**(fields | changes))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> ImportFormat:
    """The format, found beside the product's own."""
    return add(monkeypatch, made())


def add(monkeypatch: pytest.MonkeyPatch, *formats: ImportFormat) -> ImportFormat:
    """Puts formats in the place of those with the same ids, or beside the others."""
    ids = {known.id for known in formats}
    others = tuple(known for known in registry.formats() if known.id not in ids)
    found = (*others, *formats)
    monkeypatch.setattr(registry, "formats", lambda: found)
    monkeypatch.setattr(registry, "_by_id", lambda: {known.id: known for known in found})
    return formats[0]


def text(*rows: str) -> str:
    """A file of rows with the cells of HEADING."""
    return "\n".join([",".join(HEADING), *rows, ""])
