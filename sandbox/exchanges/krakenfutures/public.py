"""Market data: instruments, tickers, and daily candles."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.exchanges.base import Call
from sandbox.exchanges.krakenfutures.errors import FuturesError, invalid, iso
from sandbox.generate.krakenfutures_contracts import INVERSE, LINEAR, Contract, quarterly
from sandbox.generate.prices import DAY, YEAR, Prices

Row = dict[str, Any]
CANDLES = 2_000


class PublicData:
    """The endpoints that need no key."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices
        later = prices.origin + 3 * YEAR
        listed = (*LINEAR, *INVERSE, quarterly("BTC", later), quarterly("ETH", later, linear=True))
        self.contracts = {contract.symbol: contract for contract in listed}

    def instruments(self, call: Call) -> Row:
        """Everything that is listed, and the indices behind it."""
        rows = [_instrument(contract) for contract in self.contracts.values()]
        rows.append({"symbol": "in_xbtusd", "type": "spot index", "tradeable": False})
        return {"result": "success", "instruments": rows, "serverTime": iso(call.now_ms)}

    def tickers(self, call: Call) -> Row:
        """The last prices of everything that is listed."""
        rows = [self._ticker(contract, call.now_ms) for contract in self.contracts.values()]
        return {"result": "success", "tickers": rows, "serverTime": iso(call.now_ms)}

    def candles(self, call: Call, kind: str, symbol: str, resolution: str) -> Row:
        """Daily candles between two moments in seconds, oldest first. May raise FuturesError."""
        contract = self.contracts.get(symbol)
        if contract is None or kind not in ("spot", "mark", "trade"):
            raise FuturesError("notFound", 404)
        if resolution != "1d":  # days are all that the price paths know
            raise invalid("resolution")
        today = call.now_ms - call.now_ms % DAY
        start = max(_seconds(call, "from", 0) * 1000, self._prices.start + DAY)
        end = min(_seconds(call, "to", call.now_ms // 1000) * 1000, today)
        days = list(range(-(-start // DAY) * DAY, end + 1, DAY))
        rows = [self._candle(contract, day, call.now_ms) for day in days[:CANDLES]]
        return {"candles": rows, "more_candles": len(days) > CANDLES}

    def _candle(self, contract: Contract, day: int, now_ms: int) -> Row:
        candle = self._prices.candle(contract.base, "USD", day, contract.price_places, now_ms)
        return {
            "time": day,
            "open": str(candle.open),
            "high": str(candle.high),
            "low": str(candle.low),
            "close": str(candle.close),
            "volume": str(candle.volume),
        }

    def _ticker(self, contract: Contract, now_ms: int) -> Row:
        places = contract.price_places
        last = self._prices.at(contract.base, "USD", now_ms, places)
        index = self._prices.at(contract.base, "USD", now_ms, places + 2)
        tick = Decimal(1).scaleb(-places)
        return {
            "symbol": contract.symbol,
            "last": last,
            "lastTime": iso(now_ms),
            "tag": "perpetual" if contract.expires is None else "quarter",
            "pair": f"{_name(contract)}:USD",
            "markPrice": last,
            "indexPrice": index,
            "bid": max(last - tick, tick),
            "bidSize": Decimal("1.5"),
            "ask": last + tick,
            "askSize": Decimal("1.25"),
            "vol24h": Decimal("5210.5"),
            "openInterest": Decimal("812.25"),
            "open24h": self._prices.at(contract.base, "USD", now_ms - DAY, places),
            "suspended": False,
            "postOnly": False,
        }


def _name(contract: Contract) -> str:
    return contract.symbol.split("_")[1].removesuffix("USD")


def _instrument(contract: Contract) -> Row:
    linear, perpetual = contract.linear, contract.expires is None
    row: Row = {
        "symbol": contract.symbol,
        "type": "flexible_futures" if linear else "futures_inverse",
        "tradeable": True,
        "underlying": f"rr_{_name(contract).lower()}usd",
        "base": contract.base,
        "quote": "USD",
        "pair": f"{contract.base}:USD",
        "tickSize": Decimal(1).scaleb(-contract.price_places),
        "contractSize": 1,
        "contractValueTradePrecision": contract.size_places,
        "impactMidSize": 1,
        "maxPositionSize": 1_000_000,
        "openingDate": "2022-01-01T00:00:00.000Z",
        "marginLevels": [
            {
                "numNonContractUnits" if linear else "contracts": 0,
                "initialMargin": Decimal("0.02"),
                "maintenanceMargin": Decimal("0.01"),
            }
        ],
        "tags": [],
    }
    if perpetual:
        row |= {"fundingRateCoefficient": 8, "maxRelativeFundingRate": Decimal("0.0025")}
    else:
        moment = datetime.fromtimestamp((contract.expires or 0) // 1000, UTC)
        row["lastTradingTime"] = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    return row


def _seconds(call: Call, name: str, default: int) -> int:
    text = call.params.get(name, "")
    if text and not text.isdigit():
        raise invalid(name)
    return int(text) if text else default
