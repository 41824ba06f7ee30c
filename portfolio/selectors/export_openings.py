"""What was in each wallet before the first exported transaction."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

from django.db import connection as database

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.export import Opening
from portfolio.engine.identities import Identities
from portfolio.selectors.assets import identities, source_name
from portfolio.selectors.daily_totals import first_unsummed, start_of
from portfolio.selectors.export_rows import Selection

# The records of one transaction are told this close together.
_APART = timedelta(days=31)


def openings(
    user: User, selection: Selection, known: Identities | None = None
) -> tuple[Opening, ...]:
    """What was in each wallet when the range began, by connection, wallet and asset.

    Sums of the stored days, and of the postings since; nothing where it begins with the first.
    """
    if selection.since is None:
        return ()
    known = known or identities(user)
    found: dict[tuple[str, str, str], Opening] = {}
    for account, label, exchange, environment, wallet, code, amount in _sums(user, selection):
        source = source_name(exchange, environment)
        if known.is_spam(source, code):
            continue
        asset, held = known.of(source, code), known.amount(source, code, amount)
        place = (str(account), wallet, asset)
        sofar = found[place].quantity if place in found else money.ZERO
        quantity = money.add(sofar, held)
        found[place] = Opening(str(account), label or exchange, exchange, wallet, asset, quantity)
    return tuple(opening for opening in found.values() if opening.quantity)


def _sums(user: User, selection: Selection) -> list[tuple[Any, ...]]:
    assert selection.since is not None  # noqa: S101  # nosec B101
    day = min((selection.since - _APART).astimezone(UTC).date(), first_unsummed(user.pk))
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT c.id, c.label, c.exchange, c.environment, s.wallet, s.asset, SUM(s.amount)
            FROM (
                SELECT connection_id, wallet, asset, came + went AS amount
                FROM portfolio_dailytotal WHERE owner_id = %(owner)s AND "on" < %(day)s
                UNION ALL
                SELECT p.connection_id, p.wallet, p.asset, p.amount
                FROM portfolio_posting p JOIN portfolio_transaction t ON t.id = p.transaction_id
                WHERE p.owner_id = %(owner)s AND p.counts AND p.occurred_at >= %(start)s
                  AND p.occurred_at < %(upto)s AND t.occurred_at < %(since)s
            ) s
            JOIN portfolio_connection c ON c.id = s.connection_id
            WHERE (%(connections)s::uuid[] IS NULL OR c.id = ANY(%(connections)s))
              AND (%(wallets)s::text[] IS NULL OR s.wallet = ANY(%(wallets)s))
            GROUP BY c.id, s.wallet, s.asset
            ORDER BY c.created_at, c.id, s.wallet, s.asset
            """,
            {
                "owner": user.pk,
                "day": day,
                "start": start_of(day),
                "upto": selection.since + _APART,
                **selection.asked,
            },
        )
        return list(cursor.fetchall())
