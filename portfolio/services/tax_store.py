"""Stores the lines of a tax report, fingerprints them, and keeps their sums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database

from portfolio.engine.money import plain
from portfolio.models import TaxLine, TaxReport
from portfolio.selectors import tax_pages, tax_sums
from portfolio.services.tax_lines import Columns

_FIELDS = [
    field for field in TaxLine._meta.concrete_fields if field.attname not in ("id", "report_id")
]
_EMPTY = {field.attname: None if field.null else "" for field in _FIELDS}
_COPY = f"COPY {TaxLine._meta.db_table} (report_id, {{}}) FROM STDIN".format(
    ", ".join(f'"{field.column}"' for field in _FIELDS)
)
_JSON = json.JSONEncoder(ensure_ascii=False).encode


class Store:
    """Takes the lines of a report batch by batch; tells how many there are, and their SHA-256."""

    def __init__(self, report: TaxReport) -> None:
        self._report = report
        self._digest = hashlib.sha256()
        self.counts = dict.fromkeys(TaxLine.Part.values, 0)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    @property
    def number(self) -> int:
        """Lines stored so far."""
        return sum(self.counts.values())

    def add(self, batch: Iterable[Columns]) -> None:
        """Stores some lines, in the caller's database transaction."""
        report_id, update = self._report.pk, self._digest.update
        with database.cursor() as cursor, cursor.copy(_COPY) as copy:
            for columns in batch:
                row = tuple((_EMPTY | columns).values())
                update(_JSON([_plain(value) for value in row]).encode() + b"\n")
                copy.write_row((report_id, *row))
                self.counts[columns["part"]] += 1


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


def sums(report: TaxReport) -> dict[str, Any]:
    """What the lines add up to by asset, and what was assumed by kind; as JSON."""
    return {
        "assets": [tax_sums.told_by_asset(row) for row in tax_sums.summed_by_asset(report)],
        "assumed": tax_sums.summed_assumed(report),
        "at_loss": tax_pages.losing(report).count(),
    }


def analyse() -> None:
    """Lets PostgreSQL learn of many new lines: by what it knew before, sums take minutes."""
    with database.cursor() as cursor:
        cursor.execute(f"ANALYZE {TaxLine._meta.db_table}")
