"""Transactions as rows of at most one amount sent, one received and one fee; no amount is lost.

Most services for taxes read such rows. They differ in whether a fee lies in the amounts or beside
them (``Fees``), and in their words and columns (``columns``, ``meanings``).
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import zip_longest

from portfolio.engine import money
from portfolio.engine.export import ExportLeg, ExportTransaction
from portfolio.engine.rounding import rounded
from portfolio.engine.types import PostingRole, TransactionKind
from portfolio.exports import meanings
from portfolio.exports.meanings import Meaning, Way

_PRINCIPAL = PostingRole.PRINCIPAL


class Fees(enum.Enum):
    """What a target does with the fee of a row."""

    # A balance changes by received less sent less fee.
    OUTSIDE = enum.auto()
    # By received less sent: the fee lies in one of them. One in a third asset is a row of its own.
    INSIDE = enum.auto()
    # As OUTSIDE, but what only came in is written as what arrived of it.
    DEPOSITS_NET = enum.auto()


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of an asset, above zero, and what it was worth (None: not known)."""

    asset: str
    quantity: Decimal
    value: Decimal | None = None


@dataclass(slots=True)
class Row:
    """A transaction, or the ``number``-th part ``of`` several."""

    transaction: ExportTransaction
    sent: Amount | None = None
    received: Amount | None = None
    fee: Amount | None = None
    is_fee: bool = False  # the amount is a fee, or one given back
    number: int = 1
    of: int = 1

    @property
    def way(self) -> Way:
        if self.sent is None:
            return Way.CAME
        return Way.WENT if self.received is None else Way.BOTH

    @property
    def meanings(self) -> tuple[Meaning, ...]:
        """What it means, the finest first."""
        if self.is_fee:
            return meanings.of_fee(self.transaction)
        if self.sent and self.received:
            return meanings.of_trade(self.transaction, self.sent.asset, self.received.asset)
        one = self.sent or self.received
        return meanings.of_one(self.transaction, self.way, one.asset if one else "")


def split(transaction: ExportTransaction, fees: Fees = Fees.OUTSIDE) -> list[Row]:
    """The rows that hold every amount of a transaction; none where nothing is left of it.

    Amounts of one asset are summed over wallets first.
    """
    is_fee = transaction.kind is TransactionKind.FEE  # all of it, whatever its legs are called
    sent, received = _sides(leg for leg in transaction.legs if is_fee or leg.role is _PRINCIPAL)
    fee_legs = (leg for leg in transaction.legs if not is_fee and leg.role is not _PRINCIPAL)
    paid, refunded = _sides(fee_legs)
    sent, paid = _untold_fee(transaction, sent, received, paid)
    found = [Row(transaction, out, into) for out, into in zip_longest(sent, received)]
    over = [fee for fee in paid if not any(_takes(row, fee, fees) for row in found)]
    found += [Row(transaction, sent=fee, is_fee=True) for fee in over]
    found += [Row(transaction, received=fee, is_fee=True) for fee in refunded]
    for number, row in enumerate(found, start=1):
        row.number, row.of = number, len(found)
    return found


def to_places(row: Row, places: int) -> Row:
    """The same with amounts of at most so many decimals; what rounds to nothing is left out.

    Where only the fee is left the row becomes one of that.
    """
    sent, received, fee = (
        _to_places(amount, places) for amount in (row.sent, row.received, row.fee)
    )
    if fee and not sent and not received:
        return replace(row, sent=fee, received=None, fee=None, is_fee=True)
    return replace(row, sent=sent, received=received, fee=fee)


def _to_places(amount: Amount | None, places: int) -> Amount | None:
    if amount is None:
        return None
    quantity = rounded(amount.quantity, Decimal(1).scaleb(-places))
    return replace(amount, quantity=quantity) if quantity else None


def _sides(legs: Iterable[ExportLeg]) -> tuple[list[Amount], list[Amount]]:
    """What went and what came, per asset over all wallets, in the order of first mention."""
    by_asset: dict[str, list[ExportLeg]] = {}
    for leg in legs:
        by_asset.setdefault(leg.asset, []).append(leg)
    sums = [
        (asset, money.total(leg.amount for leg in found), _worth(found))
        for asset, found in by_asset.items()
    ]
    went = [
        Amount(asset, money.negate(amount), worth) for asset, amount, worth in sums if amount < 0
    ]
    return went, [Amount(asset, amount, worth) for asset, amount, worth in sums if amount > 0]


def _worth(legs: Iterable[ExportLeg]) -> Decimal | None:
    """What they were worth in sum, without a sign; None where that of one is not known."""
    total = money.ZERO
    for leg in legs:
        if leg.value is None:
            return None
        total = money.add(total, leg.value if leg.amount > 0 else money.negate(leg.value))
    return total.copy_abs()


def _untold_fee(
    transaction: ExportTransaction, sent: list[Amount], received: list[Amount], paid: list[Amount]
) -> tuple[list[Amount], list[Amount]]:
    """Tells what an own transfer lost on its way as a fee, so that its two halves are equal."""
    other = transaction.counterpart
    if other is None or received or len(sent) != 1 or sent[0].asset != other.asset:
        return sent, paid
    whole = sent[0].quantity
    lost = money.add(whole, money.negate(other.amount))
    if not 0 < lost < whole:
        return sent, paid
    arrived, fee = _part(sent[0], other.amount), _part(sent[0], lost)
    told = [_sum(old, fee) if old.asset == fee.asset else old for old in paid]
    return [arrived], told if any(old.asset == fee.asset for old in paid) else [fee, *paid]


def _part(whole: Amount, quantity: Decimal) -> Amount:
    if whole.value is None:
        return replace(whole, quantity=quantity)
    share = money.divide(quantity, whole.quantity)
    return Amount(whole.asset, quantity, money.multiply(whole.value, share))


def _sum(left: Amount, right: Amount) -> Amount:
    unknown = left.value is None or right.value is None
    value = None if unknown else money.add(left.value or money.ZERO, right.value or money.ZERO)
    return Amount(left.asset, money.add(left.quantity, right.quantity), value)


def _takes(row: Row, fee: Amount, fees: Fees) -> bool:
    """Puts a fee into the row if it can be told there."""
    if row.fee is not None:
        return False
    if fees is Fees.OUTSIDE or (fees is Fees.DEPOSITS_NET and row.sent):
        row.fee = fee
        return True
    if row.sent and row.sent.asset == fee.asset:
        row.sent, row.fee = _sum(row.sent, fee), fee
        return True
    return _takes_off(row, fee, fees)


def _takes_off(row: Row, fee: Amount, fees: Fees) -> bool:
    """Takes a fee off what came in, where anything is left of that."""
    came = row.received
    if came is None or came.asset != fee.asset or came.quantity <= fee.quantity:
        return False
    row.received = _part(came, money.add(came.quantity, money.negate(fee.quantity)))
    row.fee = fee if fees is Fees.INSIDE else None
    return True
