"""Reads one wallet and asset posting by posting, with the balance after each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from uuid import UUID

from django.db import connection as database
from django.db.models import QuerySet

from accounts.models import User
from portfolio.engine import money
from portfolio.models import Holding, Posting
from portfolio.selectors.daily_totals import first_unsummed, start_of
from portfolio.selectors.ledger import PAGE_SIZE, Mark, after, before


@dataclass(frozen=True, slots=True)
class Line:
    """One posting and the balance of its wallet and asset after it."""

    posting: Posting
    balance: Decimal


@dataclass(frozen=True, slots=True)
class BalancePage:
    """One page of a running balance, newest first; a mark is None where the list ends."""

    holding: Holding
    lines: tuple[Line, ...]
    opening: Decimal  # the balance before the oldest line
    newer: Mark | None
    older: Mark | None


def page(
    user: User,
    connection_id: UUID,
    wallet: str,
    asset: str,
    *,
    older_than: Mark | None = None,
    newer_than: Mark | None = None,
    size: int = PAGE_SIZE,
) -> BalancePage:
    """One page in four queries, however long the history is. May raise Holding.DoesNotExist."""
    holding = (
        Holding.objects.filter(owner=user)
        .select_related("connection")
        .get(connection=connection_id, wallet=wallet, asset=asset)
    )
    rows, has_newer, has_older = _rows(holding, older_than, newer_than, size)
    lines, opening = _lines(rows, _balance_after(holding, rows[0])) if rows else ((), money.ZERO)
    return BalancePage(
        holding=holding,
        lines=lines,
        opening=opening,
        newer=_mark(rows[0]) if rows and has_newer else None,
        older=_mark(rows[-1]) if rows and has_older else None,
    )


def _mark(posting: Posting) -> Mark:
    return Mark(posting.occurred_at, posting.pk)


def _rows(
    holding: Holding, older_than: Mark | None, newer_than: Mark | None, size: int
) -> tuple[list[Posting], bool, bool]:
    """The postings of a page newest first, and whether there are newer and older ones."""
    postings = _counted(holding)
    if newer_than is not None:
        ahead = postings.filter(after(newer_than)).order_by("occurred_at", "id")
        found = list(ahead[: size + 1])
        return found[:size][::-1], len(found) > size, True
    if older_than is not None:
        postings = postings.filter(before(older_than))
    found = list(postings.order_by("-occurred_at", "-id")[: size + 1])
    return found[:size], older_than is not None, len(found) > size


def _counted(holding: Holding) -> QuerySet[Posting]:
    rows = Posting.objects.counted().filter(
        connection=holding.connection_id, wallet=holding.wallet, asset=holding.asset
    )
    return rows.select_related("transaction")


def _lines(rows: Sequence[Posting], balance: Decimal) -> tuple[tuple[Line, ...], Decimal]:
    lines = []
    for posting in rows:
        lines.append(Line(posting, balance))
        balance = money.add(balance, money.negate(posting.amount))
    return tuple(lines), balance


def _balance_after(holding: Holding, posting: Posting) -> Decimal:
    """The sum up to a posting: stored days, and the postings since the last that can be used."""
    day = min(posting.occurred_at.astimezone(UTC).date(), first_unsummed(holding.owner_id))
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT COALESCE((
                SELECT SUM(came + went) FROM portfolio_dailytotal
                WHERE owner_id = %(owner)s AND asset = %(asset)s AND "on" < %(day)s
                  AND connection_id = %(connection)s AND wallet = %(wallet)s
            ), 0) + COALESCE((
                SELECT SUM(amount) FROM portfolio_posting
                WHERE connection_id = %(connection)s AND wallet = %(wallet)s
                  AND asset = %(asset)s AND counts AND occurred_at >= %(start)s
                  AND (occurred_at, id) <= (%(at)s, %(id)s)
            ), 0)
            """,
            {
                "owner": holding.owner_id,
                "connection": holding.connection_id,
                "wallet": holding.wallet,
                "asset": holding.asset,
                "day": day,
                "start": start_of(day),
                "at": posting.occurred_at,
                "id": posting.pk,
            },
        )
        (balance,) = cursor.fetchone()
    return Decimal(balance)
