"""Random histories of one who never sells what is not there, for programs that compute taxes."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from portfolio.engine.export import ExportLeg, ExportTransaction
from portfolio.engine.types import PostingRole
from tests.exports.judges.lives import BYBIT, MAIN, Account, own_transfer, tell

COINS = ("BTC", "ETH", "SOL", "BNB")
_START = datetime(2021, 1, 4, 9, tzinfo=UTC)


class Trader:
    """Makes a history step by step and knows what is held where; values are to the cent."""

    def __init__(self, seed: int, currency: str, *, incomes: bool = True) -> None:
        self._chance = random.Random(seed)
        self._currency = currency
        self._incomes = incomes
        self._held: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        self._prices = {"BTC": 30000, "ETH": 2000, "SOL": 60, "BNB": 300}
        self._now = _START
        self.told: list[ExportTransaction] = []

    def live(self, steps: int) -> list[ExportTransaction]:
        """So many things that happen, days or hours apart."""
        self._buy("BNB")
        while len(self.told) < steps:
            self._now += timedelta(hours=self._chance.choice([1, 7, 30, 200, 700]), seconds=11)
            coin = self._chance.choice(COINS)
            does = [self._buy, self._buy, self._sell, self._sell, self._trade, self._move]
            self._chance.choice(does + [self._earn] * self._incomes)(coin)
        return self.told

    def _value(self, coin: str, amount: Decimal) -> Decimal:
        price = Decimal(self._prices[coin]) * self._chance.randint(50, 200) / 100
        return (amount * price).quantize(Decimal("0.01")) + Decimal("0.01")

    def _some(self) -> Decimal:
        return Decimal(self._chance.randint(10**6, 3 * 10**8)).scaleb(-8)

    def _of(self, on: Account, coin: str) -> Decimal:
        """Some of what is there, or all of it; a little of BNB stays for fees."""
        part = Decimal(self._chance.choice(["0.1", "0.5", "1"]))
        spare = Decimal("0.05") if coin == "BNB" else Decimal(0)
        free = max(self._held[on.id, coin] - spare, Decimal(0))
        return (free * part).quantize(Decimal("1e-8"))

    def _fee(self, on: Account, value: Decimal) -> list[ExportLeg]:
        fee = (value / 400).quantize(Decimal("0.01"))
        if not fee or self._chance.random() < 0.2:
            return []
        bnb = Decimal("0.0001")
        if on is MAIN and self._chance.random() < 0.3 and self._held[on.id, "BNB"] > bnb * 20:
            return [self._leg("BNB", -bnb, Decimal("0.03"), PostingRole.FEE)]
        return [self._leg(self._currency, -fee, fee, PostingRole.FEE)]

    def _leg(
        self, asset: str, amount: Decimal, value: Decimal, role: PostingRole = PostingRole.PRINCIPAL
    ) -> ExportLeg:
        return ExportLeg("spot", asset, amount, role, value)

    def _tell(self, on: Account, kind: str, *legs: ExportLeg) -> ExportTransaction:
        one = replace(tell(self._now, kind, on=on), legs=legs)
        for leg in legs:
            self._held[on.id, leg.asset] += leg.amount
        self.told.append(one)
        return one

    def _buy(self, coin: str) -> None:
        on, amount = self._chance.choice([MAIN, BYBIT]), self._some()
        if coin == "BNB":
            on = MAIN
        value = self._value(coin, amount)
        paid = self._leg(self._currency, -value, value)
        self._tell(on, "trade", self._leg(coin, amount, value), paid, *self._fee(on, value))

    def _sell(self, coin: str) -> None:
        on = self._chance.choice([MAIN, BYBIT])
        if amount := self._of(on, coin):
            value = self._value(coin, amount)
            got = self._leg(self._currency, value, value)
            self._tell(on, "trade", self._leg(coin, -amount, value), got, *self._fee(on, value))

    def _trade(self, coin: str) -> None:
        on = self._chance.choice([MAIN, BYBIT])
        other = self._chance.choice([c for c in COINS if c not in (coin, "BNB")])
        if amount := self._of(on, coin):
            value = self._value(coin, amount)
            got = self._leg(other, self._some(), value)
            self._tell(on, "trade", self._leg(coin, -amount, value), got, *self._fee(on, value))

    def _earn(self, coin: str) -> None:
        amount = self._some() / 100
        amount = amount.quantize(Decimal("1e-8"))
        kind = self._chance.choice(["reward", "interest", "airdrop"])
        self._tell(MAIN, kind, self._leg(coin, amount, self._value(coin, amount)))

    def _move(self, coin: str) -> None:
        on, to = self._chance.sample([MAIN, BYBIT], 2)
        amount = self._of(on, coin) / 2
        amount = amount.quantize(Decimal("1e-8"))
        lost = Decimal("0.0001")
        if amount < lost * 10:
            return
        price = Decimal(self._prices[coin])
        fee = self._leg(coin, -lost, lost * price, PostingRole.FEE)
        worth = (amount - lost) * price
        sent = self._tell(on, "withdrawal", self._leg(coin, lost - amount, worth), fee)
        self._now += timedelta(minutes=20)
        came = self._tell(to, "deposit", self._leg(coin, amount - lost, worth))
        self.told[-2:] = own_transfer(sent, came, sent.id)
