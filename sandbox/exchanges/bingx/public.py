"""Market data: pairs, tickers and candles; many numbers come bare."""

from decimal import Decimal
from typing import Any

from sandbox.amounts import exact
from sandbox.assets import BY_CODE
from sandbox.exchanges.base import Call
from sandbox.exchanges.bingx.errors import bad_parameter, bad_symbol
from sandbox.exchanges.bingx.markets import CONTRACTS, LISTED, MARKETS
from sandbox.exchanges.bingx.parameters import limit, number, required
from sandbox.generate.prices import DAY, HOUR, MINUTE, Prices
from sandbox.markets import Market

WIDTHS = {"1d": DAY, "1h": HOUR, "1m": MINUTE}


class PublicData:
    """The endpoints that need no key."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    def time(self, call: Call) -> dict[str, Any]:
        """The exchange's clock, in milliseconds."""
        return _told({"serverTime": call.now_ms}, call)

    def spot_time(self, call: Call) -> dict[str, Any]:
        """The same clock in whole seconds, as spot has it."""
        return _told({"serverTime": call.now_ms // 1000}, call)

    def symbols(self, call: Call) -> dict[str, Any]:
        """All spot pairs that can be traded."""
        return _told({"symbols": [_symbol(market) for market in LISTED.values()]}, call)

    def contracts(self, call: Call) -> dict[str, Any]:
        """The perpetual contracts in USDT."""
        rows = [_contract(100 + place, MARKETS[name]) for place, name in enumerate(CONTRACTS)]
        return _told(rows, call)

    def coin_contracts(self, call: Call) -> dict[str, Any]:
        """There are no contracts in coins here."""
        return _told([], call)

    def day_tickers(self, call: Call) -> dict[str, Any]:
        """The last 24 hours of one pair or all."""
        wanted = call.params.get("symbol")
        markets = LISTED.values() if not wanted else [_market(wanted)]
        return _told([self._day(market, call) for market in markets], call)

    def klines(self, call: Call) -> dict[str, Any]:
        """Candles of days, hours or minutes, newest first. May raise BingXError."""
        params = call.params
        market = _market(required(params, "symbol"))
        width = WIDTHS.get(required(params, "interval"))
        if width is None:
            raise bad_parameter("interval")
        count = limit(params, "limit", 500, 1_440)
        # Days begin at midnight of UTC+8 unless another zone is asked for.
        is_utc = width < DAY or number(params, "timeZone") == 0
        begin_of_day = 0 if is_utc else -8 * HOUR
        end = number(params, "endTime") or call.now_ms
        last = min(end, call.now_ms)
        last -= (last - begin_of_day) % width
        start = number(params, "startTime")
        first = last - (count - 1) * width
        if start is not None:
            first = max(first, -(-start // width) * width + begin_of_day)
        first = max(first, self._prices.start + DAY)
        opened = reversed(range(first, last + 1, width))
        return _told([self._kline(market, at, width, call.now_ms) for at in opened], call)

    def _kline(self, market: Market, opened: int, width: int, now_ms: int) -> list[Any]:
        begin, places = opened - opened % width, market.price_places
        candle = self._prices.part(market.base, market.quote, begin, width, places, now_ms)
        prices = [float(p) for p in (candle.open, candle.high, candle.low, candle.close)]
        with exact():
            turnover = candle.volume * (candle.open + candle.close) / 2
        volumes = float(candle.volume), float(round(turnover, 2))
        return [opened, *prices, volumes[0], opened + width - 1, volumes[1]]

    def _day(self, market: Market, call: Call) -> dict[str, Any]:
        places = market.price_places
        last = self._prices.at(market.base, market.quote, call.now_ms, places)
        before = self._prices.at(market.base, market.quote, call.now_ms - DAY, places)
        today = call.now_ms - call.now_ms % DAY
        candle = self._prices.candle(market.base, market.quote, today, places, call.now_ms)
        tick = Decimal(1).scaleb(-places)
        with exact():
            change, turnover = last - before, candle.volume * (last + before) / 2
            percent = change * 100 / before
        return {
            "symbol": market.id,
            "openPrice": float(before),
            "highPrice": float(max(candle.high, before)),
            "lowPrice": float(min(candle.low, before)),
            "lastPrice": float(last),
            "priceChange": float(change),
            "priceChangePercent": f"{percent:.2f}%",
            "volume": float(candle.volume),
            "quoteVolume": float(round(turnover, 2)),
            "openTime": call.now_ms - DAY,
            "closeTime": call.now_ms,
            "askPrice": float(last + tick),
            "askQty": 2.5,
            "bidPrice": float(max(last - tick, tick)),
            "bidQty": 3,
        }


def _told(data: object, call: Call) -> dict[str, Any]:
    return {"code": 0, "timestamp": call.now_ms, "msg": "", "data": data}


def _market(symbol: str) -> Market:
    market = LISTED.get(symbol)
    if market is None:
        raise bad_symbol()
    return market


def _symbol(market: Market) -> dict[str, Any]:
    return {
        "symbol": market.id,
        "minQty": 0.0001,
        "maxQty": 1000000,
        "minNotional": 5,
        "maxNotional": 2000000,
        "status": 1,
        "tickSize": float(Decimal(1).scaleb(-market.price_places)),
        "stepSize": float(Decimal(1).scaleb(-BY_CODE[market.base].lot)),
        "apiStateSell": True,
        "apiStateBuy": True,
        "timeOnline": 0,
        "offTime": 0,
        "maintainTime": 0,
    }


def _contract(number: int, market: Market) -> dict[str, Any]:
    return {
        "contractId": str(number),
        "symbol": market.id,
        "size": "0.0001",
        "quantityPrecision": BY_CODE[market.base].lot,
        "pricePrecision": market.price_places,
        "feeRate": 0.0005,
        "makerFeeRate": 0.0002,
        "takerFeeRate": 0.0005,
        "tradeMinLimit": 0,
        "tradeMinQuantity": 0.0001,
        "tradeMinUSDT": 2,
        "maxLongLeverage": 125,
        "maxShortLeverage": 125,
        "currency": market.quote,
        "asset": market.base,
        "status": 1,
        "apiStateOpen": "true",
        "apiStateClose": "true",
    }
