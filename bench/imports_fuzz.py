"""Damaged files of every import format: python -m bench.imports_fuzz [--files N] [--workers N].

Each file is a sample of the tests with some damage: cut, reordered, in another encoding, with
huge fields, formulas, far amounts and dates, in nested or bursting ZIPs. It must be read or refused
with a message. Prints what became of them, and the time and memory it took; ends with 1 if any of
them was met with anything worse than a message, or took too long or too much.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.imports import fuzzing
from tests.imports.fuzzing import Seen

SLOWEST_SECONDS = 10.0
MOST_MEGABYTES = 600
CHUNK = 1000


def _run(number: int, seed: int) -> tuple[Seen | str, int]:
    """What became of a chunk, or the crash that ended it; and the most memory so far, in MB."""
    try:
        seen: Seen | str = fuzzing.run(number, seed)
    except Exception:
        seen = traceback.format_exc()
    return seen, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> int:
    """Prints the table; the exit status says whether the promises are kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chunks = -(-options.files // CHUNK)
    begun = time.monotonic()
    with ProcessPoolExecutor(options.workers) as pool:
        seeds = range(options.seed, options.seed + chunks)
        found = []
        for done, part in enumerate(pool.map(partial(_run, CHUNK), seeds), start=1):
            found.append(part)
            print(f"{done * CHUNK:,} of {options.files:,}", file=sys.stderr, end="\r")
    crashes = [seen for seen, _ in found if isinstance(seen, str)]
    whole = [seen for seen, _ in found if isinstance(seen, Seen)]
    outcomes = sum((seen.outcomes for seen in whole), Counter[str]())
    slowest = max(whole, key=lambda seen: seen.slowest, default=Seen())
    memory = max((most for _, most in found), default=0)
    _print(outcomes, slowest, memory, time.monotonic() - begun)
    for crash in crashes[:5]:
        print(crash)
    print(f"\nCrashes: {len(crashes)}.")
    kept = slowest.slowest <= SLOWEST_SECONDS and memory <= MOST_MEGABYTES
    return 0 if kept and not crashes else 1


def _print(outcomes: Counter[str], slowest: Seen, memory: int, seconds: float) -> None:
    total = sum(outcomes.values())
    print(f"{total:,} damaged files of {len(fuzzing.samples_at_hand())} samples\n")
    print("| became of it | files | |\n| --- | ---: | ---: |")
    for outcome, number in outcomes.most_common():
        print(f"| {outcome} | {number:,} | {number / total:.1%} |")
    print(f"\n{seconds:.0f} s; slowest {slowest.slowest:.1f} s ({slowest.slowest_name}).")
    print(f"Most memory of a process: {memory} MB (at most {MOST_MEGABYTES}).")


if __name__ == "__main__":
    sys.exit(main())
