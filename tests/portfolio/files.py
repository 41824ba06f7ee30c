"""Files for the tests of witnesses: a small format, and its records in a connection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import transaction

from portfolio.engine.types import Event, Movement, PostingRole, RecordKind, TransactionKind
from portfolio.exchanges.types import FetchedRecord
from portfolio.imports import bodies, registry
from portfolio.imports.format import Entry, ImportFormat, LeftOut, Reading, Row
from portfolio.models import Connection, Stream
from portfolio.services import ledger
from tests import factories

NOW = factories.NOW
START = datetime.fromtimestamp(1_760_000_000, NOW.tzinfo)
READING = Reading()
HEADING = ("time", "kind", "legs", "id", "key")


def _entries(rows: Iterable[Row], reading: Reading) -> Iterator[Entry | LeftOut]:
    for row in rows:
        yield Entry((row,), ident=row.cells["id"])


def _event(entry: Entry, reading: Reading) -> Event:
    cells = entry.rows[0].cells
    return Event(
        key=cells["key"],
        kind=TransactionKind(cells["kind"]),
        occurred_at=_at(cells["time"]),
        movements=tuple(_leg(text) for text in cells["legs"].split(";") if text),
        detail={"txid": cells["id"]} if cells["id"].startswith("0x") else {},
    )


def _at(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=NOW.tzinfo)


def _leg(text: str) -> Movement:
    amount, asset, *role = text.split()
    return Movement("spot", asset, Decimal(amount), PostingRole(*role or ["principal"]))


FORMATS = {
    ident: ImportFormat(ident, ident, "", (HEADING,), _entries, _event, rank=rank)
    for ident, rank in (("statement", 10), ("tool", 60))
}


def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the product know these formats."""
    monkeypatch.setattr(registry, "_by_id", lambda: FORMATS)


def line(
    legs: str, kind: str = "trade", *, second: float = 0, ident: str = "", key: str = ""
) -> tuple[str, ...]:
    """A row: amounts as in ``"0.5 BTC;-100 EUR;-1 EUR fee"``, so many seconds after START."""
    at = START + timedelta(seconds=second)
    return at.isoformat(), kind, legs, ident, key


def stream(of: Connection, ident: str = "statement") -> Stream:
    """The stream of a connection that holds records of this format."""
    key = f"import:{ident}"
    found = of.streams.filter(key=key).first()
    made = found or factories.stream(of, key, kind=RecordKind.IMPORT.value, record_count=0)
    made.connection = of
    return made


def bring(
    of: Connection, *lines: tuple[str, ...], ident: str = "statement", name: str = "a.csv"
) -> None:
    """Imports a file of these rows."""
    rows = [Row(n, dict(zip(HEADING, cells, strict=True))) for n, cells in enumerate(lines, 2)]
    into = stream(of, ident)
    seen: dict[str, int] = {}
    records = []
    for entry in _entries(rows, READING):
        assert isinstance(entry, Entry)
        mark = entry.ident or bodies.fingerprint(FORMATS[ident], entry)
        seen[mark] = seen.get(mark, 0) + 1
        body = bodies.encoded(FORMATS[ident], entry, READING)
        at = _at(entry.rows[0].cells["time"])
        records.append(FetchedRecord(f"{mark} {seen[mark]}", at, body))
    with transaction.atomic():
        ledger.store(into, records, endpoint=f"file: {name}", now=NOW)
