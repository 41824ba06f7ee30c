"""A seeded life of one account: trades, deposits, withdrawals, and the balances they leave."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Context, Decimal

_EXACT = Context(prec=60)
_DAY = 86_400_000
_START = 1_500_000_000_000  # July 2017
BURST = 60  # trades in one moment


@dataclass(frozen=True)
class Trade:
    """One fill; ``at`` in milliseconds."""

    id: int
    at: int
    base: str
    quote: str
    side: str
    price: Decimal
    amount: Decimal
    fee: Decimal
    fee_coin: str

    @property
    def cost(self) -> Decimal:
        return _EXACT.multiply(self.price, self.amount)

    def moves(self) -> Iterator[tuple[str, Decimal]]:
        sign = 1 if self.side == "buy" else -1
        yield self.base, sign * self.amount
        yield self.quote, -sign * self.cost
        yield self.fee_coin, -self.fee


@dataclass(frozen=True)
class Transfer:
    """One deposit or withdrawal; ``amount`` is what arrives, ``fee`` goes beside it."""

    id: int
    at: int
    coin: str
    amount: Decimal
    fee: Decimal
    inward: bool
    status: str  # done, pending or failed

    def moves(self) -> Iterator[tuple[str, Decimal]]:
        if self.status == "done":
            yield self.coin, self.amount if self.inward else -self.amount - self.fee


Fee = Callable[[str, str, str], str]  # base, quote, side -> the coin it is taken in


class Life:
    """All that happened; ``pairs`` are listed, ``gone`` was once and is listed no more."""

    def __init__(
        self,
        seed: int,
        pairs: list[tuple[str, str]],
        gone: tuple[str, str],
        *,
        crowd: int,
        fee_coin: Fee,
        deposit_fee: Decimal = Decimal(0),
    ) -> None:
        self._chance = random.Random(seed)
        self._pairs, self._gone, self._fee_coin = pairs, gone, fee_coin
        self._deposit_fee = deposit_fee
        self._next = 10_000_000
        self.trades: list[Trade] = []
        self.transfers: list[Transfer] = []
        self._live(crowd)

    def balances(self) -> dict[str, Decimal]:
        """Return what is there by coin, zeros left out."""
        totals: dict[str, Decimal] = {}
        records: list[Trade | Transfer] = [*self.trades, *self.transfers]
        for record in records:
            for coin, amount in record.moves():
                totals[coin] = _EXACT.add(totals.get(coin, Decimal(0)), amount)
        return {coin: total for coin, total in totals.items() if total}

    def advance(self) -> None:
        """Let a deposit arrive that was on its way, and some more trades happen."""
        self.transfers = [
            replace(t, status="done") if t.status == "pending" and t.inward else t
            for t in self.transfers
        ]
        now = int(time.time() * 1000)
        for back in (3, 2, 2, 1):
            self._trade(now - back, *self._pairs[0])
        self._transfer(now, self._pairs[0][1], "500", inward=True)

    def _live(self, crowd: int) -> None:
        now = int(time.time() * 1000)
        coins = {coin for pair in (*self._pairs, self._gone) for coin in pair}
        for coin in (*sorted(coins), self._fee_coin(*self._pairs[0], "buy")):
            self._transfer(_START, coin, "1000000.5", inward=True)
        moment = _START
        while moment < now - 40 * _DAY:
            moment += self._chance.randrange(20, 90) * _DAY
            for _ in range(self._chance.randrange(1, 5)):
                self._trade(min(moment, now - 3_600_000), *self._chance.choice(self._pairs))
        self._trade(_START + 30 * _DAY, *self._gone)
        self._trade(_START + 31 * _DAY + 7, *self._gone)
        busy = _START + 700 * _DAY
        for number in range(crowd):
            at = busy + 3 if number < BURST else busy + self._chance.randrange(2 * _DAY)
            self._trade(at, *self._chance.choice(self._pairs))
        self._transfer(busy, self._gone[0], "12.25", inward=False, fee="0.5")
        self._transfer(busy + 1, self._pairs[0][0], "0.123456789012345678", inward=False, fee="1")
        self._transfer(busy + 1, self._pairs[0][0], "3.5", inward=False, status="failed")
        self._transfer(busy + 2, self._pairs[0][1], "77", inward=True, status="failed")
        self._transfer(now - _DAY, self._pairs[0][0], "2", inward=True, status="pending")
        self._transfer(now - _DAY, self._pairs[0][0], "1", inward=False, status="pending")
        self.trades.sort(key=lambda trade: trade.at)
        self.trades = [replace(t, id=20_000_000 + n) for n, t in enumerate(self.trades)]
        self._next = 30_000_000

    def _trade(self, at: int, base: str, quote: str) -> None:
        side = self._chance.choice(("buy", "sell"))
        price = Decimal(self._chance.randrange(1, 10**9)).scaleb(-6)
        amount = Decimal(self._chance.randrange(1, 10**12)).scaleb(-12)
        fee = Decimal(self._chance.randrange(1, 10**6)).scaleb(-10)
        coin = self._fee_coin(base, quote, side)
        trade = Trade(self._number(), at, base, quote, side, price, amount, fee, coin)
        self.trades.append(trade)

    def _transfer(
        self,
        at: int,
        coin: str,
        amount: str,
        *,
        inward: bool,
        fee: str = "",
        status: str = "done",
    ) -> None:
        paid = Decimal(fee) if fee else self._deposit_fee if inward else Decimal(0)
        self.transfers.append(
            Transfer(self._number(), at, coin, Decimal(amount), paid, inward, status)
        )

    def _number(self) -> int:
        self._next += 1
        return self._next


def plain(value: Decimal) -> str:
    """Return a number without an exponent."""
    return f"{value:f}"
