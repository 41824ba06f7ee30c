"""What can happen in a Kraken Futures account: each event writes rows of its log.

Every change of a balance is one row. A fill has a row for the position and one for the cash, which
share the id of the execution.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.amounts import ZERO, down, exact, near
from sandbox.generate import ids
from sandbox.generate.book import Book
from sandbox.generate.krakenfutures_contracts import Contract, kraken
from sandbox.generate.prices import Prices

Row = dict[str, Any]
TAKER, MAKER, PENALTY = Decimal("0.0005"), Decimal("0.0002"), Decimal("0.005")
MULTI, HOLDING = "multi-collateral", "holding"
PLACES = {"USD": 4, "EUR": 4, "USDT": 6}
CASH = 10  # decimals of all other balances


@dataclass(frozen=True, slots=True)
class Position:
    """Signed size (short is negative) and the average price it was entered at."""

    contract: Contract
    size: Decimal
    entry: Decimal
    since: int


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill as the history of executions keeps it."""

    ms: int
    uid: str
    order: str
    contract: Contract
    buy: bool
    size: Decimal
    price: Decimal
    fee: Decimal
    won: Decimal
    after: Decimal
    kind: str  # maker, taker or liquidation


@dataclass(slots=True)
class FuturesAccount:
    """All that the exchange knows of one account; amounts in the rows are exact decimals."""

    id: str
    uid: str
    iiban: str
    book: Book = field(default_factory=Book)
    log: list[Row] = field(default_factory=list)
    executions: list[Execution] = field(default_factory=list)
    positions: dict[str, Position] = field(default_factory=dict)


class FuturesLife:
    """Writes the records of one account, in the order of time."""

    def __init__(self, account: FuturesAccount, prices: Prices, seed: str) -> None:
        self.account = account
        self.prices = prices
        self.rng = random.Random(f"{seed}:{account.id}")  # noqa: S311  # nosec B311

    # --- cash ----------------------------------------------------------------------------------

    def from_spot(self, ms: int, code: str, amount: Decimal, reference: str) -> None:
        """Arrives from (or, negative, leaves for) Kraken's spot wallet, which has its own row.

        Coins that margin a contract on their own go by way of the holding wallet.
        """
        wallet = MULTI if code not in ("BTC", "ETH") else HOLDING
        self._cash(ms, "cross-exchange transfer", wallet, code, amount, execution=reference, fee=0)

    def margin(self, ms: int, contract: Contract, amount: Decimal) -> None:
        """Move coins from the holding wallet to a single-collateral one (or back)."""
        uid = self.uuid()
        for wallet, moved in ((HOLDING, -amount), (contract.wallet, amount)):
            self._cash(ms, "transfer", wallet, contract.base, moved, execution=uid)

    def convert(self, ms: int, code: str, amount: Decimal, into: str = "USD") -> None:
        """Collateral becomes another currency; the two rows share nothing but their moment."""
        with exact():
            price = self.prices.at(code, into, ms, 8) * Decimal("0.9995")
            got = down(amount * price, PLACES.get(into, CASH))
        spread = Decimal("0.05")
        more = {"conversion_spread_percentage": spread}
        self._cash(ms, "conversion", MULTI, code, -amount, **more)
        self._cash(ms, "conversion", MULTI, into, got, **more)

    def interest(self, ms: int, amount: Decimal) -> None:
        """Interest on losses that no dollars cover."""
        self._cash(ms, "interest payment", MULTI, "USD", -amount)

    # --- contracts -----------------------------------------------------------------------------

    def order(
        self, ms: int, contract: Contract, size: Decimal, parts: int = 1, *, maker: bool = False
    ) -> None:
        """Buy (or, negative, sell) in so many fills of one millisecond."""
        price = self.prices.at(contract.base, "USD", ms, contract.price_places)
        order = self.uuid()
        for part in _cut(size, parts, contract.size_places):
            self._fill(ms, contract, part, price, order, "maker" if maker else "taker")

    def close(self, ms: int, contract: Contract) -> None:
        """Close a position at the market; nothing happens where there is none."""
        held = self.account.positions.get(contract.symbol)
        if held:
            self.order(ms, contract, -held.size)

    def liquidate(self, ms: int, contract: Contract, *, assigned: bool = False) -> None:
        """The exchange closes a position at a loss, or hands it to a liquidity provider."""
        held = self.account.positions[contract.symbol]
        with exact():
            move = Decimal("0.94") if held.size > 0 else Decimal("1.06")
            price = near(held.entry * move, contract.price_places)
        info = "futures assignor" if assigned else "futures liquidation"
        self._fill(ms, contract, -held.size, price, self.uuid(), "liquidation", info)

    def settle(self, ms: int, contract: Contract) -> None:
        """A contract expires: paid out by rows without an execution."""
        held = self.account.positions.pop(contract.symbol, None)
        if held is None:
            return
        price = self.prices.at(contract.base, "USD", ms, contract.price_places)
        with exact():
            won = contract.won(held.size, held.entry, price)
        about = {"trade_price": price, "mark_price": price}
        self._position(ms, "settlement", held, None, None, about)
        self._settled(ms, "settlement", contract, {"realized_pnl": won, **about}, None)

    def fund(self, ms: int, contract: Contract) -> None:
        """Funding of some hours is paid or received."""
        held = self.account.positions.get(contract.symbol)
        if held is None:
            return
        price = self.prices.at(contract.base, "USD", ms, contract.price_places)
        rate = Decimal(self.rng.randint(-40, 90)).scaleb(-6)
        with exact():
            paid = contract.worth(held.size, price) * rate
            amount = -near(paid, PLACES.get(contract.settle, CASH))
        if amount:
            parts = {"realized_funding": amount, "funding_rate": rate, "mark_price": price}
            self._settled(ms, "funding rate change", contract, parts, None)

    # --- the rows ------------------------------------------------------------------------------

    def _fill(
        self,
        ms: int,
        contract: Contract,
        size: Decimal,
        price: Decimal,
        order: str,
        kind: str,
        info: str = "futures trade",
    ) -> None:
        held = self.account.positions.get(contract.symbol)
        uid, places = self.uuid(), PLACES.get(contract.settle, CASH)
        with exact():
            after = _after(ms, contract, held, size, price)
            closed = _closed(held, size)
            won = contract.won(closed, held.entry, price) if held and closed else ZERO
            worth = contract.worth(abs(size), price)
            fee = near(worth * (MAKER if kind == "maker" else TAKER), places)
            penal = kind == "liquidation" and contract.linear
            penalty = near(worth * PENALTY, places) if penal else ZERO
            funding = near(won * Decimal("0.001"), places) if closed else ZERO
        self._position(ms, info, held, after, uid, {"trade_price": price, "mark_price": price})
        parts = {
            "realized_pnl": won,
            "realized_funding": funding,
            "fee": fee,
            "liquidation_fee": penalty or None,
            "trade_price": price,
            "mark_price": price,
        }
        self._settled(ms, info, contract, parts, uid)
        left = after.size if after else ZERO
        self.account.executions.append(
            Execution(ms, uid, order, contract, size > 0, abs(size), price, fee, won, left, kind)
        )
        if after:
            self.account.positions[contract.symbol] = after
        else:
            self.account.positions.pop(contract.symbol, None)

    def _position(
        self,
        ms: int,
        info: str,
        before: Position | None,
        after: Position | None,
        execution: str | None,
        about: Row,
    ) -> None:
        """The row that tells of the position; it moves no money."""
        held = before or after
        if held is None:
            raise ValueError("a position that is neither there before nor after")
        contract = held.contract.symbol.lower()
        self._row(
            ms,
            info,
            held.contract.account,
            contract,
            (before.size if before else ZERO, after.size if after else ZERO),
            contract=contract,
            execution=execution,
            old_average_entry_price=before.entry if before else ZERO,
            new_average_entry_price=after.entry if after else ZERO,
            collateral=kraken(held.contract.settle),
            **about,
        )

    def _settled(
        self, ms: int, info: str, contract: Contract, parts: Row, execution: str | None
    ) -> None:
        """The row that moves the money: profit and funding, less fees."""
        with exact():
            amount = _sum(parts, "realized_pnl", "realized_funding")
            amount -= _sum(parts, "fee", "liquidation_fee")
            short = amount + self.account.book.balance(contract.wallet, contract.settle)
        if short < 0 and contract.linear:
            self._cover(ms, -short)
        self._cash(
            ms,
            info,
            contract.wallet,
            contract.settle,
            amount,
            contract=contract.symbol.lower(),
            execution=execution,
            collateral=kraken(contract.settle),
            **parts,
        )

    def _cover(self, ms: int, dollars: Decimal) -> None:
        """Losses that the dollars do not cover: other collateral is converted at once."""
        for code in ("USDT", "EUR"):
            with exact():
                wanted = dollars / self.prices.at(code, "USD", ms, 8) * Decimal("1.01")
            if self.account.book.balance(MULTI, code) >= wanted:
                self.convert(ms, code, near(wanted, PLACES[code]))
                return

    def _cash(
        self, ms: int, info: str, wallet: str, code: str, amount: Decimal, **more: Any
    ) -> None:
        """A row of the log that moves ``amount``."""
        after = self.account.book.post(wallet, code, amount)
        with exact():
            before = after - amount
        account = "flex" if wallet == MULTI else f"f-{kraken(code)}:usd"
        if wallet == HOLDING:
            account = kraken(code)
        self._row(ms, info, account, kraken(code), (before, after), **more)

    def _row(
        self,
        ms: int,
        info: str,
        account: str,
        asset: str,
        balances: tuple[Decimal, Decimal],
        **more: Any,
    ) -> None:
        row: Row = {
            "asset": asset,
            "contract": None,
            "booking_uid": self.uuid(),
            "collateral": None,
            "date": ms,
            "execution": None,
            "fee": None,
            "funding_rate": None,
            "id": len(self.account.log) + 1,
            "info": info,
            "margin_account": account,
            "mark_price": None,
            "new_average_entry_price": None,
            "new_balance": balances[1],
            "old_average_entry_price": None,
            "old_balance": balances[0],
            "realized_funding": None,
            "realized_pnl": None,
            "trade_price": None,
            "conversion_spread_percentage": None,
            "liquidation_fee": None,
            "position_uid": None,
        }
        self.account.log.append(row | more)

    def uuid(self) -> str:
        """A random identifier of the kind that Kraken Futures uses for everything."""
        text = ids.hexadecimal(self.rng, 32)
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _sum(parts: Row, *names: str) -> Decimal:
    return sum((parts.get(name) or ZERO for name in names), ZERO)


def _closed(held: Position | None, size: Decimal) -> Decimal:
    """How much of a position an order takes away, with the position's sign."""
    if held is None or (held.size > 0) == (size > 0):
        return ZERO
    taken = min(abs(held.size), abs(size))
    return taken if held.size > 0 else -taken


def _after(
    ms: int, contract: Contract, held: Position | None, size: Decimal, price: Decimal
) -> Position | None:
    """The position after an order: entered at the average, weighted by what was added."""
    if held is None:
        return Position(contract, size, price, ms)
    left = held.size + size
    if not left:
        return None
    if (held.size > 0) != (size > 0):
        turned = (left > 0) != (held.size > 0)
        return Position(
            contract, left, price if turned else held.entry, ms if turned else held.since
        )
    if contract.linear:
        entry = (held.entry * held.size + price * size) / left
    else:
        entry = left / (held.size / held.entry + size / price)
    return Position(contract, left, near(entry, 16), ms)


def _cut(size: Decimal, parts: int, places: int) -> Iterable[Decimal]:
    piece = down(abs(size) / parts, places)
    sign = 1 if size > 0 else -1
    for _ in range(parts - 1):
        yield sign * piece
    yield size - sign * piece * (parts - 1)
