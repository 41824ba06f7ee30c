"""The contracts of Kraken Futures: perpetuals in dollars or in coins, and some that expire."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from sandbox.amounts import near
from sandbox.assets import ASSETS

CODES = {"BTC": "XBT"}  # Kraken's own name of a coin, where it has one
QUARTERS = (3, 6, 9, 12)


@dataclass(frozen=True, slots=True)
class Contract:
    """One contract. Linear ones are counted in coins and paid in dollars, inverse ones in dollars.

    ``expires`` is None for a perpetual, else milliseconds.
    """

    symbol: str
    base: str
    linear: bool
    expires: int | None = None

    @property
    def settle(self) -> str:
        """What is won and lost in."""
        return "USD" if self.linear else self.base

    @property
    def account(self) -> str:
        """The margin account as the log names it."""
        return "flex" if self.linear else f"f-{kraken(self.base)}:usd"

    @property
    def wallet(self) -> str:
        """The margin account as the statement names it."""
        return "multi-collateral" if self.linear else f"single-collateral {self.base}/USD"

    @property
    def size_places(self) -> int:
        """How finely positions are counted."""
        return 4 if self.linear else 0

    @property
    def price_places(self) -> int:
        """How finely it is priced."""
        price = Decimal(next(a for a in ASSETS if a.code == self.base).levels[3])
        return min(max(4 - price.adjusted(), 1), 8)

    def worth(self, size: Decimal, price: Decimal) -> Decimal:
        """What so many are worth in what is settled in."""
        return size * price if self.linear else size / price

    def won(self, size: Decimal, entry: Decimal, price: Decimal) -> Decimal:
        """What a signed position wins between two prices, rounded as it is booked."""
        if self.linear:
            return near(size * (price - entry), 4)
        return near(size * (1 / entry - 1 / price), 10)


def kraken(code: str) -> str:
    """Kraken's name of a coin in lower case, as its futures exchange writes it."""
    return CODES.get(code, code).lower()


def perpetual(base: str, *, linear: bool = True) -> Contract:
    """The perpetual of a coin."""
    name = f"{'PF' if linear else 'PI'}_{kraken(base).upper()}USD"
    return Contract(name, base, linear)


def quarterly(base: str, after_ms: int, *, linear: bool = False) -> Contract:
    """The contract that expires at the end of the quarter, on its last Friday at 15:00 UTC."""
    expires = _last_friday(after_ms)
    day = datetime.fromtimestamp(expires // 1000, UTC)
    prefix = "FF" if linear else "FI"
    symbol = f"{prefix}_{kraken(base).upper()}USD_{day:%y%m%d}"
    return Contract(symbol, base, linear, expires)


def _last_friday(after_ms: int) -> int:
    year = datetime.fromtimestamp(after_ms // 1000, UTC).year
    for later in range(8):
        month, this = QUARTERS[later % 4], year + later // 4
        last = calendar.monthrange(this, month)[1]
        day = last - (datetime(this, month, last, tzinfo=UTC).weekday() - 4) % 7
        moment = int(datetime(this, month, day, 15, tzinfo=UTC).timestamp()) * 1000
        if moment > after_ms:
            return moment
    raise ValueError("no quarter ends after that")


LINEAR = tuple(
    perpetual(asset.code)
    for asset in ASSETS
    if asset.kraken and asset.listed and not asset.fiat and asset.code not in ("USDT", "USDC")
)
INVERSE = tuple(perpetual(code, linear=False) for code in ("BTC", "ETH"))
