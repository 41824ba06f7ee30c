"""Judges whether an outgoing and an incoming leg are one transfer, rule by rule.

A rule that cannot be judged (one side tells no address) says nothing. Points only order the pairs;
what a pair may be taken for is decided by which rules are met (``_level``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from portfolio.engine import money
from portfolio.engine.transfer_types import (
    Addresses,
    FeePlace,
    Finding,
    Leg,
    Level,
    Rule,
    Spelled,
)

# How long coins are on their way at most, as a rule: confirmations, and the exchange's own review.
_USUAL = timedelta(hours=24)
_WINDOWS = {
    **dict.fromkeys(("SOL", "XRP", "XLM", "TRX", "TON", "LN"), timedelta(hours=8)),
    **dict.fromkeys(("ETH", "BSC", "ARB", "OP", "BASE", "POL", "AVAXC"), timedelta(hours=12)),
    **dict.fromkeys(("BTC", "BCH", "LTC", "DOGE", "XMR"), timedelta(hours=36)),
}
_BANK = timedelta(days=7)
_FIAT = frozenset("EUR USD GBP CHF JPY CAD AUD KRW BRL TRY PLN SEK NOK DKK CZK HUF MXN".split())  # noqa: SIM905
# Clocks differ, and some exchanges tell when a withdrawal was done, not when it was asked for.
SLACK = timedelta(hours=2)
FAR = 3  # times the usual window: beyond it only a transaction id counts
LONGEST = timedelta(days=60)  # for one transaction id, whatever was told
OWN_MOVE_WITHIN = timedelta(minutes=5)

_TOLERANCE = Decimal("0.03")  # what a fee that is not told may have taken
_ROUNDING = Decimal("0.00001")  # exchanges keep different numbers of decimals
_SPECIFIC = 4  # digits from which an amount hardly comes up twice by chance
_VERY_SPECIFIC = 5
_AT_ONCE = timedelta(hours=2)

POINT = 10**12  # so fine that seconds tell apart pairs that are alike
_TXID, _REFERENCE, _OWN_MOVE = 100_000 * POINT, 80_000 * POINT, 50_000 * POINT
_EXACT, _NEAR, _DIGIT, _MOST_DIGITS = 300 * POINT, 150 * POINT, 10 * POINT, 8
_TIME, _LATE, _BACKWARDS = 100 * POINT, -100 * POINT, 40 * POINT
_SAME_ADDRESS, _SEEN_ADDRESS, _OTHER_ADDRESS = 250 * POINT, 200 * POINT, -300 * POINT
_SAME_NETWORK, _OTHER_NETWORK = 30 * POINT, -60 * POINT
_SAME_TAG, _OTHER_TAG = 20 * POINT, -200 * POINT


@dataclass(frozen=True, slots=True)
class Judgement:
    """One pair judged; ``if_alone``: the level holds only where neither leg has a rival."""

    level: Level
    score: int
    findings: tuple[Finding, ...]
    if_alone: bool = False


@dataclass(frozen=True, slots=True)
class _Said:
    finding: Finding
    points: int


def window(leg: Spelled) -> timedelta:
    """How long after this leg left it should have arrived."""
    if leg.leg.asset in _FIAT:
        return _BANK
    return _WINDOWS.get(leg.network, _USUAL)


def arrivals(leg: Leg) -> tuple[Decimal, ...]:
    """What an outgoing leg can be at its arrival to the last digit, the likeliest first."""
    if not leg.fee or leg.fee_place is FeePlace.BESIDE:
        return (leg.amount,)
    less = money.add(leg.amount, money.negate(leg.fee))
    if less <= 0:
        return (leg.amount,)
    return (less,) if leg.fee_place is FeePlace.INSIDE else (leg.amount, less)


def credits(leg: Leg) -> tuple[Decimal, ...]:
    """What can have reached the exchange for an incoming leg, before the exchange's own fee."""
    if not leg.fee or leg.fee_place is FeePlace.BESIDE:
        return (leg.amount,)
    before = money.add(leg.amount, leg.fee)
    return (before,) if leg.fee_place is FeePlace.INSIDE else (leg.amount, before)


def least(leg: Leg) -> Decimal:
    """The least that may arrive of an outgoing leg, fees that are not told taken off."""
    share = money.add(Decimal(1), money.negate(_TOLERANCE))
    return money.multiply(min(arrivals(leg)), share)


def judge(out: Spelled, into: Spelled, addresses: Addresses) -> Judgement | None:
    """Judges a pair of one asset; None where it cannot be one transfer."""
    proof = _proof(out, into)
    if proof is None and not _may_travel(out, into):
        return None
    said = [
        *((proof,) if proof else ()),
        _amount(out.leg, into.leg, is_proved=proof is not None),
        _time(out, into),
        *_places(out, into, addresses),
    ]
    findings = tuple(part.finding for part in said)
    level, if_alone = _level({f.rule: f for f in findings}, out.leg, into.leg)
    score = sum(part.points for part in said)
    return None if level is None else Judgement(level, max(score, 1), findings, if_alone)


def _proof(out: Spelled, into: Spelled) -> _Said | None:
    """What proves the pair whatever else is told."""
    delay = abs(into.leg.occurred_at - out.leg.occurred_at)
    if delay > LONGEST:
        return None
    if out.txid and out.txid == into.txid:
        return _Said(Finding(Rule.TXID, True, "same", {"txid": out.txid}), _TXID)
    if out.reference[1] and out.reference == into.reference:
        number = out.reference[1]
        return _Said(Finding(Rule.REFERENCE, True, "same", {"reference": number}), _REFERENCE)
    if _is_own_move(out.leg, into.leg):
        return _Said(Finding(Rule.OWN_MOVE, True, "same_account"), _OWN_MOVE)
    return None


def _is_own_move(out: Leg, into: Leg) -> bool:
    """Both halves of a move between wallets of one account, which the exchange tells apart."""
    return (
        out.is_transfer
        and into.is_transfer
        and out.connection == into.connection
        and out.wallet != into.wallet
        and out.amount == into.amount
        and abs(into.occurred_at - out.occurred_at) <= OWN_MOVE_WITHIN
    )


def _may_travel(out: Spelled, into: Spelled) -> bool:
    """Whether two legs without a common id can be one movement at all."""
    if out.txid and into.txid:
        return False  # two transactions
    same = out.leg.connection == into.leg.connection
    if out.leg.is_transfer or into.leg.is_transfer:
        return out.leg.is_transfer and into.leg.is_transfer and not same and _one_house(out, into)
    delay = into.leg.occurred_at - out.leg.occurred_at
    return not same and -SLACK <= delay <= window(out) * FAR


def _one_house(out: Spelled, into: Spelled) -> bool:
    near = abs(into.leg.occurred_at - out.leg.occurred_at) <= OWN_MOVE_WITHIN
    return near and out.leg.exchange == into.leg.exchange


# --- The rules --------------------------------------------------------------------------------


def _amount(out: Leg, into: Leg, *, is_proved: bool) -> _Said:
    told = {"asset": out.asset, "sent": money.plain(out.amount)}
    sent, received = arrivals(out), credits(into)
    common = next((amount for amount in sent if amount in received), None)
    if common is not None:
        what = "same" if common == out.amount and common == into.amount else "less_fee"
        points = _EXACT + min(digits(common), _MOST_DIGITS) * _DIGIT
        return _Said(Finding(Rule.AMOUNT, True, what, told), points)
    gap = min(
        (money.add(s, money.negate(r)) for s in sent for r in received),
        key=lambda gap: (gap < 0, gap.copy_abs()),
    )
    told |= {"by": money.plain(gap.copy_abs()), "way": "less" if gap > 0 else "more"}
    if 0 < gap <= _allowed(out, is_proved=is_proved):
        return _Said(Finding(Rule.AMOUNT, True, "near", told), _NEAR)
    return _Said(Finding(Rule.AMOUNT, False, "differs", told), 0)


def _allowed(out: Leg, *, is_proved: bool) -> Decimal:
    """How much less may arrive: rounding where the fee is told, a fee where it is not."""
    if is_proved:
        return money.divide(out.amount, Decimal(2))
    share = _TOLERANCE if out.fee is None else _ROUNDING
    return money.multiply(out.amount, share)


def digits(amount: Decimal) -> int:
    """How many digits say something: 0.0500 has one, 1.2345 five."""
    return len(money.plain(amount).replace(".", "").strip("0")) or 1


def _time(out: Spelled, into: Spelled) -> _Said:
    delay = into.leg.occurred_at - out.leg.occurred_at
    usual = window(out)
    values = {"seconds": str(int(delay.total_seconds()))}
    if delay < -SLACK:
        return _Said(Finding(Rule.TIME, False, "before", values), _LATE)
    if delay > usual:
        return _Said(Finding(Rule.TIME, False, "late", values), _LATE)
    if delay < timedelta(0):
        return _Said(Finding(Rule.TIME, True, "clocks", values), _BACKWARDS)
    # Squared, so that of two equal pairs the first to leave is the first to arrive.
    milli = timedelta(milliseconds=1)
    less = _TIME * (delay // milli) ** 2 // (usual // milli) ** 2
    return _Said(Finding(Rule.TIME, True, "after", values), _TIME - less)


def _places(out: Spelled, into: Spelled, addresses: Addresses) -> list[_Said]:
    found = []
    address = _address(out, into, addresses)
    if address is not None:
        found.append(address)
        if address.finding.is_met and out.leg.tag and into.leg.tag:
            found.append(_tag(out.leg.tag == into.leg.tag))
    if out.network and into.network:
        is_same = out.network == into.network
        values = {"sent": out.leg.network, "received": into.leg.network}
        finding = Finding(Rule.NETWORK, is_same, "same" if is_same else "differs", values)
        found.append(_Said(finding, _SAME_NETWORK if is_same else _OTHER_NETWORK))
    return found


def _address(out: Spelled, into: Spelled, addresses: Addresses) -> _Said | None:
    if not out.address:
        return None
    values = {"address": out.leg.address}
    if out.address == into.address:
        return _Said(Finding(Rule.ADDRESS, True, "same", values), _SAME_ADDRESS)
    owners = addresses.get(out.address, frozenset())
    if into.leg.connection in owners:
        return _Said(Finding(Rule.ADDRESS, True, "seen", values), _SEEN_ADDRESS)
    if owners:
        return _Said(Finding(Rule.ADDRESS, False, "elsewhere", values), _OTHER_ADDRESS)
    if into.address:
        return _Said(Finding(Rule.ADDRESS, False, "differs", values), _OTHER_ADDRESS)
    return None


def _tag(is_same: bool) -> _Said:  # noqa: FBT001
    finding = Finding(Rule.TAG, is_same, "same" if is_same else "differs")
    return _Said(finding, _SAME_TAG if is_same else _OTHER_TAG)


# --- What it comes to -------------------------------------------------------------------------


def _level(found: Mapping[Rule, Finding], out: Leg, into: Leg) -> tuple[Level | None, bool]:
    """The level, and whether it holds only for a pair that has no rival; None for no transfer."""
    amount = found[Rule.AMOUNT]
    if found.keys() & {Rule.TXID, Rule.REFERENCE, Rule.OWN_MOVE}:
        return (Level.CERTAIN if amount.is_met else Level.LIKELY), False
    if not amount.is_met:
        return None, False
    is_exact = amount.what != "near"
    if _contradicted(found):
        return (Level.WEAK if is_exact else None), False
    if Rule.ADDRESS in found:
        return Level.LIKELY, False
    if not found[Rule.TIME].is_met:
        return (Level.WEAK if is_exact else None), False
    return _by_amount(found, out, into, is_exact=is_exact)


def _contradicted(found: Mapping[Rule, Finding]) -> bool:
    """Whether a place speaks against it. A network's name alone does not: exchanges mix them up."""
    return any(rule in found and not found[rule].is_met for rule in (Rule.ADDRESS, Rule.TAG))


def _by_amount(
    found: Mapping[Rule, Finding], out: Leg, into: Leg, *, is_exact: bool
) -> tuple[Level, bool]:
    """Nothing but amount and time speaks: then the amount must be one that hardly comes twice."""
    if not is_exact:
        return Level.WEAK, False
    known = digits(into.amount)
    is_mixed = Rule.NETWORK in found and not found[Rule.NETWORK].is_met
    if known >= (_VERY_SPECIFIC if is_mixed else _SPECIFIC):
        return Level.LIKELY, False
    at_once = abs(into.occurred_at - out.occurred_at) <= _AT_ONCE
    return (Level.LIKELY, True) if at_once and not is_mixed else (Level.WEAK, False)
