"""Reads the ledger for its pages: transactions by page, one transaction whole, one asset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, Max, Min, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from accounts.models import User
from portfolio.engine import money
from portfolio.models import Connection, Holding, ManualEntry, Posting, RawRecord, Transaction
from portfolio.selectors import assets, edits, search
from portfolio.selectors.edits import History

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader wants to see; an empty value asks for everything."""

    kind: str = ""
    asset: str = ""
    connection: str = ""
    wallet: str = ""
    since: date | None = None
    until: date | None = None
    text: str = ""
    # Connections with what each calls one asset; any of them will do.
    places: frozenset[tuple[UUID, str]] = frozenset()
    tag: str = ""
    hidden: bool = False  # those that the user hid, which are in no other list


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in the list between two transactions, to page on from."""

    occurred_at: datetime
    id: int

    def __str__(self) -> str:
        return f"{self.occurred_at.isoformat()}~{self.id}"

    @classmethod
    def parse(cls, text: str) -> Mark | None:
        """Reads a mark from an address; None where it is none."""
        moment, _, number = text.partition("~")
        try:
            at = datetime.fromisoformat(moment)
            mark = cls(at, int(number))
        except ValueError:
            return None
        return mark if timezone.is_aware(at) and 0 <= mark.id < 2**63 else None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of transactions, newest first; a mark is None where the list ends."""

    rows: tuple[Transaction, ...]
    newer: Mark | None
    older: Mark | None


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by; assets by their code and how they are shown."""

    assets: tuple[tuple[str, str], ...]
    wallets: tuple[str, ...]
    connections: tuple[Connection, ...]
    tags: tuple[str, ...] = ()


def page(
    user: User,
    filters: Filters,
    *,
    older_than: Mark | None = None,
    newer_than: Mark | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """One page with postings and tags, in four queries however long the history is.

    A text to search for takes up to three more.
    """
    if newer_than is not None:
        found = _found(user, filters, after(newer_than), ("occurred_at", "id"), size + 1)
        rows, has_newer, has_older = found[:size][::-1], len(found) > size, True
    else:
        place = Q() if older_than is None else before(older_than)
        found = _found(user, filters, place, ("-occurred_at", "-id"), size + 1)
        rows, has_newer, has_older = found[:size], older_than is not None, len(found) > size
    return Page(
        rows=tuple(rows),
        newer=_mark(rows[0]) if rows and has_newer else None,
        older=_mark(rows[-1]) if rows and has_older else None,
    )


def _found(
    user: User, filters: Filters, place: Q, order: tuple[str, str], limit: int
) -> list[Transaction]:
    """The first transactions from a place on; each way to match a text has its own limit."""
    rows = _filtered(user, replace(filters, text="")).filter(place).order_by(*order)
    if not filters.text:
        return _rows(rows, limit)
    one, *others = [
        rows.filter(way).values_list("occurred_at", "id")[:limit]
        for way in search.ways(user, filters.text)
    ]
    first = sorted(one.union(*others), reverse=order[0].startswith("-"))[:limit]
    return _rows(rows.filter(pk__in=[pk for _, pk in first]), limit)


def _rows(queryset: QuerySet[Transaction], limit: int) -> list[Transaction]:
    ordered = Posting.objects.order_by("-role", "amount", "id")
    return list(
        queryset.select_related("connection", "note").prefetch_related(
            Prefetch("postings", ordered), "tags"
        )[:limit]
    )


def _mark(row: Transaction) -> Mark:
    return Mark(row.occurred_at, row.pk)


# The plain range comes first in both, so that the index on (owner, time, id) is walked from there.
def before(mark: Mark) -> Q:
    return Q(occurred_at__lte=mark.occurred_at) & (
        Q(occurred_at__lt=mark.occurred_at) | Q(id__lt=mark.id)
    )


def after(mark: Mark) -> Q:
    return Q(occurred_at__gte=mark.occurred_at) & (
        Q(occurred_at__gt=mark.occurred_at) | Q(id__gt=mark.id)
    )


def _filtered(user: User, filters: Filters) -> QuerySet[Transaction]:
    shown = Q(is_replaced=False) if not filters.hidden else edits.hidden()
    queryset = Transaction.objects.of(user).filter(shown)
    if filters.tag:
        queryset = queryset.filter(edits.tagged(filters.tag))
    if filters.kind:
        queryset = queryset.filter(kind=filters.kind)
    if filters.connection:
        queryset = queryset.filter(connection_id=filters.connection)
    if filters.since:
        queryset = queryset.filter(occurred_at__gte=_midnight(filters.since))
    if filters.until:
        queryset = queryset.filter(occurred_at__lt=_midnight(filters.until + timedelta(days=1)))
    if filters.asset or filters.wallet or filters.places:
        queryset = queryset.filter(Exists(_moving(user, filters)))
    if filters.text:
        queryset = queryset.filter(search.matching(user, filters.text))
    return queryset


def _moving(user: User, filters: Filters) -> QuerySet[Posting]:
    postings = Posting.objects.filter(owner=user, transaction=OuterRef("pk"))
    if filters.asset:
        postings = postings.filter(assets.postings_of(user, filters.asset))
    if filters.wallet:
        postings = postings.filter(wallet=filters.wallet)
    if filters.places:
        any_place = Q(pk__in=[])
        for connection, code in sorted(filters.places):
            any_place |= Q(connection=connection, asset=code)
        postings = postings.filter(any_place, asset__in={code for _, code in filters.places})
    return postings


def ids(user: User, filters: Filters, *, most: int) -> list[int]:
    """The transactions that the filters find, newest first, up to a number."""
    found = _filtered(user, filters).order_by("-occurred_at", "-id")
    return list(found.values_list("pk", flat=True)[:most])


def _midnight(on: date) -> datetime:
    """The start of a day in the reader's time zone."""
    return timezone.make_aware(datetime.combine(on, time.min))


def choices(user: User) -> Choices:
    """The assets, wallets, connections and tags that this user's ledger knows: four queries."""
    rows = Holding.objects.filter(owner=user).values_list(
        "connection__exchange", "connection__environment", "asset", "wallet"
    )
    places = list(rows.order_by("asset").distinct())
    known = assets.identities(user)
    names = {code: code for _, _, code, _ in places}
    for *place, code, _ in places:
        asset = known.of(assets.source_name(*place), code)
        names[asset] = known.name(asset)
    return Choices(
        assets=tuple(sorted(names.items())),
        wallets=tuple(sorted({wallet for *_, wallet in places})),
        connections=tuple(Connection.objects.of(user).order_by("label", "created_at")),
        tags=edits.tags(user),
    )


def years(user: User) -> tuple[int, ...]:
    """The calendar years from the first transaction to the last, newest first."""
    current = Transaction.objects.of(user).current()
    ends = current.aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
    if ends["first"] is None:
        return ()
    first, last = (timezone.localtime(ends[end]).year for end in ("first", "last"))
    return tuple(range(last, first - 1, -1))


@dataclass(frozen=True, slots=True)
class Evidence:
    """One raw record and the postings that rest on it."""

    record: RawRecord
    postings: tuple[Posting, ...]


@dataclass(frozen=True, slots=True)
class TransactionDetail:
    """One transaction with all that is known of it."""

    transaction: Transaction
    postings: tuple[Posting, ...]
    net: tuple[tuple[str, Decimal], ...]  # by asset, fees included
    evidence: tuple[Evidence, ...]
    entry: ManualEntry | None  # what a user entered, where no exchange told of it
    history: History

    @property
    def witness_count(self) -> int:
        """The records of other sources that tell of it, and are booked nowhere."""
        return sum(bool(item.record.same_as) for item in self.evidence)


def transaction(user: User, transaction_id: int) -> TransactionDetail:
    """One transaction whole, in a fixed number of queries. May raise Transaction.DoesNotExist."""
    rows = Transaction.objects.of(user).select_related("connection", "manual_entry", "note")
    row = edits.with_edits(rows).get(pk=transaction_id)
    below = Q(transaction=row) | Q(transaction__in=edits.origins(row))
    records = list(
        RawRecord.objects.filter(below)
        .select_related("stream", "conflict")
        .prefetch_related("revisions")
        .order_by("id")
    )
    postings = list(row.postings.order_by("-role", "amount", "id"))
    return TransactionDetail(
        transaction=row,
        postings=tuple(postings),
        net=tuple(net(postings)),
        evidence=tuple(
            Evidence(record, tuple(p for p in postings if p.raw_record_id == record.pk))
            for record in records
        ),
        entry=getattr(row, "manual_entry", None),
        history=edits.history(user, row),
    )


def net(postings: Sequence[Posting]) -> list[tuple[str, Decimal]]:
    """What was moved in all, by asset, fees included."""
    sums: dict[str, Decimal] = {}
    for posting in postings:
        sums[posting.asset] = money.add(sums.get(posting.asset, money.ZERO), posting.amount)
    return sorted(sums.items())
