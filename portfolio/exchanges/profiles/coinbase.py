"""Coinbase (Advanced Trade and the app's accounts): https://docs.cdp.coinbase.com/coinbase-app

The older API (/v2) allows a key 10,000 requests an hour, the brokerage (/api/v3) a person 30 a
second and an address 10 a second of public ones. One page of an account's ledger has 100 rows.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from portfolio.engine.moments import Width
from portfolio.engine.types import RecordKind
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import coinbase as normalisers
from portfolio.exchanges.normalisers.values import at_ms, at_seconds, at_utc_text
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.paging_backward import BackToKnown
from portfolio.exchanges.profile import (
    AccountsRule,
    Allowance,
    Call,
    CodeRule,
    FineRule,
    Listing,
    MarketRow,
    MarketRule,
    Profile,
    RawPage,
    StreamRule,
    Treatment,
)
from portfolio.exchanges.profiles import coinbase_accounts
from portfolio.exchanges.types import PermissionAudit, StreamSpec, Verdict

_OPENED = datetime(2012, 10, 1, tzinfo=UTC)
_OVERLAP = timedelta(days=14)  # states change for days: bank transfers, coins on their way
_DAY_SECONDS = 86_400


def _v2(path: str) -> Call:
    return Call("v2.private", "GET", path, {"v2": 1}, "/v2")


def _v3(path: str) -> Call:
    return Call("v3.private", "GET", path, {"private": 1}, "/api/v3")


def _public(path: str) -> Call:
    return Call("v3.public", "GET", path, {"public": 1}, "/api/v3")


PERMISSIONS = _v3("brokerage/key_permissions")
BROKERAGE_ACCOUNTS = _v3("brokerage/accounts")
FILLS = _v3("brokerage/orders/historical/fills")
ACCOUNTS = _v2("accounts")
TRANSACTIONS = _v2("accounts/{account_id}/transactions")
DEPOSITS = _v2("accounts/{account_id}/deposits")
WITHDRAWALS = _v2("accounts/{account_id}/withdrawals")
TIME = _public("brokerage/time")
PRODUCTS = _public("brokerage/market/products")
CANDLES = _public("brokerage/market/products/{product_id}/candles")

# --- what a key may do -------------------------------------------------------------------------

_ABOUT = frozenset(("portfolio_uuid", "portfolio_type"))
_ONE_PORTFOLIO = (
    "This key sees one portfolio and neither vaults nor staked coins: those belong to the default "
    "portfolio."
)


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by ``key_permissions``; whatever else it tells of itself counts as dangerous."""
    answer = exact.loads(text)
    granted = tuple(sorted(name for name, on in answer.items() if on and name not in _ABOUT))
    dangerous = tuple(name for name in granted if name != "can_view")
    verdict = Verdict.READ_ONLY
    if dangerous:
        verdict = Verdict.CAN_TRADE if dangerous == ("can_trade",) else Verdict.CAN_WITHDRAW
    return PermissionAudit(
        verdict=verdict,
        permissions=granted,
        dangerous=dangerous,
        ip_restricted=None,
        ip_allowlist=(),
        created_at=None,
        expires_at=None,
        account_uid=str(answer["portfolio_uuid"]),
        missing=() if "can_view" in granted else ("can_view",),
        warnings=() if answer.get("portfolio_type") == "DEFAULT" else (_ONE_PORTFOLIO,),
        raw=text,
    )


# --- streams -----------------------------------------------------------------------------------


def _rows(text: str) -> RawPage:
    """Read a page of the older API."""
    after = coinbase_accounts.next_resource(text)
    return RawPage(exact.elements(text, "data"), token=after or None)


def _fills(text: str) -> RawPage:
    return RawPage(exact.elements(text, "fills"), token=exact.loads(text).get("cursor") or None)


def _created(row: Slice) -> datetime:
    return at_utc_text(row.value["created_at"])


def _of_account(family: str, kind: RecordKind, call: Call, normalise: Any) -> StreamRule:
    return StreamRule(
        family=family,
        kind=kind,
        call=call,
        strategy=BackToKnown("starting_after", "limit", 100, _OPENED, _OVERLAP),
        read=_rows,
        external_id=lambda row: str(row.value["id"]),
        occurred_at=_created,
        normalise=normalise,
        overlap=_OVERLAP,
        parameters=lambda stream: {"account_id": stream.scope["account"]},
    )


_STREAMS = (
    _of_account("ledger", RecordKind.LEDGER, TRANSACTIONS, normalisers.ledger),
    _of_account("deposits", RecordKind.DEPOSITS, DEPOSITS, normalisers.deposit),
    _of_account("withdrawals", RecordKind.WITHDRAWALS, WITHDRAWALS, normalisers.withdrawal),
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=FILLS,
        strategy=BackToKnown("cursor", "limit", 250, _OPENED, timedelta(days=1)),
        read=_fills,
        external_id=lambda row: str(row.value["entry_id"]),
        occurred_at=lambda row: at_utc_text(row.value["trade_time"]),
        normalise=normalisers.fill,
        overlap=timedelta(days=1),
    ),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the fills; the accounts' streams come before them (``coinbase_accounts.plan``)."""
    return [StreamSpec("trades", RecordKind.TRADES)]


# --- prices ------------------------------------------------------------------------------------


def _spot(text: str) -> list[dict[str, Any]]:
    rows = exact.loads(text)["products"]
    return [row for row in rows if row.get("product_type", "SPOT") == "SPOT"]


def read_markets(text: str) -> list[MarketRow]:
    """Read ``market/products``."""
    return [
        MarketRow(
            row["product_id"],
            normalisers.asset(row["base_currency_id"]),
            normalisers.asset(row["quote_currency_id"]),
            not (row.get("trading_disabled") or row.get("is_disabled")),
        )
        for row in _spot(text)
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``market/products``: last price by product."""
    return {row["product_id"]: number(row["price"]) for row in _spot(text) if row.get("price")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read candles: (opening time, closing price)."""
    return [
        (at_seconds(row["start"]), number(row["close"])) for row in exact.loads(text)["candles"]
    ]


def _candles(
    granularity: str, seconds: int, symbol: str, since: datetime, limit: int
) -> dict[str, Any]:
    start = to_ms(since) // 1000
    return {
        "product_id": symbol,
        "granularity": granularity,
        "start": str(start),
        "end": str(start + (limit - 1) * seconds),
        "limit": limit,
    }


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the id of the first of ``errors``, or ``error``, or the bare word of a refusal."""
    if text.strip().lower() == "unauthorized":
        return "unauthorized"
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    errors = answer.get("errors")
    if isinstance(errors, list) and errors and isinstance(errors[0], dict):
        return str(errors[0].get("id") or "")
    found = answer.get("error")
    return str(found).lower() if isinstance(found, str) else ""


_REJECTED = CodeRule(
    Treatment.KEY_OR_CLOCK,
    "Coinbase does not accept this key: it is wrong, expired or deleted, its private key does not "
    "belong to it, or it is bound to another IP address.",
)
_NO_RIGHT = CodeRule(Treatment.STREAM, "This key lacks the permission to view these records.")
_NOT_SO = CodeRule(Treatment.STREAM, "Coinbase does not accept what was asked for.")
_SLOW = CodeRule(Treatment.WAIT, "Coinbase asks this key to slow down.")
_BUSY = CodeRule(Treatment.AGAIN, "Coinbase is busy or under maintenance.")
_CODES = {
    **dict.fromkeys(
        ("unauthorized", "authentication_error", "unauthenticated", "invalid_token"), _REJECTED
    ),
    **dict.fromkeys(("expired_token", "revoked_token"), _REJECTED),
    "invalid_authentication_method": CodeRule(
        Treatment.KEY, "Coinbase does not let deleted or blocked accounts in."
    ),
    **dict.fromkeys(("permission_denied", "invalid_scope"), _NO_RIGHT),
    "not_found": CodeRule(Treatment.STREAM, "Coinbase knows no such account."),
    **dict.fromkeys(
        ("invalid_request", "invalid_argument", "validation_error", "param_required"), _NOT_SO
    ),
    **dict.fromkeys(("rate_limit_exceeded", "resource_exhausted"), _SLOW),
    **dict.fromkeys(("internal_server_error", "internal", "unavailable", "unknown"), _BUSY),
}

GUIDE = Guide(
    give=("View",),
    keep=("Trade", "Transfer", "Receive"),
    steps=(
        "On portal.cdp.coinbase.com open API keys, then Secret API keys, and create one.",
        "Choose the default portfolio; each further portfolio needs a key and connection of its "
        "own.",
        "Tick View only, and choose ECDSA as the signature algorithm.",
        "Add this server's address to the IP allowlist: a key that is bound to it is of no use "
        "elsewhere.",
        "Download the file. Paste its whole text, or its name and private key, here.",
    ),
    notes=(
        "The old kind of keys (a short key and a short secret) no longer works.",
        "Coinbase does not tell whether a key is bound to an address or expires.",
        "Coinbase Exchange is another exchange in the list. Futures and perpetuals are not "
        "fetched yet.",
    ),
    covers=(
        ("balances", True, "", "spot, vaults, and staked coins that have an account of their own"),
        ("ledger", True, "from the first day", "everything that moved, account by account"),
        ("trades", True, "from the first order", "price and fee of each Advanced Trade fill"),
        ("deposits", True, "from the first deposit", "bank transfers; coins are in the ledger"),
        ("withdrawals", True, "from the first one", "bank transfers; coins are in the ledger"),
        ("transfers", True, "from the first day", "as part of the ledger"),
        ("rewards", True, "from the first day", "as part of the ledger"),
        ("interest", True, "from the first day", "as part of the ledger"),
        ("conversions", True, "from the first day", "as part of the ledger"),
        ("funding", False, "", "futures and perpetuals are not fetched yet"),
    ),
)

PROFILE = Profile(
    exchange="coinbase",
    has_sandbox=True,
    guide=GUIDE,
    read_list=(
        *(PERMISSIONS, BROKERAGE_ACCOUNTS, FILLS, ACCOUNTS, TRANSACTIONS, DEPOSITS, WITHDRAWALS),
        *(TIME, PRODUCTS, CANDLES),
    ),
    allowances=(
        Allowance("v2", 10_000, period=3600, per_account=True),
        Allowance("private", 30, period=1, per_account=True),
        Allowance("public", 10, period=1),
    ),
    audit_call=PERMISSIONS,
    read_audit=read_audit,
    audit_refused="This key may not even tell what it may do: tick View.",
    balances_refused="This key may not read balances: tick View.",
    balances=(),
    accounts=AccountsRule(
        listings=(
            Listing(PERMISSIONS),
            Listing(BROKERAGE_ACCOUNTS, {"limit": 250}, coinbase_accounts.following_brokerage),
            Listing(ACCOUNTS, {"limit": 100}, coinbase_accounts.following_v2),
        ),
        balances=coinbase_accounts.read_balances,
        plan=coinbase_accounts.plan,
    ),
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=PRODUCTS,
        read_list=read_markets,
        ticker_call=PRODUCTS,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=partial(_candles, "ONE_DAY", _DAY_SECONDS),
        read_candles=read_candles,
        candle_limit=350,
        candles_reach_back=True,
        candles_windowed=True,
        fine=(
            FineRule(Width.MINUTE, partial(_candles, "ONE_MINUTE", 60), 350),
            FineRule(Width.HOUR, partial(_candles, "ONE_HOUR", 3600), 350),
        ),
    ),
    error_code=error_code,
    codes=_CODES,
    time_call=TIME,
    read_time=lambda text: at_ms(exact.loads(text)["epochMillis"]),
)
