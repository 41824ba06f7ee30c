"""Four OKX accounts. OKX shows trades of three months, interest of one: lives keep to that.

``main`` and ``small`` trade within what is served, so that their ledgers can agree with the
balances; ``older`` traded and lent long before, and what is no longer served must show.
"""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact
from sandbox.generate import ids
from sandbox.generate.binance import Sent
from sandbox.generate.okx import FUNDING, TRADING, OkxAccount, OkxLife
from sandbox.generate.okx_contracts import Contracts
from sandbox.generate.okx_markets import ADJECTIVE, SPOT
from sandbox.generate.prices import DAY, YEAR, Prices
from sandbox.generate.timeline import Timeline

SEED = "coffer-sandbox-okx-1"
UIDS = {
    "main": "44705892343619584",
    "small": "44705892343619585",
    "empty": "44705892343619586",
    "older": "44705892343619587",
}
HOUR = 3_600_000
OPENING = {"USDT": "42000", "BTC": "0.9", "ETH": "7.5", "SOL": "60", "XRP": "2500"}
STARTED = 85  # days before the anchor on which main begins to trade
LENDS = 27  # days before the anchor on which main begins to lend
MOVED = {"USDT": "12500", "BTC": "0.35", "ETH": "2.8", "SOL": "22", "XRP": "900"}
ORDERS = 170
PAIRS = (
    ("BTC-USDT", 40), ("ETH-USDT", 32), ("SOL-USDT", 20), ("XRP-USDT", 12), ("DOGE-USDT", 8),
    ("LINK-USDT", 8), ("BTC-EUR", 6), ("ETH-BTC", 8), ("ADA-USDT", 6), ("BTC-USDC", 5),
)  # fmt: skip
DUST = ("DOT", "AVAX", "UNI")
SWAPS = ("BTC-USDT-SWAP", "ETH-USDT-SWAP")
SHARE = Decimal("0.06")  # of a balance that one order may use at most
Do = Callable[[int], None]


def build(prices: Prices) -> dict[str, OkxLife]:
    """All accounts by name, their lives ending at the anchor of the prices."""
    lives = {
        name: OkxLife(OkxAccount(f"okx-{name}", uid), prices, SEED) for name, uid in UIDS.items()
    }
    with exact():
        for name, plan in (("main", _main), ("small", _small), ("older", _older)):
            timeline = Timeline()
            plan(timeline, lives[name], prices.origin + 3 * YEAR)
            timeline.run()
            _freeze(lives[name])
    return lives


def _freeze(life: OkxLife) -> None:
    """A little is locked in open orders."""
    held = life.account.book.held().get(TRADING, {})
    life.account.frozen = {code: down(held[code] / 8, 4) for code in ("USDT",) if code in held}


def _sent(life: OkxLife, code: str, amount: Decimal) -> Sent:
    network = "TRX" if ADJECTIVE.get(code) == "TRC20" else code
    return Sent(code, amount, ids.txid(life.rng, network), ids.address(life.rng, network))


def _arrive(life: OkxLife, code: str, amount: Decimal, state: str, time_ms: int) -> None:
    life.deposit(time_ms, _sent(life, code, amount), state=state)


# --- main ----------------------------------------------------------------------------------------


def _main(timeline: Timeline, life: OkxLife, end: int) -> None:
    _funding_years(timeline, life, end)
    start = end - STARTED * DAY
    for index, (code, amount) in enumerate(MOVED.items()):
        moment = start + index * 7_000
        timeline.plan(moment, partial(_move, life, code, Decimal(amount), TRADING))
    _orders(timeline, life, start, end)
    _contracts(timeline, life, end)
    for day in range(80, 3, -11):
        spent = Decimal(life.rng.randint(40, 160))
        event = partial(_convert, life, "USDT", spent, life.rng.choice(("ETH", "SOL")), TRADING)
        timeline.plan(end - day * DAY + 50_123, event)
    for index, code in enumerate(DUST):
        event = partial(_convert, life, "USDT", Decimal(4 + index), code, TRADING)
        timeline.plan(end - 30 * DAY + index * 61_000, event)
    timeline.plan(end - 5 * DAY + 777, lambda t: life.easy_convert(t, DUST, "USDT"))
    for day, code in ((60, "BTC"), (44, "SOL"), (12, "ETH")):
        timeline.plan(end - day * DAY + 99_000, partial(_back, life, code))
    _lending(timeline, life, end)


def _funding_years(timeline: Timeline, life: OkxLife, end: int) -> None:
    """Three years of deposits, withdrawals, conversions and rewards; nothing of it is lost."""
    begin = end - 3 * YEAR
    for index, (code, opening) in enumerate(OPENING.items()):
        timeline.plan(begin + index * HOUR, partial(_arrive, life, code, Decimal(opening), "2"))
    for week in range(1, 152):
        amount = Decimal(life.rng.randint(2_000, 20_000)) / 100
        moment = begin + week * 7 * DAY + 33_333_333
        # Now and then two arrive in the same millisecond.
        for code in ("USDT", "USDC") if week % 9 == 0 else ("USDT",):
            timeline.plan(moment, partial(_arrive, life, code, amount, "2"))
    for index, day in enumerate(range(40, 1_090, 45)):
        code = ("USDT", "BTC", "ETH", "SOL")[index % 4]
        state = {7: "-2", 15: "-1"}.get(index, "2")
        timeline.plan(begin + day * DAY + 12_345, partial(_leave, life, code, state))
    for index, day in enumerate(range(55, 1_080, 52)):
        event = partial(_convert, life, "USDT", Decimal(80 + index), "BTC", FUNDING)
        timeline.plan(begin + day * DAY + 5_678, event)
    for index, day in enumerate(range(20, 1_090, 24)):
        kind, code = (("150", "USDT"), ("48", "USDT"), ("151", "BTC"), ("229", "XRP"))[index % 4]
        amount = Decimal(life.rng.randint(1_000, 900_000)).scaleb(-8 if code == "BTC" else -6)
        timeline.plan(begin + day * DAY + 4_321, partial(_reward, life, code, amount, kind))
    timeline.plan(end - 9 * HOUR, partial(_arrive, life, "ETH", Decimal("0.2"), "0"))
    timeline.plan(end - 5 * HOUR, partial(_arrive, life, "USDT", Decimal(75), "1"))
    timeline.plan(end - 2 * HOUR, partial(_leave, life, "SOL", "1"))


def _leave(life: OkxLife, code: str, state: str, time_ms: int) -> None:
    life.withdraw(time_ms, code, down(life.available(code, FUNDING) / 40, 4), state=state)


def _reward(life: OkxLife, code: str, amount: Decimal, kind: str, time_ms: int) -> None:
    life.reward(time_ms, code, amount, kind)


def _move(life: OkxLife, code: str, amount: Decimal, to: str, time_ms: int) -> None:
    life.move(time_ms, code, amount, to=to)


def _back(life: OkxLife, code: str, time_ms: int) -> None:
    life.move(time_ms, code, down(life.available(code) / 9, 6), to=FUNDING)


def _convert(
    life: OkxLife, source: str, amount: Decimal, target: str, wallet: str, time_ms: int
) -> None:
    life.convert(time_ms, source, amount, target, wallet)


def _orders(timeline: Timeline, life: OkxLife, start: int, end: int) -> None:
    span = end - start - 2 * DAY
    times = sorted(start + DAY + life.rng.randrange(span) for _ in range(ORDERS))
    names, weights = [name for name, _ in PAIRS], [weight for _, weight in PAIRS]
    for index, time_ms in enumerate(times):
        pair = life.rng.choices(names, weights=weights)[0]
        parts = 70 if index == 90 else life.rng.choice((1, 1, 1, 2, 3))
        kind = "MARGIN" if index % 12 == 5 else "SPOT"
        timeline.plan(time_ms, partial(_order, life, pair, parts, kind))


def _order(life: OkxLife, pair: str, parts: int, kind: str, time_ms: int) -> None:
    """Buy or sell, whichever the account can afford, in so many parts."""
    market = SPOT[pair]
    money, coins = life.available(market.quote), life.available(market.base)
    price = life.prices.at(market.base, market.quote, time_ms, market.price_places)
    buying, selling = money * SHARE / price, coins * SHARE
    buy = selling == 0 or (buying > 0 and life.rng.random() < 0.55)
    part = down((buying if buy else selling) / parts, 6)
    if part:
        life.spot(time_ms, pair, buy=buy, parts=[part] * parts, kind=kind)


def _contracts(timeline: Timeline, life: OkxLife, end: int) -> None:
    contracts = Contracts(life)
    at: Callable[[int, Do], None] = lambda hours, do: timeline.plan(end - hours * HOUR + 1, do)  # noqa: E731
    btc, eth = SWAPS
    for hours, name, count in ((75 * 24, btc, 8), (46 * 24, btc, 5), (60 * 24, eth, 14)):
        at(hours, partial(_open, contracts, name, count))
    at(63 * 24, lambda t: contracts.close(t, btc))
    at(38 * 24, lambda t: contracts.close(t, btc))
    at(52 * 24, lambda t: contracts.liquidate(t, eth))
    for hours in range(75 * 24, 30 * 24, -8):
        for name in SWAPS:
            timeline.plan(end - hours * HOUR, partial(_pay, contracts, name))
    at(50 * 24, lambda t: contracts.open(t, "BTC-USDT-261030", 3))
    at(21 * 24, lambda t: contracts.deliver(t, "BTC-USDT-261030"))
    at(18 * 24, lambda t: contracts.open(t, "BTC-USDT-270326", 2))
    at(6 * 24, lambda t: contracts.close(t, "BTC-USDT-270326"))
    option = "BTC-USD-270326-120000-C"
    at(33 * 24, lambda t: contracts.option(t, option, 4, Decimal("0.0415"), buy=True))
    at(26 * 24, lambda t: contracts.option(t, option, 4, Decimal("0.0385"), buy=False))
    # Still open at the end: one long, one short, one option.
    at(5 * 24, partial(_open, contracts, btc, 6))
    at(4 * 24, partial(_open, contracts, eth, -9))
    at(3 * 24, lambda t: contracts.option(t, option, 2, Decimal("0.0295"), buy=True))
    for day in range(70, 10, -6):
        amount = Decimal(life.rng.randint(900, 90_000)).scaleb(-6)
        at(day * 24, partial(_interest, contracts, amount))


def _open(contracts: Contracts, name: str, count: int, time_ms: int) -> None:
    contracts.open(time_ms, name, count)


def _pay(contracts: Contracts, name: str, time_ms: int) -> None:
    contracts.funding(time_ms, name)


def _interest(contracts: Contracts, amount: Decimal, time_ms: int) -> None:
    contracts.interest(time_ms, "USDT", amount)


def _lending(timeline: Timeline, life: OkxLife, end: int) -> None:
    for days, code, amount in ((LENDS, "USDT", "2500"), (9, "ETH", "0.75"), (15, "USDT", "300.5")):
        timeline.plan(end - days * DAY + 20_000, partial(_lend, life, code, Decimal(amount)))
    timeline.plan(end - 4 * DAY + 20_000, partial(_lend, life, "USDT", Decimal("-1200.25")))
    _hours(timeline, life, end - LENDS * DAY, end)


def _hours(timeline: Timeline, life: OkxLife, begin: int, end: int) -> None:
    for moment in range(begin + HOUR, end, HOUR):
        for code in ("USDT", "ETH"):
            timeline.plan(moment, partial(_earn, life, code))


def _lend(life: OkxLife, code: str, amount: Decimal, time_ms: int) -> None:
    life.lend(time_ms, code, amount)


def _earn(life: OkxLife, code: str, time_ms: int) -> None:
    rate = Decimal(life.rng.randint(100, 900)).scaleb(-4)
    life.earn(time_ms, code, rate)


# --- small and older -----------------------------------------------------------------------------


def _small(timeline: Timeline, life: OkxLife, end: int) -> None:
    """Ten weeks of little activity."""
    start = end - 70 * DAY
    timeline.plan(start, partial(_arrive, life, "USDT", Decimal(4_000), "2"))
    timeline.plan(start + HOUR, partial(_arrive, life, "SOL", Decimal("6.5"), "2"))
    timeline.plan(start + DAY, partial(_move, life, "USDT", Decimal(2_500), TRADING))
    for index, pair in enumerate(("BTC-USDT", "ETH-USDT", "BTC-USDT", "ETH-USDT", "SOL-USDT")):
        timeline.plan(start + (3 + 9 * index) * DAY, partial(_order, life, pair, 1 + index, "SPOT"))
    event = partial(_convert, life, "USDT", Decimal(60), "ETH", FUNDING)
    timeline.plan(start + 20 * DAY + 1_234, event)
    timeline.plan(start + 30 * DAY, partial(_leave, life, "SOL", "2"))
    timeline.plan(start + 40 * DAY, partial(_reward, life, "USDT", Decimal("1.25"), "150"))
    timeline.plan(start + 50 * DAY, partial(_back, life, "USDT"))
    timeline.plan(end - 30 * HOUR, partial(_lend, life, "USDT", Decimal(500)))
    _hours(timeline, life, end - 30 * HOUR, end)


def _older(timeline: Timeline, life: OkxLife, end: int) -> None:
    """Trades of two years ago and interest of half a year: OKX serves them no more."""
    start = end - 2 * YEAR
    timeline.plan(start, partial(_arrive, life, "USDT", Decimal(6_000), "2"))
    timeline.plan(start + DAY, partial(_move, life, "USDT", Decimal(4_000), TRADING))
    for index, pair in enumerate(("BTC-USDT", "ETH-USDT", "SOL-USDT")):
        timeline.plan(start + (5 + index) * DAY, partial(_order, life, pair, 2, "SPOT"))
    timeline.plan(end - 180 * DAY, partial(_lend, life, "USDT", Decimal(800)))
    for day in range(179, 0, -1):
        timeline.plan(end - day * DAY + HOUR, partial(_earn, life, "USDT"))
    for index, pair in enumerate(("BTC-USDT", "ETH-USDT")):
        timeline.plan(end - (20 - index) * DAY, partial(_order, life, pair, 1, "SPOT"))
