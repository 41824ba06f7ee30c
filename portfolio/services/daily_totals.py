"""Keeps what moved of each asset in each wallet by day, so that pages need not add up a history."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.db import connection as database

from portfolio.models import DailyTotal


def store(owner_id: int, start: date) -> None:
    """Adds up a user's postings from ``start`` on anew, in the caller's database transaction."""
    DailyTotal.objects.filter(owner=owner_id, on__gte=start).delete()
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO portfolio_dailytotal
                (owner_id, connection_id, wallet, asset, "on", kind, is_fee, came, went, number)
            SELECT p.owner_id, p.connection_id, p.wallet, p.asset,
                   (p.occurred_at AT TIME ZONE 'UTC')::date, t.kind, p.role = 'fee',
                   COALESCE(SUM(p.amount) FILTER (WHERE p.amount > 0), 0),
                   COALESCE(SUM(p.amount) FILTER (WHERE p.amount < 0), 0), COUNT(*)
            FROM portfolio_posting p JOIN portfolio_transaction t ON t.id = p.transaction_id
            WHERE p.owner_id = %s AND p.occurred_at >= %s AND p.counts
            GROUP BY 1, 2, 3, 4, 5, 6, 7
            """,
            [owner_id, datetime.combine(start, time.min, tzinfo=UTC)],
        )
