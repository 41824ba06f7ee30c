"""Market data: clock, coins, pairs, contracts, tickers and daily candles."""

from decimal import Decimal
from typing import Any

from sandbox.amounts import fixed
from sandbox.assets import ASSETS, Asset
from sandbox.exchanges.base import Call
from sandbox.exchanges.bitget.errors import BitgetError, empty, wrong
from sandbox.exchanges.bitget.parameters import limit, number
from sandbox.generate.bitget_markets import CONTRACTS, SPOT, Contract
from sandbox.generate.prices import DAY, HOUR, MINUTE, Candle, Prices
from sandbox.markets import Market

WIDTHS = {"1Dutc": DAY, "1h": HOUR, "1min": MINUTE}
COINS = {code for market in SPOT.values() for code in (market.base, market.quote)}


class PublicData:
    """The endpoints that need no key."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    def time(self, call: Call) -> dict[str, str]:
        """The exchange's clock."""
        return {"serverTime": str(call.now_ms)}

    def coins(self, call: Call) -> list[dict[str, Any]]:
        """All coins with their chains."""
        return [_coin(asset) for asset in ASSETS if asset.code in COINS]

    def symbols(self, call: Call) -> list[dict[str, Any]]:
        """All spot pairs."""
        return [_symbol(market) for market in SPOT.values()]

    def margin(self, call: Call) -> list[dict[str, Any]]:
        """The pairs that can be traded on margin."""
        return [_borrowable(market) for market in SPOT.values() if market.quote == "USDT"]

    def contracts(self, call: Call) -> list[dict[str, Any]]:
        """The contracts of one kind; the kinds of demo trading (S...) have none."""
        product = call.params.get("productType", "")
        if not product:
            raise empty("productType")
        return [_contract(c) for c in CONTRACTS.values() if c.product == product]

    def tickers(self, call: Call) -> list[dict[str, Any]]:
        """Today's prices of one pair, or of all."""
        wanted = call.params.get("symbol", "")
        markets = [_market(wanted)] if wanted else list(SPOT.values())
        return [self._ticker(market, call.now_ms) for market in markets]

    def candles(self, call: Call) -> list[list[str]]:
        """The latest candles before the end, oldest first."""
        return self._candles(call, 100, 1_000)

    def older_candles(self, call: Call) -> list[list[str]]:
        """The same for any past, at most 200 before ``endTime``, which must be there."""
        if not call.params.get("endTime"):
            raise empty("endTime")
        return self._candles(call, 100, 200)

    def _candles(self, call: Call, default: int, maximum: int) -> list[list[str]]:
        market = _market(call.params.get("symbol", ""))
        width = WIDTHS.get(call.params.get("granularity", ""))
        if width is None:
            raise wrong("granularity")
        count = limit(call.params, default, maximum)
        end = min(number(call.params, "endTime") or call.now_ms, call.now_ms)
        first = max(number(call.params, "startTime") or 0, self._prices.start + DAY)
        opened = range(end - end % width, first - 1, -width)[:count]
        return [self._candle(market, moment, width, call.now_ms) for moment in reversed(opened)]

    def _candle(self, market: Market, opened: int, width: int, now_ms: int) -> list[str]:
        places = market.price_places
        candle = self._prices.part(market.base, market.quote, opened, width, places, now_ms)
        shown = (candle.open, candle.high, candle.low, candle.close)
        written = [fixed(price, market.price_places) for price in shown]
        volume = f"{candle.volume:.4f}"
        return [str(opened), *written, volume, volume, volume]

    def _ticker(self, market: Market, now_ms: int) -> dict[str, Any]:
        last = self._prices.at(market.base, market.quote, now_ms, market.price_places)
        tick = Decimal(1).scaleb(-market.price_places)
        candle = self._day(market, now_ms - now_ms % DAY, now_ms)
        names = ("open", "high24h", "low24h", "lastPr", "bidPr", "askPr", "openUtc")
        bid, ask = max(last - tick, tick), last + tick
        prices = (candle.open, candle.high, candle.low, last, bid, ask, candle.open)
        written = (fixed(price, market.price_places) for price in prices)
        return {
            "symbol": market.id,
            **dict(zip(names, written, strict=True)),
            "quoteVolume": f"{candle.volume:.4f}",
            "baseVolume": f"{candle.volume:.4f}",
            "usdtVolume": f"{candle.volume:.4f}",
            "bidSz": "1",
            "askSz": "1",
            "ts": str(now_ms),
            "changeUtc24h": "0",
            "change24h": "0",
        }

    def _day(self, market: Market, day: int, now_ms: int) -> Candle:
        return self._prices.candle(market.base, market.quote, day, market.price_places, now_ms)


def _market(name: str) -> Market:
    if not name:
        raise empty("symbol")
    if name not in SPOT:
        raise BitgetError("40034", f"Parameter {name} does not exist")
    return SPOT[name]


def _coin(asset: Asset) -> dict[str, Any]:
    chain = {
        "chain": asset.network,
        "needTag": "false",
        "withdrawable": "true",
        "rechargeable": "true",
        "withdrawFee": asset.withdraw_fee,
        "extraWithdrawFee": "0",
        "depositConfirm": "12",
        "withdrawConfirm": "64",
        "minDepositAmount": "0.00000001",
        "minWithdrawAmount": asset.withdraw_fee,
        "browserUrl": "https://example.org/tx/",
        "contractAddress": "",
        "withdrawStep": "0",
        "withdrawMinScale": "8",
        "congestion": "normal",
    }
    return {
        "coinId": str(1 + sorted(COINS).index(asset.code)),
        "coin": asset.code,
        "transfer": "true",
        "chains": [] if asset.fiat else [chain],
        "areaCoin": "no",
    }


def _symbol(market: Market) -> dict[str, Any]:
    return {
        "symbol": market.id,
        "baseCoin": market.base,
        "quoteCoin": market.quote,
        "minTradeAmount": "0",
        "maxTradeAmount": "10000000000",
        "takerFeeRate": "0.001",
        "makerFeeRate": "0.001",
        "pricePrecision": str(market.price_places),
        "quantityPrecision": "6",
        "quotePrecision": "8",
        "status": "online",
        "minTradeUSDT": "1",
        "buyLimitPriceRatio": "0.05",
        "sellLimitPriceRatio": "0.05",
        "orderQuantity": "200",
        "areaSymbol": "no",
    }


def _borrowable(market: Market) -> dict[str, Any]:
    return {
        "symbol": market.id,
        "baseCoin": market.base,
        "quoteCoin": market.quote,
        "maxCrossedLeverage": "3",
        "maxIsolatedLeverage": "10",
        "warningRiskRatio": "0.8",
        "liquidationRiskRatio": "1",
        "minTradeAmount": "0.0001",
        "maxTradeAmount": "10000",
        "takerFeeRate": "0.001",
        "makerFeeRate": "0.001",
        "pricePrecision": str(market.price_places),
        "quantityPrecision": "6",
        "minTradeUSDT": "5",
        "isBorrowable": True,
        "userMinBorrow": "0.00000001",
        "status": "1",
        "isIsolatedBaseBorrowable": True,
        "isIsolatedQuoteBorrowable": True,
        "isCrossBorrowable": True,
    }


def _contract(contract: Contract) -> dict[str, Any]:
    return {
        "symbol": contract.id,
        "baseCoin": contract.base,
        "quoteCoin": contract.quote,
        "buyLimitPriceRatio": "0.01",
        "sellLimitPriceRatio": "0.01",
        "feeRateUpRatio": "0.005",
        "makerFeeRate": "0.0002",
        "takerFeeRate": "0.0006",
        "openCostUpRatio": "0.01",
        "supportMarginCoins": [contract.margin],
        "minTradeNum": "0.001",
        "priceEndStep": "1",
        "volumePlace": "3",
        "pricePlace": "1",
        "sizeMultiplier": "0.001",
        "symbolType": "perpetual",
        "minTradeUSDT": "5",
        "maxSymbolOrderNum": "200",
        "maxProductOrderNum": "400",
        "maxPositionNum": "150",
        "symbolStatus": "normal",
        "offTime": "-1",
        "limitOpenTime": "-1",
        "deliveryTime": "",
        "deliveryStartTime": "",
        "deliveryPeriod": "",
        "launchTime": "",
        "fundInterval": "8",
        "minLever": "1",
        "maxLever": "125",
        "posLimit": "0.05",
        "maintainTime": "",
    }
