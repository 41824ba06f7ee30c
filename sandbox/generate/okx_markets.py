"""OKX's pairs and contracts."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.assets import BY_CODE

_BASES = ("BTC", "ETH", "SOL", "XRP", "ADA", "DOGE", "DOT", "LINK", "LTC", "AVAX", "UNI", "TRX")
_PAIRS = (
    *((base, "USDT") for base in (*_BASES, "SHIB", "USDC")),
    *((base, "USDC") for base in ("BTC", "ETH", "SOL")),
    *((base, "EUR") for base in ("BTC", "ETH", "SOL", "XRP")),
    *(("ETH", "BTC"), ("SOL", "BTC"), ("XRP", "BTC")),
)
ADJECTIVE = {"BTC": "Bitcoin", "ETH": "ERC20", "USDT": "TRC20", "USDC": "ERC20"}


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair of the spot market."""

    base: str
    quote: str

    @property
    def id(self) -> str:
        """As OKX writes it."""
        return f"{self.base}-{self.quote}"

    @property
    def price_places(self) -> int:
        """Decimals of a price."""
        levels = (Decimal(BY_CODE[code].levels[3]) for code in (self.base, self.quote))
        return min(max(4 - (next(levels) / next(levels)).adjusted(), 2), 9)


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract settled in ``settle``; ``size`` coins each (options: one coin, priced in it)."""

    id: str
    kind: str  # SWAP, FUTURES, OPTION
    base: str
    settle: str
    size: Decimal
    listed: bool = True


SPOT: dict[str, Pair] = {pair.id: pair for pair in (Pair(*codes) for codes in _PAIRS)}
CONTRACTS: dict[str, Contract] = {
    contract.id: contract
    for contract in (
        Contract("BTC-USDT-SWAP", "SWAP", "BTC", "USDT", Decimal("0.01")),
        Contract("ETH-USDT-SWAP", "SWAP", "ETH", "USDT", Decimal("0.1")),
        Contract("BTC-USDT-270326", "FUTURES", "BTC", "USDT", Decimal("0.01")),
        Contract("BTC-USDT-261030", "FUTURES", "BTC", "USDT", Decimal("0.01"), listed=False),
        Contract("BTC-USD-270326-120000-C", "OPTION", "BTC", "BTC", Decimal("0.01")),
    )
}


def chain(code: str) -> str:
    """The chain's name as OKX writes it, such as ``USDT-TRC20``."""
    return f"{code}-{ADJECTIVE.get(code, BY_CODE[code].name)}"
