"""A user's transactions with all their amounts and what they were worth, oldest first, streamed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection as database
from django.db.models import Exists, Min, OuterRef

from accounts.models import User
from portfolio.engine import legs as worth
from portfolio.engine import money
from portfolio.engine.export import (
    Counterpart,
    ExportLeg,
    ExportTransaction,
    Opening,
    TransferPiece,
)
from portfolio.engine.identities import Identities
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.models import Connection, Holding, Transaction
from portfolio.selectors.assets import identities, source_name
from portfolio.selectors.daily_totals import first_unsummed, start_of
from portfolio.selectors.moments import Moments

CHUNK = 2000  # rows fetched at once
# Values are told to so much of the currency: more than any is paid in.
_VALUE = Decimal("1e-12")
# The records of one transaction are told this close together.
_APART = timedelta(days=31)

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
                   half.there, half.arrived::text, o.detail->>'txid'
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
_WHERE = """
    t.owner_id = %(owner)s AND NOT t.is_replaced
    AND (%(connections)s::uuid[] IS NULL OR t.connection_id = ANY(%(connections)s))
    AND (%(kinds)s::text[] IS NULL OR t.kind = ANY(%(kinds)s))
    AND (%(since)s::timestamptz IS NULL OR t.occurred_at >= %(since)s)
    AND (%(before)s::timestamptz IS NULL OR t.occurred_at < %(before)s)
    AND (%(wallets)s::text[] IS NULL OR EXISTS (
        SELECT FROM portfolio_posting w
        WHERE w.transaction_id = t.id AND w.counts AND w.wallet = ANY(%(wallets)s)))
"""
_ALL = {"where": _WHERE, "tagged": "", "left": "", "arrived": ""}
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
)
_COUNT = f"SELECT COUNT(*) FROM portfolio_transaction t WHERE {_WHERE}"  # noqa: S608  # nosec B608: constants


@dataclass(frozen=True, slots=True)
class ExportedConnection:
    """A connection with something to export."""

    id: UUID
    label: str
    exchange: str
    environment: str


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


def connections(user: User) -> list[ExportedConnection]:
    """The user's connections that have transactions, in the order they were made."""
    booked = Transaction.objects.current().filter(connection=OuterRef("pk"))
    rows = Connection.objects.of(user).filter(Exists(booked)).order_by("created_at", "pk")
    return [ExportedConnection(c.pk, str(c), c.exchange, c.environment) for c in rows]


def wallets(user: User) -> list[str]:
    """The names of all wallets that the user ever had something in, over all connections."""
    rows = Holding.objects.filter(owner=user).order_by("wallet").values_list("wallet", flat=True)
    return list(rows.distinct())


def count(user: User, selection: Selection) -> int:
    """How many transactions are selected, spam among them."""
    with database.cursor() as cursor:
        cursor.execute(_COUNT, {"owner": user.pk, **selection.asked})
        (number,) = cursor.fetchone()
    return int(number)


def first_day(user: User, selection: Selection) -> date | None:
    """The UTC day of the first transaction of an environment's accounts; None without any."""
    booked = Transaction.objects.of(user).current()
    if selection.connections:
        booked = booked.filter(connection__in=selection.connections)
    at = booked.aggregate(first=Min("occurred_at"))["first"]
    return None if at is None else at.astimezone(UTC).date()


def transactions(user: User, selection: Selection, currency: str) -> Iterator[ExportTransaction]:
    """Streams transactions with their amounts and values, oldest first, with flat memory.

    Amounts are of what the exchanges' codes stand for. What moves nothing but spam is left out.
    Holds a cursor of the database until the last one is taken or the iterator is closed.
    """
    reader = _Reader(user, selection, currency)
    return reader.read(_streamed(user, selection, by_connection=False))


def by_connection(
    user: User, selection: Selection, currency: str
) -> Iterator[tuple[UUID, Iterator[ExportTransaction]]]:
    """The same, one of ``selection.connections`` after the other, each to be taken whole.

    All are of one moment of the ledger. Connections without any transaction are left out.
    """
    rows = _streamed(user, selection, by_connection=True)
    for account, of_account in groupby(rows, key=attrgetter("account")):
        yield account, _Reader(user, selection, currency).read(of_account)


def first(
    user: User,
    selection: Selection,
    currency: str,
    *,
    limit: int,
    known: Identities | None = None,
) -> list[ExportTransaction]:
    """The first transactions of those selected, quickly."""
    asked = {"owner": user.pk, **selection.asked, "limit": limit}
    with database.cursor() as cursor:
        cursor.execute(_FIRST, asked)
        ids = [ident for (ident,) in cursor.fetchall()]
        cursor.execute(_OF_IDS, {"owner": user.pk, "ids": ids})
        rows = [_Row(*row) for row in cursor.fetchall()]
    until = rows[-1].occurred_at if rows else None
    return list(_Reader(user, selection, currency, until=until, known=known).read(rows))


# --- What is read -----------------------------------------------------------------------------


class _Row(NamedTuple):
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


def _streamed(user: User, selection: Selection, *, by_connection: bool) -> Iterator[_Row]:
    """One row per posting, through a cursor on the server: the client holds one chunk."""
    statement = _BY_CONNECTION if by_connection else _BY_TIME
    with database.chunked_cursor() as cursor:
        cursor.execute(statement, {"owner": user.pk, **selection.asked})
        while rows := cursor.fetchmany(CHUNK):
            for row in rows:
                yield _Row(*row)


class _Reader:
    """Makes transactions of rows that come by day."""

    def __init__(
        self,
        user: User,
        selection: Selection,
        currency: str,
        *,
        until: datetime | None = None,
        known: Identities | None = None,
    ) -> None:
        self._user = user
        self._known = known or identities(user)
        self._wallets = frozenset(selection.wallets)
        self._currency = currency
        self._until = until
        self._moments: Moments | None = None

    def read(self, rows: Iterable[_Row]) -> Iterator[ExportTransaction]:
        for _, group in groupby(rows, key=itemgetter(0)):
            of_one = list(group)
            if not _is_spam(of_one, self._known):
                yield self._chosen(_transaction(of_one, self._known, self._values(of_one[0])))

    def _chosen(self, told: ExportTransaction) -> ExportTransaction:
        """Without what moved in wallets that are not asked for."""
        if not self._wallets:
            return told
        return replace(told, legs=tuple(leg for leg in told.legs if leg.wallet in self._wallets))

    def _values(self, row: _Row) -> _Values:
        """What amounts were worth at the moment of a transaction."""
        day = row.occurred_at.astimezone(UTC).date()
        if self._moments is None:
            until = self._until.astimezone(UTC).date() if self._until else None
            self._moments = Moments(
                self._user.pk, self._currency, day, until=until, known=self._known
            )
        moments, source, at = self._moments, row.source, row.occurred_at
        return lambda legs: worth.worths(
            legs, self._currency, lambda asset: moments.price(source, asset, at)
        )


_Values = Callable[[list[worth.Leg]], tuple[worth.Worth, ...]]


def _is_spam(rows: list[_Row], known: Identities) -> bool:
    """Whether spam is all that moved; what it was paid with stays."""
    codes = [row.code for row in rows if row.code is not None]
    return bool(codes) and all(known.is_spam(rows[0].source, code) for code in codes)


def _transaction(rows: list[_Row], known: Identities, values: _Values) -> ExportTransaction:
    row = rows[0]
    told = ExportTransaction(
        id=row.id,
        occurred_at=row.occurred_at,
        kind=TransactionKind(row.kind),
        account=str(row.account),
        account_label=row.label or row.exchange,
        exchange=row.exchange,
        key=row.key,
        legs=_legs(rows, known, values),
        detail=_json(row.detail),
        note=row.note or "",
        tags=tuple(row.tags or ()),
    )
    return _linked(told, [_piece(link, row.source, known) for link in _json(row.links) or ()])


def _json(value: Any) -> Any:
    """What is in a column of JSON; a bare cursor gives its text."""
    return json.loads(value) if isinstance(value, str) else value


def _legs(rows: list[_Row], known: Identities, values: _Values) -> tuple[ExportLeg, ...]:
    legs = [
        ExportLeg(
            row.wallet or "",
            known.of(row.source, row.code),
            known.amount(row.source, row.code, row.amount),
            PostingRole(row.role or ""),
        )
        for row in rows
        if row.code is not None and row.amount is not None
    ]
    found = values([worth.Leg(g.asset, g.amount, g.role == PostingRole.FEE) for g in legs])
    return tuple(
        replace(leg, value=_value(one.value)) for leg, one in zip(legs, found, strict=True)
    )


def _value(value: Decimal | None) -> Decimal | None:
    return None if value is None else value.copy_abs().quantize(_VALUE, context=money.EXACT)


# --- Transfers --------------------------------------------------------------------------------


def _piece(link: list[Any], source: str, known: Identities) -> TransferPiece:
    """One accepted link as seen from one of its ends."""
    (
        ident,
        code,
        amount,
        other,
        account,
        label,
        exchange,
        environment,
        wallet,
        there,
        arrived,
        txid,
    ) = link
    elsewhere = source_name(exchange, environment)
    return TransferPiece(
        transfer=ident,
        asset=known.of(source, code),
        amount=known.amount(source, code, Decimal(amount)),
        counterpart=Counterpart(
            transaction=other,
            account=account,
            account_label=label or exchange,
            exchange=exchange,
            wallet=wallet or "",
            asset=known.of(elsewhere, there),
            amount=known.amount(elsewhere, there, Decimal(arrived)),
            txid=txid or "",
        ),
    )


def _linked(told: ExportTransaction, pieces: list[TransferPiece]) -> ExportTransaction:
    """With its transfer; with pieces, where that is not the whole of it."""
    if not pieces:
        return told
    moved: dict[str, Decimal] = {}
    for leg in told.legs:
        if leg.role == PostingRole.PRINCIPAL:
            moved[leg.asset] = money.add(moved.get(leg.asset, money.ZERO), leg.amount)
    piece = pieces[0]
    whole = {asset: amount.copy_abs() for asset, amount in moved.items()}
    if len(pieces) == 1 and whole == {piece.asset: piece.amount}:
        return replace(told, transfer=piece.transfer, counterpart=piece.counterpart)
    return replace(told, transfer=piece.transfer, pieces=tuple(pieces))


# --- What was there before --------------------------------------------------------------------


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
