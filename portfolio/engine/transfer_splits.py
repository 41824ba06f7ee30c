"""One withdrawal that arrived as several deposits.

Certain with one transaction id; without, only where two or three deposits add up to the last digit
of an amount that hardly comes up by chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from portfolio.engine import money
from portfolio.engine import transfer_rules as rules
from portfolio.engine.transfer_types import Decisions, Finding, Level, Rule, Spelled

MOST_PARTS = 12  # of one transaction
_NEARBY = 10  # deposits of one asset that are tried in combinations
_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Split:
    """One outgoing leg and the deposits it became; ``sent`` adds up to what left."""

    out: Spelled
    into: tuple[Spelled, ...]
    sent: tuple[Decimal, ...]
    level: Level
    score: int
    findings: tuple[Finding, ...]


def splits(
    level: Level, outs: Sequence[Spelled], ins: Sequence[Spelled], known: Decisions
) -> Iterator[Split]:
    """The splits of one level among legs that are free, each deposit in one of them at most."""
    find = _by_transaction if level is Level.CERTAIN else _by_sum
    used: set[str] = set()
    for out, near in find(outs, ins):
        free = [
            into
            for into in near
            if into.leg.id not in used and (out.leg.id, into.leg.id) not in known.refused
        ]
        split = (_whole(out, free) if level is Level.CERTAIN else None) or _of_sum(out, free, level)
        if split is not None:
            used |= {into.leg.id for into in split.into}
            yield split


_Near = Iterator[tuple[Spelled, list[Spelled]]]


def _by_transaction(outs: Sequence[Spelled], ins: Sequence[Spelled]) -> _Near:
    """Outgoing legs of a transaction with the deposits of it that are nobody's alone."""
    sent, arrived = _of_transactions(outs), _of_transactions(ins)
    for key, senders in sent.items():
        rest = list(arrived.get(key, ()))
        together = []
        for out in senders:
            alone = next((into for into in rest if _is_alone(out, into)), None)
            if alone is None:
                together.append(out)
            else:
                rest.remove(alone)
        yield from ((out, rest) for out in together if len(rest) > 1)


def _of_transactions(legs: Sequence[Spelled]) -> dict[tuple[str, str, str], list[Spelled]]:
    found: dict[tuple[str, str, str], list[Spelled]] = defaultdict(list)
    for leg in legs:
        if leg.txid:
            found[leg.leg.environment, leg.leg.asset, leg.txid].append(leg)
    return found


def _is_alone(out: Spelled, into: Spelled) -> bool:
    return not set(rules.arrivals(out.leg)).isdisjoint(rules.credits(into.leg))


def _whole(out: Spelled, near: Sequence[Spelled]) -> Split | None:
    """All deposits of the transaction, where they are about what left."""
    if not 2 <= len(near) <= MOST_PARTS:
        return None
    received = money.total(into.leg.amount for into in near)
    if not rules.least(out.leg) <= received <= out.leg.amount:
        return None
    return _made(out, near, Level.CERTAIN)


def _by_sum(outs: Sequence[Spelled], ins: Sequence[Spelled]) -> _Near:
    by_asset: dict[tuple[str, str], list[Spelled]] = defaultdict(list)
    for into in ins:
        by_asset[into.leg.environment, into.leg.asset].append(into)
    first: dict[tuple[str, str], int] = defaultdict(int)
    for out in outs:
        place = (out.leg.environment, out.leg.asset)
        if out.leg.is_transfer or place not in by_asset:
            continue
        line, start = by_asset[place], first[place]
        # Both are in the order of time: what is too early for this one is so for all later ones.
        while start < len(line) and line[start].leg.occurred_at < out.leg.occurred_at - rules.SLACK:
            start += 1
        first[place] = start
        yield out, _within(out, line, start)


def _within(out: Spelled, line: Sequence[Spelled], start: int) -> list[Spelled]:
    """The first deposits in time that may be a part of it; a few steps even in a crowd."""
    end = out.leg.occurred_at + rules.window(out)
    found: list[Spelled] = []
    for into in line[start : start + 4 * _NEARBY]:
        if into.leg.occurred_at > end or len(found) == _NEARBY:
            break
        is_two = bool(out.txid and into.txid)
        if not is_two and not into.leg.is_transfer and into.leg.connection != out.leg.connection:
            found.append(into)
    return found


def _of_sum(out: Spelled, near: Sequence[Spelled], level: Level) -> Split | None:
    """Two or three deposits that add up to the last digit."""
    wanted = set(rules.arrivals(out.leg))
    if level is not Level.CERTAIN and rules.digits(out.leg.amount) < _DIGITS:
        return None
    for size in (2, 3):
        for parts in combinations(near[:MOST_PARTS], size):
            if money.total(into.leg.amount for into in parts) in wanted:
                return _made(out, parts, level)
    return None


def _made(out: Spelled, into: Sequence[Spelled], level: Level) -> Split:
    """Gives each deposit its share of what left; the fee nobody told is with the greatest."""
    sent = [leg.leg.amount for leg in into]
    gap = money.add(out.leg.amount, money.negate(money.total(sent)))
    greatest = max(range(len(sent)), key=lambda place: (sent[place], -place))
    sent[greatest] = money.add(sent[greatest], gap)
    values = {"asset": out.leg.asset, "parts": str(len(into))}
    findings = [Finding(Rule.AMOUNT, True, "parts", values)]
    if level is Level.CERTAIN:
        findings.insert(0, Finding(Rule.TXID, True, "same", {"txid": out.txid}))
    return Split(out, tuple(into), tuple(sent), level, rules.POINT, tuple(findings))
