"""Small accounts with a few dozen records, for tests that should be quick."""

from decimal import Decimal
from functools import partial

from sandbox.generate import ids
from sandbox.generate.binance import BinanceLife, Order, Sent
from sandbox.generate.kraken import KrakenLife
from sandbox.generate.prices import DAY
from sandbox.generate.timeline import Timeline

FIRST_DAY = 900


def plan(timeline: Timeline, binance: BinanceLife, kraken: KrakenLife) -> None:
    """Half a year of little activity on both exchanges, with coins going both ways."""
    start = binance.prices.origin + FIRST_DAY * DAY
    plan_binance(timeline, binance)
    _plan_kraken(timeline, kraken, start)
    timeline.plan(start + 40 * DAY, partial(_to_kraken, timeline, binance, kraken))
    timeline.plan(start + 60 * DAY, partial(_to_binance, timeline, binance, kraken))


def plan_binance(timeline: Timeline, life: BinanceLife) -> None:
    """Half a year of little activity in the spot and funding wallets."""
    start = life.prices.origin + FIRST_DAY * DAY
    for hour, (code, amount) in enumerate((("USDT", "9000"), ("BNB", "5.25"))):
        network = "TRX" if code == "USDT" else "BSC"
        sent = Sent(
            code, Decimal(amount), ids.txid(life.rng, network), ids.address(life.rng, network)
        )
        timeline.plan(start + hour * 3_600_000, partial(_arrive, life, sent))
    orders = (
        ("BTCUSDT", True, "0.01"), ("ETHUSDT", True, "0.3"), ("SOLUSDT", True, "2.5"),
        ("BTCUSDT", True, "0.004"), ("ETHUSDT", False, "0.1"), ("ETHBTC", True, "0.02"),
    )  # fmt: skip
    for index, (symbol, buy, quantity) in enumerate(orders):
        order = Order(symbol, buy, bnb_fee=index % 2 == 0)
        event = partial(_order, life, order, [Decimal(quantity)] * (1 + index % 3))
        timeline.plan(start + (2 + 15 * index) * DAY + 123_456, event)
    timeline.plan(
        start + 20 * DAY,
        lambda t: life.transfer(t, "MAIN_FUNDING", "USDT", Decimal("150.5")),
    )
    timeline.plan(
        start + 25 * DAY, lambda t: life.transfer(t, "FUNDING_MAIN", "USDT", Decimal("50.25"))
    )
    for month in (1, 2, 3):
        event = partial(_reward, life, Decimal(month * 1_234).scaleb(-6))
        timeline.plan(start + month * 30 * DAY, event)


def _reward(life: BinanceLife, amount: Decimal, time_ms: int) -> None:
    life.reward(time_ms, "BNB", amount, "Launchpool")


def _order(life: BinanceLife, order: Order, parts: list[Decimal], time_ms: int) -> None:
    life.order(time_ms, order, parts)


def _arrive(life: BinanceLife, sent: Sent, time_ms: int) -> None:
    life.deposit(time_ms, sent)


def _plan_kraken(timeline: Timeline, life: KrakenLife, start: int) -> None:
    bank = Sent("EUR", Decimal("3000"), "SEPA00SMALL", "")
    timeline.plan(start, lambda t: life.deposit(t, bank))
    trades = (
        ("XXBTZEUR", True, "0.012"), ("DOTEUR", True, "40"), ("XETHZEUR", True, "0.25"),
        ("XXBTZEUR", False, "0.002"), ("DOTEUR", False, "5"),
    )  # fmt: skip
    for index, (pair, buy, volume) in enumerate(trades):
        event = partial(_trade, life, pair, volume=Decimal(volume), buy=buy)
        timeline.plan(start + (3 + 12 * index) * DAY + 654_321, event)
    timeline.plan(start + 21 * DAY, lambda t: life.stake(t, "DOT", "DOT28.S", Decimal("20.5")))
    timeline.plan(start + 22 * DAY, lambda t: life.convert(t, "EUR", Decimal(50), "SOL"))
    for week in range(4):
        event = partial(_staking, life, Decimal(week * 17 + 311).scaleb(-6))
        timeline.plan(start + (30 + 7 * week) * DAY, event)
    timeline.plan(start + 80 * DAY, lambda t: life.unstake(t, "DOT28.S", "DOT", Decimal(4)))


def _staking(life: KrakenLife, amount: Decimal, time_ms: int) -> None:
    life.reward(time_ms, "DOT28.S", amount)


def _trade(life: KrakenLife, pair: str, time_ms: int, *, volume: Decimal, buy: bool) -> None:
    life.trade(time_ms, pair, buy=buy, volume=volume)


def _to_kraken(timeline: Timeline, binance: BinanceLife, kraken: KrakenLife, time_ms: int) -> None:
    sent = binance.withdraw(time_ms, "SOL", Decimal("0.75"))
    timeline.plan(time_ms + 540_000, lambda later: kraken.deposit(later, sent))


def _to_binance(timeline: Timeline, binance: BinanceLife, kraken: KrakenLife, time_ms: int) -> None:
    sent = kraken.withdraw(time_ms, "ETH", Decimal("0.05"))
    timeline.plan(time_ms + 660_000, lambda later: binance.deposit(later, sent))
