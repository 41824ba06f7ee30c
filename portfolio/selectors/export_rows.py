"""What is read of the ledger for exports: a row a posting, with its transaction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection as database

from accounts.models import User
from portfolio.engine.types import TransactionKind
from portfolio.selectors.assets import source_name

CHUNK = 2000  # rows fetched at once

# One statement sees the ledger as it is at one moment, whatever is booked while it is read.
_STATEMENT = """
    SELECT t.id, t.occurred_at, t.kind, c.label, c.exchange, t.key, t.detail, c.id, c.environment,
           links.told, n.text, tags.names, p.wallet, p.asset, p.amount, p.role
    FROM portfolio_transaction t
    JOIN portfolio_connection c ON c.id = t.connection_id
    LEFT JOIN portfolio_posting p ON p.transaction_id = t.id AND p.counts
    LEFT JOIN portfolio_note n ON n.transaction_id = t.id
    LEFT JOIN (
        SELECT g.transaction_id, array_agg(tag.name ORDER BY tag.name) AS names
        FROM portfolio_tagging g JOIN portfolio_tag tag ON tag.id = g.tag_id
        WHERE tag.owner_id = %(owner)s {tagged} GROUP BY 1
    ) tags ON tags.transaction_id = t.id
    LEFT JOIN (
        SELECT half.transaction_id, json_agg(json_build_array(
                   half.id, half.asset, half.amount::text, half.other,
                   o.connection_id, oc.label, oc.exchange, oc.environment,
                   (SELECT min(op.wallet) FROM portfolio_posting op
                    WHERE op.transaction_id = o.id AND op.counts AND op.asset = half.there
                      AND op.role = 'principal'),
                   half.there, half.arrived::text, o.detail->>'txid', NOT ({inside})
               ) ORDER BY half.id) AS told
        FROM (
            SELECT id, outgoing_id AS transaction_id, asset, sent AS amount,
                   incoming_id AS other, received_asset AS there, received AS arrived
            FROM portfolio_transferlink
            WHERE owner_id = %(owner)s AND status = 'accepted' {left}
            UNION ALL
            SELECT id, incoming_id, received_asset, received, outgoing_id, asset, sent
            FROM portfolio_transferlink
            WHERE owner_id = %(owner)s AND status = 'accepted' {arrived}
        ) half
        JOIN portfolio_transaction o ON o.id = half.other
        JOIN portfolio_connection oc ON oc.id = o.connection_id
        GROUP BY 1
    ) links ON links.transaction_id = t.id
    WHERE {where}
    ORDER BY {order} t.occurred_at, t.id, p.role DESC, p.amount, p.id
"""
_SELECTED = """
    {t}.owner_id = %(owner)s AND NOT {t}.is_replaced
    AND (%(connections)s::uuid[] IS NULL OR {t}.connection_id = ANY(%(connections)s))
    AND (%(kinds)s::text[] IS NULL OR {t}.kind = ANY(%(kinds)s))
    AND (%(since)s::timestamptz IS NULL OR {t}.occurred_at >= %(since)s)
    AND (%(before)s::timestamptz IS NULL OR {t}.occurred_at < %(before)s)
    AND (%(wallets)s::text[] IS NULL OR EXISTS (
        SELECT FROM portfolio_posting w
        WHERE w.transaction_id = {t}.id AND w.counts AND w.wallet = ANY(%(wallets)s)))
"""
_WHERE, _INSIDE = _SELECTED.format(t="t"), _SELECTED.format(t="o")
_ALL = {"where": _WHERE, "tagged": "", "left": "", "arrived": "", "inside": _INSIDE}
_BY_TIME = _STATEMENT.format(order="", **_ALL)
_BY_CONNECTION = _STATEMENT.format(
    order="array_position(%(connections)s::uuid[], t.connection_id),", **_ALL
)
_FIRST = f"""
    SELECT t.id FROM portfolio_transaction t WHERE {_WHERE}
    ORDER BY t.occurred_at, t.id LIMIT %(limit)s
"""  # noqa: S608  # nosec B608: constants
# Of a few transactions only what they need is read, however many links and tags there are.
_OF_IDS = _STATEMENT.format(
    where="t.id = ANY(%(ids)s)",
    order="",
    tagged="AND g.transaction_id = ANY(%(ids)s)",
    left="AND outgoing_id = ANY(%(ids)s)",
    arrived="AND incoming_id = ANY(%(ids)s)",
    inside=_INSIDE,
)
_COUNT = f"SELECT COUNT(*) FROM portfolio_transaction t WHERE {_WHERE}"  # noqa: S608  # nosec B608: constants


@dataclass(frozen=True, slots=True)
class Selection:
    """Which transactions are wanted; what is empty asks for everything.

    ``since`` is the first moment, ``before`` the first that is no longer wanted. ``wallets`` leave
    out what moved in others, also of the same transaction.
    """

    since: datetime | None = None
    before: datetime | None = None
    connections: tuple[UUID, ...] = ()
    wallets: tuple[str, ...] = ()
    kinds: tuple[TransactionKind, ...] = ()

    def of(self, connections: tuple[UUID, ...]) -> Selection:
        """The same of these connections only."""
        return replace(self, connections=connections)

    @property
    def asked(self) -> dict[str, Any]:
        """For a statement; None asks for everything."""
        return {
            "since": self.since,
            "before": self.before,
            "connections": list(self.connections) or None,
            "wallets": list(self.wallets) or None,
            "kinds": [kind.value for kind in self.kinds] or None,
        }


class Row(NamedTuple):
    """One posting, with its transaction; of what has none, its amount and so on are None."""

    id: int
    occurred_at: datetime
    kind: str
    label: str
    exchange: str
    key: str
    detail: Any
    account: UUID
    environment: str
    links: Any
    note: str | None
    tags: list[str] | None
    wallet: str | None
    code: str | None
    amount: Decimal | None
    role: str | None

    @property
    def source(self) -> str:
        return source_name(self.exchange, self.environment)


def streamed(user: User, selection: Selection, *, by_connection: bool) -> Iterator[Row]:
    """One row per posting, through a cursor on the server: the client holds one chunk."""
    statement = _BY_CONNECTION if by_connection else _BY_TIME
    with database.chunked_cursor() as cursor:
        cursor.execute(statement, {"owner": user.pk, **selection.asked})
        while rows := cursor.fetchmany(CHUNK):
            for row in rows:
                yield Row(*row)


def first(user: User, selection: Selection, limit: int) -> list[Row]:
    """The rows of the first transactions of those selected, quickly."""
    with database.cursor() as cursor:
        cursor.execute(_FIRST, {"owner": user.pk, **selection.asked, "limit": limit})
        ids = [ident for (ident,) in cursor.fetchall()]
        cursor.execute(_OF_IDS, {"owner": user.pk, "ids": ids, **selection.asked})
        return [Row(*row) for row in cursor.fetchall()]


def count(user: User, selection: Selection) -> int:
    """How many transactions are selected, spam among them."""
    with database.cursor() as cursor:
        cursor.execute(_COUNT, {"owner": user.pk, **selection.asked})
        (number,) = cursor.fetchone()
    return int(number)
