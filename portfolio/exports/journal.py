"""Transactions as entries of a ledger by double entry, for the programs of plain text accounting.

Every amount has its counterpart, so each entry adds up to nothing. What was given for what carries
its price as a total, in the currency of the export where the worth is known and else in the other
asset: no digit is lost by dividing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.export import ExportContext, ExportLeg, ExportTransaction
from portfolio.engine.types import TransactionKind
from portfolio.exports.format import HALF, gettext_noop, half_alone, own_word, utc
from portfolio.exports.names import Accounts
from portfolio.exports.parts import Move, Pair, parts

Account = tuple[str, ...]
Place = tuple[Account, str]  # a wallet's account, and an asset

UNDER_WAY: Account = ("Assets", "Under way")
FEES: Account = ("Expenses", "Fees")
OPENINGS: Account = ("Equity", "Openings")
_ADJUSTMENTS: Account = ("Equity", "Adjustments")

# Where what has no other side comes from, and goes to.
_SOURCES: dict[TransactionKind, Account] = {
    TransactionKind.TRANSFER: UNDER_WAY,
    TransactionKind.REWARD: ("Income", "Rewards"),
    TransactionKind.INTEREST: ("Income", "Interest"),
    TransactionKind.AIRDROP: ("Income", "Airdrops"),
    TransactionKind.MINING: ("Income", "Mining"),
    TransactionKind.FORK: ("Income", "Forks"),
    TransactionKind.GIFT: ("Income", "Gifts"),
    TransactionKind.PAYMENT: ("Expenses", "Payments"),
    TransactionKind.LOST: ("Expenses", "Lost"),
    TransactionKind.FEE: FEES,
    TransactionKind.FUNDING: ("Income", "Funding"),
    TransactionKind.REALISED_PNL: ("Income", "Derivatives"),
    TransactionKind.LIQUIDATION: ("Income", "Liquidations"),
    TransactionKind.ADJUSTMENT: _ADJUSTMENTS,
    TransactionKind.OTHER: ("Equity", "Other"),
    TransactionKind.UNCLASSIFIED: ("Equity", "Unclassified"),
}
_TARGETS: dict[TransactionKind, Account] = {
    **_SOURCES,
    TransactionKind.INTEREST: ("Expenses", "Interest"),
    TransactionKind.GIFT: ("Expenses", "Gifts"),
    TransactionKind.FUNDING: ("Expenses", "Funding"),
    TransactionKind.REALISED_PNL: ("Expenses", "Derivatives"),
    TransactionKind.LIQUIDATION: ("Expenses", "Liquidations"),
}
_OUTSIDE: Account = ("Equity", "Outside")


@dataclass(frozen=True, slots=True)
class Price:
    """What a whole amount cost or brought, above zero."""

    amount: Decimal
    asset: str


@dataclass(frozen=True, slots=True)
class Line:
    """One signed amount in one account."""

    account: Account
    amount: Decimal
    asset: str
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction by double entry; its lines add up to nothing."""

    on: date  # UTC
    payee: str
    about: str
    facts: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]


class Journal:
    """Makes entries of transactions, and keeps what each wallet holds by them."""

    def __init__(self, context: ExportContext) -> None:
        self._context = context
        self._connections = Accounts()
        self.balances: dict[Place, Decimal] = {}
        self.last: date | None = None

    def entries(self, transactions: Iterable[ExportTransaction]) -> Iterator[Entry]:
        """What was there before, and then all that happened, oldest first."""
        since = self._context.since
        if self._context.openings and since is not None:
            yield self._kept(self._opening(since))
        for transaction in transactions:
            entry = self._entry(transaction)
            if entry.lines:
                yield self._kept(entry)

    def _kept(self, entry: Entry) -> Entry:
        """Adds an entry to what the wallets hold."""
        self.last = entry.on
        for line in entry.lines:
            if line.account[0] == "Assets" and line.account != UNDER_WAY:
                place = (line.account, line.asset)
                held = self.balances.get(place, money.ZERO)
                self.balances[place] = money.add(held, line.amount)
        return entry

    def _opening(self, since: datetime) -> Entry:
        lines: list[Line] = []
        for opening in self._context.openings:
            place = self._wallet(
                opening.account, opening.exchange, opening.account_label, opening.wallet
            )
            lines.append(Line(place, opening.quantity, opening.asset))
            lines.append(Line(OPENINGS, money.negate(opening.quantity), opening.asset))
        on = since.astimezone(UTC).date()
        return Entry(on, "Openings", "what was held before", (), tuple(lines))

    def _wallet(self, account: str, exchange: str, label: str, wallet: str) -> Account:
        return ("Assets", self._connections.of(account, exchange, label), wallet)

    def _entry(self, transaction: ExportTransaction) -> Entry:
        detail = transaction.detail
        about = (transaction.kind.value, own_word(transaction), detail.get("symbol", ""))
        facts = {
            "time": utc(transaction.occurred_at),
            "kind": transaction.kind.value,
            "key": transaction.key,
            "txid": detail.get("txid", ""),
            "tags": " ".join(transaction.tags),
            "note": transaction.note,
            "elsewhere": half_alone(transaction),
        }
        return Entry(
            transaction.occurred_at.astimezone(UTC).date(),
            transaction.account_label,
            " ".join(word for word in about if word),
            tuple((name, text) for name, text in facts.items() if text),
            tuple(self._lines(transaction)),
        )

    def _lines(self, transaction: ExportTransaction) -> Iterator[Line]:
        apart = parts(transaction, self._context.currency)
        for move in apart.moves:
            yield from self._moved(transaction, move)
        for pair in apart.pairs:
            yield from self._exchanged(transaction, pair)
        for leg in apart.singles:
            yield from self._single(transaction, leg)
        for fee in apart.fees:
            price = self._worth(fee)
            yield Line(self._of(transaction, fee.wallet), fee.amount, fee.asset, price)
            yield Line(FEES, money.negate(fee.amount), fee.asset, price)

    def _of(self, transaction: ExportTransaction, wallet: str) -> Account:
        return self._wallet(
            transaction.account, transaction.exchange, transaction.account_label, wallet
        )

    def _moved(self, transaction: ExportTransaction, move: Move) -> Iterator[Line]:
        yield Line(self._of(transaction, move.source), money.negate(move.amount), move.asset)
        yield Line(self._of(transaction, move.target), move.amount, move.asset)

    def _exchanged(self, transaction: ExportTransaction, pair: Pair) -> Iterator[Line]:
        sent, received, currency = pair.sent, pair.received, self._context.currency
        out_price = in_price = None
        if sent.asset == currency:
            in_price = Price(sent.amount, currency)
        elif received.asset == currency:
            out_price = Price(received.amount, currency)
        elif pair.value:
            out_price = in_price = Price(pair.value, currency)
        else:
            in_price = Price(sent.amount, sent.asset)
        given = money.negate(sent.amount)
        yield Line(
            self._of(transaction, received.wallet), received.amount, received.asset, in_price
        )
        yield Line(self._of(transaction, sent.wallet), given, sent.asset, out_price)

    def _single(self, transaction: ExportTransaction, leg: ExportLeg) -> Iterator[Line]:
        is_own = transaction.counterpart is not None or transaction.kind == TransactionKind.TRANSFER
        price = None if is_own else self._worth(leg)
        yield Line(self._of(transaction, leg.wallet), leg.amount, leg.asset, price)
        if is_own:
            yield from _under_way(transaction, leg)
            return
        known = _SOURCES if leg.amount > 0 else _TARGETS
        other = known.get(transaction.kind, _OUTSIDE)
        yield Line(other, money.negate(leg.amount), leg.asset, price)

    def _worth(self, leg: ExportLeg) -> Price | None:
        if not leg.value or leg.asset == self._context.currency:
            return None
        return Price(leg.value, self._context.currency)


def _under_way(transaction: ExportTransaction, leg: ExportLeg) -> Iterator[Line]:
    """The way between two own wallets; what arrived beyond what was sent is an adjustment."""
    other, amount = transaction.counterpart, money.negate(leg.amount)
    is_other = other is None or other.asset != leg.asset or leg.amount > 0
    arrived = amount if is_other or other is None else other.amount
    yield Line(UNDER_WAY, arrived, leg.asset)
    if arrived != amount:
        yield Line(_ADJUSTMENTS, money.add(amount, money.negate(arrived)), leg.asset)


UNKNOWN_KIND, TAKEN_FOR_EQUAL, NOTHING = "unclassified", "equal", "nothing"
LACKS = {
    UNKNOWN_KIND: gettext_noop(
        "It is not known what these are. Their amounts are booked against an account of their own "
        "(Unclassified, Other), for you to move."
    ),
    TAKEN_FOR_EQUAL: gettext_noop(
        "Several things were given or received at once, and not all of their prices are known: "
        "they are taken for equally much worth."
    ),
    NOTHING: gettext_noop("Transactions that moved nothing are left out."),
    HALF: gettext_noop(
        "Own transfers of which only one half is in this file, since the other is outside its "
        "range or was not chosen: the account for what is under way keeps their amounts. Each says "
        "so in its line elsewhere."
    ),
}


def shortfalls(transaction: ExportTransaction, context: ExportContext) -> Iterator[str]:
    """The codes of LACKS that concern a transaction."""
    if transaction.kind in (TransactionKind.OTHER, TransactionKind.UNCLASSIFIED):
        yield UNKNOWN_KIND
    apart = parts(transaction, context.currency)
    if any(pair.is_guess for pair in apart.pairs):
        yield TAKEN_FOR_EQUAL
    if not (apart.moves or apart.pairs or apart.singles or apart.fees):
        yield NOTHING
