"""Gate (classic account, API v4): https://www.gate.com/docs/developers/apiv4/

Each private endpoint allows 200 requests in ten seconds per account, margin and savings 150, public
ones 200 per address. Half of that is used, by all of them together. Lists are asked for by
stretches of at most 30 days.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import Event, RecordKind
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers import gate as normalisers
from portfolio.exchanges.normalisers.gate import asset
from portfolio.exchanges.normalisers.values import at_ms, at_seconds
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import TimeWindows, to_ms
from portfolio.exchanges.paging_windows import days
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
from portfolio.exchanges.profiles.gate_account import (
    GUIDE,
    read_audit,
    read_futures,
    read_margin,
    read_positions,
    read_savings,
    read_spot,
)
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2017, 9, 1, tzinfo=UTC)
_SAVINGS_SINCE = datetime(2022, 12, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
# No end is documented. What is older than a year is asked for, but a refusal of it is no fault.
_RELIED_ON = timedelta(days=364)


def _private(section: str, path: str) -> Call:
    return Call(f"private.{section}", "GET", path, {"account": 1}, f"/api/v4/{section}")


def _public(path: str) -> Call:
    return Call("public.spot", "GET", path, {"public": 1}, "/api/v4/spot")


KEYS = _private("account", "main_keys")
SPOT = _private("spot", "accounts")
BOOK = _private("spot", "account_book")
TRADES = _private("spot", "my_trades")
MARGIN = _private("margin", "accounts")
MARGIN_BOOK = _private("margin", "account_book")
MARGIN_INTEREST = _private("margin", "uni/interest_records")
SAVINGS = _private("earn", "uni/lends")
SAVINGS_INTEREST = _private("earn", "uni/interest_records")
DEPOSITS = _private("wallet", "deposits")
WITHDRAWALS = _private("wallet", "withdrawals")
FUTURES = _private("futures", "{settle}/accounts")
FUTURES_BOOK = _private("futures", "{settle}/account_book")
POSITIONS = _private("futures", "{settle}/positions")
TIME = _public("time")
PAIRS = _public("currency_pairs")
TICKERS = _public("tickers")
CANDLES = _public("candlesticks")

# --- streams -----------------------------------------------------------------------------------


def _windows(limit: int, overlap: timedelta, **more: Any) -> TimeWindows:
    return TimeWindows(
        start_parameter="from",
        end_parameter="to",
        limit_parameter="limit",
        limit=limit,
        window=days(30),
        floor=more.pop("floor", _OPENED),
        overlap=overlap,
        retention=_RELIED_ON,
        asks_beyond=True,
        in_seconds=True,
        **more,
    )


def _rows(text: str) -> RawPage:
    """Cut a bare list; withdrawals are documented as a list within a list."""
    if not text.startswith("["):
        raise ValueError("expected a list")
    rows = exact.elements(text)
    if rows and all(isinstance(row.value, list) for row in rows):
        return RawPage([inner for row in rows for inner in exact.elements(row.text)])
    return RawPage(rows)


def _field(name: str) -> Callable[[Slice], str]:
    return lambda row: str(row.value[name])


def _moment(name: str) -> Callable[[Slice], datetime]:
    return lambda row: at_ms(row.value[name])


def _second(name: str) -> Callable[[Slice], datetime]:
    return lambda row: at_seconds(row.value[name])


def _travels(
    family: str,
    kind: RecordKind,
    call: Call,
    normalise: Callable[[StreamSpec, dict[str, Any]], Event],
) -> StreamRule:
    return StreamRule(
        family=family,
        kind=kind,
        call=call,
        strategy=_windows(100, 14 * _DAY, offset_parameter="offset"),
        read=_rows,
        external_id=_field("id"),
        occurred_at=_second("timestamp"),
        normalise=normalise,
        overlap=14 * _DAY,
    )


_STREAMS = (
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=TRADES,
        strategy=_windows(1000, _DAY, page_parameter="page"),
        read=_rows,
        external_id=lambda row: normalisers.trade_id(row.value),
        occurred_at=lambda row: normalisers.traded_at(row.value),
        normalise=normalisers.trade,
        overlap=_DAY,
        parameters=lambda stream: {"account": stream.scope["account"]},
    ),
    StreamRule(
        family="ledger",
        kind=RecordKind.LEDGER,
        call=BOOK,
        strategy=_windows(100, _DAY, page_parameter="page"),
        read=_rows,
        external_id=_field("id"),
        occurred_at=_moment("time"),
        normalise=normalisers.book,
        overlap=_DAY,
    ),
    _travels("deposits", RecordKind.DEPOSITS, DEPOSITS, normalisers.deposit),
    _travels("withdrawals", RecordKind.WITHDRAWALS, WITHDRAWALS, normalisers.withdrawal),
    StreamRule(
        family="futures-ledger",
        kind=RecordKind.LEDGER,
        call=FUTURES_BOOK,
        strategy=_windows(100, _DAY, offset_parameter="offset"),
        read=_rows,
        external_id=lambda row: normalisers.futures_id(row.value),
        occurred_at=_second("time"),
        normalise=normalisers.futures,
        overlap=_DAY,
        parameters=lambda stream: {"settle": stream.scope["settle"]},
    ),
    StreamRule(
        family="margin-ledger",
        kind=RecordKind.LEDGER,
        call=MARGIN_BOOK,
        strategy=_windows(100, _DAY, page_parameter="page"),
        read=_rows,
        external_id=_field("id"),
        occurred_at=_second("time"),
        normalise=normalisers.margin_book,
        overlap=_DAY,
    ),
    StreamRule(
        family="margin-interest",
        kind=RecordKind.INTEREST,
        call=MARGIN_INTEREST,
        strategy=_windows(100, _DAY, page_parameter="page", floor=_SAVINGS_SINCE),
        read=_rows,
        external_id=lambda row: normalisers.margin_interest_id(row.value),
        occurred_at=_moment("create_time"),
        normalise=normalisers.margin_interest,
        overlap=_DAY,
    ),
    StreamRule(
        family="savings-interest",
        kind=RecordKind.INTEREST,
        call=SAVINGS_INTEREST,
        strategy=_windows(100, _DAY, page_parameter="page", floor=_SAVINGS_SINCE),
        read=_rows,
        external_id=lambda row: normalisers.savings_interest_id(row.value),
        occurred_at=_moment("create_time"),
        normalise=normalisers.savings_interest,
        overlap=_DAY,
    ),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the streams, most telling first."""
    return [
        StreamSpec("ledger", RecordKind.LEDGER),
        *(
            StreamSpec(f"trades:{account}", RecordKind.TRADES, {"account": account})
            for account in ("spot", "margin")
        ),
        StreamSpec("deposits", RecordKind.DEPOSITS),
        StreamSpec("withdrawals", RecordKind.WITHDRAWALS),
        *(
            StreamSpec(f"futures-ledger:{settle}", RecordKind.LEDGER, {"settle": settle})
            for settle in normalisers.FUTURES
        ),
        StreamSpec("margin-ledger", RecordKind.LEDGER),
        StreamSpec("margin-interest", RecordKind.INTEREST),
        StreamSpec("savings-interest", RecordKind.INTEREST),
    ]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``currency_pairs``."""
    return [
        MarketRow(
            row["id"], asset(row["base"]), asset(row["quote"]), row["trade_status"] == "tradable"
        )
        for row in exact.loads(text)
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``tickers``: last price by pair."""
    rows = exact.loads(text)
    return {row["currency_pair"]: number(row["last"]) for row in rows if row.get("last")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``candlesticks``: (opening time, closing price)."""
    return [(at_seconds(row[0]), number(row[2])) for row in exact.loads(text)]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    start, end = to_ms(since) // 1000, to_ms(since + (limit - 1) * _DAY) // 1000
    return {"currency_pair": symbol, "interval": "1d", "from": start, "to": end}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the word of ``{"label": "INVALID_KEY", "message": ...}``, or ""."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    return str(answer.get("label") or "") if isinstance(answer, dict) else ""


_REJECTED = CodeRule(
    Treatment.KEY, "Gate does not accept this key: it is wrong, expired or deleted."
)
_RIGHT = CodeRule(Treatment.STREAM, "This key lacks the permission to read these records.")
_ARGUMENT = CodeRule(Treatment.STREAM, "Gate does not accept what was asked for.")
_ABSENT = CodeRule(Treatment.STREAM, "This kind of account was never opened at Gate.")
_LOCKED = CodeRule(Treatment.KEY, "Gate has locked this account.")
_BUSY = CodeRule(Treatment.AGAIN, "Gate is busy or under maintenance.")
_SLOW = CodeRule(Treatment.WAIT, "Gate asks this account to slow down.", timedelta(seconds=10))
_CODES = {
    **dict.fromkeys(("INVALID_KEY", "INVALID_CREDENTIALS", "AUTHENTICATION_FAILED"), _REJECTED),
    "INVALID_SIGNATURE": CodeRule(
        Treatment.KEY, "Gate finds the signature wrong: check the secret key."
    ),
    "MISSING_REQUIRED_HEADER": _REJECTED,
    "IP_FORBIDDEN": CodeRule(Treatment.KEY, "This key is bound to another IP address."),
    "REQUEST_EXPIRED": CodeRule(Treatment.CLOCK, "The clocks of this server and of Gate differ."),
    **dict.fromkeys(("FORBIDDEN", "READ_ONLY"), _RIGHT),
    **dict.fromkeys(("ACCOUNT_LOCKED", "SUB_ACCOUNT_LOCKED"), _LOCKED),
    **dict.fromkeys(
        (
            *("INVALID_PARAM_VALUE", "INVALID_ARGUMENT", "MISSING_REQUIRED_PARAM", "BAD_REQUEST"),
            *("INVALID_CURRENCY", "INVALID_CURRENCY_PAIR", "METHOD_NOT_ALLOWED", "NOT_FOUND"),
        ),
        _ARGUMENT,
    ),
    **dict.fromkeys(("USER_NOT_FOUND", "CROSS_ACCOUNT_NOT_FOUND"), _ABSENT),
    **dict.fromkeys(("INTERNAL", "SERVER_ERROR", "TOO_BUSY"), _BUSY),
    **dict.fromkeys(("TOO_FAST", "TOO_MANY_REQUESTS"), _SLOW),
}
# An account that was never opened, or that the key may not see: the others are worth having.
_NOT_SEEN = frozenset({"USER_NOT_FOUND", "FORBIDDEN"})

PROFILE = Profile(
    exchange="gate",
    guide=GUIDE,
    read_list=(
        *(KEYS, SPOT, BOOK, TRADES, MARGIN, MARGIN_BOOK, MARGIN_INTEREST, SAVINGS),
        *(SAVINGS_INTEREST, DEPOSITS, WITHDRAWALS, FUTURES, FUTURES_BOOK, POSITIONS),
        *(TIME, PAIRS, TICKERS, CANDLES),
    ),
    allowances=(
        Allowance("account", 75, period=10, per_account=True),
        Allowance("public", 100, period=10),
    ),
    audit_call=KEYS,
    read_audit=lambda text: read_audit(text, lambda name: False),
    read_audit_among=read_audit,
    audit_refused="This key may not tell what it may do: tick Account, with Read Only.",
    balances=(
        BalanceRule(SPOT, {}, read_spot),
        BalanceRule(MARGIN, {}, read_margin, _NOT_SEEN),
        BalanceRule(SAVINGS, {"limit": 100}, read_savings, _NOT_SEEN),
        *(
            BalanceRule(FUTURES, {"settle": settle}, read_futures(settle), _NOT_SEEN)
            for settle in normalisers.FUTURES
        ),
    ),
    balances_refused="This key may not read balances: tick Spot / Margin Trade, with Read Only.",
    positions=tuple(
        PositionRule(
            Listing(POSITIONS, {"settle": settle, "holding": "true"}),
            read_positions(settle),
            _NOT_SEEN,
        )
        for settle in normalisers.FUTURES
    ),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=PAIRS,
        read_list=read_markets,
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=900,
        candles_reach_back=True,
        candles_windowed=True,
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["server_time"]),
)
