"""Bybit (unified trading account): https://bybit-exchange.github.io/docs/v5/intro

600 requests in five seconds per address; per account and endpoint 10 a second where nothing else is
said, one a second for transfers. History comes in windows of seven days (the unified wallet's log,
executions, transfers, the funding wallet's log, savings) or thirty (deposits, withdrawals).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import RecordKind
from portfolio.exchanges import exact
from portfolio.exchanges.normalisers import bybit as unified
from portfolio.exchanges.normalisers import bybit_funding as funding
from portfolio.exchanges.normalisers.values import at_ms, at_seconds
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.paging_windows import NumberedPages, TokenWindows, days
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
from portfolio.exchanges.profiles.bybit_account import (
    GUIDE,
    read_audit,
    read_earn,
    read_funding,
    read_unified,
)
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2018, 12, 1, tzinfo=UTC)
_FUNDING_SINCE = datetime(2021, 7, 1, tzinfo=UTC)  # no funding wallet before
_SAVINGS_SINCE = datetime(2022, 10, 1, tzinfo=UTC)
_LOG_SINCE = datetime(2024, 10, 1, tzinfo=UTC)  # what was older was out of reach in late 2026
_DAY = timedelta(days=1)
_TWO_YEARS = timedelta(days=729)  # a day less: never refused at the edge
CATEGORIES = ("spot", "linear", "inverse")


def _private(path: str, **costs: int) -> Call:
    return Call("private", "GET", path, {"address": 1, **(costs or {"account": 1})})


def _public(path: str) -> Call:
    return Call("public", "GET", path, {"address": 1})


KEY = _private("v5/user/query-api")
WALLET = _private("v5/account/wallet-balance")
FUND_WALLET = _private("v5/asset/transfer/query-account-coins-balance", coins=1)
POSITION = _private("v5/earn/position")
LOG = _private("v5/account/transaction-log")
EXECUTIONS = _private("v5/execution/list")
DEPOSITS = _private("v5/asset/deposit/query-record", deposits=1)
INTERNAL_DEPOSITS = _private("v5/asset/deposit/query-internal-record", deposits=1)
WITHDRAWALS = _private("v5/asset/withdraw/query-record", deposits=1)
TRANSFERS = _private("v5/asset/transfer/query-inter-transfer-list", transfers=1)
CONVERSIONS = _private("v5/asset/exchange/query-convert-history")
EARN_ORDERS = _private("v5/earn/order")
FUND_LOG = _private("v5/asset/fundinghistory")
TIME = _public("v5/market/time")
INSTRUMENTS = _public("v5/market/instruments-info")
TICKERS = _public("v5/market/tickers")
KLINE = _public("v5/market/kline")

# --- streams -----------------------------------------------------------------------------------


def _windows(
    length: int, limit: int, floor: datetime, overlap: timedelta, **more: Any
) -> TokenWindows:
    return TokenWindows(
        start_parameter=more.pop("start_parameter", "startTime"),
        end_parameter=more.pop("end_parameter", "endTime"),
        limit_parameter="limit",
        limit=limit,
        window=days(length),
        floor=floor,
        overlap=overlap,
        **more,
    )


def _promised(limit: int) -> TokenWindows:
    """Two years are promised; what is older is asked for all the same."""
    floor, two = _LOG_SINCE, _TWO_YEARS
    return _windows(7, limit, floor, _DAY, retention=two, asks_beyond=True)


def _pages(container: str) -> Callable[[str], RawPage]:
    def read(text: str) -> RawPage:
        token = exact.loads(text)["result"].get("nextPageCursor")
        return RawPage(exact.elements(text, "result", container), token=token or None)

    return read


def _field(name: str) -> Any:
    return lambda row: str(row.value[name])


def _ms(name: str) -> Any:
    return lambda row: at_ms(row.value[name])


def _seconds(name: str) -> Any:
    return lambda row: at_seconds(row.value[name])


_STREAMS = (
    StreamRule(
        family="ledger",
        kind=RecordKind.LEDGER,
        call=LOG,
        strategy=_promised(50),
        read=_pages("list"),
        external_id=lambda row: unified.row_id(row.value),
        occurred_at=_ms("transactionTime"),
        normalise=unified.ledger,
        overlap=_DAY,
        parameters=lambda stream: {"accountType": "UNIFIED"},
    ),
    StreamRule(
        family="funding-ledger",
        kind=RecordKind.LEDGER,
        call=FUND_LOG,
        strategy=_windows(
            7,
            100,
            _FUNDING_SINCE,
            _DAY,
            start_parameter="createTimeFrom",
            end_parameter="createTimeTo",
            in_seconds=True,
        ),
        read=_pages("list"),
        external_id=_field("currcCursor"),
        occurred_at=_seconds("createTime"),
        normalise=funding.log,
        overlap=_DAY,
    ),
    StreamRule(
        family="deposits",
        kind=RecordKind.DEPOSITS,
        call=DEPOSITS,
        strategy=_windows(30, 50, _OPENED, 14 * _DAY),
        read=_pages("rows"),
        external_id=lambda row: funding.deposit_id(row.value),
        occurred_at=lambda row: funding.deposited_at(row.value),
        normalise=funding.deposit,
        overlap=14 * _DAY,
    ),
    StreamRule(
        family="internal-deposits",
        kind=RecordKind.DEPOSITS,
        call=INTERNAL_DEPOSITS,
        strategy=_windows(30, 50, _OPENED, 14 * _DAY),
        read=_pages("rows"),
        external_id=_field("id"),
        occurred_at=_seconds("createdTime"),
        normalise=funding.internal_deposit,
        overlap=14 * _DAY,
    ),
    StreamRule(
        family="withdrawals",
        kind=RecordKind.WITHDRAWALS,
        call=WITHDRAWALS,
        strategy=_windows(30, 50, _OPENED, 14 * _DAY),
        read=_pages("rows"),
        external_id=_field("withdrawId"),
        occurred_at=_ms("createTime"),
        normalise=funding.withdrawal,
        overlap=14 * _DAY,
        parameters=lambda stream: {"withdrawType": 2},  # to chains and to other users
    ),
    StreamRule(
        family="transfers",
        kind=RecordKind.TRANSFERS,
        call=TRANSFERS,
        strategy=_windows(7, 50, _FUNDING_SINCE, _DAY),
        read=_pages("list"),
        external_id=_field("transferId"),
        occurred_at=_ms("timestamp"),
        normalise=funding.transfer,
        overlap=_DAY,
    ),
    StreamRule(
        family="earn",
        kind=RecordKind.TRANSFERS,
        call=EARN_ORDERS,
        strategy=_windows(7, 100, _SAVINGS_SINCE, _DAY),
        read=_pages("list"),
        external_id=_field("orderId"),
        occurred_at=_ms("createdAt"),
        normalise=funding.earn_order,
        overlap=_DAY,
        parameters=lambda stream: {"category": stream.scope["category"]},
    ),
    StreamRule(
        family="conversions",
        kind=RecordKind.CONVERSIONS,
        call=CONVERSIONS,
        strategy=NumberedPages("index", "limit", 100, _OPENED, _DAY),
        read=_pages("list"),
        external_id=_field("exchangeTxId"),
        occurred_at=_ms("createdAt"),
        normalise=funding.conversion,
        overlap=_DAY,
    ),
    StreamRule(
        family="executions",
        kind=RecordKind.TRADES,
        call=EXECUTIONS,
        strategy=_promised(100),
        read=_pages("list"),
        external_id=_field("execId"),
        occurred_at=_ms("execTime"),
        normalise=unified.execution,
        overlap=_DAY,
        parameters=lambda stream: {"category": stream.scope["category"]},
    ),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the streams: what books first, then the executions that explain the log."""
    whole = [StreamSpec(rule.family, rule.kind) for rule in _STREAMS if rule.family not in _PARTS]
    parts = [
        StreamSpec(f"{family}:{category}", kind, {"category": category})
        for family, (kind, categories) in _PARTS.items()
        for category in categories
    ]
    return whole + parts


_PARTS = {
    "earn": (RecordKind.TRANSFERS, ("FlexibleSaving",)),
    "executions": (RecordKind.TRADES, CATEGORIES),
}

# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``instruments-info`` of the spot market."""
    return [
        MarketRow(row["symbol"], row["baseCoin"], row["quoteCoin"], row["status"] == "Trading")
        for row in exact.loads(text)["result"]["list"]
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``tickers``: last price by symbol."""
    rows = exact.loads(text)["result"]["list"]
    return {row["symbol"]: number(row["lastPrice"]) for row in rows if row.get("lastPrice")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``kline``: (opening time, closing price); newest first, as sent."""
    return [(at_ms(row[0]), number(row[4])) for row in exact.loads(text)["result"]["list"]]


def _kline_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    start = to_ms(since)
    end = to_ms(since + (limit - 1) * _DAY)
    asked = {"category": "spot", "symbol": symbol, "interval": "D"}
    return {**asked, "start": start, "end": end, "limit": limit}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the code of ``{"retCode": 10003, "retMsg": ...}``, or "" where there is none."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    code = answer.get("retCode") if isinstance(answer, dict) else None
    return "" if code in (None, 0, "0") else str(code)


_REJECTED = (
    "Bybit does not accept this key: it is wrong, expired or deleted, belongs to its test or "
    "demo site, or is bound to another IP address."
)
_EXPIRED = "This Bybit key has expired; one that is bound to an IP address does not."
_BUSY = CodeRule(Treatment.AGAIN, "Bybit is busy or under maintenance.")
_ASKED_WRONG = CodeRule(Treatment.STREAM, "Bybit does not accept what was asked for.")
_NO_EARN = frozenset({"10005", "10024"})  # not ticked, or not to be had in this country
_CODES = {
    "10000": _BUSY,
    "10001": _ASKED_WRONG,
    "10002": CodeRule(Treatment.CLOCK, "The clocks of this server and of Bybit differ."),
    "10003": CodeRule(Treatment.KEY, _REJECTED),
    "10004": CodeRule(Treatment.KEY, "Bybit finds the signature wrong: check the secret key."),
    "10005": CodeRule(Treatment.STREAM, "This key lacks the permission to read these records."),
    "10006": CodeRule(
        Treatment.WAIT, "Bybit asks this account to slow down.", timedelta(seconds=5)
    ),
    "10007": CodeRule(Treatment.KEY, _REJECTED),
    "10008": CodeRule(Treatment.KEY, "Bybit has suspended this account."),
    "10009": CodeRule(
        Treatment.WAIT_ALL, "Bybit blocks requests from this server.", timedelta(minutes=10)
    ),
    "10010": CodeRule(Treatment.KEY, _REJECTED),
    "10016": _BUSY,
    "10017": CodeRule(Treatment.STREAM, "Bybit no longer serves this."),
    "10018": CodeRule(
        Treatment.WAIT_ALL, "Bybit asks this server to slow down.", timedelta(minutes=10)
    ),
    "10024": CodeRule(Treatment.STREAM, "Bybit does not show this in every country."),
    "10028": CodeRule(Treatment.STREAM, "Bybit shows this to unified trading accounts only."),
    "33004": CodeRule(Treatment.KEY, _EXPIRED),
    "-2015": CodeRule(Treatment.KEY, _EXPIRED),
}

PROFILE = Profile(
    exchange="bybit",
    has_sandbox=True,
    guide=GUIDE,
    read_list=(
        *(KEY, WALLET, FUND_WALLET, POSITION, LOG, EXECUTIONS, DEPOSITS, INTERNAL_DEPOSITS),
        *(WITHDRAWALS, TRANSFERS, CONVERSIONS, EARN_ORDERS, FUND_LOG),
        *(TIME, INSTRUMENTS, TICKERS, KLINE),
    ),
    allowances=(
        Allowance("address", 600, period=5),
        Allowance("account", 10, refill=Decimal(10), per_account=True),
        Allowance("deposits", 100, period=60, per_account=True),
        Allowance("coins", 5, refill=Decimal(2), per_account=True),
        Allowance("transfers", 60, period=60, per_account=True),
    ),
    audit_call=KEY,
    read_audit=read_audit,
    audit_refused=_REJECTED,
    balances_refused="This key may not read balances: tick wallet and account transfer.",
    balances=(
        BalanceRule(WALLET, {"accountType": "UNIFIED"}, read_unified),
        BalanceRule(FUND_WALLET, {"accountType": "FUND"}, read_funding),
        BalanceRule(POSITION, {"category": "FlexibleSaving"}, read_earn, _NO_EARN),
    ),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=INSTRUMENTS,
        read_list=read_markets,
        list_parameters={"category": "spot"},
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        ticker_parameters={"category": "spot"},
        candle_call=KLINE,
        candle_parameters=_kline_parameters,
        read_candles=read_candles,
        candle_limit=1000,
        candles_reach_back=True,
        candles_windowed=True,
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["time"]),
)
