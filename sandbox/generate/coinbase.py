"""What can happen to a Coinbase user: each event writes ledger rows and moves the balances."""

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.amounts import ZERO, down, exact, fixed, near
from sandbox.assets import BY_CODE
from sandbox.generate import ids
from sandbox.generate.book import Book
from sandbox.generate.coinbase_assets import EXPONENTS, FIAT, NETWORKS, PRODUCTS
from sandbox.generate.prices import Prices

Row = dict[str, Any]
TAKER, MAKER = Decimal("0.006"), Decimal("0.004")
APP_FEE = Decimal("0.0149")
NETWORK_FEES = {"BTC": "0.00004", "ETH": "0.00065", "SOL": "0.000025", "USDC": "1.25"}
NATIVE = "EUR"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that is listed by time; ``group`` keeps the legs of one event together."""

    id: str
    time_ms: int
    group: str
    row: Row


@dataclass(slots=True)
class Wallet:
    """One account of a person: what it holds is in the book under (kind, code)."""

    id: str
    code: str
    kind: str  # spot, vault, staking; or the name of another portfolio
    name: str
    opened_ms: int
    ledger: list[Entry] = field(default_factory=list)
    deposits: list[Entry] = field(default_factory=list)
    withdrawals: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class CoinbaseAccount:
    """All that the exchange knows of one person."""

    id: str
    portfolio: str
    user: str
    book: Book = field(default_factory=Book)
    on_hold: dict[str, Decimal] = field(default_factory=dict)
    wallets: dict[tuple[str, str], Wallet] = field(default_factory=dict)
    fills: list[Entry] = field(default_factory=list)


def timestamp(time_ms: int) -> str:
    """A moment as the older API writes it: whole seconds, UTC."""
    return f"{datetime.fromtimestamp(time_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def money(amount: Decimal, code: str) -> dict[str, str]:
    """An amount with its currency."""
    return {"amount": fixed(amount, EXPONENTS[code]), "currency": code}


class CoinbaseLife:
    """Writes the records of one person, in the order of time."""

    def __init__(self, account: CoinbaseAccount, prices: Prices, seed: str) -> None:
        self.account = account
        self.prices = prices
        self.rng = random.Random(f"{seed}:{account.id}")  # noqa: S311  # nosec B311

    def new_id(self) -> str:
        """An id as Coinbase's: a random UUID."""
        return str(uuid.UUID(int=self.rng.getrandbits(128), version=4))

    def wallet(self, code: str, kind: str = "spot", time_ms: int = 0) -> Wallet:
        """An account; it is opened when it is first needed."""
        found = self.account.wallets.get((kind, code))
        if found is None:
            name = {"vault": f"{code} Vault", "staking": f"Staked {code}"}.get(kind)
            found = Wallet(self.new_id(), code, kind, name or f"{code} Wallet", time_ms)
            self.account.wallets[kind, code] = found
        return found

    def held(self, code: str, kind: str = "spot") -> Decimal:
        """What is in an account."""
        return self.account.book.balance(kind, code)

    # --- money from and to banks ---------------------------------------------------------------

    def bank_in(self, time_ms: int, code: str, amount: Decimal, status: str = "completed") -> None:
        """A transfer from a bank; one that was cancelled never reaches the balance."""
        wallet = self.wallet(code, time_ms=time_ms)
        inner = self._bank_list(wallet.deposits, "deposit", time_ms, amount, ZERO, wallet, status)
        title = f"SEPA Transfer (reference {self._reference()})"
        self._row(
            time_ms, wallet, "fiat_deposit", amount, status, {"fiat_deposit": inner},
            {"title": "Deposited funds", "subtitle": f"From {title}"},
        )  # fmt: skip

    def bank_out(self, time_ms: int, code: str, amount: Decimal, fee: Decimal) -> None:
        """A transfer to a bank; the ledger's amount has the fee in it."""
        wallet = self.wallet(code)
        inner = self._bank_list(
            wallet.withdrawals, "withdrawal", time_ms, amount, fee, wallet, "completed"
        )
        with exact():
            total = -(amount + fee)
        self._row(
            time_ms, wallet, "fiat_withdrawal", total, "completed", {"fiat_withdrawal": inner},
            {"title": "Withdrew funds", "subtitle": "To bank account"},
        )  # fmt: skip

    def _bank_list(
        self, rows: list[Entry], word: str, time_ms: int, amount: Decimal, fee: Decimal,
        wallet: Wallet, status: str,
    ) -> Row:  # fmt: skip
        name, code = self.new_id(), wallet.code
        with exact():
            subtotal = amount + fee
        row = {
            "id": name,
            "status": status,
            "payment_method": {"id": self.new_id(), "resource": "payment_method"},
            "user_reference": self._reference(),
            "created_at": timestamp(time_ms),
            "updated_at": timestamp(time_ms),
            "resource": word,
            "resource_path": f"/v2/accounts/{wallet.id}/{word}s/{name}",
            "committed": True,
            "payout_at": timestamp(time_ms + 86_400_000),
            "instant": False,
            "fee": money(fee, code),
            "amount": money(amount, code),
            "subtotal": money(subtotal, code),
            "hold_until": None,
            "hold_days": 0,
            "next_step": None,
        }
        rows.append(Entry(name, time_ms, name, row))
        return {"id": name, "resource": f"fiat_{word}", "resource_path": row["resource_path"]}

    def _reference(self) -> str:
        return ids.hexadecimal(self.rng, 6).upper()

    # --- coins from and to elsewhere -----------------------------------------------------------

    def receive(
        self, time_ms: int, code: str, amount: Decimal, *, word: str = "send", giver: str = ""
    ) -> None:
        """Coins arrive, over a chain or from another user of Coinbase."""
        if giver:
            more: Row = {"from": {"id": self.new_id(), "name": giver, "resource": "user"}}
            more["network"] = {"status": "off_blockchain"}
        else:
            more = {"network": {**self._chain(code), "status": "confirmed"}}
        details = {"title": f"Received {code}", "subtitle": f"From {giver or 'address'}"}
        self._row(time_ms, self.wallet(code, time_ms=time_ms), word, amount, "completed", more,
                  details)  # fmt: skip

    def send(self, time_ms: int, code: str, amount: Decimal, status: str = "completed") -> None:
        """Coins leave; the ledger's amount has the network's fee in it."""
        fee = Decimal(NETWORK_FEES.get(code, "0"))
        with exact():
            total = -(amount + fee)
        more = {
            "network": {
                **self._chain(code),
                "status": "confirmed" if status == "completed" else "pending",
                "transaction_fee": money(fee, code),
                "transaction_amount": money(amount, code),
            },
            "to": {
                "resource": "address",
                "address": ids.address(self.rng, BY_CODE[code].network),
                "currency": code,
            },
            "idem": self.new_id(),
        }
        details = {"title": f"Sent {code}", "subtitle": f"To {code} address"}
        self._row(time_ms, self.wallet(code), "send", total, status, more, details)

    def _chain(self, code: str) -> Row:
        return {
            "hash": ids.txid(self.rng, BY_CODE[code].network),
            "network_name": NETWORKS.get(code, code.lower()),
        }

    # --- purchases in the app ------------------------------------------------------------------

    def buy(self, time_ms: int, code: str, total: Decimal, *, card: bool = False) -> None:
        """A purchase; paid from the euro account it has a row there too, by card it has not."""
        with exact():
            fee = near(total * APP_FEE, 2)
            amount = down((total - fee) / self._price(code, time_ms), min(EXPONENTS[code], 8))
            parts = {"fee": fee, "subtotal": total - fee, "total": total}
        method = "Visa card" if card else "EUR Wallet"
        inner = self._purchase("buy", parts, method)
        self._row(time_ms, self.wallet(code, time_ms=time_ms), "buy", amount, "completed", inner)
        if not card:
            self._row(time_ms, self.wallet(NATIVE), "buy", -total, "completed", inner)

    def sell(self, time_ms: int, code: str, amount: Decimal) -> None:
        """A sale to the euro account, which gets what is left after the fee."""
        with exact():
            subtotal = near(amount * self._price(code, time_ms), 2)
            fee = near(subtotal * APP_FEE, 2)
            parts = {"fee": fee, "subtotal": subtotal, "total": subtotal - fee}
        inner = self._purchase("sell", parts, "EUR Wallet")
        self._row(time_ms, self.wallet(code), "sell", -amount, "completed", inner)
        self._row(time_ms, self.wallet(NATIVE), "sell", parts["total"], "completed", inner)

    def _purchase(self, word: str, parts: dict[str, Decimal], method: str) -> Row:
        sums = {name: money(amount, NATIVE) for name, amount in parts.items()}
        return {word: {"id": self.new_id(), **sums, "payment_method_name": method}}

    def convert(self, time_ms: int, spend: str, amount: Decimal, receive: str) -> None:
        """One coin for another: two rows that share the id inside; the fee is within what left."""
        with exact():
            fee = near(amount * Decimal("0.01"), min(EXPONENTS[spend], 8))
            rate = self.prices.at(spend, receive, time_ms, 12)
            got = down((amount - fee) * rate, min(EXPONENTS[receive], 8))
        inner = {"trade": {"id": self.new_id(), "fee": money(fee, spend),
                           "payment_method_name": f"{spend} Wallet"}}  # fmt: skip
        self._row(time_ms, self.wallet(spend), "trade", -amount, "completed", inner)
        target = self.wallet(receive, time_ms=time_ms)
        self._row(time_ms, target, "trade", got, "completed", inner)

    # --- Advanced Trade ------------------------------------------------------------------------

    def order(self, time_ms: int, product: str, *, buy: bool, sizes: list[Decimal]) -> None:
        """An order and its fills: a row in each account per fill; the fee is beside both."""
        order_id = self.new_id()
        for number, size in enumerate(sizes):
            self._fill(time_ms + number * 750, product, buy, size, order_id)

    def _fill(self, time_ms: int, product: str, buy: bool, size: Decimal, order_id: str) -> None:  # noqa: FBT001
        pair = PRODUCTS[product]
        price = self.prices.at(pair.base, pair.quote, time_ms, pair.price_places)
        maker = self.rng.random() < 0.4
        with exact():
            cost = price * size
            fee = cost * (MAKER if maker else TAKER)
            fiat = near(cost * self.prices.at(pair.quote, NATIVE, time_ms, 8), 2)
        told = {
            "commission": f"{fee:f}",
            "fill_price": f"{price:f}",
            "order_id": order_id,
            "order_side": "buy" if buy else "sell",
            "product_id": product,
        }
        base = self.wallet(pair.base, time_ms=time_ms)
        quote = self.wallet(pair.quote, time_ms=time_ms)
        with exact():
            into, out = (size, -cost) if buy else (-size, cost)
        self._row(time_ms, quote, "advanced_trade_fill", out, "completed",
                  {"advanced_trade_fill": told}, native=fiat if out > 0 else -fiat)  # fmt: skip
        self._row(time_ms, base, "advanced_trade_fill", into, "completed",
                  {"advanced_trade_fill": told}, native=fiat if into > 0 else -fiat)  # fmt: skip
        self.account.book.post("spot", pair.quote, -fee)
        self._fill_entry(time_ms, told, price, size, maker)

    def _fill_entry(
        self,
        time_ms: int,
        told: Row,
        price: Decimal,
        size: Decimal,
        maker: bool,  # noqa: FBT001
    ) -> None:
        nanoseconds = time_ms % 1000 * 1_000_000 + self.rng.randrange(1_000_000)
        moment = f"{timestamp(time_ms)[:-1]}.{nanoseconds:09d}Z"
        row = {
            "entry_id": ids.hexadecimal(self.rng, 64),
            "trade_id": self.new_id(),
            "order_id": told["order_id"],
            "trade_time": moment,
            "trade_type": "FILL",
            "price": f"{price:f}",
            "size": f"{size:f}",
            "commission": told["commission"],
            "product_id": told["product_id"],
            "sequence_timestamp": moment,
            "liquidity_indicator": "MAKER" if maker else "TAKER",
            "size_in_quote": False,
            "user_id": self.account.user,
            "side": told["order_side"].upper(),
            "retail_portfolio_id": self.account.portfolio,
        }
        self.account.fills.append(Entry(row["entry_id"], time_ms, told["order_id"], row))

    # --- moves, rewards, the rest --------------------------------------------------------------

    def move(
        self, time_ms: int, code: str, amount: Decimal, ends: tuple[str, str], word: str
    ) -> None:
        """Between two accounts of the person: a row in each, which do not name each other."""
        source, target = (self.wallet(code, kind, time_ms) for kind in ends)
        self._row(time_ms, source, word, -amount, "completed", {})
        self._row(time_ms, target, word, amount, "completed", {})

    def single(
        self, time_ms: int, code: str, amount: Decimal, word: str, kind: str = "spot"
    ) -> None:
        """A row without a counterpart: a reward, interest, a subscription, dust swept away."""
        details = {"title": word.replace("_", " ").capitalize(), "subtitle": None}
        wallet = self.wallet(code, kind, time_ms)
        self._row(time_ms, wallet, word, amount, "completed", {}, details)

    def _price(self, code: str, time_ms: int) -> Decimal:
        return self.prices.at(code, NATIVE, time_ms, 8)

    def _row(
        self, time_ms: int, wallet: Wallet, word: str, amount: Decimal, status: str, more: Row,
        details: Row | None = None, native: Decimal | None = None,
    ) -> None:  # fmt: skip
        if status == "completed":
            self.account.book.post(wallet.kind, wallet.code, amount)
        name, code = self.new_id(), wallet.code
        with exact():
            worth = near(amount * self._price(code, time_ms), 2) if native is None else native
        row = {
            "id": name,
            "type": word,
            "status": status,
            "amount": money(amount, code),
            "native_amount": money(worth, NATIVE),
            "description": None,
            "created_at": timestamp(time_ms),
            "resource": "transaction",
            "resource_path": f"/v2/accounts/{wallet.id}/transactions/{name}",
            **more,
            **({"details": details} if details else {}),
        }
        inner = more.get(word, {})
        group = inner.get("id") or inner.get("order_id") or name
        wallet.ledger.append(Entry(name, time_ms, group, row))


def is_fiat(code: str) -> bool:
    """Whether a currency is a state's."""
    return code in FIAT
