"""Bitfinex: https://docs.bitfinex.com/reference

Each endpoint answers 90 requests a minute; whether they are counted by key or by address is not
said, so all keys of this server share one count of half of that. The ledger reaches back six years.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import RecordKind
from portfolio.exchanges import exact
from portfolio.exchanges.normalisers import bitfinex as normalisers
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import TimeWindows, to_ms
from portfolio.exchanges.profile import (
    Allowance,
    BalanceRule,
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
from portfolio.exchanges.profiles.bitfinex_account import (
    GUIDE,
    read_audit,
    read_balances,
    read_positions,
)
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2012, 10, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_SIX_YEARS = timedelta(days=6 * 365)
_LIMIT = 2500


def _private(path: str, allowance: str) -> Call:
    return Call("private", "POST", path, {allowance: 1}, "/v2")


def _public(path: str) -> Call:
    return Call("public", "GET", path, {"public": 1}, "/v2")


PERMISSIONS = _private("auth/r/permissions", "account")
USER = _private("auth/r/info/user", "account")
WALLETS = _private("auth/r/wallets", "account")
POSITIONS = _private("auth/r/positions", "account")
LEDGERS = _private("auth/r/ledgers/hist", "ledgers")
TRADES = _private("auth/r/trades/hist", "trades")
MOVEMENTS = _private("auth/r/movements/hist", "movements")
PAIRS = _public("conf/pub:list:pair:exchange")
TICKERS = _public("tickers")
CANDLES = _public("candles/trade:{timeframe}:{symbol}/hist")

# --- streams -----------------------------------------------------------------------------------


def _windows(overlap: timedelta, **more: Any) -> TimeWindows:
    return TimeWindows(
        start_parameter="start",
        end_parameter="end",
        limit_parameter="limit",
        limit=_LIMIT,
        window=90 * _DAY,
        floor=_OPENED,
        overlap=overlap,
        **more,
    )


def _at(place: int) -> Callable[[Any], datetime]:
    return lambda row: at_ms(row.value[place])


def _rule(
    family: str,
    kind: RecordKind,
    call: Call,
    at: int,
    normalise: Callable[..., Any],
    strategy: TimeWindows,
) -> StreamRule:
    return StreamRule(
        family=family,
        kind=kind,
        call=call,
        strategy=strategy,
        read=lambda text: RawPage(exact.elements(text)),
        external_id=lambda row: str(row.value[0]),
        occurred_at=_at(at),
        normalise=normalise,
        overlap=strategy.overlap,
    )


_STREAMS = (
    _rule(
        *("ledger", RecordKind.LEDGER, LEDGERS, 3, normalisers.ledger),
        _windows(_DAY, retention=_SIX_YEARS, asks_beyond=True),
    ),
    _rule("trades", RecordKind.TRADES, TRADES, 2, normalisers.trade, _windows(_DAY)),
    # Asked for, and walked, by when they last changed.
    _rule(
        *("movements", RecordKind.DEPOSITS, MOVEMENTS, 6, normalisers.movement),
        _windows(14 * _DAY),
    ),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the streams: the ledger, which books everything, then what explains it."""
    return [StreamSpec(rule.family, rule.kind) for rule in _STREAMS]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read the list of pairs: [["BTCUSD", "DOGE:USD", ...]]."""
    (names,) = exact.loads(text)
    pairs = [(name, *normalisers.sides(name)) for name in names]
    return [
        MarketRow(f"t{name}", normalisers.asset(base), normalisers.asset(quote), True)
        for name, base, quote in pairs
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read rows of [symbol, bid, size, ask, size, change, relative, last price, ...]."""
    rows = [row for row in exact.loads(text) if str(row[0]).startswith("t")]
    return {str(row[0]): number(row[7]) for row in rows if row[7] is not None}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read rows of [opening ms, open, close, high, low, volume]."""
    return [(at_ms(row[0]), number(row[2])) for row in exact.loads(text)]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    place = {"timeframe": "1D", "symbol": symbol}
    return {**place, "start": to_ms(since), "limit": limit, "sort": 1}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the number of ``["error", 10100, "apikey: invalid"]``, or "" where there is none.

    10001 is said of everything; the one about permissions is told apart by its words.
    """
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    if not isinstance(answer, list) or len(answer) < 2 or answer[0] != "error":
        return ""
    words = str(answer[2]) if len(answer) > 2 else ""
    code = str(answer[1])
    return f"{code}:permission" if code == "10001" and "permission" in words else code


_REJECTED = (
    "Bitfinex does not accept this key: it is wrong, deleted, or bound to another IP address."
)
_BUSY = CodeRule(Treatment.AGAIN, "Bitfinex is busy or under maintenance.")
_CODES = {
    **dict.fromkeys(("10000", "10001", "10008", "11000", "20051", "20060", "20061"), _BUSY),
    "10001:permission": CodeRule(
        Treatment.STREAM, "This key lacks the permission to read these records."
    ),
    "10020": CodeRule(Treatment.STREAM, "Bitfinex does not accept what was asked for."),
    "10100": CodeRule(Treatment.KEY, _REJECTED),
    "10111": CodeRule(Treatment.KEY, _REJECTED),
    **dict.fromkeys(
        ("10112", "10113"),
        CodeRule(Treatment.KEY, "Bitfinex finds the signature wrong: check the secret."),
    ),
    "10114": CodeRule(
        Treatment.NONCE, "Another program seems to use this key: give Coffer a key of its own."
    ),
    "11010": CodeRule(
        Treatment.WAIT_ALL, "Bitfinex asks this server to slow down.", timedelta(seconds=70)
    ),
}


def _pace(name: str) -> Allowance:
    return Allowance(name, 10, refill=Decimal("0.75"), reserve=Decimal(0))


PROFILE = Profile(
    exchange="bitfinex",
    guide=GUIDE,
    read_list=(
        *(PERMISSIONS, USER, WALLETS, POSITIONS, LEDGERS, TRADES, MOVEMENTS),
        *(PAIRS, TICKERS, CANDLES),
    ),
    allowances=tuple(map(_pace, ("account", "ledgers", "trades", "movements", "public"))),
    audit_call=PERMISSIONS,
    read_audit=read_audit,
    audit_refused=_REJECTED,
    uid_call=USER,
    read_uid=lambda text: str(exact.loads(text)[0]),
    balances=(BalanceRule(WALLETS, {}, read_balances),),
    balances_refused="This key may not read balances: switch on reading under Wallets.",
    positions=(PositionRule(Listing(POSITIONS), read_positions),),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=PAIRS,
        read_list=read_markets,
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        ticker_parameters={"symbols": "ALL"},
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=2000,
        candles_reach_back=True,
    ),
    error_code=error_code,
    codes=_CODES,
    codes_decide=True,
)
