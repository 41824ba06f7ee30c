"""What crosses the boundary between an exchange and the rest of Coffer."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Protocol

from portfolio.engine.moments import Width
from portfolio.engine.types import RecordKind, ReportedBalance, ReportedPosition


class Verdict(enum.StrEnum):
    """How a key was judged by what the exchange says of it."""

    READ_ONLY = "read_only"  # proved by the exchange's own answer
    UNPROVED = "unproved"  # the exchange has no way to tell
    CAN_TRADE = "can_trade"
    CAN_WITHDRAW = "can_withdraw"  # may withdraw or move funds; words we do not know count here


@dataclass(frozen=True, slots=True)
class PermissionAudit:
    """What the exchange says a key may do, at one moment."""

    verdict: Verdict
    permissions: tuple[str, ...]  # the exchange's own words, those that are granted
    dangerous: tuple[str, ...]  # the granted ones that are not reads
    ip_restricted: bool | None  # None: the exchange does not say
    ip_allowlist: tuple[str, ...]
    created_at: datetime | None
    expires_at: datetime | None
    account_uid: str  # the exchange's id of the account; "" where it does not tell
    missing: tuple[str, ...] = ()  # read permissions that a stream needs and this key lacks
    warnings: tuple[str, ...] = ()  # plain sentences, e.g. a key that sees only part of the history
    raw: str = ""  # the answer as received, without anything secret

    @classmethod
    def unproved(cls, warning: str, account_uid: str = "") -> PermissionAudit:
        """Return what is known of a key that works, where nothing tells what it may do."""
        return cls(
            verdict=Verdict.UNPROVED,
            permissions=(),
            dangerous=(),
            ip_restricted=None,
            ip_allowlist=(),
            created_at=None,
            expires_at=None,
            account_uid=account_uid,
            warnings=(warning,),
        )


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One kind of record that is polled with a cursor of its own.

    A scope with ``sweep`` marks a stream that is asked for completeness' sake only (a pair of
    which nothing is known); planned again once more is known, the same key comes without it.
    """

    key: str  # "trades:BTCUSDT", "deposits", "transfers:MAIN_FUNDING"
    kind: RecordKind
    scope: dict[str, str] = field(default_factory=dict)  # {"symbol":..., "base":..., "quote":...}


@dataclass(frozen=True, slots=True)
class FetchedRecord:
    """One record as the exchange sent it."""

    external_id: str  # unique per exchange account and stream; made by ordinal where there is none
    occurred_at: datetime
    body: str  # the record's JSON text: names, order, numbers and strings as received


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of one stream, and where the stream goes on.

    ``covered`` is the stretch of time for which this page (with those before it) proves that
    nothing is missing; None while the stream cannot yet say (paging downwards).
    """

    records: tuple[FetchedRecord, ...]
    cursor: dict[str, Any]
    is_last: bool  # the stream is up to date; the next round starts from ``cursor``
    covered: tuple[datetime, datetime] | None
    endpoint: str  # e.g. "GET /api/v3/myTrades"
    progress: datetime | None = None  # how far back or forward the backfill has come
    unserved: tuple[datetime, datetime] | None = None  # a stretch that the exchange serves no more


@dataclass(frozen=True, slots=True)
class Ticker:
    """The last price of one asset in another, as the exchange shows it now."""

    asset: str
    currency: str
    price: Decimal
    at: datetime


@dataclass(frozen=True, slots=True)
class Candle:
    """The closing price of one UTC day."""

    on: date
    close: Decimal


@dataclass(frozen=True, slots=True)
class FineCandle:
    """The closing price of one minute or hour, by the moment it began."""

    opened_at: datetime
    close: Decimal


class ExchangeClient(Protocol):
    """One connection's read-only view of its exchange. May raise any GatewayError."""

    def audit(self) -> PermissionAudit: ...
    def balances(self) -> list[ReportedBalance]: ...
    def positions(self) -> list[ReportedPosition] | None: ...
    def plan_streams(
        self, *, known_assets: frozenset[str], leads: Iterable[str] = ()
    ) -> list[StreamSpec]: ...
    def fetch_page(self, stream: StreamSpec, cursor: dict[str, Any], *, now: datetime) -> Page: ...
    def close(self) -> None: ...


class MarketDataClient(Protocol):
    """Public prices of one exchange; needs no key. May raise any GatewayError."""

    def tickers(self) -> list[Ticker]: ...
    def daily_closes(self, asset: str, currency: str, *, since: date) -> list[Candle]: ...
    def span(self, width: Width, at: datetime) -> timedelta | None: ...
    def closes(
        self, asset: str, currency: str, width: Width, since: datetime
    ) -> list[FineCandle]: ...
    def markets(self) -> list[tuple[str, str]]: ...  # (asset, currency) pairs that trade
    def close(self) -> None: ...
