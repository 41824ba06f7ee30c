"""What the amounts of one event are for returns: flow, trade, income, fee, contract, or a move.

Decided by the kind of the transaction and by transfers that were accepted; amounts are as booked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.average_cost import Leg, Nature, Place, share
from portfolio.engine.types import PostingRole, TransactionKind

Kind = TransactionKind
# Everything else came from outside or went there: deposits and withdrawals, transfers whose other
# half is not known, adjustments, and what is not understood.
_NATURES: dict[str, Nature] = {
    Kind.TRADE: Nature.TRADE,
    Kind.CONVERSION: Nature.TRADE,
    Kind.REWARD: Nature.INCOME,
    Kind.AIRDROP: Nature.INCOME,
    Kind.MINING: Nature.INCOME,
    Kind.FORK: Nature.INCOME,
    Kind.INTEREST: Nature.INCOME,
    Kind.FEE: Nature.FEE,
    Kind.FUNDING: Nature.DERIVATIVE,
    Kind.REALISED_PNL: Nature.DERIVATIVE,
    Kind.LIQUIDATION: Nature.DERIVATIVE,
}


@dataclass(frozen=True, slots=True)
class Amount:
    """What an event moved of one asset in one role, and its worth with the same sign."""

    asset: str
    role: PostingRole
    amount: Decimal
    worth: Decimal | None
    cost: Decimal | None = None  # where the owner told it


@dataclass(frozen=True, slots=True)
class Passage:
    """A transfer between own accounts, seen from one of its ends.

    ``sender`` is where it came from, None at the end it leaves from.
    """

    asset: str
    sent: Decimal
    received: Decimal
    via: Place
    sender: Place | None = None

    @property
    def carried(self) -> Decimal:
        """What both ends agree on; the rest was a fee, or came from elsewhere."""
        return min(self.sent, self.received)


def legs(
    source: str, kind: str, amounts: Sequence[Amount], passages: Sequence[Passage] = ()
) -> Iterator[Leg]:
    """The legs of one event at one exchange."""
    is_exchange = _has_two_sides(amounts)
    for amount in amounts:
        place = Place(source, amount.asset)
        rest = amount
        if amount.role is not PostingRole.FEE:
            for passage in passages:
                if passage.asset == amount.asset:
                    made, rest = _pass(place, rest, passage)
                    yield from made
        if rest.amount:
            nature = _nature(kind, amount, is_exchange=is_exchange)
            yield Leg(place, nature, rest.amount, rest.worth, rest.cost)


def _has_two_sides(amounts: Sequence[Amount]) -> bool:
    principal = [a.amount for a in amounts if a.role is not PostingRole.FEE]
    return any(a > 0 for a in principal) and any(a < 0 for a in principal)


def _nature(kind: str, amount: Amount, *, is_exchange: bool) -> Nature:
    if amount.role is PostingRole.FEE:
        return Nature.FEE
    if kind == Kind.LIQUIDATION and is_exchange:
        return Nature.TRADE
    if kind == Kind.INTEREST and amount.amount < 0:
        return Nature.FEE
    return _NATURES.get(kind, Nature.FLOW)


def _pass(place: Place, amount: Amount, passage: Passage) -> tuple[list[Leg], Amount]:
    """The move of one passage, the fee it cost, and what is left of the amount."""
    is_leaving = amount.amount < 0
    if is_leaving is (passage.sender is not None):
        return [], amount
    move, rest = _part(amount, passage.carried)
    legs = [
        Leg(
            place,
            Nature.MOVE,
            move.amount,
            move.worth,
            via=passage.via,
            sender=passage.sender,
        )
    ]
    if is_leaving and passage.sent > passage.carried:
        fee, rest = _part(rest, money.add(passage.sent, money.negate(passage.carried)))
        legs.append(Leg(place, Nature.FEE, fee.amount, fee.worth))
    return [leg for leg in legs if leg.amount], rest


def _part(amount: Amount, size: Decimal) -> tuple[Amount, Amount]:
    """An amount in two, the first of the size given or as much of it as there is."""
    size = min(size, amount.amount.copy_abs())
    part = size.copy_sign(amount.amount)
    rest = money.add(amount.amount, money.negate(part))
    worth = share(amount.worth, part, amount.amount) if amount.amount else amount.worth
    left = (
        None
        if amount.worth is None or worth is None
        else money.add(amount.worth, money.negate(worth))
    )
    return replace(amount, amount=part, worth=worth), replace(amount, amount=rest, worth=left)
