"""Reads the proof sheet of a connection: every wallet and asset, from the records to the report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import Sum

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.reconcile import discrepancy
from portfolio.engine.types import TransactionKind
from portfolio.models import Connection, Holding, ManualEntry
from portfolio.selectors.daily_totals import first_unsummed, start_of

Place = tuple[str, str]  # wallet, asset
FEES = "fees"
OPENING = "opening"


@dataclass(frozen=True, slots=True)
class KindSum:
    """What one kind of transaction moved in all; fees are a kind of their own."""

    kind: str
    amount: Decimal
    number: int  # of postings


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One wallet and asset: opening and kinds add up to the ledger's balance."""

    wallet: str
    asset: str
    opening: Decimal
    sums: tuple[KindSum, ...]
    ledger: Decimal
    reported: Decimal | None
    difference: Decimal | None  # reported less ledger; None while it was never asked

    @property
    def records(self) -> Decimal:
        """What all records moved, without the opening."""
        return money.total(part.amount for part in self.sums)

    @property
    def agrees(self) -> bool | None:
        """None until the exchange was asked."""
        return None if self.difference is None else not self.difference


@dataclass(frozen=True, slots=True)
class Proof:
    """The proof sheet of one connection."""

    connection: Connection
    as_of: datetime | None
    rows: tuple[ProofRow, ...]
    kinds: tuple[str, ...]  # those that moved anything, in the order of the columns

    @property
    def differing(self) -> int:
        """How many rows do not agree."""
        return sum(row.agrees is False for row in self.rows)


def proof(user: User, connection_id: UUID) -> Proof:
    """All wallets and assets of a connection, in five queries. May raise DoesNotExist."""
    connection = Connection.objects.of(user).get(pk=connection_id)
    sums = _sums(connection)
    openings = _openings(connection)
    holdings = connection.holdings.all()
    rows = [_row(h, sums[h.wallet, h.asset], openings[h.wallet, h.asset]) for h in holdings]
    shown = [row for row in rows if row.ledger or row.reported or row.sums or row.opening]
    return Proof(
        connection=connection,
        as_of=connection.balances_at,
        rows=tuple(sorted(shown, key=_order)),
        kinds=_kinds(shown),
    )


def proof_row(holding: Holding) -> ProofRow:
    """One wallet and asset, in three queries."""
    place = (holding.wallet, holding.asset)
    sums = _sums(holding.connection, place)
    openings = _openings(holding.connection, place)
    return _row(holding, sums[place], openings[place])


def _order(row: ProofRow) -> tuple[bool, bool, str, str]:
    is_empty = not row.ledger and not row.reported
    return (row.agrees is not False, is_empty, row.wallet, row.asset)


def _sums(connection: Connection, place: Place | None = None) -> dict[Place, list[KindSum]]:
    """What each kind moved, by place: stored days, and the postings since; without openings."""
    day = first_unsummed(connection.owner_id)
    wallet, asset = place or (None, None)
    values: dict[str, Any] = {
        "owner": connection.owner_id,
        "connection": connection.pk,
        "wallet": wallet,
        "asset": asset,
        "day": day,
        "start": start_of(day),
        "opening": ManualEntry.Kind.OPENING.value,
        "fees": FEES,
    }
    result: dict[Place, list[KindSum]] = defaultdict(list)
    with database.cursor() as cursor:
        cursor.execute(_SUMS, values)
        for held_in, code, kind, amount, number in cursor:
            result[held_in, code].append(KindSum(kind, amount, int(number)))
    return result


_SUMS = """
    SELECT wallet, asset, kind, SUM(amount), SUM(number) FROM (
        SELECT wallet, asset, CASE WHEN is_fee THEN %(fees)s ELSE kind END AS kind,
               came + went AS amount, number
        FROM portfolio_dailytotal
        WHERE owner_id = %(owner)s AND connection_id = %(connection)s AND "on" < %(day)s
        UNION ALL
        SELECT p.wallet, p.asset, CASE p.role WHEN 'fee' THEN %(fees)s ELSE t.kind END,
               SUM(p.amount), COUNT(*)
        FROM portfolio_posting p JOIN portfolio_transaction t ON t.id = p.transaction_id
        WHERE p.owner_id = %(owner)s AND p.connection_id = %(connection)s
          AND p.occurred_at >= %(start)s AND p.counts
        GROUP BY 1, 2, 3
        UNION ALL
        SELECT p.wallet, p.asset, t.kind, -p.amount, -1
        FROM portfolio_manualentry e
        JOIN portfolio_transaction t ON t.id = e.transaction_id
        JOIN portfolio_posting p ON p.transaction_id = t.id
        WHERE e.connection_id = %(connection)s AND e.kind = %(opening)s AND p.counts
    ) parts
    WHERE (%(wallet)s::text IS NULL OR wallet = %(wallet)s)
      AND (%(asset)s::text IS NULL OR asset = %(asset)s)
    GROUP BY wallet, asset, kind HAVING SUM(number) <> 0
"""


def _openings(connection: Connection, place: Place | None = None) -> dict[Place, Decimal]:
    entries = ManualEntry.objects.filter(
        connection=connection, kind=ManualEntry.Kind.OPENING, transaction__isnull=False
    )
    if place is not None:
        entries = entries.filter(wallet=place[0], asset=place[1])
    sums = entries.order_by().values_list("wallet", "asset").annotate(total=Sum("amount"))
    result: dict[Place, Decimal] = defaultdict(lambda: money.ZERO)
    result.update({(wallet, asset): total for wallet, asset, total in sums})
    return result


_COLUMNS = [*(kind.value for kind in TransactionKind), FEES]


def _kinds(rows: Iterable[ProofRow]) -> tuple[str, ...]:
    return tuple(sorted({part.kind for row in rows for part in row.sums}, key=_rank))


def _rank(kind: str) -> int:
    return _COLUMNS.index(kind) if kind in _COLUMNS else len(_COLUMNS)


def _row(holding: Holding, sums: Sequence[KindSum], opening: Decimal) -> ProofRow:
    return ProofRow(
        wallet=holding.wallet,
        asset=holding.asset,
        opening=opening,
        sums=tuple(sorted(sums, key=lambda part: _rank(part.kind))),
        ledger=holding.quantity,
        reported=holding.reported,
        difference=discrepancy(holding.quantity, holding.reported),
    )
