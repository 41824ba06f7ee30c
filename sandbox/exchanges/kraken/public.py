"""Market data: assets, pairs, tickers and daily candles."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.amounts import exact, fixed
from sandbox.assets import ASSETS, BY_CODE
from sandbox.exchanges.base import Call
from sandbox.exchanges.kraken.errors import KrakenError, invalid_arguments
from sandbox.generate.kraken import decimals
from sandbox.generate.prices import DAY, HOUR, MINUTE, Candle, Prices
from sandbox.markets import KRAKEN, Market

WIDTHS = {"1440": DAY, "60": HOUR, "1": MINUTE}
CANDLES = 720  # Kraken never gives more, however far back one asks
EXTRA_CODES = ("DOT28.S", "DOT.S", "ETH2.S", "XBT.M", "USDT.F", "SOL.F", "SOL03.S", "EUR.HOLD")
FEES = [[0, 0.26], [50000, 0.24], [100000, 0.22], [250000, 0.2]]
FEES_MAKER = [[0, 0.16], [50000, 0.14], [100000, 0.12], [250000, 0.1]]


class PublicData:
    """The endpoints that need no key."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    def time(self, call: Call) -> dict[str, Any]:
        """The exchange's clock."""
        now = datetime.fromtimestamp(call.now_ms // 1000, UTC)
        return {"unixtime": call.now_ms // 1000, "rfc1123": f"{now:%a, %d %b %y %H:%M:%S} +0000"}

    def status(self, call: Call) -> dict[str, Any]:
        """Whether the exchange is up."""
        now = datetime.fromtimestamp(call.now_ms // 1000, UTC)
        word = "maintenance" if "maintenance" in call.faults else "online"
        return {"status": word, "timestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}"}

    def assets(self, call: Call) -> dict[str, Any]:
        """All codes, with the staked and earning ones beside the plain ones."""
        found = {a.kraken: _asset(a.kraken, a.kraken_altname) for a in ASSETS if a.kraken}
        return found | {code: _asset(code, code) for code in EXTRA_CODES}

    def pairs(self, call: Call) -> dict[str, Any]:
        """All pairs, or those that ``pair`` names."""
        return {market.id: _pair(market) for market in _wanted(call)}

    def ticker(self, call: Call) -> dict[str, Any]:
        """Today's prices of the named pairs, or of all."""
        return {market.id: self._ticker(market, call.now_ms) for market in _wanted(call)}

    def ohlc(self, call: Call) -> dict[str, Any]:
        """The last 720 candles at most, of days, hours or minutes, oldest first."""
        markets = _wanted(call)
        if "pair" not in call.params or len(markets) != 1:
            raise invalid_arguments()
        width = WIDTHS.get(call.params.get("interval", "1"))
        if width is None:
            raise invalid_arguments("interval")
        newest = call.now_ms - call.now_ms % width
        since = _seconds(call.params.get("since", "0")) * 1000
        first = max(newest - (CANDLES - 1) * width, self._prices.start + DAY)
        rows = [
            self._candle(markets[0], opened, width, call.now_ms)
            for opened in range(first, newest + 1, width)
            if opened > since
        ]
        return {markets[0].id: rows, "last": (newest - width) // 1000}

    def _ticker(self, market: Market, now_ms: int) -> dict[str, Any]:
        last = self._prices.at(market.base, market.quote, now_ms, market.price_places)
        tick, today = Decimal(1).scaleb(-market.price_places), now_ms - now_ms % DAY
        candle = self._day(market, today, now_ms)
        ask, bid, price = (fixed(p, 5) for p in (last + tick, max(last - tick, tick), last))
        volume, average = f"{candle.volume:.8f}", fixed(_average(candle), 5)
        low, high = fixed(candle.low, 5), fixed(candle.high, 5)
        return {
            "a": [ask, "1", "1.000"],
            "b": [bid, "2", "2.000"],
            "c": [price, "0.04408910"],
            "v": [volume, volume],
            "p": [average, average],
            "t": [candle.trades, candle.trades],
            "l": [low, low],
            "h": [high, high],
            "o": fixed(candle.open, 5),
        }

    def _candle(self, market: Market, opened: int, width: int, now_ms: int) -> list[Any]:
        places = market.price_places
        candle = self._prices.part(market.base, market.quote, opened, width, places, now_ms)
        prices = (candle.open, candle.high, candle.low, candle.close, _average(candle))
        written = [fixed(price, 5) for price in prices]
        return [opened // 1000, *written, f"{candle.volume:.8f}", candle.trades]

    def _day(self, market: Market, day: int, now_ms: int) -> Candle:
        return self._prices.candle(market.base, market.quote, day, market.price_places, now_ms)


def _average(candle: Candle) -> Decimal:
    with exact():
        return ((candle.open + candle.close) / 2).quantize(candle.open)


def _seconds(text: str) -> int:
    try:
        return int(Decimal(text))
    except ArithmeticError as error:
        raise invalid_arguments("since") from error


def _wanted(call: Call) -> list[Market]:
    """The pairs that ``pair`` names by id or short name, or all. May raise KrakenError."""
    names = call.params.get("pair", "")
    if not names:
        return list(KRAKEN.values())
    return [_market(name) for name in names.split(",")]


def _market(name: str) -> Market:
    for market in KRAKEN.values():
        if name in (market.id, _altname(market)):
            return market
    raise KrakenError("EQuery:Unknown asset pair")


def _altname(market: Market) -> str:
    return BY_CODE[market.base].kraken_altname + BY_CODE[market.quote].kraken_altname


def _asset(code: str, altname: str) -> dict[str, Any]:
    places = 4 if code == "EUR.HOLD" else decimals(code)
    return {
        "aclass": "currency",
        "altname": altname,
        "decimals": places,
        "display_decimals": min(places, 5),
        "status": "enabled",
    }


def _pair(market: Market) -> dict[str, Any]:
    base, quote = BY_CODE[market.base], BY_CODE[market.quote]
    return {
        "altname": _altname(market),
        "wsname": f"{base.kraken_altname}/{quote.kraken_altname}",
        "aclass_base": "currency",
        "base": base.kraken,
        "aclass_quote": "currency",
        "quote": quote.kraken,
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": market.price_places,
        "lot_decimals": 8,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": FEES,
        "fees_maker": FEES_MAKER,
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.0001",
        "costmin": "0.5",
        "tick_size": f"{Decimal(1).scaleb(-market.price_places):f}",
        "status": "online",
    }
