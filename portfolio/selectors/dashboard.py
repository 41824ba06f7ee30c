"""Reads the dashboard: worth, its course, holdings, what needs attention."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from accounts.models import User
from portfolio.engine import money
from portfolio.engine.identities import Identities
from portfolio.models import Connection, PermissionAudit, Position
from portfolio.selectors import connections, movers, positions, valuation, worth_course
from portfolio.selectors.assets import identities
from portfolio.selectors.connections import Card
from portfolio.selectors.movers import Movers
from portfolio.selectors.ranges import Range
from portfolio.selectors.valuation import DailyPoint, HoldingRow, Valuation
from portfolio.selectors.worth_course import WorthCourse

EXPIRES_SOON = timedelta(days=14)
SPARK_DAYS = 30


class Span(enum.StrEnum):
    """How far back the chart goes."""

    MONTH = "1m"
    YEAR = "1y"
    ALL = "all"

    def since(self, today: date) -> date | None:
        """The first day of the span; None for all there is."""
        days = {Span.MONTH: 31, Span.YEAR: 366}.get(self)
        return None if days is None else today - timedelta(days=days)


@dataclass(frozen=True, slots=True)
class AssetRow:
    """One asset over all wallets; ``price`` and ``value`` are None where no price is known.

    ``name`` is how the user wants it shown.
    """

    asset: str
    name: str
    quantity: Decimal
    price: Decimal | None
    price_source: str
    price_at: datetime | None
    value: Decimal | None
    share: Decimal | None  # percent of the total
    wallets: tuple[HoldingRow, ...]
    differs: bool  # in some wallet the exchange reports another quantity


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """The worth held through one connection; ``unpriced`` assets are left out of it."""

    connection_id: UUID
    label: str
    environment: str
    assets: int
    value: Decimal
    share: Decimal | None
    unpriced: tuple[str, ...]
    wallets: tuple[HoldingRow, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """How the worth changed since a day's end, deposits and withdrawals included."""

    since: date
    amount: Decimal
    percent: Decimal | None
    is_partial: bool  # some price is unknown at one of its ends

    @property
    def first(self) -> date:
        """The first day that made the change."""
        return self.since + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attention:
    """Something a person should look at; ``what`` picks the words."""

    what: str
    connection: Connection | None = None
    count: int = 0
    words: tuple[str, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole dashboard."""

    asked: Range
    worth: Valuation
    assets: tuple[AssetRow, ...]
    exchanges: tuple[ConnectionRow, ...]
    cards: tuple[Card, ...]
    course: WorthCourse
    movers: Movers | None  # None where there is no course yet
    day: Change | None
    week: Change | None
    whole: Change | None  # over the span shown
    spark: tuple[Decimal, ...]
    attention: tuple[Attention, ...]
    positions: tuple[Position, ...]

    @property
    def is_first_sync(self) -> bool:
        """Whether figures are provisional: a first check or a first sync is under way."""
        return any(card.is_starting for card in self.cards)

    @property
    def is_worth_known(self) -> bool:
        """Whether any figure stands behind the total: a priced holding, or accounts that are empty.

        Without one the total is unknown, not zero.
        """
        if any(row.value is not None for row in self.worth.rows):
            return True
        return not self.worth.rows and any(c.connection.backfilled_at for c in self.cards)

    @property
    def attention_names(self) -> tuple[str, ...]:
        """The connections that the list of attention is about, each once."""
        names = [str(item.connection) for item in self.attention if item.connection]
        return tuple(dict.fromkeys(names))

    @property
    def discrepancies(self) -> int:
        """Holdings whose reported quantity differs from the ledger, spam or not."""
        return len(self.differing)

    @property
    def differing(self) -> tuple[HoldingRow, ...]:
        """Those holdings, the most valuable first; rows without a price come last."""
        return tuple(row for row in self.held if row.discrepancy not in (None, 0))

    @property
    def compared(self) -> int:
        """Holdings that an exchange has reported on."""
        return sum(row.discrepancy is not None for row in self.held)

    @property
    def spam(self) -> tuple[str, ...]:
        """The assets that are held and marked as spam."""
        return tuple(sorted({row.asset for row in self.worth.spam}))

    @property
    def held(self) -> tuple[HoldingRow, ...]:
        """All holdings, what is marked as spam among them."""
        return (*self.worth.rows, *self.worth.spam)


def overview(user: User, asked: Range, *, now: datetime) -> Overview:
    """The dashboard as of ``now``, in a fixed number of queries."""
    today = now.astimezone(UTC).date()
    known = identities(user)
    worth = valuation.holdings_valued(user, known)
    # The changes need the last week, and the small course a month, whatever the range shows.
    since = None if asked.base is None else min(asked.base, today - timedelta(days=SPARK_DAYS))
    days = worth_course.stored(user, since, today)
    recent = worth_course.of_range(days, Range(None, today), worth, today).points
    shown = worth_course.of_range(days, asked, worth, today)
    cards = connections.cards(user, _agreement(worth))
    return Overview(
        asked=asked,
        worth=worth,
        assets=_by_asset(worth),
        exchanges=_by_connection(worth),
        cards=cards,
        course=shown,
        movers=_movers(shown, worth, known, today),
        day=_change(recent, today - timedelta(days=1)),
        week=_change(recent, today - timedelta(days=7)),
        whole=_change(shown.points, shown.points[0].on) if shown.points else None,
        spark=tuple(point.value for point in recent[-SPARK_DAYS:]),
        attention=_attention(cards, worth, now),
        positions=positions.of_user(user),
    )


def _movers(shown: WorthCourse, worth: Valuation, known: Identities, today: date) -> Movers | None:
    if not shown.points or not worth.rows:
        return None
    first, last = shown.points[0].on, shown.points[-1].on
    end = last if last < today else None
    return movers.between(first, end, worth.rows, currency=worth.currency, known=known)


def _agreement(worth: Valuation) -> dict[UUID, tuple[int, int]]:
    """What the valued holdings already tell of each connection, to spare a query."""
    found: dict[UUID, tuple[int, int]] = {}
    for row in (*worth.rows, *worth.spam):
        wrong, number = found.get(row.connection_id, (0, 0))
        found[row.connection_id] = (wrong + (row.discrepancy not in (None, 0)), number + 1)
    return found


def _change(points: Sequence[DailyPoint], since: date) -> Change | None:
    """The change from one stored day to the last point; None where that day is not stored."""
    start = next((point for point in points if point.on == since), None)
    if start is None or start is points[-1]:
        return None
    last = points[-1]
    amount = money.EXACT.subtract(last.value, start.value)
    return Change(
        since=since,
        amount=amount,
        percent=money.multiply(money.divide(amount, start.value), Decimal(100))
        if start.value > 0
        else None,
        is_partial=bool(start.unpriced or last.unpriced),
    )


def _share(value: Decimal, total: Decimal) -> Decimal | None:
    if total <= 0:
        return None
    return money.multiply(money.divide(value, total), Decimal(100))


def _value(rows: Iterable[HoldingRow]) -> Decimal:
    return money.total(row.value for row in rows if row.value is not None)


def _by_asset(worth: Valuation) -> tuple[AssetRow, ...]:
    groups: dict[str, list[HoldingRow]] = defaultdict(list)
    for row in worth.rows:
        groups[row.asset].append(row)
    rows = [asset_row(asset, group, worth.total) for asset, group in groups.items()]
    return tuple(sorted(rows, key=_order))


def _order(row: AssetRow) -> tuple[bool, Decimal, str]:
    return (row.value is None, (row.value or money.ZERO).copy_negate(), row.asset)


def asset_row(asset: str, rows: Sequence[HoldingRow], total: Decimal) -> AssetRow:
    """Adds up one asset's wallets; the price shown is that of the largest priced one."""
    priced = [row for row in rows if row.value is not None]
    # A total of some wallets only would be shown as more certain than it is.
    value = _value(priced) if priced and len(priced) == len(rows) else None
    first = max(priced, key=lambda row: row.value or money.ZERO, default=None)
    return AssetRow(
        asset=asset,
        name=rows[0].name if rows else asset,
        quantity=money.total(row.quantity for row in rows),
        price=first.price if first else None,
        price_source=first.price_source if first else "",
        price_at=first.price_at if first else None,
        value=value,
        share=None if value is None else _share(value, total),
        wallets=tuple(rows),
        differs=any(row.discrepancy not in (None, 0) for row in rows),
    )


def _by_connection(worth: Valuation) -> tuple[ConnectionRow, ...]:
    groups: dict[UUID, list[HoldingRow]] = defaultdict(list)
    for row in worth.rows:
        groups[row.connection_id].append(row)
    made = [_connection_row(rows, worth.total) for rows in groups.values()]
    return tuple(sorted(made, key=lambda row: (row.value.copy_negate(), row.label)))


def _connection_row(rows: Sequence[HoldingRow], total: Decimal) -> ConnectionRow:
    value = _value(rows)
    return ConnectionRow(
        connection_id=rows[0].connection_id,
        label=rows[0].connection_label,
        environment=rows[0].environment,
        assets=len({row.asset for row in rows}),
        value=value,
        share=_share(value, total),
        unpriced=tuple(sorted({row.asset for row in rows if row.value is None})),
        wallets=tuple(rows),
    )


# --- What needs attention ---------------------------------------------------------------------


def _attention(cards: Sequence[Card], worth: Valuation, now: datetime) -> tuple[Attention, ...]:
    """What concerns keys and connections just now; all else are findings."""
    found = [item for card in cards for item in _of_card(card, now)]
    if worth.problems:
        found.append(Attention("prices", words=worth.problems))
    return tuple(found)


def _of_card(card: Card, now: datetime) -> Iterable[Attention]:
    connection, audit = card.connection, card.audit
    if connection.status in (Connection.Status.REFUSED, Connection.Status.BROKEN):
        yield Attention(connection.status, connection)
    if connection.status == Connection.Status.REMOVED:
        return
    if card.progress.failed:
        yield Attention("streams", connection, count=card.progress.failed)
    if audit and audit.verdict == PermissionAudit.Verdict.CAN_TRADE and _in_use(connection):
        yield Attention("may_trade", connection)
    if audit and audit.missing and _in_use(connection):
        yield Attention("missing", connection, words=tuple(audit.missing))
    expires_at = audit.key_expires_at if audit and _in_use(connection) else None
    if expires_at and expires_at - now < EXPIRES_SOON:
        yield Attention("expires", connection, at=expires_at)


def _in_use(connection: Connection) -> bool:
    return connection.status in (Connection.Status.ACTIVE, Connection.Status.PAUSED)
