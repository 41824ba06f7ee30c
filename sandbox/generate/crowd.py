"""A market list as long as the real one, and an account that traded a dozen of its pairs.

Coins ``Z0000``, ``Z0001``, ... with four pairs each; three more that were delisted years ago. They
are there only where the sandbox was told to list so many (``--pairs``).
"""

from decimal import Decimal
from functools import partial

from sandbox.assets import BY_CODE, Asset
from sandbox.generate import ids
from sandbox.generate.binance import SPOT, BinanceLife, Order, Sent
from sandbox.generate.prices import DAY
from sandbox.generate.timeline import Timeline
from sandbox.markets import BINANCE, Market

QUOTES = ("USDT", "BTC", "BNB", "EUR")
GONE = (("FTT", "USDT"), ("XMR", "BTC"), ("LEND", "USDT"))
# Pair, orders, whether all of it is sold in the end. WAVESUSDT is delisted in any sandbox.
TRADED = (
    ("BTCUSDT", 1_012, False), ("Z0003USDT", 7, False), ("Z0010BTC", 4, False),
    ("Z0021USDT", 6, True), ("Z0050EUR", 3, True), ("Z0100BNB", 5, True),
    ("Z0200USDT", 9, True), ("Z0300BTC", 2, True), ("WAVESUSDT", 3, True),
    ("FTTUSDT", 1_004, True), ("XMRBTC", 5, True), ("LENDUSDT", 2, True),
)  # fmt: skip


def list_more(count: int) -> None:
    """Add so many pairs to what Binance lists here, before anything is built."""
    for number in range(-(-count // len(QUOTES))):
        _coin(f"Z{number:04}", listed=True)
    for number in range(count):
        base, quote = f"Z{number // len(QUOTES):04}", QUOTES[number % len(QUOTES)]
        BINANCE[base + quote] = Market(base + quote, base, quote, 8)
    for base, quote in GONE:
        _coin(base, listed=False)
        BINANCE[base + quote] = Market(base + quote, base, quote, 8, listed=False)


def _coin(code: str, *, listed: bool) -> None:
    levels = ("2", "2", "2", "2")
    BY_CODE[code] = Asset(code, code, levels, 2, 8, "ETH", "0.1", restless=0, listed=listed)


def plan(timeline: Timeline, life: BinanceLife) -> None:
    """Plan the account's life; nothing where the pairs are not listed."""
    if any(symbol not in BINANCE for symbol, _, _ in TRADED):
        return
    start = life.prices.origin + 20 * DAY
    for hour, (code, amount) in enumerate(
        (("USDT", "900000"), ("BTC", "3"), ("BNB", "400"), ("EUR", "5000"))
    ):
        sent = Sent(code, Decimal(amount), ids.txid(life.rng, "ETH"), ids.address(life.rng, "ETH"))
        timeline.plan(start + hour * 3_600_000, partial(_arrive, life, sent))
    for place, (symbol, count, sold) in enumerate(TRADED):
        for number in range(count):
            # The last order of a coin that is left sells all of it.
            sells = sold and number == count - 1
            moment = start + (10 + place * 15) * DAY + number * 901_007
            timeline.plan(moment, partial(_order, life, symbol, sells=sells))


def _arrive(life: BinanceLife, sent: Sent, time_ms: int) -> None:
    life.deposit(time_ms, sent)


def _order(life: BinanceLife, symbol: str, time_ms: int, *, sells: bool) -> None:
    base = BINANCE[symbol].base
    whole = life.account.book.balance(SPOT, base) if sells else Decimal("0.5")
    size = Decimal("0.00002") if base == "BTC" else whole
    life.order(time_ms, Order(symbol, buy=not sells), [size])
