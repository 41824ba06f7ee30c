"""Exchanges without a profile: ccxt's unified calls, through the same guard and budget.

Careful rather than quick: what bounds mean there is tried first, and an answer that may have been
cut off is asked for in smaller parts (``paging_unproven``). What ccxt made of a record is stored
beside the record itself, so that it can be read again later without ccxt.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.errors import GatewayError, StreamUnavailable, TryAgain
from portfolio.exchanges.gateway import Gateway, Rules
from portfolio.exchanges.markets import LocalMarketCache, MarketCache
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import Answer, Cursor, Row
from portfolio.exchanges.paging_unproven import Unproven
from portfolio.exchanges.paging_windows import days
from portfolio.exchanges.profile import Allowance, Call, MarketRow
from portfolio.exchanges.profiles.pairs import PairPlan
from portfolio.exchanges.reading import understand, unproved
from portfolio.exchanges.types import (
    FetchedRecord,
    Page,
    PermissionAudit,
    StreamSpec,
)

_DATA = Path(__file__).parent / "data"
_METHODS = {
    "trades": ("fetch_my_trades", RecordKind.TRADES),
    "deposits": ("fetch_deposits", RecordKind.DEPOSITS),
    "withdrawals": ("fetch_withdrawals", RecordKind.WITHDRAWALS),
    "ledger": ("fetch_ledger", RecordKind.LEDGER),
}
# Counts that smell of a page cut off: asking in smaller parts costs little, a lost record much.
_PAGE_SIZES = frozenset(n for n in range(10, 10_001) if n % 10 == 0 or n % 25 == 0)
_FLOOR = datetime(2013, 1, 1, tzinfo=UTC)
_BURST = 20
_PAIRS = PairPlan(
    main_quotes=("USDT", "USD", "EUR", "USDC", "BTC", "ETH", "GBP", "JPY", "BRL", "TRY", "AUD"),
    name=lambda base, quote: f"{base}/{quote}",
)
_FORMER_QUOTES = 3  # the currencies with most pairs, in which a coin may have been traded before
_ABSENT_RESTS = timedelta(days=7)
_OVERLAP = timedelta(days=14)
# What ccxt calls a refusal of what was asked; "" is an error that it does not know.
_REFUSALS = ("BadRequest", "ArgumentsRequired", "NotSupported", "")
_UNKNOWN_WALK = {"since": True, "end": "until"}


@functools.cache
def _data(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_DATA / name).read_text(encoding="utf-8"))["exchanges"]
    return found


def _row_of(exchange: str) -> dict[str, Any]:
    row: dict[str, Any] = _data("catalogue.json")[exchange]
    return row


def read_list(exchange: str) -> tuple[Call, ...]:
    """Return the generated read list of ``exchange``. May raise KeyError."""
    calls, most = [], _capacity(exchange)
    for line in _data("read_lists.json")[exchange]:
        section, method, path, cost = line.split(" ")
        units = {"calls": min(int(cost), most)}
        calls.append(Call(section, method, "" if path == "-" else path, units))
    return tuple(calls)


def trades_come_by_pair(row: Mapping[str, Any]) -> bool:
    """Whether trades are served for one pair at a time only, and no ledger tells of them."""
    kinds = row["kinds"]
    return bool(row["trades_need_symbol"]) and "trades" in kinds and "ledger" not in kinds


def _pace(exchange: str) -> Decimal:
    """Units a second: half of what ccxt thinks possible."""
    return Decimal(500) / max(int(_row_of(exchange)["ms_per_call"]), 1)


def _capacity(exchange: str) -> int:
    """Units that may be used at once; where calls cost many units, enough for a few calls."""
    return max(_BURST, int(2 * _pace(exchange)))


def generic_rules(exchange: str, name: str) -> Rules:
    """Return what the gateway must know: half of the pace that ccxt thinks possible."""
    return Rules(
        exchange=exchange,
        name=name,
        calls=read_list(exchange),
        allowances=(
            Allowance("calls", _capacity(exchange), refill=_pace(exchange), reserve=Decimal(0)),
        ),
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
        """Return what trading and funding wallets hold together. May raise any GatewayError."""
        totals: dict[str, Decimal] = {}
        for code, total in self._totals():
            totals[code] = money.add(totals.get(code, money.ZERO), total)
        return [ReportedBalance("spot", code, total) for code, total in totals.items() if total]

    def _totals(self) -> Iterator[tuple[str, Decimal]]:
        yield from self._wallet({})
        if self._row["funding_wallet"]:
            with contextlib.suppress(StreamUnavailable):  # there is none, or not for this key
                yield from self._wallet({"type": "funding"})

    def _wallet(self, params: Mapping[str, str]) -> list[tuple[str, Decimal]]:
        totals = self._call("fetch_balance", dict(params)).get("total") or {}
        return [(code, number(total)) for code, total in totals.items() if total is not None]

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
            StreamSpec(kind, _METHODS[kind][1], self._scope(kind, by_ledger=by_ledger))
            for kind in kinds
        ]
        return [*whole, *(self._pairs_of(known_assets) if pairwise else ())]

    def _scope(self, kind: str, *, by_ledger: bool) -> dict[str, str]:
        net = {"amounts": "net"} if kind == "deposits" and self._row["net_of_fee"] else {}
        return {"books": _books(kind, by_ledger=by_ledger), **net}

    def _pairs_of(self, known_assets: frozenset[str]) -> list[StreamSpec]:
        """Return the pairs of assets that were seen, listed or not; no other is asked for."""
        self._load_markets()
        listed = self._gateway.spot_pairs()
        rows = [MarketRow(name, *pair, trading=True) for name, pair in listed.items()]
        quotes = Counter(quote for _, quote in listed.values())
        former = tuple(quote for quote, _ in quotes.most_common(_FORMER_QUOTES))
        plan = dataclasses.replace(_PAIRS, former_quotes=former, former_coin_quotes=0)
        return [
            StreamSpec(stream.key, stream.kind, {**stream.scope, "books": "all"})
            for stream in plan.streams(known_assets, rows)
            if "sweep" not in stream.scope or stream.scope["symbol"] not in listed
        ]

    def fetch_page(self, stream: StreamSpec, cursor: Cursor, *, now: datetime) -> Page:
        """Return one answer's records of ``stream``. May raise any GatewayError."""
        kind = stream.key.partition(":")[0]
        method, strategy = _METHODS[kind][0], self._strategy(kind)
        if _rests(cursor, now):
            return Page((), cursor, is_last=True, covered=None, endpoint=method)
        asked = strategy.parameters(cursor, now)
        try:
            rows = self._ask(kind, stream, asked)
        except (StreamUnavailable, TryAgain) as error:
            return self._refused(error, stream, cursor, now)
        records = understand(lambda _: self._records(rows), "", self._name)
        known = [Row(str(row.get("id")), at_ms(row["timestamp"])) for row in rows if _is_dated(row)]
        step = understand(
            lambda sent: strategy.advance(cursor, Answer(known, total=sent), now),
            self._gateway.sent(),
            self._name,
        )
        undated = len(known) < len(rows)  # one that nobody can place may belong anywhere
        return Page(
            records=tuple(records),
            cursor=step.cursor,
            is_last=step.is_last,
            covered=None if undated else step.covered,
            endpoint=method,
            progress=step.progress,
            unserved=step.unserved,
        )

    def _refused(
        self, error: GatewayError, stream: StreamSpec, cursor: Cursor, now: datetime
    ) -> Page:
        """Return where to go on when what was asked was refused; else raise the error again."""
        kind = stream.key.partition(":")[0]
        if "sweep" in stream.scope and isinstance(error, StreamUnavailable):
            absent = {**cursor, "absent": now.isoformat()}  # there was no such pair
            return Page((), absent, is_last=True, covered=None, endpoint=_METHODS[kind][0])
        step = self._strategy(kind).skip(cursor, now) if error.code in _REFUSALS else None
        if step is None:
            raise error
        return Page((), step.cursor, is_last=False, covered=None, endpoint=_METHODS[kind][0])

    def _ask(self, kind: str, stream: StreamSpec, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
        walk, params = self._walk(kind), dict[str, Any]()
        if "until" in asked:
            params |= self._end(walk["end"], asked["until"])
        if "before" in asked:
            by_id = "before" in walk
            params |= {walk["before"] if by_id else "until": asked["before"]}
        symbol, limit = stream.scope.get("symbol"), self._row["page"]
        rows = self._call(_METHODS[kind][0], symbol, asked.get("since"), limit, params)
        # Some classes write what was asked into every row: it says nothing of the record.
        return [{name: row[name] for name in row if name not in params} for row in rows]

    def _end(self, end: str, moment: int) -> dict[str, Any]:
        """Return the later bound as this exchange takes it; whole seconds are rounded up."""
        name, _, form = end.partition(" ")
        seconds = -(-moment // 1000)
        forms = {"s": seconds, "iso": self._gateway.iso(moment)}
        return {name: forms.get(form, moment)} if name else {}

    def _walk(self, kind: str) -> dict[str, Any]:
        return dict(self._row["walks"].get(kind, _UNKNOWN_WALK))

    def _strategy(self, kind: str) -> Unproven:
        return strategy_of(self._row, kind)

    def _records(self, rows: Iterable[dict[str, Any]]) -> list[FetchedRecord]:
        twins: Counter[str] = Counter()
        records = []
        for row in filter(_is_dated, rows):
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


def strategy_of(row: Mapping[str, Any], kind: str) -> Unproven:
    """Return how the records of a kind are walked, by what the generator found out."""
    walk, trades = row["walks"].get(kind, _UNKNOWN_WALK), kind == "trades"
    back = row["days_back"] if trades else None
    widest = min(back or 30, (row["window_days"] if trades else None) or 30, 30)
    by_moment = "moment" if walk["end"] == "until" and not walk["since"] else ""
    return Unproven(
        limit=row["page"] or 10_000,
        floor=_FLOOR,
        overlap=_OVERLAP,
        window=days(widest),
        takes_since=walk["since"],
        takes_end=bool(walk["end"]),
        before="id" if "before" in walk else by_moment,
        retention=timedelta(days=back) if back else None,
        full_sizes=_PAGE_SIZES,
    )


def rewound(exchange: str, stream: StreamSpec, cursor: Cursor, since: datetime) -> Cursor:
    """Return the cursor from which all since then is read again."""
    strategy = strategy_of(_row_of(exchange), stream.key.partition(":")[0])
    return strategy.rewind(cursor, since) if cursor else {}


def _rests(cursor: Cursor, now: datetime) -> bool:
    if "absent" not in cursor:
        return False
    return now - datetime.fromisoformat(cursor["absent"]) < _ABSENT_RESTS


def _is_dated(row: Mapping[str, Any]) -> bool:
    return row.get("timestamp") is not None


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
