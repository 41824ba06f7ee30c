"""Three years of a BingX account: spot in one account, later in two, and a perpetual account."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact
from sandbox.assets import BY_CODE
from sandbox.exchanges.bingx.markets import MARKETS
from sandbox.generate.bingx import (
    FAILED,
    FUNDING,
    IN_PROGRESS,
    ON_CHAIN,
    PERPETUAL,
    SPLIT_MS,
    SPOT,
    UNDER_REVIEW,
    BingXLife,
    Position,
    trading_wallet,
)
from sandbox.generate.prices import DAY, YEAR
from sandbox.generate.timeline import Timeline

HOUR = 3_600_000
OPENING = {
    "USDT": "42000", "BTC": "1.10300017", "ETH": "14.75", "SOL": "120.25", "XRP": "7000",
    "USDC": "9000", "WAVES": "150.5", "DOGE": "20000",
}  # fmt: skip
# Fills per pair; the page of 500 ends within one of BTC-USDT's orders.
PAIRS = {
    "BTC-USDT": 540, "ETH-USDT": 120, "SOL-USDT": 60, "XRP-USDT": 40, "DOGE-USDT": 40,
    "BTC-USDC": 24, "ETH-BTC": 24, "SOL-ETH": 12, "LINK-USDT": 24, "ADA-USDT": 24,
}  # fmt: skip
# Bought with what is there and sold to the last unit: buys, first and last day.
LEFT = {"NEAR-USDT": (6, 200, 640), "ARB-USDT": (5, 100, 420), "INJ-USDT": (4, 700, 900)}
SHARE = Decimal("0.08")
FIRST_CAMPAIGN, LAST_CAMPAIGN = 640, 3 * 365 - 80  # days on which the perpetual account begins
CONTRACTS = (("BTC-USDT", "0.02"), ("ETH-USDT", "0.4"), ("SOL-USDT", "8"), ("XRP-USDT", "900"))

HELD = (("BTC-USDT", "0.015", True), ("ETH-USDT", "0.3", False), ("BTC-USDT", "0.005", True),
        ("ETH-USDT", "0.1", True))  # fmt: skip


def plan(timeline: Timeline, life: BingXLife) -> None:
    """Plan the whole life; everything is paid out of what is there at the time."""
    start = life.prices.origin
    for index, (code, amount) in enumerate(OPENING.items()):
        event = partial(_deposit, life, code, Decimal(amount))
        timeline.plan(start + index * 2_700_000 + 17_345, event)
    for symbol, count in PAIRS.items():
        _plan_pair(timeline, life, symbol, count)
    for symbol, (count, first, last) in LEFT.items():
        _plan_left(timeline, life, symbol, count, (first, last))
    timeline.plan(start + 200 * DAY, partial(_sell_all, life, "WAVES-USDT"))
    parted = max(SPLIT_MS, start + DAY) + 9 * HOUR
    if parted < start + 3 * YEAR:
        timeline.plan(parted, partial(_move_to_spot, life))
    _plan_money(timeline, life)
    _plan_campaign(timeline, life, FIRST_CAMPAIGN, rounds=14, leaves=True)
    _plan_campaign(timeline, life, LAST_CAMPAIGN, rounds=46, leaves=False)
    _plan_held(timeline, life)


def _times(life: BingXLife, count: int, first_day: int, last_day: int = 3 * 365 - 1) -> list[int]:
    span = (last_day - first_day) * DAY
    begin = life.prices.origin + first_day * DAY
    return sorted(begin + life.rng.randrange(span) for _ in range(count))


def _plan_pair(timeline: Timeline, life: BingXLife, symbol: str, count: int) -> None:
    parts = list(_parts(life, count))
    for time_ms, size in zip(_times(life, len(parts), 2), parts, strict=True):
        timeline.plan(time_ms, partial(_order, life, symbol, size))


def _parts(life: BingXLife, count: int) -> Iterator[int]:
    """How many fills each order has; one order lies across the five hundredth fill."""
    done = 0
    while done < count:
        size = life.rng.choices((1, 2, 3, 5), weights=(70, 18, 8, 4))[0]
        if done < 500 <= done + size and count > 510:
            size = 500 - done + 4
        size = min(size, count - done)
        yield size
        done += size


def _order(life: BingXLife, symbol: str, size: int, time_ms: int) -> None:
    market, wallet = MARKETS[symbol], trading_wallet(time_ms)
    lot = BY_CODE[market.base].lot
    with exact():
        price = life.prices.at(market.base, market.quote, time_ms, 16)
        buying = life.available(market.quote, wallet) / price
        selling = life.available(market.base, wallet)
        lean = buying / (buying + 2 * selling) if buying or selling else Decimal(0)
        buy = life.rng.random() < min(max(lean, Decimal("0.2")), Decimal("0.8"))
        most = (buying if buy else selling) * SHARE
        whole = down(most * life.rng.randint(10, 100) / 100, lot)
    step = Decimal(1).scaleb(-lot)
    if whole < step * size:
        return  # too little is there
    life.order(time_ms, symbol, _split(life, whole, size, step), buy=buy)


def _split(life: BingXLife, whole: Decimal, size: int, step: Decimal) -> list[Decimal]:
    """Cut a quantity into so many parts of at least the smallest step."""
    parts = []
    for left in range(size, 1, -1):
        share = down(whole * life.rng.randint(5, 95) / (50 * left), -int(step.adjusted()))
        share = max(min(share, whole - step * (left - 1)), step)
        parts.append(share)
        whole -= share
    return [*parts, whole]


def _plan_left(
    timeline: Timeline, life: BingXLife, symbol: str, count: int, days: tuple[int, int]
) -> None:
    for time_ms in _times(life, count, *days):
        timeline.plan(time_ms, partial(_buy_some, life, symbol))
    timeline.plan(life.prices.origin + days[1] * DAY, partial(_sell_all, life, symbol))


def _buy_some(life: BingXLife, symbol: str, time_ms: int) -> None:
    market = MARKETS[symbol]
    with exact():
        spendable = life.available(market.quote, trading_wallet(time_ms)) / 2
        dollars = min(Decimal(life.rng.randint(40, 400)), spendable)
        wanted = down(dollars / life.prices.usd(market.base, time_ms), BY_CODE[market.base].lot)
    if wanted:
        life.order(time_ms, symbol, [wanted], buy=True)


def _sell_all(life: BingXLife, symbol: str, time_ms: int) -> None:
    """Sell the last unit, wherever it is by now."""
    base, wallet = MARKETS[symbol].base, trading_wallet(time_ms)
    if wallet == SPOT and life.available(base, FUNDING):
        life.transfer(time_ms - 60_000, (FUNDING, SPOT), base, life.available(base, FUNDING))
    if life.available(base, wallet):
        life.order(time_ms, symbol, [life.available(base, wallet)], buy=False)


def _move_to_spot(life: BingXLife, time_ms: int) -> None:
    """The day the Spot account came: most of everything is moved there to be traded."""
    held = life.account.book.held().get(FUNDING, {})
    for index, (code, quantity) in enumerate(held.items()):
        amount = down(quantity * Decimal("0.7"), 6)
        if amount:
            life.transfer(time_ms + index * 7_000, (FUNDING, SPOT), code, amount)


def _plan_money(timeline: Timeline, life: BingXLife) -> None:
    for time_ms in _times(life, 40, 5):
        code = life.rng.choice(("BTC", "ETH", "USDT", "USDT", "SOL", "XRP"))
        timeline.plan(time_ms, partial(_incoming, life, code))
    for index, time_ms in enumerate(_times(life, 26, 40)):
        timeline.plan(time_ms, partial(_outgoing, life, index))
    for index, time_ms in enumerate(_times(life, 30, 490)):
        timeline.plan(time_ms, partial(_between, life, index))
    # Two that moved nothing: still on its way, and seen on the chain only.
    for day, status in ((1_094, IN_PROGRESS), (1_093, ON_CHAIN)):
        event = partial(_deposit, life, "ETH", Decimal("0.25"), status=status)
        timeline.plan(life.prices.origin + day * DAY + 5_000_123, event)


def _deposit(life: BingXLife, code: str, amount: Decimal, time_ms: int, *, status: int = 1) -> None:
    life.deposit(time_ms, code, amount, status=status)


def _incoming(life: BingXLife, code: str, time_ms: int) -> None:
    with exact():
        dollars = Decimal(life.rng.randint(100, 2_500))
        amount = down(dollars / life.prices.usd(code, time_ms), BY_CODE[code].places)
    life.deposit(time_ms, code, amount)


def _outgoing(life: BingXLife, index: int, time_ms: int) -> None:
    code = life.rng.choice(("BTC", "ETH", "USDT", "SOL", "XRP"))
    with exact():
        amount = down(life.available(code, FUNDING) * life.rng.randint(2, 12) / 100, 6)
    # One failed, one was still looked at; both are served, and nothing moved.
    status = {7: FAILED, 19: UNDER_REVIEW}.get(index, 6)
    fee = Decimal(BY_CODE[code].withdraw_fee)
    if amount > fee and life.available(code, FUNDING) >= amount + fee:
        life.withdraw(time_ms, code, amount, status=status)


def _between(life: BingXLife, index: int, time_ms: int) -> None:
    if time_ms < SPLIT_MS + DAY:
        return  # there is one account only
    code = ("USDT", "BTC", "ETH", "SOL", "XRP")[index % 5]
    way = (SPOT, FUNDING) if index % 3 else (FUNDING, SPOT)
    with exact():
        share = life.rng.randint(2, 12) if way[0] == SPOT else life.rng.randint(20, 60)
        amount = down(life.available(code, way[0]) * share / 100, 6)
    if amount:
        life.transfer(time_ms, way, code, amount, "FAILED" if index == 23 else "CONFIRMED")


def _plan_campaign(
    timeline: Timeline, life: BingXLife, day: int, *, rounds: int, leaves: bool
) -> None:
    """Some weeks of perpetual contracts; ``leaves`` takes everything out again at their end.

    What came before the three months that are kept has to end at nothing: the balance of the
    account is then what the rows still served add up to.
    """
    start = life.prices.origin + day * DAY
    timeline.plan(start, partial(_fund_perpetual, life, Decimal(3_000)))
    end = start + 78 * DAY
    for number in range(rounds):
        opened = start + DAY + life.rng.randrange(74 * DAY)
        timeline.plan(opened, partial(_open, timeline, life, number, end))
    if not leaves:
        timeline.plan(start + 40 * DAY, partial(_take_out, life, Decimal("250.5")))
        timeline.plan(start + 61 * DAY, partial(_fund_perpetual, life, Decimal(500)))
    else:
        timeline.plan(end, partial(_take_all_out, life))


def _plan_held(timeline: Timeline, life: BingXLife) -> None:
    """Positions that are still open at the end; one of them was made in two steps."""
    last = life.prices.origin + 3 * YEAR - 30 * HOUR
    for hour, contract in enumerate(HELD):
        event = partial(_hold, timeline, life, contract)
        timeline.plan(last + hour * HOUR + 47_000, event)


def _hold(
    timeline: Timeline, life: BingXLife, contract: tuple[str, str, bool], time_ms: int
) -> None:
    symbol, quantity, long = contract
    position = life.open_position(time_ms, symbol, Decimal(quantity), long=long)
    _settle(timeline, life, position, time_ms, life.prices.origin + 3 * YEAR - HOUR)


def _fund_perpetual(life: BingXLife, amount: Decimal, time_ms: int) -> None:
    wallet = trading_wallet(time_ms)
    amount = min(amount, down(life.available("USDT", wallet) * Decimal("0.8"), 2))
    life.transfer(time_ms, (wallet, PERPETUAL), "USDT", amount)


def _open(timeline: Timeline, life: BingXLife, number: int, end: int, time_ms: int) -> None:
    symbol, quantity = CONTRACTS[number % len(CONTRACTS)]
    long = life.rng.random() < 0.6
    position = life.open_position(time_ms, symbol, Decimal(quantity), long=long)
    closed = min(time_ms + life.rng.randint(1, 60) * HOUR, end - HOUR)
    _settle(timeline, life, position, time_ms, closed)
    kind = "INSURANCE_CLEAR" if number == 11 else "REALIZED_PNL"
    timeline.plan(closed, partial(_close, life, position, kind))


def _settle(
    timeline: Timeline, life: BingXLife, position: Position, opened: int, closed: int
) -> None:
    settled = (opened // (8 * HOUR) + 1) * 8 * HOUR
    while settled < closed:
        timeline.plan(settled, partial(_pay_funding, life, position))
        settled += 8 * HOUR


def _pay_funding(life: BingXLife, position: Position, time_ms: int) -> None:
    life.funding(time_ms, position)


def _close(life: BingXLife, position: Position, kind: str, time_ms: int) -> None:
    life.close_position(time_ms, position, kind)


def _take_out(life: BingXLife, amount: Decimal, time_ms: int) -> None:
    amount = min(amount, life.available("USDT", PERPETUAL))
    life.transfer(time_ms, (PERPETUAL, trading_wallet(time_ms)), "USDT", amount)


def _take_all_out(life: BingXLife, time_ms: int) -> None:
    _take_out(life, life.available("USDT", PERPETUAL), time_ms)
