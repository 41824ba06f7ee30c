"""Keeps what happened by day to each asset at each exchange: flows, gains, income, fees, cost.

Computed again from the earliest changed day only, upon the last stored state before it; so the work
for a new trade does not grow with the history. Postings stream by day, and nothing is kept but the
pools themselves. The caller holds ``locks.valuing``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import groupby, islice

from django.db import connection as database
from django.db.models import Min, Q
from django.db.models.functions import TruncDate

from portfolio.engine import legs as worth
from portfolio.engine import money
from portfolio.engine.average_cost import AMOUNTS, Books, Leg, Place, Pool, Sums, rounded
from portfolio.engine.flows import Amount, Passage, legs
from portfolio.engine.identities import Identities
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.models import (
    DailySum,
    Holding,
    ManualEntry,
    Posting,
    Transaction,
    TransferLink,
)
from portfolio.selectors.assets import source_name
from portfolio.selectors.moments import Found, Moments
from portfolio.selectors.under_way import UNDER_WAY, under_way
from portfolio.services import ledger
from portfolio.services.moment_needs import MomentNeeds

BATCH = 1000
_LINKED = (TransactionKind.DEPOSIT, TransactionKind.WITHDRAWAL, TransactionKind.TRANSFER)


@dataclass(frozen=True, slots=True)
class _Row:
    """One posting with what is needed of its transaction and its connection."""

    on: date
    transaction_id: int
    kind: str
    at: datetime
    exchange: str
    environment: str
    asset: str
    role: str
    amount: Decimal

    @property
    def source(self) -> str:
        return source_name(self.exchange, self.environment)


def mark_stale(owner_id: int, links: Iterable[TransferLink]) -> None:
    """Says that from the first of these movements on all must be worked out anew."""
    ends = {ident for link in links for ident in (link.outgoing_id, link.incoming_id)}
    moved = Transaction.objects.filter(pk__in=ends)
    first = moved.aggregate(first=Min("occurred_at"))["first"] if ends else None
    if first is not None:
        ledger.mark_stale(owner_id, first.astimezone(UTC).date())


def store(owner_id: int, currency: str, start: date, known: Identities) -> None:
    """Works the days from ``start`` on out anew; days in another currency go."""
    rows = DailySum.objects.filter(owner_id=owner_id)
    rows.filter(Q(on__gte=start) | ~Q(currency=currency)).delete()
    books = Books(_carried(owner_id, start, known))
    needs = MomentNeeds(known)
    worths = _Worths(currency, known, Moments(owner_id, currency, start, known=known), needs)
    days = _days(owner_id, currency, start, books, worths)
    while batch := list(islice(days, BATCH)):
        DailySum.objects.bulk_create(batch)
    needs.store()


def _days(
    owner_id: int, currency: str, start: date, books: Books, worths: _Worths
) -> Iterator[DailySum]:
    events = _events(_rows(owner_id, start))
    for on, events_of_day in groupby(events, key=lambda event: event.rows[0].on):
        for event in events_of_day:
            books.book(worths.legs(event))
        for place, sums in sorted(books.close().items()):
            yield _stored(owner_id, currency, on, place, books.pools[place], sums)


def _stored(
    owner_id: int, currency: str, on: date, place: Place, pool: Pool, sums: Sums
) -> DailySum:
    return DailySum(
        owner_id=owner_id,
        currency=currency,
        source=place.source,
        asset=place.asset,
        on=on,
        quantity=pool.quantity,
        cost=pool.cost,  # type: ignore[misc]  # the field may be null
        gaps=sums.gaps,
        flow_gaps=sums.flow_gaps,
        **{name: getattr(sums, name) for name in AMOUNTS},
    )


# --- What is read -----------------------------------------------------------------------------


def _carried(owner_id: int, start: date, known: Identities) -> dict[Place, Pool]:
    """Each pool as it was when ``start`` began, from its last stored day."""
    places = sorted(_places(owner_id, known))
    with database.cursor() as cursor:
        cursor.execute(
            """
            SELECT a.source, a.asset, s.quantity, s.cost
            FROM UNNEST(%(sources)s::text[], %(assets)s::text[]) AS a(source, asset)
            CROSS JOIN LATERAL (
                SELECT quantity, cost FROM portfolio_dailysum
                WHERE owner_id = %(owner)s AND source = a.source
                  AND asset = a.asset AND "on" < %(start)s
                ORDER BY "on" DESC LIMIT 1
            ) s
            """,
            {
                "owner": owner_id,
                "start": start,
                "sources": [source for source, _ in places],
                "assets": [asset for _, asset in places],
            },
        )
        return {Place(source, asset): Pool(*state) for source, asset, *state in cursor.fetchall()}


def _places(owner_id: int, known: Identities) -> set[Place]:
    """Every pool there can be, by what was ever held."""
    rows = Holding.objects.filter(owner_id=owner_id).values_list(
        "connection__exchange", "connection__environment", "asset"
    )
    return {
        Place(source_name(name, environment), known.of(source_name(exchange, environment), code))
        for exchange, environment, code in rows.distinct()
        for name in (exchange, UNDER_WAY)
    }


def _rows(owner_id: int, start: date) -> Iterator[_Row]:
    """The postings that count from ``start`` on: by day, then by the time of the transaction."""
    day = TruncDate("occurred_at", tzinfo=UTC)
    midnight = datetime.combine(start, time.min, tzinfo=UTC)
    postings = Posting.objects.counted().filter(owner_id=owner_id, occurred_at__gte=midnight)
    ordered = postings.annotate(day=day).order_by(
        "day", "transaction__occurred_at", "transaction_id", "pk"
    )
    names = (
        "day",
        "transaction_id",
        "transaction__kind",
        "transaction__occurred_at",
        "connection__exchange",
        "connection__environment",
        "asset",
        "role",
        "amount",
    )
    return (_Row(*row) for row in ordered.values_list(*names).iterator(BATCH))


@dataclass(frozen=True, slots=True)
class _Event:
    """The postings of one transaction on one day, and what else is known of it."""

    rows: Sequence[_Row]
    links: Sequence[_Link]
    entry: ManualEntry | None


def _events(rows: Iterable[_Row]) -> Iterator[_Event]:
    groups = groupby(rows, key=lambda row: (row.on, row.transaction_id))
    grouped = (list(group) for _, group in groups)
    while batch := list(islice(grouped, BATCH)):
        links, entries = _links(batch), _entries(batch)
        for group in batch:
            ident = group[0].transaction_id
            yield _Event(group, links.get(ident, ()), entries.get(ident))


@dataclass(frozen=True, slots=True)
class _End:
    """What one exchange says of a transfer, in its own code."""

    source: str
    code: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class _Link:
    """An accepted transfer, seen from one of its ends."""

    sent: _End
    received: _End
    via: str
    is_arrival: bool


def _links(groups: Sequence[Sequence[_Row]]) -> dict[int, list[_Link]]:
    """The accepted transfers of these transactions, by transaction."""
    idents = {rows[0].transaction_id for rows in groups if rows[0].kind in _LINKED}
    if not idents:
        return {}
    links = TransferLink.objects.filter(
        Q(outgoing__in=idents) | Q(incoming__in=idents), status=TransferLink.Status.ACCEPTED
    ).order_by("pk")
    found: dict[int, list[_Link]] = defaultdict(list)
    for link in links.select_related("outgoing__connection", "incoming__connection"):
        sent = _End(_source(link.outgoing), link.asset, link.sent)
        received = _End(_source(link.incoming), link.received_asset, link.received)
        via = under_way(link.outgoing.connection.environment)
        found[link.outgoing_id].append(_Link(sent, received, via, is_arrival=False))
        found[link.incoming_id].append(_Link(sent, received, via, is_arrival=True))
    return found


def _source(transaction: Transaction) -> str:
    return source_name(transaction.connection.exchange, transaction.connection.environment)


def _entries(groups: Sequence[Sequence[_Row]]) -> dict[int, ManualEntry]:
    """What the owner entered by hand with a cost, by transaction."""
    adjustment = TransactionKind.ADJUSTMENT
    idents = {rows[0].transaction_id for rows in groups if rows[0].kind == adjustment}
    if not idents:
        return {}
    entries = ManualEntry.objects.filter(transaction__in=idents, cost__isnull=False)
    return {entry.transaction_id: entry for entry in entries if entry.transaction_id is not None}


# --- What it means ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Worths:
    """Reads events as legs of what their codes stand for, with their worths."""

    currency: str
    known: Identities
    moments: Moments
    needs: MomentNeeds

    def legs(self, event: _Event) -> Iterator[Leg]:
        first = event.rows[0]
        # A record of the day before may tell of the transaction: then the day's first moment.
        at = max(first.at, datetime.combine(first.on, time.min, tzinfo=UTC))

        def price(asset: str) -> Found | None:
            return self.moments.price(first.source, asset, at)

        amounts = self._amounts(event, price)
        told = [worth.Leg(a.asset, a.amount, a.role is PostingRole.FEE) for a in amounts]
        found = worth.worths(told, self.currency, price)
        if not event.links:
            self.needs.note(at, found)
        valued = [
            replace(amount, worth=None if one.value is None else rounded(one.value))
            for amount, one in zip(amounts, found, strict=True)
        ]
        passages = [passage for link in event.links for passage in self._passage(link)]
        return legs(first.source, first.kind, valued, passages)

    def _amounts(self, event: _Event, price: worth.PriceOf) -> list[Amount]:
        """By asset and role: what moved between own wallets cancels out. Spam is nothing."""
        sums: dict[tuple[str, str], Decimal] = defaultdict(lambda: money.ZERO)
        for row in event.rows:
            if not self.known.is_spam(row.source, row.asset):
                key = (self.known.of(row.source, row.asset), row.role)
                amount = self.known.amount(row.source, row.asset, row.amount)
                sums[key] = money.add(sums[key], amount)
        cost = _cost(event.entry, price)
        return [
            Amount(asset, PostingRole(role), amount, worth=None, cost=cost)
            for (asset, role), amount in sums.items()
            if amount
        ]

    def _passage(self, link: _Link) -> Iterator[Passage]:
        """The transfer in what its codes stand for; none where they no longer are one asset."""
        asset = self.known.of(link.sent.source, link.sent.code)
        if asset != self.known.of(link.received.source, link.received.code):
            return
        sent, received = (
            self.known.amount(end.source, end.code, end.amount)
            for end in (link.sent, link.received)
        )
        sender = Place(link.sent.source, asset) if link.is_arrival else None
        yield Passage(asset, sent, received, Place(link.via, asset), sender)


def _cost(entry: ManualEntry | None, price: worth.PriceOf) -> Decimal | None:
    """What was paid for an entry by hand, as far as its currency has a price."""
    cost = None if entry is None else entry.cost
    found = None if entry is None or cost is None else price(entry.cost_currency)
    return None if cost is None or found is None else rounded(money.multiply(cost, found.price))
