"""Bitstamp: https://www.bitstamp.net/api/

10,000 requests in ten minutes (400 a second); half of that is used. One list has everything since
the first day. What a key may do is not told.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.engine.types import RecordKind, ReportedBalance
from portfolio.exchanges import exact
from portfolio.exchanges.guides import Guide
from portfolio.exchanges.normalisers import bitstamp as normalisers
from portfolio.exchanges.normalisers.values import at_seconds, at_utc_text
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import IdAscending, to_ms
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
from portfolio.exchanges.types import StreamSpec

_OPENED = datetime(2011, 8, 1, tzinfo=UTC)
_OVERLAP = timedelta(days=14)


def _call(section: str, method: str, path: str) -> Call:
    return Call(section, method, path, {"requests": 1}, "/api/v2")


BALANCES = _call("private", "POST", "account_balances/")
TRANSACTIONS = _call("private", "POST", "user_transactions/")
MARKETS, TICKER, OHLC = (
    _call("public", "GET", path) for path in ("markets/", "ticker/", "ohlc/{pair}/")
)


def read_balances(text: str) -> list[ReportedBalance]:
    """Read ``account_balances``: totals, what is in orders included."""
    return [
        ReportedBalance(normalisers.SPOT, str(row["currency"]).upper(), number(row["total"]))
        for row in exact.loads(text)
        if number(row["total"])
    ]


_STREAMS = (
    StreamRule(
        family="transactions",
        kind=RecordKind.LEDGER,
        call=TRANSACTIONS,
        # Their support says that 1 is the beginning.
        strategy=IdAscending("since_id", "limit", 1000, _OPENED, _OVERLAP, first=1),
        read=lambda text: RawPage(exact.elements(text)),
        external_id=lambda row: str(row.value["id"]),
        occurred_at=lambda row: at_utc_text(row.value["datetime"]),
        normalise=normalisers.transaction,
        overlap=_OVERLAP,
        parameters=lambda stream: {"sort": "asc"},
    ),
)


def plan(known_assets: frozenset[str], markets: list[MarketRow]) -> list[StreamSpec]:
    """Return the one stream."""
    return [StreamSpec(rule.family, rule.kind) for rule in _STREAMS]


# --- prices ------------------------------------------------------------------------------------


def read_markets(text: str) -> list[MarketRow]:
    """Read the spot pairs of ``markets``."""
    return [
        MarketRow(
            row["market_symbol"],
            row["base_currency"].upper(),
            row["counter_currency"].upper(),
            row.get("trading") == "Enabled",
        )
        for row in exact.loads(text)
        if row.get("market_type", "SPOT") == "SPOT"
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``ticker``: the last price by pair (``BTC/USD`` is the market btcusd)."""
    return {
        str(row["pair"]).replace("/", "").lower(): number(row["last"])
        for row in exact.loads(text)
        if row.get("last")
    }


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read ``ohlc``: (opening time, closing price)."""
    rows = exact.loads(text)["data"]["ohlc"]
    return [(at_seconds(row["timestamp"]), number(row["close"])) for row in rows]


def _candle_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    return {"pair": symbol, "step": 86_400, "start": to_ms(since) // 1000, "limit": limit}


# --- errors ------------------------------------------------------------------------------------

_WORDS = {  # where there is no code
    "API key not found": "API0001",
    "IP address not allowed": "API0002",
    "No permission found": "API0003",
    "Invalid nonce": "API0004",
    "Invalid signature": "API0005",
    "Your account is frozen": "API0006",
    "Wrong API key format": "API0011",
}


def error_code(text: str) -> str:
    """Return the code of ``{"status": "error", "reason": ..., "code": "API0005"}``, or ""."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    words = answer.get("reason") or answer.get("error")
    told = answer.get("code") or answer.get("response_code")
    return str(told or (_WORDS.get(words, "") if isinstance(words, str) else ""))


_REJECTED = "Bitstamp does not accept this key: it is wrong, not activated yet, or deleted."
_ASKED = CodeRule(Treatment.STREAM, "Bitstamp does not accept what was asked for.")
_LATE = "The clocks of this server and of Bitstamp differ, or another program uses this key."
_CODES = {
    **dict.fromkeys(("API0001", "API0008", "API0011"), CodeRule(Treatment.KEY, _REJECTED)),
    "API0002": CodeRule(
        Treatment.KEY, "Bitstamp refuses this key here: it is bound to another IP address."
    ),
    "API0003": CodeRule(Treatment.STREAM, "This key lacks the permission to read these records."),
    "API0004": CodeRule(Treatment.NONCE, _LATE),
    "API0017": CodeRule(Treatment.NONCE, _LATE),
    "API0005": CodeRule(Treatment.KEY, "Bitstamp finds the signature wrong: check the secret."),
    "API0006": CodeRule(Treatment.KEY, "Bitstamp has frozen this account."),
    "API0020": _ASKED,
    "400.002": CodeRule(
        Treatment.WAIT_ALL, "Bitstamp asks this server to slow down.", timedelta(minutes=5)
    ),
    **dict.fromkeys(("400.010", "400.011", "400.012", "400.067"), _ASKED),
    "403.004": CodeRule(Treatment.KEY, "Bitstamp has suspended this account."),
}

_GUIDE = Guide(
    give=("Account balance", "User transactions"),
    keep=(
        "Open orders, Buy limit order, Sell limit order, Cancel order",
        "Withdrawals and withdrawal requests",
        "Transfers between accounts",
    ),
    steps=(
        "On bitstamp.net open Settings, then API access, and choose to add a new API key.",
        "Tick Account balance and User transactions, and nothing else.",
        "Allow this server's IP address only: a key that is bound to it is of no use elsewhere.",
        "Copy the key and the secret; the secret is shown only now.",
        "Activate the key by the link that Bitstamp sends by mail.",
    ),
    notes=(
        "Bitstamp does not tell what a key may do: make sure that it only reads.",
        "Every sub-account needs a key of its own.",
    ),
    covers=(
        ("balances", True, "", "what is staked (Earn) is not shown"),
        ("ledger", True, "from the first day", "trades, deposits, withdrawals, rewards"),
        ("trades", True, "from the first trade", "with price, order and fee"),
        ("deposits", True, "from the first deposit", "without addresses"),
        ("withdrawals", True, "from the first withdrawal", "without addresses"),
        ("transfers", True, "from the first day", "sub-accounts and staking, one side"),
        ("rewards", True, "from the first day", "staking and referrals"),
    ),
)

PROFILE = Profile(
    exchange="bitstamp",
    guide=_GUIDE,
    read_list=(BALANCES, TRANSACTIONS, MARKETS, TICKER, OHLC),
    allowances=(Allowance("requests", 10_000, period=600, reserve=Decimal("0.5")),),
    audit_call=None,
    read_audit=None,
    audit_refused=_REJECTED,
    balances=(BalanceRule(BALANCES, {}, read_balances),),
    balances_refused="This key may not read balances: tick Account balance.",
    streams=_STREAMS,
    plan=plan,
    plan_needs_markets=False,
    markets=MarketRule(
        list_call=MARKETS,
        read_list=read_markets,
        ticker_call=TICKER,
        read_tickers=read_tickers,
        candle_call=OHLC,
        candle_parameters=_candle_parameters,
        read_candles=read_candles,
        candle_limit=1000,
        candles_reach_back=True,
        candles_windowed=True,
    ),
    error_code=error_code,
    codes=_CODES,
)
