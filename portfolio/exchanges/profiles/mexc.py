"""MEXC (spot): https://www.mexc.com/api-docs/spot-v3/introduction

500 weights in ten seconds are allowed, by address and by account. Half of that is used.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import Event, RecordKind
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers import mexc as normalisers
from portfolio.exchanges.normalisers.mexc import asset
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import TimeWindows, to_ms
from portfolio.exchanges.paging_windows import days
from portfolio.exchanges.profile import (
    Allowance,
    BalanceRule,
    Call,
    CodeRule,
    MarketRow,
    MarketRule,
    Profile,
    RawPage,
    StreamRule,
    Treatment,
)
from portfolio.exchanges.profiles.mexc_account import GUIDE, read_audit, read_futures, read_spot
from portfolio.exchanges.profiles.pairs import PairPlan
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2018, 4, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def _private(path: str, weight: int = 1) -> Call:
    return Call("spot.private", "GET", path, {"private": weight}, "/api/v3")


def _public(path: str, weight: int = 1) -> Call:
    return Call("spot.public", "GET", path, {"public": weight}, "/api/v3")


UID = _private("uid")
KEY = _private("apiKeyInfo")
ACCOUNT = _private("account", 10)
FUTURES = Call("contract.private", "GET", "account/assets", {"private": 20}, "/api/v1/private")
TRADES = _private("myTrades", 10)
DEPOSITS = _private("capital/deposit/hisrec", 10)
WITHDRAWALS = _private("capital/withdraw/history", 10)
TRANSFERS = _private("capital/transfer")
DUST = _private("capital/convert")
TIME = _public("time")
SYMBOLS = _public("exchangeInfo", 25)
TICKERS = _public("ticker/price", 10)
CANDLES = _public("klines")

# --- streams -----------------------------------------------------------------------------------


def _bare(text: str) -> RawPage:
    if not text.lstrip().startswith("["):
        raise ValueError("expected a list")
    return RawPage(exact.elements(text))


def _transfers(text: str) -> RawPage:
    """Read ``rows``; the documentation shows the answer within a list of one."""
    pages = [page.text for page in exact.elements(text)] if text.startswith("[") else [text]
    for page in pages:
        exact.loads(page)["rows"]  # an answer without them is not an empty one
    return RawPage([row for page in pages for row in exact.elements(page, "rows")])


def _details(text: str) -> RawPage:
    """Read each coin that was exchanged, of all the exchanges of the page."""
    exact.loads(text)["data"]
    found = exact.elements(text, "data")
    return RawPage([row for each in found for row in exact.elements(each.text, "convertDetails")])


def _field(name: str) -> Callable[[Slice], str]:
    return lambda row: str(row.value[name])


def _moment(name: str) -> Callable[[Slice], datetime]:
    return lambda row: at_ms(row.value[name])


def _travels(
    family: str,
    kind: RecordKind,
    call: Call,
    external_id: Callable[[Slice], str],
    time: str,
    normalise: Callable[[StreamSpec, dict[str, Any]], Event],
) -> StreamRule:
    return StreamRule(
        family=family,
        kind=kind,
        call=call,
        strategy=TimeWindows(
            *("startTime", "endTime", "limit", 1000, days(30), _OPENED, 14 * _DAY),
            retention=days(89),
        ),
        read=_bare,
        external_id=external_id,
        occurred_at=_moment(time),
        normalise=normalise,
        overlap=14 * _DAY,
    )


_UNKNOWN_PAIR = frozenset({"-1121", "10007", "30014"})

_STREAMS = (
    _travels(
        *("deposits", RecordKind.DEPOSITS, DEPOSITS),
        lambda row: normalisers.deposit_id(row.value),
        *("insertTime", normalisers.deposit),
    ),
    _travels(
        *("withdrawals", RecordKind.WITHDRAWALS, WITHDRAWALS),
        _field("id"),
        *("applyTime", normalisers.withdrawal),
    ),
    StreamRule(
        family="transfers",
        kind=RecordKind.TRANSFERS,
        call=TRANSFERS,
        strategy=TimeWindows(
            *("startTime", "endTime", "size", 100, days(7), _OPENED, _DAY),
            page_parameter="page",
            retention=days(179),
        ),
        read=_transfers,
        external_id=_field("tranId"),
        occurred_at=_moment("timestamp"),
        normalise=normalisers.transfer,
        overlap=_DAY,
        parameters=lambda stream: {
            "fromAccountType": stream.scope["from"],
            "toAccountType": stream.scope["to"],
        },
    ),
    StreamRule(
        family="dust",
        kind=RecordKind.DUST,
        call=DUST,
        strategy=TimeWindows(
            *("startTime", "endTime", "limit", 1000, days(30), _OPENED, _DAY),
            retention=days(89),
        ),
        read=_details,
        external_id=_field("id"),
        occurred_at=_moment("time"),
        normalise=normalisers.dust,
        overlap=_DAY,
    ),
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=TRADES,
        strategy=TimeWindows(
            *("startTime", "endTime", "limit", 100, days(7), _OPENED, _DAY),
            retention=days(29),
        ),
        read=_bare,
        external_id=_field("id"),
        occurred_at=_moment("time"),
        normalise=normalisers.trade,
        overlap=_DAY,
        parameters=lambda stream: {"symbol": stream.scope["symbol"]},
        absent_codes=_UNKNOWN_PAIR,
    ),
)
_PAIRS = PairPlan(("USDT", "USDC", "BTC", "ETH", "MX", "EUR", "USD1", "USDE", "BRL"))
_BETWEEN = (("SPOT", "FUTURES"), ("FUTURES", "SPOT"))


def _plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return what is told of the account, then the trades of each pair."""
    return [
        StreamSpec("deposits", RecordKind.DEPOSITS),
        StreamSpec("withdrawals", RecordKind.WITHDRAWALS),
        *(
            StreamSpec(f"transfers:{a}-{b}", RecordKind.TRANSFERS, {"from": a, "to": b})
            for a, b in _BETWEEN
        ),
        StreamSpec("dust", RecordKind.DUST),
        *_PAIRS.streams(known_assets, markets),
    ]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``exchangeInfo``."""
    return [
        MarketRow(
            row["symbol"],
            asset(row["baseAsset"]),
            asset(row["quoteAsset"]),
            str(row.get("status")) in ("1", "ENABLED"),
        )
        for row in exact.loads(text)["symbols"]
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``ticker/price``: last price by symbol."""
    return {row["symbol"]: number(row["price"]) for row in exact.loads(text) if row.get("price")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``klines``: rows of opening time, opening, highest, lowest and closing price."""
    return [(at_ms(row[0]), number(row[4])) for row in exact.loads(text)]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    begin = to_ms(since)
    until = begin + limit * 86_400_000 - 1
    return {
        **{"symbol": symbol, "interval": "1d", "limit": limit},
        **{"startTime": begin, "endTime": until},
    }


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the code of a refusal, or "" where all went well."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    code = answer.get("code") if isinstance(answer, dict) else None
    return "" if code in (None, 0, 200, "0", "200") else str(code)


_REJECTED = (
    "MEXC does not accept this key or its signature: it is wrong, expired or deleted, or the "
    "secret does not belong to it."
)
_KEY = CodeRule(Treatment.KEY, _REJECTED)
_ADDRESS = CodeRule(Treatment.KEY, "This key is bound to another IP address.")
_RIGHT = CodeRule(Treatment.STREAM, "This key lacks the permission to read these records.")
_ARGUMENT = CodeRule(Treatment.STREAM, "MEXC does not accept what was asked for.")
_GONE = CodeRule(Treatment.STREAM, "MEXC does not know this pair any more.")
_BUSY = CodeRule(Treatment.AGAIN, "MEXC is busy or under maintenance.")
_SLOW = CodeRule(Treatment.WAIT, "MEXC asks this account to slow down.", timedelta(seconds=10))
_NO_RIGHT = frozenset({"403", "511", "701", "703", "700007"})
_CODES = {
    "700003": CodeRule(Treatment.CLOCK, "The clocks of this server and of MEXC differ."),
    **dict.fromkeys(("401", "402", "602", "10001", "10072", "700001", "700002"), _KEY),
    **dict.fromkeys(("406", "700006"), _ADDRESS),
    **dict.fromkeys(_NO_RIGHT, _RIGHT),
    **dict.fromkeys(("400", "600", "700004", "700005", "700008", "-1128"), _ARGUMENT),
    **dict.fromkeys(_UNKNOWN_PAIR, _GONE),
    **dict.fromkeys(("500", "501", "503", "504", "604", "801"), _BUSY),
    **dict.fromkeys(("429", "510"), _SLOW),
}

PROFILE = Profile(
    exchange="mexc",
    guide=GUIDE,
    read_list=(
        *(UID, KEY, ACCOUNT, FUTURES, TRADES, DEPOSITS, WITHDRAWALS, TRANSFERS, DUST),
        *(TIME, SYMBOLS, TICKERS, CANDLES),
    ),
    allowances=(
        Allowance("private", 250, period=10, per_account=True),
        Allowance("public", 250, period=10),
    ),
    audit_call=KEY,
    audit_key_parameter="accessKey",
    read_audit=lambda text: read_audit(text, lambda name: False),
    read_audit_among=read_audit,
    uid_call=UID,
    read_uid=lambda text: str(exact.loads(text)["uid"]),
    audit_refused="This key may not tell what it may do: let it read the account.",
    balances=(
        BalanceRule(ACCOUNT, {}, read_spot),
        BalanceRule(FUTURES, {}, read_futures, absent_codes=_NO_RIGHT | {"401", "1000"}),
    ),
    balances_refused="This key may not read balances: let it read the account.",
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
        candle_limit=500,
        candles_reach_back=True,
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["serverTime"]),
)
