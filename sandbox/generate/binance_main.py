"""Three years of a busy Binance account: 5,000 trades on 30 pairs and what goes with them."""

import random
from collections.abc import Iterator
from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact
from sandbox.assets import BY_CODE
from sandbox.generate import ids
from sandbox.generate.binance import FUNDING, SPOT, BinanceLife, Order, Sent
from sandbox.generate.prices import DAY, YEAR
from sandbox.generate.timeline import Timeline
from sandbox.markets import BINANCE

TRADES = 5_000
# Trades per pair; what is missing to the whole goes to BTCUSDT.
PAIRS = {
    "ETHUSDT": 1_020, "BNBUSDT": 330, "SOLUSDT": 300, "BTCEUR": 180, "XRPUSDT": 180,
    "ADAUSDT": 160, "DOGEUSDT": 160, "ETHBTC": 140, "ETHEUR": 120, "EURUSDT": 100,
    "LINKUSDT": 100, "BNBBTC": 80, "LTCUSDT": 80, "DOTUSDT": 80, "SOLBTC": 60, "ATOMUSDT": 60,
    "TRXUSDT": 60, "BTCUSDC": 60, "PEPEUSDT": 60, "WBETHETH": 40, "OMGUSDT": 24,
}  # fmt: skip
# Bases that were sold to the last unit: trades, first and last day.
LEFT = {
    "AVAXUSDT": (60, 60, 700),
    "NEARUSDT": (50, 200, 640),
    "ARBUSDT": (40, 100, 420),
    "SHIBUSDT": (36, 30, 500),
    "UNIBTC": (24, 150, 610),
    "FILBNB": (20, 90, 330),
    "INJUSDT": (30, 260, 800),
    "WAVESUSDT": (16, 40, 200),  # delisted later
}
OMG_LAST_DAY = 380  # delisted then; some of it is still held
RESERVE = {"BNB": Decimal(8), "BTC": Decimal("0.3"), "ETH": Decimal(2)}
OPENING = {
    "USDT": "60000", "BTC": "2.41300017", "ETH": "24.75", "BNB": "61.3", "SOL": "140.25",
    "XRP": "9000", "USDC": "15000", "WBETH": "3.141592653589793238", "WAVES": "150.5",
}  # fmt: skip


def plan(timeline: Timeline, life: BinanceLife) -> None:
    """Plan the account's own life; transfers to and from other exchanges are not in it."""
    for hours, (code, amount) in enumerate(OPENING.items()):
        event = partial(_deposit, life, code, Decimal(amount))
        timeline.plan(life.prices.origin + hours * 2_700_000 + 17_345, event)
    for symbol, count in _quotas().items():
        _plan_pair(timeline, life, symbol, count)
    _plan_funding(timeline, life)
    _plan_rewards(timeline, life)


def _quotas() -> dict[str, int]:
    quotas = PAIRS | {symbol: count for symbol, (count, _, _) in LEFT.items()}
    return {"BTCUSDT": TRADES - sum(quotas.values())} | quotas


def _plan_pair(timeline: Timeline, life: BinanceLife, symbol: str, count: int) -> None:
    first, last = 2, 3 * 365 - 1
    if symbol in LEFT:
        _, first, last = LEFT[symbol]
    elif symbol == "OMGUSDT":
        last = OMG_LAST_DAY
    parts = list(_parts(life.rng, count))
    begin = life.prices.origin + first * DAY
    span = (last - first) * DAY
    times = sorted(begin + life.rng.randrange(span) for _ in parts)
    done = 0
    for index, (time_ms, size) in enumerate(zip(times, parts, strict=True)):
        final = symbol in LEFT and index == len(parts) - 1
        # The page of 1,000 ends inside one millisecond.
        together = done < 1_000 < done + size
        event = partial(_order, life, symbol, size, final=final, together=together)
        timeline.plan(time_ms, event)
        done += size


def _parts(rng: random.Random, count: int) -> Iterator[int]:
    """How many fills each order has; one order lies across the thousandth fill."""
    done = 0
    while done < count:
        size = rng.choices((1, 2, 3, 5), weights=(70, 18, 8, 4))[0]
        if done < 1_000 <= done + size and count > 1_010:
            size = 1_000 - done + 4
        size = min(size, count - done)
        yield size
        done += size


def _order(
    life: BinanceLife, symbol: str, size: int, time_ms: int, *, final: bool, together: bool
) -> None:
    market = BINANCE[symbol]
    if final:
        whole = life.account.book.balance(SPOT, market.base)
        life.order(time_ms, Order(symbol, buy=False), _split(life.rng, whole, size, 8))
        return
    buy = _side(life, symbol, time_ms)
    with exact():
        dollars = Decimal(life.rng.randint(15, 130) * life.rng.randint(1, 12))
        wanted = dollars / life.prices.usd(market.base, time_ms)
        spendable = _spendable(life, symbol, time_ms, buy=buy) / 4
        whole = down(max(min(wanted, spendable), Decimal(0)), BY_CODE[market.base].lot)
    smallest = Decimal(1).scaleb(-BY_CODE[market.base].lot) * size
    # Assets that are left one day pay in BNB, so that selling the lot leaves no dust.
    bnb_fee = symbol in LEFT or life.rng.random() < 0.6
    order = Order(symbol, buy, bnb_fee, together)
    life.order(
        time_ms, order, _split(life.rng, max(whole, smallest), size, BY_CODE[market.base].lot)
    )


def _side(life: BinanceLife, symbol: str, time_ms: int) -> bool:
    """Buy or sell, leaning to the side of which more is there."""
    buying = _spendable(life, symbol, time_ms, buy=True)
    selling = _spendable(life, symbol, time_ms, buy=False)
    if buying <= 0 or selling <= 0:
        return buying > selling
    lean = buying / (buying + selling * 3)
    chance = min(max(lean, Decimal("0.2")), Decimal("0.8"))
    return life.rng.random() < chance


def _spendable(life: BinanceLife, symbol: str, time_ms: int, *, buy: bool) -> Decimal:
    """How much of the base could be bought or sold without touching the reserves."""
    market = BINANCE[symbol]
    code = market.quote if buy else market.base
    free = life.available(code) - RESERVE.get(code, Decimal(0))
    if not buy:
        return free
    return free / life.prices.at(market.base, market.quote, time_ms, 16)


def _split(rng: random.Random, whole: Decimal, size: int, places: int) -> list[Decimal]:
    """Cut a quantity into so many parts of at least the smallest step."""
    step = Decimal(1).scaleb(-places)
    parts = []
    for left in range(size, 1, -1):
        share = down(whole * rng.randint(5, 95) / (50 * left), places)
        share = max(min(share, whole - step * (left - 1)), step)
        parts.append(share)
        whole -= share
    return [*parts, whole]


def _deposit(life: BinanceLife, code: str, amount: Decimal, time_ms: int) -> None:
    network = BY_CODE[code].network
    sent = Sent(code, amount, ids.txid(life.rng, network), ids.address(life.rng, network))
    wallet = FUNDING if life.rng.random() < 0.15 else SPOT
    if time_ms < life.prices.origin + DAY:
        wallet = SPOT  # the opening money is traded with
    life.deposit(time_ms, sent, wallet=wallet)


def _random_times(life: BinanceLife, count: int, first_day: int = 5) -> list[int]:
    span = 3 * YEAR - first_day * DAY
    return sorted(
        life.prices.origin + first_day * DAY + life.rng.randrange(span) for _ in range(count)
    )


def _plan_funding(timeline: Timeline, life: BinanceLife) -> None:
    for time_ms in _random_times(life, 46):
        code = life.rng.choice(("BTC", "ETH", "USDT", "USDT", "SOL", "XRP", "WBETH", "LINK"))
        timeline.plan(time_ms, partial(_incoming, life, code))
    for index, time_ms in enumerate(_random_times(life, 60)):
        timeline.plan(time_ms, partial(_transfer, life, index))
    for index, time_ms in enumerate(_random_times(life, 34, first_day=40)):
        timeline.plan(time_ms, partial(_outgoing, life, index))
    # Two rows that move nothing (still unconfirmed; to a wrong address), and one that counts
    # although the coins may not be withdrawn again yet.
    for day, status in ((1_094, 0), (611, 7), (1_090, 6)):
        timeline.plan(
            life.prices.origin + day * DAY + 5_000_123, partial(_odd_deposit, life, status)
        )


def _incoming(life: BinanceLife, code: str, time_ms: int) -> None:
    with exact():
        dollars = Decimal(life.rng.randint(100, 2_500))
        amount = down(dollars / life.prices.usd(code, time_ms), BY_CODE[code].places)
    _deposit(life, code, amount, time_ms)


def _odd_deposit(life: BinanceLife, status: int, time_ms: int) -> None:
    sent = Sent("ETH", Decimal("0.25"), ids.txid(life.rng, "ETH"), ids.address(life.rng, "ETH"))
    life.deposit(time_ms, sent, status=status)


def _outgoing(life: BinanceLife, index: int, time_ms: int) -> None:
    code = life.rng.choice(("BTC", "ETH", "USDT", "SOL", "XRP"))
    with exact():
        free = life.available(code) - RESERVE.get(code, Decimal(0))
        amount = down(free * life.rng.randint(1, 6) / 100, 6)
    # One was cancelled by its owner, one rejected by the exchange: served, but nothing moved.
    status = {7: 1, 19: 3}.get(index, 6)
    life.withdraw(time_ms, code, max(amount, Decimal("0.001")), status=status)


def _transfer(life: BinanceLife, index: int, time_ms: int) -> None:
    code = ("USDT", "BTC", "ETH", "BNB", "USDC")[index % 5]
    back = index > 12 and life.rng.random() < 0.4 and life.available(code, FUNDING) > 0
    wallet, kind = (FUNDING, "FUNDING_MAIN") if back else (SPOT, "MAIN_FUNDING")
    with exact():
        share = life.rng.randint(20, 90) if back else life.rng.randint(1, 5)
        amount = down(life.available(code, wallet) * share / 100, BY_CODE[code].places)
    status = "FAILED" if index == 23 else "CONFIRMED"
    life.transfer(time_ms, kind, code, amount, status)


def _plan_rewards(timeline: Timeline, life: BinanceLife) -> None:
    for month in range(36):
        start = life.prices.origin + (month * 30 + 12) * DAY
        timeline.plan(start + 3_600_000, partial(_yield, life, "BNB", "Launchpool"))
        timeline.plan(start + 3_600_000, partial(_yield, life, "WBETH", "ETH 2.0 Staking"))
        timeline.plan(start + 7_200_500, partial(_yield, life, "USDC", "USDC holder rewards"))
    for day in (77, 301, 415):
        event = partial(_airdrop, life)
        timeline.plan(life.prices.origin + day * DAY + 36_000_000, event)


def _yield(life: BinanceLife, code: str, info: str, time_ms: int) -> None:
    with exact():
        rate = Decimal(life.rng.randint(1_500_000, 3_500_000)).scaleb(-9)
        amount = down(life.account.book.balance(SPOT, code) * rate, BY_CODE[code].places)
    life.reward(time_ms, code, max(amount, Decimal("0.00000001")), info)


def _airdrop(life: BinanceLife, time_ms: int) -> None:
    amount = Decimal(life.rng.randint(10_000_000, 900_000_000)).scaleb(-5)
    life.reward(time_ms, "GFT", amount, "GFT distribution")
