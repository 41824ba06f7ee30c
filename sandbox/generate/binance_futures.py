"""What can happen in Binance's futures wallets: each event writes its rows and moves balances."""

import random
import time
from dataclasses import dataclass
from decimal import Decimal

from sandbox.amounts import ZERO, down, exact, fixed, near
from sandbox.generate.binance import FUNDING, SPOT, BinanceLife, Row, plain_amount
from sandbox.generate.binance_contracts import COIN_M, CONTRACTS, USD_M, Contract
from sandbox.generate.prices import DAY, YEAR

WALLETS = {"MAIN": SPOT, "FUNDING": FUNDING, "UMFUTURE": USD_M, "CMFUTURE": COIN_M}
INCOME_KEPT = 90 * DAY  # of USDT-M; counted from the anchor
TRADES_KEPT = 180 * DAY  # counted from when the life was made, so that it stays one truth
TAKER, MAKER = Decimal("0.0005"), Decimal("0.0002")
BNB_SHARE = Decimal("0.9")  # fees paid in BNB are a tenth cheaper
PLACES = 8


@dataclass(slots=True)
class Position:
    """An open position: a short one has a negative quantity."""

    contract: Contract
    side: str  # BOTH, or LONG and SHORT where both may be open at once
    quantity: Decimal = ZERO
    entry: Decimal = ZERO
    updated: int = 0


@dataclass(frozen=True, slots=True)
class Order:
    """What is bought or sold, and of which position."""

    symbol: str
    buy: bool
    side: str = "BOTH"
    maker: bool = False
    rebate: bool = False  # a maker that is paid for it


class FuturesLife:
    """Writes the records of one account's futures wallets, in the order of time."""

    def __init__(self, life: BinanceLife) -> None:
        self.life = life
        self._made = time.time_ns() // 1_000_000
        self.rng = random.Random(f"futures:{life.account.id}")  # noqa: S311  # nosec B311
        self.income: dict[str, list[Row]] = {USD_M: [], COIN_M: []}
        self.fills: dict[str, list[Row]] = {}
        self.positions: dict[tuple[str, str], Position] = {}
        self._number = 9_600_000_000_000 + self.rng.randrange(10**9)

    # --- money in and out --------------------------------------------------------------------

    def transfer(self, time_ms: int, kind: str, code: str, amount: Decimal) -> None:
        """Move between two own wallets: one row of the list, one of income, of one number."""
        source, _, target = kind.partition("_")
        number = self._next_number()
        self.life.account.book.post(WALLETS[source], code, -amount)
        for wallet, moved in ((source, -amount), (target, amount)):
            if WALLETS[wallet] in self.income:
                self._booked(time_ms, WALLETS[wallet], "TRANSFER", (code, moved), number=number)
            elif wallet == target:
                self.life.account.book.post(WALLETS[wallet], code, amount)
        self.life.account.transfers.append(
            {
                "asset": code,
                "amount": plain_amount(amount),
                "type": kind,
                "status": "CONFIRMED",
                "tranId": number,
                "timestamp": time_ms,
            }
        )

    def paid(self, time_ms: int, wallet: str, kind: str, code: str, amount: Decimal) -> None:
        """An amount of any kind that goes with no trade: a rebate, a bonus, a swap of coins."""
        self._booked(time_ms, wallet, kind, (code, amount))

    def _booked(
        self,
        time_ms: int,
        wallet: str,
        kind: str,
        amount: tuple[str, Decimal],
        about: tuple[str, str] = ("", ""),
        *,
        number: int = 0,
    ) -> None:
        code, moved = amount
        if kind != "TRANSFER" or moved > 0:
            self.life.account.book.post(wallet, code, moved)
        symbol, trade = about
        number = number or self._next_number()
        self.income[wallet].append(
            {
                "symbol": symbol,
                "incomeType": kind,
                "income": fixed(moved, 8),
                "asset": code,
                "info": trade or kind,
                "time": time_ms,
                # USDT-M writes this number bare, COIN-M in quotes.
                "tranId": number if wallet == USD_M else str(number),
                "tradeId": trade,
            }
        )

    # --- trades ------------------------------------------------------------------------------

    def order(self, time_ms: int, order: Order, quantities: list[Decimal]) -> None:
        """One order filled in parts of one millisecond."""
        number = self._next_number()
        price = CONTRACTS[order.symbol].price(self.life.prices, time_ms)
        for quantity in quantities:
            self._fill(time_ms, order, number, (quantity, price))

    def liquidate(self, time_ms: int, symbol: str, side: str = "BOTH") -> None:
        """The exchange closes a position at a loss, and takes its fee for that."""
        position = self.positions[symbol, side]
        contract, long = position.contract, position.quantity > 0
        with exact():
            worse = Decimal("0.97") if long else Decimal("1.03")
            price = near(position.entry * worse, contract.places)
            fee = down(contract.value(position.quantity.copy_abs(), price) / 200, PLACES)
        order = Order(symbol, buy=not long, side=side)
        self._fill(time_ms, order, self._next_number(), (position.quantity.copy_abs(), price))
        self._booked(
            time_ms, contract.wallet, "INSURANCE_CLEAR", (contract.settle, -fee), (symbol, "")
        )

    def funding(self, time_ms: int, wallet: str) -> None:
        """The payments of all open perpetual positions, in one millisecond."""
        for position in self.open(wallet):
            contract = position.contract
            if not contract.perpetual:
                continue
            rate = Decimal(self.rng.randint(-40, 100)).scaleb(-6)
            price = contract.price(self.life.prices, time_ms)
            with exact():
                worth = contract.value(position.quantity.copy_abs(), price)
                paid = down(worth * rate, PLACES) * (-1 if position.quantity > 0 else 1)
            if paid:
                about = (contract.id, "")
                self._booked(time_ms, wallet, "FUNDING_FEE", (contract.settle, paid), about)

    def _fill(self, time_ms: int, order: Order, number: int, deal: tuple[Decimal, Decimal]) -> None:
        contract, (quantity, price) = CONTRACTS[order.symbol], deal
        won = self._moved(time_ms, order, quantity if order.buy else -quantity, price)
        fee_asset, fee = self._fee(time_ms, order, contract.value(quantity, price))
        rows = self.fills.setdefault(order.symbol, [])
        # Ids are a sequence of each contract; starting all alike makes them meet.
        trade = str((rows[-1]["id"] if rows else 51_000_000) + self.rng.randint(1, 90))
        booked = self._next_number()  # one number for both rows, told apart by their type
        about = (contract.id, trade)
        if won:
            profit = (contract.settle, won)
            self._booked(time_ms, contract.wallet, "REALIZED_PNL", profit, about, number=booked)
        if fee:
            self._booked(
                time_ms, contract.wallet, "COMMISSION", (fee_asset, -fee), about, number=booked
            )
        rows.append(_fill_row(time_ms, order, (int(trade), number), deal, (fee_asset, fee), won))

    def _moved(self, time_ms: int, order: Order, signed: Decimal, price: Decimal) -> Decimal:
        """Change the position and answer what was won by the part that was closed."""
        contract = CONTRACTS[order.symbol]
        key = (order.symbol, order.side)
        position = self.positions.setdefault(key, Position(contract, order.side))
        held, position.updated = position.quantity, time_ms
        with exact():
            position.quantity = held + signed
            if held * signed >= 0:  # opened or added to
                total = held.copy_abs() + signed.copy_abs()
                mean = (held.copy_abs() * position.entry + signed.copy_abs() * price) / total
                position.entry = near(mean, contract.places + 4)
                return ZERO
            closed = min(held.copy_abs(), signed.copy_abs()) * (1 if held > 0 else -1)
            won = down(contract.profit(closed, position.entry, price), PLACES)
            if signed.copy_abs() > held.copy_abs():
                position.entry = price
            return won

    def _fee(self, time_ms: int, order: Order, worth: Decimal) -> tuple[str, Decimal]:
        """In BNB where the USDT-M wallet has some, else in what the contract settles in."""
        contract, book = CONTRACTS[order.symbol], self.life.account.book
        rate = MAKER if order.maker else TAKER
        with exact():
            if order.rebate:
                return contract.settle, -down(worth * Decimal("0.00005"), PLACES)
            if contract.wallet == USD_M:
                bnb = worth * rate * BNB_SHARE / self.life.prices.usd("BNB", time_ms)
                if book.balance(USD_M, "BNB") > bnb:
                    return "BNB", down(bnb, PLACES)
            return contract.settle, down(worth * rate, PLACES)

    # --- what is there -----------------------------------------------------------------------

    def open(self, wallet: str) -> list[Position]:
        """The open positions of a wallet."""
        return [p for p in self.positions.values() if p.quantity and p.contract.wallet == wallet]

    def served_income(self, wallet: str) -> list[Row]:
        """The income rows that are still kept, in the order of time."""
        rows = sorted(self.income[wallet], key=lambda row: int(row["time"]))
        if wallet == COIN_M:
            return rows
        since = self.life.prices.origin + 3 * YEAR - INCOME_KEPT
        return [row for row in rows if row["time"] >= since]

    def served_fills(self, symbol: str) -> list[Row]:
        """The trades of a contract that are still kept."""
        since = self._made - TRADES_KEPT
        return [row for row in self.fills.get(symbol, []) if row["time"] >= since]

    def available(self, code: str, wallet: str) -> Decimal:
        """What a wallet holds."""
        return self.life.account.book.balance(wallet, code)

    def _next_number(self) -> int:
        self._number += self.rng.randint(1, 5_000)
        return self._number


def _fill_row(
    time_ms: int,
    order: Order,
    numbers: tuple[int, int],
    deal: tuple[Decimal, Decimal],
    fee: tuple[str, Decimal],
    won: Decimal,
) -> Row:
    contract, (quantity, price) = CONTRACTS[order.symbol], deal
    trade, number = numbers
    row: Row = {
        "symbol": contract.id,
        "id": trade,
        "orderId": number,
        "side": "BUY" if order.buy else "SELL",
        "price": fixed(price, contract.places),
        "qty": fixed(quantity, 0),
        "realizedPnl": fixed(won, 8),
        "commission": fixed(fee[1], 8),
        "commissionAsset": fee[0],
        "time": time_ms,
        "positionSide": order.side,
        "buyer": order.buy,
        "maker": order.maker,
    }
    if contract.wallet == USD_M:
        return row | {"quoteQty": fixed(quantity * price, 2), "marginAsset": contract.settle}
    with exact():
        base = down(contract.value(quantity, price), PLACES)
    more = {"pair": contract.pair, "marginAsset": contract.settle, "baseQty": fixed(base, 8)}
    return row | more
