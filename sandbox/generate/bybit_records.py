"""Bybit's records: what an account holds, and how each list's rows are written."""

import base64
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.amounts import ZERO, down, exact, fixed
from sandbox.generate import ids
from sandbox.generate.book import Book
from sandbox.generate.prices import Prices

Row = dict[str, Any]
UNIFIED, FUNDING, EARN = "unified", "funding", "earn"
WALLETS = {"UNIFIED": UNIFIED, "FUND": FUNDING}
PLACES = 8
SPOT_FEE, TAKER_FEE = Decimal("0.001"), Decimal("0.00055")
# Since this day the list of conversions holds those made on the website too.
CONVERSIONS_LISTED = 1_757_462_400_000
WORD = "fundingAccountRecord"


@dataclass(frozen=True, slots=True)
class Entry:
    """A record with its place in its list: ``seq`` rises, ``ms`` is what windows are about."""

    seq: int
    ms: int
    row: Row


@dataclass(slots=True)
class Position:
    """An open contract position: signed size and what it was opened at."""

    size: Decimal = ZERO
    price: Decimal = ZERO


@dataclass(slots=True)
class BybitAccount:
    """All that the exchange knows of one account; rows are kept as they are served."""

    id: str
    uid: int
    book: Book = field(default_factory=Book)
    log: list[Entry] = field(default_factory=list)
    funding_log: list[Entry] = field(default_factory=list)
    executions: dict[str, list[Entry]] = field(default_factory=dict)
    deposits: list[Entry] = field(default_factory=list)
    internal_deposits: list[Entry] = field(default_factory=list)
    withdrawals: list[Entry] = field(default_factory=list)
    transfers: list[Entry] = field(default_factory=list)
    conversions: list[Entry] = field(default_factory=list)
    orders: list[Entry] = field(default_factory=list)
    positions: dict[tuple[str, str], Position] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution: of what, which way, how much, and why (a word of Bybit's ``execType``)."""

    category: str
    symbol: str
    base: str
    quote: str
    buy: bool
    quantity: Decimal
    kind: str = "Trade"


class Writer:
    """Writes the rows of one account and moves its balances; ``BybitLife`` says what happens."""

    def __init__(self, account: BybitAccount, prices: Prices, seed: str) -> None:
        self.account = account
        self.prices = prices
        self.rng = random.Random(f"{seed}:{account.id}")  # noqa: S311  # nosec B311
        self._seq = 100_000 + self.rng.randrange(10_000)
        self._log_seq = 161_440_000_000 + self.rng.randrange(1_000_000)

    def available(self, coin: str, wallet: str) -> Decimal:
        """What a wallet holds of a coin."""
        return self.account.book.balance(wallet, coin)

    def uuid(self) -> str:
        """A random id as Bybit writes most of them."""
        digits = ids.hexadecimal(self.rng, 32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def execute(
        self,
        ms: int,
        fill: Fill,
        price: Decimal,
        *,
        fee: Decimal | None = None,
        rate: Decimal | None = None,
    ) -> Row:
        value, fee = _worth_and_fee(fill, price, fee)
        spot, funding = fill.category == "spot", fill.kind == "Funding"
        coin = fill.base if (spot and fill.buy) or fill.category == "inverse" else fill.quote
        plain_rate = SPOT_FEE if spot else TAKER_FEE
        row = {
            "symbol": fill.symbol,
            "orderType": "UNKNOWN" if funding else "Market",
            "underlyingPrice": "",
            "orderLinkId": "",
            "orderId": self.uuid(),
            "stopOrderType": "UNKNOWN",
            "execTime": str(ms),
            "feeCurrency": coin if spot else "",
            "feeRate": plain(plain_rate if rate is None else rate),
            "tradeIv": "",
            "blockTradeId": "",
            "markPrice": fixed(price, 2),
            "execPrice": fixed(price, 2),
            "markIv": "",
            "orderQty": "0" if funding else plain(fill.quantity),
            "orderPrice": "0" if funding else fixed(price, 2),
            "execValue": plain(value),
            "closedSize": "",
            "execType": fill.kind,
            "seq": 0,
            "side": "Buy" if fill.buy else "Sell",
            "indexPrice": "",
            "leavesQty": "0",
            "isMaker": False,
            "execFee": plain(fee),
            "execId": self._execution_id(spot=spot),
            "execQty": plain(fill.quantity),
            "extraFees": "",
        }
        rows = self.account.executions.setdefault(fill.category, [])
        row["seq"] = 9_000_000 + self.keep(rows, ms, row).seq
        return row

    def _execution_id(self, *, spot: bool) -> str:
        if not spot:
            return self.uuid()
        return str(2_210_000_000_000_000_000 + self.rng.getrandbits(48))

    def write_cash(
        self,
        ms: int,
        coin: str,
        kind: str,
        *,
        flow: Decimal = ZERO,
        fee: Decimal = ZERO,
        funding: Decimal = ZERO,
        execution: Row | None = None,
        size: Decimal = ZERO,
        order: str = "",
        name: str = "",
    ) -> None:
        """One row of the transaction log."""
        with exact():
            change = flow + funding - fee
        balance = self.account.book.post(UNIFIED, coin, change)
        told = execution or {}
        category = self._category(told)
        self._log_seq += self.rng.randint(1, 900)
        middle = told.get("symbol") or coin
        row = {
            "id": f"{self.account.uid}_{middle}_{name or self._log_seq}",
            "symbol": told.get("symbol", ""),
            "category": category,
            "side": told.get("side", "None"),
            "transactionTime": str(ms),
            "type": kind,
            "transSubType": "",
            "qty": told.get("execQty", plain(flow)) if category != "spot" else plain(flow),
            "size": plain(size),
            "currency": coin,
            "tradePrice": told.get("execPrice", "0"),
            "funding": plain(funding) if funding else "",
            "fee": plain(fee),
            "cashFlow": plain(flow),
            "change": plain(change),
            "cashBalance": plain(balance),
            "feeRate": told.get("feeRate", "0"),
            "bonusChange": "",
            "tradeId": told.get("execId", ""),
            "orderId": told.get("orderId", order),
            "orderLinkId": "",
            "extraFees": "",
        }
        self.keep(self.account.log, ms, row)

    def _category(self, execution: Row) -> str:
        for category, rows in self.account.executions.items():
            if rows and rows[-1].row is execution:
                return category
        return ""

    def write_funding(
        self, ms: int, coin: str, amount: Decimal, about: tuple[str, str, str]
    ) -> None:
        """One row of the funding wallet's log."""
        balance = self.account.book.post(FUNDING, coin, amount)
        group, word, text = about
        row = {
            "memberId": str(self.account.uid),
            "currency": coin,
            "ioDirection": "O" if amount < 0 else "I",
            "txnAmt": fixed(abs(amount), 4),
            "afterAmt": fixed(balance, 4),
            "createTime": str(ms // 1000),
            "showBusiType": group,
            "showBusiTypeEn": group.removeprefix(WORD),
            "description": word,
            "descriptionEn": text,
        }
        entry = self.keep(self.account.funding_log, ms, row)
        token = base64.b64encode(str(5_860_000_000 + entry.seq).encode()).decode()
        row["currcCursor"] = token

    def keep(self, entries: list[Entry], ms: int, row: Row) -> Entry:
        self._seq += self.rng.randint(1, 40)
        entry = Entry(self._seq, ms, row)
        entries.append(entry)
        return entry


def second(ms: int) -> int:
    """Lists of the funding wallet know whole seconds only."""
    return ms // 1000 * 1000


def plain(amount: Decimal) -> str:
    """Without trailing zeros."""
    return f"{amount.normalize():f}" if amount else "0"


def _worth_and_fee(fill: Fill, price: Decimal, fee: Decimal | None) -> tuple[Decimal, Decimal]:
    """What an execution is worth, and its fee; a fee that is given holds for contracts alone."""
    is_inverse = fill.category == "inverse"
    with exact():
        value = down(fill.quantity / price if is_inverse else fill.quantity * price, PLACES)
        if fill.category == "spot":
            return value, down((fill.quantity if fill.buy else value) * SPOT_FEE, PLACES)
        return value, down(value * TAKER_FEE, PLACES) if fee is None else fee
