"""What trades on the simulated Bitget: spot pairs and perpetual contracts."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.assets import BY_CODE
from sandbox.markets import Market

QUOTES = {
    "USDT": (
        *("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "LINK", "LTC", "AVAX", "DOT", "ATOM"),
        *("TRX", "XLM", "BGB", "USDC"),
    ),
    "USDC": ("BTC", "ETH", "SOL"),
    "BTC": ("ETH", "LTC"),
    "EUR": ("BTC", "ETH", "USDT"),
}
USDT_M, USDC_M, COIN_M = "USDT-FUTURES", "USDC-FUTURES", "COIN-FUTURES"


@dataclass(frozen=True, slots=True)
class Contract:
    """A perpetual contract; profit, fees and funding are in ``margin``."""

    id: str
    product: str
    base: str
    quote: str
    margin: str


def _places(base: str, quote: str) -> int:
    price = Decimal(BY_CODE[base].levels[3]) / Decimal(BY_CODE[quote].levels[3])
    return min(max(4 - price.adjusted(), 2), 8)


SPOT: dict[str, Market] = {
    base + quote: Market(base + quote, base, quote, _places(base, quote))
    for quote, bases in QUOTES.items()
    for base in bases
}
CONTRACTS: dict[str, Contract] = {
    contract.id: contract
    for contract in (
        *(Contract(f"{c}USDT", USDT_M, c, "USDT", "USDT") for c in ("BTC", "ETH", "SOL")),
        *(Contract(f"{c}PERP", USDC_M, c, "USDC", "USDC") for c in ("BTC", "ETH")),
        *(Contract(f"{c}USD", COIN_M, c, "USD", c) for c in ("BTC", "ETH")),
    )
}
