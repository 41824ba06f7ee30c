"""Kraken Futures' prices of the indices behind its contracts, and what its errors mean."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from portfolio.exchanges import exact
from portfolio.exchanges.normalisers.krakenfutures import pair
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.profile import Call, CodeRule, MarketRow, MarketRule, Treatment

_V3 = "/derivatives/api/v3"
INSTRUMENTS = Call("public", "GET", "instruments", {"public": 1}, _V3)
TICKERS = Call("public", "GET", "tickers", {"public": 1}, _V3)
_CHART = "{price_type}/{symbol}/{interval}"
CANDLES = Call("charts", "GET", _CHART, {"public": 1}, "/api/charts/v1")

# --- prices ------------------------------------------------------------------------------------
# Not of contracts: of the spot index that each perpetual follows, which is what a coin is worth.


def read_markets(text: str) -> list[MarketRow]:
    """Read ``instruments``: the linear perpetuals, one for each coin."""
    return [
        MarketRow(row["symbol"], *pair(row["symbol"]), bool(row.get("tradeable")))
        for row in exact.loads(text)["instruments"]
        if str(row["symbol"]).upper().startswith("PF_")
    ]


def read_tickers(text: str) -> dict[str, Decimal]:
    """Read ``tickers``: the price of the index by contract."""
    rows = exact.loads(text)["tickers"]
    return {row["symbol"]: number(row["indexPrice"]) for row in rows if row.get("indexPrice")}


def read_candles(text: str) -> list[tuple[datetime, Decimal]]:
    """Read a chart: (opening time, closing price), oldest first."""
    return [(at_ms(row["time"]), number(row["close"])) for row in exact.loads(text)["candles"]]


def _chart_parameters(symbol: str, since: datetime, limit: int) -> dict[str, Any]:
    until = since + (limit - 1) * timedelta(days=1)
    window = {"from": to_ms(since) // 1000, "to": to_ms(until) // 1000}
    return {"price_type": "spot", "symbol": symbol, "interval": "1d", **window}


MARKETS = MarketRule(
    list_call=INSTRUMENTS,
    read_list=read_markets,
    ticker_call=TICKERS,
    read_tickers=read_tickers,
    candle_call=CANDLES,
    candle_parameters=_chart_parameters,
    read_candles=read_candles,
    candle_limit=1000,
    candles_reach_back=True,
    candles_windowed=True,
)

# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the word of a refusal, or "" where there is none.

    Below /derivatives ``{"result": "error", "error": word}``, mostly with HTTP 200; below /history
    ``{"status": word}`` or a list of errors; the check of keys has ``suberror`` beside its word.
    """
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    if "suberror" in answer:  # documented for a key or signature that is not accepted
        return "unauthorized"
    if "accountUid" not in answer and answer.get("status"):
        return str(answer["status"])
    found = answer.get("errors")
    if isinstance(found, list) and found and isinstance(found[0], dict):
        return str(found[0].get("message") or "")
    return str(answer.get("error") or "")


REJECTED = (
    "Kraken Futures does not accept this key: it is wrong or deleted, was made for Kraken's spot "
    "exchange, or is bound to another IP address."
)
_BUSY = CodeRule(Treatment.AGAIN, "Kraken Futures is busy or under maintenance.")
_ASKED_WRONG = CodeRule(Treatment.STREAM, "Kraken Futures does not accept what was asked for.")
_TWO_PROGRAMS = CodeRule(
    Treatment.NONCE, "Another program seems to use this key: give Coffer a key of its own."
)
CODES = {
    "authenticationError": CodeRule(Treatment.KEY, REJECTED),
    "unauthorized": CodeRule(Treatment.KEY, REJECTED),
    "forbidden": CodeRule(Treatment.STREAM, "This key lacks the permission to read these records."),
    "accountInactive": CodeRule(
        Treatment.STREAM, "This account was never opened at Kraken Futures."
    ),
    "apiLimitExceeded": CodeRule(
        Treatment.WAIT, "Kraken Futures asks this key to slow down.", timedelta(seconds=10)
    ),
    "nonceBelowThreshold": _TWO_PROGRAMS,
    "nonceDuplicate": _TWO_PROGRAMS,
    "invalidArgument": _ASKED_WRONG,
    "requiredArgumentMissing": _ASKED_WRONG,
    "contractNotFound": _ASKED_WRONG,
    "Bad Request": _ASKED_WRONG,
    "notFound": CodeRule(Treatment.STREAM, "Kraken Futures no longer serves this."),
    "unavailable": _BUSY,
    "Unavailable": _BUSY,
    "marketUnavailable": _BUSY,
    "Server Error": _BUSY,
    "unknownError": _BUSY,
}
