"""A user's transactions with all their amounts, oldest first, streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection as database
from django.db import transaction
from django.db.models import Exists, OuterRef

from accounts.models import User
from portfolio.engine.export import ExportLeg, ExportTransaction
from portfolio.engine.identities import Identities
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.models import Connection, Transaction
from portfolio.selectors.assets import identities, source_name

CHUNK = 2000  # rows fetched at once

# One statement sees the ledger as it is at one moment, whatever is booked while it is read.
_STATEMENT = """
    SELECT t.id, t.occurred_at, t.kind, c.label, c.exchange, t.key, t.detail,
           c.id, c.environment, p.wallet, p.asset, p.amount, p.role
    FROM portfolio_transaction t
    JOIN portfolio_connection c ON c.id = t.connection_id
    LEFT JOIN portfolio_posting p ON p.transaction_id = t.id AND p.counts
    WHERE t.owner_id = %(owner)s AND NOT t.is_replaced
      AND (%(connection)s::uuid IS NULL OR t.connection_id = %(connection)s)
      AND (%(since)s::timestamptz IS NULL OR t.occurred_at >= %(since)s)
      AND (%(before)s::timestamptz IS NULL OR t.occurred_at < %(before)s)
    ORDER BY t.occurred_at, t.id, p.role DESC, p.amount, p.id
"""


@dataclass(frozen=True, slots=True)
class ExportedConnection:
    """A connection with something to export."""

    id: UUID
    label: str
    exchange: str
    environment: str


def connections(user: User) -> list[ExportedConnection]:
    """The user's connections that have transactions, in the order they were made."""
    booked = Transaction.objects.current().filter(connection=OuterRef("pk"))
    rows = Connection.objects.of(user).filter(Exists(booked)).order_by("created_at", "pk")
    return [ExportedConnection(c.pk, str(c), c.exchange, c.environment) for c in rows]


def transactions(
    user: User, *, year: int | None = None, connection: UUID | None = None
) -> Iterator[ExportTransaction]:
    """Streams transactions with their amounts, oldest first, with flat memory.

    Amounts are of what the exchanges' codes stand for. What moves nothing but spam is left out.
    ``year`` is a calendar year in the user's time zone. Opens a database transaction until the
    last one is taken or the iterator is closed.
    """
    since, before = _bounds(user, year)
    found = {"owner": user.pk, "connection": connection, "since": since, "before": before}
    known = identities(user)
    for _, group in groupby(_rows(found), key=itemgetter(0)):
        rows = list(group)
        if not _is_spam(rows, known):
            yield _transaction(rows, known)


def _bounds(user: User, year: int | None) -> tuple[datetime | None, datetime | None]:
    if year is None:
        return None, None
    zone = ZoneInfo(user.time_zone)
    return datetime(year, 1, 1, tzinfo=zone), datetime(year + 1, 1, 1, tzinfo=zone)


def _rows(found: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """One row per posting, through a cursor on the server: the client holds one chunk."""
    with transaction.atomic(), database.chunked_cursor() as cursor:
        cursor.execute(_STATEMENT, found)
        while rows := cursor.fetchmany(CHUNK):
            yield from rows


def _is_spam(rows: list[tuple[Any, ...]], known: Identities) -> bool:
    """Whether spam is all that moved; what it was paid with stays."""
    _, _, _, _, exchange, _, _, _, environment, *_ = rows[0]
    source = source_name(exchange, environment)
    codes = [code for *_, code, _, _ in rows if code is not None]
    return bool(codes) and all(known.is_spam(source, code) for code in codes)


def _transaction(rows: list[tuple[Any, ...]], known: Identities) -> ExportTransaction:
    ident, occurred_at, kind, label, exchange, key, detail, account, environment, *_ = rows[0]
    source = source_name(exchange, environment)
    return ExportTransaction(
        id=ident,
        occurred_at=occurred_at,
        kind=TransactionKind(kind),
        account=str(account),
        account_label=label or exchange,
        exchange=exchange,
        key=key,
        legs=tuple(
            ExportLeg(
                wallet,
                known.of(source, code),
                known.amount(source, code, amount),
                PostingRole(role),
            )
            for *_, wallet, code, amount, role in rows
            if code is not None
        ),
        detail=json.loads(detail) if isinstance(detail, str) else detail,
    )
