"""WhiteBIT: https://docs.whitebit.com

All private requests are POSTs. 200 requests in ten seconds and address for deposits and
withdrawals, 1,000 for what else is the main account's, 12,000 for trading, 2,000 for public ones.
A key's numbers must rise, or (``nonceWindow``) be the time within five seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import RecordKind
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers import whitebit as normalisers
from portfolio.exchanges.normalisers.values import at_seconds
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import TimeWindows, to_ms
from portfolio.exchanges.paging_windows import OffsetPages
from portfolio.exchanges.profile import (
    AccountsRule,
    Allowance,
    Call,
    CodeRule,
    Listing,
    MarketRow,
    MarketRule,
    PositionRule,
    Profile,
    RawPage,
    StreamRule,
    Treatment,
)
from portfolio.exchanges.profiles.whitebit_account import GUIDE, read_balances, read_positions
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2018, 11, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_DEEPEST = 10_000


def _private(path: str, **costs: int) -> Call:
    return Call("v4.private", "POST", path, costs or {"trade": 1}, "/api/v4")


MAIN = _private("main-account/balance", main=1)
HISTORY = _private("main-account/history", history=1)
CODES = _private("main-account/codes/history", main=1)
SPOT = _private("trade-account/balance")
DEALS = _private("trade-account/executed-history")
COLLATERAL = _private("collateral-account/balance")
OPEN_POSITIONS = _private("collateral-account/positions/open")
PAST_POSITIONS = _private("collateral-account/positions/history")
CONVERSIONS = _private("convert/history", main=1)
TIME = Call("v4.public", "GET", "time", {"public": 1}, "/api/v4/public")
MARKETS = Call("v4.public", "GET", "markets", {"public": 1}, "/api/v4/public")
TICKER = Call("v4.public", "GET", "ticker", {"public": 1}, "/api/v4/public")
KLINE = Call("v1.public", "GET", "kline", {"public": 1}, "/api/v1/public")

# --- streams -----------------------------------------------------------------------------------


def _deals(text: str) -> RawPage:
    """Read the deals of all markets, each named by its market; none at all may be a list."""
    markets = exact.elements(text)
    return RawPage(
        [
            Slice(market.name, row.value, row.text)
            for market in markets
            for row in exact.elements(market.text)
        ]
    )


def _with_market(row: Slice) -> str:
    return f'{{"market": "{row.name}", {row.text[1:].lstrip()}'


def _container(name: str) -> Callable[[str], RawPage]:
    return lambda text: RawPage(exact.elements(text, name))


def _at(name: str) -> Callable[[Slice], datetime]:
    return lambda row: at_seconds(row.value[name])


def _without_code(row: Slice) -> str:
    """Keep a code's row without the code: who has it may have its money."""
    secret = str(row.value.get("code") or "")
    return row.text.replace(secret, "...") if secret else row.text


def _position_id(row: Slice) -> str:
    order = row.value.get("orderDetail") or {}
    return f"{row.value['positionId']}:{order.get('id') or row.value['modifyDate']}"


def _windows(start: str, end: str, window: timedelta, **more: Any) -> TimeWindows:
    return TimeWindows(start, end, "limit", 100, window, _OPENED, _DAY, in_seconds=True, **more)


def _deepening(overlap: timedelta) -> OffsetPages:
    return OffsetPages("offset", "limit", 100, _OPENED, overlap, _DEEPEST)


def _of_chain(kind: RecordKind, method: int, normalise: Any) -> StreamRule:
    return StreamRule(
        family=kind.value,
        kind=kind,
        call=HISTORY,
        strategy=_deepening(14 * _DAY),
        read=_container("records"),
        external_id=lambda row: str(row.value["transactionId"]),
        occurred_at=_at("createdAt"),
        normalise=normalise,
        overlap=14 * _DAY,
        parameters=lambda stream: {"transactionMethod": method},
    )


_STREAMS = (
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=DEALS,
        strategy=_windows("startDate", "endDate", 30 * _DAY, offset_parameter="offset"),
        read=_deals,
        external_id=lambda row: f"{row.name}:{row.value['id']}",
        occurred_at=_at("time"),
        normalise=normalisers.deal,
        overlap=_DAY,
        body=_with_market,
    ),
    _of_chain(RecordKind.DEPOSITS, 1, normalisers.deposit),
    _of_chain(RecordKind.WITHDRAWALS, 2, normalisers.withdrawal),
    StreamRule(
        family="conversions",
        kind=RecordKind.CONVERSIONS,
        call=CONVERSIONS,
        strategy=_windows("from", "to", 365 * _DAY, offset_parameter="offset"),
        read=_container("records"),
        external_id=lambda row: str(row.value["id"]),
        occurred_at=_at("date"),
        normalise=normalisers.conversion,
        overlap=_DAY,
    ),
    StreamRule(
        family="codes",
        kind=RecordKind.TRANSFERS,
        call=CODES,
        strategy=_deepening(14 * _DAY),
        read=_container("data"),
        external_id=lambda row: str(row.value["external_id"]),
        occurred_at=_at("date"),
        normalise=normalisers.code,
        overlap=14 * _DAY,
        body=_without_code,
    ),
    StreamRule(
        family="positions",
        kind=RecordKind.LEDGER,
        call=PAST_POSITIONS,
        # How many it gives at most is not told; 50 and 100 are what other lists give.
        strategy=_windows("startDate", "endDate", 30 * _DAY, full_sizes=frozenset({50})),
        read=lambda text: RawPage(exact.elements(text)),
        external_id=_position_id,
        occurred_at=_at("modifyDate"),
        normalise=normalisers.position,
        overlap=_DAY,
    ),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the streams; none of them is by pair."""
    return [StreamSpec(rule.family, rule.kind) for rule in _STREAMS]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``markets``: those in which coins trade."""
    return [
        MarketRow(row["name"], row["stock"], row["money"], bool(row["tradesEnabled"]))
        for row in exact.loads(text)
        if row.get("type") == "spot"
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``ticker``: last price by market."""
    rows = exact.loads(text)
    return {name: number(row["last_price"]) for name, row in rows.items() if row.get("last_price")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``kline``: (opening time, closing price); a row is time, open, close, high, low."""
    return [(at_seconds(row[0]), number(row[2])) for row in exact.loads(text)["result"]]


def _kline_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    end = to_ms(since + (limit - 1) * _DAY) // 1000
    edges = {"start": to_ms(since) // 1000, "end": end}
    return {"market": symbol, "interval": "1d", "limit": limit, **edges}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return our word for the message of a refusal: its numbers mean another thing at each call."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    said = answer.get("message") if isinstance(answer, dict) else None
    while isinstance(said, list) and said:
        said = said[0]
    if isinstance(said, dict):
        return "validation"
    words = str(said or "").lower()
    return next((code for begin, code in _WORDS.items() if words.startswith(begin)), "")


_WORDS = {
    "too many requests": "nonce",
    "your nonce is more than": "late",
    "nonce": "nonce",
    "unauthorized request": "signature",
    "this action is unauthorized": "disabled",
    "this api key is not authorized": "endpoint",
    "you don't have permission": "endpoint",
    "invalid payload": "payload",
    "too many attempts": "slow",
    "validation failed": "validation",
    "inner validation failed": "validation",
}
_CODES = {
    "nonce": CodeRule(
        Treatment.NONCE, "WhiteBIT takes the request for a repeated one: is this key used twice?"
    ),
    "late": CodeRule(Treatment.CLOCK, "The clocks of this server and of WhiteBIT differ."),
    "signature": CodeRule(
        Treatment.KEY, "WhiteBIT does not accept this key, or finds its signature wrong."
    ),
    "disabled": CodeRule(
        Treatment.KEY,
        "WhiteBIT has switched this key off; it does so when a key is used from an IP address "
        "that is not listed. Switch it on again in the API settings.",
    ),
    "endpoint": CodeRule(
        Treatment.STREAM, "This key may not use this endpoint: tick it in the API settings."
    ),
    "payload": CodeRule(Treatment.AGAIN, "WhiteBIT could not read the request."),
    "slow": CodeRule(Treatment.WAIT_ALL, "WhiteBIT asks this server to slow down."),
    "validation": CodeRule(Treatment.STREAM, "WhiteBIT does not accept what was asked for."),
}

PROFILE = Profile(
    exchange="whitebit",
    guide=GUIDE,
    read_list=(
        *(MAIN, HISTORY, CODES, SPOT, DEALS, COLLATERAL, OPEN_POSITIONS, PAST_POSITIONS),
        *(CONVERSIONS, TIME, MARKETS, TICKER, KLINE),
    ),
    allowances=(
        Allowance("history", 200, period=10),
        Allowance("main", 1000, period=10),
        Allowance("trade", 12_000, period=10),
        Allowance("public", 2000, period=10),
    ),
    audit_call=None,
    read_audit=None,
    audit_refused="This key may not read balances: tick the endpoints of balances.",
    balances_refused="This key may not read all balances: tick the three endpoints of balances "
    "(main-account, trade-account and collateral-account).",
    balances=(),
    accounts=AccountsRule(
        listings=(Listing(MAIN), Listing(SPOT), Listing(COLLATERAL)),
        balances=read_balances,
        plan=lambda listed: [],
    ),
    positions=(PositionRule(Listing(OPEN_POSITIONS), read_positions),),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=MARKETS,
        read_list=read_markets,
        ticker_call=TICKER,
        read_tickers=read_tickers,
        candle_call=KLINE,
        candle_parameters=_kline_parameters,
        read_candles=read_candles,
        candle_limit=1440,
        candles_reach_back=True,
        candles_windowed=True,
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_seconds(exact.loads(text)["time"]),
    ccxt_options={"nonceWindow": True},
)
