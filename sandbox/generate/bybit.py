"""What can happen in a Bybit account: each event writes its records and moves the balances."""

from decimal import Decimal

from sandbox.amounts import ZERO, down, exact
from sandbox.assets import BY_CODE
from sandbox.generate import ids
from sandbox.generate.bybit_records import (
    CONVERSIONS_LISTED,
    EARN,
    FUNDING,
    PLACES,
    WORD,
    Fill,
    Position,
    Row,
    Writer,
    plain,
    second,
)


class BybitLife(Writer):
    """Writes the records of one account, in the order of time."""

    # --- funding wallet ------------------------------------------------------------------------

    def deposit(self, ms: int, coin: str, amount: Decimal, status: int = 3) -> None:
        """Coins arrive from a chain; only status 3 is credited."""
        ms = second(ms)
        chain = BY_CODE[coin].network
        if status == 3:
            about = (f"{WORD}TypeDeposit", f"{WORD}TypeDeposit", "Deposit")
            self.write_funding(ms, coin, amount, about)
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
        entry = self.keep(self.account.deposits, ms, row)
        row["id"] = str(160_000_000 + entry.seq)

    def internal_deposit(self, ms: int, coin: str, amount: Decimal, status: int = 2) -> None:
        """Coins arrive from another account at Bybit; times are in seconds here."""
        ms = second(ms)
        if status == 2:
            about = (f"{WORD}TypeDeposit", f"{WORD}TypeDeposit", "Deposit")
            self.write_funding(ms, coin, amount, about)
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
        entry = self.keep(self.account.internal_deposits, ms, row)
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
        ms = second(ms)
        chain = BY_CODE[coin].network
        fee = ZERO if internal else Decimal(BY_CODE[coin].withdraw_fee)
        if status == "success":
            with exact():
                total = -(amount + fee)
            about = (f"{WORD}TypeWithdraw", f"{WORD}Withdraw", "Withdrawal")
            self.write_funding(ms, coin, total, about)
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
        entry = self.keep(self.account.withdrawals, ms, row)
        row["withdrawId"] = str(131_000_000 + entry.seq)

    def other(self, ms: int, coin: str, amount: Decimal, about: tuple[str, str, str]) -> None:
        """What only the funding wallet's log tells of: group, word, and words for people."""
        group, word, text = about
        self.write_funding(second(ms), coin, amount, (f"{WORD}{group}", f"{WORD}{word}", text))

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
                (f"{WORD}TransferIn", f"{WORD}TransferFromTradingAccount", "Transfer from")
                if outward
                else (f"{WORD}TransferOut", f"{WORD}Transfer2TradingAccount", "Transfer to")
            )
            text = f"{about[2]} Unified Trading Account"
            self.write_funding(second(ms), coin, amount if outward else -amount, (*about[:2], text))
        row = {
            "transferId": name,
            "coin": coin,
            "amount": plain(amount),
            "fromAccountType": source,
            "toAccountType": target,
            "timestamp": str(second(ms)),
            "status": status,
        }
        self.keep(self.account.transfers, second(ms), row)

    def convert(
        self, ms: int, coin: str, amount: Decimal, into: str, *, wallet: str, api: bool = False
    ) -> None:
        """Swap one coin for another at once, in either wallet."""
        with exact():
            got = down(amount / self.prices.at(into, coin, ms, 12), 10)
        name = f"{1010000000000000000 + self.rng.getrandbits(40)}"
        if wallet == FUNDING:
            for code, moved in ((coin, -amount), (into, got)):
                about = (f"{WORD}Convert", f"{WORD}Convert", "Convert")
                self.write_funding(second(ms), code, moved, about)
            account = "eb_convert_funding" if api else "funding"
        else:
            self.write_cash(ms, coin, "CURRENCY_SELL", flow=-amount, order=name)
            self.write_cash(ms, into, "CURRENCY_BUY", flow=got, order=name)
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
        self.keep(self.account.conversions, ms, row)

    def earn(
        self, ms: int, coin: str, amount: Decimal, *, wallet: str, status: str = "Success"
    ) -> None:
        """Put into savings, or take out (a negative amount), from or to either wallet."""
        ms = second(ms)
        stakes = amount > 0
        if status == "Success":
            self.account.book.post(EARN, coin, amount)
            word, text = ("Subscription", "Subscribe") if stakes else ("Redemption", "Redeem")
            if wallet == FUNDING:
                about = (
                    f"{WORD}Earn", f"{WORD}FlexSaving{word}", f"Easy Earn | Flexible {text}",
                )  # fmt: skip
                self.write_funding(ms, coin, -amount, about)
            else:
                self.write_cash(ms, coin, f"FLEXIBLE_STAKING_{word.upper()}", flow=-amount)
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
        self.keep(self.account.orders, ms, row)

    # --- unified wallet ------------------------------------------------------------------------

    def trade(self, ms: int, fill: Fill) -> None:
        """One execution of any market, and what it does to the cash."""
        places = PLACES if fill.category == "spot" else 2
        price = self.prices.at(fill.base, fill.quote, ms, places)
        row = self.execute(ms, fill, price)
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
        row = self.execute(ms, fill, price, fee=-amount, rate=rate)
        self.write_cash(ms, coin, "SETTLEMENT", funding=amount, execution=row, size=position.size)

    def cash(self, ms: int, coin: str, kind: str, amount: Decimal) -> None:
        """Interest, bonuses and the like: a log row of its own."""
        self.write_cash(ms, coin, kind, flow=amount)

    def _book_spot(self, ms: int, fill: Fill, row: Row) -> None:
        value, fee = Decimal(row["execValue"]), Decimal(row["execFee"])
        if fill.buy:
            into, out = (fill.base, fill.quantity), (fill.quote, -value)
        else:
            into, out = (fill.quote, value), (fill.base, -fill.quantity)
        self.write_cash(ms, out[0], "TRADE", flow=out[1], execution=row)
        self.write_cash(ms, into[0], "TRADE", flow=into[1], fee=fee, execution=row)

    def _book_contract(self, ms: int, fill: Fill, price: Decimal, row: Row) -> None:
        position = self.account.positions.setdefault((fill.category, fill.symbol), Position())
        signed = fill.quantity if fill.buy else -fill.quantity
        profit = _settle(position, signed, price, inverse=fill.category == "inverse")
        coin = fill.base if fill.category == "inverse" else fill.quote
        kind = {"BustTrade": "LIQUIDATION", "AdlTrade": "ADL"}.get(fill.kind, "TRADE")
        fee = Decimal(row["execFee"])
        self.write_cash(ms, coin, kind, flow=profit, fee=fee, execution=row, size=position.size)

    def _log_transfer(self, ms: int, coin: str, amount: Decimal, name: str) -> None:
        kind = "TRANSFER_IN" if amount > 0 else "TRANSFER_OUT"
        self.write_cash(ms, coin, kind, flow=amount, name=name)


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
