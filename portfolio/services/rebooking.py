"""Reads stored records again and holds what they say against what is booked of them.

The records of one transaction are always read together, whichever of them is asked for. What
differs is booked anew, in the caller's database transaction; a transaction keeps its row, also when
the rules give it another key, so that links, notes and edits stay with it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine.types import Event
from portfolio.models import Connection, Posting, RawRecord, Stream, Transaction
from portfolio.services import booking, bulk, heirs, posting
from portfolio.services.booking import Told

_COLUMNS = ("transaction", "position", "wallet", "asset", "amount", "role", "occurred_at", "counts")
_Booked = tuple[int | None, int, str, str, Decimal, str, datetime, bool]


class Former(NamedTuple):
    """What is stored beside a record: its transaction, and why it could not be read."""

    transaction: int | None
    problem: str


@dataclass(slots=True)
class Counts:
    """What became of records; each counts once, those that are the same only as read."""

    read: int = 0
    changed: int = 0
    now_readable: int = 0
    now_unreadable: int = 0

    @property
    def same(self) -> int:
        return self.read - self.changed - self.now_readable - self.now_unreadable

    def add(self, other: Counts) -> None:
        self.read += other.read
        self.changed += other.changed
        self.now_readable += other.now_readable
        self.now_unreadable += other.now_unreadable


@dataclass(slots=True)
class Reread:
    """Records as stored and as they are read now, with all others of the same transactions."""

    connection: Connection
    raws: list[RawRecord]
    former: dict[int, Former]
    told: list[Told]
    rows: dict[int, Transaction]  # of before, by id
    differing: set[int] = field(default_factory=set)  # ids of the records that do

    @property
    def new_keys(self) -> dict[int, str]:
        return {raw.pk: event.key for raw, event in self.told}


def reread(connection: Connection, asked: Sequence[RawRecord]) -> Reread:
    """Reads records and their siblings, and tells which are booked otherwise; writes nothing."""
    former = {raw.pk: Former(raw.transaction_id, raw.problem) for raw in asked}
    told = posting.read(connection, asked)
    keys = {event.key for _, event in told}
    known = connection.transactions.filter(edit=None)
    ids = {f.transaction for f in former.values() if f.transaction is not None}
    rows = {row.pk: row for row in (*known.filter(pk__in=ids), *known.filter(key__in=keys))}
    beside = RawRecord.objects.filter(transaction__in=rows).exclude(pk__in=former)
    siblings = with_streams(connection, beside)
    former |= {raw.pk: Former(raw.transaction_id, raw.problem) for raw in siblings}
    told += posting.read(connection, siblings)
    found = Reread(connection, [*asked, *siblings], former, told, rows)
    found.differing = _differing(found)
    return found


def with_streams(connection: Connection, raws: Iterable[RawRecord]) -> list[RawRecord]:
    """Records with the streams they came in, of which there are few."""
    found = list(raws)
    streams: Mapping[int, Stream] = connection.streams.in_bulk({raw.stream_id for raw in found})
    for raw in found:
        raw.stream = streams[raw.stream_id]
        raw.stream.connection = connection
    return found


def count(found: Reread, asked: Sequence[RawRecord], *, ahead: bool) -> Counts:
    """What became of those that were asked for, given in the order of their times.

    ``ahead``: also of later ones that are booked with them; when it is their turn, they agree.
    """
    counts = Counts(read=len(asked))
    upto, named = (asked[-1].occurred_at, asked[-1].pk), {raw.pk for raw in asked}
    for raw in found.raws:
        later = ahead and (raw.occurred_at, raw.pk) > upto
        if raw.pk in found.differing and (raw.pk in named or later):
            _tell(counts, found.former[raw.pk].problem, raw.problem)
    return counts


def _tell(counts: Counts, was: str, problem: str) -> None:
    if was and not problem:
        counts.now_readable += 1
    elif problem and not was:
        counts.now_unreadable += 1
    else:
        counts.changed += 1


def rebook(found: Reread, *, whole: bool) -> None:
    """Books anew what differs, or the ``whole`` of what was read."""
    again = {raw.pk for raw in found.raws} if whole else found.differing
    if not again:
        return
    raws = [raw for raw in found.raws if raw.pk in again]
    told = [each for each in found.told if each.raw.pk in again]
    reopened = _ids(found, again)
    posting.unbook(found.connection, raws)
    _rename(found, told, reopened)
    booking.assign(found.connection, told, reopened=reopened)
    moved = [raw for raw in raws if Former(raw.transaction_id, raw.problem) != found.former[raw.pk]]
    bulk.update(moved, ["transaction", "problem"])
    heirs.inherit(_heirs(found, raws, reopened))
    booking.drop_untold(reopened)
    booking.look_again(told)
    posting.book(found.connection, told)


# --- What differs -----------------------------------------------------------------------------


def _differing(found: Reread) -> set[int]:
    """The records that are booked otherwise, and all others of the transactions they touch."""
    keys = found.new_keys
    unlike = {raw.pk for raw in found.raws if not _is_filed_alike(found, raw, keys)}
    unlike |= _booked_otherwise(found)
    rows = {row.key: row for row in found.rows.values()}
    merged = booking.merged(found.told, rows, reopened=found.rows.keys())
    other = {
        key for key, row in rows.items() if key in merged and booking.differs(row, merged[key])
    }
    unlike |= {pk for pk, key in keys.items() if key in other}
    # A record that goes elsewhere changes both transactions, and all that tell of either.
    ids = _ids(found, unlike)
    touched = {keys[pk] for pk in unlike if pk in keys} | {found.rows[pk].key for pk in ids}
    with_old = {pk for pk, former in found.former.items() if former.transaction in ids}
    return unlike | with_old | {pk for pk, key in keys.items() if key in touched}


def _is_filed_alike(found: Reread, raw: RawRecord, keys: Mapping[int, str]) -> bool:
    """Whether a record is of the transaction, and has the problem, that it had."""
    former = found.former[raw.pk]
    row = None if former.transaction is None else found.rows.get(former.transaction)
    return (row and row.key, former.problem) == (keys.get(raw.pk), raw.problem)


def _booked_otherwise(found: Reread) -> set[int]:
    stored: dict[int, list[_Booked]] = defaultdict(list)
    rows = Posting.objects.filter(is_edited=False, raw_record__in=found.former)
    for raw_id, *booked in rows.order_by("position").values_list("raw_record", *_COLUMNS):
        stored[raw_id].append(tuple(booked))
    told = {raw.pk: event for raw, event in found.told}
    return {pk for pk in found.former if stored[pk] != _expected(found, pk, told.get(pk))}


def _expected(found: Reread, raw_id: int, event: Event | None) -> list[_Booked]:
    """The postings of a record, were it of the same transaction still."""
    ident = found.former[raw_id].transaction
    counts = ident is None or not found.rows[ident].is_replaced
    return [
        (ident, place, m.wallet, m.asset, m.amount, m.role.value, event.occurred_at, counts)
        for place, m in enumerate(event.movements if event else ())
        if event
    ]


def _ids(found: Reread, raws: Collection[int]) -> set[int]:
    """The transactions, of before and of now, that these records are of."""
    keys, ids = found.new_keys, {row.key: pk for pk, row in found.rows.items()}
    before = {found.former[pk].transaction for pk in raws}
    now = {ids.get(keys[pk]) for pk in raws if pk in keys}
    return {pk for pk in before | now if pk in found.rows}


def _heirs(found: Reread, raws: Iterable[RawRecord], reopened: Collection[int]) -> dict[int, int]:
    """Of transactions that go: the one that all of their records tell of now, if it is one."""
    now: dict[int, set[int | None]] = defaultdict(set)
    for raw in raws:
        former = found.former[raw.pk].transaction
        if former is not None and former in reopened:
            now[former].add(raw.transaction_id)
    single = {pk: next(iter(ids)) for pk, ids in now.items() if len(ids) == 1}
    return {pk: heir for pk, heir in single.items() if heir is not None and heir != pk}


# --- Keys that change -------------------------------------------------------------------------


def _rename(found: Reread, told: Sequence[Told], reopened: Collection[int]) -> None:
    """Gives a transaction whose records all tell of one new key that key, and so its row."""
    new: dict[int, set[str]] = defaultdict(set)
    for raw, event in told:
        former = found.former[raw.pk].transaction
        if former is not None:
            new[former].add(event.key)
    taken = {event.key for _, event in told}
    free = taken - set(
        found.connection.transactions.filter(edit=None, key__in=taken).values_list("key", flat=True)
    )
    renamed = []
    for pk in sorted(pk for pk in reopened if pk in new and found.rows[pk].key not in taken):
        if len(new[pk]) == 1 and new[pk] <= free:
            found.rows[pk].key = new[pk].pop()
            free.discard(found.rows[pk].key)
            renamed.append(found.rows[pk])
    Transaction.objects.bulk_update(renamed, ["key"])
