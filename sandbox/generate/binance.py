"""What can happen in a Binance account: each event writes its record and moves the balances."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.amounts import ZERO, down, exact, fixed
from sandbox.assets import BY_CODE
from sandbox.generate import ids
from sandbox.generate.binance_earn import EarnLife, EarnRecords
from sandbox.generate.binance_margin import MarginLife, MarginRecords
from sandbox.generate.book import Book
from sandbox.generate.prices import Prices
from sandbox.markets import BINANCE

if TYPE_CHECKING:
    from sandbox.generate.binance_futures import FuturesLife

Row = dict[str, Any]
SPOT, FUNDING = "spot", "funding"
FEE = Decimal("0.001")
BNB_FEE = Decimal("0.00075")
COMPLETED, CANCELLED, REJECTED = 6, 1, 3  # withdrawal status
CREDITED, CREDITED_LOCKED = 1, 6  # deposit status; other numbers move nothing


@dataclass(slots=True)
class BinanceAccount:
    """All that the exchange knows of one account; rows are kept as they are served."""

    id: str
    uid: int
    book: Book = field(default_factory=Book)
    locked: dict[str, Decimal] = field(default_factory=dict)
    trades: dict[str, list[Row]] = field(default_factory=dict)
    deposits: list[Row] = field(default_factory=list)
    withdrawals: list[Row] = field(default_factory=list)
    dividends: list[Row] = field(default_factory=list)
    transfers: list[Row] = field(default_factory=list)
    margin: MarginRecords = field(default_factory=MarginRecords)
    earn: EarnRecords = field(default_factory=EarnRecords)


@dataclass(frozen=True, slots=True)
class Sent:
    """A withdrawal on its way through the chain."""

    asset: str
    amount: Decimal
    txid: str
    address: str


@dataclass(frozen=True, slots=True)
class Order:
    """What is bought or sold, and how; ``together`` keeps all parts in one millisecond."""

    symbol: str
    buy: bool
    bnb_fee: bool = True
    together: bool = False


class BinanceLife:
    """Writes the records of one account, in the order of time."""

    def __init__(self, account: BinanceAccount, prices: Prices, seed: str) -> None:
        self.account = account
        self.prices = prices
        self.rng = random.Random(f"{seed}:{account.id}")  # noqa: S311  # nosec B311
        self._order_id = 1_000_000 + self.rng.randrange(100_000)
        self._number = 60_000_000_000 + self.rng.randrange(1_000_000)
        self.futures: FuturesLife | None = None  # of accounts that have opened them
        self.margin, self.earn = MarginLife(self, seed), EarnLife(self, seed)

    def deposit(
        self, time_ms: int, sent: Sent, *, wallet: str = SPOT, status: int = CREDITED
    ) -> None:
        """Coins arrive; a status that is not credited is served but moves nothing."""
        asset = BY_CODE[sent.asset]
        done = status in (CREDITED, CREDITED_LOCKED)
        if done:
            self.account.book.post(wallet, asset.code, sent.amount)
        self.account.deposits.append(
            {
                "id": str(self._next_number()),
                "amount": _written(sent.amount),
                "coin": asset.code,
                "network": asset.network,
                "status": status,
                "address": sent.address,
                "addressTag": "",
                "txId": sent.txid,
                "insertTime": time_ms,
                "completeTime": time_ms + 61_000 if done else None,
                "transferType": 0,
                "confirmTimes": "15/15" if done else "3/15",
                "unlockConfirm": 12,
                "walletType": 1 if wallet == FUNDING else 0,
                "travelRuleStatus": 0,
                "sourceAddress": "",
            }
        )

    def withdraw(
        self,
        time_ms: int,
        code: str,
        amount: Decimal,
        *,
        wallet: str = SPOT,
        status: int = COMPLETED,
        address: str | None = None,
    ) -> Sent:
        """Coins leave: the amount to the address and the network fee beside it."""
        asset = BY_CODE[code]
        fee = Decimal(asset.withdraw_fee)
        sent = Sent(
            code,
            amount,
            ids.txid(self.rng, asset.network),
            address or ids.address(self.rng, asset.network),
        )
        if status == COMPLETED:
            self.account.book.post(wallet, code, -(amount + fee))
        row = {
            "id": ids.hexadecimal(self.rng, 32),
            "amount": plain_amount(amount),
            "transactionFee": plain_amount(fee),
            "coin": code,
            "status": status,
            "address": sent.address,
            "addressTag": "",
            "txId": sent.txid if status == COMPLETED else "",
            # Binance writes this one as text, in UTC, in whole seconds.
            "applyTime": f"{datetime.fromtimestamp(time_ms // 1000, UTC):%Y-%m-%d %H:%M:%S}",
            "network": asset.network,
            "transferType": 0,
            "info": "" if status == COMPLETED else "The withdrawal was cancelled by the user.",
            "confirmNo": 12 if status == COMPLETED else 0,
            "walletType": 1 if wallet == FUNDING else 0,
            "txKey": "",
        }
        if status == COMPLETED:
            done = datetime.fromtimestamp(time_ms // 1000 + 240, UTC)
            row["completeTime"] = f"{done:%Y-%m-%d %H:%M:%S}"
        self.account.withdrawals.append(row)
        return sent

    def reward(self, time_ms: int, code: str, amount: Decimal, info: str) -> None:
        """A distribution of the exchange: launch pools, staking, airdrops."""
        self.account.book.post(SPOT, code, amount)
        self.account.dividends.append(
            {
                "id": self._next_number(),
                "amount": _written(amount),
                "asset": code,
                "divTime": time_ms,
                "enInfo": info,
                "tranId": self._next_number(),
                "direction": 1,
            }
        )

    def transfer(
        self, time_ms: int, kind: str, code: str, amount: Decimal, status: str = "CONFIRMED"
    ) -> None:
        """Move between the own wallets; ``kind`` is MAIN_FUNDING or FUNDING_MAIN."""
        source, target = (SPOT, FUNDING) if kind == "MAIN_FUNDING" else (FUNDING, SPOT)
        if status == "CONFIRMED":
            self.account.book.post(source, code, -amount)
            self.account.book.post(target, code, amount)
        self.account.transfers.append(
            {
                "asset": code,
                "amount": plain_amount(amount),
                "type": kind,
                "status": status,
                "tranId": self._next_number(),
                "timestamp": time_ms,
            }
        )

    def order(self, time_ms: int, order: Order, quantities: list[Decimal]) -> None:
        """One order filled in parts; the parts mostly carry the very same millisecond."""
        market = BINANCE[order.symbol]
        self._order_id += self.rng.randint(1, 9_000)
        price = self.prices.at(market.base, market.quote, time_ms, market.price_places)
        tick = Decimal(1).scaleb(-market.price_places)
        maker = self.rng.random() < 0.4
        for part, quantity in enumerate(quantities):
            if part and not order.together and self.rng.random() < 0.1:
                time_ms += 1
            worse = tick * part * (1 if order.buy else -1)
            row = self._fill(time_ms, order, max(price + worse, tick), quantity)
            row |= {"orderId": self._order_id, "isMaker": maker}

    def _fill(self, time_ms: int, order: Order, price: Decimal, quantity: Decimal) -> Row:
        market, book = BINANCE[order.symbol], self.account.book
        with exact():
            value = down(price * quantity, 8)
        book.post(SPOT, market.base, quantity if order.buy else -quantity)
        book.post(SPOT, market.quote, -value if order.buy else value)
        fee_asset, fee = self._fee(time_ms, order, quantity, value)
        book.post(SPOT, fee_asset, -fee)
        rows = self.account.trades.setdefault(market.id, [])
        # Ids are unique within a symbol only; starting all alike makes them meet across symbols.
        previous = rows[-1]["id"] if rows else 28_000
        row: Row = {
            "symbol": market.id,
            "id": previous + self.rng.randint(1, 40),
            "orderId": 0,
            "orderListId": -1,
            "price": fixed(price, 8),
            "qty": fixed(quantity, 8),
            "quoteQty": fixed(value, 8),
            "commission": fixed(fee, 8),
            "commissionAsset": fee_asset,
            "time": time_ms,
            "isBuyer": order.buy,
            "isMaker": False,
            "isBestMatch": True,
        }
        rows.append(row)
        return row

    def _fee(
        self, time_ms: int, order: Order, quantity: Decimal, value: Decimal
    ) -> tuple[str, Decimal]:
        """In BNB if wanted and there, else out of what was received."""
        market = BINANCE[order.symbol]
        with exact():
            if order.bnb_fee:
                dollars = value * self.prices.usd(market.quote, time_ms)
                fee = down(dollars * BNB_FEE / self.prices.usd("BNB", time_ms), 8)
                if self.account.book.balance(SPOT, "BNB") > fee + 1:
                    return "BNB", fee
            received = (market.base, quantity) if order.buy else (market.quote, value)
            return received[0], down(received[1] * FEE, 8)

    def available(self, code: str, wallet: str = SPOT) -> Decimal:
        """What may be spent: the balance without what is locked in orders."""
        held = self.account.book.balance(wallet, code)
        return held - (self.account.locked.get(code, ZERO) if wallet == SPOT else ZERO)

    def _next_number(self) -> int:
        self._number += self.rng.randint(1, 5_000)
        return self._number


def _written(amount: Decimal) -> str:
    return fixed(amount, 8)


def plain_amount(amount: Decimal) -> str:
    """The wallet endpoints write amounts without trailing zeros."""
    return fixed(amount.normalize(), 0)
