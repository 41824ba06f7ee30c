"""What can happen in a Bitget account: each event writes its tax records and moves the balances.

The tax records (``/api/v2/tax/...``) are the ledger: one row for each amount of one coin. Amounts
are signed and stand before the fee, fees are negative. Rows of the spot wallet that belong to one
order share its number (``bizOrderId``); those of margin and futures have no such number.
"""

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.amounts import ZERO, down, exact, fixed, plain
from sandbox.assets import BY_CODE
from sandbox.generate import ids
from sandbox.generate.bitget_markets import COIN_M, CONTRACTS, SPOT, USDC_M, USDT_M
from sandbox.generate.book import Book
from sandbox.generate.prices import Prices

Row = dict[str, Any]
CROSSED, ISOLATED = "crossed", "isolated"
SPOT_WALLET, EARN = "spot", "earn"
MARGIN_WALLETS = {CROSSED: "cross margin", ISOLATED: "isolated margin"}
FUTURES_WALLETS = {USDT_M: "usdt-m futures", USDC_M: "usdc-m futures", COIN_M: "coin-m futures"}
FEE, CONTRACT_FEE = Decimal("0.001"), Decimal("0.0006")
_SNOWFLAKES = 1_435_725_920_000  # the moment from which Bitget's numbers count milliseconds


@dataclass(slots=True)
class Position:
    """An open contract position; it moves nothing before it is closed."""

    size: Decimal
    entry: Decimal
    opened_ms: int


@dataclass(slots=True)
class BitgetAccount:
    """All that the exchange knows of one account; rows are kept as they are served."""

    id: str
    user_id: str
    book: Book = field(default_factory=Book)
    locked: dict[str, Decimal] = field(default_factory=dict)
    loans: dict[tuple[str, str, str], Decimal] = field(default_factory=dict)
    held_by_pair: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    positions: dict[tuple[str, str], Position] = field(default_factory=dict)  # by symbol and side
    spot: list[Row] = field(default_factory=list)
    futures: dict[str, list[Row]] = field(default_factory=lambda: {p: [] for p in FUTURES_WALLETS})
    margin: dict[str, list[Row]] = field(default_factory=lambda: {m: [] for m in MARGIN_WALLETS})
    deposits: list[Row] = field(default_factory=list)
    withdrawals: list[Row] = field(default_factory=list)

    @property
    def latest(self) -> int:
        """When the last record of any ledger was written."""
        ledgers = (self.spot, *self.futures.values(), *self.margin.values())
        return max((int(rows[-1]["ts"]) for rows in ledgers if rows), default=0)


class BitgetLife:
    """Writes the records of one account, in the order of time."""

    def __init__(self, account: BitgetAccount, prices: Prices, seed: str) -> None:
        self.account = account
        self.prices = prices
        self.rng = random.Random(f"{seed}:{account.id}")  # noqa: S311  # nosec B311
        self._last = 0

    # --- spot ----------------------------------------------------------------------------------

    def deposit(self, time_ms: int, code: str, amount: Decimal, status: str = "success") -> None:
        """Coins arrive from the chain; what is still pending is listed but moves nothing."""
        order, network = self.number(time_ms), BY_CODE[code].network
        if status == "success":
            self.spot_row(time_ms, "Deposit", code, amount, order=order)
        row = self._travel(time_ms, order, code, amount, status) | {"type": "deposit"}
        row |= {"toAddress": ids.address(self.rng, network), "dest": "on_chain"}
        self.account.deposits.append(row)

    def withdraw(self, time_ms: int, code: str, amount: Decimal, status: str = "success") -> None:
        """Coins leave for the chain; the network fee is within the size of the list's row."""
        order, asset = self.number(time_ms), BY_CODE[code]
        fee = Decimal(asset.withdraw_fee)
        if status == "success":
            self.spot_row(time_ms, "Withdrawal", code, -amount, fee, order)
        row = self._travel(time_ms, order, code, amount + fee, status)
        row |= {"type": "withdraw", "fee": plain(-fee), "confirm": "12", "clientOid": ""}
        row |= {"toAddress": ids.address(self.rng, asset.network), "dest": "on_chain"}
        if status != "success":
            row["tradeId"] = ""
        self.account.withdrawals.append(row)

    def fiat(self, time_ms: int, code: str, amount: Decimal) -> None:
        """Money from a bank: it is in the ledger only."""
        self.spot_row(time_ms, "Fiat deposit", code, amount)

    def order(
        self, time_ms: int, symbol: str, parts: list[Decimal], *, buy: bool, bgb: bool = False
    ) -> None:
        """A spot order filled in parts; the fee is taken from what is received, or in BGB."""
        market, order = SPOT[symbol], self.number(time_ms)
        price = self.prices.at(market.base, market.quote, time_ms, market.price_places)
        for quantity in parts:
            with exact():
                value = down(price * quantity, 8)
            got, gave = (market.base, quantity), (market.quote, value)
            if not buy:
                got, gave = gave, got
            with exact():
                fee = down(got[1] * FEE, 8)
            self.spot_row(time_ms, "Sell", gave[0], -gave[1], order=order)
            self.spot_row(time_ms, "Buy", got[0], got[1], ZERO if bgb else fee, order)
            if bgb:
                dollars = self.prices.usd(got[0], time_ms) / self.prices.usd("BGB", time_ms)
                with exact():
                    paid = down(fee * dollars * Decimal("0.8"), 8)
                self.spot_row(time_ms, "Transaction fee deduct", "BGB", -paid, order=order)

    def convert(self, time_ms: int, spend: str, amount: Decimal, receive: str) -> None:
        """An instant swap at a quoted price."""
        order = self.number(time_ms)
        with exact():
            got = down(amount / self.prices.at(receive, spend, time_ms, 12), 8)
        self.spot_row(time_ms, "Exchange spending", spend, -amount, order=order)
        self.spot_row(time_ms, "Exchange income", receive, got, order=order)

    def pay_out(self, time_ms: int, kind: str, code: str, amount: Decimal) -> None:
        """Interest of savings, airdrops, rebates: into the spot wallet."""
        self.spot_row(time_ms, kind, code, amount)

    def subscribe(self, time_ms: int, code: str, amount: Decimal) -> None:
        """From the spot wallet into savings."""
        self.spot_row(time_ms, "Subscribe", code, -amount)
        self.account.book.post(EARN, code, amount)

    def redeem(self, time_ms: int, code: str, amount: Decimal) -> None:
        """From savings back into the spot wallet."""
        self.account.book.post(EARN, code, -amount)
        self.spot_row(time_ms, "Redemption", code, amount)

    # --- between the wallets -------------------------------------------------------------------

    def to_futures(self, time_ms: int, product: str, code: str, amount: Decimal) -> None:
        """From spot into a futures wallet; back when the amount is negative."""
        inward = amount > 0
        self.spot_row(time_ms, "Transfer out" if inward else "Transfer in", code, -amount)
        kind = "TRANSFER_IN" if inward else "TRANSFER_OUT"
        self.futures_row(time_ms, product, kind, "", code, amount)

    def to_margin(
        self, time_ms: int, mode: str, code: str, amount: Decimal, symbol: str = ""
    ) -> None:
        """From spot into a margin wallet; back when the amount is negative."""
        inward = amount > 0
        self.spot_row(time_ms, "Transfer out" if inward else "Transfer in", code, -amount)
        kind = "transfer_in" if inward else "transfer_out"
        self.margin_row(time_ms, mode, kind, symbol, code, amount)

    # --- margin --------------------------------------------------------------------------------

    def margin_order(
        self, time_ms: int, mode: str, symbol: str, quantity: Decimal, *, buy: bool
    ) -> None:
        """A margin trade: two rows of one moment."""
        market = SPOT[symbol]
        price = self.prices.at(market.base, market.quote, time_ms, market.price_places)
        with exact():
            value = down(price * quantity, 8)
        got, gave = (market.base, quantity), (market.quote, value)
        if not buy:
            got, gave = gave, got
        with exact():
            fee = down(got[1] * FEE, 8)
        self.margin_row(time_ms, mode, "deal_out", symbol, gave[0], -gave[1])
        self.margin_row(time_ms, mode, "deal_in", symbol, got[0], got[1], fee)

    def borrow(self, time_ms: int, mode: str, code: str, amount: Decimal, symbol: str = "") -> None:
        """A loan: the coins come and are owed."""
        slot = (mode, symbol, code)
        self.account.loans[slot] = self.account.loans.get(slot, ZERO) + amount
        self.margin_row(time_ms, mode, "borrow", symbol, code, amount, owed=True)

    def repay(
        self, time_ms: int, mode: str, code: str, amount: Decimal, interest: Decimal, symbol: str
    ) -> None:
        """A loan paid back, and its interest."""
        self.account.loans[mode, symbol, code] -= amount
        self.margin_row(time_ms, mode, "interest_repay", symbol, code, -interest)
        self.margin_row(time_ms, mode, "repay", symbol, code, -amount, owed=True)

    # --- futures -------------------------------------------------------------------------------

    def contract(
        self,
        time_ms: int,
        symbol: str,
        size: Decimal,
        *,
        profit: Decimal | None = None,
        side: str = "long",
    ) -> None:
        """Open a position, or close it with a profit or loss; either costs a fee."""
        traded = CONTRACTS[symbol]
        price = self.prices.at(traded.base, traded.quote, time_ms, 8)
        with exact():
            worth = size if traded.product == COIN_M else price * size
            fee = down(worth * CONTRACT_FEE, 8)
        if profit is None:
            self.account.positions[symbol, side] = Position(size, price, time_ms)
            kind = f"open_{side}"
            self.futures_row(time_ms, traded.product, kind, symbol, traded.margin, ZERO, fee)
            return
        self.account.positions.pop((symbol, side), None)
        kind = "close" if profit >= 0 or self.rng.random() < 0.9 else "burst_close"
        kind = f"{kind}_{side}"
        self.futures_row(time_ms, traded.product, kind, symbol, traded.margin, profit, fee)

    def funding(self, time_ms: int, symbol: str, amount: Decimal) -> None:
        """A funding payment, either way."""
        traded = CONTRACTS[symbol]
        kind = f"CONTRACT_MAIN_SETTLE_FEE_USER_{'IN' if amount > 0 else 'OUT'}"
        self.futures_row(time_ms, traded.product, kind, symbol, traded.margin, amount)

    # --- rows ----------------------------------------------------------------------------------

    def spot_row(
        self,
        time_ms: int,
        kind: str,
        code: str,
        amount: Decimal,
        fee: Decimal = ZERO,
        order: str = "",
    ) -> None:
        """One row of the spot ledger."""
        after = self.account.book.post(SPOT_WALLET, code, amount - fee)
        row = self._row(time_ms, amount, fee)
        row |= {"coin": code, "spotTaxType": kind, "balance": fixed(after, 8)}
        row["bizOrderId"] = order or self.number(time_ms)
        self.account.spot.append(row)

    def futures_row(
        self,
        time_ms: int,
        product: str,
        kind: str,
        symbol: str,
        code: str,
        amount: Decimal,
        fee: Decimal = ZERO,
    ) -> None:
        """One row of a futures ledger."""
        self.account.book.post(FUTURES_WALLETS[product], code, amount - fee)
        row = self._row(time_ms, amount, fee)
        row |= {"symbol": symbol, "marginCoin": code, "futureTaxType": kind}
        self.account.futures[product].append(row)

    def margin_row(
        self,
        time_ms: int,
        mode: str,
        kind: str,
        symbol: str,
        code: str,
        amount: Decimal,
        fee: Decimal = ZERO,
        *,
        owed: bool = False,
    ) -> None:
        """One row of a margin ledger; the book holds what is owned, so a loan is not in it."""
        after = self.account.book.post(MARGIN_WALLETS[mode], code, ZERO if owed else amount - fee)
        if mode == ISOLATED and not owed:
            slot = (symbol, code)
            with exact():
                change = self.account.held_by_pair.get(slot, ZERO) + amount - fee
            self.account.held_by_pair[slot] = change
        with exact():
            total = after + self.loan(mode, code)
        row = self._row(time_ms, amount, fee)
        row |= {"coin": code, "symbol": symbol, "marginTaxType": kind, "total": fixed(total, 8)}
        self.account.margin[mode].append(row)

    def loan(self, mode: str, code: str) -> Decimal:
        """What is owed of a coin in one margin wallet."""
        loans = self.account.loans.items()
        return sum((owed for (m, _, c), owed in loans if (m, c) == (mode, code)), ZERO)

    def available(self, code: str, wallet: str = SPOT_WALLET) -> Decimal:
        """What a wallet holds of a coin."""
        return self.account.book.balance(wallet, code)

    def number(self, time_ms: int) -> str:
        """A number as Bitget gives them out: they rise with time."""
        self._last = max(self._last + 1, (time_ms - _SNOWFLAKES) << 22 | self.rng.getrandbits(12))
        return str(self._last)

    def _row(self, time_ms: int, amount: Decimal, fee: Decimal) -> Row:
        return {
            "id": self.number(time_ms),
            "amount": fixed(amount, 8),
            "fee": fixed(-fee, 8) if fee else "0",
            "ts": str(time_ms),
        }

    def _travel(self, time_ms: int, order: str, code: str, size: Decimal, status: str) -> Row:
        network = BY_CODE[code].network
        return {
            "orderId": order,
            "tradeId": ids.txid(self.rng, network),
            "coin": code,
            "size": fixed(size, 8),
            "status": status,
            "chain": network,
            "fromAddress": None,
            "cTime": str(time_ms),
            "uTime": str(time_ms + 61_000),
        }
