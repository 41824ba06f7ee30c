"""Which currencies and products Coinbase has in the sandbox, and how they are written."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.assets import BY_CODE

# Decimals of an amount, as the app's accounts write it.
EXPONENTS = {
    "EUR": 2, "USD": 2, "USDC": 6, "USDT": 6, "BTC": 8, "ETH": 18, "SOL": 9, "XRP": 6,
    "ADA": 6, "DOGE": 8, "DOT": 10, "AVAX": 8, "LINK": 8, "LTC": 8, "ATOM": 6, "UNI": 8,
    "NEAR": 8, "AAVE": 8, "BCH": 8, "XLM": 7, "ALGO": 6, "SHIB": 8,
}  # fmt: skip
FIAT = ("EUR", "USD")
NETWORKS = {
    "BTC": "bitcoin", "ETH": "ethereum", "SOL": "solana", "XRP": "ripple", "ADA": "cardano",
    "LTC": "litecoin", "DOT": "polkadot", "USDC": "ethereum", "USDT": "ethereum",
}  # fmt: skip
_CROSSES = (("ETH", "BTC"), ("SOL", "ETH"), ("LTC", "BTC"), ("LINK", "ETH"))
_NOT_IN_EUR = ("NEAR", "SHIB", "BCH")


@dataclass(frozen=True, slots=True)
class Product:
    """A pair; ``price_places`` are the decimals of its price."""

    id: str
    base: str
    quote: str
    price_places: int


def _product(base: str, quote: str) -> Product:
    price = Decimal(BY_CODE[base].levels[3]) / Decimal(BY_CODE[quote].levels[3])
    return Product(f"{base}-{quote}", base, quote, min(max(4 - price.adjusted(), 2), 8))


def _products() -> dict[str, Product]:
    coins = [code for code in EXPONENTS if code not in FIAT]
    pairs = [(code, "USD") for code in coins if code != "USDC"]
    pairs += [(code, "USDC") for code in coins if code != "USDC"]
    pairs += [(code, "EUR") for code in coins if code not in _NOT_IN_EUR]
    return {made.id: made for made in (_product(*pair) for pair in (*pairs, *_CROSSES))}


PRODUCTS: dict[str, Product] = _products()
