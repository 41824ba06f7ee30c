"""All demo accounts together, with the coins that travel between the exchanges."""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from operator import itemgetter

from sandbox.amounts import down, exact
from sandbox.assets import BY_CODE
from sandbox.generate import (
    binance_futures_lives,
    binance_main,
    binance_more,
    crowd,
    kraken_main,
    small,
)
from sandbox.generate.binance import BinanceAccount, BinanceLife, Sent
from sandbox.generate.kraken import KrakenAccount, KrakenLife, decimals
from sandbox.generate.prices import DAY, Prices
from sandbox.generate.timeline import Timeline

SEED = "coffer-sandbox-1"
# Days on which coins leave one main account for the other.
TO_KRAKEN = tuple(range(33, 1_080, 87))
TO_BINANCE = tuple(range(48, 1_080, 69))
TRAVELLERS = ("BTC", "ETH", "SOL", "USDT", "XRP")
# What goes from Kraken's spot wallet to Kraken Futures, or (negative) comes back: account, day.
TO_FUTURES = (
    ("main", 410, "EUR", "3000"), ("main", 425, "BTC", "0.05"), ("main", 530, "USDT", "400"),
    ("main", 610, "EUR", "1500"), ("main", 625, "BTC", "0.02"), ("main", 715, "EUR", "-150"),
    ("main", 735, "USDT", "-25.5"), ("main", 802, "EUR", "900"), ("main", 930, "BTC", "-0.004"),
    ("small", 970, "EUR", "400"), ("small", 971, "BTC", "0.004"), ("small", 990, "EUR", "-40"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moved:
    """What Kraken's spot wallet sent to Kraken Futures or (negative) got back."""

    ms: int
    code: str
    amount: Decimal
    reference: str  # of the spot wallet's row


@dataclass(frozen=True, slots=True)
class World:
    """Everything that was generated; lives are kept so that accounts can go on living."""

    prices: Prices
    binance: dict[str, BinanceLife]
    kraken: dict[str, KrakenLife]
    moved: dict[str, list[Moved]] = field(default_factory=dict)  # to Kraken Futures, by account


def build(anchor_ms: int) -> World:
    """Generate all accounts; the history ends at the anchor. Takes about two seconds."""
    prices = Prices(SEED, anchor_ms)
    world = World(
        prices,
        {
            name: BinanceLife(BinanceAccount(f"binance-{name}", uid), prices, SEED)
            for name, uid in (
                ("main", 354937868),
                ("small", 354937869),
                ("empty", 354937870),
                ("spot", 354937871),
                ("older", 354937872),
                ("crowd", 354937873),
            )
        },
        {
            name: KrakenLife(KrakenAccount(f"kraken-{name}", iban), prices, SEED)
            for name, iban in (
                ("main", "AA42 N84G 3D7Q 4BMY"),
                ("small", "AA17 N84G K2XE 7TQA"),
                ("empty", "AA91 N84G P6RU 2WLC"),
            )
        },
    )
    with exact():  # the same digits whatever the surroundings calculate with
        _live(world)
    return world


def _live(world: World) -> None:
    timeline = Timeline()
    binance, kraken = world.binance["main"], world.kraken["main"]
    binance_main.plan(timeline, binance)
    binance_more.plan(timeline, binance)
    moves = sum(account == "main" for account, *_ in TO_FUTURES)
    kraken_main.plan(timeline, kraken, expected=len(TO_KRAKEN) + len(TO_BINANCE) + moves)
    for index, day in enumerate(TO_KRAKEN):
        moment = world.prices.origin + day * DAY + 43_000_000 + index * 7_919
        timeline.plan(moment, partial(_to_kraken, timeline, world, TRAVELLERS[index % 5]))
    for index, day in enumerate(TO_BINANCE):
        moment = world.prices.origin + day * DAY + 51_000_000 + index * 7_907
        timeline.plan(moment, partial(_to_binance, timeline, world, TRAVELLERS[index % 2]))
    for account, day, asset, text in TO_FUTURES:
        moment = world.prices.origin + day * DAY + 45_678_000
        timeline.plan(moment, partial(_to_futures, world, account, asset, Decimal(text)))
    small.plan(timeline, world.binance["small"], world.kraken["small"])
    for name in ("spot", "older"):
        small.plan_binance(timeline, world.binance[name])
    binance_futures_lives.plan(timeline, world.binance)
    binance_more.plan_small(timeline, world.binance["small"], small.FIRST_DAY)
    crowd.plan(timeline, world.binance["crowd"])
    timeline.run()
    _settle(world)


def _to_kraken(timeline: Timeline, world: World, asset: str, time_ms: int) -> None:
    life, target = world.binance["main"], world.kraken["main"]
    with exact():
        # Kraken keeps fewer decimals of some coins; both sides must be able to write the amount.
        places = min(decimals(BY_CODE[asset].kraken or ""), 6)
        amount = down(life.available(asset) / 25, places)
    sent = life.withdraw(time_ms, asset, amount)
    arrival = time_ms + life.rng.randint(4, 45) * 60_000
    timeline.plan(arrival, lambda later: target.deposit(later, sent))


def _to_binance(timeline: Timeline, world: World, asset: str, time_ms: int) -> None:
    life, target = world.kraken["main"], world.binance["main"]
    with exact():
        amount = down(life.available(BY_CODE[asset].kraken or "") / 12, 6)
    sent: Sent = life.withdraw(time_ms, asset, amount)
    arrival = time_ms + life.rng.randint(4, 45) * 60_000
    timeline.plan(arrival, lambda later: target.deposit(later, sent))


def _to_futures(world: World, account: str, asset: str, amount: Decimal, time_ms: int) -> None:
    reference = world.kraken[account].move_to_futures(time_ms, asset, amount)
    moved = Moved(time_ms + 1_250, asset, amount, reference)
    world.moved.setdefault(account, []).append(moved)


def _settle(world: World) -> None:
    """Put records in the order of time and lock a little in open orders."""
    for binance in world.binance.values():
        account = binance.account
        for rows, key in (
            (account.deposits, "insertTime"),
            (account.withdrawals, "applyTime"),
            (account.dividends, "divTime"),
            (account.transfers, "timestamp"),
        ):
            rows.sort(key=itemgetter(key))
        account.locked = _part(account.book.held().get("spot", {}), ("USDT", "BTC"))
    for kraken in world.kraken.values():
        kraken.account.ledger.sort(key=lambda entry: entry.ticks)
        kraken.account.trades.sort(key=lambda entry: entry.ticks)
        kraken.account.on_hold = _part(kraken.account.book.held().get("", {}), ("ZEUR", "XXBT"))


def _part(held: dict[str, Decimal], codes: tuple[str, ...]) -> dict[str, Decimal]:
    return {code: down(held[code] / 8, 4) for code in codes if code in held}
