"""KuCoin: https://www.kucoin.com/docs-new

Requests are counted in pools of thirty seconds: 4,000 for spot and 2,000 each for futures and
management per account, 2,000 for public data per address (accounts without VIP level). Half of
that is used: the numbers differ by level and over time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import RecordKind
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers import kucoin as normalisers
from portfolio.exchanges.normalisers.kucoin import asset
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
from portfolio.exchanges.profiles.kucoin_account import (
    GUIDE,
    read_accounts,
    read_audit,
    read_cross,
    read_futures,
    read_isolated,
    read_positions,
)
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2019, 2, 18, tzinfo=UTC)  # nothing older is served
_INTEREST_SINCE = datetime(2023, 4, 1, tzinfo=UTC)  # nothing older is served
_DAY = timedelta(days=1)
_YEAR = timedelta(days=364)  # a day less: never refused at the edge


def _call(section: str, path: str, pool: str, weight: int, version: str = "v1") -> Call:
    return Call(section, "GET", path, {pool: weight}, f"/api/{version}")


KEY = _call("private", "user/api-key", "management", 20)
ACCOUNTS = _call("private", "accounts", "management", 5)
CROSS = _call("private", "margin/accounts", "spot", 15, "v3")
ISOLATED = _call("private", "isolated/accounts", "spot", 15, "v3")
OVERVIEW = _call("futuresPrivate", "account-overview", "futures", 5)
POSITIONS = _call("futuresPrivate", "positions", "futures", 2)
LEDGER = _call("private", "accounts/ledgers", "management", 2)
SPOT_LEDGER = _call("private", "hf/accounts/ledgers", "spot", 2)
MARGIN_LEDGER = _call("private", "hf/margin/account/ledgers", "spot", 2, "v3")
FUTURES_LEDGER = _call("futuresPrivate", "transaction-history", "futures", 2)
INTEREST = _call("private", "margin/interest", "spot", 20, "v3")
DEPOSITS = _call("private", "deposits", "management", 5)
WITHDRAWALS = _call("private", "withdrawals", "management", 20)
TIME = _call("public", "timestamp", "public", 3)
SYMBOLS = _call("public", "symbols", "public", 4, "v2")
TICKERS = _call("public", "market/allTickers", "public", 15)
CANDLES = _call("public", "market/candles", "public", 3)

# --- streams -----------------------------------------------------------------------------------


def _windows(
    start: str, end: str, limit: str, count: int, length: int, overlap: timedelta, **more: Any
) -> TimeWindows:
    return TimeWindows(
        start_parameter=start,
        end_parameter=end,
        limit_parameter=limit,
        limit=count,
        window=days(length),
        floor=more.pop("floor", _OPENED),
        overlap=overlap,
        **more,
    )


def _pages(length: int, overlap: timedelta) -> TimeWindows:
    """Numbered pages under a stretch of time: one year is promised, two are asked for."""
    more = {"retention": _YEAR, "asks_beyond": True, "beyond": _YEAR}
    page = {"page_parameter": "currentPage"}
    return _windows("startAt", "endAt", "pageSize", 500, length, overlap, **page, **more)


def _recent(limit: str, count: int, reach: timedelta, beyond: timedelta) -> TimeWindows:
    """Stretches of a day, halved while they are full."""
    more = {"retention": reach, "asks_beyond": True, "beyond": beyond}
    return _windows("startAt", "endAt", limit, count, 1, _DAY, **more)


def _rows(*path: str) -> Callable[[str], RawPage]:
    def read(text: str) -> RawPage:
        exact.loads(text)["data"]  # an answer without it is not an empty one
        return RawPage(exact.elements(text, "data", *path))

    return read


def _field(name: str) -> Callable[[Slice], str]:
    return lambda row: str(row.value[name])


def _moment(name: str) -> Callable[[Slice], datetime]:
    return lambda row: at_ms(row.value[name])


def _newer_ledger(family: str, call: Call) -> StreamRule:
    """The ledger of the spot or of the margin wallets, which goes three days back.

    Older stretches are answered with the newest rows, or some day perhaps with their own.
    """
    return StreamRule(
        family=family,
        kind=RecordKind.LEDGER,
        call=call,
        strategy=_recent("limit", 200, days(3), timedelta(days=25)),
        read=_rows(),
        external_id=_field("id"),
        occurred_at=_moment("createdAt"),
        normalise=normalisers.own_ledger,
        overlap=_DAY,
    )


_STREAMS = (
    StreamRule(
        family="ledger",
        kind=RecordKind.LEDGER,
        call=LEDGER,
        strategy=_pages(1, _DAY),
        read=_rows("items"),
        external_id=_field("id"),
        occurred_at=_moment("createdAt"),
        normalise=normalisers.ledger,
        overlap=_DAY,
    ),
    _newer_ledger("spot-ledger", SPOT_LEDGER),
    _newer_ledger("margin-ledger", MARGIN_LEDGER),
    StreamRule(
        family="futures-ledger",
        kind=RecordKind.LEDGER,
        call=FUTURES_LEDGER,
        strategy=_recent("maxCount", 50, _YEAR, _YEAR),
        read=_rows("dataList"),
        external_id=lambda row: normalisers.futures_id(row.value),
        occurred_at=_moment("time"),
        normalise=normalisers.futures,
        overlap=_DAY,
    ),
    StreamRule(
        family="interest",
        kind=RecordKind.INTEREST,
        call=INTEREST,
        strategy=_windows(
            *("startTime", "endTime", "pageSize", 500, 90, _DAY),
            page_parameter="currentPage",
            floor=_INTEREST_SINCE,
        ),
        read=_rows("items"),
        external_id=lambda row: normalisers.interest_id(row.value),
        occurred_at=_moment("createdTime"),
        normalise=normalisers.interest,
        overlap=_DAY,
        parameters=lambda stream: {"isIsolated": "false"},  # of isolated margin by pair only
    ),
    StreamRule(
        family="deposits",
        kind=RecordKind.DEPOSITS,
        call=DEPOSITS,
        strategy=_pages(7, 14 * _DAY),
        read=_rows("items"),
        external_id=lambda row: normalisers.deposit_id(row.value),
        occurred_at=_moment("createdAt"),
        normalise=normalisers.deposit,
        overlap=14 * _DAY,
    ),
    StreamRule(
        family="withdrawals",
        kind=RecordKind.WITHDRAWALS,
        call=WITHDRAWALS,
        strategy=_pages(7, 14 * _DAY),
        read=_rows("items"),
        external_id=_field("id"),
        occurred_at=_moment("createdAt"),
        normalise=normalisers.withdrawal,
        overlap=14 * _DAY,
    ),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the ledgers, those first that are lost soonest, then what explains them."""
    ledgers = ("spot-ledger", "margin-ledger", "ledger", "futures-ledger")
    return [
        *(StreamSpec(family, RecordKind.LEDGER) for family in ledgers),
        StreamSpec("interest", RecordKind.INTEREST),
        StreamSpec("deposits", RecordKind.DEPOSITS),
        StreamSpec("withdrawals", RecordKind.WITHDRAWALS),
    ]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``symbols``."""
    return [
        MarketRow(
            row["symbol"],
            asset(row["baseCurrency"]),
            asset(row["quoteCurrency"]),
            row["enableTrading"] is True,
        )
        for row in exact.loads(text)["data"]
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``allTickers``: last price by symbol."""
    rows = exact.loads(text)["data"]["ticker"]
    return {row["symbol"]: number(row["last"]) for row in rows if row.get("last")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``candles``: (opening time, closing price); newest first, as sent."""
    return [(at_seconds(row[0]), number(row[2])) for row in exact.loads(text)["data"] or []]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    start, end = to_ms(since) // 1000, to_ms(since + limit * _DAY) // 1000
    return {"symbol": symbol, "type": "1day", "startAt": start, "endAt": end}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the code of ``{"code": "400003", "msg": ...}``, or "" where all went well."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    code = answer.get("code") if isinstance(answer, dict) else None
    return "" if code in (None, "200000", "200") else str(code)


_REJECTED = "KuCoin does not accept this key: it is wrong, expired or deleted."
_NO_RIGHT = "400007"
_RIGHT = CodeRule(Treatment.STREAM, "This key lacks the permission to read these records.")
_ARGUMENT = CodeRule(Treatment.STREAM, "KuCoin does not accept what was asked for.")
_ABSENT = CodeRule(Treatment.STREAM, "This kind of account is not open at KuCoin.")
_COUNTRY = CodeRule(Treatment.STREAM, "KuCoin does not show this in every country.")
_BUSY = CodeRule(Treatment.AGAIN, "KuCoin is busy or under maintenance.")
_SLOW = CodeRule(Treatment.WAIT, "KuCoin asks this account to slow down.", timedelta(seconds=30))
_CODES = {
    "400001": CodeRule(Treatment.KEY, "KuCoin misses a part of this key."),
    "400002": CodeRule(Treatment.CLOCK, "The clocks of this server and of KuCoin differ."),
    "400003": CodeRule(Treatment.KEY, _REJECTED),
    "400004": CodeRule(
        Treatment.KEY,
        "KuCoin finds the passphrase wrong: it is the one chosen when the key was made, not the "
        "password of the account.",
    ),
    "400005": CodeRule(Treatment.KEY, "KuCoin finds the signature wrong: check the secret key."),
    "400006": CodeRule(Treatment.KEY, "This key is bound to another IP address."),
    _NO_RIGHT: _RIGHT,
    "400008": _RIGHT,
    "400303": _RIGHT,
    "400401": CodeRule(Treatment.KEY, _REJECTED),
    "411100": CodeRule(Treatment.KEY, "KuCoin has frozen this account."),
    **dict.fromkeys(("400000", "400100", "400400", "401000", "404000", "415000"), _ARGUMENT),
    **dict.fromkeys(("126001", "126002", "130306", "130307", "130310"), _ABSENT),
    **dict.fromkeys(("400500", "130315", "126037"), _COUNTRY),
    **dict.fromkeys(("408000", "500000", "126038"), _BUSY),
    **dict.fromkeys(("429000", "200002"), _SLOW),
}

# The margin and futures accounts may be closed, or shown to other keys only.
_NOT_SEEN = frozenset(
    (_NO_RIGHT, "400008", "400303", "400500", "404000", "130306", "130307", "130315")
)
_SETTLED_IN = ("USDT", "USDC", "XBT", "ETH", "SOL", "XRP", "DOT")

PROFILE = Profile(
    exchange="kucoin",
    guide=GUIDE,
    read_list=(
        *(KEY, ACCOUNTS, CROSS, ISOLATED, OVERVIEW, POSITIONS, LEDGER, SPOT_LEDGER),
        *(MARGIN_LEDGER, FUTURES_LEDGER, INTEREST, DEPOSITS, WITHDRAWALS),
        *(TIME, SYMBOLS, TICKERS, CANDLES),
    ),
    allowances=(
        Allowance("spot", 2000, period=30, per_account=True),
        Allowance("futures", 1000, period=30, per_account=True),
        Allowance("management", 1000, period=30, per_account=True),
        Allowance("public", 1000, period=30),
    ),
    audit_call=KEY,
    read_audit=read_audit,
    audit_refused="This key may not tell what it may do: General is not ticked.",
    balances=(
        BalanceRule(ACCOUNTS, {}, read_accounts),
        BalanceRule(CROSS, {"queryType": "ALL"}, read_cross, _NOT_SEEN),
        BalanceRule(ISOLATED, {"queryType": "ALL"}, read_isolated, _NOT_SEEN),
        *(BalanceRule(OVERVIEW, {"currency": c}, read_futures, _NOT_SEEN) for c in _SETTLED_IN),
    ),
    balances_refused="This key may not read balances: tick General.",
    positions=(PositionRule(Listing(POSITIONS), read_positions, _NOT_SEEN),),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=SYMBOLS,
        read_list=read_markets,
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=1000,
        candles_reach_back=True,
        candles_windowed=True,
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["data"]),
)
