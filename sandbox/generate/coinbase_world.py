"""All demo people of Coinbase, and how they go on living."""

import uuid
from decimal import Decimal
from functools import partial

from sandbox.amounts import down, exact, plain
from sandbox.generate import coinbase_main
from sandbox.generate.coinbase import CoinbaseAccount, CoinbaseLife
from sandbox.generate.prices import DAY, Prices
from sandbox.generate.timeline import Timeline
from sandbox.statement import Statement

SEED = "coffer-sandbox-coinbase-1"
SETTLED = 2_000  # milliseconds
OWN = ("spot", "vault", "staking")
NEVER_USED = ("DOGE", "UNI", "AAVE")


def build(prices: Prices) -> dict[str, CoinbaseLife]:
    """Generate all of them; the same on every machine."""
    lives = {name: _life(name, prices) for name in ("main", "small", "empty")}
    with exact():
        timeline = Timeline()
        coinbase_main.plan(timeline, lives["main"])
        _plan_small(timeline, lives["small"])
        timeline.run()
        for code in NEVER_USED:
            lives["main"].wallet(code, time_ms=prices.origin)
        for code in ("EUR", "BTC"):
            lives["empty"].wallet(code, time_ms=prices.origin)
        for life in lives.values():
            _settle(life)
    return lives


def _life(name: str, prices: Prices) -> CoinbaseLife:
    portfolio, user = (
        str(uuid.uuid5(uuid.NAMESPACE_URL, f"{SEED}/{what}/{name}")) for what in ("one", "user")
    )
    return CoinbaseLife(CoinbaseAccount(f"coinbase-{name}", portfolio, user), prices, SEED)


def _settle(life: CoinbaseLife) -> None:
    """Put records in the order of time and lock a little in open orders."""
    for wallet in life.account.wallets.values():
        for rows in (wallet.ledger, wallet.deposits, wallet.withdrawals):
            rows.sort(key=lambda entry: entry.time_ms)
    life.account.fills.sort(key=lambda entry: entry.time_ms)
    life.account.on_hold = {
        code: down(life.held(code) / 8, 2) for code in ("EUR", "BTC") if life.held(code)
    }


def _plan_small(timeline: Timeline, life: CoinbaseLife) -> None:
    start = life.prices.origin + 900 * DAY
    orders = (
        ("BTC-EUR", True, "0.011"), ("ETH-EUR", True, "0.31"), ("SOL-EUR", True, "2.25"),
        ("BTC-EUR", False, "0.002"), ("ETH-BTC", True, "0.02"), ("SOL-EUR", False, "0.5"),
    )  # fmt: skip
    timeline.plan(start, lambda t: life.bank_in(t, "EUR", Decimal("4000.00")))
    for index, (product, buy, size) in enumerate(orders):
        sizes = [Decimal(size) / 2] * 2 if index % 2 else [Decimal(size)]
        event = partial(_order, life, product, sizes=sizes, buy=buy)
        timeline.plan(start + (2 + 14 * index) * DAY + 123_456, event)
    plans = (
        (20, lambda t: life.buy(t, "ADA", Decimal("55.00"))),
        (45, lambda t: life.convert(t, "SOL", Decimal("0.25"), "LINK")),
        (33, lambda t: life.move(t, "ETH", Decimal("0.1"), ("spot", "staking"),
                                 "staking_transfer")),
        (50, lambda t: life.single(t, "ETH", Decimal("0.000321"), "staking_reward", "staking")),
        (55, lambda t: life.receive(t, "USDC", Decimal("25.5"))),
        (56, lambda t: life.send(t, "BTC", Decimal("0.001"))),
        (70, lambda t: life.bank_out(t, "EUR", Decimal("100.00"), Decimal("0.15"))),
        (72, lambda t: life.single(t, "USDC", Decimal("0.0321"), "interest")),
        (74, lambda t: life.move(t, "BTC", Decimal("0.001"), ("spot", "vault"), "transfer")),
    )  # fmt: skip
    for day, happens in plans:
        timeline.plan(start + day * DAY, happens)


def _order(
    life: CoinbaseLife, product: str, time_ms: int, *, sizes: list[Decimal], buy: bool
) -> None:
    life.order(time_ms, product, buy=buy, sizes=sizes)


def live_on(life: CoinbaseLife, events: int, now_ms: int) -> None:
    """Add so many events shortly before now: a deposit, an order, interest, a purchase, again."""
    rows = [entry for wallet in life.account.wallets.values() for entry in wallet.ledger]
    latest = max((entry.time_ms for entry in rows), default=0)
    start = max(now_ms - SETTLED - events, latest + 1)
    for index in range(events):
        moment = start + index
        if index % 4 == 0:
            life.bank_in(moment, "EUR", Decimal("250.50"))
        elif index % 4 == 1:
            life.order(moment, "BTC-EUR", buy=True, sizes=[Decimal("0.00021")])
        elif index % 4 == 2:
            life.single(moment, "USDC", Decimal("0.012345"), "interest")
        else:
            life.buy(moment, "NEAR", Decimal("20.00"))


def statement(account: CoinbaseAccount) -> Statement:
    """Balances by wallet and asset of the key's portfolio; counts of all rows that are served."""
    wallets = [wallet for wallet in account.wallets.values() if wallet.kind in OWN]
    return {
        "balances": {
            kind: {code: plain(quantity) for code, quantity in held.items()}
            for kind, held in account.book.held().items()
            if kind in OWN
        },
        "records": {
            "ledger": sum(len(wallet.ledger) for wallet in wallets),
            "trades": len(account.fills),
            "deposits": sum(len(wallet.deposits) for wallet in wallets),
            "withdrawals": sum(len(wallet.withdrawals) for wallet in wallets),
        },
    }
