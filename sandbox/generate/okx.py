"""What can happen in an OKX account: each event writes bills and moves the balances."""

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.amounts import ZERO, down, exact, plain
from sandbox.assets import BY_CODE
from sandbox.generate import ids
from sandbox.generate.binance import Sent
from sandbox.generate.book import Book
from sandbox.generate.okx_markets import SPOT, chain
from sandbox.generate.prices import Prices

Row = dict[str, Any]
TRADING, FUNDING, EARN = "trading", "funding", "earn"
CODES = {FUNDING: "6", TRADING: "18"}
TAKER, MAKER = Decimal("0.001"), Decimal("0.0008")
FILL_PLACES = 12
CREDITED = ("1", "2")  # deposit states; other ones move nothing
CANCELLED = ("-2", "-1")  # withdrawal states that give back what went out
_EPOCH = 1_546_300_800_000  # ids count milliseconds from the first of January 2019


@dataclass(slots=True)
class OkxAccount:
    """All that the exchange knows of one account; rows are kept as they are served."""

    id: str
    uid: str
    book: Book = field(default_factory=Book)
    frozen: dict[str, Decimal] = field(default_factory=dict)
    bills: list[Row] = field(default_factory=list)
    asset_bills: list[Row] = field(default_factory=list)
    fills: list[Row] = field(default_factory=list)
    deposits: list[Row] = field(default_factory=list)
    withdrawals: list[Row] = field(default_factory=list)
    lendings: list[Row] = field(default_factory=list)
    converts: list[Row] = field(default_factory=list)
    dusts: list[Row] = field(default_factory=list)
    # Contracts held (short ones negative) and the price they were opened at.
    positions: dict[str, tuple[int, Decimal]] = field(default_factory=dict)


class OkxLife:
    """Writes the records of one account, in the order of time."""

    def __init__(self, account: OkxAccount, prices: Prices, seed: str) -> None:
        self.account = account
        self.prices = prices
        self.rng = random.Random(f"{seed}:{account.id}")  # noqa: S311  # nosec B311
        self._bills = 0
        self._trade = 500_000_000 + self.rng.randrange(1_000_000)
        self._number = 88_000_000 + self.rng.randrange(1_000_000)

    # --- the funding account -------------------------------------------------------------------

    def deposit(self, time_ms: int, sent: Sent, *, state: str = "2") -> None:
        """Coins arrive; a state that is not credited is served but moves nothing."""
        if state in CREDITED:
            self._asset_bill(time_ms, sent.asset, sent.amount, "1")
        self.account.deposits.append(
            {
                "actualDepBlkConfirm": "15" if state in CREDITED else "1",
                "amt": plain(sent.amount),
                "areaCodeFrom": "",
                "ccy": sent.asset,
                "chain": chain(sent.asset),
                "depId": self._next_number(),
                "from": "",
                "fromWdId": "",
                "state": state,
                "to": sent.address,
                "ts": str(time_ms),
                "txId": sent.txid,
            }
        )

    def withdraw(self, time_ms: int, code: str, amount: Decimal, *, state: str = "2") -> Sent:
        """Coins leave, the fee beside them; a cancelled withdrawal brings both back."""
        network, fee = BY_CODE[code].network, Decimal(BY_CODE[code].withdraw_fee)
        sent = Sent(code, amount, ids.txid(self.rng, network), ids.address(self.rng, network))
        self._asset_bill(time_ms, code, -(amount + fee), "2")
        if state in CANCELLED:
            self._asset_bill(time_ms + 1, code, amount + fee, "13")
        self.account.withdrawals.append(
            {
                "addrEx": None,
                "amt": plain(amount),
                "areaCodeFrom": "",
                "areaCodeTo": "",
                "ccy": code,
                "chain": chain(code),
                "clientId": "",
                "fee": plain(fee),
                "feeCcy": code,
                "from": "someone@example.org",
                "nonTradableAsset": False,
                "note": "",
                "state": state,
                "to": sent.address,
                "toAddrType": "1",
                "ts": str(time_ms),
                "txId": "" if state in CANCELLED else sent.txid,
                "wdId": self._next_number(),
            }
        )
        return sent

    def reward(self, time_ms: int, code: str, amount: Decimal, kind: str) -> None:
        """Commissions (150), event rewards (48), airdrops (229) and their like."""
        self._asset_bill(time_ms, code, amount, kind)

    def move(self, time_ms: int, code: str, amount: Decimal, *, to: str) -> None:
        """Between the funding and the trading account; both ledgers have a row of it."""
        into = to == TRADING
        source, target = (FUNDING, TRADING) if into else (TRADING, FUNDING)
        self._asset_bill(time_ms, code, -amount if into else amount, "131" if into else "130")
        more = {"from": CODES[source], "to": CODES[target]}
        more["notes"] = "From Funding Account" if into else "To Funding Account"
        self.bill(time_ms, code, amount if into else -amount, "1", "11" if into else "12", **more)

    def lend(self, time_ms: int, code: str, amount: Decimal) -> None:
        """Subscribe to simple earn (a negative amount redeems)."""
        self._asset_bill(time_ms, code, -amount, "75" if amount > 0 else "76")
        self.account.book.post(EARN, code, amount)

    def earn(self, time_ms: int, code: str, rate: Decimal) -> None:
        """One hour's interest on what is lent, added to it."""
        lent = self.account.book.balance(EARN, code)
        with exact():
            earned = down(lent * rate / 8_760, 16)
        if not earned:
            return
        self.account.book.post(EARN, code, earned)
        self.account.lendings.append(
            {
                "amt": plain(lent),
                "ccy": code,
                "earnings": plain(earned),
                "rate": plain(rate),
                "ts": str(time_ms),
            }
        )

    def _asset_bill(self, time_ms: int, code: str, amount: Decimal, kind: str) -> None:
        balance = self.account.book.post(FUNDING, code, amount)
        self.account.asset_bills.append(
            {
                "bal": plain(balance),
                "balChg": plain(amount),
                "billId": self._bill_id(time_ms),
                "ccy": code,
                "clientId": "",
                "notes": "",
                "ts": str(time_ms),
                "type": kind,
            }
        )

    # --- the trading account -------------------------------------------------------------------

    def spot(
        self, time_ms: int, pair: str, *, buy: bool, parts: list[Decimal], kind: str = "SPOT"
    ) -> None:
        """One order filled in parts within one millisecond: two bills and a fill for each."""
        market = SPOT[pair]
        price = self.prices.at(market.base, market.quote, time_ms, market.price_places)
        order, maker = self._bill_id(time_ms), self.rng.random() < 0.4
        for quantity in parts:
            self._fill(time_ms, pair, kind, order, (price, quantity), buy=buy, maker=maker)

    def _fill(
        self,
        time_ms: int,
        pair: str,
        kind: str,
        order: str,
        deal: tuple[Decimal, Decimal],
        *,
        buy: bool,
        maker: bool,
    ) -> None:
        market, (price, quantity) = SPOT[pair], deal
        with exact():
            cost = price * quantity
            received = quantity if buy else cost
            fee = -down(received * (MAKER if maker else TAKER), FILL_PLACES)
        common = self.traded(time_ms, pair, kind, order, price, maker=maker)
        sub = "1" if buy else "2"
        base, quote = (quantity, -cost) if buy else (-quantity, cost)
        base_fee, quote_fee = (fee, ZERO) if buy else (ZERO, fee)
        for code, amount, taken in (
            (market.base, base, base_fee),
            (market.quote, quote, quote_fee),
        ):
            more = common | {"fee": plain(taken), "sz": plain(abs(amount))}
            with exact():
                changed = amount + taken
            bill = self.bill(time_ms, code, changed, "2", sub, **more)
        side = {"side": "buy" if buy else "sell", "feeCcy": market.base if buy else market.quote}
        self.fill(time_ms, bill, quantity, fee, **side)

    def traded(
        self, time_ms: int, name: str, kind: str, order: str, price: Decimal, *, maker: bool
    ) -> Row:
        """The fields that the bills of one trade share."""
        self._trade += self.rng.randint(1, 900)
        return {
            "instId": name,
            "instType": kind,
            "mgnMode": "cash" if kind == "SPOT" else "cross",
            "ordId": order,
            "tradeId": str(self._trade),
            "px": plain(price),
            "execType": "M" if maker else "T",
            "fillTime": str(time_ms - 1),
        }

    def fill(self, time_ms: int, bill: Row, size: Decimal, fee: Decimal, **more: str) -> None:
        """The trade that a bill belongs to, as the list of fills shows it."""
        self.account.fills.append(
            {
                "billId": bill["billId"],
                "clOrdId": "",
                "execType": bill["execType"],
                "fee": plain(fee),
                "feeCcy": bill["ccy"],
                "fillFwdPx": "",
                "fillIdxPx": bill["px"],
                "fillMarkPx": "",
                "fillMarkVol": "",
                "fillPnl": bill["pnl"],
                "fillPx": bill["px"],
                "fillPxUsd": "",
                "fillPxVol": "",
                "fillSz": plain(size),
                "fillTime": str(time_ms - 1),
                "instId": bill["instId"],
                "instType": bill["instType"],
                "ordId": bill["ordId"],
                "posSide": "net",
                "side": "buy",
                "subType": bill["subType"],
                "tag": "",
                "tradeId": bill["tradeId"],
                "ts": str(time_ms),
            }
            | more
        )

    def convert(self, time_ms: int, source: str, amount: Decimal, target: str, wallet: str) -> None:
        """A conversion, out of the trading or the funding account; its time is in seconds."""
        with exact():
            price = self.prices.at(target, source, time_ms, 8)
            got = down(amount / price, 8)
        if wallet == TRADING:
            self.bill(time_ms, source, -amount, "27", "319")
            self.bill(time_ms, target, got, "27", "318")
        else:
            self._asset_bill(time_ms, source, -amount, "273")
            self._asset_bill(time_ms, target, got, "272")
        self.account.converts.append(
            {
                "baseCcy": target,
                "clTReqId": "",
                "fillBaseSz": plain(got),
                "fillPx": plain(price),
                "fillQuoteSz": plain(amount),
                "instId": f"{target}-{source}",
                "quoteCcy": source,
                "side": "buy",
                "state": "fullyFilled",
                "tradeId": f"trader{time_ms}{self._next_number()}",
                "ts": str(time_ms // 1000 * 1000),
            }
        )

    def easy_convert(self, time_ms: int, codes: tuple[str, ...], target: str) -> None:
        """All that is left of some coins in the trading account becomes another coin."""
        for code in codes:
            amount = self.account.book.balance(TRADING, code)
            with exact():
                got = down(amount * self.prices.at(code, target, time_ms, 12), 16)
            self.bill(time_ms, code, -amount, "28", "237")
            self.bill(time_ms, target, got, "28", "236")
            self.account.dusts.append(
                {
                    "acct": CODES[TRADING],
                    "fillFromSz": plain(amount),
                    "fillToSz": plain(got),
                    "fromCcy": code,
                    "status": "filled",
                    "toCcy": target,
                    "uTime": str(time_ms),
                }
            )

    def bill(
        self, time_ms: int, code: str, amount: Decimal, kind: str, sub: str, **more: str
    ) -> Row:
        """One change of the trading account."""
        balance = self.account.book.post(TRADING, code, amount)
        row: Row = {
            "bal": plain(balance),
            "balChg": plain(amount),
            "billId": self._bill_id(time_ms),
            "ccy": code,
            "clOrdId": "",
            "earnAmt": "",
            "earnApr": "",
            "execType": "",
            "fee": "0",
            "fillFwdPx": "",
            "fillIdxPx": "",
            "fillMarkPx": "",
            "fillMarkVol": "",
            "fillPxUsd": "",
            "fillPxVol": "",
            "fillTime": "",
            "from": "",
            "instId": "",
            "instType": "",
            "interest": "0",
            "mgnMode": "",
            "notes": "",
            "ordId": "",
            "pnl": "0",
            "posBal": "0",
            "posBalChg": "0",
            "px": "",
            "subType": sub,
            "sz": plain(abs(amount)),
            "tag": "",
            "to": "",
            "tradeId": "",
            "ts": str(time_ms),
            "type": kind,
            **more,
        }
        self.account.bills.append(row)
        return row

    def available(self, code: str, wallet: str = TRADING) -> Decimal:
        """What may be spent: the balance without what is locked in orders."""
        held = self.account.book.balance(wallet, code)
        return held - (self.account.frozen.get(code, ZERO) if wallet == TRADING else ZERO)

    def _bill_id(self, time_ms: int) -> str:
        """Unique, and rising with time: milliseconds in front, a count behind."""
        self._bills += 1
        return str(((time_ms - _EPOCH) << 22) | self._bills)

    def _next_number(self) -> str:
        self._number += self.rng.randint(1, 5_000)
        return str(self._number)
