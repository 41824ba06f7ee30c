"""Public prices of exchanges without a profile, by ccxt's unified calls."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from portfolio.engine.moments import Width
from portfolio.exchanges.gateway import Gateway
from portfolio.exchanges.markets import LocalMarketCache, MarketCache
from portfolio.exchanges.normalisers.values import at_ms
from portfolio.exchanges.normalisers.values import exact as number
from portfolio.exchanges.types import Candle, FineCandle, Ticker

_TIMEFRAMES = {Width.MINUTE: "1m", Width.HOUR: "1h"}
_PAGE = 500  # candles that most exchanges give at once


class GenericMarketData:
    """Public prices by ccxt's unified calls (see ``types.MarketDataClient``)."""

    def __init__(
        self, gateway: Gateway, *, name: str, cache: MarketCache | None = None, cache_key: str = ""
    ) -> None:
        self._gateway = gateway
        self._name = name
        self._cache = cache or LocalMarketCache()
        self._cache_key = cache_key
        self._pairs: dict[str, tuple[str, str]] | None = None

    def markets(self) -> list[tuple[str, str]]:
        """Return the spot pairs that trade. May raise any GatewayError."""
        return list(self._spot().values())

    def tickers(self) -> list[Ticker]:
        """Return the last price of every spot pair. May raise any GatewayError."""
        pairs, at = self._spot(), datetime.now(UTC)
        rows = self._gateway.unified("fetch_tickers")
        return [
            Ticker(*pairs[symbol], number(row["last"]), at)
            for symbol, row in rows.items()
            if symbol in pairs and row.get("last")
        ]

    def daily_closes(self, asset: str, currency: str, *, since: date) -> list[Candle]:
        """Return closing prices from ``since`` to yesterday, as far as one answer reaches."""
        self._spot()
        start = int(datetime.combine(since, time(), UTC).timestamp()) * 1000
        rows = self._gateway.unified("fetch_ohlcv", f"{asset}/{currency}", "1d", start)
        today = datetime.now(UTC).date()
        candles = [Candle(at_ms(row[0]).date(), number(row[4])) for row in rows if row[4]]
        return [candle for candle in candles if since <= candle.on < today]

    def span(self, width: Width, at: datetime) -> timedelta | None:
        """Return how long a stretch is asked for at once; further back it may not be served."""
        return _PAGE * width.length if width in _TIMEFRAMES else None

    def closes(self, asset: str, currency: str, width: Width, since: datetime) -> list[FineCandle]:
        """Return one answer's closing prices of minutes or hours that are over, oldest first."""
        self._spot()
        start, symbol = int(since.timestamp()) * 1000, f"{asset}/{currency}"
        rows = self._gateway.unified("fetch_ohlcv", symbol, _TIMEFRAMES[width], start, _PAGE)
        last = datetime.now(UTC) - width.length
        candles = sorted((at_ms(row[0]), number(row[4])) for row in rows if row[4])
        return [FineCandle(at, close) for at, close in candles if since <= at <= last]

    def _spot(self) -> dict[str, tuple[str, str]]:
        if self._pairs is None:
            self._gateway.use_markets(self._cache, self._cache_key)
            self._pairs = self._gateway.spot_pairs()
        return self._pairs

    def close(self) -> None:
        """Close the connections."""
        self._gateway.close()
