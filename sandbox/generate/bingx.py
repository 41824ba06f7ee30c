"""What can happen in a BingX account: each event writes its record and moves the balances."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from sandbox.amounts import down, exact, fixed
from sandbox.assets import BY_CODE
from sandbox.exchanges.bingx.markets import MARKETS
from sandbox.generate import ids
from sandbox.generate.book import Book
from sandbox.generate.prices import DAY, YEAR, Prices

Row = dict[str, Any]
SPOT, FUNDING, PERPETUAL = "spot", "funding", "perpetual"
ACCOUNTS = {FUNDING: "fund", SPOT: "spot", PERPETUAL: "USDTMPerp"}  # as transfers spell them
# Before that day one account held everything; on it the coins stayed in the one called Fund.
SPLIT_MS = int(datetime(2025, 3, 9, tzinfo=UTC).timestamp()) * 1000
HORIZON = 90 * DAY  # the perpetual account's rows are kept that long
FEE = Decimal("0.001")
SWAP_FEE = Decimal("0.0005")
COMPLETED, UNDER_REVIEW, FAILED = 6, 4, 5  # withdrawal status
CREDITED, ON_CHAIN, IN_PROGRESS = 1, 6, 0  # deposit status
NETWORKS = {"TRX": "TRC20", "ETH": "ERC20", "BSC": "BEP20"}
SINGAPORE = timezone(timedelta(hours=8))


@dataclass(slots=True)
class BingXAccount:
    """All that the exchange knows of one account; rows are kept as they are served."""

    id: str
    uid: int
    book: Book = field(default_factory=Book)
    trades: dict[str, list[Row]] = field(default_factory=dict)
    deposits: list[Row] = field(default_factory=list)
    withdrawals: list[tuple[int, Row]] = field(default_factory=list)
    transfers: list[Row] = field(default_factory=list)
    income: list[Row] = field(default_factory=list)
    fills: list[tuple[int, Row]] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)


@dataclass(slots=True)
class Position:
    """An open position of a perpetual contract, long or short."""

    symbol: str
    long: bool
    quantity: Decimal
    price: Decimal
    opened_ms: int


class BingXLife:
    """Writes the records of one account, in the order of time."""

    def __init__(self, account: BingXAccount, prices: Prices, seed: str) -> None:
        self.account = account
        self.prices = prices
        self.rng = random.Random(f"{seed}:{account.id}")  # noqa: S311  # nosec B311
        self._number = 1_170_000_000_000_000_000 + self.rng.randrange(10**15)

    @property
    def kept_since(self) -> int:
        """From when on the perpetual account's rows are served, counted from the anchor."""
        return self.prices.origin + 3 * YEAR - HORIZON

    def deposit(self, time_ms: int, code: str, amount: Decimal, *, status: int = CREDITED) -> None:
        """Coins arrive in the Fund account once they are credited."""
        asset = BY_CODE[code]
        done = status == CREDITED
        if done:
            self.account.book.post(FUNDING, code, amount)
        self.account.deposits.append(
            {
                "amount": fixed(amount, 20),
                "coin": _coin(code),
                "network": _network(code),
                "status": status,
                "address": ids.address(self.rng, asset.network),
                "addressTag": "",
                "txId": ids.txid(self.rng, asset.network),
                "insertTime": time_ms // 1000 * 1000,
                "unlockConfirm": "2/2" if done else "0/2",
                "confirmTimes": "2/2" if done else "1/2",
                "sourceAddress": "",
            }
        )

    def withdraw(
        self, time_ms: int, code: str, amount: Decimal, *, status: int = COMPLETED
    ) -> None:
        """Coins leave the Fund account: the amount, and the network fee beside it."""
        asset = BY_CODE[code]
        fee = Decimal(asset.withdraw_fee)
        done = status == COMPLETED
        if done:
            self.account.book.post(FUNDING, code, -(amount + fee))
        applied = datetime.fromtimestamp(time_ms // 1000, SINGAPORE)
        row = {
            "address": ids.address(self.rng, asset.network),
            "addressTag": "",
            "amount": fixed(amount, 20),
            "applyTime": f"{applied:%Y-%m-%dT%H:%M:%S}.000+08:00",
            "coin": _coin(code),
            "id": str(self.next_number()),
            "network": _network(code),
            "transferType": 1,
            "status": status,
            "transactionFee": fixed(fee, 20),
            "confirmNo": 2 if done else 0,
            "info": "" if done else "The address is not valid",
            "txId": ids.txid(self.rng, asset.network) if done else "",
        }
        self.account.withdrawals.append((time_ms // 1000 * 1000, row))

    def transfer(
        self,
        time_ms: int,
        way: tuple[str, str],
        code: str,
        amount: Decimal,
        status: str = "CONFIRMED",
    ) -> None:
        """Move between two own wallets; the perpetual account writes it down as income too."""
        source, target = way
        number = str(self.next_number())
        time_ms = time_ms // 1000 * 1000
        if status == "CONFIRMED":
            self.account.book.post(source, code, -amount)
            self.account.book.post(target, code, amount)
            if PERPETUAL in way:
                signed = amount if target == PERPETUAL else -amount
                self._income(time_ms, "TRANSFER", signed, ("", number, number, "Transfer"), code)
        self.account.transfers.append(
            {
                "asset": code,
                "amount": fixed(amount, 20),
                "status": status,
                "transferId": number,
                "timestamp": time_ms,
                "fromAccount": ACCOUNTS[source],
                "toAccount": ACCOUNTS[target],
            }
        )

    def order(self, time_ms: int, symbol: str, quantities: list[Decimal], *, buy: bool) -> None:
        """One spot order filled in parts, all within one second, as BingX writes times."""
        market = MARKETS[symbol]
        time_ms = time_ms // 1000 * 1000
        order_id = self.next_number()
        price = self.prices.at(market.base, market.quote, time_ms, market.price_places)
        tick = Decimal(1).scaleb(-market.price_places)
        maker = self.rng.random() < 0.4
        for part, quantity in enumerate(quantities):
            worse = tick * part * (1 if buy else -1)
            row = self._fill(time_ms, symbol, max(price + worse, tick), quantity, buy=buy)
            row |= {"orderId": order_id, "isMaker": maker}

    def _fill(
        self, time_ms: int, symbol: str, price: Decimal, quantity: Decimal, *, buy: bool
    ) -> Row:
        market, book, wallet = MARKETS[symbol], self.account.book, trading_wallet(time_ms)
        with exact():
            value = down(price * quantity, 8)
            received = quantity if buy else value
            fee = down(received * FEE, 8)
        book.post(wallet, market.base, quantity if buy else -quantity)
        book.post(wallet, market.quote, -value if buy else value)
        fee_asset = market.base if buy else market.quote
        book.post(wallet, fee_asset, -fee)
        rows = self.account.trades.setdefault(symbol, [])
        # Ids are a sequence of each pair; starting all alike makes them meet across pairs.
        previous = rows[-1]["id"] if rows else 36_000_000
        row: Row = {
            "symbol": symbol,
            "id": previous + self.rng.randint(1, 40),
            "orderId": 0,
            "price": fixed(price, 0),
            "qty": fixed(quantity, 0),
            "quoteQty": fixed(value, 0),
            "commission": -float(fee),  # a bare number, and negative where it is paid
            "commissionAsset": fee_asset,
            "time": time_ms,
            "isBuyer": buy,
            "isMaker": False,
        }
        rows.append(row)
        return row

    def open_position(
        self, time_ms: int, symbol: str, quantity: Decimal, *, long: bool
    ) -> Position:
        """Open a position: only the fee moves."""
        price = self._swap_price(time_ms, symbol)
        position = Position(symbol, long, quantity, price, time_ms)
        self.account.positions.append(position)
        number = self._swap_fill(time_ms, position, price, opening=True)
        self._swap_fee(time_ms, position, price, number, "Position opening fee")
        return position

    def close_position(self, time_ms: int, position: Position, kind: str = "REALIZED_PNL") -> None:
        """Close it: what was won or lost, and the fee; the loss is never more than is there."""
        self.account.positions.remove(position)
        price = self._swap_price(time_ms, position.symbol)
        number = self._swap_fill(time_ms, position, price, opening=False)
        with exact():
            way = 1 if position.long else -1
            won = down((price - position.price) * position.quantity * way, 4)
            floor = -self.account.book.balance(PERPETUAL, "USDT") * Decimal("0.2")
            won = max(won, down(floor, 4))
        info = "Sell to Close" if position.long else "Buy to Close"
        # One transaction writes two rows with the same number, told apart by their type.
        what = (position.symbol, number, number, info)
        self._income(time_ms, kind, won, what)
        self._swap_fee(time_ms, position, price, number, "Position closing fee")

    def funding(self, time_ms: int, position: Position) -> None:
        """The payment that holders of a position make or get every eight hours."""
        with exact():
            rate = Decimal(self.rng.randint(-6, 12)).scaleb(-5)
            paid = down(position.quantity * position.price * rate, 4)
        number = f"{self.next_number()}_{self.rng.randint(1, 9)}"
        what = (position.symbol, number, number, "Funding Fee")
        self._income(time_ms, "FUNDING_FEE", -paid if position.long else paid, what)

    def _swap_price(self, time_ms: int, symbol: str) -> Decimal:
        market = MARKETS[symbol]
        return self.prices.at(market.base, market.quote, time_ms, market.price_places)

    def _swap_fee(
        self, time_ms: int, position: Position, price: Decimal, number: str, info: str
    ) -> None:
        with exact():
            fee = down(position.quantity * price * SWAP_FEE, 4)
        self._income(time_ms, "TRADING_FEE", -fee, (position.symbol, number, number, info))

    def _swap_fill(self, time_ms: int, position: Position, price: Decimal, *, opening: bool) -> str:
        number = str(self.next_number())
        with exact():
            value = position.quantity * price
            fee = down(value * SWAP_FEE, 4)
        moment = datetime.fromtimestamp(time_ms // 1000, UTC)
        row = {
            "filledTm": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
            "volume": fixed(position.quantity, 0),
            "price": fixed(price, 0),
            "amount": fixed(value, 4),
            "commission": fixed(-fee, 4),
            "currency": "USDT",
            "orderId": str(self.next_number()),
            "tradeId": number,
            "liquidatedPrice": "",
            "liquidatedMarginRatio": "",
            # The very same figures, with a zone beside them that they are not in.
            "filledTime": f"{moment:%Y-%m-%dT%H:%M:%S}.000+0800",
            "clientOrderID": "",
            "symbol": position.symbol,
            "side": "BUY" if position.long == opening else "SELL",
            "positionSide": "LONG" if position.long else "SHORT",
            "type": "MARKET",
            "onlyOnePosition": False,
        }
        self.account.fills.append((time_ms // 1000 * 1000, row))
        return number

    def _income(
        self,
        time_ms: int,
        kind: str,
        amount: Decimal,
        what: tuple[str, str, str, str],
        code: str = "USDT",
    ) -> None:
        symbol, number, trade, info = what
        if kind != "TRANSFER":
            self.account.book.post(PERPETUAL, code, amount)
        self.account.income.append(
            {
                "symbol": symbol,
                "incomeType": kind,
                "income": fixed(amount, 4),
                "asset": code,
                "info": info,
                "time": time_ms,
                "tranId": number,
                "tradeId": trade,
            }
        )

    def available(self, code: str, wallet: str) -> Decimal:
        """What a wallet holds."""
        return self.account.book.balance(wallet, code)

    def next_number(self) -> int:
        """Numbers that rise, as BingX gives them to orders and transfers."""
        self._number += self.rng.randint(1, 10**9)
        return self._number

    def served_income(self) -> list[Row]:
        """The income rows that are still kept."""
        return [row for row in self.account.income if row["time"] >= self.kept_since]

    def served_fills(self) -> list[tuple[int, Row]]:
        """The fills that are still kept, with their times."""
        return [(ms, row) for ms, row in self.account.fills if ms >= self.kept_since]


def trading_wallet(time_ms: int) -> str:
    """Where spot trades settle: until there was a Spot account, in the one now called Fund."""
    return SPOT if time_ms >= SPLIT_MS else FUNDING


def settle(life: BingXLife) -> None:
    """Put records in the order of time."""
    account = life.account
    account.deposits.sort(key=lambda row: row["insertTime"])
    account.withdrawals.sort(key=lambda pair: pair[0])
    account.transfers.sort(key=lambda row: row["timestamp"])
    account.income.sort(key=lambda row: row["time"])
    account.fills.sort(key=lambda pair: pair[0])


def _network(code: str) -> str:
    network = BY_CODE[code].network
    return NETWORKS.get(network, network)


def _coin(code: str) -> str:
    """Some coins carry their network in the name: USDTTRC20."""
    return code + _network(code) if code == "USDT" else code
