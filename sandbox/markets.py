"""Which pairs exist on which exchange, and how finely they are priced."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.assets import ASSETS, BY_CODE


@dataclass(frozen=True, slots=True)
class Market:
    """A pair; ``listed`` is False for one that can no longer be seen in the market list."""

    id: str
    base: str
    quote: str
    price_places: int
    listed: bool = True


def _price_places(base: str, quote: str) -> int:
    """Enough decimals for about five significant digits, as exchanges choose their ticks."""
    price = Decimal(BY_CODE[base].levels[3]) / Decimal(BY_CODE[quote].levels[3])
    return min(max(4 - price.adjusted(), 2), 8)


def _binance() -> dict[str, Market]:
    usdt = [a.code for a in ASSETS if a.binance and a.listed and a.code != "USDT"]
    pairs = {
        "USDT": usdt,
        "BTC": [
            "ETH",
            "BNB",
            "SOL",
            "XRP",
            "ADA",
            "DOGE",
            "DOT",
            "LINK",
            "LTC",
            "UNI",
            "ATOM",
            "AVAX",
            "WBETH",
        ],
        "ETH": ["WBETH", "BNB", "LINK"],
        "BNB": ["SOL", "ADA", "FIL", "INJ"],
        "EUR": ["BTC", "ETH", "SOL", "XRP", "BNB", "ADA", "DOGE"],
        "USDC": ["BTC", "ETH", "SOL", "XRP"],
    }
    markets = {
        base + quote: Market(base + quote, base, quote, _price_places(base, quote))
        for quote, bases in pairs.items()
        for base in bases
    }
    for base in ("WAVES", "OMG"):
        gone = Market(base + "USDT", base, "USDT", _price_places(base, "USDT"), listed=False)
        markets[gone.id] = gone
    return markets


def _kraken() -> dict[str, Market]:
    coins = [a for a in ASSETS if a.kraken and a.listed and not a.fiat]
    markets = {}
    for quote in ("EUR", "USD"):
        for asset in coins:
            market = _kraken_market(asset.code, quote)
            markets[market.id] = market
    for base, quote in (("ETH", "BTC"), ("SOL", "BTC"), ("DOT", "BTC"), ("LTC", "BTC")):
        market = _kraken_market(base, quote)
        markets[market.id] = market
    for base, quote in (("BTC", "USDT"), ("ETH", "USDT"), ("EUR", "USD")):
        market = _kraken_market(base, quote)
        markets[market.id] = market
    return markets


def _kraken_market(base: str, quote: str) -> Market:
    """Old pairs carry the long names (XXBTZEUR), younger ones the short names (DOTEUR)."""
    first, second = BY_CODE[base], BY_CODE[quote]
    old = all(a.kraken and len(a.kraken) == 4 and a.kraken[0] in "XZ" for a in (first, second))
    # Doge and the stable coins kept a short and a mixed name there.
    if base == "DOGE":
        name = "XDG" + second.kraken_altname
    elif old or (base == "USDT" and quote == "USD"):
        name = f"{first.kraken}{second.kraken}"
    else:
        name = first.kraken_altname + second.kraken_altname
    return Market(name, base, quote, _price_places(base, quote))


BINANCE: dict[str, Market] = _binance()
KRAKEN: dict[str, Market] = _kraken()
