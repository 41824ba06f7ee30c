"""What can happen in a Kraken account: each event writes ledger rows and moves the balances."""

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.amounts import ZERO, down, exact, fixed, near
from sandbox.assets import BY_CODE
from sandbox.generate import ids
from sandbox.generate.binance import Sent
from sandbox.generate.book import Book
from sandbox.generate.prices import Prices
from sandbox.markets import KRAKEN

Row = dict[str, Any]
TAKER, MAKER = Decimal("0.0026"), Decimal("0.0016")
REFID, FUNDS = (6, 5, 6), (7, 6, 6)
EARN_SUFFIXES = {"M", "B", "F"}
METHODS = {
    "BTC": ("Bitcoin", "Bitcoin", "0.0001"),
    "ETH": ("Ether (Hex)", "Ethereum", "0.0025"),
    "SOL": ("Solana", "Solana", "0.02"),
    "DOT": ("Polkadot", "Polkadot", "0.1"),
    "ADA": ("ADA", "Cardano", "0.8"),
    "USDT": ("Tether USD (TRC20)", "Tron", "2.5"),
    "XRP": ("Ripple XRP", "Ripple", "0.2"),
    "EUR": ("Bank Frick (SEPA)", "SEPA", "0.35"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that is listed by time; ``ticks`` are tenths of a millisecond."""

    id: str
    ticks: int
    row: Row


@dataclass(slots=True)
class KrakenAccount:
    """All that the exchange knows of one account. The book is kept by Kraken's own codes."""

    id: str
    iban: str
    book: Book = field(default_factory=Book)
    on_hold: dict[str, Decimal] = field(default_factory=dict)
    ledger: list[Entry] = field(default_factory=list)
    trades: list[Entry] = field(default_factory=list)
    deposits: list[Row] = field(default_factory=list)
    withdrawals: list[Row] = field(default_factory=list)


def wallet_and_asset(code: str) -> tuple[str, str]:
    """Where a code belongs: ``DOT28.S`` is DOT in the wallet staking."""
    base, _, suffix = code.partition(".")
    wallet = "staking" if suffix == "S" else "earn" if suffix in EARN_SUFFIXES else "spot"
    if suffix:
        # Bonded coins carry the days before the dot, ether staked for ETH2 its own name.
        base = "ETH" if base == "ETH2" else base.rstrip("0123456789")
    for asset in BY_CODE.values():
        if asset.kraken and base in (asset.kraken, asset.kraken_altname):
            return wallet, asset.code
    return wallet, base


def decimals(code: str) -> int:
    """How many decimals amounts of a code are written with."""
    return BY_CODE[wallet_and_asset(code)[1]].kraken_decimals


class KrakenLife:
    """Writes the records of one account, in the order of time."""

    def __init__(self, account: KrakenAccount, prices: Prices, seed: str) -> None:
        self.account = account
        self.prices = prices
        self.rng = random.Random(f"{seed}:{account.id}")  # noqa: S311  # nosec B311
        self._trade_id = 60_000_000 + self.rng.randrange(1_000_000)

    def deposit(self, time_ms: int, sent: Sent, *, status: str = "Success") -> None:
        """Money or coins arrive; only a success reaches the ledger."""
        code, (method, _, _) = _code(sent.asset), METHODS[sent.asset]
        refid = ids.kraken(self.rng, "Q", FUNDS)
        amount = down(sent.amount, decimals(code))
        if status == "Success":
            self._entry(self._ticks(time_ms), refid, "deposit", code, amount)
        self.account.deposits.append(
            {
                "method": method,
                "aclass": "currency",
                "asset": code,
                "refid": refid,
                "txid": sent.txid,
                "info": sent.address,
                "amount": fixed(amount, decimals(code)),
                "fee": fixed(ZERO, decimals(code)),
                "time": time_ms // 1000,
                "status": status,
            }
        )

    def withdraw(self, time_ms: int, asset: str, amount: Decimal, *, address: str = "") -> Sent:
        """Money or coins leave; the fee is beside the amount."""
        code, (method, network, fee_text) = _code(asset), METHODS[asset]
        fee, refid = Decimal(fee_text), ids.kraken(self.rng, "A", FUNDS)
        chain = BY_CODE[asset].network
        address = address or ids.address(self.rng, chain)
        sent = Sent(asset, amount, ids.txid(self.rng, chain), address)
        self._entry(self._ticks(time_ms), refid, "withdrawal", code, -amount, fee)
        row = {
            "method": method,
            "network": network,
            "aclass": "currency",
            "asset": code,
            "refid": refid,
            "txid": sent.txid,
            "info": address,
            "amount": fixed(amount, decimals(code)),
            "fee": fixed(fee, decimals(code)),
            "time": time_ms // 1000,
            "status": "Success",
            "key": f"{network} address",
        }
        self.account.withdrawals.append(row)
        return sent

    def cancel(self, time_ms: int, sent: Sent) -> None:
        """A withdrawal is called back: the ledger books amount and fee in again."""
        row = next(r for r in self.account.withdrawals if r["txid"] == sent.txid)
        fee = Decimal(row["fee"])
        ticks = self._ticks(time_ms)
        self._entry(ticks, row["refid"], "withdrawal", row["asset"], sent.amount, -fee)
        row |= {"txid": None, "status": "Failure", "status-prop": "canceled"}

    def trade(self, time_ms: int, pair: str, *, buy: bool, volume: Decimal) -> None:
        """One fill: two ledger rows that share the id of the trade; the fee is on the quote."""
        market = KRAKEN[pair]
        base, quote = _code(market.base), _code(market.quote)
        price = self.prices.at(market.base, market.quote, time_ms, market.price_places)
        maker = self.rng.random() < 0.5
        with exact():
            cost = near(price * volume, decimals(quote))
            fee = near(cost * (MAKER if maker else TAKER), decimals(quote))
        refid, ticks = ids.kraken(self.rng, "T", REFID), self._ticks(time_ms)
        out, into = (-cost, volume) if buy else (cost, -volume)
        legs = [
            self._entry(ticks, refid, "trade", base, into),
            self._entry(ticks, refid, "trade", quote, out, fee),
        ]
        self._trade_id += self.rng.randint(1, 5_000)
        row: Row = {
            "ordertxid": ids.kraken(self.rng, "O", REFID),
            "postxid": ids.kraken(self.rng, "TKH2SE", REFID),
            "pair": pair,
            "time": ticks / 10_000,
            "type": "buy" if buy else "sell",
            "ordertype": "limit" if maker else "market",
            "price": fixed(price, 5),
            "cost": fixed(cost, 5),
            "fee": fixed(fee, 5),
            "vol": fixed(volume, 8),
            "margin": fixed(ZERO, 5),
            "leverage": "0",
            "misc": "",
            "trade_id": self._trade_id,
            "maker": maker,
            "ledgers": legs,
        }
        self.account.trades.append(Entry(refid, ticks, row))

    def convert(self, time_ms: int, spend: str, amount: Decimal, receive: str) -> None:
        """An instant buy: it is in the ledger only, as spend and receive."""
        source, target = _code(spend), _code(receive)
        places = min(decimals(target), 8)
        with exact():
            fee = near(amount * Decimal("0.015"), decimals(source))
            got = down(amount / self.prices.at(receive, spend, time_ms, 12), places)
        refid, ticks = ids.kraken(self.rng, "TS", REFID), self._ticks(time_ms)
        self._entry(ticks, refid, "spend", source, -amount, fee)
        self._entry(ticks, refid, "receive", target, got)

    def stake(self, time_ms: int, code: str, staked: str, amount: Decimal) -> None:
        """Move into a staking or earn code; the two rows do not share their reference."""
        kind, out, into = _move(staked, inward=True)
        self._move_rows(time_ms, kind, (code, out), (staked, into), amount)

    def unstake(self, time_ms: int, staked: str, code: str, amount: Decimal) -> None:
        """Move back out of a staking or earn code."""
        kind, out, into = _move(staked, inward=False)
        self._move_rows(time_ms, kind, (staked, out), (code, into), amount)

    def reward(self, time_ms: int, code: str, amount: Decimal) -> None:
        """Staking and earn rewards; the younger earn kind keeps a commission as fee."""
        places = decimals(code)
        refid = ids.kraken(self.rng, "ST", REFID)
        if code.endswith(".S"):
            self._entry(self._ticks(time_ms), refid, "staking", code, down(amount, places))
            return
        with exact():
            fee = down(amount * Decimal("0.15"), places)
        self._entry(self._ticks(time_ms), refid, "earn", code, down(amount, places), fee, "reward")

    def adjust(self, time_ms: int, code: str, amount: Decimal) -> None:
        """A correction by the exchange."""
        refid = ids.kraken(self.rng, "LA", REFID)
        self._entry(self._ticks(time_ms), refid, "adjustment", code, amount)

    def move_to_futures(self, time_ms: int, asset: str, amount: Decimal) -> str:
        """Move to Kraken Futures (or, negative, back), which is another exchange; the reference."""
        refid = ids.kraken(self.rng, "FT", REFID)
        subtype = "spottofutures" if amount > 0 else "spotfromfutures"
        self._entry(self._ticks(time_ms), refid, "transfer", _code(asset), -amount, subtype=subtype)
        return refid

    def available(self, code: str) -> Decimal:
        """What may be spent of a Kraken code."""
        held = self.account.book.balance("", code)
        return held - self.account.on_hold.get(code, ZERO)

    def _move_rows(
        self,
        time_ms: int,
        kind: str,
        source: tuple[str, str],
        target: tuple[str, str],
        amount: Decimal,
    ) -> None:
        ticks = self._ticks(time_ms)
        out, into = ids.kraken(self.rng, "BU", REFID), ids.kraken(self.rng, "RU", REFID)
        self._entry(ticks, out, kind, source[0], -amount, subtype=source[1])
        self._entry(ticks, into, kind, target[0], amount, subtype=target[1])

    def _entry(
        self,
        ticks: int,
        refid: str,
        kind: str,
        code: str,
        amount: Decimal,
        fee: Decimal = ZERO,
        subtype: str = "",
    ) -> str:
        places = decimals(code)
        balance = self.account.book.post("", code, amount - fee)
        row = {
            "refid": refid,
            "time": ticks / 10_000,
            "type": kind,
            "subtype": subtype,
            "aclass": "currency",
            "asset": code,
            "amount": fixed(amount, places),
            "fee": fixed(fee, places),
            "balance": fixed(balance, places),
        }
        entry = Entry(ids.kraken(self.rng, "L", REFID), ticks, row)
        self.account.ledger.append(entry)
        return entry.id

    def _ticks(self, time_ms: int) -> int:
        return time_ms * 10 + self.rng.randrange(10)


def _code(asset: str) -> str:
    code = BY_CODE[asset].kraken
    if code is None:
        raise ValueError(f"Kraken has no {asset}")
    return code


def _move(staked: str, *, inward: bool) -> tuple[str, str, str]:
    """The type and the two subtypes of a move between spot and a staking or earn code."""
    if staked.endswith(".S"):
        if inward:
            return "transfer", "spottostaking", "stakingfromspot"
        return "transfer", "stakingtospot", "spotfromstaking"
    if staked.endswith(".F"):
        return "earn", "autoallocation", "autoallocation"
    word = "allocation" if inward else "deallocation"
    return "earn", word, word
