"""Kraken (spot): https://docs.kraken.com/api-reference

The private API counts calls per key: up to 15 (Starter), falling by 0.33 a second; ledgers and
trades count 2, all else 1. A quarter is kept in reserve, so a page of 50 rows goes out every six
seconds once the first burst is spent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from portfolio.engine import money
from portfolio.engine.moments import Width
from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.normalisers import kraken as normalisers
from portfolio.exchanges.normalisers.values import at_seconds
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.paging_backward import OffsetFixedEnd, TokenPages
from portfolio.exchanges.profile import (
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
from portfolio.exchanges.types import PermissionAudit, StreamSpec, Verdict

_OPENED = datetime(2011, 7, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_PUBLIC, _PRIVATE = "/0/public", "/0/private"


def _private(path: str, cost: int = 1) -> Call:
    return Call("private", "POST", path, {"counter": cost}, _PRIVATE)


def _public(path: str) -> Call:
    return Call("public", "GET", path, {"public": 1}, _PUBLIC)


KEY_INFO = _private("GetApiKeyInfo")
BALANCES = _private("BalanceEx")
LEDGERS = _private("Ledgers", 2)
TRADES = _private("TradesHistory", 2)
DEPOSITS = _private("DepositStatus")
WITHDRAWALS = _private("WithdrawStatus")
TIME, PAIRS, TICKER, OHLC = (_public(p) for p in ("Time", "AssetPairs", "Ticker", "OHLC"))

# --- what a key may do -------------------------------------------------------------------------

_READS = {"query-funds", "query-open-trades", "query-closed-trades", "query-ledger", "export-data"}
_TRADES = {"modify-trades", "close-trades", "create-ws-token"}
_NEEDED = ("query-funds", "query-closed-trades", "query-ledger")


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by ``GetApiKeyInfo``; a word that is not known counts as dangerous."""
    info = exact.loads(text)["result"]
    granted = tuple(str(word) for word in info["permissions"])
    dangerous = tuple(word for word in granted if word not in _READS)
    verdict = Verdict.READ_ONLY
    if dangerous:
        tradable = all(word in _TRADES for word in dangerous)
        verdict = Verdict.CAN_TRADE if tradable else Verdict.CAN_WITHDRAW
    addresses = tuple(str(address) for address in info.get("ipAllowlist") or ())
    return PermissionAudit(
        verdict=verdict,
        permissions=granted,
        dangerous=dangerous,
        ip_restricted=bool(addresses),
        ip_allowlist=addresses,
        created_at=_when(info.get("createdTime")),
        expires_at=_when(info.get("validUntil")),
        account_uid=str(info.get("iban") or "").replace(" ", ""),
        missing=tuple(word for word in _NEEDED if word not in granted),
        warnings=_warnings(_when(info.get("queryFrom")), _when(info.get("queryTo"))),
        raw=_without_key(text, info),
    )


def _when(value: Any) -> datetime | None:
    return None if value in (None, "", "0", 0) else at_seconds(value)


def _warnings(since: datetime | None, until: datetime | None) -> tuple[str, ...]:
    found = []
    if since:
        found.append(f"This key sees nothing from before {since:%Y-%m-%d}: older history is cut.")
    if until:
        found.append(f"This key sees nothing from after {until:%Y-%m-%d}: new records are missed.")
    return tuple(found)


def _without_key(text: str, info: dict[str, Any]) -> str:
    key = str(info.get("apiKey") or "")
    return text.replace(key, "...").replace(key.replace("/", "\\/"), "...") if key else text


# --- balances ----------------------------------------------------------------------------------


def read_balances(text: str) -> list[ReportedBalance]:
    """Read ``BalanceEx``; names that differ by suffix digits only are one asset in one wallet."""
    totals: dict[tuple[str, str], Decimal] = {}
    for name, row in exact.loads(text)["result"].items():
        code, wallet = normalisers.asset(name)
        slot = (wallet, code)
        totals[slot] = money.add(totals.get(slot, money.ZERO), number(row["balance"]))
    return [ReportedBalance(w, code, total) for (w, code), total in totals.items() if total]


# --- streams -----------------------------------------------------------------------------------


def _named(container: str) -> Callable[[str], RawPage]:
    def read(text: str) -> RawPage:
        rows = exact.elements(text, "result", container)
        count = exact.loads(text)["result"].get("count")
        return RawPage(rows, total=None if count is None else int(count))

    return read


def _list_or_paged(text: str) -> RawPage:
    """Read a status list: a plain list, or an object that holds one list and the next cursor."""
    result = exact.loads(text)["result"]
    if isinstance(result, list):
        return RawPage(exact.elements(text, "result"))
    name = next((name for name, value in result.items() if isinstance(value, list)), "")
    rows = exact.elements(text, "result", name) if name else []
    return RawPage(rows, token=result.get("next_cursor") or None)


def _with_name(row: Slice) -> str:
    return "{" + exact.dumps(row.name) + ": " + row.text + "}"


def _time(row: Slice) -> datetime:
    return at_seconds(row.value["time"])


def _statuses(
    family: str, kind: RecordKind, call: Call, normalise: Callable[..., Any]
) -> StreamRule:
    return StreamRule(
        family=family,
        kind=kind,
        call=call,
        strategy=TokenPages("limit", 500, _OPENED, 14 * _DAY),
        read=_list_or_paged,
        external_id=lambda row: str(row.value["refid"]),
        occurred_at=_time,
        normalise=normalise,
        overlap=14 * _DAY,
    )


_STREAMS = (
    StreamRule(
        family="ledger",
        kind=RecordKind.LEDGER,
        call=LEDGERS,
        strategy=OffsetFixedEnd(50, _OPENED, _DAY),
        read=_named("ledger"),
        external_id=lambda row: row.name,
        occurred_at=_time,
        normalise=normalisers.ledger,
        overlap=_DAY,
        body=_with_name,
    ),
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=TRADES,
        strategy=OffsetFixedEnd(50, _OPENED, timedelta(hours=1)),
        read=_named("trades"),
        external_id=lambda row: row.name,
        occurred_at=_time,
        normalise=normalisers.trade,
        overlap=timedelta(hours=1),
        body=_with_name,
    ),
    _statuses("deposits", RecordKind.DEPOSITS, DEPOSITS, normalisers.deposit),
    _statuses("withdrawals", RecordKind.WITHDRAWALS, WITHDRAWALS, normalisers.withdrawal),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the four streams: the ledger, which books everything, then what explains it."""
    return [StreamSpec(rule.family, rule.kind) for rule in _STREAMS]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read ``AssetPairs``."""
    return [
        MarketRow(
            name,
            normalisers.asset(row["base"])[0],
            normalisers.asset(row["quote"])[0],
            row.get("status", "online") == "online",
        )
        for name, row in exact.loads(text)["result"].items()
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``Ticker``: price of the last trade by pair."""
    return {name: number(row["c"][0]) for name, row in exact.loads(text)["result"].items()}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``OHLC``: (opening time, closing price)."""
    result = exact.loads(text)["result"]
    rows: list[Any] = next((rows for name, rows in result.items() if name != "last"), [])
    return [(at_seconds(row[0]), number(row[4])) for row in rows]


def _ohlc(minutes: int, symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    return {"pair": symbol, "interval": minutes, "since": to_ms(since) // 1000 - 1}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the first of ``{"error": ["EAPI:Invalid nonce"]}``, or "" where there is none."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    found = answer.get("error") if isinstance(answer, dict) else None
    return str(found[0]) if isinstance(found, list) and found else ""


_BUSY = CodeRule(Treatment.AGAIN, "Kraken is busy or under maintenance.")
_SLOW = CodeRule(Treatment.WAIT, "Kraken asks this key to slow down.", timedelta(seconds=20))
_REJECTED = (
    "Kraken does not accept this key: it is wrong, expired or deleted, or bound to another IP "
    "address."
)
_CODES = {
    "EAPI:Invalid key": CodeRule(Treatment.KEY, _REJECTED),
    "EAPI:Invalid signature": CodeRule(
        Treatment.KEY, "Kraken finds the signature wrong: check the private key."
    ),
    "EAPI:Invalid nonce": CodeRule(
        Treatment.NONCE, "Another program seems to use this key: give Coffer a key of its own."
    ),
    "EAPI:Rate limit exceeded": _SLOW,
    "EGeneral:Too many requests": CodeRule(
        Treatment.WAIT_ALL, "Kraken asks this server to slow down."
    ),
    "EGeneral:Temporary lockout": CodeRule(
        Treatment.WAIT, "Kraken has locked this key out for a while.", timedelta(minutes=15)
    ),
    "EGeneral:Permission denied": CodeRule(
        Treatment.STREAM, "This key lacks the permission to read these records."
    ),
    "EAPI:Feature disabled": CodeRule(Treatment.STREAM, "Kraken has switched this off."),
    "EGeneral:Unknown method": CodeRule(Treatment.STREAM, "Kraken no longer serves this."),
    "EGeneral:Invalid arguments": CodeRule(
        Treatment.STREAM, "Kraken does not accept what was asked for."
    ),
    "EQuery:Unknown asset pair": CodeRule(Treatment.STREAM, "Kraken does not know this pair."),
    "EQuery:Invalid asset pair": CodeRule(Treatment.STREAM, "Kraken does not know this pair."),
    "EAuth:Account unconfirmed": CodeRule(Treatment.KEY, "This Kraken account is not confirmed."),
    "ETrade:User Locked": CodeRule(Treatment.KEY, "This Kraken account is locked."),
    "EService:Unavailable": _BUSY,
    "EService:Busy": _BUSY,
    "EService:Timeout": _BUSY,
    "EGeneral:Internal error": _BUSY,
    "EDatabase:Internal error": _BUSY,
}

PROFILE = Profile(
    exchange="kraken",
    has_sandbox=True,
    read_list=(
        *(KEY_INFO, BALANCES, LEDGERS, TRADES, DEPOSITS, WITHDRAWALS),
        *(TIME, PAIRS, TICKER, OHLC),
    ),
    allowances=(
        Allowance("counter", 15, refill=Decimal("0.33"), per_account=True),
        Allowance("public", 10, refill=Decimal(1)),
    ),
    audit_call=KEY_INFO,
    read_audit=read_audit,
    audit_refused=(
        "Kraken refuses this key even what needs no permission: it is bound to another IP address."
    ),
    balances_refused="This key may not read balances: tick Query under Funds permissions.",
    balances=(BalanceRule(BALANCES, {}, read_balances),),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=PAIRS,
        read_list=read_markets,
        ticker_call=TICKER,
        read_tickers=read_tickers,
        candle_call=OHLC,
        candle_parameters=partial(_ohlc, 1440),
        read_candles=read_candles,
        candle_limit=720,
        candles_reach_back=False,
        # The latest 720 of each width, and no more.
        fine=(
            FineRule(Width.MINUTE, partial(_ohlc, 1), 720, reach=timedelta(minutes=720)),
            FineRule(Width.HOUR, partial(_ohlc, 60), 720, reach=timedelta(hours=720)),
        ),
    ),
    error_code=error_code,
    codes=_CODES,
)
