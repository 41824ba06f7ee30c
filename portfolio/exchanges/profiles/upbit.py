"""Upbit (Korea): https://docs.upbit.com/kr/reference

30 requests a second and account, 10 a second and address for each group of public ones. Closed
orders come in windows of seven days by the time they were made, at most 1,000 of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine import money
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import upbit as normalisers
from portfolio.exchanges.normalisers.values import at_utc_text
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import TimeWindows
from portfolio.exchanges.paging_windows import NumberedPages, days
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
from portfolio.exchanges.types import PermissionAudit, StreamSpec

_OPENED = datetime(2017, 10, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
# An order is listed by when it was made, once it is closed: those that waited long are found by
# reading half a year again.
_ORDERS_WAIT = timedelta(days=182)


def _private(path: str) -> Call:
    return Call("private", "GET", path, {"account": 1}, "/v1")


def _public(path: str) -> Call:
    return Call("public", "GET", path, {"public": 1}, "/v1")


KEYS = _private("api_keys")
ACCOUNTS = _private("accounts")
ORDERS = _private("orders/closed")
DEPOSITS = _private("deposits")
WITHDRAWALS = _private("withdraws")
MARKETS = _public("market/all")
TICKERS = _public("ticker/all")
CANDLES = _public("candles/days")

# --- what a key may do -------------------------------------------------------------------------

_SEVERAL = (
    "This account has several keys, and Upbit does not say which of them this one is: the expiry "
    "shown is the earliest."
)


def read_audit(text: str) -> PermissionAudit:
    """Read ``api_keys``: when the account's keys expire. What they may do is not told."""
    rows = exact.loads(text)
    told = [at_utc_text(row["expire_at"]) for row in rows if row.get("expire_at")]
    alive = [moment for moment in told if moment > datetime.now(UTC)]
    known = PermissionAudit.unproved("Coffer cannot see what a key of Upbit may do.")
    return replace(
        known,
        expires_at=min(alive or told, default=None),
        warnings=(*known.warnings, _SEVERAL) if len(alive) > 1 else known.warnings,
        raw=_without_keys(text, rows),
    )


def _without_keys(text: str, rows: list[dict[str, Any]]) -> str:
    for row in rows:
        if row.get("access_key"):
            text = text.replace(str(row["access_key"]), "...")
    return text


def read_balances(text: str) -> list[ReportedBalance]:
    """Read ``accounts``: what is there, in orders or not."""
    totals: dict[str, Decimal] = {}
    for row in exact.loads(text):
        code = normalisers.asset(row["currency"])
        held = money.add(number(row["balance"]), number(row["locked"]))
        totals[code] = money.add(totals.get(code, money.ZERO), held)
    return [
        ReportedBalance(normalisers.WALLET, code, sum_) for code, sum_ in totals.items() if sum_
    ]


# --- streams -----------------------------------------------------------------------------------


def _rows(text: str) -> RawPage:
    return RawPage(exact.elements(text))


def _made(row: exact.Slice) -> datetime:
    return at_utc_text(row.value["created_at"])


def _of_chain(kind: RecordKind, call: Call, normalise: Any) -> StreamRule:
    return StreamRule(
        family=kind.value,
        kind=kind,
        call=call,
        strategy=NumberedPages("page", "limit", 100, _OPENED, 14 * _DAY),
        read=_rows,
        external_id=lambda row: str(row.value["uuid"]),
        occurred_at=_made,
        normalise=normalise,
        overlap=14 * _DAY,
        parameters=lambda stream: {"order_by": "desc"},
    )


_STREAMS = (
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=ORDERS,
        strategy=TimeWindows(
            "start_time", "end_time", "limit", 1000, days(7), _OPENED, _ORDERS_WAIT
        ),
        read=_rows,
        external_id=lambda row: str(row.value["uuid"]),
        occurred_at=_made,
        normalise=normalisers.order,
        overlap=_ORDERS_WAIT,
        parameters=lambda stream: {"order_by": "asc"},
    ),
    _of_chain(RecordKind.DEPOSITS, DEPOSITS, normalisers.deposit),
    _of_chain(RecordKind.WITHDRAWALS, WITHDRAWALS, normalisers.withdrawal),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the streams; none of them is by pair."""
    return [StreamSpec(rule.family, rule.kind) for rule in _STREAMS]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``market/all``: what is listed trades."""
    names = [str(row["market"]) for row in exact.loads(text)]
    return [MarketRow(name, *normalisers.pair(name), trading=True) for name in names]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``ticker/all``: last price by market."""
    rows = exact.loads(text)
    return {row["market"]: number(row["trade_price"]) for row in rows if row.get("trade_price")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``candles/days``: (opening time, closing price)."""
    rows = exact.loads(text)
    return [(at_utc_text(row["candle_date_time_utc"]), number(row["trade_price"])) for row in rows]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    end = since + limit * _DAY  # which is not among them
    return {"market": symbol, "to": end.strftime("%Y-%m-%dT%H:%M:%SZ"), "count": limit}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the name in ``{"error": {"name": "out_of_scope", ...}}``, or ""."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error.get("name") or "") if isinstance(error, dict) else ""


_REJECTED = CodeRule(Treatment.KEY, "Upbit does not accept this key, or finds its signature wrong.")
_ADDRESS = CodeRule(Treatment.KEY, "This Upbit key is bound to another IP address.")
_NOT_SO = CodeRule(Treatment.STREAM, "Upbit does not accept what was asked for.")
_BUSY = CodeRule(Treatment.AGAIN, "Upbit is busy or under maintenance.")
_SLOW = CodeRule(Treatment.WAIT, "Upbit asks this account to slow down.", timedelta(seconds=5))
_CODES = {
    **dict.fromkeys(("invalid_access_key", "jwt_verification", "invalid_query_payload"), _REJECTED),
    **dict.fromkeys(("no_authorization_ip", "no_authorization_i_p"), _ADDRESS),
    "expired_access_key": CodeRule(Treatment.KEY, "This Upbit key has expired: they live a year."),
    "nonce_used": CodeRule(Treatment.NONCE, "Upbit takes the request for a repeated one."),
    "out_of_scope": CodeRule(
        Treatment.STREAM, "This key lacks the permission to view these records."
    ),
    "thirdparty_agreement_required": CodeRule(
        Treatment.KEY, "Upbit wants an agreement of the account's owner first: sign in there."
    ),
    **dict.fromkeys(("validation_error", "invalid_parameter", "invalid_time_range", "400"),
                    _NOT_SO),
    **dict.fromkeys(("too_many_requests", "too_many_request_order"), _SLOW),
    **dict.fromkeys(("server_error", "internal_server_error"), _BUSY),
}  # fmt: skip

GUIDE = Guide(
    give=("View assets (자산조회)", "View orders (주문조회)", "View withdrawals (출금조회)",
          "View deposits (입금조회)"),
    keep=("Make orders (주문하기)", "Withdraw (출금하기)", "Deposit (입금하기)"),
    steps=(
        "On upbit.com open My page, then Open API management.",
        "Tick the four permissions to view (조회) and nothing else.",
        "Enter this server's address as the allowed IP.",
        "Issue the key, confirm with the second factor, and copy the access key and the secret "
        "key; the secret is shown only now.",
    ),
    notes=(
        "Upbit does not tell what a key may do: make sure that it only views.",
        "A key lives a year: Coffer reminds you before it expires.",
        "Upbit in Singapore, Indonesia and Thailand has other addresses and keys.",
    ),
    covers=(
        ("balances", True, "", "the account's wallet, orders included"),
        ("trades", True, "as far as Upbit lists them", "order by order, with the order's time"),
        ("deposits", True, "from the first deposit", "won and coins"),
        ("withdrawals", True, "from the first withdrawal", "won and coins"),
        ("rewards", False, "", "staking and events are in no list"),
        ("ledger", False, "", "Upbit has no ledger"),
    ),
)  # fmt: skip

PROFILE = Profile(
    exchange="upbit",
    guide=GUIDE,
    read_list=(KEYS, ACCOUNTS, ORDERS, DEPOSITS, WITHDRAWALS, MARKETS, TICKERS, CANDLES),
    allowances=(
        Allowance("account", 30, period=1, per_account=True),
        Allowance("public", 10, period=1),
    ),
    audit_call=KEYS,
    read_audit=read_audit,
    audit_tells=False,
    audit_refused="This key may not even list the account's keys: tick the permissions to view.",
    balances=(BalanceRule(ACCOUNTS, {}, read_balances),),
    balances_refused="This key may not read balances: tick View assets (자산조회).",
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=MARKETS,
        read_list=read_markets,
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        ticker_parameters={"quote_currencies": "KRW,BTC,USDT"},
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=200,
        candles_reach_back=True,
        candles_windowed=True,
    ),
    error_code=error_code,
    codes=_CODES,
)
