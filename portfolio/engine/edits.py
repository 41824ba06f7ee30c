"""What a user turns a transaction into: the same amounts told otherwise, to the last digit."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.names import fit
from portfolio.engine.types import PostingRole, TransactionKind

_KEY = 200  # as the column


@dataclass(frozen=True, slots=True)
class Leg:
    """One signed amount with the raw record it comes from; None where a user entered it."""

    wallet: str
    asset: str
    amount: Decimal
    role: PostingRole
    occurred_at: datetime
    record: int | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """A transaction as it is to be read, whoever says so."""

    key: str
    kind: TransactionKind
    occurred_at: datetime
    legs: tuple[Leg, ...]
    detail: dict[str, str] = field(default_factory=dict)


class Misfit(enum.StrEnum):
    """Why amounts cannot be of a kind."""

    NOTHING_CAME = "nothing_came"
    NOTHING_LEFT = "nothing_left"


_COMES = {
    TransactionKind.TRADE,
    TransactionKind.CONVERSION,
    TransactionKind.DEPOSIT,
    TransactionKind.AIRDROP,
    TransactionKind.MINING,
    TransactionKind.FORK,
}
_LEAVES = {
    TransactionKind.TRADE,
    TransactionKind.CONVERSION,
    TransactionKind.WITHDRAWAL,
    TransactionKind.PAYMENT,
    TransactionKind.LOST,
}


def misfit(kind: TransactionKind, legs: Sequence[Leg]) -> Misfit | None:
    """What the kind needs and the amounts lack; fees are no part of it, nor is what never moved."""
    amounts = [leg.amount for leg in legs if leg.role is PostingRole.PRINCIPAL]
    if not amounts:
        return None
    if kind in _COMES and not any(amount > 0 for amount in amounts):
        return Misfit.NOTHING_CAME
    if kind in _LEAVES and not any(amount < 0 for amount in amounts):
        return Misfit.NOTHING_LEFT
    return None


def reclassify(layer: Layer, kind: TransactionKind) -> Layer:
    """The same as another kind."""
    return replace(layer, kind=kind)


class DoesNotAddUp(ValueError):
    """The parts of one amount are not the amount: ``missing`` of it is left, or too much is there.

    ``leg`` is its place in the layer.
    """

    def __init__(self, leg: int, missing: Decimal) -> None:
        super().__init__(f"{missing} of leg {leg} is missing")
        self.leg = leg
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a split: its kind, and what it has of each amount of the whole, in its order."""

    kind: TransactionKind
    amounts: tuple[Decimal, ...]


def split(layer: Layer, parts: Sequence[Part]) -> tuple[Layer, ...]:
    """One transaction as several. May raise DoesNotAddUp.

    Each amount is shared out whole, and none of its parts goes the other way.
    """
    for place, leg in enumerate(layer.legs):
        shares = [part.amounts[place] for part in parts]
        missing = money.add(leg.amount, money.negate(money.total(shares)))
        if missing or any(_opposes(share, leg.amount) for share in shares):
            raise DoesNotAddUp(place, missing)
    return tuple(
        replace(
            layer,
            key=_numbered(layer.key, number),
            kind=part.kind,
            legs=tuple(
                replace(leg, amount=amount)
                for leg, amount in zip(layer.legs, part.amounts, strict=True)
                if amount
            ),
        )
        for number, part in enumerate(parts, 1)
    )


def _opposes(share: Decimal, whole: Decimal) -> bool:
    return bool(share) and (share > 0) != (whole > 0)


def _numbered(key: str, number: int) -> str:
    return fit(f"{key}/{number}", _KEY)


def merge(layers: Sequence[Layer], kind: TransactionKind) -> Layer:
    """Several as one: at the earliest of their times, each amount at its own."""
    ordered = sorted(layers, key=lambda layer: (layer.occurred_at, layer.key))
    detail: dict[str, str] = {}
    for layer in reversed(ordered):
        detail |= layer.detail
    return Layer(
        key=ordered[0].key,
        kind=kind,
        occurred_at=ordered[0].occurred_at,
        legs=tuple(leg for layer in ordered for leg in layer.legs),
        detail=detail,
    )
