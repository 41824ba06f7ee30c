"""Gemini: https://docs.gemini.com

600 private requests a minute and key, 120 public ones; one list of transfers in five seconds.
Everything reaches back to the first day, asked for from a moment on.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.exact import Slice
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import gemini as normalisers
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging_forward import TimeAscending
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
from portfolio.exchanges.profiles.pairs import PairPlan
from portfolio.exchanges.types import PermissionAudit, StreamSpec, Verdict

_OPENED = datetime(2015, 10, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
# Pairs are named without a mark between the two; the longer names are looked for first.
_QUOTES = (
    *("usdt", "gusd", "usdc", "usd", "eur", "gbp", "sgd", "dai", "btc", "eth", "ltc", "bch"),
    *("fil", "sol"),
)
_CONTRACT = "perp"


def _private(path: str, allowance: str = "private") -> Call:
    return Call("private", "POST", path, {"private": 1, allowance: 1})


def _public(path: str) -> Call:
    return Call("public", "GET", path, {"public": 1})


ROLES, ACCOUNT = _private("v1/roles"), _private("v1/account")
BALANCES, STAKED = _private("v1/balances"), _private("v1/balances/staking")
TRADES = _private("v1/mytrades")
TRANSFERS = _private("v2/transfers", "transfers")
STAKING = _private("v1/staking/history")
SYMBOLS, PRICES = _public("v1/symbols"), _public("v1/pricefeed")
CANDLES = _public("v2/candles/{symbol}/{timeframe}")

# --- what a key may do -------------------------------------------------------------------------

_READS, _TRADES = {"isAuditor"}, {"isTrader"}


def read_audit(text: str) -> PermissionAudit:
    """Judge a key by its roles; one that is not known counts as dangerous."""
    roles = {name: value for name, value in exact.loads(text).items() if name.startswith("is")}
    granted = tuple(name for name, value in roles.items() if value is not False)
    dangerous = tuple(name for name in granted if name not in _READS)
    verdict = Verdict.READ_ONLY
    if dangerous:
        tradable = all(name in _TRADES for name in dangerous)
        verdict = Verdict.CAN_TRADE if tradable else Verdict.CAN_WITHDRAW
    return PermissionAudit(
        verdict=verdict,
        permissions=granted,
        dangerous=dangerous,
        ip_restricted=None,
        ip_allowlist=(),
        created_at=None,
        expires_at=None,
        account_uid="",
        missing=() if granted else ("Auditor",),
        raw=text,
    )


def read_uid(text: str) -> str:
    """Return what tells accounts apart: there is no number, but a name and a moment."""
    account = exact.loads(text)["account"]
    return f"{account['shortName']}:{account['created']}"


# --- balances ----------------------------------------------------------------------------------


def _balances(wallet: str, field: str, text: str) -> list[ReportedBalance]:
    found = (
        ReportedBalance(wallet, str(row["currency"]).upper(), number(row[field]))
        for row in exact.loads(text)
    )
    return [balance for balance in found if balance.quantity]


def read_balances(text: str) -> list[ReportedBalance]:
    """Read what the account holds, what is in orders included."""
    return _balances(normalisers.EXCHANGE, "amount", text)


def read_staked(text: str) -> list[ReportedBalance]:
    """Read what is staked."""
    return _balances(normalisers.STAKING, "balance", text)


# --- streams -----------------------------------------------------------------------------------


def _history(text: str) -> RawPage:
    """Read the staking history: rows by provider, each list by itself."""
    rows: list[Slice] = []
    for provider in exact.elements(text):
        rows += exact.elements(provider.text, "transactions")
    return RawPage(rows)


_STREAMS = (
    StreamRule(
        family="transfers",
        kind=RecordKind.DEPOSITS,
        call=TRANSFERS,
        strategy=TimeAscending("timestamp", "limit_transfers", 50, _OPENED, 14 * _DAY),
        read=lambda text: RawPage(exact.elements(text)),
        external_id=lambda row: str(row.value["eid"]),
        occurred_at=lambda row: at_ms(row.value["timestampms"]),
        normalise=normalisers.transfer,
        overlap=14 * _DAY,
        # Each deposit once: its advance, not what completes it as well.
        parameters=lambda stream: {"show_completed_deposit_advances": False},
    ),
    StreamRule(
        family="staking",
        kind=RecordKind.REWARDS,
        call=STAKING,
        strategy=TimeAscending("since", "limit", 500, _OPENED, 3 * _DAY, in_iso=True),
        read=_history,
        external_id=lambda row: str(row.value["transactionId"]),
        occurred_at=lambda row: at_ms(row.value["dateTime"]),
        normalise=normalisers.staking,
        overlap=3 * _DAY,
        parameters=lambda stream: {"sortAsc": True},
    ),
    StreamRule(
        family="trades",
        kind=RecordKind.TRADES,
        call=TRADES,
        strategy=TimeAscending("timestamp", "limit_trades", 500, _OPENED, _DAY),
        read=lambda text: RawPage(exact.elements(text)),
        external_id=lambda row: str(row.value["tid"]),
        occurred_at=lambda row: at_ms(row.value["timestampms"]),
        normalise=normalisers.trade,
        overlap=_DAY,
        parameters=lambda stream: {"symbol": stream.scope["symbol"]},
        absent_codes=frozenset({"InvalidSymbol"}),
    ),
)

_PAIRS = PairPlan(
    main_quotes=("USD", "GUSD", "BTC", "EUR", "GBP"),
    former_quotes=("USD", "GUSD", "BTC", "ETH"),
    name=lambda base, quote: (base + quote).lower(),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return transfers and staking, which tell what was held, then the pairs."""
    lists = [StreamSpec(rule.family, rule.kind) for rule in _STREAMS if rule.family != "trades"]
    return lists + _PAIRS.streams(known_assets, markets)


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read the names of the spot pairs; one that ends in no known currency is left out."""
    found = []
    for name in exact.loads(text):
        symbol = str(name).lower()
        quote = next((q for q in _QUOTES if symbol.endswith(q) and symbol != q), "")
        if quote and not symbol.endswith(_CONTRACT):
            base = symbol.removesuffix(quote)
            found.append(MarketRow(symbol, base.upper(), quote.upper(), True))
    return found


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read the price feed."""
    return {str(row["pair"]).lower(): number(row["price"]) for row in exact.loads(text)}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read rows of [opening ms, open, high, low, close, volume]."""
    return [(at_ms(row[0]), number(row[4])) for row in exact.loads(text)]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    return {"symbol": symbol, "timeframe": "1day"}


# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the reason of ``{"result": "error", "reason": "InvalidNonce", ...}``, or ""."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    refused = isinstance(answer, dict) and answer.get("result") == "error"
    return str(answer.get("reason") or "") if refused else ""


_REJECTED = "Gemini does not accept this key: it is wrong or deleted."
_ADDRESS = "Gemini refuses this key here: it is bound to another IP address."
_ASKED = CodeRule(Treatment.STREAM, "Gemini does not accept what was asked for.")
_BUSY = CodeRule(Treatment.AGAIN, "Gemini is busy or under maintenance.")
_CODES = {
    **dict.fromkeys(
        ("InvalidApiKey", "InvalidAPIKey", "MissingApikeyHeader", "AuthenticationFailure"),
        CodeRule(Treatment.KEY, _REJECTED),
    ),
    "InvalidSignature": CodeRule(
        Treatment.KEY, "Gemini finds the signature wrong: check the API secret."
    ),
    **dict.fromkeys(
        ("ApiKeyIpFilteringFailure", "RemoteAddressForbidden"), CodeRule(Treatment.KEY, _ADDRESS)
    ),
    "AccountClosed": CodeRule(Treatment.KEY, "This Gemini account is closed."),
    **dict.fromkeys(
        ("MissingAccounts", "MissingAccountName"),
        CodeRule(Treatment.KEY, "This is a key of a whole group: make one for a single account."),
    ),
    **dict.fromkeys(
        ("InvalidNonce", "MissingNonce"),
        CodeRule(
            Treatment.NONCE,
            "Another program seems to use this key, or it asks for time based nonces: give Coffer "
            "a key of its own, without them.",
        ),
    ),
    "MissingRole": CodeRule(Treatment.STREAM, "This key lacks the role to read these records."),
    **dict.fromkeys(
        ("InvalidSymbol", "InvalidTimestampInPayload", "InvalidJson", "MissingPayloadKey"), _ASKED
    ),
    "EndpointNotFound": CodeRule(Treatment.STREAM, "Gemini no longer serves this."),
    "RateLimit": CodeRule(
        Treatment.WAIT, "Gemini asks this key to slow down.", timedelta(seconds=60)
    ),
    **dict.fromkeys(("Maintenance", "System"), _BUSY),
}

_GUIDE = Guide(
    give=("Auditor",),
    keep=("Trader", "Fund Manager", "Administrator"),
    steps=(
        "On gemini.com open Account, then Settings, then API, and choose Create a new API key.",
        "Scope: a single account (Primary), not Master.",
        "Choose the role Auditor; it cannot be combined with others.",
        "Leave Uses a time based nonce and Requires heartbeat off.",
        "Under trusted IPs enter this server's address: a key that is bound to it is of no use "
        "elsewhere.",
        "Copy the API key (it begins with account-) and the API secret, shown only now, and "
        "confirm.",
    ),
    notes=(
        "Make a key for Coffer alone: Gemini wants the requests of a key numbered, and two "
        "programs that share one get in each other's way.",
        "Each account of a group, the derivatives account too, needs a key of its own.",
    ),
    covers=(
        ("balances", True, "", "exchange account and staking"),
        ("trades", True, "from the first trade", "spot, pair by pair"),
        ("deposits", True, "from the first deposit", ""),
        ("withdrawals", True, "from the first withdrawal", ""),
        ("transfers", True, "from the first day", "into staking and back"),
        ("rewards", True, "from the first day", "staking and rewards"),
        ("funding", False, "", "perpetual contracts are not read"),
        ("ledger", False, "", "Gemini has no ledger"),
    ),
)


PROFILE = Profile(
    exchange="gemini",
    guide=_GUIDE,
    read_list=(
        *(ROLES, ACCOUNT, BALANCES, STAKED, TRADES, TRANSFERS, STAKING),
        *(SYMBOLS, PRICES, CANDLES),
    ),
    allowances=(
        Allowance.whole("private", 5, "4", per_account=True),
        Allowance.whole("transfers", 1, "0.19", per_account=True),
        Allowance.whole("public", 5, "1", per_account=False),
    ),
    audit_call=ROLES,
    read_audit=read_audit,
    audit_refused=_REJECTED,
    uid_call=ACCOUNT,
    read_uid=read_uid,
    balances=(
        BalanceRule(BALANCES, {}, read_balances),
        BalanceRule(STAKED, {}, read_staked, frozenset({"EndpointNotFound"})),
    ),
    balances_refused="This key may not read balances: give it the role Auditor.",
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=True,
    markets=MarketRule(
        list_call=SYMBOLS,
        read_list=read_markets,
        ticker_call=PRICES,
        read_tickers=read_tickers,
        candle_call=CANDLES,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=365,
        candles_reach_back=False,
    ),
    error_code=error_code,
    codes=_CODES,
)
