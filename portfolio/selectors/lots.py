"""Reads the open lots of one asset: what came in and, first in first out, is still there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection as database

from portfolio.engine import lots, money
from portfolio.engine.lots import Lot
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.models import Posting, Transaction
from portfolio.selectors.asset_places import AssetPlaces
from portfolio.selectors.ledger import Mark

PAGE_SIZE = 50
INCOME = (
    TransactionKind.REWARD,
    TransactionKind.INTEREST,
    TransactionKind.AIRDROP,
    TransactionKind.MINING,
    TransactionKind.FORK,
)

# What came in, by transaction, net of fees in the same asset; zero where nothing was left of it.
# Coins on their way between the user's own accounts keep their lots: what an accepted transfer
# brought is no arrival. The limit is within, so that the index is walked no further.
_ARRIVALS = """
    SELECT p.transaction_id, p.id, p.occurred_at,
           CASE WHEN n.first = p.id THEN GREATEST(n.net - COALESCE(l.received, 0), 0) ELSE 0 END
           * %s AS quantity
    FROM (
        SELECT id, transaction_id, asset, occurred_at FROM portfolio_posting
        WHERE owner_id = %s AND asset = %s AND connection_id = ANY(%s) AND amount > 0 AND counts
          AND {where}
        ORDER BY occurred_at DESC, id DESC LIMIT %s
    ) p
    JOIN LATERAL (
        SELECT SUM(q.amount) AS net, MIN(q.id) FILTER (WHERE q.amount > 0) AS first
        FROM portfolio_posting q
        WHERE q.transaction_id = p.transaction_id AND q.asset = p.asset AND q.counts
    ) n ON TRUE
    LEFT JOIN LATERAL (
        SELECT SUM(received) AS received FROM portfolio_transferlink
        WHERE incoming_id = p.transaction_id AND received_asset = p.asset AND status = 'accepted'
    ) l ON TRUE
"""
_NEWER = "(occurred_at, id) >= (%s, %s)"
_OLDER = "occurred_at <= %s AND (occurred_at, id) < (%s, %s)"
_Arrival = tuple[int, int, datetime, Decimal]  # transaction, posting, time, quantity


@dataclass(frozen=True, slots=True)
class OpenLot:
    """One lot with where it came from; ``paid`` is empty where nothing is known to be given."""

    lot: Lot
    transaction: Transaction
    paid: tuple[tuple[str, Decimal], ...]  # for what is left of it, by asset, fees included
    postings: tuple[Posting, ...]  # of the transaction, those that count

    @property
    def is_income(self) -> bool:
        """Whether nothing was to be paid for it."""
        return self.transaction.kind in INCOME


@dataclass(frozen=True, slots=True)
class LotsPage:
    """One page of open lots, newest first; ``older`` is None where there are no more."""

    held: Decimal
    lots: tuple[OpenLot, ...]
    older: Mark | None


def page(places: AssetPlaces, *, older_than: Mark | None = None, size: int = PAGE_SIZE) -> LotsPage:
    """One page of open lots; the queries read what is shown or was on the pages before."""
    left = places.held
    if older_than is not None:
        left = money.add(left, money.negate(_newer(places, older_than)))
    rows = _arrivals(places, older_than, size + 1) if left > 0 else []
    found = list(lots.open_lots(left, (lots.arrived(ref, at, q) for ref, _, at, q in rows)))
    shown = found[:size]
    last = rows[len(shown) - 1] if len(found) > size else None
    older = Mark(last[2], last[1]) if last else None
    return LotsPage(places.held, _opened(places, shown), older)


def _each_group(
    places: AssetPlaces, where: str, values: Sequence[Any], limit: int | None
) -> tuple[str, list[Any]]:
    """The arrivals of every code, one statement: each walks its index from its own end."""
    parts, all_values = [], []
    for group in places.groups:
        parts.append(f"({_ARRIVALS.format(where=where)})")
        connections = list(group.connections)
        all_values += [group.factor, places.owner_id, group.code, connections, *values, limit]
    return " UNION ALL ".join(parts), all_values


def _newer(places: AssetPlaces, mark: Mark) -> Decimal:
    """What came in on the pages before."""
    statement, values = _each_group(places, _NEWER, [mark.occurred_at, mark.id], None)
    # Made of this module's own texts; values go in as parameters.
    asked = f"SELECT SUM(quantity) FROM ({statement}) newer"  # noqa: S608  # nosec B608
    with database.cursor() as cursor:
        cursor.execute(asked, values)
        (amount,) = cursor.fetchone()
    return amount or money.ZERO


def _arrivals(places: AssetPlaces, older_than: Mark | None, limit: int) -> list[_Arrival]:
    """The newest arrivals, in one query where most of what came in was one."""
    found: list[_Arrival] = []
    chunk = limit
    while True:
        rows = _read(places, older_than, chunk)
        found += [row for row in rows if row[3] > 0]
        if len(found) >= limit or len(rows) < chunk:
            return found[:limit]
        older_than, chunk = Mark(rows[-1][2], rows[-1][1]), chunk * 4


def _read(places: AssetPlaces, older_than: Mark | None, limit: int) -> list[_Arrival]:
    at = [] if older_than is None else [older_than.occurred_at] * 2 + [older_than.id]
    statement, values = _each_group(places, _OLDER if older_than else "TRUE", at, limit)
    order = "ORDER BY occurred_at DESC, id DESC LIMIT %s"
    asked = f"SELECT * FROM ({statement}) each_code {order}"  # noqa: S608  # nosec B608
    with database.cursor() as cursor:
        cursor.execute(asked, [*values, limit])
        rows: list[_Arrival] = cursor.fetchall()
    return rows


def _opened(places: AssetPlaces, found: Sequence[Lot]) -> tuple[OpenLot, ...]:
    """The lots with their transactions and what was given for them, in one query."""
    rows = Posting.objects.counted().filter(
        owner=places.owner_id, transaction__in=[lot.ref for lot in found]
    )
    loaded = rows.select_related("transaction__connection", "transaction__manual_entry")
    postings: dict[int, list[Posting]] = defaultdict(list)
    for posting in loaded.order_by("-role", "id") if found else ():
        postings[posting.transaction_id].append(posting)
    return tuple(_open_lot(lot, places, postings[lot.ref]) for lot in found)


def _open_lot(lot: Lot, places: AssetPlaces, postings: Sequence[Posting]) -> OpenLot:
    transaction = postings[0].transaction
    entry = getattr(transaction, "manual_entry", None)
    if entry is not None and entry.cost is not None:
        given = {entry.cost_currency: entry.cost}
    else:
        given = _given(p for p in postings if (p.connection_id, p.asset) not in places.pairs)
    paid = tuple((asset, lots.share(amount, lot)) for asset, amount in given.items())
    return OpenLot(lot, transaction, paid, tuple(postings))


def _given(postings: Iterable[Posting]) -> dict[str, Decimal]:
    """What left of other assets, fees last; nothing where only a fee left: that bought nothing."""
    found: dict[str, Decimal] = {}
    for posting in postings:
        if posting.amount < 0 and (found or posting.role != PostingRole.FEE):
            amount = money.negate(posting.amount)
            found[posting.asset] = money.add(found.get(posting.asset, money.ZERO), amount)
    return found
