"""Deribit: https://docs.deribit.com

A request costs 500 credits; an account has 50,000 and gets 10,000 a second. The log of
transactions reaches back to the first day, currency by currency.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import RecordKind, ReportedBalance, ReportedPosition
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import deribit as normalisers
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.paging_windows import TokenWindows
from portfolio.exchanges.profile import (
    AccountsRule,
    Allowance,
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
from portfolio.exchanges.types import PermissionAudit, StreamSpec, Verdict

_OPENED = datetime(2016, 6, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


def _private(path: str, allowance: str = "private") -> Call:
    return Call("private", "GET", path, {allowance: 1}, "/api/v2/private")


def _public(path: str) -> Call:
    return Call("public", "GET", path, {"public": 1}, "/api/v2/public")


KEYS, SUMMARIES = _private("list_api_keys"), _private("get_account_summaries")
POSITIONS, LOG = _private("get_positions"), _private("get_transaction_log", "log")
INSTRUMENTS, TICKERS = _public("get_instruments"), _public("get_book_summary_by_currency")
CANDLES = _public("get_tradingview_chart_data")
_EXTENDED = {"extended": "true"}

# --- what a key may do -------------------------------------------------------------------------

_NEEDED = ("account:read", "trade:read")
_TRADES = ("trade:", "block_trade:", "block_rfq:")
_NOT_TOLD = (
    "Deribit shows what a key may do only with a second factor here: Coffer cannot see it. Make "
    "sure that the key only reads."
)


def read_audit(text: str, is_own: Callable[[str], bool]) -> PermissionAudit:
    """Judge this key by its ``max_scope``; of the other keys in the list nothing is kept."""
    told = exact.loads(text)["result"]
    keys = told if isinstance(told, list) else []  # else a demand for a second factor
    own = next((key for key in keys if is_own(str(key["client_id"]))), None)
    if own is None:
        return PermissionAudit.unproved(_NOT_TOLD)
    granted = tuple(word for word in str(own["max_scope"]).split() if not word.endswith(":none"))
    dangerous = tuple(word for word in granted if not word.endswith(":read"))
    verdict = Verdict.READ_ONLY
    if dangerous:
        tradable = all(word.startswith(_TRADES) for word in dangerous)
        verdict = Verdict.CAN_TRADE if tradable else Verdict.CAN_WITHDRAW
    allowed = tuple(str(address) for address in own.get("ip_whitelist") or ())
    return PermissionAudit(
        verdict=verdict,
        permissions=granted,
        dangerous=dangerous,
        ip_restricted=bool(allowed) if "ip_whitelist" in own else None,
        ip_allowlist=allowed,
        created_at=at_ms(own["timestamp"]) if "timestamp" in own else None,
        expires_at=None,
        account_uid="",
        missing=tuple(word for word in _NEEDED if not {word, f"{word}_write"} & set(granted)),
        raw=exact.dumps({name: own[name] for name in own if name not in _SECRET}),
    )


_SECRET = ("client_id", "client_secret", "public_key")


def read_uid(text: str) -> str:
    """Read the account's number in the extended ``get_account_summaries``."""
    return str(exact.loads(text)["result"]["id"])


# --- balances, positions and streams -----------------------------------------------------------


def _summaries(lists: list[list[str]]) -> list[dict[str, Any]]:
    (pages,) = lists
    return [row for page in pages for row in exact.loads(page)["result"]["summaries"]]


def read_balances(lists: list[list[str]]) -> list[ReportedBalance]:
    """Read the cash of each currency: without what open contracts have won."""
    found = (
        ReportedBalance(
            normalisers.WALLET, normalisers.asset(row["currency"]), number(row["balance"])
        )
        for row in _summaries(lists)
    )
    return [balance for balance in found if balance.quantity]


def plan_logs(lists: list[list[str]]) -> list[StreamSpec]:
    """Return a log for each currency that the account has a summary of."""
    codes = [str(row["currency"]) for row in _summaries(lists)]
    return [StreamSpec(f"ledger:{code}", RecordKind.LEDGER, {"asset": code}) for code in codes]


def read_positions(text: str) -> list[ReportedPosition]:
    """Read ``get_positions``."""
    rows = exact.loads(text)["result"]
    return [_position(row) for row in rows if number(row["size"]) and row["kind"] != "spot"]


def _position(row: dict[str, Any]) -> ReportedPosition:
    name, size = str(row["instrument_name"]), number(row["size"])
    base, settle = normalisers.settled_in(name)
    inverse, option = base == settle, row["kind"] == "option"
    entry, mark, profit = (
        None if row.get(field) is None else number(row[field])
        for field in ("average_price", "mark_price", "floating_profit_loss")
    )
    in_dollars = inverse and not option
    return ReportedPosition(
        wallet=normalisers.WALLET,
        symbol=name,
        side="short" if row["direction"] == "sell" else "long",
        quantity=size.copy_abs(),
        unit="USD" if in_dollars else base,
        entry_price=entry,
        mark_price=mark,
        price_asset="USD" if in_dollars else settle,
        unrealised_pnl=profit,
        settle_asset=settle,
    )


def _page(text: str) -> RawPage:
    told = exact.loads(text)["result"]
    token = told.get("continuation")
    rows = exact.elements(text, "result", "logs") if told["logs"] else []
    return RawPage(rows, token=None if token is None else str(token))


_STREAMS = (
    StreamRule(
        family="ledger",
        kind=RecordKind.LEDGER,
        call=LOG,
        strategy=TokenWindows(
            start_parameter="start_timestamp",
            end_parameter="end_timestamp",
            limit_parameter="count",
            limit=250,
            window=180 * _DAY,
            floor=_OPENED,
            overlap=_DAY,
            token_parameter="continuation",  # noqa: S106
        ),
        read=_page,
        external_id=lambda row: str(row.value["id"]),
        occurred_at=lambda row: at_ms(row.value["timestamp"]),
        normalise=normalisers.ledger,
        overlap=_DAY,
        parameters=lambda stream: {"currency": stream.scope["asset"]},
    ),
)

# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read the pairs of ``get_instruments``."""
    return [
        MarketRow(
            row["instrument_name"],
            normalisers.asset(row["base_currency"]),
            normalisers.asset(row["quote_currency"]),
            bool(row.get("is_active", True)),
        )
        for row in exact.loads(text)["result"]
        if row["kind"] == "spot"
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read the last price of each pair; one of which nothing was traded has its mark."""
    found = {
        row["instrument_name"]: row.get("last") or row.get("mark_price")
        for row in exact.loads(text)["result"]
    }
    return {name: number(price) for name, price in found.items() if price is not None}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read the chart's opening times and closing prices."""
    chart = exact.loads(text)["result"]
    return [
        (at_ms(tick), number(close))
        for tick, close in zip(chart["ticks"], chart["close"], strict=True)
    ]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    span = {"start_timestamp": to_ms(since), "end_timestamp": to_ms(since + (limit - 1) * _DAY)}
    return {"instrument_name": symbol, "resolution": "1D", **span}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the code of ``{"error": {"code": 13009, "message": "unauthorized"}}``, or ""."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    error = answer.get("error") if isinstance(answer, dict) else None
    return str(error.get("code") or "") if isinstance(error, dict) else ""


_REJECTED = (
    "Deribit does not accept this key: it is wrong, disabled or deleted, or bound to another IP "
    "address."
)
_ASKED = CodeRule(Treatment.STREAM, "Deribit does not accept what was asked for.")
_NO_RIGHT = CodeRule(Treatment.STREAM, "This key lacks the scope to read these records.")
_FACTOR = CodeRule(Treatment.STREAM, "Deribit shows this with a second factor only.")
_BUSY = CodeRule(Treatment.AGAIN, "Deribit is busy, settling or under maintenance.")
_SLOW = CodeRule(Treatment.WAIT, "Deribit asks this account to slow down.", timedelta(seconds=10))
_FACTORS = ("12000", "12998", "12999", "13003", "13668")
_CODES = {
    **dict.fromkeys(("13004", "13007", "13009"), CodeRule(Treatment.KEY, _REJECTED)),
    **dict.fromkeys(
        ("10000", "13002", "12005"),
        CodeRule(Treatment.KEY, "Deribit does not let this key or account in."),
    ),
    **dict.fromkeys(("13021", "11042", "13012"), _NO_RIGHT),
    **dict.fromkeys(_FACTORS, _FACTOR),
    **dict.fromkeys(
        *(("-32600", "-32601", "-32602", "10020", "11029", "11043", "11049", "11050"), _ASKED)
    ),
    **dict.fromkeys(("10028", "10047"), _SLOW),
    **dict.fromkeys(("10040", "10041", "10048", "11051", "11094", "13503", "13888"), _BUSY),
}

_GUIDE = Guide(
    give=("account: read", "trade: read", "wallet: read"),
    keep=("read_write of anything", "block_trade", "block_rfq"),
    steps=(
        "On deribit.com open your account's menu, then API, and choose Add new key.",
        "Choose a Deribit-generated key.",
        "Set account, trade and wallet to read, everything else to none.",
        "Enter this server's address as the IP whitelist: a key that is bound to it is of no use "
        "elsewhere.",
        "Confirm, and copy the client id and the client secret.",
    ),
    notes=(
        "Subaccounts need a key of their own each.",
        "Where Deribit wants a second factor to list keys, Coffer cannot see what a key may do.",
    ),
    covers=(
        ("balances", True, "", "cash, without what open contracts have won"),
        ("positions", True, "", "futures, perpetuals and options"),
        ("ledger", True, "from the first day", "everything that changed the cash balance"),
        ("trades", True, "from the first trade", "spot, options and fees, as part of the ledger"),
        ("deposits", True, "from the first deposit", "as part of the ledger"),
        ("withdrawals", True, "from the first withdrawal", "as part of the ledger"),
        ("transfers", True, "from the first day", "as part of the ledger"),
        ("conversions", True, "from the first day", "as part of the ledger"),
        ("funding", True, "from the first day", "within each daily settlement"),
        ("liquidations", True, "from the first day", "as part of the ledger"),
    ),
)


PROFILE = Profile(
    exchange="deribit",
    guide=_GUIDE,
    read_list=(KEYS, SUMMARIES, POSITIONS, LOG, INSTRUMENTS, TICKERS, CANDLES),
    allowances=(
        Allowance.whole("private", 5, "5"),
        Allowance.whole("log", 1, "1"),
        Allowance.whole("public", 5, "5", per_account=False),
    ),
    audit_call=KEYS,
    read_audit=None,
    read_audit_among=read_audit,
    audit_withheld=frozenset(_FACTORS),
    audit_refused="This key may not even tell what it may do: set account to read.",
    uid_call=SUMMARIES,
    uid_parameters=_EXTENDED,
    read_uid=read_uid,
    balances=(),
    balances_refused="This key may not read balances: set account to read.",
    accounts=AccountsRule((Listing(SUMMARIES, _EXTENDED),), read_balances, plan_logs),
    positions=(PositionRule(Listing(POSITIONS, {"currency": "any"}), read_positions),),
    streams=_STREAMS,
    plan=lambda known_assets, markets: [],
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=INSTRUMENTS,
        read_list=read_markets,
        ticker_call=TICKERS,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=1000,
        candles_reach_back=True,
        candles_windowed=True,
        list_parameters={"currency": "any", "kind": "spot"},
        ticker_parameters={"currency": "USDC", "kind": "spot"},
    ),
    error_code=error_code,
    codes=_CODES,
)
