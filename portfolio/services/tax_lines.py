"""The lines of a tax report: made of a computed year, stored, and fingerprinted."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from portfolio.engine.money import plain
from portfolio.engine.tax.from_ledger import Translation
from portfolio.engine.tax.place import Year
from portfolio.engine.tax.types import Disposal, Remaining
from portfolio.models import TaxLine, TaxReport

Part = TaxLine.Part
_BATCH = 1000
Columns = dict[str, Any]


def of_year(year: Year, made: Translation) -> Iterator[TaxLine]:
    """All lines of a year, in order; positions count from 0 within each part."""
    sources = made.sources
    parts: tuple[tuple[TaxLine.Part, Iterable[Columns]], ...] = (
        (Part.DISPOSAL, (_disposal(row, year, made) for row in year.disposals)),
        (Part.APART, (_disposal(row, year, made) for row in year.apart)),
        (Part.INCOME, _income(year, made)),
        (Part.CONTRACT, _contracts(year)),
        (Part.OPENING, (_lot(row, sources, year.opening_values) for row in year.opening)),
        (Part.CLOSING, (_lot(row, sources, year.closing_values) for row in year.closing)),
        (Part.ASSUMED, _assumed(year, made)),
    )
    for part, rows in parts:
        for position, columns in enumerate(rows):
            yield TaxLine(part=part, position=position, **columns)


def _disposal(row: Disposal, year: Year, made: Translation) -> Columns:
    acquired = row.acquired
    is_moment = isinstance(acquired, datetime)
    return {
        "at": row.time,
        "on": row.on,
        "asset": row.asset,
        "account": made.accounts[row.event],
        "amount": row.amount,
        "proceeds": row.proceeds,
        "cost": row.cost_basis,
        "denied": row.denied or None,
        "acquired_at": acquired if is_moment else None,
        "acquired_on": None if is_moment else acquired,
        "term": row.term.value if row.term else "",
        "match": row.match.value,
        "subkind": year.subkinds.get(row.event, ""),
        "transaction": made.sources[row.event],
        "lot_transaction": None if row.lot is None else made.sources[row.lot],
    }


def _income(year: Year, made: Translation) -> Iterator[Columns]:
    for line in year.income:
        yield {
            "at": line.time,
            "on": line.on,
            "asset": line.asset,
            "account": made.accounts[line.event],
            "amount": line.amount,
            "value": line.value,
            "subkind": year.subkinds.get(line.event, ""),
            "transaction": made.sources[line.event],
        }


def _contracts(year: Year) -> Iterator[Columns]:
    for line in year.contracts:
        yield {
            "at": line.time,
            "asset": line.asset,
            "account": line.account,
            "amount": line.amount,
            "value": line.value,
            "subkind": line.kind.value,
            "transaction": line.transaction,
        }


def _lot(
    row: Remaining, sources: Sequence[int], worth: Callable[[str, Decimal], Decimal | None]
) -> Columns:
    return {
        "asset": row.asset,
        "account": row.wallet,
        "amount": row.amount,
        "cost": row.cost_basis,
        "value": worth(row.asset, row.amount),
        "acquired_at": row.acquired,
        "lot_transaction": None if row.lot is None else sources[row.lot],
    }


def _assumed(year: Year, made: Translation) -> Iterator[Columns]:
    """What was taken for granted in the year, and before it of lots that are used in it."""
    used = {made.sources[row.lot] for row in year.disposals if row.lot is not None}
    for found in made.assumptions:
        if year.begin <= found.time < year.end or found.transaction in used:
            yield {
                "at": found.time,
                "asset": found.asset,
                "account": found.account,
                "amount": found.amount,
                "value": found.value,
                "subkind": found.what.value,
                "transaction": found.transaction,
            }
    for short in year.shortfalls:
        yield {
            "asset": short.asset,
            "amount": short.missing,
            "subkind": NOT_HELD,
            "transaction": made.sources[short.event],
        }


NOT_HELD = "not_held"  # more was disposed of than was held: taken at no cost
_COLUMNS = tuple(
    field.attname
    for field in TaxLine._meta.concrete_fields
    if field.attname not in ("id", "report_id")
)


def store(report: TaxReport, lines: Iterable[TaxLine]) -> tuple[str, dict[str, int]]:
    """Stores the lines of a report; their SHA-256, and how many there are of each part.

    Runs inside the caller's database transaction.
    """
    digest, counts = hashlib.sha256(), dict.fromkeys(Part.values, 0)
    batch: list[TaxLine] = []
    for line in lines:
        line.report = report
        digest.update(_told(line))
        counts[line.part] += 1
        batch.append(line)
        if len(batch) == _BATCH:
            TaxLine.objects.bulk_create(batch)
            batch.clear()
    TaxLine.objects.bulk_create(batch)
    return digest.hexdigest(), counts


def _told(line: TaxLine) -> bytes:
    """A line as text: the same line gives the same bytes."""
    told = [_plain(getattr(line, name)) for name in _COLUMNS]
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date | datetime) else value
