"""All demo accounts of BingX: the main one, a small and an empty one, and how they live on."""

from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact
from sandbox.generate import bingx_main
from sandbox.generate.bingx import (
    FUNDING,
    PERPETUAL,
    SPOT,
    BingXAccount,
    BingXLife,
    settle,
    trading_wallet,
)
from sandbox.generate.prices import DAY, Prices
from sandbox.generate.timeline import Timeline

SEED = "coffer-sandbox-bingx-1"
UIDS = {"main": 16844999, "small": 16845012, "empty": 16845077}
SETTLED = 2_000  # milliseconds
SMALL_FIRST_DAY = 1_020


def build(prices: Prices) -> dict[str, BingXLife]:
    """Generate all accounts by name; the same whatever else was generated before."""
    lives = {
        name: BingXLife(BingXAccount(f"bingx-{name}", uid), prices, SEED)
        for name, uid in UIDS.items()
    }
    timeline = Timeline()
    with exact():
        bingx_main.plan(timeline, lives["main"])
        _plan_small(timeline, lives["small"])
        timeline.run()
    for life in lives.values():
        settle(life)
    return lives


def _plan_small(timeline: Timeline, life: BingXLife) -> None:
    """Two months of a little of everything."""
    start = life.prices.origin + SMALL_FIRST_DAY * DAY
    for hour, (code, amount) in enumerate((("USDT", "6000"), ("ETH", "1.25"))):
        event = partial(_deposit, life, code, Decimal(amount))
        timeline.plan(start + hour * 3_600_000, event)
    timeline.plan(start + DAY, partial(_move, life, FUNDING, SPOT, "USDT", "4000"))
    timeline.plan(start + DAY + 5_000, partial(_move, life, FUNDING, SPOT, "ETH", "1"))
    orders = (
        ("BTC-USDT", True, "0.01"), ("SOL-USDT", True, "2.5"), ("ETH-USDT", False, "0.2"),
        ("BTC-USDT", False, "0.004"), ("LINK-USDT", True, "12.5"), ("ETH-BTC", False, "0.1"),
    )  # fmt: skip
    for index, (symbol, buy, quantity) in enumerate(orders):
        event = partial(_order, life, symbol, [Decimal(quantity)] * (1 + index % 3), buy=buy)
        timeline.plan(start + (2 + 7 * index) * DAY + 123_456, event)
    timeline.plan(start + 10 * DAY, partial(_move, life, SPOT, PERPETUAL, "USDT", "800"))
    for index in range(5):
        begin = start + (11 + 5 * index) * DAY
        timeline.plan(begin, partial(_round, timeline, life, long=index % 2 == 0))
    timeline.plan(start + 44 * DAY, partial(_withdraw, life, "USDT", Decimal("150.5")))
    timeline.plan(start + 50 * DAY, partial(_move, life, PERPETUAL, SPOT, "USDT", "120.25"))


def _deposit(life: BingXLife, code: str, amount: Decimal, time_ms: int) -> None:
    life.deposit(time_ms, code, amount)


def _withdraw(life: BingXLife, code: str, amount: Decimal, time_ms: int) -> None:
    life.withdraw(time_ms, code, amount)


def _move(life: BingXLife, source: str, target: str, code: str, amount: str, time_ms: int) -> None:
    if trading_wallet(time_ms) == FUNDING and SPOT in (source, target):
        if PERPETUAL not in (source, target):
            return  # an anchor of long ago: there is one account only
        source, target = (w if w == PERPETUAL else FUNDING for w in (source, target))
    life.transfer(time_ms, (source, target), code, Decimal(amount))


def _order(life: BingXLife, symbol: str, parts: list[Decimal], time_ms: int, *, buy: bool) -> None:
    life.order(time_ms, symbol, parts, buy=buy)


def _round(timeline: Timeline, life: BingXLife, time_ms: int, *, long: bool) -> None:
    position = life.open_position(time_ms, "ETH-USDT", Decimal("0.15"), long=long)
    settled = (time_ms // (DAY // 3) + 1) * (DAY // 3)
    for number in range(3):
        when = settled + number * (DAY // 3)
        timeline.plan(when, partial(_pay, life, position))
    timeline.plan(settled + DAY + 4_321, lambda later: life.close_position(later, position))


def _pay(life: BingXLife, position: object, time_ms: int) -> None:
    life.funding(time_ms, position)  # type: ignore[arg-type]


def live_on(life: BingXLife, events: int, now_ms: int) -> None:
    """Add so many events: a deposit, a trade, a transfer to the perpetual account, a fill there.

    They happen shortly before now, but never before what is already there; clients that ask up to
    the present in whole seconds shall find all of them.
    """
    account = life.account
    latest = max((rows[-1]["time"] for rows in account.trades.values()), default=0)
    latest = max([latest, *(row["time"] for row in account.income)])
    start = max(now_ms - SETTLED - events, latest + 1_000)
    for index in range(events):
        time_ms, wallet = start + index, trading_wallet(now_ms)
        if index % 4 == 0:
            life.deposit(time_ms, "USDT", Decimal("250.5"))
            life.transfer(time_ms, (FUNDING, wallet), "USDT", Decimal("250.5"))
        elif index % 4 == 1:
            life.order(time_ms, "BTC-USDT", [Decimal("0.00021")], buy=True)
        elif index % 4 == 2:
            with exact():
                amount = down(life.available("USDT", wallet) / 50, 4)
            life.transfer(time_ms, (wallet, PERPETUAL), "USDT", amount)
        else:
            life.open_position(time_ms, "SOL-USDT", Decimal("0.5"), long=True)
