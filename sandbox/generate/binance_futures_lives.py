"""The demo accounts' futures: a busy one, a small one, one older than what is still served."""

from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact
from sandbox.generate.binance import BinanceLife
from sandbox.generate.binance_contracts import COIN_M, CONTRACTS, USD_M
from sandbox.generate.binance_futures import FuturesLife, Order
from sandbox.generate.prices import DAY, YEAR
from sandbox.generate.timeline import Timeline

HOUR = 3_600_000
USD_M_DAYS, COIN_M_DAYS = 80, 420  # how long before the anchor the main account began with each
# Contract, which position, dollars of an order.
USD_M_TRADED = (
    ("BTCUSDT", "LONG", 900), ("ETHUSDT", "SHORT", 500), ("ETHUSDT", "LONG", 400),
    ("SOLUSDT", "LONG", 300), ("1000SHIBUSDT", "LONG", 150), ("BTCUSDC", "SHORT", 400),
)  # fmt: skip
BROUGHT = (
    ("MAIN_UMFUTURE", "USDT", "2500"), ("FUNDING_UMFUTURE", "USDT", "12.5"),
    ("MAIN_UMFUTURE", "USDC", "600.25"), ("MAIN_UMFUTURE", "BNB", "0.4"),
)  # fmt: skip
SUNDRY = (
    ("REFERRAL_KICKBACK", "USDT", "1.23456789"), ("COMMISSION_REBATE", "USDT", "0.5"),
    ("WELCOME_BONUS", "USDT", "10"), ("WELCOME_BONUS", "USDT", "-10"),
    ("COIN_SWAP_WITHDRAW", "USDT", "-20"), ("COIN_SWAP_DEPOSIT", "USDC", "19.98"),
    ("SOMETHING_NEW", "USDT", "0.01"),
)  # fmt: skip
COIN_M_TRADED = (("BTCUSD_PERP", 300), ("ETHUSD_PERP", 80))


def plan(timeline: Timeline, lives: dict[str, BinanceLife]) -> None:
    """Plan the futures of every account that has opened them; one of them did nothing more."""
    for name in ("main", "small", "empty", "older"):
        lives[name].futures = FuturesLife(lives[name])
    for name, begin in (("main", plan_main), ("small", plan_small), ("older", plan_older)):
        life = lives[name].futures
        if life is not None:
            begin(timeline, life)


def plan_main(timeline: Timeline, life: FuturesLife) -> None:
    """Plan both wallets of the busy account."""
    anchor = life.life.prices.origin + 3 * YEAR
    _plan_usd_m(timeline, life, anchor - USD_M_DAYS * DAY, anchor)
    _plan_coin_m(timeline, life, anchor - COIN_M_DAYS * DAY, anchor)


def _plan_usd_m(timeline: Timeline, life: FuturesLife, start: int, end: int) -> None:
    for index, (kind, code, amount) in enumerate(BROUGHT):
        timeline.plan(start + index * 60_000, partial(_transfer, life, kind, code, Decimal(amount)))
    for symbol, side, dollars in USD_M_TRADED:
        for time_ms in _times(life, 22, start + DAY, end):
            timeline.plan(time_ms, partial(_trade, life, symbol, side, dollars))
    _plan_funding(timeline, life, USD_M, start, end)
    timeline.plan(start + 30 * DAY, partial(_liquidation, life, "XRPUSDT", Decimal(60)))
    quarterly = Order("BTCUSDT_270326", buy=True, side="LONG", maker=True, rebate=True)
    timeline.plan(start + 40 * DAY, lambda t: life.order(t, quarterly, [Decimal("0.004")] * 2))
    for index, (kind, code, amount) in enumerate(SUNDRY):
        event = partial(_paid, life, kind, code, Decimal(amount))
        timeline.plan(start + (10 + index) * DAY + 5_000, event)
    timeline.plan(end - 5 * DAY, partial(_transfer, life, "UMFUTURE_MAIN", "USDT", Decimal(150)))
    timeline.plan(end - 4 * DAY, partial(_transfer, life, "UMFUTURE_FUNDING", "USDT", Decimal(7)))


def _plan_coin_m(timeline: Timeline, life: FuturesLife, start: int, end: int) -> None:
    for index, (code, amount) in enumerate((("BTC", "0.05"), ("ETH", "0.35"))):
        event = partial(_transfer, life, "MAIN_CMFUTURE", code, Decimal(amount))
        timeline.plan(start + index * 60_000, event)
    for symbol, dollars in COIN_M_TRADED:
        for time_ms in _times(life, 50, start + DAY, end):
            timeline.plan(time_ms, partial(_trade, life, symbol, "BOTH", dollars))
    _plan_funding(timeline, life, COIN_M, start, end)
    quarterly = Order("BTCUSD_270326", buy=False)
    timeline.plan(end - 20 * DAY, lambda t: life.order(t, quarterly, [Decimal(2)]))
    event = partial(_transfer, life, "CMFUTURE_MAIN", "BTC", Decimal("0.004"))
    timeline.plan(end - 3 * DAY, event)


def plan_small(timeline: Timeline, life: FuturesLife) -> None:
    """A few trades, one open position in each wallet, one left behind by liquidation."""
    end = life.life.prices.origin + 3 * YEAR
    start = end - 60 * DAY
    timeline.plan(start, partial(_transfer, life, "MAIN_UMFUTURE", "USDT", Decimal(900)))
    timeline.plan(
        start + 60_000, partial(_transfer, life, "MAIN_CMFUTURE", "BTC", Decimal("0.002"))
    )
    orders = (
        (2, Order("ETHUSDT", buy=True), "0.05"), (9, Order("ETHUSDT", buy=False), "0.02"),
        (12, Order("BTCUSDT", buy=False, maker=True), "0.002"),
        (15, Order("BTCUSD_PERP", buy=False), "1"),
    )  # fmt: skip
    for day, order, quantity in orders:
        event = partial(_order, life, order, [Decimal(quantity)] * 2)
        timeline.plan(start + day * DAY + 7_654, event)
    for day in range(3, 58, 6):
        timeline.plan(start + day * DAY, lambda t: life.funding(t, USD_M))
        timeline.plan(start + day * DAY, lambda t: life.funding(t, COIN_M))
    timeline.plan(start + 20 * DAY, lambda t: life.liquidate(t, "BTCUSDT"))
    timeline.plan(start + 22 * DAY, partial(_transfer, life, "UMFUTURE_MAIN", "USDT", Decimal(25)))


def plan_older(timeline: Timeline, life: FuturesLife) -> None:
    """Money that came, and a position that was opened, before what income still tells."""
    end = life.life.prices.origin + 3 * YEAR
    start = end - 150 * DAY
    timeline.plan(start, partial(_transfer, life, "MAIN_UMFUTURE", "USDT", Decimal(1200)))
    timeline.plan(start + DAY, partial(_order, life, Order("ETHUSDT", buy=True), [Decimal("0.1")]))
    for day in range(2, 149):
        timeline.plan(start + day * DAY, lambda t: life.funding(t, USD_M))
    closing = Order("ETHUSDT", buy=False)
    timeline.plan(end - 9 * DAY, partial(_order, life, closing, [Decimal("0.04")]))


def live_on(life: FuturesLife, steps: int, latest_ms: int) -> None:
    """Add records of the futures wallets: a trade, funding, a transfer, an inverse trade."""
    for step in range(steps):
        time_ms = latest_ms + step
        if step % 4 == 0:
            _if_funded(life, time_ms, Order("ETHUSDT", buy=True, side=_side(life)), "USDT")
        elif step % 4 == 1:
            life.funding(time_ms, USD_M)
        elif step % 4 == 2 and life.life.available("USDT") > 100:
            life.transfer(time_ms, "MAIN_UMFUTURE", "USDT", Decimal("1.5"))
        elif step % 4 == 3:
            _if_funded(life, time_ms, Order("BTCUSD_PERP", buy=False), "BTC")


def _side(life: FuturesLife) -> str:
    """The account's way to hold positions: long and short at once, or only one."""
    return "LONG" if any(side == "LONG" for _, side in life.positions) else "BOTH"


def _if_funded(life: FuturesLife, time_ms: int, order: Order, code: str) -> None:
    contract = CONTRACTS[order.symbol]
    if life.available(code, contract.wallet):
        life.order(time_ms, order, [Decimal("0.001") if contract.wallet == USD_M else Decimal(1)])


def _times(life: FuturesLife, count: int, start: int, end: int) -> list[int]:
    return sorted(start + life.rng.randrange(end - start) for _ in range(count))


def _plan_funding(timeline: Timeline, life: FuturesLife, wallet: str, start: int, end: int) -> None:
    for time_ms in range(start - start % DAY + DAY, end, 8 * HOUR):
        timeline.plan(time_ms, partial(_funding, life, wallet))


def _funding(life: FuturesLife, wallet: str, time_ms: int) -> None:
    life.funding(time_ms, wallet)


def _transfer(life: FuturesLife, kind: str, code: str, amount: Decimal, time_ms: int) -> None:
    life.transfer(time_ms, kind, code, amount)


def _paid(life: FuturesLife, kind: str, code: str, amount: Decimal, time_ms: int) -> None:
    life.paid(time_ms, USD_M, kind, code, amount)


def _order(life: FuturesLife, order: Order, quantities: list[Decimal], time_ms: int) -> None:
    life.order(time_ms, order, quantities)


def _trade(life: FuturesLife, symbol: str, side: str, dollars: int, time_ms: int) -> None:
    """Open, add to, reduce or close; never so much that a bad day empties the wallet."""
    contract = CONTRACTS[symbol]
    position = life.positions.get((symbol, side))
    held = position.quantity if position else Decimal(0)
    opening = side != "SHORT" if side != "BOTH" else life.rng.random() < 0.5
    with exact():
        per_unit = contract.size or contract.price(life.life.prices, time_ms)
        whole = down(dollars / Decimal(per_unit), contract.lot)
    buy = opening
    if held and life.rng.random() < 0.6:
        buy, whole = held < 0, held.copy_abs()
        whole = (
            whole if life.rng.random() < 0.5 else max(down(whole / 2, contract.lot), _step(symbol))
        )
    elif held.copy_abs() > 2 * whole:
        buy, whole = held < 0, held.copy_abs()
    order = Order(symbol, buy, side, maker=life.rng.random() < 0.3)
    life.order(time_ms, order, _parts(life, whole, _step(symbol)))


def _step(symbol: str) -> Decimal:
    return Decimal(1).scaleb(-CONTRACTS[symbol].lot)


def _parts(life: FuturesLife, whole: Decimal, step: Decimal) -> list[Decimal]:
    """Cut a quantity into up to three fills."""
    parts = []
    for _ in range(life.rng.randint(0, 2)):
        if whole > step:
            parts.append(step)
            whole -= step
    return [*parts, whole]


def _liquidation(life: FuturesLife, symbol: str, quantity: Decimal, time_ms: int) -> None:
    life.order(time_ms - 90_000, Order(symbol, buy=True, side="LONG"), [quantity])
    life.liquidate(time_ms, symbol, "LONG")
