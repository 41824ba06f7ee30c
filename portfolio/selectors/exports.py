"""A user's transactions with all their amounts and what they were worth, oldest first, streamed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any
from uuid import UUID

from django.db.models import Exists, Min, OuterRef

from accounts.models import User
from portfolio.engine import legs as worth
from portfolio.engine import money
from portfolio.engine.export import (
    Counterpart,
    ExportLeg,
    ExportTransaction,
    TransferPiece,
)
from portfolio.engine.identities import Identities
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.models import Connection, Holding, Transaction
from portfolio.selectors import export_rows
from portfolio.selectors.assets import identities, source_name
from portfolio.selectors.export_rows import Row, Selection
from portfolio.selectors.moments import Moments

# Values are told to so much of the currency: more than any is paid in.
_VALUE = Decimal("1e-12")


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


def wallets(user: User) -> list[str]:
    """The names of all wallets that the user ever had something in, over all connections."""
    rows = Holding.objects.filter(owner=user).order_by("wallet").values_list("wallet", flat=True)
    return list(rows.distinct())


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
    return reader.read(export_rows.streamed(user, selection, by_connection=False))


def by_connection(
    user: User, selection: Selection, currency: str
) -> Iterator[tuple[UUID, Iterator[ExportTransaction]]]:
    """The same, one of ``selection.connections`` after the other, each to be taken whole.

    All are of one moment of the ledger. Connections without any transaction are left out.
    """
    rows = export_rows.streamed(user, selection, by_connection=True)
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
    rows = export_rows.first(user, selection, limit)
    until = rows[-1].occurred_at if rows else None
    return list(_Reader(user, selection, currency, until=until, known=known).read(rows))


# --- What is read -----------------------------------------------------------------------------


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

    def read(self, rows: Iterable[Row]) -> Iterator[ExportTransaction]:
        for _, group in groupby(rows, key=itemgetter(0)):
            of_one = list(group)
            if not _is_spam(of_one, self._known):
                yield self._chosen(_transaction(of_one, self._known, self._values(of_one[0])))

    def _chosen(self, told: ExportTransaction) -> ExportTransaction:
        """Without what moved in wallets that are not asked for."""
        if not self._wallets:
            return told
        return replace(told, legs=tuple(leg for leg in told.legs if leg.wallet in self._wallets))

    def _values(self, row: Row) -> _Values:
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


def _is_spam(rows: list[Row], known: Identities) -> bool:
    """Whether spam is all that moved; what it was paid with stays."""
    codes = [row.code for row in rows if row.code is not None]
    return bool(codes) and all(known.is_spam(rows[0].source, code) for code in codes)


def _transaction(rows: list[Row], known: Identities, values: _Values) -> ExportTransaction:
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


def _legs(rows: list[Row], known: Identities, values: _Values) -> tuple[ExportLeg, ...]:
    source = rows[0].source  # of one transaction all are of one connection
    moved = [
        (
            row.wallet or "",
            known.of(source, row.code),
            known.amount(source, row.code, row.amount),
            PostingRole(row.role or ""),
        )
        for row in rows
        if row.code is not None and row.amount is not None
    ]
    found = values(
        [worth.Leg(asset, amount, role is PostingRole.FEE) for _, asset, amount, role in moved]
    )
    return tuple(ExportLeg(*leg, _value(one.value)) for leg, one in zip(moved, found, strict=True))


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
        is_outside,
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
            is_outside=is_outside,
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
