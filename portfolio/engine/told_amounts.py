"""Amounts of one event as different sources tell them: fees inside or beside, exact or rounded."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from portfolio.engine import money
from portfolio.engine.types import Movement, PostingRole

Side = tuple[str, bool]  # an asset, and whether it came in
Sums = Mapping[Side, Decimal]

# A cell of at least so many decimals may be cut off after them; one of fewer only where the
# difference is this part of the amount at most.
_DECIMALS = 6
_PART = Decimal("0.0001")
_NEARLY = Decimal("0.01")


class Agreement(enum.IntEnum):
    """How two tellings of amounts agree; the lower the better."""

    EXACT = 0
    FEES_INSIDE = 1  # one has its fees inside the amounts
    FEES_UNTOLD = 2  # one does not tell the fees
    ROUNDED = 3
    FEES_INSIDE_ROUNDED = 4
    FEES_UNTOLD_ROUNDED = 5
    ONE_SIDE = 6  # of a move between own wallets one tells one side only


@dataclass(frozen=True)
class Amounts:
    """What movements come to, whatever wallets their source calls them by."""

    movements: tuple[Movement, ...]

    @cached_property
    def principal(self) -> Sums:
        """In and out by asset, fees left out; of what is nothing but fees, the fees."""
        told = [m for m in self.movements if m.role is PostingRole.PRINCIPAL]
        return _sides(told or self.movements)

    @cached_property
    def fees(self) -> Mapping[str, Decimal]:
        """What was paid beside the amounts, by asset; given back is below zero."""
        sums: dict[str, Decimal] = defaultdict(lambda: money.ZERO)
        if any(m.role is PostingRole.PRINCIPAL for m in self.movements):
            for movement in self.movements:
                if movement.role is PostingRole.FEE:
                    paid = money.negate(movement.amount)
                    sums[movement.asset] = money.add(sums[movement.asset], paid)
        return {asset: paid for asset, paid in sums.items() if paid}

    @cached_property
    def net(self) -> Sums:
        """In and out by asset with the fees."""
        return _sides(self.movements)

    @cached_property
    def net_of_sides(self) -> Sums:
        """The same of those assets that are not there as fees alone."""
        assets = {asset for asset, _ in self.principal}
        return {side: amount for side, amount in self.net.items() if side[0] in assets}

    @property
    def shape(self) -> frozenset[Side]:
        return frozenset(self.principal)


def _sides(movements: Iterable[Movement]) -> Sums:
    places: dict[tuple[str, str], Decimal] = defaultdict(lambda: money.ZERO)
    for movement in movements:
        place = (movement.wallet, movement.asset)
        places[place] = money.add(places[place], movement.amount)
    sides: dict[Side, Decimal] = defaultdict(lambda: money.ZERO)
    for (_, asset), amount in places.items():
        if amount:
            side = (asset, amount > 0)
            sides[side] = money.add(sides[side], amount.copy_abs())
    return dict(sides)


def agreement(one: Amounts, other: Amounts) -> Agreement | None:
    """How two tellings agree; None where they do not."""
    for rounded in (False, True):
        step = Agreement.ROUNDED if rounded else Agreement.EXACT
        if _alike(one.net, other.net, rounded=rounded):
            is_same = _alike(one.principal, other.principal, rounded=rounded)
            return Agreement(step + (not is_same))
        if _is_fee_untold(one, other, rounded=rounded):
            return Agreement(step + Agreement.FEES_UNTOLD)
    return None


def _is_fee_untold(one: Amounts, other: Amounts, *, rounded: bool) -> bool:
    if not one.principal or bool(one.fees) == bool(other.fees):
        return False
    return any(
        _alike(left, right, rounded=rounded)
        for left, right in (
            (one.principal, other.principal),
            (one.net_of_sides, other.net_of_sides),
        )
    )


def is_one_side(part: Amounts, whole: Amounts) -> bool:
    """Whether the one is what left, or what came, of the other."""
    sides = part.net
    return 0 < len(sides) < len(whole.net) and all(
        whole.net.get(side) == amount for side, amount in sides.items()
    )


def is_near(one: Amounts, other: Amounts) -> bool:
    """Whether the same assets went the same way, and hardly more of one than of the other."""
    pairs = [(amount, other.principal.get(side)) for side, amount in one.principal.items()]
    return one.shape == other.shape and all(
        known is not None and _within(left, known, _NEARLY) for left, known in pairs
    )


def _alike(one: Sums, other: Sums, *, rounded: bool) -> bool:
    if one.keys() != other.keys():
        return False
    same = _rounded_alike if rounded else Decimal.__eq__
    return all(same(amount, other[side]) for side, amount in one.items())


def _rounded_alike(one: Decimal, other: Decimal) -> bool:
    """Whether they differ by less than the last digit of the one that has fewer."""
    decimals = min(_decimals(one), _decimals(other))
    off = money.add(one, money.negate(other)).copy_abs()
    if off >= Decimal(1).scaleb(-decimals):
        return False
    return decimals >= _DECIMALS or _within(one, other, _PART)


def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize(money.EXACT).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _within(one: Decimal, other: Decimal, part: Decimal) -> bool:
    off = money.add(one, money.negate(other)).copy_abs()
    return off <= money.multiply(max(one.copy_abs(), other.copy_abs()), part)
