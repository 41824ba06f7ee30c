"""The lives of the demo accounts at Bitget.

Bitget serves its ledger for about two years. The main account is younger than that, so that what
is served adds up to what is held.
"""

from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact
from sandbox.generate.bitget import CROSSED, ISOLATED, BitgetAccount, BitgetLife
from sandbox.generate.bitget_markets import COIN_M, SPOT, USDC_M, USDT_M
from sandbox.generate.prices import DAY, Prices
from sandbox.generate.timeline import Timeline

SEED = "coffer-sandbox-bitget-1"
AGE, SMALL_AGE = 690, 170  # days before the anchor
ACCOUNTS = {"main": "7264631750", "small": "7264631751", "empty": "7264631752"}
OPENING = {
    "USDT": "40000", "USDC": "9000", "BTC": "1.2500017", "ETH": "14.5", "SOL": "90.25",
    "BGB": "900", "XRP": "4000",
}  # fmt: skip
ORDERS = {
    "BTCUSDT": 70, "ETHUSDT": 60, "SOLUSDT": 35, "XRPUSDT": 25, "ADAUSDT": 20, "DOGEUSDT": 20,
    "LINKUSDT": 15, "BTCUSDC": 20, "ETHBTC": 20, "BTCEUR": 15, "BGBUSDT": 10, "TRXUSDT": 10,
}  # fmt: skip
SAVINGS = ("USDT", "BTC", "ETH")
CONTRACTS_TRADED = {"BTCUSDT": 40, "ETHUSDT": 30, "BTCPERP": 16, "ETHUSD": 14}
SETTLING = {"BTCUSDT": 7, "ETHUSDT": 9, "BTCPERP": 21, "ETHUSD": 25}  # days between fundings
WORTH = (60, 900)  # dollars of one fill


def lives(prices: Prices) -> dict[str, BitgetLife]:
    """All demo accounts with their history up to the anchor."""
    made = {
        name: BitgetLife(BitgetAccount(f"bitget-{name}", user), prices, SEED)
        for name, user in ACCOUNTS.items()
    }
    timeline = Timeline()
    with exact():  # the same digits whatever the surroundings calculate with
        _plan_main(timeline, made["main"])
        _plan_small(timeline, made["small"])
        timeline.run()
    held = made["main"].account.book
    made["main"].account.locked = {c: down(held.balance("spot", c) / 9, 4) for c in ("USDT", "BTC")}
    return made


def live_on(life: BitgetLife, events: int, now_ms: int) -> None:
    """Add so many events: a deposit, a trade, interest, a transfer to futures, and again."""
    start = max(now_ms - 2_000 - events, life.account.latest + 1)
    for index in range(events):
        time_ms, step = start + index, index % 4
        if step == 0:
            life.deposit(time_ms, "USDT", Decimal("180.25"))
        elif step == 1:
            life.order(time_ms, "BTCUSDT", [Decimal("0.0004")], buy=True)
        elif step == 2:
            life.pay_out(time_ms, "Interest", "USDT", Decimal("0.01234567"))
        else:
            life.to_futures(time_ms, USDT_M, "USDT", Decimal("5.5"))


def _begin(life: BitgetLife, age: int) -> int:
    return life.prices.origin + (3 * 365 - age) * DAY


def _plan_main(timeline: Timeline, life: BitgetLife) -> None:
    start = _begin(life, AGE)
    for hour, (code, amount) in enumerate(OPENING.items()):
        timeline.plan(start + hour * 3_000_000, partial(_deposit, life, code, Decimal(amount)))
    timeline.plan(start + DAY, lambda t: life.fiat(t, "EUR", Decimal(12_000)))
    _plan_orders(timeline, life, start)
    _plan_moves(timeline, life, start)
    _plan_futures(timeline, life, start)
    _plan_margin(timeline, life, start)
    _plan_earn(timeline, life, start)
    _plan_extras(timeline, life, start)


def _deposit(life: BitgetLife, code: str, amount: Decimal, time_ms: int) -> None:
    life.deposit(time_ms, code, amount)


def _times(life: BitgetLife, start: int, first: int, count: int, last: int = AGE - 2) -> list[int]:
    span = (last - first) * DAY
    return sorted(start + first * DAY + life.rng.randrange(span) for _ in range(count))


def _plan_orders(timeline: Timeline, life: BitgetLife, start: int) -> None:
    for symbol, count in ORDERS.items():
        for time_ms in _times(life, start, 2, count):
            timeline.plan(time_ms, partial(_order, life, symbol))


def _order(life: BitgetLife, symbol: str, time_ms: int) -> None:
    market = SPOT[symbol]
    dollars = Decimal(life.rng.randint(*WORTH))
    quantity = down(dollars / life.prices.usd(market.base, time_ms), 6)
    parts = [quantity] * life.rng.choice((1, 1, 1, 2, 3))
    price = life.prices.at(market.base, market.quote, time_ms, 12)
    needed = quantity * len(parts)
    can_buy = life.available(market.quote) > needed * price * Decimal("1.01")
    can_sell = life.available(market.base) > needed * Decimal("1.01")
    if not can_buy and not can_sell:
        return
    buy = can_buy and (not can_sell or life.rng.random() < 0.55)
    bgb = life.rng.random() < 0.4 and life.available("BGB") > 20 and "BGB" not in symbol
    life.order(time_ms, symbol, parts, buy=buy, bgb=bgb)


def _plan_moves(timeline: Timeline, life: BitgetLife, start: int) -> None:
    for code, amount, days in (
        ("USDT", "1200.5", range(20, AGE - 5, 40)),
        ("ETH", "0.75", range(33, AGE - 5, 75)),
    ):
        for day in days:
            event = partial(_deposit, life, code, Decimal(amount))
            timeline.plan(start + day * DAY + 11_000_007, event)
    for code, days in (("BTC", range(55, AGE - 5, 80)), ("USDT", range(70, AGE - 5, 65))):
        for day in days:
            timeline.plan(start + day * DAY + 50_000_003, partial(_withdraw, life, code))
    pending = partial(life.deposit, code="SOL", amount=Decimal("3.5"), status="pending")
    timeline.plan(start + (AGE - 2) * DAY, lambda t: pending(t))
    failed = partial(life.withdraw, code="XRP", amount=Decimal(25), status="fail")
    timeline.plan(start + 300 * DAY, lambda t: failed(t))


def _withdraw(life: BitgetLife, code: str, time_ms: int) -> None:
    life.withdraw(time_ms, code, down(life.available(code) / 30, 6))


def _plan_futures(timeline: Timeline, life: BitgetLife, start: int) -> None:
    for day, product, code, amount in (
        (10, USDT_M, "USDT", "6000"),
        (11, USDC_M, "USDC", "2500"),
        (12, COIN_M, "ETH", "3"),
        (13, COIN_M, "BTC", "0.1"),
        (400, USDT_M, "USDT", "-750.25"),
        (420, COIN_M, "BTC", "-0.04"),
    ):
        event = partial(_to_futures, life, product, code, Decimal(amount))
        timeline.plan(start + day * DAY + 77, event)
    for symbol, count in CONTRACTS_TRADED.items():
        for index, time_ms in enumerate(_times(life, start, 14, count)):
            timeline.plan(time_ms, partial(_contract, life, symbol, index % 2 == 1))
        timeline.plan(start + (AGE - 1) * DAY, partial(_contract, life, symbol, False))
        for day in range(15, AGE - 1, SETTLING[symbol]):
            timeline.plan(start + day * DAY, partial(_funding, life, symbol))
    for hours, symbol, size in ((7, "ETHUSDT", "0.25"), (9, "SOLUSDT", "3.5")):
        event = partial(_short, life, symbol, Decimal(size))
        timeline.plan(start + (AGE - 1) * DAY + hours * 3_600_000, event)


def _short(life: BitgetLife, symbol: str, size: Decimal, time_ms: int) -> None:
    life.contract(time_ms, symbol, size, side="short")


def _to_futures(life: BitgetLife, product: str, code: str, amount: Decimal, time_ms: int) -> None:
    life.to_futures(time_ms, product, code, amount)


def _contract(life: BitgetLife, symbol: str, closing: bool, time_ms: int) -> None:  # noqa: FBT001
    coin = symbol.endswith("USD")
    size = Decimal("0.05") if coin else Decimal("0.01")
    profit = Decimal(life.rng.randint(-90_000, 100_000)).scaleb(-6 if coin else -3)
    life.contract(time_ms, symbol, size, profit=profit if closing else None)


def _funding(life: BitgetLife, symbol: str, time_ms: int) -> None:
    scale = -8 if symbol.endswith("USD") else -5
    amount = Decimal(life.rng.randint(-40_000, 30_000)).scaleb(scale)
    life.funding(time_ms, symbol, amount or Decimal("0.00001"))


def _plan_margin(timeline: Timeline, life: BitgetLife, start: int) -> None:
    day = DAY
    plans = (
        (30, lambda t: life.to_margin(t, CROSSED, "USDT", Decimal(3000))),
        (31, lambda t: life.borrow(t, CROSSED, "USDT", Decimal(500))),
        (62, lambda t: life.repay(t, CROSSED, "USDT", Decimal(350), Decimal("1.23456789"), "")),
        (35, lambda t: life.to_margin(t, ISOLATED, "USDT", Decimal(1500), "ETHUSDT")),
        (36, lambda t: life.to_margin(t, ISOLATED, "USDT", Decimal(800), "BTCUSDT")),
        (37, lambda t: life.borrow(t, ISOLATED, "USDT", Decimal(200), "ETHUSDT")),
        (95, lambda t: life.repay(t, ISOLATED, "USDT", Decimal(200), Decimal("0.75"), "ETHUSDT")),
        (640, lambda t: life.to_margin(t, CROSSED, "USDT", Decimal("-250.5"))),
    )
    for when, event in plans:
        timeline.plan(start + when * day, event)
    for mode, symbol, count in (
        (CROSSED, "BTCUSDT", 24),
        (ISOLATED, "ETHUSDT", 18),
        (ISOLATED, "BTCUSDT", 8),
    ):
        for index, time_ms in enumerate(_times(life, start, 40, count, last=600)):
            event = partial(_margin_order, life, mode, symbol, index % 2 == 0)
            timeline.plan(time_ms, event)


def _margin_order(life: BitgetLife, mode: str, symbol: str, buy: bool, time_ms: int) -> None:  # noqa: FBT001
    if buy:
        dollars = Decimal(life.rng.randint(40, 90))
        quantity = down(dollars / life.prices.usd(SPOT[symbol].base, time_ms), 6)
    else:
        wallet = "cross margin" if mode == CROSSED else "isolated margin"
        held = life.available(SPOT[symbol].base, wallet)
        quantity = down(held * Decimal("0.3"), 6)
    life.margin_order(time_ms, mode, symbol, quantity, buy=buy)


def _plan_earn(timeline: Timeline, life: BitgetLife, start: int) -> None:
    for place, code in enumerate(SAVINGS):
        for day in (45, 150, 330):
            timeline.plan(start + (day + place) * DAY + 5_000_011, partial(_subscribe, life, code))
        timeline.plan(start + (500 + place) * DAY + 6_000_011, partial(_redeem, life, code))
        for day in range(52, AGE - 2, 14):
            timeline.plan(start + (day + place) * DAY + 2_222, partial(_interest, life, code))


def _subscribe(life: BitgetLife, code: str, time_ms: int) -> None:
    life.subscribe(time_ms, code, down(life.available(code) / 8, 6))


def _redeem(life: BitgetLife, code: str, time_ms: int) -> None:
    life.redeem(time_ms, code, down(life.available(code, "earn") / 3, 8))


def _interest(life: BitgetLife, code: str, time_ms: int) -> None:
    rate = Decimal(life.rng.randint(200, 1_900)).scaleb(-6)
    amount = down(life.available(code, "earn") * rate, 8)
    life.pay_out(time_ms, "Interest", code, max(amount, Decimal("0.00000001")))


def _plan_extras(timeline: Timeline, life: BitgetLife, start: int) -> None:
    for day in range(25, AGE - 5, 60):
        timeline.plan(start + day * DAY + 9_000, partial(_convert, life))
        rebate = partial(_pay, life, "Trading fee rebate", "USDT", Decimal("0.5312"))
        timeline.plan(start + day * DAY + 71_000_000, rebate)
    for day in (111, 222, 444):
        timeline.plan(
            start + day * DAY, partial(_pay, life, "Airdrop Reward-A", "DOT", Decimal("1.25"))
        )


def _convert(life: BitgetLife, time_ms: int) -> None:
    life.convert(
        time_ms, "USDT", Decimal(life.rng.randint(30, 200)), life.rng.choice(("BGB", "ADA"))
    )


def _pay(life: BitgetLife, kind: str, code: str, amount: Decimal, time_ms: int) -> None:
    life.pay_out(time_ms, kind, code, amount)


def _plan_small(timeline: Timeline, life: BitgetLife) -> None:
    start = _begin(life, SMALL_AGE)
    plans = (
        lambda t: life.deposit(t, "USDT", Decimal("5000")),
        lambda t: life.deposit(t, "BGB", Decimal("50.5")),
        lambda t: life.order(t, "BTCUSDT", [Decimal("0.004")] * 2, buy=True),
        lambda t: life.order(t, "ETHUSDT", [Decimal("0.15")], buy=True, bgb=True),
        lambda t: life.order(t, "ETHUSDT", [Decimal("0.05")], buy=False),
        lambda t: life.to_futures(t, USDT_M, "USDT", Decimal("900")),
        lambda t: life.contract(t, "BTCUSDT", Decimal("0.01")),
        lambda t: life.funding(t, "BTCUSDT", Decimal("-0.31415")),
        lambda t: life.contract(t, "BTCUSDT", Decimal("0.01"), profit=Decimal("21.5")),
        lambda t: life.to_margin(t, CROSSED, "USDT", Decimal("300")),
        lambda t: life.borrow(t, CROSSED, "USDT", Decimal("100")),
        lambda t: life.margin_order(t, CROSSED, "BTCUSDT", Decimal("0.001"), buy=True),
        lambda t: life.repay(t, CROSSED, "USDT", Decimal("100"), Decimal("0.05"), ""),
        lambda t: life.to_margin(t, ISOLATED, "USDT", Decimal("120"), "ETHUSDT"),
        lambda t: life.subscribe(t, "USDT", Decimal("700.25")),
        lambda t: life.pay_out(t, "Interest", "USDT", Decimal("0.20515")),
        lambda t: life.redeem(t, "USDT", Decimal("200")),
        lambda t: life.convert(t, "USDT", Decimal("50"), "SOL"),
        lambda t: life.withdraw(t, "USDT", Decimal("150")),
        lambda t: life.withdraw(t, "BTC", Decimal("0.001"), "fail"),
    )
    for index, event in enumerate(plans):
        timeline.plan(start + index * 7 * DAY + 123_456, event)
