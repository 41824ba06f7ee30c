"""Three years of a Coinbase user: orders, purchases, staking, a vault, and what the app does."""

from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact
from sandbox.generate.coinbase import NETWORK_FEES, CoinbaseLife
from sandbox.generate.coinbase_assets import EXPONENTS, PRODUCTS
from sandbox.generate.prices import DAY, YEAR
from sandbox.generate.timeline import Timeline

ORDERS = 320
PAIRS = (
    ("BTC-EUR", 22), ("ETH-EUR", 18), ("SOL-EUR", 12), ("ADA-EUR", 8), ("XRP-EUR", 7),
    ("LINK-EUR", 6), ("DOT-EUR", 6), ("LTC-EUR", 5), ("BTC-USDC", 8), ("ETH-USDC", 7),
    ("SOL-USDC", 5), ("AVAX-USDC", 4), ("ETH-BTC", 5), ("USDC-EUR", 7),
)  # fmt: skip
STAKED = ("ETH", "SOL")
SMALLEST = Decimal("0.0004")
KEEP = Decimal("0.25")  # share of a balance that one event may use at most


def plan(timeline: Timeline, life: CoinbaseLife) -> None:
    """Plan the person's whole life."""
    _plan_money(timeline, life)
    _plan_app(timeline, life)
    _plan_orders(timeline, life)
    _plan_staking(timeline, life)
    _plan_coins(timeline, life)
    _plan_oddities(timeline, life)


def _at(life: CoinbaseLife, day: int, after: int = 0) -> int:
    return life.prices.origin + day * DAY + after


def _plan_money(timeline: Timeline, life: CoinbaseLife) -> None:
    first = Decimal("25000.00")
    timeline.plan(_at(life, 0, 8_000_000), lambda t: life.bank_in(t, "EUR", first))
    for month in range(1, 38):
        amount = Decimal(life.rng.randint(40_000, 150_000)) / 100
        timeline.plan(_at(life, month * 28, 9_000_000), partial(_bank, life, amount))
    timeline.plan(_at(life, 402), lambda t: life.bank_in(t, "EUR", Decimal("640.00"), "canceled"))
    for day in (380, 610, 930):
        timeline.plan(_at(life, day, 30_000_000), partial(_cash_out, life))
    timeline.plan(_at(life, 450), lambda t: life.bank_in(t, "USD", Decimal("1500.00")))


def _bank(life: CoinbaseLife, amount: Decimal, time_ms: int) -> None:
    life.bank_in(time_ms, "EUR", amount)


def _cash_out(life: CoinbaseLife, time_ms: int) -> None:
    life.bank_out(time_ms, "EUR", down(life.held("EUR") / 10, 2), Decimal("0.15"))


def _plan_app(timeline: Timeline, life: CoinbaseLife) -> None:
    """Purchases, sales and conversions with the app's own buttons."""
    for time_ms in _times(life, 45, 2):
        code = life.rng.choice(("BTC", "ETH", "SOL", "ADA", "USDC", "XLM"))
        total = Decimal(life.rng.randint(2_000, 12_000)) / 100
        card = life.rng.random() < 0.25
        timeline.plan(time_ms, partial(_buy, life, code, total, card))
    for time_ms in _times(life, 14, 60):
        timeline.plan(time_ms, partial(_sell, life, life.rng.choice(("BTC", "ETH", "SOL"))))
    for time_ms in _times(life, 28, 40):
        spend, receive = life.rng.choice(
            (("BTC", "ETH"), ("ETH", "SOL"), ("USDC", "LTC"), ("ADA", "USDC"), ("SOL", "LINK"))
        )
        timeline.plan(time_ms, partial(_convert, life, spend, receive))


def _buy(life: CoinbaseLife, code: str, total: Decimal, card: bool, time_ms: int) -> None:  # noqa: FBT001
    life.buy(time_ms, code, total, card=card)


def _sell(life: CoinbaseLife, code: str, time_ms: int) -> None:
    amount = down(life.held(code) / 15, 8)
    if amount > SMALLEST:
        life.sell(time_ms, code, amount)


def _convert(life: CoinbaseLife, spend: str, receive: str, time_ms: int) -> None:
    amount = down(life.held(spend) / 12, min(EXPONENTS[spend], 8))
    if amount > SMALLEST:
        life.convert(time_ms, spend, amount, receive)


def _times(life: CoinbaseLife, count: int, first_day: int) -> list[int]:
    span = 3 * YEAR - (first_day + 1) * DAY
    return sorted(_at(life, first_day) + life.rng.randrange(span) for _ in range(count))


def _plan_orders(timeline: Timeline, life: CoinbaseLife) -> None:
    times = _times(life, ORDERS, 1)
    for index in range(4, ORDERS, 5):  # every fifth comes in the same second as the one before
        times[index] = times[index - 1] // 1000 * 1000 + 999
    for time_ms in times:
        product = life.rng.choices([p for p, _ in PAIRS], weights=[w for _, w in PAIRS])[0]
        fills = life.rng.choices((1, 2, 3), weights=(7, 2, 1))[0]
        timeline.plan(time_ms, partial(_order, life, product, fills))


def _order(life: CoinbaseLife, product: str, fills: int, time_ms: int) -> None:
    # The drawn product, or else one that the person can surely afford to buy or to sell.
    for name in (product, "BTC-EUR", "ETH-EUR"):
        buying, selling = _reach(life, name, time_ms)
        if max(buying, selling) > SMALLEST:
            break
    with exact():
        chance = min(max(buying / (buying + selling), Decimal("0.3")), Decimal("0.7"))
        wanted = Decimal(life.rng.randint(20, 600)) / life.prices.usd(PRODUCTS[name].base, time_ms)
        buy = life.rng.random() < chance
        if (buying if buy else selling) <= SMALLEST:
            buy = not buy
        size = down(min(wanted, buying if buy else selling) / fills, 8)
    life.order(time_ms, name, buy=buy, sizes=[size] * fills)


def _reach(life: CoinbaseLife, product: str, time_ms: int) -> tuple[Decimal, Decimal]:
    """How much of the base one order may buy and sell."""
    pair = PRODUCTS[product]
    with exact():
        price = life.prices.at(pair.base, pair.quote, time_ms, 12)
        return life.held(pair.quote) * KEEP / price, life.held(pair.base) * KEEP


def _plan_staking(timeline: Timeline, life: CoinbaseLife) -> None:
    for index, code in enumerate(STAKED):
        for day in (60, 180, 400):
            timeline.plan(_at(life, day, index * 1_000), partial(_stake, life, code))
        timeline.plan(_at(life, 700, index * 1_000), partial(_unstake, life, code))
        for day in range(75, 3 * 365 - 2, 14):
            moment = _at(life, day, 7_000_000 + index * 250)
            timeline.plan(moment, partial(_reward, life, code, "staking", "staking_reward"))
    for day in range(90, 3 * 365 - 2, 21):
        moment = _at(life, day, 11_000_000)
        timeline.plan(moment, partial(_reward, life, "ADA", "spot", "inflation_reward"))
    for day in range(50, 3 * 365 - 2, 7):
        moment = _at(life, day, 13_000_000)
        timeline.plan(moment, partial(_reward, life, "USDC", "spot", "interest"))


def _stake(life: CoinbaseLife, code: str, time_ms: int) -> None:
    amount = down(life.held(code) * life.rng.randint(20, 45) / 100, 8)
    life.move(time_ms, code, amount, ("spot", "staking"), "staking_transfer")


def _unstake(life: CoinbaseLife, code: str, time_ms: int) -> None:
    amount = down(life.held(code, "staking") / 3, 8)
    life.move(time_ms, code, amount, ("staking", "spot"), "unstaking_transfer")


def _reward(life: CoinbaseLife, code: str, kind: str, word: str, time_ms: int) -> None:
    rate = Decimal(life.rng.randint(900_000, 3_900_000)).scaleb(-9)
    places = EXPONENTS[code]
    with exact():
        amount = down(life.held(code, kind) * rate, places)
    life.single(time_ms, code, max(amount, Decimal(1).scaleb(-6)), word, kind)


def _plan_coins(timeline: Timeline, life: CoinbaseLife) -> None:
    for index, day in enumerate(range(15, 1_080, 55)):
        code, amount = (("BTC", "0.0115"), ("ETH", "0.21"), ("USDC", "310.25"))[index % 3]
        word = "send" if day < 500 else "receive"
        arrive = partial(_arrive, life, code, Decimal(amount), word)
        timeline.plan(_at(life, day, 40_000_000), arrive)
    for index, day in enumerate(range(45, 1_080, 61)):
        leave = partial(_leave, life, ("BTC", "ETH", "SOL", "USDC")[index % 4])
        timeline.plan(_at(life, day, 44_000_000), leave)
    timeline.plan(_at(life, 777), lambda t: life.send(t, "BTC", Decimal("0.001"), "failed"))
    timeline.plan(_at(life, 1_094), lambda t: life.send(t, "ETH", Decimal("0.01"), "pending"))


def _arrive(life: CoinbaseLife, code: str, amount: Decimal, word: str, time_ms: int) -> None:
    life.receive(time_ms, code, amount, word=word)


def _leave(life: CoinbaseLife, code: str, time_ms: int) -> None:
    amount = down(life.held(code) / 20, 6)
    with exact():
        spent = amount + Decimal(NETWORK_FEES[code])
    if amount > SMALLEST and spent <= life.held(code):
        life.send(time_ms, code, amount)


def _plan_oddities(timeline: Timeline, life: CoinbaseLife) -> None:
    """A vault, other houses of Coinbase, gifts, dust, what the app takes and takes back."""
    plans = (
        (300, lambda t: _share(life, t, "BTC", 2, ("spot", "vault"), "transfer")),
        (690, lambda t: _share(life, t, "BTC", 3, ("vault", "spot"), "vault_withdrawal")),
        (640, lambda t: _share(life, t, "USDC", 9, ("spot", "Trading"), "tx")),
        (35, lambda t: _part(life, t, "ETH", -10, "pro_deposit")),
        (47, lambda t: _part(life, t, "ETH", 11, "pro_withdrawal")),
        (520, lambda t: _part(life, t, "BTC", -10, "exchange_deposit")),
        (590, lambda t: _part(life, t, "BTC", 9, "exchange_withdrawal")),
        (165, lambda t: _part(life, t, "BTC", -500, "incentives_shared_clawback")),
        (70, lambda t: life.receive(t, "XLM", Decimal("12.5"), giver="Coinbase Earn")),
        (71, lambda t: life.single(t, "ALGO", Decimal("3.25"), "earn_payout")),
        (150, lambda t: life.single(t, "BTC", Decimal("0.00012"), "incentives_rewards_payout")),
        (800, lambda t: life.buy(t, "SHIB", Decimal("40.00"))),
        (805, lambda t: life.sell(t, "SHIB", down(life.held("SHIB"), 0))),
        (820, lambda t: life.single(t, "SHIB", -life.held("SHIB"), "retail_simple_dust")),
    )
    for day, event in plans:
        timeline.plan(_at(life, day, 20_000_000), event)
    for month in range(6):
        fee = partial(_subscription, life)
        timeline.plan(_at(life, 900 + month * 30, 21_000_000), fee)


def _share(
    life: CoinbaseLife, time_ms: int, code: str, part: int, ends: tuple[str, str], word: str
) -> None:
    life.move(time_ms, code, down(life.held(code, ends[0]) / part, 6), ends, word)


def _part(life: CoinbaseLife, time_ms: int, code: str, part: int, word: str) -> None:
    life.single(time_ms, code, down(life.held(code) / part, 8), word)


def _subscription(life: CoinbaseLife, time_ms: int) -> None:
    life.single(time_ms, "EUR", Decimal("-29.99"), "subscription")
