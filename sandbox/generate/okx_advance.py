"""OKX accounts go on living: a few new records, now."""

from decimal import Decimal

from sandbox.amounts import down, exact
from sandbox.generate import ids
from sandbox.generate.binance import Sent
from sandbox.generate.okx import FUNDING, TRADING, OkxLife

SETTLED = 2_000  # milliseconds


def live_on(life: OkxLife, events: int, now_ms: int) -> None:
    """Add so many events: a deposit, a trade, a reward, money lent and an hour's interest."""
    start = max(now_ms - SETTLED - 3 * events, _latest(life) + 1)
    with exact():
        for index in range(events):
            _happens(life, index % 4, start + 3 * index)


def _latest(life: OkxLife) -> int:
    account = life.account
    rows = (*account.bills, *account.asset_bills, *account.lendings)
    return max((int(row["ts"]) for row in rows), default=0)


def _happens(life: OkxLife, step: int, time_ms: int) -> None:
    if step == 0:
        txid, address = ids.txid(life.rng, "TRX"), ids.address(life.rng, "TRX")
        life.deposit(time_ms, Sent("USDT", Decimal("250.5"), txid, address))
    elif step == 1:
        life.move(time_ms, "USDT", Decimal("62.5"), to=TRADING)
        life.spot(time_ms + 1, "BTC-USDT", buy=True, parts=[Decimal("0.00021")])
    elif step == 2:
        life.reward(time_ms, "USDT", Decimal("0.01234567"), "150")
    else:
        life.lend(time_ms, "USDT", down(life.available("USDT", FUNDING) / 128, 6))
        life.earn(time_ms + 1, "USDT", Decimal("0.05"))
