"""Bybit's public prices, its clock, and what its error codes mean."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from portfolio.engine.moments import Width
from portfolio.exchanges import exact
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.paging import to_ms
from portfolio.exchanges.profile import Call, CodeRule, FineRule, MarketRow, MarketRule, Treatment


def _public(path: str) -> Call:
    return Call("public", "GET", path, {"address": 1})


TIME = _public("v5/market/time")
INSTRUMENTS = _public("v5/market/instruments-info")
TICKERS = _public("v5/market/tickers")
KLINE = _public("v5/market/kline")

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


def _klines(
    interval: str, width: timedelta, symbol: str, since: datetime, limit: int
) -> dict[str, Any]:
    start = to_ms(since)
    end = to_ms(since + (limit - 1) * width)
    asked = {"category": "spot", "symbol": symbol, "interval": interval}
    return {**asked, "start": start, "end": end, "limit": limit}


MARKETS = MarketRule(
    list_call=INSTRUMENTS,
    read_list=read_markets,
    list_parameters={"category": "spot"},
    ticker_call=TICKERS,
    read_tickers=read_tickers,
    ticker_parameters={"category": "spot"},
    candle_call=KLINE,
    candle_parameters=partial(_klines, "D", timedelta(days=1)),
    read_candles=read_candles,
    candle_limit=1000,
    candles_reach_back=True,
    candles_windowed=True,
    fine=(
        FineRule(Width.MINUTE, partial(_klines, "1", Width.MINUTE.length), 1000),
        FineRule(Width.HOUR, partial(_klines, "60", Width.HOUR.length), 1000),
    ),
)

# --- errors ------------------------------------------------------------------------------------


def error_code(text: str) -> str:
    """Return the code of ``{"retCode": 10003, "retMsg": ...}``, or "" where there is none."""
    try:
        answer = exact.loads(text)
    except ValueError:
        return ""
    code = answer.get("retCode") if isinstance(answer, dict) else None
    return "" if code in (None, 0, "0") else str(code)


REJECTED = (
    "Bybit does not accept this key: it is wrong, expired or deleted, belongs to its test or "
    "demo site, or is bound to another IP address."
)
_EXPIRED = "This Bybit key has expired; one that is bound to an IP address does not."
_BUSY = CodeRule(Treatment.AGAIN, "Bybit is busy or under maintenance.")
_ASKED_WRONG = CodeRule(Treatment.STREAM, "Bybit does not accept what was asked for.")
CODES = {
    "10000": _BUSY,
    "10001": _ASKED_WRONG,
    "10002": CodeRule(Treatment.CLOCK, "The clocks of this server and of Bybit differ."),
    "10003": CodeRule(Treatment.KEY, REJECTED),
    "10004": CodeRule(Treatment.KEY, "Bybit finds the signature wrong: check the secret key."),
    "10005": CodeRule(Treatment.STREAM, "This key lacks the permission to read these records."),
    "10006": CodeRule(
        Treatment.WAIT, "Bybit asks this account to slow down.", timedelta(seconds=5)
    ),
    "10007": CodeRule(Treatment.KEY, REJECTED),
    "10008": CodeRule(Treatment.KEY, "Bybit has suspended this account."),
    "10009": CodeRule(
        Treatment.WAIT_ALL, "Bybit blocks requests from this server.", timedelta(minutes=10)
    ),
    "10010": CodeRule(Treatment.KEY, REJECTED),
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
