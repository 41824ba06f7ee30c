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
from portfolio.exchanges.paging_windows import NumberedPages, TokenWindows, days
from portfolio.exchanges.profile import (
    Allowance,
    BalanceRule,
    Call,
    MarketRow,
    Profile,
    RawPage,
    StreamRule,
)
from portfolio.exchanges.profiles.bybit_account import (
    GUIDE,
    read_audit,
    read_earn,
    read_funding,
    read_unified,
)
from portfolio.exchanges.profiles.bybit_positions import position_rules
from portfolio.exchanges.profiles.bybit_public import (
    CODES,
    INSTRUMENTS,
    KLINE,
    MARKETS,
    REJECTED,
    TICKERS,
    TIME,
    error_code,
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


KEY = _private("v5/user/query-api")
WALLET = _private("v5/account/wallet-balance")
FUND_WALLET = _private("v5/asset/transfer/query-account-coins-balance", coins=1)
POSITION = _private("v5/earn/position")
CONTRACTS = _private("v5/position/list")
LOG = _private("v5/account/transaction-log")
EXECUTIONS = _private("v5/execution/list")
DEPOSITS = _private("v5/asset/deposit/query-record", deposits=1)
INTERNAL_DEPOSITS = _private("v5/asset/deposit/query-internal-record", deposits=1)
WITHDRAWALS = _private("v5/asset/withdraw/query-record", deposits=1)
TRANSFERS = _private("v5/asset/transfer/query-inter-transfer-list", transfers=1)
CONVERSIONS = _private("v5/asset/exchange/query-convert-history")
EARN_ORDERS = _private("v5/earn/order")
FUND_LOG = _private("v5/asset/fundinghistory")

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

_NO_EARN = frozenset({"10005", "10024"})  # not ticked, or not to be had in this country

PROFILE = Profile(
    exchange="bybit",
    has_sandbox=True,
    guide=GUIDE,
    read_list=(
        *(
            KEY,
            WALLET,
            FUND_WALLET,
            POSITION,
            CONTRACTS,
            LOG,
            EXECUTIONS,
            DEPOSITS,
            INTERNAL_DEPOSITS,
        ),
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
    audit_refused=REJECTED,
    balances_refused="This key may not read balances: tick wallet and account transfer.",
    balances=(
        BalanceRule(WALLET, {"accountType": "UNIFIED"}, read_unified),
        BalanceRule(FUND_WALLET, {"accountType": "FUND"}, read_funding),
        BalanceRule(POSITION, {"category": "FlexibleSaving"}, read_earn, _NO_EARN),
    ),
    positions=position_rules(CONTRACTS),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MARKETS,
    error_code=error_code,
    codes=CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["time"]),
)
