"""Which pairs BingX has: nearly all against USDT, a few against USDC, BTC and ETH."""

from decimal import Decimal

from sandbox.assets import ASSETS, BY_CODE
from sandbox.markets import Market

ABSENT = {"BNB", "WBETH", "EUR", "USD", "USDT", "GFT"}
LEFT = {"WAVES", "OMG"}  # delisted; their trades are served still
CODES = tuple(asset.code for asset in ASSETS if asset.code not in ABSENT - {"USDT"})
QUOTES = {
    "USDT": tuple(asset.code for asset in ASSETS if asset.code not in ABSENT),
    "USDC": ("BTC", "ETH", "SOL", "XRP"),
    "BTC": ("ETH", "SOL"),
    "ETH": ("SOL",),
}
CONTRACTS = ("BTC-USDT", "ETH-USDT", "SOL-USDT", "XRP-USDT", "DOGE-USDT")


def _price_places(base: str, quote: str) -> int:
    """Enough decimals for about five significant digits."""
    price = Decimal(BY_CODE[base].levels[3]) / Decimal(BY_CODE[quote].levels[3])
    return min(max(4 - price.adjusted(), 1), 8)


def _market(base: str, quote: str) -> Market:
    listed = base not in LEFT
    return Market(f"{base}-{quote}", base, quote, _price_places(base, quote), listed)


MARKETS: dict[str, Market] = {
    market.id: market
    for quote, bases in QUOTES.items()
    for market in (_market(base, quote) for base in bases)
}
LISTED = {market.id: market for market in MARKETS.values() if market.listed}
