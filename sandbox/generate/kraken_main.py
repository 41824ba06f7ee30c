"""Three years of a Kraken account: 2,000 ledger entries, most of them the legs of trades."""

from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact
from sandbox.assets import BY_CODE
from sandbox.generate import ids
from sandbox.generate.binance import Sent
from sandbox.generate.kraken import KrakenLife, decimals
from sandbox.generate.prices import DAY, YEAR
from sandbox.generate.timeline import Timeline
from sandbox.markets import KRAKEN

ENTRIES = 2_000
PAIRS = (
    ("XXBTZEUR", 22), ("XETHZEUR", 18), ("DOTEUR", 10), ("SOLEUR", 10), ("ADAEUR", 8),
    ("XXRPZEUR", 6), ("XDGEUR", 6), ("XLTCZEUR", 5), ("ATOMEUR", 5), ("XETHXXBT", 8),
    ("USDTEUR", 5), ("XBTUSDT", 5), ("SOLXBT", 4),
)  # fmt: skip
# Spot code, staking or earn code, when it began, how often rewards come.
STAKES = (
    ("DOT", "DOT28.S", 60, 14),
    ("DOT", "DOT.S", 61, 14),
    ("XETH", "ETH2.S", 90, 14),
    ("XXBT", "XBT.M", 400, 14),
    ("USDT", "USDT.F", 420, 14),
    ("SOL", "SOL.F", 500, 14),
)
EUROS = 40  # bank deposits
SMALLEST = Decimal("0.0004")
KEEP = Decimal("0.25")  # share of a balance that one trade may use at most


def plan(timeline: Timeline, life: KrakenLife, expected: int) -> None:
    """Plan the account's own life; ``expected`` entries come from transfers between exchanges."""
    rows = expected + _plan_money(timeline, life) + _plan_staking(timeline, life)
    rows += _plan_extras(timeline, life)
    trades, odd = divmod(ENTRIES - rows, 2)
    if odd:
        timeline.plan(life.prices.origin + 3 * YEAR - DAY, partial(_correct, life))
    for time_ms in _times(life, trades, 2):
        pair = life.rng.choices([p for p, _ in PAIRS], weights=[w for _, w in PAIRS])[0]
        # Every fifth comes in the same second as the one before.
        timeline.plan(time_ms, partial(_trade, life, pair))


def _times(life: KrakenLife, count: int, first_day: int) -> list[int]:
    span = 3 * YEAR - (first_day + 1) * DAY
    start = life.prices.origin + first_day * DAY
    times = sorted(start + life.rng.randrange(span) for _ in range(count))
    for index in range(4, count, 5):
        times[index] = times[index - 1] // 1000 * 1000 + 999
    return times


def _plan_money(timeline: Timeline, life: KrakenLife) -> int:
    day = life.prices.origin
    timeline.plan(day + 8_000_000, partial(_bank, life, Decimal("25000.00")))
    for month in range(1, EUROS):
        amount = Decimal(life.rng.randint(40_000, 150_000)) / 100
        timeline.plan(day + month * 27 * DAY + 9_000_000, partial(_bank, life, amount))
    timeline.plan(day + 700 * DAY, partial(_bank_refused, life))
    timeline.plan(day + 1_094 * DAY + 3_000_000, partial(_unconfirmed, life))
    for when in (410, 640, 980):
        timeline.plan(day + when * DAY + 40_000_000, partial(_cash_out, life, "EUR"))
    for when in (300, 777, 1_010):
        timeline.plan(day + when * DAY + 41_000_000, partial(_cash_out, life, "ETH"))
    timeline.plan(day + 555 * DAY, partial(_call_back, timeline, life))
    return EUROS + 3 + 3 + 2


def _bank(life: KrakenLife, amount: Decimal, time_ms: int) -> None:
    life.deposit(time_ms, Sent("EUR", amount, f"SEPA{ids.hexadecimal(life.rng, 10).upper()}", ""))


def _bank_refused(life: KrakenLife, time_ms: int) -> None:
    life.deposit(time_ms, Sent("EUR", Decimal("750.00"), "SEPA0RETURNED", ""), status="Failure")


def _unconfirmed(life: KrakenLife, time_ms: int) -> None:
    sent = Sent("ETH", Decimal("0.125"), ids.txid(life.rng, "ETH"), ids.address(life.rng, "ETH"))
    life.deposit(time_ms, sent, status="Settled")


def _cash_out(life: KrakenLife, asset: str, time_ms: int) -> None:
    code = BY_CODE[asset].kraken or ""
    amount = down(life.available(code) / 10, min(decimals(code), 5))
    life.withdraw(time_ms, asset, amount)


def _call_back(timeline: Timeline, life: KrakenLife, time_ms: int) -> None:
    amount = down(life.available("XETH") / 20, 6)
    sent = life.withdraw(time_ms, "ETH", amount)
    timeline.plan(time_ms + 185_000, lambda later: life.cancel(later, sent))


def _plan_staking(timeline: Timeline, life: KrakenLife) -> int:
    rows = 0
    for index, (code, staked, begin, every) in enumerate(STAKES):
        for when in (begin, begin + 120, begin + 240):
            moment = life.prices.origin + when * DAY + index * 1_000
            timeline.plan(moment, partial(_stake, life, code, staked))
        for when in range(begin + every, 3 * 365 - 2, every):
            moment = life.prices.origin + when * DAY + 7_000_000 + index * 250
            timeline.plan(moment, partial(_reward, life, staked))
            rows += 1
        timeline.plan(
            life.prices.origin + (begin + 400) * DAY, partial(_unstake, life, staked, code)
        )
        rows += 8
    return rows


def _stake(life: KrakenLife, code: str, staked: str, time_ms: int) -> None:
    amount = down(life.available(code) * life.rng.randint(20, 45) / 100, decimals(code))
    life.stake(time_ms, code, staked, amount)


def _unstake(life: KrakenLife, staked: str, code: str, time_ms: int) -> None:
    amount = down(life.available(staked) / 3, decimals(code))
    life.unstake(time_ms, staked, code, amount)


def _reward(life: KrakenLife, staked: str, time_ms: int) -> None:
    rate = Decimal(life.rng.randint(900_000, 3_900_000)).scaleb(-9)
    with exact():
        amount = down(life.available(staked) * rate, decimals(staked))
    life.reward(time_ms, staked, max(amount, Decimal("0.00000100")))


def _plan_extras(timeline: Timeline, life: KrakenLife) -> int:
    for time_ms in _times(life, 50, 20):
        receive = life.rng.choice(("BTC", "ETH", "SOL", "ADA", "DOT"))
        amount = Decimal(life.rng.randint(25, 200))
        timeline.plan(time_ms, partial(_convert, life, amount, receive))
    timeline.plan(life.prices.origin + 512 * DAY, partial(_correct, life))
    return 50 * 2 + 1


def _convert(life: KrakenLife, amount: Decimal, receive: str, time_ms: int) -> None:
    life.convert(time_ms, "EUR", amount, receive)


def _correct(life: KrakenLife, time_ms: int) -> None:
    life.adjust(time_ms, "XETH", Decimal("0.0000000054"))


def _trade(life: KrakenLife, pair: str, time_ms: int) -> None:
    # The drawn pair, or else one that the account can surely afford to buy or to sell.
    for name in (pair, "XXBTZEUR", "XETHZEUR"):
        buying, selling = _reach(life, name, time_ms)
        if max(buying, selling) > SMALLEST:
            break
    market = KRAKEN[name]
    with exact():
        chance = min(max(buying / (buying + selling), Decimal("0.3")), Decimal("0.7"))
        wanted = Decimal(life.rng.randint(20, 600)) / life.prices.usd(market.base, time_ms)
        buy = life.rng.random() < chance
        if (buying if buy else selling) <= SMALLEST:
            buy = not buy
        volume = down(min(wanted, buying if buy else selling), 8)
    life.trade(time_ms, name, buy=buy, volume=volume)


def _reach(life: KrakenLife, pair: str, time_ms: int) -> tuple[Decimal, Decimal]:
    """How much of the base one trade may buy and sell."""
    market = KRAKEN[pair]
    with exact():
        money = life.available(BY_CODE[market.quote].kraken or "") * KEEP
        price = life.prices.at(market.base, market.quote, time_ms, 12)
        return money / price, life.available(BY_CODE[market.base].kraken or "") * KEEP
