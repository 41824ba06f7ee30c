"""Cross and isolated margin of a Binance account: loans, interest, trades, what is owed."""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sandbox.amounts import ZERO, down, exact, fixed
from sandbox.generate.book import Book
from sandbox.markets import BINANCE

if TYPE_CHECKING:
    from sandbox.generate.binance import BinanceLife

Row = dict[str, Any]
Held = dict[str, dict[str, Decimal]]
CROSS_WALLET, ISOLATED_WALLET = "cross margin", "isolated margin"
CROSS = "cross"  # a place; every other place is the name of an isolated pair
FEE = Decimal("0.001")
HOUR = 3_600_000


def _lists() -> defaultdict[str, list[Row]]:
    return defaultdict(list)


@dataclass(slots=True)
class MarginRecords:
    """What was borrowed, charged and done in margin, by place; rows are kept as served.

    ``owed`` and ``unpaid`` are debts (principal, interest), never negative.
    """

    places: list[str] = field(default_factory=list)  # the accounts that were opened
    owed: Book = field(default_factory=Book)
    unpaid: Book = field(default_factory=Book)
    trades: dict[tuple[str, str], list[Row]] = field(default_factory=dict)
    loans: defaultdict[str, list[Row]] = field(default_factory=_lists)
    repayments: defaultdict[str, list[Row]] = field(default_factory=_lists)
    charges: defaultdict[str, list[Row]] = field(default_factory=_lists)
    transfers: defaultdict[str, list[Row]] = field(default_factory=_lists)
    liquidations: defaultdict[str, list[Row]] = field(default_factory=_lists)

    def counts(self) -> dict[str, int]:
        """How many records of each kind are served."""

        def number(*lists: dict[Any, list[Row]]) -> int:
            return sum(len(rows) for by_place in lists for rows in by_place.values())

        return {
            "trades": number(self.trades),
            "ledger": number(self.loans, self.repayments),
            "interest": number(self.charges),
            "transfers": number(self.transfers),
            "liquidations": number(self.liquidations),
        }

    def net(self, held: Held) -> Held:
        """Balances of margin: what is there less what is owed, isolated pairs together."""
        sums: defaultdict[str, defaultdict[str, Decimal]] = defaultdict(
            lambda: defaultdict(Decimal)
        )
        with exact():
            for place, sign, book in (
                *((p, 1, {p: held.get(wallet_of(p), {})}) for p in self.places),
                *((p, -1, self.owed.held()) for p in self.places),
                *((p, -1, self.unpaid.held()) for p in self.places),
            ):
                wallet = CROSS_WALLET if place == CROSS else ISOLATED_WALLET
                for asset, quantity in book.get(place, {}).items():
                    sums[wallet][asset] += sign * quantity
        return {w: {a: q for a, q in rows.items() if q} for w, rows in sums.items()}


def wallet_of(place: str) -> str:
    """The name of a place in the account's book."""
    return f"margin:{place}"


class MarginLife:
    """Writes the margin records of one account, in the order of time."""

    def __init__(self, life: "BinanceLife", seed: str) -> None:
        self.life = life
        self.records = life.account.margin
        # A source of chance of its own: what happens here changes nothing elsewhere.
        self.rng = random.Random(f"{seed}:{life.account.id}:margin")  # noqa: S311  # nosec B311
        self._number = 90_000_000_000

    def open(self, place: str) -> None:
        """Open the cross account or that of a pair."""
        if place not in self.records.places:
            self.records.places.append(place)

    def move(self, time_ms: int, place: str, asset: str, amount: Decimal, *, into: bool) -> None:
        """Between the spot wallet and a margin account."""
        book = self.life.account.book
        source, target = ("spot", wallet_of(place)) if into else (wallet_of(place), "spot")
        book.post(source, asset, -amount)
        book.post(target, asset, amount)
        own = "CROSS_MARGIN" if place == CROSS else "ISOLATED_MARGIN"
        row = self._transfer(time_ms, asset, amount, into=into)
        row |= {"transFrom": "SPOT" if into else own, "transTo": own if into else "SPOT"}
        if place != CROSS:
            row["toSymbol" if into else "fromSymbol"] = place
        self.records.transfers[place].append(row)

    def shift(self, time_ms: int, source: str, target: str, asset: str, amount: Decimal) -> None:
        """From the cross account to a pair's or back; both of them list it."""
        book = self.life.account.book
        book.post(wallet_of(source), asset, -amount)
        book.post(wallet_of(target), asset, amount)
        row = self._transfer(time_ms, asset, amount, into=False)
        row |= {
            "transFrom": "CROSS_MARGIN" if source == CROSS else "ISOLATED_MARGIN",
            "transTo": "CROSS_MARGIN" if target == CROSS else "ISOLATED_MARGIN",
        }
        row["toSymbol" if source == CROSS else "fromSymbol"] = target if source == CROSS else source
        self.records.transfers[source].append(row)
        self.records.transfers[target].append(row | {"type": "ROLL_IN"})

    def fail_to_move(self, time_ms: int, place: str, asset: str, amount: Decimal) -> None:
        """A transfer that was refused: listed, and nothing moved."""
        row = self._transfer(time_ms, asset, amount, into=False)
        row |= {"status": "FAILED", "transFrom": "CROSS_MARGIN", "transTo": "SPOT"}
        self.records.transfers[place].append(row)

    def borrow(self, time_ms: int, place: str, asset: str, amount: Decimal) -> None:
        """Take a loan; the first hour's interest is charged at once."""
        self.life.account.book.post(wallet_of(place), asset, amount)
        self.records.owed.post(place, asset, amount)
        self.records.loans[place].append(
            self._loan(time_ms, place, asset, amount, ZERO) | {"type": "MANUAL"}
        )
        self.charge(time_ms + 1, place, asset, kind="ON_BORROW")

    def charge(
        self, time_ms: int, place: str, asset: str, *, kind: str = "PERIODIC", in_bnb: bool = False
    ) -> None:
        """Charge an hour's interest, in the coin itself or in BNB."""
        principal = self.records.owed.balance(place, asset)
        if not principal:
            return
        paid_in = "BNB" if in_bnb else asset
        with exact():
            amount = principal * Decimal("0.0000046")
            if in_bnb:
                price = self.life.prices.usd("BNB", time_ms)
                amount = amount * self.life.prices.usd(asset, time_ms) / price
        amount = max(down(amount, 8), Decimal("0.00000001"))
        self.records.unpaid.post(place, paid_in, amount)
        row = {
            "txId": self._next_number(),
            "interestAccuredTime": time_ms,
            "asset": paid_in,
            "rawAsset": asset,
            "principal": fixed(principal, 8),
            "interest": fixed(amount, 8),
            "interestRate": "0.00011040",
            "type": f"{kind}_CONVERTED" if in_bnb else kind,
        }
        if place != CROSS:
            row["isolatedSymbol"] = place
            del row["rawAsset"]
        self.records.charges[place].append(row)

    def repay(self, time_ms: int, place: str, asset: str, *, kind: str = "MANUAL") -> None:
        """Pay back all that is owed of a coin, interest first."""
        owed = self.records.owed.balance(place, asset)
        unpaid = self.records.unpaid.balance(place, asset)
        with exact():
            whole = owed + unpaid
        if not whole:
            return
        self.life.account.book.post(wallet_of(place), asset, -whole)
        self.records.owed.post(place, asset, -owed)
        self.records.unpaid.post(place, asset, -unpaid)
        row = self._loan(time_ms, place, asset, owed, unpaid)
        self.records.repayments[place].append(row | {"type": kind})

    def trade(
        self, time_ms: int, place: str, symbol: str, quantities: list[Decimal], *, buy: bool
    ) -> int:
        """One order filled in parts within one millisecond; answers the order's number."""
        market = BINANCE[symbol]
        order = self._next_number()
        price = self.life.prices.at(market.base, market.quote, time_ms, market.price_places)
        for quantity in quantities:
            self._fill(time_ms, place, order, price, quantity, symbol, buy=buy)
        return order

    def _fill(
        self,
        time_ms: int,
        place: str,
        order: int,
        price: Decimal,
        quantity: Decimal,
        symbol: str,
        *,
        buy: bool,
    ) -> None:
        market, book, wallet = BINANCE[symbol], self.life.account.book, wallet_of(place)
        with exact():
            value = price * quantity
        received = (market.base, quantity) if buy else (market.quote, value)
        with exact():
            fee = down(received[1] * FEE, 8)
        book.post(wallet, market.base if not buy else market.quote, -(value if buy else quantity))
        book.post(wallet, received[0], received[1])
        book.post(wallet, received[0], -fee)
        rows = self.records.trades.setdefault((place, symbol), [])
        previous = rows[-1]["id"] if rows else 5_000
        rows.append(
            {
                "symbol": symbol,
                "id": previous + self.rng.randint(1, 9),
                "orderId": order,
                "price": fixed(price, 8),
                "qty": fixed(quantity, 8),
                "commission": fixed(fee, 8),
                "commissionAsset": received[0],
                "time": time_ms,
                "isBuyer": buy,
                "isMaker": False,
                "isBestMatch": True,
                "isIsolated": place != CROSS,
            }
        )

    def liquidate(self, time_ms: int, place: str, symbol: str, quantity: Decimal) -> None:
        """Binance sells what is there to have its loan back; the order's fills are trades."""
        order = self.trade(time_ms, place, symbol, [quantity], buy=False)
        market = BINANCE[symbol]
        price = self.life.prices.at(market.base, market.quote, time_ms, market.price_places)
        self.records.liquidations[place].append(
            {
                "avgPrice": fixed(price, 8),
                "executedQty": fixed(quantity, 8),
                "orderId": order,
                "price": fixed(price, 8),
                "qty": fixed(quantity, 8),
                "side": "SELL",
                "symbol": symbol,
                "timeInForce": "GTC",
                "isIsolated": place != CROSS,
                "updatedTime": time_ms,
            }
        )

    def _transfer(self, time_ms: int, asset: str, amount: Decimal, *, into: bool) -> Row:
        return {
            "amount": fixed(amount, 8),
            "asset": asset,
            "status": "CONFIRMED",
            "timestamp": time_ms,
            "txId": self._next_number(),
            "type": "ROLL_IN" if into else "ROLL_OUT",
        }

    def _loan(
        self, time_ms: int, place: str, asset: str, principal: Decimal, interest: Decimal
    ) -> Row:
        with exact():
            whole = principal + interest
        row = {
            "amount": fixed(whole, 8),
            "asset": asset,
            "interest": fixed(interest, 8),
            "principal": fixed(principal, 8),
            "status": "CONFIRMED",
            "timestamp": time_ms,
            "txId": self._next_number(),
        }
        return row if place == CROSS else row | {"isolatedSymbol": place}

    def _next_number(self) -> int:
        self._number += self.rng.randint(1, 900)
        return self._number
