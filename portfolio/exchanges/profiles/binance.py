"""Binance below /api and /sapi: https://developers.binance.com/docs/binance-spot-api-docs

Here the spot and funding wallets; margin, and earn with the smaller lists, have modules of their
own.

Weights are per address and minute: 6,000 for all of /api; below /sapi 12,000 (address) or 180,000
(account) for each endpoint alone. One page of trades (1,000) costs 20, so the reserve of a quarter
leaves 225 pairs a minute.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from portfolio.engine import money
from portfolio.engine.moments import Width
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers import binance as normalisers
from portfolio.exchanges.normalisers.values import at_ms, at_utc_text
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import IdAscending, TimeWindows, to_ms
from portfolio.exchanges.profile import (
    AccountsRule,
    Allowance,
    BalanceRule,
    Call,
    CodeRule,
    FineRule,
    MarketRow,
    MarketRule,
    Profile,
    RawPage,
    StreamRule,
    Treatment,
)
from portfolio.exchanges.profiles import binance_earn, binance_margin
from portfolio.exchanges.profiles import binance_futures as futures
from portfolio.exchanges.profiles.binance_lists import by_account, by_address, sapi
from portfolio.exchanges.profiles.binance_pairs import PAIRS, plan
from portfolio.exchanges.types import PermissionAudit, StreamSpec, Verdict

_OPENED = datetime(2017, 7, 1, tzinfo=UTC)  # nothing on Binance is older
_DAY = timedelta(days=1)
_API = "/api/v3"

ACCOUNT = Call("private", "GET", "account", {"api": 20}, _API)
MY_TRADES = Call("private", "GET", "myTrades", {"api": 20}, _API)
EXCHANGE_INFO = Call("public", "GET", "exchangeInfo", {"api": 20}, _API)
TIME = Call("public", "GET", "time", {"api": 1}, _API)
PRICES = Call("public", "GET", "ticker/price", {"api": 4}, _API)
KLINES = Call("public", "GET", "klines", {"api": 2}, _API)
RESTRICTIONS = sapi("account/apiRestrictions", ip=1)
FUNDING = sapi("asset/get-funding-asset", method="POST", ip=1)
DEPOSITS = sapi("capital/deposit/hisrec", ip=1)
WITHDRAWALS = sapi("capital/withdraw/history", uid=18000)
DIVIDENDS = sapi("asset/assetDividend", ip=10)
TRANSFERS = sapi("asset/transfer", ip=1)

# --- what a key may do -------------------------------------------------------------------------

_READS = {"enableReading", "enableFixReadOnly"}
_TRADES = {
    "enableSpotAndMarginTrading",
    "enableMargin",
    "enableFutures",
    "enableVanillaOptions",
    "enablePortfolioMarginTrading",
    "enableFixApiTrade",
}


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by ``apiRestrictions``; a granted word that is not known counts as dangerous."""
    answer = exact.loads(text)
    told = {name: value for name, value in answer.items() if isinstance(value, bool)}
    granted = sorted(name for name, on in told.items() if on and name != "ipRestrict")
    dangerous = [name for name in granted if name not in _READS]
    verdict = Verdict.READ_ONLY
    if dangerous:
        tradable = all(name in _TRADES for name in dangerous)
        verdict = Verdict.CAN_TRADE if tradable else Verdict.CAN_WITHDRAW
    expiry = answer.get("tradingAuthorityExpirationTime")
    return PermissionAudit(
        verdict=verdict,
        permissions=tuple(granted),
        dangerous=tuple(dangerous),
        ip_restricted=told.get("ipRestrict"),
        ip_allowlist=(),
        created_at=at_ms(answer["createTime"]) if answer.get("createTime") else None,
        expires_at=at_ms(expiry) if expiry and dangerous else None,
        account_uid="",
        missing=() if "enableReading" in granted else ("enableReading",),
        raw=text,
    )


def read_uid(text: str) -> str:
    """Return the account's number from the answer of ``account``."""
    return str(exact.loads(text).get("uid") or "")


# --- balances ----------------------------------------------------------------------------------


def read_spot(text: str) -> list[ReportedBalance]:
    """Read ``account``.

    Rows such as LDBTC are receipts for BTC in flexible earn, whose positions tell the same.
    """
    rows = exact.loads(text)["balances"]
    names = {row["asset"] for row in rows}
    found = [
        ReportedBalance("spot", row["asset"], _sum(row, "free", "locked"))
        for row in rows
        if not (row["asset"].startswith("LD") and row["asset"][2:] in names)
    ]
    return [balance for balance in found if balance.quantity]


def read_funding(text: str) -> list[ReportedBalance]:
    """Read ``get-funding-asset``."""
    parts = ("free", "locked", "freeze", "withdrawing")
    found = [ReportedBalance("funding", r["asset"], _sum(r, *parts)) for r in exact.loads(text)]
    return [balance for balance in found if balance.quantity]


def read_accounts(lists: list[list[str]]) -> list[ReportedBalance]:
    """Read the margin accounts and the positions of earn."""
    cross, isolated, flexible, locked = lists
    return [
        *(balance for text in cross for balance in binance_margin.read_cross(text)),
        *(balance for text in isolated for balance in binance_margin.read_isolated(text)),
        *binance_earn.read_positions(flexible, "totalAmount"),
        *binance_earn.read_positions(locked, "amount"),
    ]


def _plan_accounts(lists: list[list[str]]) -> list[StreamSpec]:
    cross, isolated, *_ = lists
    return [*binance_margin.plan(cross, isolated), *binance_earn.plan()]


def _plan_pairs(
    lists: list[list[str]], known: frozenset[str], markets: list[MarketRow]
) -> list[StreamSpec]:
    pairs = binance_margin.plan_cross_pairs(PAIRS, known, markets) if lists[0] else []
    return [*pairs, *binance_earn.plan_last()]


_ACCOUNTS = AccountsRule(
    listings=(*binance_margin.LISTINGS, *binance_earn.LISTINGS),
    balances=read_accounts,
    plan=_plan_accounts,
    plan_pairs=_plan_pairs,
)


def _sum(row: dict[str, Any], *names: str) -> Decimal:
    return money.total(number(row.get(name) or "0") for name in names)


# --- streams -----------------------------------------------------------------------------------


def _listed(text: str) -> RawPage:
    return RawPage(exact.elements(text))


def _rows(text: str) -> RawPage:
    return RawPage(exact.elements(text, "rows"), total=int(exact.loads(text).get("total") or 0))


def _field(name: str) -> Any:
    return lambda row: str(row.value[name])


def _moment(name: str) -> Any:
    return lambda row: at_ms(row.value[name])


def _dividend_id(row: Slice) -> str:
    return normalisers.dividend_id(row.value)


def _windows(days: int, limit: int, overlap: timedelta, **more: Any) -> TimeWindows:
    return TimeWindows(
        start_parameter="startTime",
        end_parameter="endTime",
        limit_parameter=more.pop("limit_parameter", "limit"),
        limit=limit,
        window=timedelta(days=days),
        floor=_OPENED,
        overlap=overlap,
        **more,
    )


_STREAMS = (
    StreamRule(
        family="deposits",
        kind=RecordKind.DEPOSITS,
        call=DEPOSITS,
        strategy=_windows(90, 1000, 14 * _DAY, offset_parameter="offset"),
        read=_listed,
        external_id=lambda row: normalisers.deposit_id(row.value),
        occurred_at=_moment("insertTime"),
        normalise=normalisers.deposit,
        overlap=14 * _DAY,
    ),
    StreamRule(
        family="withdrawals",
        kind=RecordKind.WITHDRAWALS,
        call=WITHDRAWALS,
        strategy=_windows(90, 1000, 14 * _DAY, offset_parameter="offset"),
        read=_listed,
        external_id=_field("id"),
        occurred_at=lambda row: at_utc_text(row.value["applyTime"]),
        normalise=normalisers.withdrawal,
        overlap=14 * _DAY,
    ),
    StreamRule(
        family="rewards",
        kind=RecordKind.REWARDS,
        call=DIVIDENDS,
        strategy=_windows(180, 500, _DAY),
        read=_rows,
        external_id=_dividend_id,
        occurred_at=_moment("divTime"),
        normalise=normalisers.dividend,
        overlap=_DAY,
    ),
    StreamRule(
        family="transfers",
        kind=RecordKind.TRANSFERS,
        call=TRANSFERS,
        strategy=_windows(
            180,
            100,
            _DAY,
            limit_parameter="size",
            page_parameter="current",
            retention=timedelta(days=180),
            asks_beyond=True,
        ),
        read=_rows,
        external_id=_field("tranId"),
        occurred_at=_moment("timestamp"),
        normalise=normalisers.transfer,
        overlap=_DAY,
        parameters=lambda stream: {"type": stream.scope["direction"]},
    ),
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=MY_TRADES,
        strategy=IdAscending("fromId", "limit", 1000, _OPENED, timedelta(hours=1)),
        read=_listed,
        external_id=_field("id"),
        occurred_at=_moment("time"),
        normalise=normalisers.trade,
        overlap=timedelta(hours=1),
        parameters=lambda stream: {"symbol": stream.scope["symbol"]},
        absent_codes=frozenset({"-1121"}),
    ),
    *binance_margin.STREAMS,
    *binance_earn.STREAMS,
)

# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``exchangeInfo``."""
    return [
        MarketRow(row["symbol"], row["baseAsset"], row["quoteAsset"], row["status"] == "TRADING")
        for row in exact.loads(text)["symbols"]
    ]


def read_prices(text: str) -> dict[str, Decimal]:
    """Read ``ticker/price``: last price by symbol."""
    return {row["symbol"]: number(row["price"]) for row in exact.loads(text)}


def read_klines(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``klines``: (opening time, closing price)."""
    return [(at_ms(row[0]), number(row[4])) for row in exact.loads(text)]


def _klines(interval: str, symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    return {"symbol": symbol, "interval": interval, "startTime": to_ms(since), "limit": limit}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the code of ``{"code": -1021, "msg": ...}``, or "" where there is none."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    code = answer.get("code") if isinstance(answer, dict) else None
    return "" if code is None else str(code)


_REJECTED = (
    "Binance does not accept this key: it is wrong, expired or deleted, bound to another IP "
    "address, or lacks the permission to read."
)
_CODES = {
    "-1003": CodeRule(Treatment.WAIT_ALL, "Binance asks this server to slow down."),
    "-1015": CodeRule(Treatment.WAIT_ALL, "Binance asks this server to slow down."),
    "-1021": CodeRule(Treatment.CLOCK, "The clocks of this server and of Binance differ."),
    "-1022": CodeRule(Treatment.KEY, "Binance finds the signature wrong: check the secret key."),
    "-2008": CodeRule(Treatment.KEY, _REJECTED),
    "-2014": CodeRule(Treatment.KEY, "Binance says this is not an API key: check the API key."),
    "-2015": CodeRule(Treatment.KEY, _REJECTED),
    "-1002": CodeRule(Treatment.STREAM, "Binance does not let this key read these records."),
    "-1121": CodeRule(Treatment.STREAM, "Binance does not know this pair."),
    "-1100": CodeRule(Treatment.STREAM, "Binance does not accept what was asked for."),
    "-1102": CodeRule(Treatment.STREAM, "Binance does not accept what was asked for."),
    "-1127": CodeRule(Treatment.STREAM, "Binance does not accept what was asked for."),
    "-1128": CodeRule(Treatment.STREAM, "Binance does not accept what was asked for."),
    **futures.CODES,
    "-1130": CodeRule(Treatment.STREAM, "Binance does not accept what was asked for."),
    "-3003": CodeRule(Treatment.STREAM, "This account has no cross margin account."),
    "-3027": CodeRule(Treatment.STREAM, "Binance does not know this pair in margin trading."),
    "-3999": CodeRule(Treatment.STREAM, "Binance does not offer this to this account."),
    "-6003": CodeRule(Treatment.STREAM, "Binance does not offer this to this account."),
    "-11001": CodeRule(Treatment.STREAM, "This account has no isolated margin account."),
    "-11003": CodeRule(Treatment.STREAM, "Binance does not know this pair in isolated margin."),
}

PROFILE = Profile(
    exchange="binance",
    family="binance",
    has_sandbox=True,
    read_list=(
        *(ACCOUNT, MY_TRADES, EXCHANGE_INFO, TIME, PRICES, KLINES),
        *(RESTRICTIONS, FUNDING, DEPOSITS, WITHDRAWALS, DIVIDENDS, TRANSFERS),
        *(call for wallet in futures.BOTH for call in wallet.calls),
        *binance_margin.CALLS,
        *binance_earn.CALLS,
    ),
    allowances=(
        Allowance("api", 6000, period=60, used_header="X-MBX-USED-WEIGHT-1M"),
        *by_address(RESTRICTIONS, FUNDING, DEPOSITS, DIVIDENDS, TRANSFERS),
        *by_address(*binance_margin.CALLS, *binance_earn.BY_ADDRESS),
        *by_account(WITHDRAWALS, *binance_earn.BY_ACCOUNT),
        *futures.ALLOWANCES,
    ),
    audit_call=RESTRICTIONS,
    read_audit=read_audit,
    uid_call=ACCOUNT,
    read_uid=read_uid,
    audit_refused=_REJECTED,
    balances_refused="This key may not read balances: tick Enable Reading.",
    balances=(
        BalanceRule(ACCOUNT, {}, read_spot),
        BalanceRule(FUNDING, {}, read_funding),
        *(wallet.balance for wallet in futures.BOTH),
    ),
    accounts=_ACCOUNTS,
    positions=tuple(wallet.positions for wallet in futures.BOTH),
    streams=(*_STREAMS, *(rule for wallet in futures.BOTH for rule in wallet.streams)),
    plan=plan,
    plan_needs_markets=True,
    markets=MarketRule(
        list_call=EXCHANGE_INFO,
        read_list=read_markets,
        ticker_call=PRICES,
        read_tickers=read_prices,
        candle_call=KLINES,
        candle_parameters=partial(_klines, "1d"),
        read_candles=read_klines,
        candle_limit=1000,
        candles_reach_back=True,
        fine=(
            FineRule(Width.MINUTE, partial(_klines, "1m"), 1000),
            FineRule(Width.HOUR, partial(_klines, "1h"), 1000),
        ),
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["serverTime"]),
)
