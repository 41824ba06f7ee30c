"""HTX, once Huobi (spot and margin): https://www.htx.com/en-us/opend/newApiPages/

Each endpoint allows a number of requests in two seconds per account: history 5, transfers, deposits
and matches 20, accounts 100. Half of that is used.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import Event, RecordKind
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers import htx as normalisers
from portfolio.exchanges.normalisers.htx import asset
from portfolio.exchanges.normalisers.values import at_ms, at_seconds
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import IdAscending, TimeWindows
from portfolio.exchanges.paging_windows import TokenWindows, days
from portfolio.exchanges.profile import (
    AccountsRule,
    Allowance,
    Call,
    CodeRule,
    Listing,
    MarketRow,
    MarketRule,
    Profile,
    RawPage,
    StreamRule,
    Treatment,
)
from portfolio.exchanges.profiles.htx_account import (
    GUIDE,
    listings,
    plan,
    read_audit,
    read_balances,
)
from portfolio.exchanges.profiles.pairs import PairPlan
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2013, 9, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)


def _private(path: str, pace: str) -> Call:
    return Call("spot.private", "GET", path, {pace: 1})


def _public(path: str) -> Call:
    return Call("spot.public", "GET", path, {"public": 1})


UID = _private("v2/user/uid", "lists")
KEY = _private("v2/user/api-key", "lists")
ACCOUNTS = _private("v1/account/accounts", "accounts")
BALANCE = _private("v1/account/accounts/{account-id}/balance", "accounts")
HISTORY = _private("v1/account/history", "history")
TRANSFERS = _private("v2/account/ledger", "lists")
TRAVELS = _private("v1/query/deposit-withdraw", "lists")
MATCHES = _private("v1/order/matchresults", "matches")
TIME = _public("v1/common/timestamp")
SYMBOLS = _public("v1/common/symbols")
TICKERS = _public("market/tickers")
CANDLES = _public("market/history/kline")

# --- streams -----------------------------------------------------------------------------------


def _listed(text: str) -> RawPage:
    answer = exact.loads(text)
    answer["data"]  # an answer without it is not an empty one
    token = answer.get("nextId")
    return RawPage(exact.elements(text, "data"), token=str(token) if token else None)


def _field(name: str) -> Callable[[Slice], str]:
    return lambda row: str(row.value[name])


def _moment(name: str) -> Callable[[Slice], datetime]:
    return lambda row: at_ms(row.value[name])


def _travels(
    family: str,
    kind: RecordKind,
    word: str,
    normalise: Callable[[StreamSpec, dict[str, Any]], Event],
) -> StreamRule:
    """Deposits or withdrawals, from the oldest on (which HTX calls backwards)."""
    return StreamRule(
        family=family,
        kind=kind,
        call=TRAVELS,
        strategy=IdAscending("from", "size", 100, _OPENED, 14 * _DAY),
        read=_listed,
        external_id=_field("id"),
        occurred_at=_moment("created-at"),
        normalise=normalise,
        overlap=14 * _DAY,
        parameters=lambda stream: {"type": word, "direct": "prev"},
    )


_UNKNOWN_PAIR = frozenset({"base-symbol-error", "invalid-symbol", "base-symbol-trade-disabled"})

_STREAMS = (
    _travels("deposits", RecordKind.DEPOSITS, "deposit", normalisers.deposit),
    _travels("withdrawals", RecordKind.WITHDRAWALS, "withdraw", normalisers.withdrawal),
    StreamRule(
        family="history",
        kind=RecordKind.LEDGER,
        call=HISTORY,
        strategy=TimeWindows(
            *("start-time", "end-time", "size", 500, _HOUR, _OPENED, _HOUR),
            retention=days(29),
        ),
        read=_listed,
        external_id=_field("record-id"),
        occurred_at=_moment("transact-time"),
        normalise=normalisers.history,
        overlap=_HOUR,
        parameters=lambda stream: {"account-id": stream.scope["account"]},
    ),
    StreamRule(
        family="transfers",
        kind=RecordKind.TRANSFERS,
        call=TRANSFERS,
        strategy=TokenWindows(
            *("startTime", "endTime", "limit", 500, days(10), _OPENED, _DAY),
            retention=days(180),
            token_parameter="fromId",  # noqa: S106
        ),
        read=_listed,
        external_id=lambda row: normalisers.transfer_id(row.value),
        occurred_at=_moment("transactTime"),
        normalise=normalisers.transfer,
        overlap=_DAY,
        parameters=lambda stream: {"accountId": stream.scope["account"]},
    ),
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=MATCHES,
        strategy=TimeWindows(
            *("start-time", "end-time", "size", 500, days(2), _OPENED, _DAY),
            retention=days(119),
        ),
        read=_listed,
        external_id=_field("id"),
        occurred_at=_moment("created-at"),
        normalise=normalisers.trade,
        overlap=_DAY,
        parameters=lambda stream: {"symbol": stream.scope["symbol"]},
        absent_codes=_UNKNOWN_PAIR,
    ),
)
_PAIRS = PairPlan(
    ("USDT", "BTC", "ETH", "USDC", "HT", "TRX", "HTX", "USDD", "HUSD"),
    name=lambda base, quote: (base + quote).lower(),
)


def _plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return deposits and withdrawals, then the trades of each pair."""
    return [
        StreamSpec("deposits", RecordKind.DEPOSITS),
        StreamSpec("withdrawals", RecordKind.WITHDRAWALS),
        *_PAIRS.streams(known_assets, markets),
    ]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``common/symbols``."""
    return [
        MarketRow(
            row["symbol"],
            asset(row["base-currency"]),
            asset(row["quote-currency"]),
            row.get("state") == "online",
        )
        for row in exact.loads(text)["data"]
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``market/tickers``: last price by symbol."""
    rows = exact.loads(text)["data"]
    return {row["symbol"]: number(row["close"]) for row in rows if row.get("close")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``kline`` of four hours: the last of each UTC day has its closing price.

    HTX's days begin at 16:00 UTC.
    """
    rows = [(at_seconds(row["id"]), number(row["close"])) for row in exact.loads(text)["data"]]
    return [(opened, close) for opened, close in rows if opened.hour == 20]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    return {"symbol": symbol, "period": "4hour", "size": 2000}


# --- errors ------------------------------------------------------------------------------------

_NO_RIGHT, _WRONG_ADDRESS = "no-permission", "wrong-address"


def error_code(text: str) -> str:
    """Return the code of an answer in the older or the newer form, or "" where all went well.

    One code stands for all that can be wrong with a signature: its words tell what.
    """
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    if answer.get("status") == "error":
        return _told(str(answer.get("err-code") or ""), str(answer.get("err-msg") or ""))
    code = answer.get("code")
    return "" if code in (None, 200, "200") else str(code)


def _told(code: str, words: str) -> str:
    if "no permission" in words:
        return _NO_RIGHT
    return _WRONG_ADDRESS if "IP" in words.split() or "ip address" in words.lower() else code


_REJECTED = (
    "HTX does not accept this key or its signature: it is wrong, expired or deleted, or the clocks "
    "of this server and of HTX differ."
)
_SIGNATURE = CodeRule(Treatment.KEY_OR_CLOCK, _REJECTED)
_RIGHT = CodeRule(Treatment.STREAM, "This key lacks the permission to read these records.")
_ARGUMENT = CodeRule(Treatment.STREAM, "HTX does not accept what was asked for.")
_BUSY = CodeRule(Treatment.AGAIN, "HTX is busy or under maintenance.")
_SLOW = CodeRule(Treatment.WAIT, "HTX asks this account to slow down.", timedelta(seconds=5))
_CODES = {
    **dict.fromkeys(("api-signature-not-valid", "api-signature-check-failed", "1003"), _SIGNATURE),
    "login-required": _SIGNATURE,
    _WRONG_ADDRESS: CodeRule(Treatment.KEY, "This key is bound to another IP address."),
    **dict.fromkeys((_NO_RIGHT, "1002", "403"), _RIGHT),
    **dict.fromkeys(
        (
            *("bad-request", "validation-format-error", "validation-constraints-required"),
            *("base-date-limit-error", "invalid-parameter", "2002", "2003", "1006"),
            *("account-get-accounts-inexistent-error", "base-not-found"),
        ),
        _ARGUMENT,
    ),
    **dict.fromkeys(
        _UNKNOWN_PAIR, CodeRule(Treatment.STREAM, "HTX does not know this pair any more.")
    ),
    **dict.fromkeys(
        ("timeout", "gateway-internal-error", "system-maintenance", "500", "base-system-error"),
        _BUSY,
    ),
    **dict.fromkeys(
        ("base-request-exceed-frequency-limit", "rate-too-many-requests", "429"), _SLOW
    ),
}

PROFILE = Profile(
    exchange="htx",
    guide=GUIDE,
    read_list=(
        *(UID, KEY, ACCOUNTS, BALANCE, HISTORY, TRANSFERS, TRAVELS, MATCHES),
        *(TIME, SYMBOLS, TICKERS, CANDLES),
    ),
    allowances=(
        Allowance("accounts", 50, period=2, per_account=True),
        Allowance("history", 1, refill=Decimal("1.25"), per_account=True),
        Allowance("lists", 10, period=2, per_account=True),
        Allowance("matches", 10, period=2, per_account=True),
        Allowance("public", 20, period=2),
    ),
    audit_call=KEY,
    audit_parameters=lambda uid: {"uid": uid},
    read_audit=lambda text: read_audit(text, lambda name: False),
    read_audit_among=read_audit,
    uid_call=UID,
    read_uid=lambda text: str(exact.loads(text)["data"]),
    audit_refused="This key may not tell what it may do: tick Read.",
    balances=(),
    balances_refused="This key may not read balances: tick Read.",
    accounts=AccountsRule((Listing(ACCOUNTS),), read_balances, plan, listings(BALANCE)),
    streams=_STREAMS,
    plan=_plan,
    plan_needs_markets=True,
    markets=MarketRule(
        list_call=SYMBOLS,
        read_list=read_markets,
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=333,
        candles_reach_back=False,
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["data"]),
)
