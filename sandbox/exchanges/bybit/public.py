"""Market data: instruments, tickers, candles and the clock."""

from decimal import Decimal
from typing import Any

from sandbox.amounts import exact, fixed
from sandbox.assets import ASSETS, BY_CODE
from sandbox.exchanges.base import Call
from sandbox.exchanges.bybit.errors import BybitError
from sandbox.exchanges.bybit.parameters import limit, number, required
from sandbox.generate.bybit_main import LINEAR
from sandbox.generate.prices import DAY, HOUR, MINUTE, Prices
from sandbox.markets import Market

Row = dict[str, Any]
WIDTHS = {"D": DAY, "60": HOUR, "1": MINUTE}
CATEGORIES = ("spot", "linear", "inverse", "option")


def _market(base: str, quote: str) -> Market:
    """Enough decimals of the price for about five digits."""
    price = Decimal(BY_CODE[base].levels[3]) / Decimal(BY_CODE[quote].levels[3])
    return Market(base + quote, base, quote, min(max(4 - price.adjusted(), 2), 8))


def _spot() -> dict[str, Market]:
    coins = [a.code for a in ASSETS if a.listed and not a.fiat and a.code != "USDT"]
    pairs = [(code, "USDT") for code in coins]
    pairs += [(code, quote) for quote in ("USDC", "EUR") for code in ("BTC", "ETH", "SOL", "XRP")]
    pairs += [(code, "BTC") for code in ("ETH", "SOL", "XRP")]
    pairs += [("USDT", "EUR")]
    return {base + quote: _market(base, quote) for base, quote in pairs}


SPOT = _spot()
CONTRACTS = {
    "linear": {symbol: _market(base, "USDT") for symbol, base in LINEAR},
    "inverse": {"BTCUSD": _market("BTC", "USD"), "ETHUSD": _market("ETH", "USD")},
    "option": {},
}


def markets_of(category: str) -> dict[str, Market]:
    """The markets of a category by symbol."""
    return SPOT if category == "spot" else CONTRACTS[category]


class PublicData:
    """The endpoints that need no key."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    def time(self, call: Call) -> Row:
        """The exchange's clock."""
        return {"timeSecond": str(call.now_ms // 1000), "timeNano": f"{call.now_ms}000000"}

    def status(self, call: Call) -> Row:
        """Planned and present maintenance."""
        state = {
            "id": "f9d6842d-5331-11f0-8fd3-c241b123dd9e",
            "title": "maintenance",
            "state": "ongoing",
            "begin": str(call.now_ms - 60_000),
            "end": str(call.now_ms + 600_000),
            "href": "",
        }
        return {"list": [state] if "maintenance" in call.faults else []}

    def instruments(self, call: Call) -> Row:
        """The markets of a category; spot has no further pages."""
        category = required(call.params, "category", CATEGORIES)
        markets = self._wanted(call, category)
        if call.params.get("status") == "PreLaunch":
            markets = []
        describe = _spot_instrument if category == "spot" else _contract
        rows = [describe(market, category) for market in markets]
        return {"category": category, "list": rows, "nextPageCursor": ""}

    def tickers(self, call: Call) -> Row:
        """The last 24 hours of one market or all of a category."""
        category = required(call.params, "category", CATEGORIES)
        rows = [self._ticker(market, call) for market in self._wanted(call, category)]
        return {"category": category, "list": rows}

    def kline(self, call: Call) -> Row:
        """Candles of days, hours or minutes, newest first. May raise BybitError."""
        params = call.params
        category = params.get("category", "linear")
        market = markets_of(category).get(required(params, "symbol")) if category else None
        if market is None:
            raise BybitError(10001, "Not supported symbols")
        width = WIDTHS[required(params, "interval", tuple(WIDTHS))]
        count = limit(params, 200, 1000)
        newest = call.now_ms - call.now_ms % width
        start, end = number(params, "start"), number(params, "end")
        last = newest if end is None else min(newest, end - end % width)
        first = last - (count - 1) * width
        if start is not None:
            first = max(first, -(-start // width) * width) if end is not None else start
        first = max(first, self._prices.start + DAY)
        opened = reversed(range(first, last + 1, width)[-count:])
        rows = [self._candle(market, moment, width, call.now_ms) for moment in opened]
        return {"symbol": market.id, "category": category, "list": rows}

    def _wanted(self, call: Call, category: str) -> list[Market]:
        symbol = call.params.get("symbol", "")
        markets = markets_of(category)
        if not symbol:
            return list(markets.values())
        if symbol not in markets:
            raise BybitError(10001, "params error: symbol invalid")
        return [markets[symbol]]

    def _candle(self, market: Market, opened: int, width: int, now_ms: int) -> list[str]:
        places = market.price_places
        candle = self._prices.part(market.base, market.quote, opened, width, places, now_ms)
        with exact():
            turnover = candle.volume * (candle.open + candle.close) / 2
        prices = (candle.open, candle.high, candle.low, candle.close)
        shown = [fixed(price, places) for price in prices]
        return [str(opened), *shown, f"{candle.volume:.6f}", f"{turnover:.8f}"]

    def _ticker(self, market: Market, call: Call) -> Row:
        places, now = market.price_places, call.now_ms
        last = self._prices.at(market.base, market.quote, now, places)
        before = self._prices.at(market.base, market.quote, now - DAY, places)
        candle = self._prices.candle(market.base, market.quote, now - now % DAY, places, now)
        tick = Decimal(1).scaleb(-places)
        with exact():
            turnover, change = candle.volume * last, (last - before) / before
        return {
            "symbol": market.id,
            "bid1Price": fixed(max(last - tick, tick), places),
            "bid1Size": "1.5",
            "ask1Price": fixed(last + tick, places),
            "ask1Size": "1.25",
            "lastPrice": fixed(last, places),
            "prevPrice24h": fixed(before, places),
            "price24hPcnt": f"{change:.4f}",
            "highPrice24h": fixed(max(candle.high, before, last), places),
            "lowPrice24h": fixed(min(candle.low, before, last), places),
            "turnover24h": f"{turnover:.8f}",
            "volume24h": f"{candle.volume:.6f}",
            "usdIndexPrice": fixed(last, places),
        }


def _spot_instrument(market: Market, category: str) -> Row:
    return {
        "symbol": market.id,
        "baseCoin": market.base,
        "quoteCoin": market.quote,
        "innovation": "0",
        "status": "Trading",
        "marginTrading": "none",
        "lotSizeFilter": {
            "basePrecision": f"{Decimal(1).scaleb(-(BY_CODE[market.base].lot + 1)):f}",
            "quotePrecision": "0.00000001",
            "minOrderQty": f"{Decimal(1).scaleb(-(BY_CODE[market.base].lot)):f}",
            "maxOrderQty": "1000000",
            "minOrderAmt": "5",
            "maxOrderAmt": "4000000",
        },
        "priceFilter": {"tickSize": f"{Decimal(1).scaleb(-market.price_places):f}"},
    }


def _contract(market: Market, category: str) -> Row:
    inverse = category == "inverse"
    return {
        "symbol": market.id,
        "contractType": "InversePerpetual" if inverse else "LinearPerpetual",
        "status": "Trading",
        "baseCoin": market.base,
        "quoteCoin": market.quote,
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "deliveryFeeRate": "",
        "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.10", "maxPrice": "1999999.80", "tickSize": "0.10"},
        "lotSizeFilter": {
            "maxOrderQty": "1190.000",
            "minOrderQty": "1" if inverse else "0.001",
            "qtyStep": "1" if inverse else "0.001",
            "postOnlyMaxOrderQty": "1190.000",
        },
        "unifiedMarginTrade": True,
        "fundingInterval": 480,
        "settleCoin": market.base if inverse else market.quote,
    }
