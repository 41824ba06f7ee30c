"""Reads raw records and makes the transactions and postings that they describe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from portfolio.engine import money
from portfolio.engine.merging import merge
from portfolio.engine.names import fit
from portfolio.engine.types import Event, Movement, RecordKind, TransactionKind
from portfolio.exchanges import registry
from portfolio.exchanges.types import StreamSpec
from portfolio.imports import registry as imports
from portfolio.models import Connection, Posting, RawRecord, Transaction
from portfolio.services import bulk, edit_upkeep, holdings

UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
_NAME = 40  # as the columns of wallets and assets
_KEY = 200
# What a witness may add to the details of what it tells of.
_EVIDENCE = ("txid", "order", "trade", "address", "network", "note")


class Told(NamedTuple):
    """One raw record and what it says."""

    raw: RawRecord
    event: Event


def read(exchange: str, spec: StreamSpec, raw: RawRecord) -> Event | None:
    """What one raw record says, fit to be stored; None where it is nothing or cannot be read.

    A record that cannot be read is marked with the problem. One that is a witness of what another
    source tells moves nothing: it is evidence of that transaction.
    """
    raw.transaction, raw.problem = None, ""
    try:
        event = told(exchange, spec, raw.body)
    except UNREADABLE as error:
        raw.problem = fit(f"{type(error).__name__}: {error}", 500)
        return None
    if event is None or spec.kind is not RecordKind.IMPORT:
        return event
    return _witness(event, raw.same_as) if raw.same_as else replace(event, key=own_key(raw))


def told(exchange: str, spec: StreamSpec, body: str) -> Event | None:
    """What the text of a record says, whoever else tells of it, fit to be stored.

    May raise what ``UNREADABLE`` names.
    """
    if spec.kind is RecordKind.IMPORT:
        return _storable(imports.normalise(body))
    event = registry.normalise(exchange, spec, body)
    return None if event is None else _storable(event)


def own_key(raw: RawRecord) -> str:
    """What a record of a file is booked under where it stands for itself: twins stay two."""
    return fit(f"{raw.stream.key}:{raw.external_id}", _KEY)


def _witness(event: Event, key: str) -> Event:
    detail = {name: event.detail[name] for name in _EVIDENCE if name in event.detail}
    return replace(event, key=key, movements=(), detail=detail)


def _storable(event: Event) -> Event:
    """The event with names as long as the columns. May raise ValueError."""
    if any(not money.fits(movement.amount) for movement in event.movements):
        raise ValueError("an amount of more digits than any coin has")
    return replace(
        event,
        key=fit(event.key, _KEY),
        movements=tuple(_named(movement) for movement in event.movements),
        detail={name: text.replace("\x00", "\\0") for name, text in event.detail.items()},
    )


def _named(movement: Movement) -> Movement:
    wallet, asset = fit(movement.wallet, _NAME), fit(movement.asset, _NAME)
    return replace(movement, wallet=wallet, asset=asset)


def assign(connection: Connection, told: Sequence[Told], *, reopened: Collection[int]) -> None:
    """Gives each record its transaction: found and enriched, or made.

    Of the ``reopened`` (by id) nothing counts that is stored of them: all their records are told
    anew. Those that no record tells of any more are deleted.
    """
    rows = _known(connection, told)
    events = merged(told, rows, reopened=reopened)
    fresh = [_row(connection, event) for key, event in events.items() if key not in rows]
    kinds = {row.pk: (row.kind, row.occurred_at) for row in rows.values()}
    changed = [row for key, row in rows.items() if _update(row, events[key])]
    _mark_other_kinds(connection, changed, kinds)
    bulk.create(fresh)
    bulk.update(changed, ["kind", "occurred_at", "detail"])
    rows |= {row.key: row for row in fresh}
    for raw, event in told:
        raw.transaction = rows[event.key]


def _mark_other_kinds(
    connection: Connection, changed: Sequence[Transaction], before: dict[int, tuple[str, datetime]]
) -> None:
    """What is summed by kind is to be summed anew where one is told otherwise."""
    days = [
        min(row.occurred_at, before[row.pk][1]).date()
        for row in changed
        if row.kind != before[row.pk][0]
    ]
    if days:
        holdings.mark_stale(connection.owner_id, min(days))


def drop_untold(reopened: Collection[int]) -> None:
    """Deletes those of the reopened transactions that no record tells of any more.

    Edits of them are taken back first.
    """
    if reopened:
        untold = Transaction.objects.filter(pk__in=reopened, raw_records__isnull=True)
        edit_upkeep.lift_from(untold.filter(is_replaced=True))
        untold.delete()


def look_again(told: Sequence[Told]) -> None:
    """Reads once more which of the transactions told of are replaced: edits were taken back."""
    ids = {raw.transaction_id for raw, _ in told if raw.transaction_id is not None}
    replaced = Transaction.objects.filter(pk__in=ids, is_replaced=True)
    still = set(replaced.values_list("pk", flat=True))
    for raw, _ in told:
        if raw.transaction is not None:
            raw.transaction.is_replaced = raw.transaction_id in still


def _known(connection: Connection, told: Sequence[Told]) -> dict[str, Transaction]:
    if not told:
        return {}
    keys = {event.key for _, event in told}
    return {row.key: row for row in connection.transactions.filter(edit=None, key__in=keys)}


def merged(
    told: Sequence[Told], rows: dict[str, Transaction], *, reopened: Collection[int]
) -> dict[str, Event]:
    """Each transaction as told by what is stored of it and all that is told now, by key."""
    kept = [row for row in rows.values() if row.pk not in reopened]
    booked = set(
        Posting.objects.filter(transaction__in=kept).values_list("transaction__key", flat=True)
    )
    events = {row.key: _event(row) for row in kept}
    for _, more in told:
        known = events.get(more.key)
        events[more.key] = (
            more
            if known is None
            else merge(known, known_has_movements=more.key in booked, more=more)
        )
        if more.movements:
            booked.add(more.key)
    return events


def _event(row: Transaction) -> Event:
    return Event(row.key, TransactionKind(row.kind), row.occurred_at, detail=row.detail)


def _row(connection: Connection, event: Event) -> Transaction:
    return Transaction(
        owner_id=connection.owner_id,
        connection=connection,
        key=event.key,
        kind=event.kind.value,
        occurred_at=event.occurred_at,
        detail=event.detail,
    )


def _update(row: Transaction, event: Event) -> bool:
    """Brings a stored transaction up to what is known now; False where it was that already."""
    if not differs(row, event):
        return False
    row.kind, row.occurred_at, row.detail = event.kind.value, event.occurred_at, event.detail
    return True


def differs(row: Transaction, event: Event) -> bool:
    """Whether a stored transaction is otherwise than it is told."""
    told = (event.kind.value, event.occurred_at, event.detail)
    return (row.kind, row.occurred_at, row.detail) != told


def postings(connection: Connection, told: Sequence[Told]) -> list[Posting]:
    """The postings of stored records, not stored themselves."""
    return [
        Posting(
            owner_id=connection.owner_id,
            connection=connection,
            transaction=raw.transaction,
            raw_record=raw,
            position=position,
            wallet=movement.wallet,
            asset=movement.asset,
            amount=movement.amount,
            role=movement.role.value,
            occurred_at=event.occurred_at,
            # What a user replaced stays replaced, whatever the records say now.
            counts=_counts(raw),
        )
        for raw, event in told
        for position, movement in enumerate(event.movements)
    ]


def _counts(raw: RawRecord) -> bool:
    return raw.transaction is not None and not raw.transaction.is_replaced
