"""Keeps what is held in step with the postings that count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from django.db import connection as database
from django.db.models import F

from portfolio.engine import money
from portfolio.engine.types import Movement
from portfolio.models import BalanceMark, Connection, Posting, WhatIf


def add_to_holdings(
    connection: Connection, postings: Iterable[Posting | Movement], *, sign: int
) -> None:
    """Adds amounts to the quantities held (sign 1), or takes them back (sign -1)."""
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: money.ZERO)
    for posting in postings:
        place = (posting.wallet, posting.asset)
        amount = posting.amount if sign > 0 else money.negate(posting.amount)
        sums[place] = money.add(sums[place], amount)
    _add(connection, sums)


def _add(connection: Connection, sums: dict[tuple[str, str], Decimal]) -> None:
    with database.cursor() as cursor:
        cursor.executemany(
            """
            INSERT INTO portfolio_holding (owner_id, connection_id, wallet, asset, quantity)
            VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (connection_id, wallet, asset)
            DO UPDATE SET quantity = portfolio_holding.quantity + EXCLUDED.quantity
            """,
            [
                (connection.owner_id, connection.pk, wallet, asset, amount)
                for (wallet, asset), amount in sorted(sums.items())
            ],
        )


def change_by_hand(
    connection: Connection, *, gone: Iterable[Posting], come: Iterable[Posting]
) -> None:
    """Moves what is held from some postings to others, because a user says so.

    The marks that falls of balances are measured from move along: nothing fell. Daily values are
    computed anew from the earliest of the postings on.
    """
    gone, come = list(gone), list(come)
    sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: money.ZERO)
    for posting in come:
        place = (posting.wallet, posting.asset)
        sums[place] = money.add(sums[place], posting.amount)
    for posting in gone:
        place = (posting.wallet, posting.asset)
        sums[place] = money.add(sums[place], money.negate(posting.amount))
    moved = {place: amount for place, amount in sums.items() if amount}
    if moved:
        _add(connection, moved)
        _move_marks(connection, moved)
    if connection.is_by_hand:
        bring_forward(connection)
    if gone or come:
        first = min(posting.occurred_at for posting in (*gone, *come))
        mark_stale(connection.owner_id, first.date())


def bring_forward(connection: Connection) -> None:
    """Moves on what was typed in of an account by hand by what is booked after it.

    So the difference shown is that of the moment the balance was told for, and a later transaction
    makes none.
    """
    with database.cursor() as cursor:
        cursor.execute(_BRING_FORWARD, {"connection": connection.pk})


_BRING_FORWARD = """
    UPDATE portfolio_holding h SET reported = (
        SELECT latest.reported + COALESCE((
            SELECT SUM(p.amount) FROM portfolio_posting p
            WHERE p.connection_id = h.connection_id AND p.wallet = h.wallet
              AND p.asset = h.asset AND p.counts AND p.occurred_at > latest.at
        ), 0)
        FROM portfolio_checkpoint latest WHERE latest.holding_id = h.id
        ORDER BY latest.at DESC LIMIT 1
    )
    WHERE h.connection_id = %(connection)s
"""


def _move_marks(connection: Connection, moved: dict[tuple[str, str], Decimal]) -> None:
    for (wallet, asset), amount in moved.items():
        marks = BalanceMark.objects.filter(
            holding__connection=connection, holding__wallet=wallet, holding__asset=asset
        )
        marks.update(quantity=F("quantity") + amount)


def mark_stale(owner_id: int, day: date) -> None:
    """Says that daily holdings and values from this day on must be computed again.

    Answers that were worked out of the ledger as it was are told to be old.
    """
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO portfolio_valuationstate AS s (owner_id, stale_from, marked_from, currency)
            VALUES (%(owner)s, %(day)s, %(day)s, '')
            ON CONFLICT (owner_id) DO UPDATE
            SET stale_from = LEAST(s.stale_from, %(day)s),
                marked_from = LEAST(s.marked_from, %(day)s)
            """,
            {"owner": owner_id, "day": day},
        )
    WhatIf.objects.outdate(owner_id)
