"""Keeps what exchanges report at the end of each run, as checkpoints for reconciliation."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from portfolio.engine import money
from portfolio.engine.checkpoints import Seen, replaces
from portfolio.models import Checkpoint, Connection, Holding, Posting


def keep(connection: Connection, *, is_provisional: bool) -> None:
    """Holds all reported balances against the ledger; call it in the transaction that ends a run.

    ``is_provisional`` says that some stream was not up to date.
    """
    at = Connection.objects.values_list("balances_at", flat=True).get(pk=connection.pk)
    if at is None:
        return
    known = _latest(connection)
    later = booked_after(connection, at)
    fresh, moved = [], []
    for holding in connection.holdings.exclude(reported__isnull=True):
        ledger = money.add(holding.quantity, money.negate(later[holding.wallet, holding.asset]))
        point = _checkpoint(holding, at, ledger, is_provisional=is_provisional)
        last, before = ([*known.get(holding.pk, []), None, None])[:2]
        if not _is_news(point, last):
            continue
        if last is not None and replaces(_seen(before), _seen(last), _seen(point)):
            point.pk = last.pk
            moved.append(point)
        else:
            fresh.append(point)
    Checkpoint.objects.bulk_create(fresh)
    Checkpoint.objects.bulk_update(moved, ["at", "reported", "ledger", "is_provisional"])


def _latest(connection: Connection) -> dict[int, list[Checkpoint]]:
    """The two latest checkpoints of each holding, newest first, however many there are before."""
    rows: dict[int, list[Checkpoint]] = defaultdict(list)
    for row in Checkpoint.objects.raw(_LATEST, [connection.pk]):
        rows[row.holding_id].append(row)
    return rows


_LATEST = """
    SELECT latest.* FROM portfolio_holding holding
    CROSS JOIN LATERAL (
        SELECT * FROM portfolio_checkpoint checkpoint
        WHERE checkpoint.holding_id = holding.id ORDER BY checkpoint.at DESC LIMIT 2
    ) latest
    WHERE holding.connection_id = %s
    ORDER BY latest.holding_id, latest.at DESC
"""


def booked_after(connection: Connection, at: datetime) -> dict[tuple[str, str], Decimal]:
    """What is booked of the time after the balances were reported, by wallet and asset."""
    postings = Posting.objects.counted().filter(
        owner=connection.owner_id, connection=connection, occurred_at__gt=at
    )
    sums = postings.order_by().values_list("wallet", "asset").annotate(total=Sum("amount"))
    result: dict[tuple[str, str], Decimal] = defaultdict(lambda: money.ZERO)
    result.update({(wallet, asset): total for wallet, asset, total in sums})
    return result


def _checkpoint(
    holding: Holding, at: datetime, ledger: Decimal, *, is_provisional: bool
) -> Checkpoint:
    return Checkpoint(
        holding=holding,
        at=at,
        reported=holding.reported or money.ZERO,
        ledger=ledger,
        is_provisional=is_provisional,
    )


def _is_news(point: Checkpoint, last: Checkpoint | None) -> bool:
    """False for an answer that is kept already, and where nothing has ever been."""
    if last is None:
        return bool(point.reported or point.ledger)
    return point.at > last.at


def _seen(row: Checkpoint | None) -> Seen | None:
    if row is None:
        return None
    return Seen(row.at, row.reported, money.add(row.reported, money.negate(row.ledger)))
