"""Market data: pairs, tickers and candles."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sandbox.amounts import exact, fixed
from sandbox.assets import BY_CODE
from sandbox.exchanges.base import Call
from sandbox.exchanges.binance.errors import BinanceError, invalid_symbol
from sandbox.exchanges.binance.parameters import limit, number, required
from sandbox.generate.prices import DAY, HOUR, MINUTE, Prices
from sandbox.markets import BINANCE, Market

WIDTHS = {"1d": DAY, "1h": HOUR, "1m": MINUTE}


class PublicData:
    """The endpoints that need no key."""

    def __init__(self, prices: Prices, speed: Fraction) -> None:
        self._prices = prices
        self._listed = {market.id: market for market in BINANCE.values() if market.listed}
        self._limit = int(6_000 * speed)

    def ping(self, call: Call) -> dict[str, Any]:
        """Nothing, quickly."""
        return {}

    def time(self, call: Call) -> dict[str, Any]:
        """The exchange's clock."""
        return {"serverTime": call.now_ms}

    def exchange_info(self, call: Call) -> dict[str, Any]:
        """All pairs that can be traded."""
        return {
            "timezone": "UTC",
            "serverTime": call.now_ms,
            "rateLimits": [
                {
                    "rateLimitType": "REQUEST_WEIGHT",
                    "interval": "MINUTE",
                    "intervalNum": 1,
                    "limit": self._limit,
                },
                {
                    "rateLimitType": "ORDERS",
                    "interval": "SECOND",
                    "intervalNum": 10,
                    "limit": 100,
                },
            ],
            "exchangeFilters": [],
            "symbols": [_symbol(market) for market in self._wanted(call)],
        }

    def price(self, call: Call) -> object:
        """The latest price of one pair, some or all."""
        return self._each(
            call,
            lambda market: {"symbol": market.id, "price": fixed(self._last(market, call), 8)},
        )

    def book_ticker(self, call: Call) -> object:
        """Best bid and ask of one pair, some or all."""
        return self._each(call, lambda market: self._quotes(market, call))

    def day_ticker(self, call: Call) -> object:
        """The last 24 hours of one pair, some or all."""
        return self._each(call, lambda market: self._day(market, call))

    def klines(self, call: Call) -> list[list[Any]]:
        """Candles of days, hours or minutes, oldest first. May raise BinanceError."""
        market = self._market(required(call.params, "symbol"))
        width = WIDTHS.get(required(call.params, "interval"))
        if width is None:
            raise BinanceError(-1120, "Invalid interval.")
        count = limit(call.params, "limit", 500, 1_000)
        newest = call.now_ms - call.now_ms % width
        start, end = number(call.params, "startTime"), number(call.params, "endTime")
        last = min(newest, end - end % width) if end is not None else newest
        first = last - (count - 1) * width if start is None else -(-start // width) * width
        first = max(first, self._prices.start + DAY)
        opened = range(first, last + 1, width)[:count]
        return [self._kline(market, moment, width, call.now_ms) for moment in opened]

    def _kline(self, market: Market, opened: int, width: int, now_ms: int) -> list[Any]:
        places = market.price_places
        candle = self._prices.part(market.base, market.quote, opened, width, places, now_ms)
        with exact():
            turnover = candle.volume * (candle.open + candle.close) / 2
            half, half_turnover = candle.volume / 2, turnover / 2
        prices = [fixed(p, 8) for p in (candle.open, candle.high, candle.low, candle.close)]
        volumes = [f"{v:.8f}" for v in (half, half_turnover)]
        return [
            opened,
            *prices,
            f"{candle.volume:.8f}",
            opened + width - 1,
            f"{turnover:.8f}",
            candle.trades,
            *volumes,
            "0",
        ]

    def _each(self, call: Call, answer: Callable[[Market], dict[str, Any]]) -> object:
        markets = [answer(market) for market in self._wanted(call)]
        return markets[0] if "symbol" in call.params else markets

    def _wanted(self, call: Call) -> list[Market]:
        """The pairs that ``symbol`` or ``symbols`` name, or all. May raise BinanceError."""
        if "symbol" in call.params:
            return [self._market(call.params["symbol"])]
        if "symbols" in call.params:
            names = call.params["symbols"].strip("[]").replace('"', "").split(",")
            return [self._market(name) for name in names]
        return list(self._listed.values())

    def _market(self, symbol: str) -> Market:
        market = self._listed.get(symbol)
        if market is None:
            raise invalid_symbol()
        return market

    def _last(self, market: Market, call: Call) -> Decimal:
        return self._prices.at(market.base, market.quote, call.now_ms, market.price_places)

    def _quotes(self, market: Market, call: Call) -> dict[str, Any]:
        last, tick = self._last(market, call), Decimal(1).scaleb(-market.price_places)
        return {
            "symbol": market.id,
            "bidPrice": fixed(max(last - tick, tick), 8),
            "bidQty": "3.00000000",
            "askPrice": fixed(last + tick, 8),
            "askQty": "2.50000000",
        }

    def _day(self, market: Market, call: Call) -> dict[str, Any]:
        last = self._last(market, call)
        before = self._prices.at(market.base, market.quote, call.now_ms - DAY, market.price_places)
        today = call.now_ms - call.now_ms % DAY
        candle = self._prices.candle(
            market.base, market.quote, today, market.price_places, call.now_ms
        )
        with exact():
            change, average = last - before, (last + before) / 2
            turnover = candle.volume * average
            percent = change * 100 / before
        row = {
            "priceChange": fixed(change, 8),
            "priceChangePercent": f"{percent:.3f}",
            "weightedAvgPrice": f"{average:.8f}",
            "prevClosePrice": fixed(before, 8),
            "lastPrice": fixed(last, 8),
            "lastQty": "0.10000000",
            "openPrice": fixed(before, 8),
            "highPrice": fixed(max(candle.high, before), 8),
            "lowPrice": fixed(min(candle.low, before), 8),
            "volume": f"{candle.volume:.8f}",
            "quoteVolume": f"{turnover:.8f}",
            "openTime": call.now_ms - DAY,
            "closeTime": call.now_ms,
            "firstId": 1,
            "lastId": candle.trades,
            "count": candle.trades,
        }
        return self._quotes(market, call) | row


def _symbol(market: Market) -> dict[str, Any]:
    tick = f"{Decimal(1).scaleb(-market.price_places):.8f}"
    step = f"{Decimal(1).scaleb(-BY_CODE[market.base].lot):.8f}"
    return {
        "symbol": market.id,
        "status": "TRADING",
        "baseAsset": market.base,
        "baseAssetPrecision": 8,
        "quoteAsset": market.quote,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "baseCommissionPrecision": 8,
        "quoteCommissionPrecision": 8,
        "orderTypes": ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT"],
        "icebergAllowed": True,
        "ocoAllowed": True,
        "otoAllowed": True,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {
                "filterType": "PRICE_FILTER",
                "minPrice": tick,
                "maxPrice": "1000000.00000000",
                "tickSize": tick,
            },
            {
                "filterType": "LOT_SIZE",
                "minQty": step,
                "maxQty": "9000000.00000000",
                "stepSize": step,
            },
            {
                "filterType": "NOTIONAL",
                "minNotional": "5.00000000",
                "applyMinToMarket": True,
                "maxNotional": "9000000.00000000",
                "applyMaxToMarket": False,
                "avgPriceMins": 5,
            },
        ],
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "EXPIRE_MAKER",
        "allowedSelfTradePreventionModes": ["EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
    }
