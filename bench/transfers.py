"""How many transfers are found, and how many of those are true, on labelled made-up histories.

python -m bench.transfers [--transfers N] [--seed N ...]; ends with 1 if a budget is missed.
Needs no servers. Counted is what a person is shown: the certain and the likely, not the weak.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from portfolio.engine.transfers import Level, Pair, match
from tests.engine.transfer_cases import Case, history

PRECISION, RECALL = 0.995, 0.97


@dataclass(frozen=True, slots=True)
class Score:
    """What came of one history."""

    name: str
    movements: int
    true: int
    shown: int
    right: int
    by_itself: int  # accepted without asking
    by_itself_right: int
    seconds: float

    @property
    def precision(self) -> float:
        return self.right / self.shown

    @property
    def recall(self) -> float:
        return self.right / self.true

    @property
    def is_kept(self) -> bool:
        return self.precision >= PRECISION and self.recall >= RECALL


def measure(name: str, case: Case) -> Score:
    """Matches one history and holds the result against its labels."""
    start = time.perf_counter()
    pairs = match(case.outgoing, case.incoming)
    taken = time.perf_counter() - start
    certain = [pair for pair in pairs if pair.level is Level.CERTAIN]
    shown = [pair for pair in pairs if pair.level is not Level.WEAK]
    return Score(
        name=name,
        movements=len(case.outgoing) + len(case.incoming),
        true=len(case.truth),
        shown=len(shown),
        right=_right(shown, case),
        by_itself=len(certain),
        by_itself_right=_right(certain, case),
        seconds=taken,
    )


def _right(pairs: Sequence[Pair], case: Case) -> int:
    return sum((pair.outgoing, pair.incoming) in case.truth for pair in pairs)


def without_ids(case: Case) -> Case:
    """The same history told by exchanges that name no transaction: amounts, times, places alone."""
    return Case(
        [replace(leg, txid="", reference="") for leg in case.outgoing],
        [replace(leg, txid="", reference="") for leg in case.incoming],
        case.truth,
        case.kinds,
    )


def missed(case: Case) -> Counter[str]:
    """True transfers that were not shown, by kind."""
    pairs = match(case.outgoing, case.incoming)
    shown = {(p.outgoing, p.incoming) for p in pairs if p.level is not Level.WEAK}
    return Counter(case.kinds[pair] for pair in case.truth - shown)


def table(scores: Sequence[Score]) -> str:
    """The scores as text in columns."""
    head = f"{'history':<22}{'movements':>10}{'true':>8}{'shown':>8}{'precision':>11}{'recall':>9}"
    lines = [f"{head}{'by itself':>11}{'right':>8}{'seconds':>9}"]
    lines += [
        f"{s.name:<22}{s.movements:>10,}{s.true:>8,}{s.shown:>8,}{s.precision:>11.2%}"
        f"{s.recall:>9.2%}{s.by_itself:>11,}{s.by_itself_right:>8,}{s.seconds:>9.1f}"
        for s in scores
    ]
    return "\n".join(lines)


def main() -> int:
    """Prints the table; the exit status says whether the budgets were kept."""
    parser = argparse.ArgumentParser(prog="bench.transfers", description=__doc__)
    parser.add_argument("--transfers", type=int, default=5_000)
    parser.add_argument("--seed", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    cases = {seed: history(seed, options.transfers) for seed in options.seed}
    scores = [measure(f"seed {seed}", case) for seed, case in cases.items()]
    bare = [measure(f"seed {s}, without ids", without_ids(case)) for s, case in cases.items()]
    print(table([*scores, *bare]))
    lost = sum((missed(case) for case in cases.values()), Counter())
    kinds = Counter(kind for case in cases.values() for kind in case.kinds.values())
    print("\nnot shown, by kind: ", end="")
    print(", ".join(f"{kind} {lost[kind]} of {kinds[kind]:,}" for kind in sorted(kinds)))
    print(f"budget (with ids): precision {PRECISION:.1%}, recall {RECALL:.0%}")
    return 0 if all(score.is_kept for score in scores) else 1


if __name__ == "__main__":
    sys.exit(main())
