"""What can happen in a Bybit account: each event writes its records and moves the balances."""

import base64
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.amounts import ZERO, down, exact, fixed
from sandbox.assets import BY_CODE
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
_WORD = "fundingAccountRecord"


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


class BybitLife:
    """Writes the records of one account, in the order of time."""

    def __init__(self, account: BybitAccount, prices: Prices, seed: str) -> None:
        self.account = account
        self.prices = prices
        self.rng = random.Random(f"{seed}:{account.id}")  # noqa: S311  # nosec B311
        self._seq = 100_000 + self.rng.randrange(10_000)
        self._log_seq = 161_440_000_000 + self.rng.randrange(1_000_000)

    def available(self, coin: str, wallet: str) -> Decimal:
        """What a wallet holds of a coin."""
        return self.account.book.balance(wallet, coin)

    # --- funding wallet ------------------------------------------------------------------------

    def deposit(self, ms: int, coin: str, amount: Decimal, status: int = 3) -> None:
        """Coins arrive from a chain; only status 3 is credited."""
        ms = _second(ms)
        chain = BY_CODE[coin].network
        if status == 3:
            about = (f"{_WORD}TypeDeposit", f"{_WORD}TypeDeposit", "Deposit")
            self._funding(ms, coin, amount, about)
        row = {
            "coin": coin,
            "chain": chain,
            "amount": plain(amount),
            "txID": ids.txid(self.rng, chain),
            "status": status,
            "toAddress": ids.address(self.rng, chain),
            "tag": "",
            "depositFee": "",
            "successAt": str(ms),
            "confirmations": "50" if status == 3 else "1",
            "txIndex": "0",
            "blockHash": ids.hexadecimal(self.rng, 64),
            "batchReleaseLimit": "-1",
            "depositType": "0",
            "fromAddress": ids.address(self.rng, chain),
            "taxDepositRecordsId": "0",
            "taxStatus": 0,
        }
        entry = self._keep(self.account.deposits, ms, row)
        row["id"] = str(160_000_000 + entry.seq)

    def internal_deposit(self, ms: int, coin: str, amount: Decimal, status: int = 2) -> None:
        """Coins arrive from another account at Bybit; times are in seconds here."""
        ms = _second(ms)
        if status == 2:
            about = (f"{_WORD}TypeDeposit", f"{_WORD}TypeDeposit", "Deposit")
            self._funding(ms, coin, amount, about)
        row = {
            "amount": plain(amount),
            "type": 1,
            "coin": coin,
            "address": "xxxx***@example.org",
            "status": status,
            "createdTime": str(ms // 1000),
            "fromMemberId": "118027304",
            "txID": self.uuid(),
            "complianceStatus": 0,
            "taxDepositRecordsId": "0",
            "taxStatus": 0,
        }
        entry = self._keep(self.account.internal_deposits, ms, row)
        row["id"] = str(1_000 + entry.seq)

    def withdraw(
        self,
        ms: int,
        coin: str,
        amount: Decimal,
        status: str = "success",
        *,
        internal: bool = False,
    ) -> None:
        """Coins leave: the amount, and the network's fee in addition."""
        ms = _second(ms)
        chain = BY_CODE[coin].network
        fee = ZERO if internal else Decimal(BY_CODE[coin].withdraw_fee)
        if status == "success":
            with exact():
                total = -(amount + fee)
            about = (f"{_WORD}TypeWithdraw", f"{_WORD}Withdraw", "Withdrawal")
            self._funding(ms, coin, total, about)
        done = status == "success"
        row = {
            "coin": coin,
            "chain": "internalAddressChain" if internal else chain,
            "amount": plain(amount),
            "txID": ids.txid(self.rng, chain) if done and not internal else "",
            "status": status,
            "toAddress": "999805" if internal else ids.address(self.rng, chain),
            "tag": "",
            "withdrawFee": plain(fee),
            "createTime": str(ms),
            "updateTime": str(ms + 60_000),
            "withdrawType": 1 if internal else 0,
            "fee": "",
            "tax": "",
            "taxRate": "",
            "taxType": "",
        }
        entry = self._keep(self.account.withdrawals, ms, row)
        row["withdrawId"] = str(131_000_000 + entry.seq)

    def other(self, ms: int, coin: str, amount: Decimal, about: tuple[str, str, str]) -> None:
        """What only the funding wallet's log tells of: group, word, and words for people."""
        group, word, text = about
        self._funding(_second(ms), coin, amount, (f"{_WORD}{group}", f"{_WORD}{word}", text))

    def transfer(
        self, ms: int, coin: str, amount: Decimal, source: str, status: str = "SUCCESS"
    ) -> None:
        """Move between the funding and the unified wallet; ``source`` is Bybit's word for one."""
        target = "FUND" if source == "UNIFIED" else "UNIFIED"
        name = f"selfTransfer_{self.uuid()}"
        if status == "SUCCESS":
            outward = source == "UNIFIED"
            self._log_transfer(ms, coin, -amount if outward else amount, name)
            about = (
                (f"{_WORD}TransferIn", f"{_WORD}TransferFromTradingAccount", "Transfer from")
                if outward
                else (f"{_WORD}TransferOut", f"{_WORD}Transfer2TradingAccount", "Transfer to")
            )
            text = f"{about[2]} Unified Trading Account"
            self._funding(_second(ms), coin, amount if outward else -amount, (*about[:2], text))
        row = {
            "transferId": name,
            "coin": coin,
            "amount": plain(amount),
            "fromAccountType": source,
            "toAccountType": target,
            "timestamp": str(_second(ms)),
            "status": status,
        }
        self._keep(self.account.transfers, _second(ms), row)

    def convert(
        self, ms: int, coin: str, amount: Decimal, into: str, *, wallet: str, api: bool = False
    ) -> None:
        """Swap one coin for another at once, in either wallet."""
        with exact():
            got = down(amount / self.prices.at(into, coin, ms, 12), 10)
        name = f"{1010000000000000000 + self.rng.getrandbits(40)}"
        if wallet == FUNDING:
            for code, moved in ((coin, -amount), (into, got)):
                about = (f"{_WORD}Convert", f"{_WORD}Convert", "Convert")
                self._funding(_second(ms), code, moved, about)
            account = "eb_convert_funding" if api else "funding"
        else:
            self._cash(ms, coin, "CURRENCY_SELL", flow=-amount, order=name)
            self._cash(ms, into, "CURRENCY_BUY", flow=got, order=name)
            account, api = "eb_convert_uta", True
        if api or ms >= CONVERSIONS_LISTED:
            self._list_conversion(ms, account, name, (coin, amount, into, got))

    def failed_conversion(self, ms: int, coin: str, amount: Decimal, into: str) -> None:
        """A quote that was confirmed and came to nothing."""
        traded = (coin, amount, into, Decimal("0.5"))
        self._list_conversion(ms, "funding", f"{self.rng.getrandbits(60)}", traded, "failure")

    def _list_conversion(
        self,
        ms: int,
        account: str,
        name: str,
        traded: tuple[str, Decimal, str, Decimal],
        status: str = "success",
    ) -> None:
        coin, amount, into, got = traded
        with exact():
            rate = down(got / amount, 12)
        row = {
            "accountType": account,
            "exchangeTxId": name,
            "userId": str(self.account.uid),
            "fromCoin": coin,
            "fromCoinType": "crypto",
            "fromAmount": plain(amount),
            "toCoin": into,
            "toCoinType": "crypto",
            "toAmount": plain(got),
            "exchangeStatus": status,
            "extInfo": {},
            "convertRate": plain(rate),
            "createdAt": str(ms),
        }
        self._keep(self.account.conversions, ms, row)

    def earn(
        self, ms: int, coin: str, amount: Decimal, *, wallet: str, status: str = "Success"
    ) -> None:
        """Put into savings, or take out (a negative amount), from or to either wallet."""
        ms = _second(ms)
        stakes = amount > 0
        if status == "Success":
            self.account.book.post(EARN, coin, amount)
            word, text = ("Subscription", "Subscribe") if stakes else ("Redemption", "Redeem")
            if wallet == FUNDING:
                about = (
                    f"{_WORD}Earn", f"{_WORD}FlexSaving{word}", f"Easy Earn | Flexible {text}",
                )  # fmt: skip
                self._funding(ms, coin, -amount, about)
            else:
                self._cash(ms, coin, f"FLEXIBLE_STAKING_{word.upper()}", flow=-amount)
        row = {
            "coin": coin,
            "orderValue": plain(abs(amount)),
            "orderType": "Stake" if stakes else "Redeem",
            "orderId": self.uuid(),
            "orderLinkId": "",
            "status": status,
            "createdAt": str(ms),
            "productId": str(420 + len(coin)),
            "updatedAt": str(ms),
            "swapOrderValue": "",
            "estimateRedeemTime": "",
            "estimateStakeTime": "",
        }
        self._keep(self.account.orders, ms, row)

    # --- unified wallet ------------------------------------------------------------------------

    def trade(self, ms: int, fill: Fill) -> None:
        """One execution of any market, and what it does to the cash."""
        places = PLACES if fill.category == "spot" else 2
        price = self.prices.at(fill.base, fill.quote, ms, places)
        row = self._execute(ms, fill, price)
        if fill.category == "spot":
            self._book_spot(ms, fill, row)
        else:
            self._book_contract(ms, fill, price, row)

    def pay_funding(self, ms: int, category: str, symbol: str, base: str) -> None:
        """The funding of an open position: paid or received in its settlement coin."""
        position = self.account.positions.get((category, symbol), Position())
        if not position.size:
            return
        price, coin = self.prices.at(base, "USDT", ms, 2), "USDT"
        rate = Decimal(self.rng.randint(-80, 120)).scaleb(-6)
        with exact():
            worth = position.size * price
            if category == "inverse":
                worth, coin = position.size / price, base
            amount = down(-worth * rate, PLACES)
        buy = position.size > 0
        size = abs(position.size)
        fill = Fill(category, symbol, base, coin, buy, size, "Funding")
        row = self._execute(ms, fill, price, fee=-amount, rate=rate)
        self._cash(ms, coin, "SETTLEMENT", funding=amount, execution=row, size=position.size)

    def cash(self, ms: int, coin: str, kind: str, amount: Decimal) -> None:
        """Interest, bonuses and the like: a log row of its own."""
        self._cash(ms, coin, kind, flow=amount)

    def uuid(self) -> str:
        """A random id as Bybit writes most of them."""
        digits = ids.hexadecimal(self.rng, 32)
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    def _book_spot(self, ms: int, fill: Fill, row: Row) -> None:
        value, fee = Decimal(row["execValue"]), Decimal(row["execFee"])
        if fill.buy:
            into, out = (fill.base, fill.quantity), (fill.quote, -value)
        else:
            into, out = (fill.quote, value), (fill.base, -fill.quantity)
        self._cash(ms, out[0], "TRADE", flow=out[1], execution=row)
        self._cash(ms, into[0], "TRADE", flow=into[1], fee=fee, execution=row)

    def _book_contract(self, ms: int, fill: Fill, price: Decimal, row: Row) -> None:
        position = self.account.positions.setdefault((fill.category, fill.symbol), Position())
        signed = fill.quantity if fill.buy else -fill.quantity
        profit = _settle(position, signed, price, inverse=fill.category == "inverse")
        coin = fill.base if fill.category == "inverse" else fill.quote
        kind = {"BustTrade": "LIQUIDATION", "AdlTrade": "ADL"}.get(fill.kind, "TRADE")
        fee = Decimal(row["execFee"])
        self._cash(ms, coin, kind, flow=profit, fee=fee, execution=row, size=position.size)

    def _execute(
        self,
        ms: int,
        fill: Fill,
        price: Decimal,
        *,
        fee: Decimal | None = None,
        rate: Decimal | None = None,
    ) -> Row:
        with exact():
            value = down(
                fill.quantity / price if fill.category == "inverse" else fill.quantity * price,
                PLACES,
            )
            if fill.category == "spot":
                fee = down((fill.quantity if fill.buy else value) * SPOT_FEE, PLACES)
            elif fee is None:
                fee = down(value * TAKER_FEE, PLACES)
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
        row["seq"] = 9_000_000 + self._keep(rows, ms, row).seq
        return row

    def _execution_id(self, *, spot: bool) -> str:
        if not spot:
            return self.uuid()
        return str(2_210_000_000_000_000_000 + self.rng.getrandbits(48))

    def _cash(
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
        self._keep(self.account.log, ms, row)

    def _category(self, execution: Row) -> str:
        for category, rows in self.account.executions.items():
            if rows and rows[-1].row is execution:
                return category
        return ""

    def _log_transfer(self, ms: int, coin: str, amount: Decimal, name: str) -> None:
        kind = "TRANSFER_IN" if amount > 0 else "TRANSFER_OUT"
        self._cash(ms, coin, kind, flow=amount, name=name)

    def _funding(self, ms: int, coin: str, amount: Decimal, about: tuple[str, str, str]) -> None:
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
            "showBusiTypeEn": group.removeprefix(_WORD),
            "description": word,
            "descriptionEn": text,
        }
        entry = self._keep(self.account.funding_log, ms, row)
        token = base64.b64encode(str(5_860_000_000 + entry.seq).encode()).decode()
        row["currcCursor"] = token

    def _keep(self, entries: list[Entry], ms: int, row: Row) -> Entry:
        self._seq += self.rng.randint(1, 40)
        entry = Entry(self._seq, ms, row)
        entries.append(entry)
        return entry


def _second(ms: int) -> int:
    """Lists of the funding wallet know whole seconds only."""
    return ms // 1000 * 1000


def _settle(position: Position, signed: Decimal, price: Decimal, *, inverse: bool) -> Decimal:
    """Change a position and return the profit of what was closed."""
    with exact():
        before, after = position.size, position.size + signed
        closes = before and (before > 0) != (signed > 0)
        profit = ZERO
        if closes:
            part = min(abs(before), abs(signed)) * (1 if before > 0 else -1)
            gain = (
                part / position.price - part / price if inverse else part * (price - position.price)
            )
            profit = down(gain, PLACES)
        if not before or (before > 0) != (after > 0):
            position.price = price
        elif not closes:
            worth = position.price * before + price * signed
            position.price = down(worth / after, PLACES)
        position.size = after
    return profit


def plain(amount: Decimal) -> str:
    """Without trailing zeros."""
    return f"{amount.normalize():f}" if amount else "0"
