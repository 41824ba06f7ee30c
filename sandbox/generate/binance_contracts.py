"""The futures contracts that Binance trades here, linear (USDT-M) and inverse (COIN-M)."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.amounts import exact, near
from sandbox.generate.prices import Prices

USD_M, COIN_M = "usd-m futures", "coin-m futures"


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract; an inverse one is worth ``size`` US dollars and settles in its coin."""

    id: str
    wallet: str
    coin: str
    quote: str
    places: int  # decimals of the price
    lot: int = 0  # decimals of the quantity
    times: int = 1  # 1000SHIBUSDT: a thousand of the coin
    size: int = 0

    @property
    def base(self) -> str:
        """What a quantity is counted in."""
        return f"{self.times}{self.coin}" if self.times > 1 else self.coin

    @property
    def settle(self) -> str:
        """In what profit, fees and funding are paid."""
        return self.quote if self.wallet == USD_M else self.coin

    @property
    def unit(self) -> str:
        """In what the statement counts a position."""
        return self.base if self.wallet == USD_M else "contracts"

    @property
    def pair(self) -> str:
        """The contract's name without its day of delivery."""
        return self.id.partition("_")[0]

    @property
    def perpetual(self) -> bool:
        """Whether it never expires."""
        return "_" not in self.id or self.id.endswith("_PERP")

    def price(self, prices: Prices, time_ms: int) -> Decimal:
        """The price at a moment; the mark price here is the same."""
        with exact():
            one = prices.at(self.coin, self.quote, time_ms, 12)
            return near(one * self.times, self.places)

    def value(self, quantity: Decimal, price: Decimal) -> Decimal:
        """What a quantity is worth, in what it settles in."""
        with exact():
            return self.size * quantity / price if self.size else quantity * price

    def profit(self, quantity: Decimal, entry: Decimal, price: Decimal) -> Decimal:
        """What a long position has won when it was entered at one price and is left at another."""
        with exact():
            if self.size:
                return self.size * quantity * (price - entry) / (price * entry)
            return quantity * (price - entry)


_ALL = (
    Contract("BTCUSDT", USD_M, "BTC", "USDT", 1, 3),
    Contract("ETHUSDT", USD_M, "ETH", "USDT", 2, 3),
    Contract("SOLUSDT", USD_M, "SOL", "USDT", 3, 0),
    Contract("XRPUSDT", USD_M, "XRP", "USDT", 4, 1),
    Contract("1000SHIBUSDT", USD_M, "SHIB", "USDT", 6, 0, times=1000),
    Contract("BTCUSDC", USD_M, "BTC", "USDC", 1, 3),
    Contract("BTCUSDT_270326", USD_M, "BTC", "USDT", 1, 3),
    Contract("BTCUSD_PERP", COIN_M, "BTC", "USD", 1, size=100),
    Contract("ETHUSD_PERP", COIN_M, "ETH", "USD", 2, size=10),
    Contract("BTCUSD_270326", COIN_M, "BTC", "USD", 1, size=100),
)
CONTRACTS = {contract.id: contract for contract in _ALL}
