"""Takes a transaction apart: what moved between own wallets, what was given for what, the rest.

For targets that want one thing given and one received per row. Nothing is lost or counted twice:
the parts of an asset add up to what the transaction moved of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal

from portfolio.engine import money
from portfolio.engine.export import Counterpart, ExportLeg, ExportTransaction
from portfolio.engine.types import PostingRole
from portfolio.exports.meanings import FIAT

# Amounts are cut to so many places, and so small ones to so many digits.
_PLACES, _DIGITS = 18, 6
_VALUE = Decimal("1e-12")


@dataclass(frozen=True, slots=True)
class Move:
    """An amount that went from one own wallet to another, above zero."""

    asset: str
    amount: Decimal
    value: Decimal | None
    source: str  # wallet
    target: str  # wallet


@dataclass(frozen=True, slots=True)
class Pair:
    """What was given for what; both amounts are above zero.

    ``value`` is what both sides were worth. ``is_guess``: several things were given or received,
    their values are not all known, and they were taken for equal.
    """

    sent: ExportLeg
    received: ExportLeg
    value: Decimal | None
    is_guess: bool = False


@dataclass(frozen=True, slots=True)
class Parts:
    """A transaction taken apart. Fees are below zero, what was given back of them is above."""

    moves: tuple[Move, ...]
    pairs: tuple[Pair, ...]
    singles: tuple[ExportLeg, ...]
    fees: tuple[ExportLeg, ...]


def parts(transaction: ExportTransaction, currency: str) -> Parts:
    """Takes a transaction apart; ``currency`` is that of the values."""
    net = _net(leg for leg in transaction.legs if leg.role == PostingRole.PRINCIPAL)
    fees = _net(leg for leg in transaction.legs if leg.role == PostingRole.FEE)
    moves, left = _moves(net)
    left, lost = _untold_fee(transaction, left)
    fees = _net([*lost, *fees])
    sent = [replace(leg, amount=money.negate(leg.amount)) for leg in left if leg.amount < 0]
    received = [leg for leg in left if leg.amount > 0]
    if sent and received:
        return Parts(tuple(moves), tuple(_pairs(sent, received, currency)), (), tuple(fees))
    return Parts(tuple(moves), (), tuple(left), tuple(fees))


def _net(legs: Iterable[ExportLeg]) -> list[ExportLeg]:
    """The sum per wallet and asset, in the order of first mention, zeros left out."""
    found: dict[tuple[str, str], list[ExportLeg]] = {}
    for leg in legs:
        found.setdefault((leg.wallet, leg.asset), []).append(leg)
    summed = (_sum(group) for group in found.values())
    return [leg for leg in summed if leg.amount]


def _sum(legs: Sequence[ExportLeg]) -> ExportLeg:
    if len(legs) == 1:
        return legs[0]
    amount = money.total(leg.amount for leg in legs)
    return replace(legs[0], amount=amount, value=_summed_value(legs))


def _summed_value(legs: Sequence[ExportLeg]) -> Decimal | None:
    """What several amounts of one asset were worth together; None where one is not known."""
    sums = money.ZERO
    for leg in legs:
        if leg.value is None:
            return None
        sums = money.add(sums, leg.value.copy_sign(leg.amount))
    return sums.copy_abs()


def _moves(legs: list[ExportLeg]) -> tuple[list[Move], list[ExportLeg]]:
    """Takes out what left one wallet and reached another of the same asset."""
    moves: list[Move] = []
    left = list(legs)
    for place, out in enumerate(left):
        for other, into in enumerate(left):
            out = left[place]
            if out.asset != into.asset or out.amount >= 0 or into.amount <= 0:
                continue
            amount = min(out.amount.copy_abs(), into.amount)
            value = valued(out, amount) if into.value is None else valued(into, amount)
            moves.append(Move(out.asset, amount, value, out.wallet, into.wallet))
            left[place], left[other] = _less(out, amount), _less(into, amount)
    return moves, [leg for leg in left if leg.amount]


def _untold_fee(
    transaction: ExportTransaction, legs: list[ExportLeg]
) -> tuple[list[ExportLeg], list[ExportLeg]]:
    """Tells what an own transfer lost on its way as a fee, so that its two halves are equal."""
    other = transaction.counterpart
    if other is None or len(legs) != 1 or legs[0].asset != other.asset:
        return legs, []
    (leg,) = legs
    lost = money.add(leg.amount, other.amount)  # below zero: less arrived than was sent
    if not leg.amount < lost < 0:
        return legs, []
    fee = replace(leg, amount=lost, role=PostingRole.FEE, value=valued(leg, lost.copy_abs()))
    return [_less(leg, lost.copy_abs())], [fee]


def is_even(leg: ExportLeg, other: Counterpart | None) -> bool:
    """Whether half of an own transfer has what the other half had; what was lost is a fee by now.

    So it is of what left with more too: its own half tells that. No other half, none is even.
    """
    if other is None or leg.asset != other.asset:
        return False
    if leg.amount < 0:
        return leg.amount.copy_abs() == other.amount
    return leg.amount <= other.amount


def valued(leg: ExportLeg, amount: Decimal) -> Decimal | None:
    """What so much of a leg was worth: in proportion."""
    if leg.value is None or amount == leg.amount.copy_abs():
        return leg.value
    part = money.divide(money.multiply(leg.value, amount), leg.amount.copy_abs())
    return part.quantize(_VALUE, context=money.EXACT)


def _less(leg: ExportLeg, amount: Decimal) -> ExportLeg:
    remains = money.add(leg.amount.copy_abs(), money.negate(amount))
    return replace(leg, amount=remains.copy_sign(leg.amount), value=valued(leg, remains))


def _pairs(
    sent: Sequence[ExportLeg], received: Sequence[ExportLeg], currency: str
) -> Iterator[Pair]:
    """Each thing given with what was received for it, in proportion to what they were worth."""
    out_shares, is_out_known = _shares(sent, currency)
    in_shares, is_in_known = _shares(received, currency)
    met = list(_met(out_shares, in_shares))
    outs = _portions(sent, [(out, share) for out, _, share in met])
    ins = _portions(received, [(into, share) for _, into, share in met])
    total = _worth(sent, received, currency)
    shares = [share for _, _, share in met]
    values = [None] * len(met) if total is None else cut(total, shares, _VALUE)
    for given, taken, value in zip(outs, ins, values, strict=True):
        yield Pair(given, taken, value, not (is_out_known and is_in_known))


def _shares(legs: Sequence[ExportLeg], currency: str) -> tuple[list[Decimal], bool]:
    """What part of its side each is, and whether that is known."""
    values = [_value(leg, currency) for leg in legs]
    known = [value for value in values if value is not None]
    total = money.total(known)
    if len(known) == len(legs) and total:
        return [money.divide(value, total) for value in known], True
    return [money.divide(Decimal(1), Decimal(len(legs)))] * len(legs), len(legs) == 1


def _value(leg: ExportLeg, currency: str) -> Decimal | None:
    return leg.amount if leg.asset == currency else leg.value


def _worth(
    sent: Sequence[ExportLeg], received: Sequence[ExportLeg], currency: str
) -> Decimal | None:
    """What both sides were worth: by money before coins, by what was given before the rest."""
    sides = sorted((sent, received), key=lambda side: _strangeness(side, currency))
    for side in sides:
        values = [_value(leg, currency) for leg in side]
        known = [value for value in values if value is not None]
        if len(known) == len(values):
            return money.total(known)
    return None


def _strangeness(side: Sequence[ExportLeg], currency: str) -> int:
    if all(leg.asset == currency for leg in side):
        return 0
    return 1 if all(leg.asset in FIAT for leg in side) else 2


def _met(outs: Sequence[Decimal], ins: Sequence[Decimal]) -> Iterator[tuple[int, int, Decimal]]:
    """Lays both sides along one line: which piece of one lies beside which of the other."""
    out = into = 0
    out_left, in_left = outs[0], ins[0]
    while True:
        is_last = out == len(outs) - 1 and into == len(ins) - 1
        share = min(out_left, in_left)
        yield out, into, share
        if is_last:
            return
        out_left = money.EXACT.subtract(out_left, share)
        in_left = money.EXACT.subtract(in_left, share)
        # Of what is cut by rounding, the last of each side takes the rest.
        if into == len(ins) - 1 or (out_left <= in_left and out < len(outs) - 1):
            out += 1
            out_left = outs[out]
        else:
            into += 1
            in_left = ins[into]


def _portions(legs: Sequence[ExportLeg], met: Sequence[tuple[int, Decimal]]) -> list[ExportLeg]:
    """The legs cut as ``met`` says: of which leg, and how large a share of the whole."""
    cuts: list[Iterator[Decimal]] = []
    for number, leg in enumerate(legs):
        shares = [share for of, share in met if of == number]
        cuts.append(iter(_cut_up(leg.amount, shares)))
    found = [(legs[number], next(cuts[number])) for number, _ in met]
    return [replace(leg, amount=amount, value=valued(leg, amount)) for leg, amount in found]


def _cut_up(amount: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """An amount in parts, none of them nothing."""
    exponent = amount.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101  # nosec B101  # amounts are finite
    places = max(_PLACES, -exponent, _DIGITS - amount.adjusted())
    quantum = Decimal(1).scaleb(-places)
    return cut(amount, shares, quantum, least=quantum)


def cut(
    amount: Decimal, shares: Sequence[Decimal], quantum: Decimal, least: Decimal = money.ZERO
) -> list[Decimal]:
    """An amount in parts as large as ``shares``, to ``quantum``; the largest takes the rest."""
    if len(shares) == 1:
        return [amount]
    whole = money.total(shares)
    largest = max(range(len(shares)), key=shares.__getitem__)
    found = [max(_part(amount, share, whole, quantum), least) for share in shares]
    others = money.total(part for n, part in enumerate(found) if n != largest)
    found[largest] = money.add(amount, money.negate(others))
    return found


def _part(amount: Decimal, share: Decimal, whole: Decimal, quantum: Decimal) -> Decimal:
    part = money.divide(money.multiply(amount, share), whole) if whole else money.ZERO
    return part.quantize(quantum, rounding=ROUND_DOWN, context=money.EXACT)
