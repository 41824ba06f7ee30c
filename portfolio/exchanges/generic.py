"""Exchanges without a profile: ccxt's unified calls, through the same guard and budget.

Careful rather than quick: stretches of time are asked for one by one, and a stretch whose answer
may have been cut off is halved. What ccxt made of a record is stored beside the record itself, so
that it can be read again later without ccxt.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.client import understand, unproved
from portfolio.exchanges.gateway import Gateway, Rules
from portfolio.exchanges.markets import LocalMarketCache, MarketCache
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import Answer, Cursor, Row, TimeWindows
from portfolio.exchanges.profile import Allowance, Call, MarketRow
from portfolio.exchanges.profiles.pairs import PairPlan
from portfolio.exchanges.types import (
    Candle,
    FetchedRecord,
    Page,
    PermissionAudit,
    StreamSpec,
    Ticker,
)

_DATA = Path(__file__).parent / "data"
_METHODS = {
    "trades": ("fetch_my_trades", RecordKind.TRADES),
    "deposits": ("fetch_deposits", RecordKind.DEPOSITS),
    "withdrawals": ("fetch_withdrawals", RecordKind.WITHDRAWALS),
    "ledger": ("fetch_ledger", RecordKind.LEDGER),
}
_PAGE_SIZES = frozenset({10, 20, 25, 30, 40, 50, 100, 150, 200, 250, 300, 500, 1000, 1500, 2000})
_FLOOR = datetime(2013, 1, 1, tzinfo=UTC)
_BURST = 20
_PAIRS = PairPlan(
    main_quotes=("USDT", "USD", "EUR", "USDC", "BTC", "ETH", "GBP", "JPY", "BRL", "TRY", "AUD")
)


@functools.cache
def _data(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_DATA / name).read_text(encoding="utf-8"))["exchanges"]
    return found


def _row_of(exchange: str) -> dict[str, Any]:
    row: dict[str, Any] = _data("catalogue.json")[exchange]
    return row


def read_list(exchange: str) -> tuple[Call, ...]:
    """Return the generated read list of ``exchange``. May raise KeyError."""
    calls = []
    for line in _data("read_lists.json")[exchange]:
        section, method, path, cost = line.split(" ")
        units = {"calls": min(int(cost), _BURST)}
        calls.append(Call(section, method, "" if path == "-" else path, units))
    return tuple(calls)


def trades_come_by_pair(row: Mapping[str, Any]) -> bool:
    """Whether trades are served for one pair at a time only, and no ledger tells of them."""
    kinds = row["kinds"]
    return bool(row["trades_need_symbol"]) and "trades" in kinds and "ledger" not in kinds


def generic_rules(exchange: str, name: str) -> Rules:
    """Return what the gateway must know: half of the pace that ccxt thinks possible."""
    pace = Decimal(500) / max(_row_of(exchange)["ms_per_call"], 1)
    return Rules(
        exchange=exchange,
        name=name,
        calls=read_list(exchange),
        allowances=(Allowance("calls", _BURST, refill=pace, reserve=Decimal(0)),),
        options={"adjustForTimeDifference": True},
    )


class GenericClient:
    """Reads one connection by ccxt's capability flags (see ``types.ExchangeClient``)."""

    def __init__(
        self,
        exchange: str,
        gateway: Gateway,
        *,
        name: str,
        cache: MarketCache | None = None,
        cache_key: str = "",
    ) -> None:
        self._row = _row_of(exchange)
        self._gateway = gateway
        self._name = name
        self._cache = cache or LocalMarketCache()
        self._cache_key = cache_key or exchange
        self._has_markets = False

    def audit(self) -> PermissionAudit:
        """Find out that the key works; what else it may do cannot be seen."""
        self.balances()
        return unproved(self._name)

    def balances(self) -> list[ReportedBalance]:
        """Return the balances of the default wallet. May raise any GatewayError."""
        totals = self._call("fetch_balance").get("total") or {}
        found = {code: number(total) for code, total in totals.items() if total is not None}
        return [ReportedBalance("spot", code, total) for code, total in found.items() if total]

    def positions(self) -> None:
        """Return None: open positions are read by profiles only."""

    def plan_streams(
        self, *, known_assets: frozenset[str], leads: Iterable[str] = ()
    ) -> list[StreamSpec]:
        """Return what ccxt can fetch. Either trades and transfers book, or the ledger does."""
        kinds = [kind for kind in _METHODS if kind in self._row["kinds"]]
        pairwise = trades_come_by_pair(self._row)
        if self._row["trades_need_symbol"] and "trades" in kinds:
            kinds.remove("trades")
        by_ledger = "ledger" in kinds and "trades" not in kinds
        whole = [
            StreamSpec(kind, _METHODS[kind][1], {"books": _books(kind, by_ledger=by_ledger)})
            for kind in kinds
        ]
        return [*whole, *(self._pairs_of(known_assets) if pairwise else ())]

    def _pairs_of(self, known_assets: frozenset[str]) -> list[StreamSpec]:
        """Return the listed pairs of assets that were seen; those of no other are asked for."""
        self._load_markets()
        rows = [
            MarketRow(symbol, base, quote, trading=True)
            for symbol, (base, quote) in self._gateway.spot_pairs().items()
        ]
        planned = _PAIRS.streams(known_assets, rows)
        return [
            StreamSpec(stream.key, stream.kind, {**stream.scope, "books": "all"})
            for stream in planned
            if "sweep" not in stream.scope
        ]

    def fetch_page(self, stream: StreamSpec, cursor: Cursor, *, now: datetime) -> Page:
        """Return one stretch of time of ``stream``. May raise any GatewayError."""
        method, strategy = _METHODS[stream.key.partition(":")[0]][0], self._strategy()
        asked = strategy.parameters(cursor, now)
        symbol, until = stream.scope.get("symbol"), {"until": asked["until"]}
        rows = self._call(method, symbol, asked["since"], self._row["page"], until)
        records = understand(lambda _: self._records(rows, asked), "", self._name)
        known = [Row(record.external_id, record.occurred_at) for record in records]
        step = strategy.advance(cursor, Answer(known), now)
        return Page(
            records=tuple(records),
            cursor=step.cursor,
            is_last=step.is_last,
            covered=step.covered,
            endpoint=method,
            progress=step.progress,
        )

    def _strategy(self) -> TimeWindows:
        days = self._row["days_back"]
        return TimeWindows(
            start_parameter="since",
            end_parameter="until",
            limit_parameter="limit",
            limit=self._row["page"] or 10_000,
            window=timedelta(days=min(days or 30, 30)),
            floor=_FLOOR,
            overlap=timedelta(days=14),
            retention=timedelta(days=days) if days else None,
            full_sizes=_PAGE_SIZES,
        )

    def _records(
        self, rows: Iterable[dict[str, Any]], asked: dict[str, Any]
    ) -> list[FetchedRecord]:
        twins: Counter[str] = Counter()
        records = []
        for row in rows:
            if row.get("timestamp") is None or row["timestamp"] > asked["until"]:
                continue  # some exchanges take no end; the next stretch has it
            body = self._body(row)
            ident = _identity(row)
            if ident is None:
                digest = hashlib.sha256(body.encode()).hexdigest()[:32]
                twins[digest] += 1
                ident = f"{digest}:{twins[digest]}"
            records.append(FetchedRecord(ident, at_ms(row["timestamp"]), body))
        return records

    def _body(self, row: dict[str, Any]) -> str:
        unified = {name: value for name, value in row.items() if name != "info"}
        info = self._gateway.as_sent(row.get("info"))
        return f'{{"unified": {exact.dumps(unified)}, "info": {info}}}'

    def _call(self, method: str, *arguments: Any) -> Any:
        self._load_markets()
        return self._gateway.unified(method, *arguments)

    def _load_markets(self) -> None:
        if not self._has_markets:
            self._gateway.use_markets(self._cache, self._cache_key)
            self._has_markets = True

    def close(self) -> None:
        """Close the connections."""
        self._gateway.close()


def _books(kind: str, *, by_ledger: bool) -> str:
    if kind == "ledger":
        return "all" if by_ledger else "rest"
    return "no" if by_ledger else "all"


def _identity(row: dict[str, Any]) -> str | None:
    """Return the exchange's id; trade ids may repeat from one pair to the next."""
    if not row.get("id"):
        return None
    symbol = row.get("symbol")
    return f"{symbol}:{row['id']}" if symbol else str(row["id"])


class GenericMarketData:
    """Public prices by ccxt's unified calls (see ``types.MarketDataClient``)."""

    def __init__(
        self, gateway: Gateway, *, name: str, cache: MarketCache | None = None, cache_key: str = ""
    ) -> None:
        self._gateway = gateway
        self._name = name
        self._cache = cache or LocalMarketCache()
        self._cache_key = cache_key
        self._pairs: dict[str, tuple[str, str]] | None = None

    def markets(self) -> list[tuple[str, str]]:
        """Return the spot pairs that trade. May raise any GatewayError."""
        return list(self._spot().values())

    def tickers(self) -> list[Ticker]:
        """Return the last price of every spot pair. May raise any GatewayError."""
        pairs, at = self._spot(), datetime.now(UTC)
        rows = self._gateway.unified("fetch_tickers")
        return [
            Ticker(*pairs[symbol], number(row["last"]), at)
            for symbol, row in rows.items()
            if symbol in pairs and row.get("last")
        ]

    def daily_closes(self, asset: str, currency: str, *, since: date) -> list[Candle]:
        """Return closing prices from ``since`` to yesterday, as far as one answer reaches."""
        self._spot()
        start = int(datetime.combine(since, time(), UTC).timestamp()) * 1000
        rows = self._gateway.unified("fetch_ohlcv", f"{asset}/{currency}", "1d", start)
        today = datetime.now(UTC).date()
        candles = [Candle(at_ms(row[0]).date(), number(row[4])) for row in rows if row[4]]
        return [candle for candle in candles if since <= candle.on < today]

    def _spot(self) -> dict[str, tuple[str, str]]:
        if self._pairs is None:
            self._gateway.use_markets(self._cache, self._cache_key)
            self._pairs = self._gateway.spot_pairs()
        return self._pairs

    def close(self) -> None:
        """Close the connections."""
        self._gateway.close()
