"""Public prices of an exchange that has a profile."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from portfolio.engine.moments import Width
from portfolio.exchanges import reused
from portfolio.exchanges.errors import StreamUnavailable
from portfolio.exchanges.gateway import Gateway
from portfolio.exchanges.markets import LocalMarketCache, MarketCache
from portfolio.exchanges.profile import FineRule, MarketRow, Profile
from portfolio.exchanges.reading import load_markets, understand
from portfolio.exchanges.types import Candle, FineCandle, Ticker


class ProfileMarketData:
    """Last prices, daily closes and pairs (see ``types.MarketDataClient``)."""

    def __init__(
        self,
        profile: Profile,
        gateway: Gateway,
        *,
        name: str,
        cache: MarketCache | None = None,
        cache_key: str = "",
    ) -> None:
        self._profile = profile
        self._gateway = gateway
        self._name = name
        self._cache = cache or LocalMarketCache()
        self._cache_key = cache_key or profile.exchange

    def markets(self) -> list[tuple[str, str]]:
        """Return the pairs that trade, as (asset, currency). May raise any GatewayError."""
        return [(row.base, row.quote) for row in self._rows() if row.trading]

    def tickers(self) -> list[Ticker]:
        """Return the last price of every pair that trades. May raise any GatewayError."""
        rule = self._profile.markets
        text = self._gateway.ask(rule.ticker_call, rule.ticker_parameters)
        prices, at = understand(rule.read_tickers, text, self._name), datetime.now(UTC)
        return [
            Ticker(row.base, row.quote, prices[row.symbol], at)
            for row in self._rows()
            if row.trading and prices.get(row.symbol)
        ]

    def daily_closes(self, asset: str, currency: str, *, since: date) -> list[Candle]:
        """Return the closing prices of the days from ``since`` to yesterday (UTC), oldest first.

        Days before the exchange's own reach are left out. May raise any GatewayError;
        StreamUnavailable where there is no such pair.
        """
        exchange, today = self._profile.exchange, datetime.now(UTC).date()
        begins = max(reused.begins(exchange, code) for code in (asset, currency))
        spans = [(asset, max(since, begins), today)]
        code, until = reused.former(exchange, asset) or (asset, since)
        if since < until:  # the coin had another code, which has its prices of that time
            spans.insert(0, (code, since, until))
        rows = [(self._row(base, currency), start, end) for base, start, end in spans]
        if not any(row for row, _, _ in rows):
            raise StreamUnavailable(f"{self._name} has no pair {asset}/{currency}.")
        return [c for row, start, end in rows if row for c in self._closes(row, start, end)]

    def _row(self, base: str, quote: str) -> MarketRow | None:
        return next((r for r in self._rows() if (r.base, r.quote) == (base, quote)), None)

    def _closes(self, row: MarketRow, since: date, until: date) -> list[Candle]:
        """Return the closing prices of the days from ``since`` to the one before ``until``."""
        found: dict[date, Candle] = {}
        start = since
        while start < until:
            page = [candle for candle in self._candles(row, start) if since <= candle.on < until]
            found.update((candle.on, candle) for candle in page)
            following = self._following(start, max((candle.on for candle in page), default=until))
            if following is None:
                break
            start = following
        return [found[day] for day in sorted(found)]

    def span(self, width: Width, at: datetime) -> timedelta | None:
        """Return how long a stretch one answer of this width has; None where none is served."""
        rule = self._fine(width)
        if rule is None or (rule.reach is not None and at < datetime.now(UTC) - rule.reach):
            return None
        return rule.limit * width.length

    def closes(self, asset: str, currency: str, width: Width, since: datetime) -> list[FineCandle]:
        """Return one answer's closing prices of minutes or hours from ``since`` on, oldest first.

        Only of candles that are over. May raise any GatewayError; StreamUnavailable where there
        is no such pair or width.
        """
        fine, exchange, on = self._fine(width), self._profile.exchange, since.date()
        code, until = reused.former(exchange, asset) or (asset, date.min)
        row = self._row(code if on < until else asset, currency)
        if fine is None or row is None:
            raise StreamUnavailable(f"{self._name} has no {width}s of {asset}/{currency}.")
        if on < max(reused.begins(exchange, code) for code in (asset, currency)):
            return []
        rule = self._profile.markets
        text = self._gateway.ask(rule.candle_call, fine.parameters(row.symbol, since, fine.limit))
        last = datetime.now(UTC) - width.length
        if on < until:
            last = min(last, datetime.combine(until, time(), UTC) - width.length)
        candles = sorted(understand(rule.read_candles, text, self._name))
        return [FineCandle(at, close) for at, close in candles if since <= at <= last]

    def _fine(self, width: Width) -> FineRule | None:
        return next((fine for fine in self._profile.markets.fine if fine.width is width), None)

    def _following(self, start: date, last: date) -> date | None:
        """Return from which day to ask next, None where there is no more to be had."""
        rule = self._profile.markets
        if rule.candles_windowed:
            return start + timedelta(days=rule.candle_limit)
        return last + timedelta(days=1) if rule.candles_reach_back and last > start else None

    def _candles(self, row: MarketRow, since: date) -> list[Candle]:
        rule = self._profile.markets
        start = datetime.combine(since, time(), UTC)
        asked = rule.candle_parameters(row.symbol, start, rule.candle_limit)
        text = self._gateway.ask(rule.candle_call, asked)
        candles = understand(rule.read_candles, text, self._name)
        return [Candle(opened.date(), close) for opened, close in candles]

    def _rows(self) -> list[MarketRow]:
        return load_markets(self._gateway, self._profile, self._cache, self._cache_key)

    def close(self) -> None:
        """Close the connections."""
        self._gateway.close()
