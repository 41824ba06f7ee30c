"""Average cost by pool: what holdings cost, what was won by parting with them, what came in.

A pool is all that is held of one asset at one exchange. What comes in adds its worth to the cost;
what goes out takes its share of the cost along, and its worth less that share is a realised gain.
So for each pool, and for any sum of pools, whatever the order of the legs:

    worth = put in - taken out + traded + moved + income - fees + derivatives
            + realised + (worth - cost)

A quantity below zero is a debt with a cost below zero: its gain is realised when it is paid back.
What is worth an unknown amount makes the cost of its pool unknown (None) until the pool is empty,
and is counted in ``gaps``; it is never taken for zero.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from portfolio.engine import money

# Worths are kept to this step; what is rounded off one side of a sum is put on the other.
STEP = Decimal(1).scaleb(-30)


class Place(NamedTuple):
    """One asset at one exchange."""

    source: str
    asset: str


class Nature(enum.StrEnum):
    """Why an amount came or went, as far as returns are concerned."""

    FLOW = "flow"  # put in from outside, or taken out
    TRADE = "trade"  # against another asset
    INCOME = "income"
    FEE = "fee"
    DERIVATIVE = "derivative"  # realised profit or loss of contracts, and funding
    MOVE = "move"  # on its way between own accounts, at cost


@dataclass(frozen=True, slots=True)
class Leg:
    """One amount of one asset, in is positive, and its worth then with the same sign.

    ``cost`` is what the owner says was paid for it, where that is not its worth. ``via`` is the
    pool of what is under way, for a move; ``sender`` the pool that an arrival left.
    """

    place: Place
    nature: Nature
    amount: Decimal
    worth: Decimal | None
    cost: Decimal | None = None
    via: Place | None = None
    sender: Place | None = None


@dataclass(slots=True)
class Pool:
    """How much is held and what it cost; None: the cost is not known."""

    quantity: Decimal = money.ZERO
    cost: Decimal | None = money.ZERO

    def add(self, amount: Decimal, worth: Decimal | None) -> Decimal | None:
        """Books an amount at a worth; returns the gain it realises, None where that is unknown."""
        closing = self._closing(amount)
        if not closing:
            self._open(amount, worth)
            return money.ZERO
        price = share(worth, closing, amount)
        released = self.release(closing)
        self.quantity = money.add(self.quantity, closing)
        rest = money.add(amount, money.negate(closing))
        if rest:
            self._open(rest, _less(worth, price))
        if released is None or price is None:
            return None
        return money.negate(money.add(price, released))

    def release(self, closing: Decimal) -> Decimal | None:
        """Takes from the cost the share of an amount that is given away or paid back."""
        released = share(self.cost, closing, money.negate(self.quantity))
        is_all = money.negate(closing) == self.quantity
        self.cost = money.ZERO if is_all else _less(self.cost, released)
        return released

    def cost_of(self, amount: Decimal) -> Decimal | None:
        """What an amount costs at the average of now, with the amount's sign."""
        if self.cost is not None and amount == money.negate(self.quantity):
            return money.negate(self.cost)
        return share(self.cost, amount, self.quantity)

    def covers(self, amount: Decimal) -> bool:
        """Whether an amount that goes out is held."""
        return amount < 0 and self.quantity >= money.negate(amount)

    def _closing(self, amount: Decimal) -> Decimal:
        """The part of an amount that makes the quantity smaller, to zero at most."""
        if not self.quantity or (amount > 0) == (self.quantity > 0):
            return money.ZERO
        is_within = amount.copy_abs() <= self.quantity.copy_abs()
        return amount if is_within else money.negate(self.quantity)

    def _open(self, amount: Decimal, worth: Decimal | None) -> None:
        self.quantity = money.add(self.quantity, amount)
        self.cost = None if self.cost is None or worth is None else money.add(self.cost, worth)


def share(of: Decimal | None, part: Decimal, whole: Decimal) -> Decimal | None:
    """The part of a worth that goes with a part of an amount."""
    if of is None or part == whole:
        return of
    return rounded(money.divide(money.multiply(of, part), whole))


def _less(of: Decimal | None, part: Decimal | None) -> Decimal | None:
    return None if of is None or part is None else money.add(of, money.negate(part))


def rounded(worth: Decimal) -> Decimal:
    """A worth to the step that is kept."""
    return worth.quantize(STEP, context=money.EXACT)


@dataclass(slots=True)
class Sums:
    """What happened to one pool over some time, in the reporting currency.

    ``traded`` is what was got for other assets less what was given; ``moved`` is cost that came
    from own accounts less what went there; ``fees`` are above zero where paid. ``gaps`` counts the
    legs of unknown worth or cost, ``flow_gaps`` the flows of unknown worth among them: what is not
    known of them is left out of every sum.
    """

    put_in: Decimal = money.ZERO
    taken_out: Decimal = money.ZERO
    traded: Decimal = money.ZERO
    moved: Decimal = money.ZERO
    income: Decimal = money.ZERO
    fees: Decimal = money.ZERO
    derivatives: Decimal = money.ZERO
    realised: Decimal = money.ZERO
    gaps: int = 0
    flow_gaps: int = 0

    @property
    def net_flows(self) -> Decimal:
        """All that came to the pool less what left it, but for income, fees and contracts."""
        out = money.negate(self.taken_out)
        return money.total((self.put_in, out, self.traded, self.moved))

    @property
    def booked(self) -> Decimal:
        """What the cost of the pool changed by: net flows + income - fees + contracts + gains."""
        fees = money.negate(self.fees)
        return money.total((self.net_flows, self.income, fees, self.derivatives, self.realised))


AMOUNTS = (
    "put_in",
    "taken_out",
    "traded",
    "moved",
    "income",
    "fees",
    "derivatives",
    "realised",
)
_COLUMN = {
    Nature.TRADE: "traded",
    Nature.INCOME: "income",
    Nature.FEE: "fees",
    Nature.DERIVATIVE: "derivatives",
    Nature.MOVE: "moved",
}


@dataclass(slots=True)
class Books:
    """The pools of one owner, and what happened to them since the last ``close``."""

    pools: dict[Place, Pool]
    sums: dict[Place, Sums] = field(default_factory=dict)

    def book(self, legs: Iterable[Leg]) -> None:
        """Books the legs of one event: what comes in first, so that fees find what they are of."""
        for leg in sorted(legs, key=_in_first):
            if leg.via is None:
                self._book(leg)
            else:
                self._move(leg, leg.via)

    def close(self) -> Mapping[Place, Sums]:
        """What happened since the last time, by pool; the next count starts anew."""
        closed, self.sums = self.sums, {}
        return closed

    def _book(self, leg: Leg) -> None:
        worth = leg.cost if leg.worth is None and leg.amount > 0 else leg.worth
        sums = self._sums(leg.place)
        cost = worth if leg.cost is None else leg.cost
        realised = self._pool(leg.place).add(leg.amount, cost)
        if worth is None or realised is None:
            sums.gaps += 1
            sums.flow_gaps += worth is None and leg.nature is Nature.FLOW
        if worth is not None:
            _count(sums, _column(leg), worth)
        if worth is not None and leg.cost is not None:
            # What was paid is not what it was worth: the difference was won before it came here.
            _count(sums, "moved", money.add(leg.cost, money.negate(worth)))
        if realised is not None:
            _count(sums, "realised", realised)

    def _move(self, leg: Leg, via: Place) -> None:
        """Takes what leaves to what is under way with its cost, and what arrives from there."""
        worth = self._leaving(leg) if leg.amount < 0 else self._arriving(leg, self._pool(via))
        other = Leg(via, Nature.MOVE, money.negate(leg.amount), _negated(worth))
        for part in (Leg(leg.place, Nature.MOVE, leg.amount, worth), other):
            self._book(part)

    def _leaving(self, leg: Leg) -> Decimal | None:
        """What leaves at cost realises nothing; what was not there goes at its worth."""
        pool = self._pool(leg.place)
        return pool.cost_of(leg.amount) if pool.covers(leg.amount) else leg.worth

    def _arriving(self, leg: Leg, under_way: Pool) -> Decimal | None:
        if under_way.covers(money.negate(leg.amount)):
            return under_way.cost_of(leg.amount)
        # Told before it left: at the average of where it comes from.
        sender = self._pool(leg.sender) if leg.sender else Pool()
        return sender.cost_of(leg.amount) if sender.quantity > 0 else leg.worth

    def _pool(self, place: Place) -> Pool:
        return self.pools.setdefault(place, Pool())

    def _sums(self, place: Place) -> Sums:
        return self.sums.setdefault(place, Sums())


def _column(leg: Leg) -> str:
    if leg.nature is Nature.FLOW:
        return "put_in" if leg.amount > 0 else "taken_out"
    return _COLUMN[leg.nature]


def _count(sums: Sums, column: str, amount: Decimal) -> None:
    signed = money.negate(amount) if column in ("taken_out", "fees") else amount
    setattr(sums, column, money.add(getattr(sums, column), signed))


def _negated(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else money.negate(amount)


def _in_first(leg: Leg) -> bool:
    return leg.amount < 0
