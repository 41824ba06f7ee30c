"""Reads transfers for their pages: by state, of one transaction, and what can be linked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from django.db.models import Count, Prefetch, Q, QuerySet

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.transfers import Leg
from portfolio.engine.types import PostingRole
from portfolio.models import Connection, Posting, Transaction, TransferLink
from portfolio.selectors import ledger
from portfolio.selectors.ledger import Mark
from portfolio.selectors.transfer_legs import KINDS, open_legs, place

Status = TransferLink.Status
PAGE_SIZE = 30
# Deposits that are offered for a withdrawal when it is linked by hand, nearest in time first.
OFFERED = 40
_AROUND = timedelta(days=30)

Tab = Literal["review", "accepted", "refused"]
_STATUSES: dict[Tab, tuple[str, ...]] = {
    "review": (Status.PROPOSED,),
    "accepted": (Status.ACCEPTED,),
    "refused": (Status.REFUSED, Status.UNDONE),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What a reader wants to see; ``weak`` also asks for unlikely proposals."""

    tab: Tab = "review"
    asset: str = ""
    connection: str = ""
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of transfers, newest first; a mark is None where the list ends."""

    rows: tuple[TransferLink, ...]
    newer: Mark | None
    older: Mark | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are of each, for the tabs."""

    review: int
    accepted: int
    refused: int
    weak: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to filter by."""

    assets: tuple[str, ...]
    connections: tuple[Connection, ...]


def page(
    user: User,
    filters: Filters,
    *,
    older_than: Mark | None = None,
    newer_than: Mark | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """One page with both sides, in three queries however many there are."""
    queryset = _filtered(user, filters)
    if newer_than is not None:
        later = queryset.filter(ledger.after(newer_than)).order_by("occurred_at", "id")
        found = _rows(later, size + 1)
        rows, has_newer, has_older = found[:size][::-1], len(found) > size, True
    else:
        if older_than is not None:
            queryset = queryset.filter(ledger.before(older_than))
        found = _rows(queryset, size + 1)
        rows, has_newer, has_older = found[:size], older_than is not None, len(found) > size
    return Page(
        rows=tuple(rows),
        newer=Mark(rows[0].occurred_at, rows[0].pk) if rows and has_newer else None,
        older=Mark(rows[-1].occurred_at, rows[-1].pk) if rows and has_older else None,
    )


def _filtered(user: User, filters: Filters) -> QuerySet[TransferLink]:
    queryset = TransferLink.objects.of(user).filter(status__in=_STATUSES[filters.tab])
    if filters.tab == "review" and not filters.weak:
        queryset = queryset.exclude(level=TransferLink.Level.WEAK)
    if filters.asset:
        queryset = queryset.filter(asset=filters.asset)
    if filters.connection:
        either = Q(outgoing__connection=filters.connection)
        queryset = queryset.filter(either | Q(incoming__connection=filters.connection))
    return queryset.order_by("-occurred_at", "-id")


def _rows(queryset: QuerySet[TransferLink], limit: int) -> list[TransferLink]:
    postings = Posting.objects.filter(role="principal").order_by("id")
    return list(
        queryset.select_related("outgoing__connection", "incoming__connection").prefetch_related(
            Prefetch("outgoing__postings", postings), Prefetch("incoming__postings", postings)
        )[:limit]
    )


def counts(user: User) -> Counts:
    """How many transfers there are in each state, in one query."""
    weak = Q(level=TransferLink.Level.WEAK)
    proposed = Q(status=Status.PROPOSED)
    found = TransferLink.objects.of(user).aggregate(
        review=Count("pk", filter=proposed & ~weak),
        accepted=Count("pk", filter=Q(status=Status.ACCEPTED)),
        refused=Count("pk", filter=Q(status__in=_STATUSES["refused"])),
        weak=Count("pk", filter=proposed & weak),
    )
    return Counts(**found)


def choices(user: User) -> Choices:
    """The assets that transfers have, and the connections."""
    assets = TransferLink.objects.of(user).order_by("asset").values_list("asset", flat=True)
    return Choices(
        assets=tuple(assets.distinct()),
        connections=tuple(Connection.objects.of(user).order_by("label", "created_at")),
    )


# --- Of one transaction -----------------------------------------------------------------------


def of_transactions(user: User, ids: Iterable[int]) -> dict[int, list[TransferLink]]:
    """The accepted transfers that these transactions are a side of, by transaction; one query."""
    numbers = list(ids)
    links = TransferLink.objects.of(user).filter(
        Q(outgoing__in=numbers) | Q(incoming__in=numbers), status=Status.ACCEPTED
    )
    found: dict[int, list[TransferLink]] = {}
    for link in links.select_related("outgoing__connection", "incoming__connection"):
        for side in {link.outgoing_id, link.incoming_id} & set(numbers):
            found.setdefault(side, []).append(link)
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of one transaction as a side of transfers."""

    accepted: tuple[TransferLink, ...]
    proposed: tuple[TransferLink, ...]
    can_be_linked: bool  # something left that has no transfer yet


def standing(user: User, transaction: Transaction, postings: Sequence[Posting]) -> Standing:
    """Transfers and proposals of one transaction, and whether it can be linked by hand.

    In one query; ``postings`` are the transaction's.
    """
    either = Q(outgoing=transaction) | Q(incoming=transaction)
    links = list(
        TransferLink.objects.of(user)
        .filter(either, status__in=(Status.ACCEPTED, Status.PROPOSED))
        .select_related("outgoing__connection", "incoming__connection")
    )
    accepted = tuple(link for link in links if link.status == Status.ACCEPTED)
    return Standing(
        accepted=accepted,
        proposed=tuple(link for link in links if link.status == Status.PROPOSED),
        can_be_linked=_can_be_linked(transaction, postings, accepted),
    )


def _can_be_linked(
    transaction: Transaction, postings: Sequence[Posting], accepted: Sequence[TransferLink]
) -> bool:
    """Whether more of some asset left than its transfers took along, as ``open_legs`` has it."""
    left: dict[str, Decimal] = {}
    for posting in postings:
        if posting.counts and posting.role == PostingRole.PRINCIPAL:
            left[posting.asset] = money.add(left.get(posting.asset, money.ZERO), posting.amount)
    for link in accepted:
        if link.outgoing_id == transaction.pk and link.asset in left:
            left[link.asset] = money.add(left[link.asset], link.sent)
    return transaction.kind in KINDS and any(amount < 0 for amount in left.values())


@dataclass(frozen=True, slots=True)
class Offered:
    """A deposit that may be a part of a withdrawal."""

    leg: Leg
    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Linking:
    """An outgoing movement, and the free deposits around it."""

    transaction: Transaction
    outgoing: Leg
    offered: tuple[Offered, ...]


def linking(user: User, transaction_id: int) -> Linking:
    """What linking a withdrawal by hand needs. May raise Transaction.DoesNotExist.

    Also raised where nothing of the transaction is left to be linked.
    """
    row = Transaction.objects.of(user).select_related("connection").get(pk=transaction_id)
    legs = open_legs(user.pk, transaction_id=transaction_id).outgoing
    if not legs:
        raise Transaction.DoesNotExist
    out = legs[0]
    near = [leg for leg in open_legs(user.pk).incoming if _may_be_offered(out, leg)]
    near.sort(key=lambda leg: (abs(leg.occurred_at - out.occurred_at), leg.id))
    return Linking(row, out, _offered(user, near[:OFFERED]))


def _may_be_offered(out: Leg, into: Leg) -> bool:
    return (
        into.asset == out.asset
        and into.environment == out.environment
        and abs(into.occurred_at - out.occurred_at) <= _AROUND
    )


def _offered(user: User, legs: Sequence[Leg]) -> tuple[Offered, ...]:
    numbers = [place(leg.id)[0] for leg in legs]
    rows = Transaction.objects.of(user).select_related("connection").in_bulk(numbers)
    return tuple(Offered(leg, rows[number]) for leg, number in zip(legs, numbers, strict=True))
