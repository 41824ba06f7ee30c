"""Accounts go on living: a few new records, now."""

from collections.abc import Iterator
from decimal import Decimal

from sandbox.amounts import down, exact
from sandbox.generate import binance_futures_lives, ids
from sandbox.generate.binance import BinanceLife, Order, Sent
from sandbox.generate.kraken import KrakenLife

SETTLED = 2_000  # milliseconds


def binance(life: BinanceLife, events: int, now_ms: int) -> None:
    """Add so many: a deposit, a trade, a reward, a transfer, a conversion, savings; and again."""
    account = life.account
    latest = max((rows[-1]["time"] for rows in account.trades.values()), default=0)
    for index, (_, time_ms) in enumerate(_moments(events, now_ms, latest)):
        step = index % 6
        if step == 0:
            txid, address = ids.txid(life.rng, "TRX"), ids.address(life.rng, "TRX")
            life.deposit(time_ms, Sent("USDT", Decimal("250.5"), txid, address))
        elif step == 1:
            life.order(time_ms, Order("BTCUSDT", buy=True), [Decimal("0.00021")])
        elif step == 2:
            life.reward(time_ms, "USDC", Decimal("0.01234567"), "USDC holder rewards")
        elif step == 4:
            life.earn.convert(time_ms, "USDT", Decimal("12.5"), "BTC")
        elif step == 5:
            life.earn.subscribe(time_ms, "USDT", Decimal("20.25"))
        else:
            with exact():
                amount = down(life.available("USDT") / 100, 4)
            life.transfer(time_ms, "MAIN_FUNDING", "USDT", amount)
    if life.futures is not None:
        binance_futures_lives.live_on(life.futures, events, now_ms - SETTLED)


def kraken(life: KrakenLife, events: int, now_ms: int) -> None:
    """Add so many events: a deposit, a trade, a reward, an instant buy, and again."""
    ledger = life.account.ledger
    latest = ledger[-1].ticks // 10 if ledger else 0
    for step, time_ms in _moments(events, now_ms, latest):
        if step == 0:
            reference = f"SEPA{ids.hexadecimal(life.rng, 10).upper()}"
            life.deposit(time_ms, Sent("EUR", Decimal("125.00"), reference, ""))
        elif step == 1:
            life.trade(time_ms, "XXBTZEUR", buy=True, volume=Decimal("0.0002"))
        elif step == 2:
            life.reward(time_ms, "DOT28.S", Decimal("0.0123456789"))
        else:
            life.convert(time_ms, "EUR", Decimal(10), "ETH")


def _moments(events: int, now_ms: int, latest: int) -> Iterator[tuple[int, int]]:
    """Moments shortly before now, but never before what is already there.

    Clients that ask up to the present in whole seconds shall find all of them.
    """
    start = max(now_ms - SETTLED - events, latest + 1)
    for index in range(events):
        yield index % 4, start + index
