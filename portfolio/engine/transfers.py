"""Finds which withdrawals and deposits of one person are the same coins on their way.

Candidates come from indexes (transaction id, reference, amount), never from trying all pairs. What
is certain is settled first, then what is likely, then the rest, each by the best assignment, so
that nothing doubtful takes a leg from what is sure.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from portfolio.engine import assignment, transfer_rules
from portfolio.engine.assignment import Edge
from portfolio.engine.transfer_index import Index
from portfolio.engine.transfer_rules import Judgement
from portfolio.engine.transfer_splits import Split, splits
from portfolio.engine.transfer_types import (
    Decisions,
    FeePlace,
    Finding,
    Leg,
    Level,
    Pair,
    Rule,
    Spelled,
    spelled,
)

__all__ = [
    "Decisions",
    "FeePlace",
    "Finding",
    "Leg",
    "Level",
    "Pair",
    "Rule",
    "candidates",
    "match",
]


@dataclass(frozen=True, slots=True)
class _Candidate:
    out: Spelled
    into: Spelled
    judged: Judgement


def match(
    outgoing: Iterable[Leg], incoming: Iterable[Leg], decisions: Decisions | None = None
) -> list[Pair]:
    """The pairs of the best assignment, the surest first; each leg is in one pair at most.

    Only an outgoing leg that arrived as several is in more than one. The same for the same legs in
    whatever order.
    """
    known = decisions or Decisions()
    outs, ins = _open(outgoing, known), _open(incoming, known)
    found = _judged(outs, ins, known)
    pairs: list[Pair] = []
    used: set[str] = set()

    def take(more: Iterable[Pair]) -> None:
        for pair in more:
            pairs.append(pair)
            used.update((pair.outgoing, pair.incoming))

    # What came as several deposits first: one of them alone would pass for all of it.
    take(_split(Level.CERTAIN, outs, ins, known, used))
    take(_best(found, Level.CERTAIN, used))
    found = _alone([c for c in found if not used & set(_ids(c))])
    take(_best(found, Level.LIKELY, used))
    take(_split(Level.LIKELY, outs, ins, known, used))
    take(_best(found, Level.WEAK, used))
    return pairs


def candidates(
    leg: Leg, others: Iterable[Leg], *, is_outgoing: bool, decisions: Decisions | None = None
) -> list[Pair]:
    """All that one leg may be paired with, the best first, whoever else may want them."""
    known = decisions or Decisions()
    mine, theirs = [spelled(leg)], _open(others, known)
    outs, ins = (mine, theirs) if is_outgoing else (theirs, mine)
    found = _alone(_judged(outs, ins, known))
    return [_pair(c) for c in sorted(found, key=lambda c: (-c.judged.score, _ids(c)))]


def _open(legs: Iterable[Leg], known: Decisions) -> list[Spelled]:
    """Legs without a transfer, in an order that does not depend on the one they came in."""
    rest = (leg for leg in legs if leg.id not in known.taken)
    return [spelled(leg) for leg in sorted(rest, key=lambda leg: (leg.occurred_at, leg.id))]


def _judged(outs: Sequence[Spelled], ins: Sequence[Spelled], known: Decisions) -> list[_Candidate]:
    index, addresses = Index(ins), _addresses(ins, known)
    found = []
    for out in outs:
        for into in index.near(out):
            if (out.leg.id, into.leg.id) in known.refused:
                continue
            judged = transfer_rules.judge(out, into, addresses)
            if judged is not None:
                found.append(_Candidate(out, into, judged))
    return found


def _addresses(ins: Iterable[Spelled], known: Decisions) -> Mapping[str, frozenset[str]]:
    """Whose address is whose: what was known, and where these legs arrived."""
    owners: dict[str, set[str]] = defaultdict(set)
    for address, connections in known.addresses.items():
        owners[address] |= connections
    for into in ins:
        if into.address:
            owners[into.address].add(into.leg.connection)
    return {address: frozenset(connections) for address, connections in owners.items()}


def _alone(found: Sequence[_Candidate]) -> list[_Candidate]:
    """Takes pairs with a common amount and nothing else for weak where another could be meant."""
    outs = Counter(c.out.leg.id for c in found)
    ins = Counter(c.into.leg.id for c in found)
    return [
        replace(c, judged=replace(c.judged, level=Level.WEAK))
        if c.judged.if_alone and (outs[c.out.leg.id] > 1 or ins[c.into.leg.id] > 1)
        else c
        for c in found
    ]


def _ids(candidate: _Candidate) -> tuple[str, str]:
    return candidate.out.leg.id, candidate.into.leg.id


def _best(found: Iterable[_Candidate], level: Level, used: set[str]) -> list[Pair]:
    free = {_ids(c): c for c in found if c.judged.level is level and not used & set(_ids(c))}
    edges = [Edge(out, into, c.judged.score) for (out, into), c in free.items()]
    return [_pair(free[str(e.left), str(e.right)]) for e in assignment.best(edges)]


def _pair(candidate: _Candidate) -> Pair:
    judged = candidate.judged
    return Pair(
        outgoing=candidate.out.leg.id,
        incoming=candidate.into.leg.id,
        level=judged.level,
        score=judged.score,
        sent=candidate.out.leg.amount,
        received=candidate.into.leg.amount,
        findings=judged.findings,
    )


def _split(
    level: Level, outs: Sequence[Spelled], ins: Sequence[Spelled], known: Decisions, used: set[str]
) -> list[Pair]:
    """Outgoing legs that arrived as several deposits, among what is left."""
    left = [out for out in outs if out.leg.id not in used]
    arrived = [into for into in ins if into.leg.id not in used]
    return [pair for split in splits(level, left, arrived, known) for pair in _parts(split)]


def _parts(split: Split) -> list[Pair]:
    return [
        Pair(
            outgoing=split.out.leg.id,
            incoming=into.leg.id,
            level=split.level,
            score=split.score,
            sent=sent,
            received=into.leg.amount,
            findings=split.findings,
            is_part=True,
        )
        for into, sent in zip(split.into, split.sent, strict=True)
    ]
