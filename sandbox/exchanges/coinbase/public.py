"""Market data and currencies: what ccxt loads, and what prices are read from."""

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.amounts import plain
from sandbox.assets import BY_CODE
from sandbox.exchanges.base import Call
from sandbox.exchanges.coinbase.errors import invalid, not_found
from sandbox.generate.coinbase import is_fiat
from sandbox.generate.coinbase_assets import EXPONENTS, PRODUCTS, Product
from sandbox.generate.prices import DAY, HOUR, MINUTE, Prices

WIDTHS = {"ONE_DAY": DAY, "ONE_HOUR": HOUR, "ONE_MINUTE": MINUTE}
CANDLES = 350  # an answer never holds more, and a longer stretch is refused
FIAT_NAMES = {"EUR": "Euro", "USD": "United States Dollar"}


class PublicData:
    """The endpoints that need no key."""

    def __init__(self, prices: Prices) -> None:
        self._prices = prices

    def time(self, call: Call) -> dict[str, str]:
        """The brokerage's clock."""
        moment = datetime.fromtimestamp(call.now_ms // 1000, UTC)
        return {
            "iso": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "epochSeconds": str(call.now_ms // 1000),
            "epochMillis": str(call.now_ms),
        }

    def old_time(self, call: Call) -> dict[str, Any]:
        """The older API's clock."""
        told = self.time(call)
        return {"data": {"iso": told["iso"], "epoch": int(told["epochSeconds"])}}

    def currencies(self, call: Call) -> dict[str, Any]:
        """The states' currencies."""
        rows = [{"id": c, "name": n, "min_size": "0.01"} for c, n in FIAT_NAMES.items()]
        return {"data": rows}

    def coins(self, call: Call) -> dict[str, Any]:
        """The coins."""
        rows = [
            {
                "asset_id": str(uuid.uuid5(uuid.NAMESPACE_DNS, code)),
                "code": code,
                "name": BY_CODE[code].name,
                "exponent": exponent,
                "type": "crypto",
            }
            for code, exponent in EXPONENTS.items()
            if not is_fiat(code)
        ]
        return {"data": rows}

    def rates(self, call: Call) -> dict[str, Any]:
        """What a dollar is worth."""
        rates = {code: plain(self._prices.at("USD", code, call.now_ms, 12)) for code in EXPONENTS}
        return {"data": {"currency": "USD", "rates": rates}}

    def products(self, call: Call) -> dict[str, Any]:
        """All spot products with their last price; there are no futures."""
        if call.params.get("product_type", "SPOT") != "SPOT":
            return {"products": [], "num_products": 0}
        rows = [self._product(product, call.now_ms) for product in PRODUCTS.values()]
        return {"products": rows, "num_products": len(rows)}

    def product(self, call: Call) -> dict[str, Any]:
        """One product."""
        return self._product(_named(call), call.now_ms)

    def candles(self, call: Call) -> dict[str, Any]:
        """Candles between two moments, newest first."""
        product = _named(call)
        width = WIDTHS.get(call.params.get("granularity", ""))
        if width is None:
            raise invalid("granularity is invalid")
        start, end = (_seconds(call, name) * 1000 for name in ("start", "end"))
        first = -(-start // width) * width
        if (end - first) // width + 1 > CANDLES:
            raise invalid("number of candles requested should be less than 350")
        opened = range(max(first, self._prices.start + DAY), min(end, call.now_ms) + 1, width)
        rows = [self._candle(product, moment, width, call.now_ms) for moment in reversed(opened)]
        return {"candles": rows}

    def _candle(self, product: Product, opened: int, width: int, now_ms: int) -> dict[str, str]:
        places = product.price_places
        candle = self._prices.part(product.base, product.quote, opened, width, places, now_ms)
        return {
            "start": str(opened // 1000),
            "low": plain(candle.low),
            "high": plain(candle.high),
            "open": plain(candle.open),
            "close": plain(candle.close),
            "volume": plain(candle.volume),
        }

    def _product(self, product: Product, now_ms: int) -> dict[str, Any]:
        price = self._prices.at(product.base, product.quote, now_ms, product.price_places)
        tick = plain(Decimal(1).scaleb(-product.price_places))
        return {
            "product_id": product.id,
            "price": plain(price),
            "price_percentage_change_24h": "0.5",
            "volume_24h": "1000",
            "volume_percentage_change_24h": "0",
            "base_increment": "0.00000001",
            "quote_increment": tick,
            "quote_min_size": "1",
            "quote_max_size": "10000000",
            "base_min_size": "0.00000001",
            "base_max_size": "3400",
            "base_name": BY_CODE[product.base].name,
            "quote_name": BY_CODE[product.quote].name,
            "is_disabled": False,
            "status": "online",
            "trading_disabled": False,
            "product_type": "SPOT",
            "quote_currency_id": product.quote,
            "base_currency_id": product.base,
            "alias": f"{product.base}-USD" if product.quote == "USDC" else "",
            "alias_to": [f"{product.base}-USDC"] if product.quote == "USD" else [],
            "price_increment": tick,
            "display_name": product.id,
            "product_venue": "CBE",
        }


def _named(call: Call) -> Product:
    """The product that the path names. May raise CoinbaseError."""
    found = PRODUCTS.get(call.path.split("/")[6])
    if found is None:
        raise not_found()
    return found


def _seconds(call: Call, name: str) -> int:
    text = call.params.get(name, "")
    if not text.isdigit():
        raise invalid(f"{name} is invalid")
    return int(text)
