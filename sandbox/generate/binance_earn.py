"""Simple earn, conversions, dust, bank money and Binance Pay of a Binance account."""

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.amounts import ZERO, down, exact, fixed
from sandbox.generate import ids
from sandbox.generate.binance_margin import CROSS, wallet_of

if TYPE_CHECKING:
    from sandbox.generate.binance import BinanceLife

Row = dict[str, Any]
EARN = "earn"
SPOT, FUNDING = "spot", "funding"
FLEXIBLE, LOCKED = "flexible", "locked"


@dataclass(slots=True)
class EarnRecords:
    """Positions by asset or number, and the rows as they are served."""

    flexible: dict[str, Decimal] = field(default_factory=dict)
    locked: dict[int, Row] = field(default_factory=dict)
    subscriptions: dict[str, list[Row]] = field(default_factory=lambda: {FLEXIBLE: [], LOCKED: []})
    redemptions: dict[str, list[Row]] = field(default_factory=lambda: {FLEXIBLE: [], LOCKED: []})
    rewards: dict[str, list[Row]] = field(default_factory=lambda: {FLEXIBLE: [], LOCKED: []})
    conversions: list[Row] = field(default_factory=list)
    dust: dict[str, list[Row]] = field(default_factory=lambda: {"SPOT": [], "MARGIN": []})
    bank: dict[str, list[Row]] = field(default_factory=lambda: {"0": [], "1": []})
    payments: dict[str, list[Row]] = field(default_factory=lambda: {"0": [], "1": []})
    pay: list[Row] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many records of each kind there are that no other list tells.

        Rewards that are paid to the spot wallet are dividends; here only those that stay in earn.
        """

        def number(by_name: dict[str, list[Row]]) -> int:
            return sum(len(rows) for rows in by_name.values())

        stay = [row for row in self.rewards[FLEXIBLE] if row["type"] == "REALTIME"]
        return {
            "deposits": len(self.bank["0"]),
            "withdrawals": len(self.bank["1"]),
            "transfers": number(self.subscriptions) + number(self.redemptions) + len(self.pay),
            "rewards": len(stay),
            "conversions": len(self.conversions) + number(self.payments),
            "dust": number(self.dust),
        }


class EarnLife:
    """Writes these records of one account, in the order of time."""

    def __init__(self, life: "BinanceLife", seed: str) -> None:
        self.life = life
        self.records = life.account.earn
        self.rng = random.Random(f"{seed}:{life.account.id}:earn")  # noqa: S311  # nosec B311
        self._number = 26_000_000

    # --- simple earn -----------------------------------------------------------------------

    def subscribe(
        self, time_ms: int, asset: str, amount: Decimal, *, from_funding: Decimal = ZERO
    ) -> None:
        """Into the flexible product of a coin, a part of it from the funding wallet."""
        with exact():
            from_spot = amount - from_funding
            self.records.flexible[asset] = self.records.flexible.get(asset, ZERO) + amount
        self._into_earn(asset, from_spot, from_funding)
        row = {
            "amount": fixed(amount, 8),
            "asset": asset,
            "time": time_ms,
            "purchaseId": self._next_number(),
            "productId": f"{asset}001",
            "type": "NORMAL",
            "sourceAccount": "SPOTANDFUNDING" if from_funding else "SPOT",
            "status": "SUCCESS",
        }
        if from_funding:
            row |= {"amtFromSpot": fixed(from_spot, 8), "amtFromFunding": fixed(from_funding, 8)}
        self.records.subscriptions[FLEXIBLE].append(row)

    def redeem(self, time_ms: int, asset: str, amount: Decimal, wallet: str = SPOT) -> None:
        """Out of a flexible product."""
        with exact():
            self.records.flexible[asset] -= amount
        self._out_of_earn(asset, amount, wallet)
        self.records.redemptions[FLEXIBLE].append(
            {
                "amount": fixed(amount, 8),
                "asset": asset,
                "time": time_ms,
                "projectId": f"{asset}001",
                "redeemId": self._next_number(),
                "destAccount": wallet.upper(),
                "status": "PAID",
            }
        )

    def realtime(self, time_ms: int, asset: str) -> None:
        """A flexible product adds its interest to itself."""
        held = self.records.flexible.get(asset, ZERO)
        if not held:
            return
        with exact():
            amount = max(down(held * Decimal("0.00006"), 8), Decimal("0.00000001"))
            self.records.flexible[asset] = held + amount
        self.life.account.book.post(EARN, asset, amount)
        self._reward(FLEXIBLE, time_ms, asset, amount, "REALTIME")

    def bonus(self, time_ms: int, asset: str) -> None:
        """A bonus goes to the spot wallet and is a dividend as well."""
        held = self.records.flexible.get(asset, ZERO)
        if not held:
            return
        with exact():
            amount = max(down(held * Decimal("0.00002"), 8), Decimal("0.00000001"))
        self.life.reward(time_ms, asset, amount, "Simple Earn Flexible Airdrop")
        self._reward(FLEXIBLE, time_ms, asset, amount, "BONUS")

    def lock(self, time_ms: int, asset: str, amount: Decimal, days: int) -> int:
        """Into a locked product; answers the position's number."""
        position = self._next_number()
        self._into_earn(asset, amount, ZERO)
        self.records.locked[position] = {
            "positionId": position,
            "projectId": f"{asset}*{days}",
            "asset": asset,
            "amount": amount,
            "purchaseTime": time_ms,
            "duration": days,
        }
        self.records.subscriptions[LOCKED].append(
            {
                "positionId": position,
                "purchaseId": self._next_number(),
                "projectId": f"{asset}*{days}",
                "time": time_ms,
                "asset": asset,
                "amount": fixed(amount, 8),
                "lockPeriod": str(days),
                "type": "NORMAL",
                "sourceAccount": "SPOT",
                "status": "SUCCESS",
            }
        )
        return position

    def locked_reward(self, time_ms: int, position: int) -> None:
        """Paid to the spot wallet every day, so a dividend as well."""
        asset, amount = self.records.locked[position]["asset"], Decimal("0.00012345")
        self.life.reward(time_ms, asset, amount, "Simple Earn Locked Rewards")
        self.records.rewards[LOCKED].append(
            {
                "positionId": position,
                "time": time_ms,
                "asset": asset,
                "lockPeriod": str(self.records.locked[position]["duration"]),
                "amount": fixed(amount, 8),
                "type": "Locked Rewards",
            }
        )

    def unlock(self, time_ms: int, position: int, lost: Decimal = ZERO) -> None:
        """At the end, or ahead of it: then rewards already paid are taken out of the principal."""
        held = self.records.locked.pop(position)
        asset, whole = held["asset"], held["amount"]
        with exact():
            paid = whole - lost
        self._out_of_earn(asset, paid, SPOT)
        self.life.account.book.post(EARN, asset, -lost)
        self.records.redemptions[LOCKED].append(
            {
                "positionId": position,
                "redeemId": self._next_number(),
                "time": time_ms,
                "asset": asset,
                "lockPeriod": str(held["duration"]),
                "amount": fixed(paid, 8),
                "originalAmount": fixed(whole, 8),
                "type": "AHEAD" if lost else "MATURE",
                "deliverDate": str(time_ms),
                "lossAmount": fixed(lost, 8),
                "isComplete": True,
                "status": "PAID",
            }
        )

    def _into_earn(self, asset: str, from_spot: Decimal, from_funding: Decimal) -> None:
        book = self.life.account.book
        for wallet, amount in ((SPOT, from_spot), (FUNDING, from_funding)):
            book.post(wallet, asset, -amount)
            book.post(EARN, asset, amount)

    def _out_of_earn(self, asset: str, amount: Decimal, wallet: str) -> None:
        self.life.account.book.post(EARN, asset, -amount)
        self.life.account.book.post(wallet, asset, amount)

    def _reward(self, product: str, time_ms: int, asset: str, amount: Decimal, kind: str) -> None:
        self.records.rewards[product].append(
            {
                "asset": asset,
                "rewards": fixed(amount, 8),
                "projectId": f"{asset}001",
                "type": kind,
                "time": time_ms,
            }
        )

    # --- conversions and dust --------------------------------------------------------------

    def convert(
        self, time_ms: int, source: str, amount: Decimal, target: str, *, fails: bool = False
    ) -> None:
        """Swap at a quoted price in the spot wallet."""
        price = self.life.prices.at(source, target, time_ms, 8)
        with exact():
            got = down(amount * price, 8)
        if not fails:
            self.life.account.book.post(SPOT, source, -amount)
            self.life.account.book.post(SPOT, target, got)
        self.records.conversions.append(
            {
                "quoteId": ids.hexadecimal(self.rng, 32),
                "orderId": self._next_number(),
                "orderStatus": "FAIL" if fails else "SUCCESS",
                "fromAsset": source,
                "fromAmount": fixed(amount, 8),
                "toAsset": target,
                "toAmount": fixed(got, 8),
                "ratio": fixed(price, 8),
                "inverseRatio": "0",
                "createTime": time_ms,
            }
        )

    def sweep_dust(
        self, time_ms: int, remainders: dict[str, Decimal], account: str = "SPOT"
    ) -> None:
        """Turn small remainders into BNB, less two percent."""
        wallet = SPOT if account == "SPOT" else wallet_of(CROSS)
        parts, number = [], self._next_number()
        for asset, amount in remainders.items():
            with exact():
                gross = down(amount * self.life.prices.at(asset, "BNB", time_ms, 12), 8)
                gross = max(gross, Decimal("0.00000100"))
                charge = down(gross * Decimal("0.02"), 8)
                arrived = gross - charge
            self.life.account.book.post(wallet, asset, -amount)
            self.life.account.book.post(wallet, "BNB", arrived)
            parts.append(
                {
                    "transId": number,
                    "serviceChargeAmount": fixed(charge, 8),
                    "amount": fixed(amount, 8),
                    "operateTime": time_ms,
                    "transferedAmount": fixed(arrived, 8),
                    "fromAsset": asset,
                }
            )
        self.records.dust[account].append(
            {
                "operateTime": time_ms,
                "totalTransferedAmount": _total(parts, "transferedAmount"),
                "totalServiceChargeAmount": _total(parts, "serviceChargeAmount"),
                "transId": number,
                "userAssetDribbletDetails": parts,
            }
        )

    # --- banks, cards, payments ------------------------------------------------------------

    def bank(
        self, time_ms: int, amount: Decimal, *, into: bool, fee: str = "0", done: bool = True
    ) -> None:
        """Euros from or to a bank; the fee of a withdrawal goes out beside the amount."""
        cost = Decimal(fee)
        with exact():
            whole = amount + cost
        if done:
            self.life.account.book.post(SPOT, "EUR", amount if into else -whole)
        self.records.bank["0" if into else "1"].append(
            {
                "orderNo": ids.hexadecimal(self.rng, 32),
                "fiatCurrency": "EUR",
                "indicatedAmount": fixed(whole, 2),
                "amount": fixed(amount, 2),
                "totalFee": fixed(cost, 2),
                "method": "BankAccount",
                "status": "Successful" if done else "Expired",
                "createTime": time_ms,
                "updateTime": time_ms + 600_000,
            }
        )

    def pay_by(
        self, time_ms: int, euros: Decimal, asset: str, method: str, *, buy: bool = True
    ) -> None:
        """Buy a coin by card or with euros that are here, or sell one for euros."""
        price = self.life.prices.at(asset, "EUR", time_ms, 4)
        book = self.life.account.book
        with exact():
            coins = down(euros / price, 8)
        sign = 1 if buy else -1
        book.post(SPOT, asset, sign * coins)
        if not buy or method == "Cash Balance":
            book.post(SPOT, "EUR", -sign * euros)
        given, got = (euros, coins) if buy else (coins, euros)
        row = {
            "orderNo": ids.hexadecimal(self.rng, 32),
            "sourceAmount": fixed(given, 2),
            "fiatCurrency": "EUR",
            "obtainAmount": fixed(got, 2),
            "cryptoCurrency": asset,
            "totalFee": "0.00",
            "price": fixed(price, 4),
            "status": "Completed",
            "createTime": time_ms,
            "updateTime": time_ms + 1_000,
        }
        if buy:
            row["paymentMethod"] = method
        self.records.payments["0" if buy else "1"].append(row)

    def pay(self, time_ms: int, asset: str, amount: Decimal, wallet: str = FUNDING) -> None:
        """Receive (positive) or pay (negative) by Binance Pay."""
        self.life.account.book.post(wallet, asset, amount)
        code = "1" if wallet == FUNDING else "2"
        size = fixed(abs(amount), 8)
        self.records.pay.append(
            {
                "orderType": "C2C",
                "transactionId": f"M_P_{self._next_number()}",
                "transactionTime": time_ms,
                "amount": fixed(amount, 8),
                "currency": asset,
                "walletType": int(code),
                "walletTypes": [int(code)],
                "fundsDetail": [
                    {"currency": asset, "amount": size, "walletAssetCost": [{code: size}]}
                ],
                "payerInfo": {},
                "receiverInfo": {},
            }
        )

    def _next_number(self) -> int:
        self._number += self.rng.randint(1, 900)
        return self._number


def _total(parts: list[Row], name: str) -> str:
    with exact():
        return fixed(sum((Decimal(part[name]) for part in parts), ZERO), 8)
