"""The open findings when a tax report was made, with the money of its year that each could change.

What could change is what stands on it: the lines of the transactions a finding is about and of the
lots they brought, and of coins in a pool all lines of the asset. A finding about an asset touches
all lines of it. What a finding about no asset could change nobody knows: records that are missing
may be of any.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection as database

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.money import plain
from portfolio.engine.types import TransactionKind
from portfolio.models import Finding, TaxReport, Transaction
from portfolio.selectors.findings import Row, row_of

# Of these causes the subject begins with the transactions that it is about.
_UNCLEAR = "unclassified"
_ABOUT = {"one-sided": 1, "transfer": 2, "duplicate": 2}


@dataclass(frozen=True, slots=True)
class Touched:
    """What of a year stands on something, in the report's currency; None: a price is unknown."""

    proceeds: Decimal | None
    gain: Decimal | None
    income: Decimal | None

    def told(self) -> dict[str, str | None]:
        """As JSON."""
        sums = {"proceeds": self.proceeds, "gain": self.gain, "income": self.income}
        return {name: None if value is None else plain(value) for name, value in sums.items()}


def open_findings(user: User, report: TaxReport) -> list[dict[str, Any]]:
    """The open findings of a report's accounts as JSON, the most money of the year first.

    The lines must be stored. ``touched`` is None where nobody knows what it could change.
    """
    rows = Finding.objects.of(user).open().select_related("connection").order_by("pk")
    found = [
        finding
        for finding in rows
        if finding.connection is None or finding.connection.environment == report.environment
    ]
    touched = _touched(report, found)
    told = [_told(row_of(finding), mine) for finding, mine in zip(found, touched, strict=True)]
    return sorted(told, key=_size)


def _told(row: Row, touched: Touched | None) -> dict[str, Any]:
    finding = row.finding
    return {
        "cause": finding.cause,
        "line": row.line,
        "account": "" if finding.connection_id is None else str(finding.connection_id),
        "asset": finding.asset,
        "quantity": None if finding.quantity is None else plain(finding.quantity),
        "value": None if finding.value is None else plain(finding.value),
        "currency": finding.currency,
        "touched": touched and touched.told(),
    }


def _size(told: dict[str, Any]) -> tuple[bool, Decimal]:
    """Unknown money first, then the most."""
    touched = told["touched"]
    if touched is None:
        return (False, Decimal(-1))
    if None in touched.values():
        return (False, money.ZERO)
    sums = [Decimal(touched[name]).copy_abs() for name in ("proceeds", "income")]
    return (True, money.negate(money.total(sums)))


# --- What stands on them ----------------------------------------------------------------------

# The columns of a question: its number, a transaction or null, an asset.
_TOUCHED = """
    WITH asked AS (
        SELECT * FROM unnest(%s::int[], %s::bigint[], %s::text[]) AS a(number, transaction, asset)
    ), line AS (
        SELECT * FROM portfolio_taxline
        WHERE report_id = %s AND part IN ('disposal', 'income')
    ), wide AS (SELECT DISTINCT number, asset, transaction IS NULL AS is_all FROM asked),
    hit AS (
        SELECT a.number, l.id FROM asked a
        JOIN line l ON l.transaction = a.transaction AND l.asset = a.asset
        UNION
        SELECT a.number, l.id FROM asked a
        JOIN line l ON l.lot_transaction = a.transaction AND l.asset = a.asset
        UNION
        SELECT w.number, l.id FROM wide w JOIN line l ON l.asset = w.asset
        WHERE w.is_all OR (l.part = 'disposal' AND l.lot_transaction IS NULL AND l.match <> 'none')
    )
    SELECT hit.number,
           CASE WHEN BOOL_AND(l.proceeds IS NOT NULL OR l.part = 'income')
                THEN COALESCE(SUM(l.proceeds), 0) END,
           CASE WHEN BOOL_AND(l.proceeds IS NOT NULL OR l.part = 'income')
                THEN COALESCE(SUM(l.proceeds - l.cost + COALESCE(l.denied, 0)), 0) END,
           CASE WHEN BOOL_AND(l.value IS NOT NULL OR l.part <> 'income')
                THEN COALESCE(SUM(l.value) FILTER (WHERE l.part = 'income'), 0) END
    FROM hit JOIN line l ON l.id = hit.id GROUP BY hit.number
"""
Question = tuple[int, int | None, str]  # number, transaction, asset
_NOTHING = Touched(money.ZERO, money.ZERO, money.ZERO)


def standing_on(report: TaxReport, questions: Iterable[Question]) -> dict[int, Touched]:
    """What of a report's year stands on transactions and assets, by number; one query."""
    asked = list(questions)
    if not asked:
        return {}
    columns: list[Sequence[Any]] = list(zip(*asked, strict=True))
    with database.cursor() as cursor:
        cursor.execute(_TOUCHED, [*(list(column) for column in columns), report.pk])
        return {number: Touched(*sums) for number, *sums in cursor.fetchall()}


def _touched(report: TaxReport, found: Sequence[Finding]) -> list[Touched | None]:
    unclear = _unclear(found)
    asked = [
        (number, transaction, finding.asset)
        for number, finding in enumerate(found)
        if finding.asset
        for transaction in _transactions(finding, unclear)
    ]
    sums = standing_on(report, asked)
    return [
        sums.get(number, _NOTHING) if finding.asset else None
        for number, finding in enumerate(found)
    ]


def _transactions(finding: Finding, unclear: Mapping[UUID, list[int]]) -> Sequence[int | None]:
    """The transactions it is about; [None] where it is about all of the asset."""
    if finding.cause == _UNCLEAR and finding.connection_id is not None:
        return unclear.get(finding.connection_id, [])
    number = _ABOUT.get(finding.cause)
    if number is None:
        return [None]
    return [int(part) for part in finding.subject.split(":")[:number]]


def _unclear(found: Iterable[Finding]) -> dict[UUID, list[int]]:
    """The transactions of no known kind, by account; one query."""
    accounts = {row.connection_id for row in found if row.cause == _UNCLEAR and row.connection_id}
    result: dict[UUID, list[int]] = {account: [] for account in accounts}
    rows = Transaction.objects.current().filter(
        connection__in=accounts, kind=TransactionKind.UNCLASSIFIED
    )
    for account, number in rows.values_list("connection_id", "pk"):
        result[account].append(number)
    return result


# --- What was taken for granted ---------------------------------------------------------------

_ASSUMED = """
    SELECT DISTINCT subkind, transaction, asset FROM portfolio_taxline
    WHERE report_id = %s AND part = 'assumed' AND transaction IS NOT NULL
"""


def assumed(report: TaxReport) -> dict[str, dict[str, str | None]]:
    """What of the year stands on each kind of what was taken for granted; two queries."""
    with database.cursor() as cursor:
        cursor.execute(_ASSUMED, [report.pk])
        rows = cursor.fetchall()
    kinds = sorted({kind for kind, _, _ in rows})
    asked = [(kinds.index(kind), transaction, asset) for kind, transaction, asset in rows]
    sums = standing_on(report, asked)
    return {kind: sums.get(number, _NOTHING).told() for number, kind in enumerate(kinds)}
