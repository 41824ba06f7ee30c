"""What a broker told the tax office of a year's sales (United States: Form 1099-DA), and what a
report says of the same account.

Amounts of money are in dollars. A broker that was not the one where coins were bought cannot know
what they cost: it tells no basis then, or one of its own.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine import money

_CENT = Decimal("0.01")


class Told(NamedTuple):
    """One sale as the broker told it; ``box`` of Form 8949: G, H, J, K, or Y (term not known)."""

    asset: str
    on: date
    proceeds: Decimal
    basis: Decimal | None  # None: not told
    box: str

    @property
    def is_basis_reported(self) -> bool:
        """Whether the tax office has the basis too (boxes G and J)."""
        return self.box in ("G", "J")


class Own(NamedTuple):
    """One line of the report. ``came_from_elsewhere``: its lot was acquired in another account."""

    asset: str
    on: date
    proceeds: Decimal | None  # None: nobody knows the price
    cost: Decimal
    came_from_elsewhere: bool = False


class Cause(enum.StrEnum):
    """What likely makes a difference."""

    ROUNDING = "rounding"  # not more than a cent a line
    NO_BASIS = "no_basis"  # the broker does not tell what some had cost
    TRANSFERRED = "transferred"  # some were bought elsewhere: the broker cannot know at what cost
    UNPRICED = "unpriced"  # the ledger does not know the price of some
    NOT_IN_LEDGER = "not_in_ledger"  # the broker tells of days that the ledger knows nothing of
    NOT_AT_BROKER = "not_at_broker"  # the other way
    OTHER = "other"  # the same days, other money: fees, prices, or lots


@dataclass(frozen=True, slots=True)
class Compared:
    """One asset, or all, of one account.

    ``basis`` is of those sales that it was told of, None where it was told of none.
    """

    asset: str
    told: int
    own: int
    proceeds: Decimal
    own_proceeds: Decimal | None  # None where the price of one is not known
    basis: Decimal | None
    own_cost: Decimal
    is_basis_whole: bool  # told of all of them
    causes: Sequence[Cause]
    only_told: Sequence[date]  # days that the ledger knows nothing of
    only_own: Sequence[date]

    @property
    def difference(self) -> Decimal | None:
        """Proceeds as told less those of the report; None where these are not known."""
        if self.own_proceeds is None:
            return None
        return money.add(self.proceeds, money.negate(self.own_proceeds))

    @property
    def basis_difference(self) -> Decimal | None:
        """Basis as told less the cost of the report; None where it was not told of all."""
        if self.basis is None or not self.is_basis_whole:
            return None
        return money.add(self.basis, money.negate(self.own_cost))


def compare(told: Iterable[Told], own: Iterable[Own]) -> list[Compared]:
    """The account asset by asset, the greatest difference of proceeds first."""
    theirs: dict[str, list[Told]] = defaultdict(list)
    mine: dict[str, list[Own]] = defaultdict(list)
    for row in told:
        theirs[row.asset].append(row)
    for line in own:
        mine[line.asset].append(line)
    found = [_asset(asset, theirs[asset], mine[asset]) for asset in {*theirs, *mine}]
    return sorted(found, key=_greatest)


def _greatest(row: Compared) -> tuple[bool, Decimal, str]:
    """What is not known first."""
    known = row.difference
    return (known is not None, -(known or money.ZERO).copy_abs(), row.asset)


def total(rows: Sequence[Compared]) -> Compared:
    """The sums of an account; no causes."""
    known = [row.basis for row in rows if row.basis is not None]
    return Compared(
        asset="",
        told=sum(row.told for row in rows),
        own=sum(row.own for row in rows),
        proceeds=money.total(row.proceeds for row in rows),
        own_proceeds=_sum(row.own_proceeds for row in rows),
        basis=money.total(known) if known else None,
        own_cost=money.total(row.own_cost for row in rows),
        is_basis_whole=all(row.is_basis_whole for row in rows),
        causes=(),
        only_told=(),
        only_own=(),
    )


def _asset(asset: str, told: Sequence[Told], own: Sequence[Own]) -> Compared:
    known = [row.basis for row in told if row.basis is not None]
    told_days, own_days = {row.on for row in told}, {line.on for line in own}
    row = Compared(
        asset=asset,
        told=len(told),
        own=len(own),
        proceeds=money.total(row.proceeds for row in told),
        own_proceeds=_sum(line.proceeds for line in own),
        basis=money.total(known) if known else None,
        own_cost=money.total(line.cost for line in own),
        is_basis_whole=len(known) == len(told),
        causes=(),
        only_told=sorted(told_days - own_days),
        only_own=sorted(own_days - told_days),
    )
    return _with_causes(row, told, own)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """None where one of them is."""
    found = money.ZERO
    for amount in amounts:
        if amount is None:
            return None
        found = money.add(found, amount)
    return found


def _with_causes(row: Compared, told: Sequence[Told], own: Sequence[Own]) -> Compared:
    causes: list[Cause] = []
    near = max(len(told), len(own)) * _CENT
    gap = (row.difference or money.ZERO).copy_abs()
    basis_gap = row.basis_difference
    if row.own_proceeds is None:
        causes.append(Cause.UNPRICED)
    elif gap > near:
        causes += [Cause.NOT_IN_LEDGER] * bool(row.only_told)
        causes += [Cause.NOT_AT_BROKER] * bool(row.only_own)
    elif gap:
        causes.append(Cause.ROUNDING)
    if not row.is_basis_whole:
        causes.append(Cause.NO_BASIS)
    is_basis_apart = basis_gap is None or basis_gap.copy_abs() > near
    if told and is_basis_apart and any(line.came_from_elsewhere for line in own):
        causes.append(Cause.TRANSFERRED)
    if not causes and (gap or is_basis_apart):
        causes.append(Cause.OTHER)
    if not causes and basis_gap:
        causes.append(Cause.ROUNDING)
    return replace(row, causes=tuple(causes))


def boxes(told: Iterable[Told]) -> dict[tuple[str, date], bool]:
    """Whether the basis was reported, by asset and day of what a broker told.

    Of several sales of one day the basis counts as reported where it was for all of them.
    """
    found: dict[tuple[str, date], bool] = {}
    for row in told:
        key = row.asset, row.on
        found[key] = found.get(key, True) and row.is_basis_reported
    return found


def box(*, is_long: bool, is_basis_reported: bool | None) -> str:
    """The box of Form 8949 for a digital asset since 2025; None: no Form 1099-DA was had.

    Instructions for Form 8949 (2025): Part I has G (basis reported to the IRS), H (not reported)
    and I (no Form 1099-DA), Part II J, K and L; C and F are not for digital assets any more. The
    part follows from how long the coins were held, whatever the broker took for it.
    """
    letters = "JKL" if is_long else "GHI"
    return letters[2 if is_basis_reported is None else 0 if is_basis_reported else 1]
