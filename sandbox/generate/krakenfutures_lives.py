"""Kraken Futures accounts: what came over from the spot wallet is traded with, both ways."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact
from sandbox.generate.krakenfutures import HOLDING, MULTI, FuturesAccount, FuturesLife
from sandbox.generate.krakenfutures_contracts import Contract, perpetual, quarterly
from sandbox.generate.prices import DAY
from sandbox.generate.timeline import Timeline
from sandbox.generate.world import Moved, World

SEED = "coffer-sandbox-krakenfutures-1"
HOUR = 3_600_000
LAST = 3 * 365 - 2
NAMES = {
    "main": ("f92fc7de-2fce-4265-b806-4f3c1efb37ee", "AA42 N84G 3D7Q 4BMY"),
    "small": ("5d0c9b1e-7a44-4c0e-9f52-1be7a3c6d084", "AA17 N84G K2XE 7TQA"),
    "empty": ("0b8f6e22-91c3-4d0a-8a6f-64d1c5e7f390", "AA91 N84G P6RU 2WLC"),
}
LINEAR = tuple(perpetual(code) for code in ("BTC", "ETH", "SOL", "XRP", "DOGE"))
INVERSE = tuple(perpetual(code, linear=False) for code in ("BTC", "ETH"))
SETTLED = 2_000  # milliseconds


def lives(world: World) -> dict[str, FuturesLife]:
    """Generate all accounts; the history ends at the anchor of the prices."""
    made = {
        name: FuturesLife(FuturesAccount(f"krakenfutures-{name}", uid, iiban), world.prices, SEED)
        for name, (uid, iiban) in NAMES.items()
    }
    timeline = Timeline()
    with exact():  # the same digits whatever the surroundings calculate with
        for name, life in made.items():
            for moved in world.moved.get(name, ()):
                timeline.plan(moved.ms, partial(_arrive, timeline, life, moved))
        _plan_main(timeline, made["main"])
        _plan_small(timeline, made["small"])
        timeline.run()
    return made


def live_on(life: FuturesLife, events: int, now_ms: int) -> None:
    """Add so many events: a fill, funding, a fill the other way, interest, and again."""
    log = life.account.log
    start = max(now_ms - SETTLED - events, log[-1]["date"] + 1 if log else 0)
    with exact():
        for index in range(events):
            _next_event(life, index % 4, start + index)


def _next_event(life: FuturesLife, step: int, ms: int) -> None:
    contract = LINEAR[0]
    if step == 0:
        life.order(ms, contract, Decimal("0.0002"))
    elif step == 1:
        life.fund(ms, contract)
    elif step == 2:
        life.order(ms, contract, Decimal("-0.0001"))
    else:
        life.interest(ms, Decimal("0.0123"))


def _arrive(timeline: Timeline, life: FuturesLife, moved: Moved, ms: int) -> None:
    """What the spot wallet sent (or, negative, takes back), under its reference."""
    life.from_spot(ms, moved.code, moved.amount, moved.reference)
    if moved.amount > 0 and moved.code == "EUR":
        part = down(moved.amount * 3 / 4, 2)
        timeline.plan(ms + 90_000, lambda later: life.convert(later, "EUR", part))


# --- the main account --------------------------------------------------------------------------


def _plan_main(timeline: Timeline, life: FuturesLife) -> None:
    start = life.prices.origin
    for index, day in enumerate(range(418, LAST - 20, 6)):
        contract = LINEAR[index % 5]
        _plan_episode(timeline, life, contract, start + day * DAY + 31_000_000, index)
    timeline.plan(start + 432 * DAY, partial(_margin, life, INVERSE[0], 80))
    timeline.plan(start + 632 * DAY, partial(_margin, life, INVERSE[0], 60))
    for index, day in enumerate(range(440, LAST - 40, 17)):
        _plan_inverse(timeline, life, start + day * DAY + 52_000_000, index)
    for day in (460, 640, 830):
        _plan_quarter(timeline, life, start + day * DAY + 40_000_000)
    for day in (505, 700, 905):
        timeline.plan(start + day * DAY, lambda ms: life.interest(ms, Decimal("0.3507")))
    for day, index in ((560, 7), (760, 12)):
        timeline.plan(start + day * DAY, partial(_liquidate, timeline, life, index * 10))
    timeline.plan(start + 845 * DAY, partial(_assign, timeline, life))
    for index, day in enumerate((LAST - 12, LAST - 9, LAST - 6)):
        moment = start + day * DAY + 20_000_000
        timeline.plan(moment, partial(_stay, timeline, life, index))


def _dollars(life: FuturesLife) -> Decimal:
    return life.account.book.balance(MULTI, "USD")


def _size(life: FuturesLife, contract: Contract, ms: int, share: int) -> Decimal:
    """As many as a share (in hundredths) of the collateral is worth, at least the smallest."""
    price = life.prices.at(contract.base, "USD", ms, 8)
    if contract.linear:
        return max(down(_dollars(life) * share / 100 / price, 4), Decimal("0.0001"))
    held = life.account.book.balance(contract.wallet, contract.base)
    return max(down(held * price * share / 100, 0), Decimal(1))


def _plan_episode(
    timeline: Timeline, life: FuturesLife, contract: Contract, ms: int, index: int
) -> None:
    """Enter, add, funding every four hours for two days, take some profit, close."""
    long = index % 3 != 1
    timeline.plan(ms, partial(_enter, life, contract, long=long, parts=1 + index % 4))
    timeline.plan(ms + 5 * HOUR, partial(_enter, life, contract, long=long, parts=1))
    for step in range(1, 13):
        timeline.plan(ms - ms % HOUR + step * 4 * HOUR, partial(_fund, life, contract))
    timeline.plan(ms + 30 * HOUR, partial(_reduce, life, contract))
    timeline.plan(ms + 55 * HOUR, partial(_close, life, contract))


def _enter(
    life: FuturesLife, contract: Contract, ms: int, *, long: bool, parts: int, share: int = 30
) -> None:
    size = _size(life, contract, ms, share)
    life.order(ms, contract, size if long else -size, parts, maker=parts == 1)


def _reduce(life: FuturesLife, contract: Contract, ms: int) -> None:
    held = life.account.positions.get(contract.symbol)
    if held:
        part = down(abs(held.size) / 3, contract.size_places)
        life.order(ms, contract, -part if held.size > 0 else part, maker=True)


def _fund(life: FuturesLife, contract: Contract, ms: int) -> None:
    life.fund(ms, contract)


def _close(life: FuturesLife, contract: Contract, ms: int) -> None:
    life.close(ms, contract)


def _margin(life: FuturesLife, contract: Contract, share: int, ms: int) -> None:
    held = life.account.book.balance(HOLDING, contract.base)
    life.margin(ms, contract, down(held * share / 100, 8))


def _plan_inverse(timeline: Timeline, life: FuturesLife, ms: int, index: int) -> None:
    contract = INVERSE[0]
    timeline.plan(ms, partial(_enter, life, contract, long=index % 2 == 0, parts=2, share=40))
    for step in range(1, 5):
        timeline.plan(ms - ms % HOUR + step * 4 * HOUR, partial(_fund, life, contract))
    if index % 2:  # turns from short to long in one order
        timeline.plan(ms + 26 * HOUR, partial(_turn, life, contract))
    timeline.plan(ms + 40 * HOUR, partial(_close, life, contract))


def _turn(life: FuturesLife, contract: Contract, ms: int) -> None:
    held = life.account.positions.get(contract.symbol)
    if held:
        life.order(ms, contract, -2 * held.size)


def _plan_quarter(timeline: Timeline, life: FuturesLife, ms: int) -> None:
    """A contract that is held until it expires."""
    contract = quarterly("BTC", ms)
    timeline.plan(ms, partial(_enter, life, contract, long=True, parts=1, share=20))
    timeline.plan(contract.expires or ms, lambda later: life.settle(later, contract))


def _liquidate(timeline: Timeline, life: FuturesLife, share: int, ms: int) -> None:
    contract = LINEAR[4]
    if contract.symbol not in life.account.positions:
        _enter(life, contract, ms, long=True, parts=1, share=share)
    timeline.plan(ms + HOUR, lambda later: life.liquidate(later, contract))


def _assign(timeline: Timeline, life: FuturesLife, ms: int) -> None:
    contract = INVERSE[0]
    if contract.symbol not in life.account.positions:
        _enter(life, contract, ms, long=False, parts=1, share=50)
    timeline.plan(ms + HOUR, lambda later: life.liquidate(later, contract, assigned=True))


def _stay(timeline: Timeline, life: FuturesLife, index: int, ms: int) -> None:
    """Positions that are still open at the end: linear, inverse, and one that expires later."""
    expiring = quarterly("BTC", life.prices.origin + LAST * DAY)
    contract = (perpetual("ETH"), INVERSE[0], expiring)[index]
    life.close(ms, contract)
    _enter(life, contract, ms, long=index != 1, parts=2, share=25)
    if index == 0:
        _enter(life, perpetual("ATOM"), ms, long=False, parts=1, share=15)
    if contract.expires is None:
        for step in range(1, 7):
            timeline.plan(ms - ms % HOUR + step * 4 * HOUR, partial(_fund, life, contract))


# --- the small account -------------------------------------------------------------------------

Event = Callable[[int], None]


def _plan_small(timeline: Timeline, life: FuturesLife) -> None:
    start = life.prices.origin + 972 * DAY + 123_456
    bitcoin, ether = LINEAR[0], LINEAR[1]
    events: tuple[tuple[int, Event], ...] = (
        (1, lambda ms: life.order(ms, bitcoin, Decimal("0.002"), 20)),  # many of one millisecond
        (2, partial(_fund, life, bitcoin)),
        (5, lambda ms: life.order(ms, bitcoin, Decimal("-0.0015"))),
        (6, lambda ms: life.order(ms, ether, Decimal("-0.03"), 2)),
        (7, partial(_fund, life, ether)),
        (9, partial(_close, life, ether)),
        (12, partial(_margin, life, INVERSE[0], 75)),
        (13, lambda ms: life.order(ms, INVERSE[0], Decimal(-120), 3)),
        (14, partial(_fund, life, INVERSE[0])),
        (16, lambda ms: life.order(ms, INVERSE[0], Decimal(50))),
    )
    for day, event in events:
        timeline.plan(start + day * DAY, event)
